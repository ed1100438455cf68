#include "sessions/server/totals.h"
#include "sessions/wire/json.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Equal but for the age of what is outside. */
static bool
same_totals(const json_t *was, const json_t *ev)
{
	json_t *t[] = {json_deep_copy(json_object_get(was, "totals")),
		json_deep_copy(json_object_get(ev, "totals"))};
	json_t *p;
	bool yes;
	size_t i;

	for (int k = 0; k < 2; k++)
		json_array_foreach (json_object_get(t[k], "outside"), i, p)
			json_object_del(p, "age_s");
	yes = json_equal(t[0], t[1]);
	json_decref(t[0]);
	json_decref(t[1]);
	return yes;
}

bool
totals_alike(const json_t *was, const json_t *ev)
{
	static const char *const sizes[] = {"mem_available_bytes", "swap_free_bytes"};
	double all = pressure(ev, "mem_total_bytes");

	if (!was || !same_totals(was, ev) || !same(was, ev, "banner"))
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

/* "idle: 3m of 2h": what it is, without the time. */
static json_t *
reap_look(const json_t *reap)
{
	json_t *kinds = json_array(), *r;
	size_t i;

	json_array_foreach (json_object_get(reap, "reasons"), i, r) {
		const char *text = json_string_value(r);

		if (text)
			json_array_append_new(kinds, json_stringn(text, strcspn(text, ":")));
	}
	return json_pack("{s:O*,s:O*,s:o}", "eligible", json_object_get(reap, "eligible"), "worth",
		json_object_get(reap, "worth"), "kinds", kinds);
}

uint64_t
session_look(json_t *session, double now)
{
	json_t *o = json_copy(session);
	double idle = json_number_value(json_object_get(o, "idle_s"));
	uint64_t h = 14695981039346656037u; /* FNV-1a */
	char *text;

	json_object_del(o, "idle_s");
	obj_put_int(o, "since", idle > 0 ? (uint64_t)(MAX(now - idle, 0) / 4 + 0.5) : 0);
	if (json_object_get(o, "reap"))
		json_object_set_new(o, "reap", reap_look(json_object_get(o, "reap")));
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	for (const char *p = text; p && *p; p++)
		h = (h ^ (uint8_t)*p) * 1099511628211u;
	free(text);
	json_decref(o);
	return h ? h : 1;
}
