#include "sessions/server/totals.h"
#include <math.h>

static double
pressure(const json_t *ev, const char *key)
{
	return json_number_value(json_object_get(json_object_get(ev, "pressure"), key));
}

static bool
same(const json_t *was, const json_t *ev, const char *key)
{
	return json_equal(json_object_get(was, key), json_object_get(ev, key));
}

bool
totals_alike(const json_t *was, const json_t *ev)
{
	static const char *const sizes[] = {"mem_available_bytes", "swap_free_bytes"};
	double all = pressure(ev, "mem_total_bytes");

	if (!was || !same(was, ev, "totals") || !same(was, ev, "banner"))
		return false;
	if (pressure(was, "level") != pressure(ev, "level") ||
		pressure(was, "mem_total_bytes") != all ||
		pressure(was, "swap_total_bytes") != pressure(ev, "swap_total_bytes"))
		return false;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (fabs(pressure(was, sizes[i]) - pressure(ev, sizes[i])) > all / 200)
			return false;
	return true;
}
