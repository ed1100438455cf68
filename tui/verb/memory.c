/* history, footprint, events: what sessions cost, and what happened to them. */
#include "core/paint/plot.h"
#include "core/text/width.h"
#include "sessions/config/config.h"
#include "sessions/memory/footprint_json.h"
#include "tui/verb/verb.h"
#include "tui/verb/memory.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PLOT_ROWS = 12, PLOT_LEFT = 8, WIDTH_DEFAULT = 80, WIDTH_MAX = 200, SPARK_COLS = 24 };
/* A plot's column may repeat a sample this long before it counts as a gap. */
static const double HOLD_MIN_S = 90, HOLD_STEPS = 3;

const char *
jstr(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

double
jnum(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

const char *
fmt_size(char *buf, double n)
{
	return isnan(n) ? "-" : fmt_bytes(buf, n);
}

/* Of standard output; 80 when that is no terminal. */
static int
out_width(void)
{
	struct winsize ws;

	if (ioctl(1, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 20)
		return MIN(ws.ws_col, WIDTH_MAX);
	return WIDTH_DEFAULT;
}

/* Blocks only where the user's own locale says UTF-8. */
enum plot_style
out_style(const struct verb_ctx *ctx)
{
	static const char *const vars[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; !ctx->ascii && i < ARRAY_LEN(vars); i++) {
		const char *v = getenv(vars[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8") ? PLOT_BLOCK
									       : PLOT_ASCII;
	}
	return PLOT_ASCII;
}

void
put_cp(uint32_t cp)
{
	if (cp < 0x80)
		putchar((int)cp);
	else
		printf("%c%c%c", (int)(0xe0 | cp >> 12), (int)(0x80 | (cp >> 6 & 0x3f)),
			(int)(0x80 | (cp & 0x3f)));
}

void
put_clean(const char *s, int width)
{
	char clean[256];

	sanitize(clean, sizeof(clean), s, strlen(s));
	printf("%-*s", width, clean);
}

/* ---- history ---- */

static const char *
clock_text(char *buf, size_t cap, double t, double span)
{
	time_t at = (time_t)t;
	struct tm tm;

	localtime_r(&at, &tm);
	strftime(buf, cap, span > 2 * 86400 ? "%d %b" : "%H:%M", &tm);
	return buf;
}

static struct plot_sample *
samples_of(const json_t *points, const char *key, size_t *n)
{
	struct plot_sample *s = xcalloc(json_array_size(points) + 1, sizeof(*s));
	json_t *p;
	size_t i;

	*n = json_array_size(points);
	json_array_foreach (points, i, p)
		s[i] = (struct plot_sample){jnum(p, "t"), jnum(p, key)};
	return s;
}

static void
put_time_axis(double t0, double t1, int cols)
{
	double step = plot_time_step(t1 - t0, (size_t)MAX(cols / 14, 2));
	char line[WIDTH_MAX + 16], text[16];
	time_t at = (time_t)t0;
	struct tm tm;

	localtime_r(&at, &tm);
	memset(line, ' ', sizeof(line));
	line[cols] = '\0';
	for (double t = ceil((t0 + (double)tm.tm_gmtoff) / step) * step - (double)tm.tm_gmtoff;
		t < t1; t += step) {
		int c = (int)((t - t0) / (t1 - t0) * cols);
		size_t n = strlen(clock_text(text, sizeof(text), t, t1 - t0));

		if (c + (int)n <= cols)
			memcpy(line + c, text, n);
	}
	printf("%*s%s\n", PLOT_LEFT, "", line);
}

static void
put_plot(const struct verb_ctx *ctx, const json_t *points, double step)
{
	int cols = out_width() - PLOT_LEFT - 1;
	enum plot_style style = out_style(ctx);
	double *col = xcalloc((size_t)cols, sizeof(*col)), top = 0, t0, t1;
	uint32_t *cell = xcalloc((size_t)cols * PLOT_ROWS, sizeof(*cell));
	struct plot_sample *s;
	char mem[32];
	size_t n;

	s = samples_of(points, "max", &n);
	t0 = s[0].t;
	t1 = MAX(s[n - 1].t, t0 + 60);
	plot_columns(s, n, t0, t1 + (t1 - t0) / cols, MAX(HOLD_STEPS * step, HOLD_MIN_S), col,
		(size_t)cols);
	for (size_t i = 0; i < n; i++)
		top = fmax(top, s[i].v);
	top = plot_nice_max(top);
	plot_area(col, top, (size_t)cols, PLOT_ROWS, style, cell);
	for (int r = 0; r < PLOT_ROWS; r++) {
		if (r == 0 || r == PLOT_ROWS / 2)
			printf("%6s ", fmt_bytes(mem, top * (PLOT_ROWS - r) / PLOT_ROWS));
		else
			printf("%6s ", r == PLOT_ROWS - 1 ? "0" : "");
		put_cp(style == PLOT_ASCII ? '|' : 0x2524);
		for (int c = 0; c < cols; c++)
			put_cp(cell[r * cols + c]);
		putchar('\n');
	}
	put_time_axis(t0, t1, cols);
	free(s);
	free(col);
	free(cell);
}

static void
put_csv(const json_t *reply)
{
	static const char *const keys[] = {
		"min", "avg", "max", "last", "swap_max", "rss_min", "rss_last"};
	json_t *p, *points = json_object_get(reply, "points");
	size_t i;

	printf("t");
	for (size_t k = 0; k < ARRAY_LEN(keys); k++)
		printf(",%s", keys[k]);
	putchar('\n');
	json_array_foreach (points, i, p) {
		printf("%.3f", jnum(p, "t"));
		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			printf(",%.0f", jnum(p, keys[k]));
		putchar('\n');
	}
}

static void
put_detail(const char *key, json_t *v)
{
	char mem[32];
	size_t n = strlen(key);
	char *s;

	printf("  %s ", key);
	if (json_is_string(v)) {
		put_clean(json_string_value(v), 0);
		return;
	}
	if (json_is_number(v) && n > 6 && strcmp(key + n - 6, "_bytes") == 0) {
		fputs(fmt_bytes(mem, json_number_value(v)), stdout);
		return;
	}
	s = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	put_clean(s ? s : "?", 0);
	free(s);
}

/* One line. */
void
put_event(const json_t *ev, bool with_name)
{
	time_t at = (time_t)jnum(ev, "t");
	struct tm tm;
	char when[32];
	const char *key;
	json_t *v;

	localtime_r(&at, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s  ", when);
	if (with_name) {
		put_clean(jstr(ev, "name"), 18);
		putchar(' ');
	}
	put_clean(jstr(ev, "event"), 12);
	json_object_foreach (json_object_get(ev, "detail"), key, v)
		put_detail(key, v);
	putchar('\n');
}

static void
put_history(const struct verb_ctx *ctx, const json_t *reply)
{
	json_t *points = json_object_get(reply, "points"), *p, *ev;
	double lo = INFINITY, hi = 0, swap = 0;
	char a[32], b[32], c[32], d[32], e[32];
	size_t i, n = json_array_size(points);

	if (n == 0) {
		fprintf(stderr, "no samples of %s in that time (the first comes within %s)\n",
			jstr(reply, "name"), "15 s");
		return;
	}
	json_array_foreach (points, i, p) {
		lo = fmin(lo, jnum(p, "min"));
		hi = fmax(hi, jnum(p, "max"));
		swap = fmax(swap, jnum(p, "swap_max"));
	}
	p = json_array_get(points, n - 1);
	put_plot(ctx, points, jnum(reply, "step_s"));
	printf("%s: last %s (resident %s)   min %s   max %s   swapped at most %s   %zu points\n",
		jstr(reply, "name"), fmt_bytes(a, jnum(p, "last")),
		fmt_bytes(b, jnum(p, "rss_last")), fmt_bytes(c, lo), fmt_bytes(d, hi),
		fmt_bytes(e, swap), n);
	json_array_foreach (json_object_get(reply, "events"), i, ev)
		put_event(ev, false);
}

static void
put_overview(const struct verb_ctx *ctx, const json_t *reply)
{
	json_t *list = json_object_get(reply, "sessions"), *s, *v;
	char a[32], b[32], c[32], d[32];
	size_t i, k;

	if (json_array_size(list) == 0 && !ctx->quiet)
		fprintf(stderr, "no sessions (muster new starts one)\n");
	else
		printf("%-18s %8s %8s %8s %9s  %s\n", "NAME", "NOW", "MIN", "MAX", "GROWTH/H",
			"CURVE");
	json_array_foreach (list, i, s) {
		json_t *points = json_object_get(s, "points");
		size_t n = json_array_size(points), cols = MIN(n, (size_t)SPARK_COLS);
		double spark[SPARK_COLS] = {0}, now = jnum(s, "now");
		uint32_t cell[SPARK_COLS];

		json_array_foreach (points, k, v) {
			size_t at = k * cols / n;

			spark[at] = fmax(spark[at], json_number_value(v));
		}
		plot_spark(spark, cols, 0, out_style(ctx), cell);
		put_clean(jstr(s, "name"), 18);
		printf(" %8s %8s %8s %9s  ", isnan(now) ? jstr(s, "state") : fmt_size(a, now),
			fmt_size(b, jnum(s, "min")), fmt_size(c, jnum(s, "max")),
			fmt_size(d, jnum(s, "growth_bytes_per_h")));
		for (k = 0; k < cols; k++)
			put_cp(cell[k]);
		putchar('\n');
	}
}

int
verb_history(struct verb_ctx *ctx, int argc, char **argv)
{
	bool csv = false;
	const char *since = NULL;
	const struct opt opts[] = {
		{0, "since", true, NULL, &since, NULL}, {0, "csv", false, NULL, NULL, &csv}, {0}};
	json_t *args, *reply;
	double back = 86400;
	int first, code = EXIT_FAIL;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (since && strcmp(since, "all") == 0)
		back = 0;
	else if (since && !parse_duration(since, &back))
		return verb_fail(
			ctx, EXIT_USAGE, "--since %.40s: a time like 24h, 7d or all", since);
	if (argc - first > 1)
		return verb_fail(ctx, EXIT_USAGE, "one session at a time (muster history [ID])");
	if (csv && argc == first)
		return verb_fail(
			ctx, EXIT_USAGE, "--csv: of which session? (muster history ID --csv)");
	args = json_pack("{s:f}", "since", back);
	if (argc > first)
		json_object_set_new(args, "id", json_string(argv[first]));
	reply = verb_call(ctx, "history", args, &code);
	if (!reply)
		return code;
	if (ctx->json)
		print_json(json_incref(reply));
	else if (csv)
		put_csv(reply);
	else if (argc > first)
		put_history(ctx, reply);
	else
		put_overview(ctx, reply);
	json_decref(reply);
	return EXIT_OK;
}

/* ---- footprint ---- */

static void
put_footprint(const json_t *o)
{
	json_t *v;
	char a[32], b[32], c[32], d[32];
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
	printf("\n%8s %9s %9s %9s  %-7s %s\n", "PID", "FOOTPRINT", "RESIDENT", "SWAPPED", "BY",
		"ROLE");
	json_array_foreach (json_object_get(o, "processes"), i, v) {
		printf("%8.0f %9s %9s %9s  %-7s ", jnum(v, "pid"),
			fmt_bytes(a, jnum(v, "footprint_bytes")),
			fmt_bytes(b, jnum(v, "rss_bytes")), fmt_bytes(c, jnum(v, "swap_bytes")),
			jstr(v, "rule"));
		put_clean(jstr(v, "role"), 0);
		putchar('\n');
	}
	if (json_array_size(json_object_get(o, "roles")) <
		json_array_size(json_object_get(o, "processes"))) {
		printf("\n%9s %9s  %s\n", "FOOTPRINT", "PROCESSES", "ROLE");
		json_array_foreach (json_object_get(o, "roles"), i, v) {
			printf("%9s %9.0f  ", fmt_bytes(a, jnum(v, "footprint_bytes")),
				jnum(v, "processes"));
			put_clean(jstr(v, "role"), 0);
			putchar('\n');
		}
	}
	printf("\n%9s %9s %9s  %s\n", "BYTES", "SWAPPED", "REGIONS", "CATEGORY");
	json_array_foreach (json_object_get(o, "categories"), i, v) {
		printf("%9s %9s %9.0f  ", fmt_bytes(a, jnum(v, "bytes")),
			fmt_bytes(b, jnum(v, "swapped_bytes")), jnum(v, "regions"));
		put_clean(jstr(v, "name"), 0);
		putchar('\n');
	}
}

/* A word that is a number may be a session's or a process's. The session is asked for first, at a
 * server that runs already: a pid needs none. NULL and *e with code 3 or 4: not a session. */
static json_t *
footprint_of_session(struct verb_ctx *ctx, const char *word, bool start_server, struct err *e)
{
	struct client *c = client_connect(start_server, e);
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

/* What is in no session's tree, or in several: "totals" of the list. */
static int
footprint_outside(struct verb_ctx *ctx)
{
	struct err e = {0};
	struct client *c = client_connect(true, &e);
	json_t *reply = c ? client_call(c, "ls", json_object(), NULL, NULL, 0, &e) : NULL, *totals,
	       *v;
	char mem[32], age[32];
	size_t i;

	client_free(c);
	if (!reply)
		return verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	totals = json_object_get(reply, "totals");
	if (ctx->json) {
		print_json(json_pack("{s:i,s:O,s:O}", "v", 1, "outside_bytes",
			json_object_get(totals, "outside_bytes"), "outside",
			json_object_get(totals, "outside")));
		json_decref(reply);
		return EXIT_OK;
	}
	printf("outside all sessions %s\n", fmt_bytes(mem, jnum(totals, "outside_bytes")));
	if (json_array_size(json_object_get(totals, "outside")))
		printf("\n%8s %9s %7s  %-24s %s\n", "PID", "FOOTPRINT", "AGE", "WHAT", "SESSIONS");
	json_array_foreach (json_object_get(totals, "outside"), i, v) {
		json_t *user;
		size_t k;

		printf("%8.0f %9s %7s  ", jnum(v, "pid"),
			fmt_bytes(mem, jnum(v, "footprint_bytes")), fmt_ago(age, jnum(v, "age_s")));
		put_clean(jstr(v, "what"), 24);
		json_array_foreach (json_object_get(v, "sessions"), k, user) {
			putchar(' ');
			put_clean(json_string_value(user), 0);
		}
		putchar('\n');
	}
	json_decref(reply);
	return EXIT_OK;
}

int
verb_footprint(struct verb_ctx *ctx, int argc, char **argv)
{
	bool outside = false;
	const struct opt opts[] = {{0, "outside", false, NULL, NULL, &outside}, {0}};
	struct err e = {0};
	json_t *o;
	int first, code = EXIT_FAIL;
	bool number;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (outside && argc == first)
		return footprint_outside(ctx);
	if (outside || argc - first != 1)
		return verb_fail(ctx, EXIT_USAGE, "of what? (muster footprint PID|ID)");
	number = argv[first][0] && strspn(argv[first], "0123456789") == strlen(argv[first]) &&
		 strlen(argv[first]) < 10;
	o = footprint_of_session(ctx, argv[first], !number, &e);
	if (!o && number && (e.code == EXIT_NO_SESSION || e.code == EXIT_NO_SERVER))
		o = footprint_of_pid(ctx, argv[first], &code);
	else if (!o)
		code = verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	if (!o)
		return code;
	if (ctx->json)
		print_json(json_incref(o));
	else
		put_footprint(o);
	json_decref(o);
	return EXIT_OK;
}
