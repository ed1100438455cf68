/* top: sessions by footprint, refreshing. */
#include "tui/cli/print.h"
#include "tui/cli/refresh.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOP_EVERY_MS = 2000, TOP_ROWS_DEFAULT = 40 };

/* A column: dropped from the right of this list as far as the width asks for it. */
struct column {
	const char *title, *key; /* key: of a session; NULL: put_other */
	int width;		 /* with the blank before it */
	char sort;		 /* the key that sorts by it */
	enum { AS_TEXT, AS_BYTES, AS_TIME, AS_COUNT, AS_CURVE } as;
	int place; /* from the left */
};
static const struct column columns[] = {
	/* the most wanted first */
	{"NAME", "name", 18, 'n', AS_TEXT, 0},
	{"MEM", "footprint_bytes", 9, 'm', AS_BYTES, 3},
	{"STATE", NULL, 11, 0, AS_TEXT, 1},
	{"IDLE", "idle_s", 8, 'i', AS_TIME, 2},
	{"GROWTH/H", "growth_bytes_per_h", 9, 'g', AS_BYTES, 7},
	{"SWAPPED", "swap_bytes", 9, 's', AS_BYTES, 5},
	{"RESIDENT", "rss_bytes", 9, 'r', AS_BYTES, 4},
	{"PROCS", "processes", 6, 'p', AS_COUNT, 8},
	{"LAST HOUR", NULL, 11, 0, AS_CURVE, 9},
	{"GPU", "gpu_bytes", 8, 'u', AS_BYTES, 6},
};
enum { COLUMNS = ARRAY_LEN(columns), NAME_MIN = 8, NAME_MAX_COLS = 32 };

static const struct column *sorted_by;

static int
by_column(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	double p = jnum(x, sorted_by->key), q = jnum(y, sorted_by->key);

	if (sorted_by->as == AS_TEXT)
		return strcmp(obj_str(x, sorted_by->key), obj_str(y, sorted_by->key));
	p = isnan(p) ? -INFINITY : p;
	q = isnan(q) ? -INFINITY : q;
	return (p < q) - (p > q);
}

static void
put_spark(const struct verb_ctx *ctx, const json_t *spark, size_t max)
{
	double v[64];
	uint32_t cell[64];
	size_t n = MIN(json_array_size(spark), MIN(ARRAY_LEN(v), max));

	for (size_t i = 0; i < n; i++)
		v[i] = json_number_value(json_array_get(spark, i));
	plot_spark(v, n, 0, out_style(ctx), cell);
	for (size_t i = 0; i < n; i++)
		put_cp(cell[i]);
}

static bool
has_gpu(const json_t *list)
{
	json_t *s;
	size_t i;

	json_array_foreach (list, i, s)
		if (jnum(s, "gpu_bytes") > 0)
			return true;
	return false;
}

/* Columns that fit, by place: shown[place]; the rest of the width goes to the name. */
static void
choose(const json_t *list, const struct column *shown[COLUMNS], int *name_cols)
{
	int room = out_width() - NAME_MIN;

	memset(shown, 0, COLUMNS * sizeof(*shown));
	for (size_t i = 0; i < COLUMNS; i++) {
		const struct column *c = &columns[i];
		int width = i ? c->width : 0;

		if (width > room || (strcmp(c->title, "GPU") == 0 && !has_gpu(list)))
			continue;
		room -= width;
		shown[c->place] = c;
	}
	*name_cols = CLAMP(NAME_MIN + room, NAME_MIN, NAME_MAX_COLS);
}

static void
put_value(const struct verb_ctx *ctx, const struct column *c, const json_t *s)
{
	double v = c->key ? jnum(s, c->key) : NAN;
	bool about = c->sort == 'm' && json_is_true(json_object_get(s, "footprint_estimated"));
	bool running = strcmp(obj_str(s, "state"), "running") == 0;
	char text[40] = "-";

	putchar(' ');
	switch (c->as) {
	case AS_TEXT:
		put_cell(ctx,
			*obj_str(s, "activity") && running ? obj_str(s, "activity")
							   : obj_str(s, "state"),
			c->width - 1);
		return;
	case AS_CURVE:
		putchar(' ');
		put_spark(ctx, json_object_get(s, "spark"), (size_t)c->width - 2);
		return;
	case AS_TIME:
		if (!isnan(v))
			fmt_ago(text, v);
		printf("%-*s", c->width - 1, text);
		return;
	case AS_COUNT:
		printf("%*.0f", c->width - 1, isnan(v) ? 0 : v);
		return;
	case AS_BYTES:
		printf("%*s%s", c->width - 1 - about, fmt_size(text, v), about ? "~" : "");
	}
}

static void
put_top_row(const struct verb_ctx *ctx, const struct column *const *shown, int name_cols,
	const json_t *s)
{
	put_cell(ctx, obj_str(s, "name"), name_cols);
	for (size_t i = 1; i < COLUMNS; i++)
		if (shown[i])
			put_value(ctx, shown[i], s);
	putchar('\n');
}

static void
put_titles(const struct column *const *shown, int name_cols)
{
	printf("%-*s", name_cols, shown[0]->title);
	for (size_t i = 1; i < COLUMNS; i++)
		if (shown[i])
			printf(shown[i]->as == AS_TEXT || shown[i]->as == AS_TIME ? " %-*s"
				: shown[i]->as == AS_CURVE			  ? "  %-*s"
										  : " %*s",
				shown[i]->as == AS_CURVE ? 0 : shown[i]->width - 1,
				shown[i]->title);
	putchar('\n');
}

/* Two lines of the machine, each cut to the width. */
static void
put_machine(const struct verb_ctx *ctx, const json_t *reply)
{
	json_t *t = json_object_get(reply, "totals"), *p = json_object_get(reply, "pressure");
	char a[32], b[32], c[32], d[32], line[256];
	int n;

	n = snprintf(line, sizeof(line),
		"%s: %.0f running, %.0f asleep   footprint %s   outside %s   available %s of %s",
		obj_str(reply, "host"), jnum(t, "running"), jnum(t, "asleep"),
		fmt_size(a, jnum(t, "footprint_bytes")), fmt_size(b, jnum(t, "outside_bytes")),
		fmt_size(c, jnum(p, "mem_available_bytes")),
		fmt_size(d, jnum(p, "mem_total_bytes")));
	if (n > 0 && jnum(p, "swap_total_bytes") > 0)
		snprintf(line + n, sizeof(line) - (size_t)n, "   swap free %s",
			fmt_size(a, jnum(p, "swap_free_bytes")));
	put_cell(ctx, line, -out_width());
	putchar('\n');
	if (isnan(jnum(p, "psi_some_avg10")))
		return;
	n = snprintf(line, sizeof(line),
		"waiting for memory: some %.1f %% full %.1f %% of 10 s, %.1f %% %.1f %% of 60 s",
		jnum(p, "psi_some_avg10"), jnum(p, "psi_full_avg10"), jnum(p, "psi_some_avg60"),
		jnum(p, "psi_full_avg60"));
	if (jnum(p, "swap_in_bytes_per_s") + jnum(p, "swap_out_bytes_per_s") > 0)
		snprintf(line + n, sizeof(line) - (size_t)n, "   swapping %s/s in, %s/s out",
			fmt_size(a, jnum(p, "swap_in_bytes_per_s")),
			fmt_size(b, jnum(p, "swap_out_bytes_per_s")));
	put_cell(ctx, line, -out_width());
	putchar('\n');
}

static void
put_top(const struct verb_ctx *ctx, const json_t *reply, char sort, size_t max)
{
	json_t *list = json_object_get(reply, "sessions"), **v, *s;
	const struct column *shown[COLUMNS];
	size_t n = json_array_size(list), i;
	int name_cols;

	v = xcalloc(n + 1, sizeof(json_t *));
	json_array_foreach (list, i, s)
		v[i] = s;
	for (i = 0; i < COLUMNS; i++)
		if (columns[i].sort == sort)
			sorted_by = &columns[i];
	qsort(v, n, sizeof(json_t *), by_column);
	put_machine(ctx, reply);
	putchar('\n');
	choose(list, shown, &name_cols);
	put_titles(shown, name_cols);
	for (i = 0; i < n && i < max; i++)
		put_top_row(ctx, shown, name_cols, v[i]);
	if (n > max)
		printf("%zu more\n", n - max);
	free(v);
}

static bool
sorts(char key)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i].sort == key && key)
			return true;
	return false;
}

static void
on_key(void *arg, char key)
{
	if (sorts(key))
		*(char *)arg = key;
}

static int
top_picture(struct verb_ctx *ctx, void *arg, int rows)
{
	enum { AROUND = 6 };
	int code = EXIT_OK;
	json_t *reply = verb_call(ctx, "ls", json_object(), &code);

	if (!reply)
		return code;
	put_top(ctx, reply, *(char *)arg, (size_t)MAX(rows - AROUND, 1));
	put_cell(ctx,
		"sort: m memory  r resident  s swapped  g growth  i idle  p processes  u gpu  "
		"n name   q quit",
		-(out_width() - 1));
	json_decref(reply);
	return EXIT_OK;
}

int
verb_top(struct verb_ctx *ctx, int argc, char **argv)
{
	const char *sort = "m";
	const struct opt opts[] = {{0, "sort", true, NULL, &sort, NULL}, {0}};
	json_t *reply;
	int first, code = EXIT_FAIL;
	char key;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (argc > first)
		return verb_fail(ctx, EXIT_USAGE, "takes no session");
	key = sort[0];
	if (sort[1] || !sorts(key))
		return verb_fail(ctx, EXIT_USAGE,
			"--sort %.20s: m memory, r resident, s swapped, g growth, i idle, "
			"p processes, u gpu, n name",
			sort);
	if (!ctx->json && isatty(1))
		return refresh_loop(ctx, top_picture, on_key, &key);
	reply = verb_call(ctx, "ls", json_object(), &code);
	if (!reply)
		return code;
	if (ctx->json)
		print_json(json_incref(reply));
	else
		put_top(ctx, reply, key, SIZE_MAX);
	json_decref(reply);
	return EXIT_OK;
}
