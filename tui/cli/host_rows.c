/* One list of several machines. What one said last is kept for when it is away. */
#include "sessions/config/config.h"
#include "sessions/wire/json.h"
#include "tui/cli/host.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
cache_path(char *buf, size_t cap, const char *host)
{
	snprintf(buf, cap, "%s/host-%s.json", paths()->state, host);
	return buf;
}

static void
keep(const char *host, const json_t *reply)
{
	char path[700], fresh[720];

	cache_path(path, sizeof path, host);
	snprintf(fresh, sizeof fresh, "%s.%d", path, (int)getpid());
	mode_t was = umask(077);
	if (json_dump_file(reply, fresh, JSON_COMPACT) != 0 || rename(fresh, path) < 0)
		unlink(fresh);
	umask(was);
}

/* Its rows, under its name. */
static void
take_rows(json_t *list, const char *host, json_t *from, bool away)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(from, "sessions"), i, s) {
		obj_put_text(s, "host", host);
		if (away)
			json_object_set_new(s, "away", json_true());
		json_array_append(json_object_get(list, "sessions"), s);
	}
}

void
host_rows(json_t *list, const char *host, json_t *reply, const char *why, bool whole)
{
	json_t *o = json_pack("{s:s,s:b}", "name", host, "away", !reply), *last = NULL;
	char path[700];

	if (reply && whole)
		keep(host, reply);
	if (!reply)
		obj_put_text(o, "why", why);
	if (!reply && whole)
		last = json_load_file(cache_path(path, sizeof path, host), 0, NULL);
	take_rows(list, host, reply ? reply : last, !reply);
	json_decref(last);
	if (!json_object_get(list, "hosts"))
		json_object_set_new(list, "hosts", json_array());
	json_array_append_new(json_object_get(list, "hosts"), o);
}
