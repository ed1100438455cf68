/* What a process tree costs, by process, role and category; what is outside all sessions. */
#include "sessions/config/config.h"
#include "sessions/memory/footprint_json.h"
#include "tui/cli/choice.h"
#include "tui/cli/print.h"
#include "tui/cli/refresh.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void
put_footprint(const json_t *o)
{
	json_t *v;
	char a[32], b[32], c[32], d[32], group[240];
	size_t i;

	printf("footprint %s%s   resident %s   shared out %s   swapped %s\n",
		fmt_bytes(a, jnum(o, "total_bytes")),
		json_is_true(json_object_get(o, "estimated")) ? " (estimated)" : "",
		fmt_bytes(b, jnum(o, "rss_bytes")), fmt_bytes(c, jnum(o, "pss_bytes")),
		fmt_bytes(d, jnum(o, "swap_bytes")));
	if (jnum(o, "gpu_vram_bytes") + jnum(o, "gpu_system_bytes") > 0)
		printf("graphics, not in it: %s on devices, %s of main memory\n",
			fmt_bytes(a, jnum(o, "gpu_vram_bytes")),
			fmt_bytes(b, jnum(o, "gpu_system_bytes")));
	if (memgroup_words(o, group, sizeof(group)))
		printf("cgroup: %s\n", group);
	json_array_foreach (json_object_get(o, "slabs"), i, v)
		printf("slabs: %s\n", obj_str(v, "text"));
	printf("\n%8s %9s %9s %9s  %-7s %s\n", "PID", "FOOTPRINT", "RESIDENT", "SWAPPED", "BY",
		"ROLE");
	json_array_foreach (json_object_get(o, "processes"), i, v) {
		printf("%8.0f %9s %9s %9s  %-7s ", jnum(v, "pid"),
			fmt_bytes(a, jnum(v, "footprint_bytes")),
			fmt_bytes(b, jnum(v, "rss_bytes")), fmt_bytes(c, jnum(v, "swap_bytes")),
			obj_str(v, "rule"));
		put_clean(obj_str(v, "role"));
		putchar('\n');
	}
	if (json_array_size(json_object_get(o, "roles")) <
		json_array_size(json_object_get(o, "processes"))) {
		printf("\n%9s %9s  %s\n", "FOOTPRINT", "PROCESSES", "ROLE");
		json_array_foreach (json_object_get(o, "roles"), i, v) {
			printf("%9s %9.0f  ", fmt_bytes(a, jnum(v, "footprint_bytes")),
				jnum(v, "processes"));
			put_clean(obj_str(v, "role"));
			putchar('\n');
		}
	}
	printf("\n%9s %9s %9s  %s\n", "BYTES", "SWAPPED", "REGIONS", "CATEGORY");
	json_array_foreach (json_object_get(o, "categories"), i, v) {
		printf("%9s %9s %9.0f  ", fmt_bytes(a, jnum(v, "bytes")),
			fmt_bytes(b, jnum(v, "swapped_bytes")), jnum(v, "regions"));
		put_clean(obj_str(v, "name"));
		putchar('\n');
	}
}

/* A word that is a number may be a session's or a process's. The session is asked for first, at a
 * server that runs already: a pid needs none. NULL and *e with code 3 or 4: not a session. */
static json_t *
footprint_of_session(struct verb_ctx *ctx, const char *word, bool start_server, struct err *e)
{
	struct client *c = client_connect(ctx->host, start_server, e);
	json_t *reply = NULL;

	if (c)
		reply = client_call(
			c, "footprint", json_pack("{s:s}", "id", word), NULL, NULL, 0, e);
	client_free(c);
	json_clean(ctx, reply);
	return reply;
}

static json_t *
footprint_of_pid(struct verb_ctx *ctx, const char *word, int *code)
{
	struct footprint_report r;
	json_t *o;
	int rc = footprint_report((pid_t)strtol(word, NULL, 10), NULL, NULL, &r);

	if (rc < 0) {
		*code = verb_fail(ctx, EXIT_NO_SESSION, "no session and no process %s", word);
		return NULL;
	}
	o = footprint_json(&r);
	json_clean(ctx, o);
	footprint_report_free(&r);
	return o;
}

/* ---- outside ---- */

static void
put_outside(const struct verb_ctx *ctx, const json_t *totals)
{
	json_t *list = json_object_get(totals, "outside"), *v, *user;
	char mem[32], age[32];
	size_t i, k;

	printf("outside all sessions %s\n", fmt_bytes(mem, jnum(totals, "outside_bytes")));
	if (json_array_size(list))
		printf("\n%8s %9s %7s  %-24s %s\n", "PID", "FOOTPRINT", "AGE", "WHAT", "SESSIONS");
	json_array_foreach (list, i, v) {
		printf("%8.0f %9s %7s  ", jnum(v, "pid"),
			fmt_bytes(mem, jnum(v, "footprint_bytes")), fmt_ago(age, jnum(v, "age_s")));
		put_cell(ctx, obj_str(v, "what"), 24);
		if (json_is_true(json_object_get(v, "orphaned")))
			printf(" none any more");
		json_array_foreach (json_object_get(v, "sessions"), k, user) {
			putchar(' ');
			put_clean(json_string_value(user));
		}
		putchar('\n');
	}
}

/* Those that no live session uses, after a question. */
static int
stop_orphans(struct verb_ctx *ctx, const json_t *totals, bool yes)
{
	json_t *pids = json_array(), *v, *reply;
	double bytes = 0;
	int code = EXIT_OK;
	char mem[32];
	size_t i, n;

	json_array_foreach (json_object_get(totals, "outside"), i, v)
		if (json_is_true(json_object_get(v, "orphaned"))) {
			json_array_append(pids, json_object_get(v, "pid"));
			bytes += jnum(v, "footprint_bytes");
		}
	n = json_array_size(pids);
	if (!n || !(yes || user_agrees("Stop %zu that no session uses, and free about %s?", n,
				   fmt_bytes(mem, bytes)))) {
		json_decref(pids);
		if (n && !isatty(1))
			return verb_fail(ctx, EXIT_FAIL, "%zu could be stopped (add --yes)", n);
		if (ctx->json)
			print_json(json_pack("{s:i,s:[]}", "v", 1, "results"));
		return EXIT_OK;
	}
	reply = verb_call(ctx, "stop_outside", json_pack("{s:o}", "pids", pids), &code);
	json_array_foreach (json_object_get(reply, "results"), i, v)
		if (!json_is_true(json_object_get(v, "ok")))
			code = verb_fail(ctx, EXIT_FAIL, "process %.0f: %s", jnum(v, "pid"),
				obj_str(v, "error"));
	if (reply && ctx->json)
		print_json(json_incref(reply));
	json_decref(reply);
	return code;
}

/* What is in no session's tree, or in several: "totals" of the list. */
static int
footprint_outside(struct verb_ctx *ctx, bool stop, bool yes)
{
	int code = EXIT_FAIL;
	json_t *reply = verb_call(ctx, "ls", json_object(), &code), *totals;

	if (!reply)
		return code;
	totals = json_object_get(reply, "totals");
	code = EXIT_OK;
	if (!ctx->json)
		put_outside(ctx, totals);
	else if (!stop)
		print_json(json_pack("{s:i,s:O,s:O}", "v", 1, "outside_bytes",
			json_object_get(totals, "outside_bytes"), "outside",
			json_object_get(totals, "outside")));
	if (stop)
		code = stop_orphans(ctx, totals, yes);
	json_decref(reply);
	return code;
}

static json_t *
footprint_call(struct verb_ctx *ctx, const char *word, int *code)
{
	bool number = *word && strspn(word, "0123456789") == strlen(word) && strlen(word) < 10;
	struct err e = {0};
	json_t *o = footprint_of_session(ctx, word, !number, &e);

	if (!o && number && (e.code == EXIT_NO_SESSION || e.code == EXIT_NO_SERVER))
		return footprint_of_pid(ctx, word, code);
	if (!o)
		*code = verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	return o;
}

/* ---- two compared ---- */

static const struct list_keys {
	const char *list, *name, *bytes;
} lists[] = {{"categories", "name", "bytes"}, {"roles", "role", "footprint_bytes"}};

static double
bytes_of(const json_t *list, const struct list_keys *k, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v)
		if (strcmp(obj_str(v, k->name), name) == 0)
			return jnum(v, k->bytes);
	return 0;
}

static int
most_changed_first(const void *a, const void *b)
{
	double x = fabs(jnum(*(json_t *const *)a, "bytes"));
	double y = fabs(jnum(*(json_t *const *)b, "bytes"));

	return (x < y) - (x > y);
}

/* What is in either: {name, from_bytes, to_bytes, bytes}, the largest difference first. */
static json_t *
diff_list(const json_t *from, const json_t *to, const struct list_keys *k)
{
	const json_t *side[2] = {json_object_get(from, k->list), json_object_get(to, k->list)};
	size_t n = 0, i, max = json_array_size(side[0]) + json_array_size(side[1]);
	json_t **row = xcalloc(max + 1, sizeof(json_t *)), *a = json_array(), *v;

	for (int s = 0; s < 2; s++)
		json_array_foreach (side[s], i, v) {
			const char *name = obj_str(v, k->name);
			double was = bytes_of(side[0], k, name), is = bytes_of(side[1], k, name);
			bool seen = false;

			for (size_t x = 0; x < n; x++)
				seen = seen || strcmp(obj_str(row[x], "name"), name) == 0;
			if (!seen)
				row[n++] = json_pack("{s:s,s:f,s:f,s:f}", "name", name,
					"from_bytes", was, "to_bytes", is, "bytes", is - was);
		}
	qsort(row, n, sizeof(json_t *), most_changed_first);
	for (i = 0; i < n; i++)
		json_array_append_new(a, row[i]);
	free(row);
	return a;
}

static const char *
signed_size(char *buf, double n)
{
	buf[0] = n < 0 ? '-' : '+';
	fmt_bytes(buf + 1, fabs(n));
	return buf;
}

static void
put_diff(const struct verb_ctx *ctx, const json_t *diff, const char *from, const char *to)
{
	char a[32], b[32], c[33];
	json_t *v;
	size_t i;

	printf("%s -> %s: %s (%s to %s)\n", from, to, signed_size(c, jnum(diff, "bytes")),
		fmt_bytes(a, jnum(diff, "from_bytes")), fmt_bytes(b, jnum(diff, "to_bytes")));
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		printf("\n%9s %9s %9s  %s\n", "FROM", "TO", "CHANGE", k ? "ROLE" : "CATEGORY");
		json_array_foreach (json_object_get(diff, lists[k].list), i, v) {
			printf("%9s %9s %9s  ", fmt_bytes(a, jnum(v, "from_bytes")),
				fmt_bytes(b, jnum(v, "to_bytes")),
				signed_size(c, jnum(v, "bytes")));
			put_cell(ctx, obj_str(v, "name"), -MAX(out_width() - 32, 8));
			putchar('\n');
		}
	}
}

static int
show_diff(const struct verb_ctx *ctx, json_t *from, json_t *to, const char *from_name,
	const char *to_name)
{
	double was = jnum(from, "total_bytes"), is = jnum(to, "total_bytes");
	json_t *diff = json_pack(
		"{s:i,s:f,s:f,s:f}", "v", 1, "from_bytes", was, "to_bytes", is, "bytes", is - was);

	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		json_object_set_new(diff, lists[k].list, diff_list(from, to, &lists[k]));
	if (!ctx->json)
		put_diff(ctx, diff, from_name, to_name);
	else {
		json_object_set(diff, "from", from);
		json_object_set(diff, "to", to);
		print_json(json_incref(diff));
	}
	json_decref(diff);
	return EXIT_OK;
}

static int
footprint_pair(struct verb_ctx *ctx, const char *a, const char *b)
{
	int code = EXIT_FAIL;
	json_t *from = footprint_call(ctx, a, &code),
	       *to = from ? footprint_call(ctx, b, &code) : NULL;

	if (to)
		code = show_diff(ctx, from, to, a, b);
	json_decref(from);
	json_decref(to);
	return code;
}

/* Against the last look before that time, or the first there is. */
static int
footprint_since(struct verb_ctx *ctx, const char *id, const char *since)
{
	char from[64];
	int code = EXIT_FAIL;
	json_t *reply, *was, *is = NULL;
	double back;
	time_t t;
	struct tm tm;

	if (!parse_duration(since, &back))
		return verb_fail(ctx, EXIT_USAGE, "--since %.40s: a time like 24h", since);
	reply = verb_call(
		ctx, "composition", json_pack("{s:s,s:f}", "id", id, "since", back), &code);
	if (!reply)
		return code;
	was = json_array_get(json_object_get(reply, "compositions"), 0);
	if (!was)
		code = verb_fail(ctx, EXIT_FAIL,
			"nothing is kept of %s yet (the first look comes a minute after its start)",
			id);
	else if ((is = footprint_call(ctx, id, &code))) {
		t = (time_t)jnum(was, "t");
		localtime_r(&t, &tm);
		strftime(from, sizeof(from), "%Y-%m-%d %H:%M", &tm);
		code = show_diff(ctx, was, is, from, id);
	}
	json_decref(is);
	json_decref(reply);
	return code;
}

/* ---- the verb ---- */

static int
show(struct verb_ctx *ctx, void *word, int rows)
{
	int code = EXIT_FAIL;
	json_t *o = footprint_call(ctx, word, &code);

	(void)rows;
	if (!o)
		return code;
	if (ctx->json)
		print_json(json_incref(o));
	else
		put_footprint(o);
	json_decref(o);
	return EXIT_OK;
}

int
verb_footprint(struct verb_ctx *ctx, int argc, char **argv)
{
	bool outside = false, watch = false, stop = false, yes = false;
	const char *since = NULL;
	const struct opt opts[] = {{0, "outside", false, NULL, NULL, &outside},
		{0, "stop", false, NULL, NULL, &stop}, {'y', "yes", false, NULL, NULL, &yes},
		{0, "watch", false, NULL, NULL, &watch}, {0, "since", true, NULL, &since, NULL},
		{0}};
	int first, n;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	n = argc - first;
	if (outside && n == 0 && !watch && !since && (stop || !yes))
		return footprint_outside(ctx, stop, yes);
	if (outside || stop || yes || n < 1 || n > 2 || (n == 2 && (watch || since)) ||
		(watch && since))
		return verb_fail(ctx, EXIT_USAGE,
			"of what? (muster footprint PID|ID, two of them to compare, or --outside)");
	if (n == 2)
		return footprint_pair(ctx, argv[first], argv[first + 1]);
	if (since)
		return footprint_since(ctx, argv[first], since);
	if (watch && !ctx->json && isatty(1))
		return refresh_loop(ctx, show, NULL, argv[first]);
	return show(ctx, argv[first], 0);
}
