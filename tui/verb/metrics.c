/* The figures of the list in Prometheus' text format. */
#include "core/os/os.h"
#include "tui/cli/print.h"
#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { HTTP_MS = 5000, HTTP_BYTES = 8192 };

struct metric {
	const char *name, *key, *help;
	const char *type; /* "gauge" or "counter" */
};
static const struct metric of_session[] = {
	{"muster_session_footprint_bytes", "footprint_bytes",
		"memory that comes back when the session ends", "gauge"},
	{"muster_session_rss_bytes", "rss_bytes", "resident memory of its processes", "gauge"},
	{"muster_session_swap_bytes", "swap_bytes", "swapped memory of its processes", "gauge"},
	{"muster_session_peak_bytes", "peak_bytes", "highest footprint seen", "gauge"},
	{"muster_session_shared_bytes", "shared_bytes", "its part of daemons outside its tree",
		"gauge"},
	{"muster_session_gpu_bytes", "gpu_bytes", "memory of graphics devices", "gauge"},
	{"muster_session_growth_bytes_per_hour", "growth_bytes_per_h", "slope of the footprint",
		"gauge"},
	{"muster_session_processes", "processes", "processes in its tree", "gauge"},
	{"muster_session_strays", "strays", "processes that left its tree", "gauge"},
	{"muster_session_idle_seconds", "idle_s", "since it came to rest or was last touched",
		"gauge"},
	{"muster_session_memory_limit_bytes", "mem_max_bytes", "its limit", "gauge"},
	{"muster_session_unattributed_bytes", "unattributed_bytes",
		"what the kernel holds for it beyond its footprint", "gauge"},
	{"muster_session_memory_psi_some_avg10", "psi_some_avg10",
		"percent of 10 s in which a task of its cgroup waited for memory", "gauge"},
	{"muster_session_memory_psi_full_avg10", "psi_full_avg10",
		"percent of 10 s in which all of them did", "gauge"},
	{"muster_session_freed_bytes", "freed_bytes", "what its last sleep gave back", "gauge"},
	{"muster_session_memory_kills_total", "mem_kills",
		"processes that the kernel ended at its limit", "counter"},
};
static const struct {
	const char *object;
	struct metric m;
} of_host[] = {
	{"totals", {"muster_footprint_bytes", "footprint_bytes", "of all sessions", "gauge"}},
	{"totals", {"muster_rss_bytes", "rss_bytes", "resident memory of all sessions", "gauge"}},
	{"totals", {"muster_outside_bytes", "outside_bytes",
			   "of processes that belong to no session, or to several", "gauge"}},
	{"totals", {"muster_freed_bytes", "freed_bytes", "what the sessions asleep gave back",
			   "gauge"}},
	{"totals", {"muster_sessions_running", "running", "live sessions", "gauge"}},
	{"totals", {"muster_sessions_asleep", "asleep", "hibernated sessions", "gauge"}},
	{"pressure", {"muster_memory_available_bytes", "mem_available_bytes", "of the machine",
			     "gauge"}},
	{"pressure",
		{"muster_memory_pressure_level", "level", "0 none, 1 warn, 2 urgent", "gauge"}},
	{"pressure", {"muster_memory_psi_some_avg10", "psi_some_avg10",
			     "percent of 10 s in which some task waited for memory", "gauge"}},
	{"pressure",
		{"muster_memory_psi_some_avg60", "psi_some_avg60", "the same of 60 s", "gauge"}},
	{"pressure", {"muster_memory_psi_full_avg10", "psi_full_avg10",
			     "percent of 10 s in which all tasks waited for memory", "gauge"}},
	{"pressure",
		{"muster_memory_psi_full_avg60", "psi_full_avg60", "the same of 60 s", "gauge"}},
	{"pressure", {"muster_swapped_in_bytes_total", "swapped_in_bytes",
			     "read from swap since boot", "counter"}},
	{"pressure", {"muster_swapped_out_bytes_total", "swapped_out_bytes",
			     "written to swap since boot", "counter"}},
	{"pressure", {"muster_swap_in_bytes_per_second", "swap_in_bytes_per_s", "read from swap",
			     "gauge"}},
	{"pressure", {"muster_swap_out_bytes_per_second", "swap_out_bytes_per_s", "written to swap",
			     "gauge"}},
	{"pressure",
		{"muster_zswap_stored_bytes", "zswap_stored_bytes", "swapped to zswap", "gauge"}},
	{"pressure", {"muster_zswap_used_bytes", "zswap_used_bytes", "memory that zswap takes",
			     "gauge"}},
	{"pressure",
		{"muster_zram_stored_bytes", "zram_stored_bytes", "held by zram devices", "gauge"}},
	{"pressure",
		{"muster_zram_used_bytes", "zram_used_bytes", "memory that they take", "gauge"}},
};

static void
put_head(const struct metric *m)
{
	printf("# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
}

/* Label values: backslash and quote escaped; names hold no line breaks. */
static void
put_label(const char *key, const char *value)
{
	printf("%s=\"", key);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			putchar('\\');
		if ((unsigned char)*value >= 0x20)
			putchar(*value);
	}
	putchar('"');
}

static void
put_session(const char *metric, const json_t *s, const char *role, double v)
{
	static const char *const labels[] = {"id", "name", "profile"};

	printf("%s{", metric);
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		if (i)
			putchar(',');
		put_label(labels[i], obj_str(s, labels[i]));
	}
	if (role) {
		putchar(',');
		put_label("role", role);
	}
	printf("} %.17g\n", v);
}

static void
put_of_session(const json_t *list, const struct metric *m)
{
	const json_t *s;
	size_t i;

	put_head(m);
	json_array_foreach (list, i, s)
		if (!isnan(jnum(s, m->key)))
			put_session(m->name, s, NULL, jnum(s, m->key));
}

static void
put_roles(const json_t *list)
{
	static const struct metric m = {"muster_session_role_footprint_bytes", NULL,
		"footprint by role of its processes", "gauge"};
	json_t *s, *role;
	size_t i, k;

	put_head(&m);
	json_array_foreach (list, i, s)
		json_array_foreach (json_object_get(s, "roles"), k, role)
			put_session(
				m.name, s, obj_str(role, "role"), jnum(role, "footprint_bytes"));
}

static void
put_all(const json_t *reply)
{
	const json_t *list = json_object_get(reply, "sessions");

	for (size_t i = 0; i < ARRAY_LEN(of_host); i++) {
		double v = jnum(json_object_get(reply, of_host[i].object), of_host[i].m.key);

		if (isnan(v))
			continue;
		put_head(&of_host[i].m);
		printf("%s %.17g\n", of_host[i].m.name, v);
	}
	for (size_t i = 0; i < ARRAY_LEN(of_session); i++)
		put_of_session(list, &of_session[i]);
	put_roles(list);
}

/* The head of a request on standard input, up to its empty line: its first line. NULL: it did not come
 * in time, or is too long. */
static char *
read_request(char *buf, size_t cap)
{
	uint64_t end = os_mono_ns() + HTTP_MS * 1000000ull, now;
	struct pollfd p = {0, POLLIN, 0};
	size_t n = 0;

	while (n + 1 < cap && (now = os_mono_ns()) < end) {
		ssize_t k;

		if (poll(&p, 1, (int)((end - now) / 1000000) + 1) <= 0)
			continue;
		if ((k = read(0, buf + n, cap - 1 - n)) <= 0)
			return NULL;
		n += (size_t)k;
		buf[n] = 0;
		if (strstr(buf, "\r\n\r\n") || strstr(buf, "\n\n")) {
			buf[strcspn(buf, "\r\n")] = 0;
			return buf;
		}
	}
	return NULL;
}

/* One request, on the connection that is standard input and output. */
static int
http(struct verb_ctx *ctx)
{
	char buf[HTTP_BYTES], *line = read_request(buf, sizeof buf);
	const char *path = line && !strncmp(line, "GET ", 4)	? line + 4
			   : line && !strncmp(line, "HEAD ", 5) ? line + 5
								: NULL;
	const char *status = !line   ? "400 Bad Request"
			     : !path ? "405 Method Not Allowed"
			     : strncmp(path, "/metrics", 8) || (path[8] && !strchr(" ?", path[8]))
				     ? "404 Not Found"
				     : "200 OK";
	int code = EXIT_OK;
	json_t *reply = NULL;

	if (*status == '2' && !(reply = verb_call(ctx, "ls", json_object(), &code)))
		status = "503 Service Unavailable";
	printf("HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	       "Connection: close\r\n\r\n",
		status);
	if (!reply)
		printf("%s\n", status);
	else if (*line == 'G')
		put_all(reply);
	json_decref(reply);
	return code;
}

int
verb_metrics(struct verb_ctx *ctx, int argc, char **argv)
{
	bool serves = false;
	const struct opt opts[] = {{.l = "http", .flag = &serves}, {0}};
	json_t *reply;
	int first, code = EXIT_FAIL;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (argc > first)
		return verb_fail(ctx, EXIT_USAGE, "takes no arguments");
	if (serves)
		return http(ctx);
	if (!(reply = verb_call(ctx, "ls", json_object(), &code)))
		return code;
	put_all(reply);
	json_decref(reply);
	return EXIT_OK;
}
