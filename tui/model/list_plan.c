#include "tui/model/list_plan.h"
#include <stdlib.h>
#include <string.h>

/* How a list is filled. low: no line says how many more there are; asks: two lines a session that
 * needs its user. */
struct way {
	bool low, asks;
};

/* The head of such a group says how many are not shown. */
static bool
counts_itself(enum group g, size_t rows, struct way way)
{
	return way.low || (rows == 0 && (g == GR_ASLEEP || g == GR_ENDED));
}

/* Lines of a group that shows rows of its n sessions. */
static size_t
lines_of(enum group g, size_t n, size_t rows, struct way way)
{
	size_t each = way.asks && g == GR_NEEDS ? 2 : 1;
	return n == 0 ? 0 : 1 + rows * each + (rows < n && !counts_itself(g, rows, way));
}

static size_t
lines_all(const size_t *n, const size_t *rows, struct way way)
{
	size_t sum = 0;
	for (int g = 0; g < GR_COUNT; g++)
		sum += lines_of(g, n[g], rows[g], way);
	return sum;
}

/* Takes one row from the group that can spare it best; false when none can. */
static bool
give_up_row(size_t *rows, const size_t *least)
{
	static const enum group quiet[] = {GR_ENDED, GR_ASLEEP};
	for (size_t i = 0; i < ARRAY_LEN(quiet); i++)
		if (rows[quiet[i]] > least[quiet[i]]) {
			rows[quiet[i]]--;
			return true;
		}
	enum group g = rows[GR_WORKING] > rows[GR_IDLE] ? GR_WORKING : GR_IDLE;
	if (rows[g] <= least[g])
		g = g == GR_WORKING ? GR_IDLE : GR_WORKING;
	if (rows[g] <= least[g])
		g = GR_NEEDS;
	if (rows[g] <= least[g])
		return false;
	rows[g]--;
	return true;
}

static bool
fit(const size_t *n, size_t *rows, enum group sel, size_t h, struct way way)
{
	size_t least[GR_COUNT];
	for (int g = 0; g < GR_COUNT; g++) {
		bool quiet = g == GR_ASLEEP || g == GR_ENDED, here = g == (int)sel;
		size_t want = way.low ? (here ? 2 : !quiet) : (quiet ? (here ? 2 : 0) : 2);
		rows[g] = n[g];
		least[g] = MIN(n[g], want);
	}
	while (lines_all(n, rows, way) > h)
		if (!give_up_row(rows, least))
			return false;
	return true;
}

/* First of `rows` shown out of n, such that the selected one is in the middle. */
static size_t
window(size_t n, size_t rows, size_t sel)
{
	size_t half = rows / 2;
	return sel < half ? 0 : MIN(sel - half, n - rows);
}

/* All lines in a row, of which those around the selection are seen. */
static size_t
plan_flat(const struct model *m, const size_t *n, size_t sel, size_t h, bool asks,
	struct plan_line *out)
{
	size_t lines = 0, sel_line = 0, k = 0;
	struct plan_line *all = xcalloc(2 * m->n_shown + GR_COUNT + 1, sizeof *all);
	for (int g = 0; g < GR_COUNT; g++)
		for (size_t i = 0; n[g] && i <= n[g]; i++) {
			size_t at = m->first[g] + i - 1;
			if (i == 0) {
				all[lines++] = (struct plan_line){LINE_GROUP, g, 0};
				continue;
			}
			if (at == sel)
				sel_line = lines;
			all[lines++] = (struct plan_line){LINE_SESSION, g, at};
			if (asks && g == GR_NEEDS)
				all[lines++] = (struct plan_line){LINE_ASKS, g, at};
		}
	for (size_t i = lines > h ? window(lines, h, sel_line) : 0; i < lines && k < h; i++)
		out[k++] = all[i];
	free(all);
	return k;
}

size_t
list_plan(const struct model *m, size_t h, bool asks, struct plan_line *out)
{
	size_t n[GR_COUNT], rows[GR_COUNT], k = 0;
	long at = model_index(m, m->sel);
	size_t sel = at < 0 ? 0 : (size_t)at;
	enum group sel_group = GR_COUNT;
	for (int g = 0; g < GR_COUNT; g++) {
		n[g] = m->first[g + 1] - m->first[g];
		if (at >= 0 && sel >= m->first[g] && sel < m->first[g + 1])
			sel_group = g;
	}
	size_t groups = 0;
	for (int g = 0; g < GR_COUNT; g++)
		groups += n[g] > 0;
	struct way way = {.asks = asks};
	if (!fit(n, rows, sel_group, h, way)) {
		way.low = true;
		if (!fit(n, rows, sel_group, h, way))
			return plan_flat(m, n, sel, h, asks, out);
	}
	bool gaps = lines_all(n, n, (struct way){false, way.asks}) + groups <= h + 1;
	for (int g = 0; g < GR_COUNT; g++) {
		if (n[g] == 0)
			continue;
		size_t from = g == (int)sel_group ? window(n[g], rows[g], sel - m->first[g]) : 0;
		if (gaps && k > 0)
			out[k++] = (struct plan_line){LINE_GAP, g, 0};
		out[k++] =
			(struct plan_line){LINE_GROUP, g, way.low && rows[g] ? n[g] - rows[g] : 0};
		for (size_t r = 0; r < rows[g]; r++) {
			out[k++] = (struct plan_line){LINE_SESSION, g, m->first[g] + from + r};
			if (way.asks && g == GR_NEEDS)
				out[k++] = (struct plan_line){LINE_ASKS, g, m->first[g] + from + r};
		}
		if (rows[g] < n[g] && !counts_itself(g, rows[g], way))
			out[k++] = (struct plan_line){LINE_MORE, g, n[g] - rows[g]};
	}
	return k;
}

enum { W_MARK = 3, W_STATE = 10, W_IDLE = 6, W_MEM = 6, W_SPARK = 8, W_RATE = 6, W_WANTS = 24 };

struct plan_columns
list_columns(int w, int name_w, int project_w)
{
	struct plan_columns c = {0};
	int name = MIN(CLAMP(name_w, 8, 24), MAX(10, w / 6));
	int project = MIN(CLAMP(project_w, 7, 22), MAX(8, w / 9));
	/* what is left after mark, name, state, idle and memory buys the others in this order; below
	 * 100 columns what is wanted has a line of its own */
	int left = w - W_MARK - name - 1 - W_STATE - 1 - W_IDLE - 2 - W_MEM - 1;
	bool wants = w >= 100 && left >= 3 + W_WANTS;
	left -= wants ? 3 + W_WANTS : 0;
	bool has_project = left >= 2 + project + (w >= 60);
	left -= has_project ? 2 + project + (w >= 60) : 0;
	bool spark = has_project && left >= 2 + W_SPARK + 1;
	left -= spark ? 2 + W_SPARK : 0;
	bool rate = spark && left >= 2 + W_RATE;
	left -= rate ? 2 + W_RATE : 0;
	left += wants ? 3 + W_WANTS : 0;
	if (!wants && left > 0) {
		int more = CLAMP(CLAMP(name_w, 8, 24) - name, 0, left);
		name += more;
		left -= more;
		project += has_project ? CLAMP(CLAMP(project_w, 7, 22) - project, 0, left) : 0;
	}
	if (wants) /* its room is the largest: a third of what is over may go to a long path */
		project +=
			CLAMP(CLAMP(project_w, 7, 22) - project, 0, MAX(left - 3 - W_WANTS, 0) / 3);
	int x = W_MARK;
#define PUT(col, gap, width) (c.col.x = x + (gap), c.col.w = (width), x = c.col.x + c.col.w)
	PUT(name, 0, MAX(name, 4));
	if (has_project)
		PUT(project, w >= 60 ? 2 : 1, project);
	PUT(state, has_project ? 2 : 1, W_STATE);
	PUT(idle, 1, W_IDLE);
	PUT(cut, 1, 1);
	PUT(mem, 0, W_MEM);
	if (spark)
		PUT(spark, 2, W_SPARK);
	if (rate)
		PUT(rate, 1, W_RATE + 1);
	if (wants)
		PUT(wants, 3, w - x - 3 - 1);
#undef PUT
	return c;
}
