/* What sessions' memory was made of: of one over time, of all by age. */
#include "tui/verb/composition.h"
#include "tui/cli/print.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_COLS = 20, COL = 8, PARTS_SHOWN = 16, TIMES_MAX = 20 };
static const double SMALL = 1 << 20; /* less than that at all times is not shown */

static double
part_bytes(const json_t *composition, bool roles, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach (json_object_get(composition, roles ? "roles" : "categories"), i, v)
		if (strcmp(obj_str(v, roles ? "role" : "name"), name) == 0)
			return jnum(v, roles ? "footprint_bytes" : "bytes");
	return 0;
}

struct part_row {
	const char *name;
	double most;
};

static int
largest_first(const void *a, const void *b)
{
	const struct part_row *x = a, *y = b;

	return (x->most < y->most) - (x->most > y->most);
}

/* The names in any of these, by their most; how many of at most PARTS_SHOWN. */
static size_t
rows_of(json_t *const *c, size_t n, bool roles, struct part_row *row)
{
	enum { NAMES_MAX = 200 };
	struct part_row all[NAMES_MAX];
	size_t n_all = 0, shown = 0, i;
	json_t *v;

	for (size_t k = 0; k < n; k++)
		json_array_foreach (json_object_get(c[k], roles ? "roles" : "categories"), i, v) {
			const char *name = obj_str(v, roles ? "role" : "name");
			size_t x = 0;

			while (x < n_all && strcmp(all[x].name, name) != 0)
				x++;
			if (x == NAMES_MAX)
				continue;
			if (x == n_all)
				all[n_all++] = (struct part_row){name, 0};
			all[x].most =
				fmax(all[x].most, jnum(v, roles ? "footprint_bytes" : "bytes"));
		}
	qsort(all, n_all, sizeof(*all), largest_first);
	while (shown < n_all && shown < PARTS_SHOWN && (shown == 0 || all[shown].most >= SMALL)) {
		row[shown] = all[shown];
		shown++;
	}
	return shown;
}

/* A word right-aligned in a column. */
static void
put_right(const char *s, int width)
{
	printf("%*s", width, s);
}

static void
put_times(json_t *const *c, size_t n)
{
	bool days = n > 1 && jnum(c[n - 1], "t") - jnum(c[0], "t") > 20 * 3600;
	char text[16];
	struct tm tm;

	printf("%-*s", NAME_COLS, "");
	for (size_t i = 0; i < n; i++) {
		time_t t = (time_t)jnum(c[i], "t");

		localtime_r(&t, &tm);
		strftime(text, sizeof(text), days ? "%d %b" : "%H:%M", &tm);
		put_right(text, COL);
	}
	put_right("CHANGE", COL + 1);
	putchar('\n');
}

static void
put_row(const struct verb_ctx *ctx, const char *name, const double *v, size_t n)
{
	char buf[32];
	double d = v[n - 1] - v[0];

	put_cell(ctx, name, NAME_COLS - 1);
	putchar(' ');
	for (size_t i = 0; i < n; i++)
		put_right(v[i] >= 1 ? fmt_bytes(buf, v[i]) : "-", COL);
	buf[0] = d < 0 ? '-' : '+';
	fmt_bytes(buf + 1, fabs(d));
	put_right(d == 0 ? "0" : buf, COL + 1);
	putchar('\n');
}

/* As many moments as fit, evenly, the newest among them. */
static void
put_parts(const struct verb_ctx *ctx, const json_t *list, bool roles)
{
	size_t have = json_array_size(list);
	size_t n = (size_t)CLAMP((out_width() - NAME_COLS - COL - 1) / COL, 1, TIMES_MAX), rows;
	struct part_row row[PARTS_SHOWN];
	double v[TIMES_MAX];
	json_t *c[TIMES_MAX] = {0};

	n = MIN(n, have);
	for (size_t i = 0; i < n; i++)
		c[i] = json_array_get(list, n > 1 ? i * (have - 1) / (n - 1) : have - 1);
	put_times(c, n);
	rows = rows_of(c, n, roles, row);
	for (size_t r = 0; r < rows; r++) {
		for (size_t i = 0; i < n; i++)
			v[i] = part_bytes(c[i], roles, row[r].name);
		put_row(ctx, row[r].name, v, n);
	}
	for (size_t i = 0; i < n; i++)
		v[i] = jnum(c[i], "total_bytes");
	put_row(ctx, "footprint", v, n);
	if (*obj_str(c[n - 1], "version"))
		printf("version %s\n", obj_str(c[n - 1], "version"));
}

int
history_parts(struct verb_ctx *ctx, const char *id, double since, bool roles)
{
	int code = EXIT_FAIL;
	json_t *reply = verb_call(
		ctx, "composition", json_pack("{s:s,s:f}", "id", id, "since", since), &code);
	json_t *list = json_object_get(reply, "compositions");

	if (!reply)
		return code;
	if (ctx->json)
		print_json(json_incref(reply));
	else if (json_array_size(list))
		put_parts(ctx, list, roles);
	else
		fprintf(stderr, "no look at %s yet (the first comes a minute after its start)\n",
			obj_str(reply, "name"));
	json_decref(reply);
	return EXIT_OK;
}

/* ---- by age ---- */

static const char *
age_text(char *buf, size_t cap, const json_t *row)
{
	char from[32], to[32];

	fmt_ago(from, jnum(row, "from_s"));
	if (isnan(jnum(row, "to_s")))
		snprintf(buf, cap, "over %s", from);
	else
		snprintf(buf, cap, "%s to %s", jnum(row, "from_s") > 0 ? from : "0",
			fmt_ago(to, jnum(row, "to_s")));
	return buf;
}

static void
put_ages(struct verb_ctx *ctx, const json_t *ages)
{
	enum { AGE_COLS = 12, FIXED = AGE_COLS + 9 + 10 };
	struct part_row row[PARTS_SHOWN];
	json_t *list[16], *v;
	size_t n = MIN(json_array_size(ages), ARRAY_LEN(list)), parts, shown = 0, i;
	int room = out_width() - FIXED;
	char a[32], text[80];

	for (i = 0; i < n; i++)
		list[i] = json_array_get(ages, i);
	parts = rows_of(list, n, false, row);
	printf("%-*s%9s%10s", AGE_COLS, "AGE", "SESSIONS", "FOOTPRINT");
	for (; shown < parts; shown++) {
		int width = (int)MAX(strlen(row[shown].name) + 2, COL);

		if ((room -= width) < 0)
			break;
		put_right(row[shown].name, width);
	}
	putchar('\n');
	for (i = 0; i < n; i++) {
		v = list[i];
		put_cell(ctx, age_text(text, sizeof(text), v), AGE_COLS);
		printf("%9.0f%10s", jnum(v, "sessions"), fmt_bytes(a, jnum(v, "total_bytes")));
		for (size_t k = 0; k < shown; k++) {
			double bytes = part_bytes(v, false, row[k].name);

			put_right(bytes >= 1 ? fmt_bytes(a, bytes) : "-",
				(int)MAX(strlen(row[k].name) + 2, COL));
		}
		putchar('\n');
	}
}

int
history_ages(struct verb_ctx *ctx)
{
	int code = EXIT_FAIL;
	json_t *reply = verb_call(ctx, "ages", json_object(), &code);
	json_t *ages = json_object_get(reply, "ages");

	if (!reply)
		return code;
	if (ctx->json)
		print_json(json_incref(reply));
	else if (json_array_size(ages))
		put_ages(ctx, ages);
	else
		fputs("no session was looked at yet (the first look comes a minute after a "
		      "start)\n",
			stderr);
	json_decref(reply);
	return EXIT_OK;
}
