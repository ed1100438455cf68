#include "tui/model/list_plan.h"
#include <stdlib.h>
#include <string.h>

/* How a list is filled. */
struct filling {
	const struct model *m;
	const struct section *sel; /* of the selected session; NULL */
	bool low;		   /* no line says how many more there are */
	bool asks;		   /* two lines a session that needs its user */
	size_t *rows, *least;	   /* of each section: shown, and no fewer than that */
};

static bool
is_quiet(const struct section *k)
{
	return k->group == GR_ASLEEP || k->group == GR_ENDED || k->group == GR_ARCHIVED;
}

/* Rows a section would like. */
static size_t
rows_all(const struct section *k)
{
	return k->folded ? 0 : k->n;
}

/* Its head says how many are not shown. */
static bool
counts_itself(const struct filling *f, const struct section *k, size_t rows)
{
	return f->low || k->folded || (rows == 0 && is_quiet(k));
}

/* Lines of a section that shows so many of its sessions. */
static size_t
lines_of(const struct filling *f, const struct section *k, size_t rows)
{
	size_t each = f->asks && k->group == GR_NEEDS ? 2 : 1;
	return 1 + rows * each + (rows < k->n && !counts_itself(f, k, rows));
}

static size_t
lines_all(const struct filling *f)
{
	size_t sum = 0;
	for (size_t i = 0; i < f->m->n_sections; i++)
		sum += lines_of(f, &f->m->section[i], f->rows[i]);
	return sum;
}

/* Which section can best spare a row: what sleeps, from the end; then the longest; those that need
 * their user last. n_sections: none can. */
static size_t
who_gives(const struct filling *f)
{
	const struct section *k = f->m->section;
	size_t n = f->m->n_sections, best = n;
	for (size_t i = n; i-- > 0;)
		if (is_quiet(&k[i]) && f->rows[i] > f->least[i])
			return i;
	for (size_t i = n; i-- > 0;)
		if (k[i].group != GR_NEEDS && f->rows[i] > f->least[i] &&
			(best == n || f->rows[i] > f->rows[best]))
			best = i;
	for (size_t i = 0; i < n && best == n; i++)
		if (f->rows[i] > f->least[i])
			best = i;
	return best;
}

static bool
fit(struct filling *f, size_t h)
{
	for (size_t i = 0; i < f->m->n_sections; i++) {
		const struct section *k = &f->m->section[i];
		bool here = k == f->sel;
		size_t want =
			f->low ? (here ? 2 : !is_quiet(k)) : (is_quiet(k) ? (here ? 2 : 0) : 2);
		f->rows[i] = rows_all(k);
		f->least[i] = MIN(f->rows[i], want);
	}
	size_t lines = lines_all(f);
	while (lines > h) {
		size_t i = who_gives(f);
		if (i == f->m->n_sections)
			return false;
		lines -= lines_of(f, &f->m->section[i], f->rows[i]);
		lines += lines_of(f, &f->m->section[i], --f->rows[i]);
	}
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
plan_flat(const struct filling *f, size_t sel, size_t h, struct plan_line *out)
{
	const struct model *m = f->m;
	size_t lines = 0, sel_line = 0, n = 0;
	struct plan_line *all = xcalloc(2 * m->n_shown + m->n_sections + 1, sizeof *all);
	for (size_t s = 0; s < m->n_sections; s++) {
		const struct section *k = &m->section[s];
		if (k == f->sel)
			sel_line = lines;
		all[lines++] = (struct plan_line){LINE_GROUP, s, 0};
		for (size_t at = k->first; at < k->first + rows_all(k); at++) {
			if (at == sel)
				sel_line = lines;
			all[lines++] = (struct plan_line){LINE_SESSION, s, at};
			if (f->asks && k->group == GR_NEEDS)
				all[lines++] = (struct plan_line){LINE_ASKS, s, at};
		}
	}
	for (size_t i = lines > h ? window(lines, h, sel_line) : 0; i < lines && n < h; i++)
		out[n++] = all[i];
	free(all);
	return n;
}

/* One section's lines. */
static size_t
put_section(const struct filling *f, size_t s, size_t sel, struct plan_line *out)
{
	const struct section *k = &f->m->section[s];
	size_t rows = f->rows[s], n = 0;
	size_t from = k == f->sel && rows ? window(k->n, rows, sel - k->first) : 0;
	out[n++] = (struct plan_line){LINE_GROUP, s, f->low && rows ? k->n - rows : 0};
	for (size_t r = 0; r < rows; r++) {
		out[n++] = (struct plan_line){LINE_SESSION, s, k->first + from + r};
		if (f->asks && k->group == GR_NEEDS)
			out[n++] = (struct plan_line){LINE_ASKS, s, k->first + from + r};
	}
	if (rows < k->n && !counts_itself(f, k, rows))
		out[n++] = (struct plan_line){LINE_MORE, s, k->n - rows};
	return n;
}

size_t
list_lines(const struct model *m, bool asks)
{
	size_t n = m->n_sections;
	for (size_t i = 0; i < m->n_sections; i++)
		n += rows_all(&m->section[i]);
	return n + (asks ? m->n_needs : 0);
}

size_t
list_plan(const struct model *m, size_t h, bool asks, struct plan_line *out)
{
	long at = model_index(m, m->sel);
	size_t sel = (size_t)MAX(at, 0), n = 0;
	struct filling f = {.m = m, .asks = asks, .sel = at < 0 ? NULL : model_section(m, sel)};
	f.rows = xcalloc(2 * m->n_sections + 1, sizeof *f.rows);
	f.least = f.rows + m->n_sections;
	bool gaps = list_lines(m, asks) + m->n_sections <= h + 1;
	bool fits = fit(&f, h);
	if (!fits) {
		f.low = true;
		fits = fit(&f, h);
	}
	for (size_t s = 0; fits && s < m->n_sections; s++) {
		if (gaps && n > 0)
			out[n++] = (struct plan_line){LINE_GAP, s, 0};
		n += put_section(&f, s, sel, out + n);
	}
	if (!fits)
		n = plan_flat(&f, sel, h, out);
	free(f.rows);
	return n;
}

enum { W_MARK = 3, W_STATE = 10, W_IDLE = 6, W_MEM = 6, W_SPARK = 8, W_RATE = 6, W_WANTS = 24 };

struct plan_columns
list_columns(int w, int name_w, int project_w, bool side)
{
	struct plan_columns c = {.asks = w < 100};
	int name_most = w >= 100 ? 36 : 24, wants_w = side ? W_WANTS_SIDE : W_WANTS;
	int name = MIN(CLAMP(name_w, 8, name_most), MAX(10, w >= 100 ? w / 5 : w / 6));
	int project = MIN(CLAMP(project_w, 7, 22), MAX(8, w / 9));
	/* what is left after mark, name, state, idle and memory buys the others in this order; below
	 * 100 columns what is asked has a line of its own */
	int left = w - W_MARK - name - 1 - W_STATE - 1 - W_IDLE - 2 - W_MEM - 1;
	bool wants = (side || w >= 100) && left >= 3 + wants_w;
	left -= wants ? 3 + wants_w : 0;
	bool has_project = left >= 2 + project + (w >= 60);
	left -= has_project ? 2 + project + (w >= 60) : 0;
	bool spark = has_project && left >= 2 + W_SPARK + 1;
	left -= spark ? 2 + W_SPARK : 0;
	bool rate = spark && left >= 2 + W_RATE;
	left -= rate ? 2 + W_RATE : 0;
	left += wants ? 3 + wants_w : 0;
	if (!wants && left > 0) {
		int more = CLAMP(CLAMP(name_w, 8, name_most) - name, 0, left);
		name += more;
		left -= more;
		project += has_project ? CLAMP(CLAMP(project_w, 7, 22) - project, 0, left) : 0;
	}
	if (wants) /* its room is the largest: a third of what is over may go to a long path */
		project +=
			CLAMP(CLAMP(project_w, 7, 22) - project, 0, MAX(left - 3 - wants_w, 0) / 3);
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
