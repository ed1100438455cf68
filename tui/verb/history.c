/* history: what sessions cost, and what happened to them. */
#include "sessions/config/config.h"
#include "tui/cli/everywhere.h"
#include "tui/cli/print.h"
#include "tui/verb/composition.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PLOT_ROWS = 12, PLOT_LEFT = 8, SPARK_COLS = 24, OVERVIEW_COLS = 57 };
/* A plot's column may repeat a sample this long before it counts as a gap. */
static const double HOLD_MIN_S = 90, HOLD_STEPS = 3;

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
	char line[OUT_WIDTH_MAX + 16], text[16];
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
put_history(const struct verb_ctx *ctx, const json_t *reply)
{
	json_t *points = json_object_get(reply, "points"), *p, *ev;
	double lo = INFINITY, hi = 0, swap = 0;
	char a[32], b[32], c[32], d[32], e[32];
	size_t i, n = json_array_size(points);

	if (n == 0) {
		fprintf(stderr, "no samples of %s in that time (the first comes within %s)\n",
			obj_str(reply, "name"), "15 s");
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
		obj_str(reply, "name"), fmt_bytes(a, jnum(p, "last")),
		fmt_bytes(b, jnum(p, "rss_last")), fmt_bytes(c, lo), fmt_bytes(d, hi),
		fmt_bytes(e, swap), n);
	json_array_foreach (json_object_get(reply, "events"), i, ev)
		put_event(ctx, ev, false);
}

static void
put_overview(const struct verb_ctx *ctx, const json_t *reply)
{
	json_t *list = json_object_get(reply, "sessions"), *s, *v;
	char a[32], b[32], c[32], d[32];
	size_t i, k, room = (size_t)CLAMP(out_width() - OVERVIEW_COLS, 0, SPARK_COLS);

	if (json_array_size(list) == 0 && !ctx->quiet)
		fprintf(stderr, "no sessions (muster new starts one)\n");
	else
		printf("%-18s %8s %8s %8s %9s  %s\n", "NAME", "NOW", "MIN", "MAX", "GROWTH/H",
			"CURVE");
	json_array_foreach (list, i, s) {
		json_t *points = json_object_get(s, "points");
		size_t n = json_array_size(points), cols = MIN(n, room);
		double spark[SPARK_COLS] = {0}, now = jnum(s, "now");
		uint32_t cell[SPARK_COLS];

		json_array_foreach (points, k, v) {
			size_t at = k * cols / n;

			spark[at] = fmax(spark[at], json_number_value(v));
		}
		plot_spark(spark, cols, 0, out_style(ctx), cell);
		put_cell(ctx, obj_str(s, "name"), 18);
		printf(" %8s %8s %8s %9s  ", isnan(now) ? obj_str(s, "state") : fmt_size(a, now),
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
	bool csv = false, categories = false, roles = false, ages = false;
	const char *since = NULL;
	const struct opt opts[] = {{0, "since", true, NULL, &since, NULL},
		{0, "csv", false, NULL, NULL, &csv},
		{0, "categories", false, NULL, NULL, &categories},
		{0, "roles", false, NULL, NULL, &roles}, {0, "ages", false, NULL, NULL, &ages},
		{0}};
	struct places *p;
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
	if ((csv || categories || roles) && argc == first)
		return verb_fail(ctx, EXIT_USAGE, "of which session? (muster history ID %s)",
			csv	     ? "--csv"
			: categories ? "--categories"
				     : "--roles");
	if (csv + categories + roles + ages > 1 || (ages && argc > first))
		return verb_fail(ctx, EXIT_USAGE, "one view at a time; --ages is of all sessions");
	if (ages)
		return history_ages(ctx);
	if (categories || roles)
		return history_parts(ctx, argv[first], back, roles);
	args = json_pack("{s:f}", "since", back);
	if (argc > first)
		json_object_set_new(args, "id", json_string(argv[first]));
	p = everywhere(ctx, "history", args, argc == first, NULL, NULL, &code);
	if (!p)
		return code;
	reply = p->place[0].reply;
	if (argc == first)
		json_object_set_new(reply, "sessions", places_list(ctx, p, "sessions"));
	if (ctx->json)
		print_json(json_incref(reply));
	else if (csv)
		put_csv(reply);
	else if (argc > first)
		put_history(ctx, reply);
	else
		put_overview(ctx, reply);
	places_free(p);
	return EXIT_OK;
}
