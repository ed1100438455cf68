/* History against a naive list of rows: order, limits, re-wrapping, popping, pins, text, faults. */
#include "core/pagelist/pagelist.h"
#include "core/pagelist/pagelist_priv.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/core/rows.h"

#define MODEL_MAX 20000

struct mrow {
	cell_t *cells;
	uint32_t len, flags;
	uint64_t line; /* the logical line it belongs to */
};
struct model {
	struct mrow *row;
	uint32_t first, n; /* row[first .. n) are held */
	uint64_t next_line;
	bool cont;
};
struct fix {
	struct arena *a, *ta; /* of the history, of the tab */
	struct tab *t;
	struct pagelist *h;
	struct model m;
	struct pagelist_limits lim;
};

static struct fix *
fix_new(struct pagelist_limits lim)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	f->a = arena_new(512u << 20);
	f->ta = arena_new(512u << 20);
	f->t = tab_new(f->ta, 1);
	f->h = pagelist_new(f->a, 2, lim);
	f->lim = lim;
	f->m.row = xcalloc(MODEL_MAX, sizeof(*f->m.row));
	return f;
}

static void
fix_free(struct fix *f)
{
	uint64_t counted, resident;

	pagelist_free(f->h);
	tab_free(f->t);
	arena_free(f->ta);
	assert_int_equal(arena_stats(f->a).live, 0);
	arena_trim(f->a);
	assert_true(arena_residency(f->a, &counted, &resident));
	assert_int_equal(resident, 0);
	arena_free(f->a);
	for (uint32_t i = 0; i < f->m.n; i++)
		free(f->m.row[i].cells);
	free(f->m.row);
	free(f);
}

/* What the history dropped, the model drops. */
static void
model_follow(struct fix *f)
{
	uint64_t held = pagelist_stats(f->h).lines, n = f->m.n - f->m.first;

	assert_true(held <= n);
	assert_true(held >= MIN(n, f->lim.lines) || f->lim.bytes);
	assert_true(held <= f->lim.lines + MAX(f->lim.lines / 5, 320u));
	f->m.first += (uint32_t)(n - held);
}

static int
push(struct fix *f, const cell_t *cells, uint32_t n, uint32_t flags)
{
	struct model *m = &f->m;
	struct mrow *r = &m->row[m->n];
	struct row row = {.cells = (cell_t *)cells, .len = (uint16_t)n, .cap = (uint16_t)n};
	int e;

	row.flags = flags;
	pagelist_fed(f->h, PAGE_BYTES);
	e = pagelist_push(f->h, &row, f->t);
	if (e < 0) {
		m->cont = false;
		return e;
	}
	assert_true(m->n < MODEL_MAX);
	while (!(flags & ROW_WRAP) && n && !cells[n - 1])
		n--;
	if (!m->cont)
		m->next_line++;
	*r = (struct mrow){.cells = xmalloc((n + 1) * sizeof(cell_t)),
		.len = n,
		.flags = flags & (ROW_WRAP | ROW_WRAPPED | ROW_MARKS),
		.line = m->next_line - 1};
	memcpy(r->cells, cells, n * sizeof(cell_t));
	m->cont = flags & ROW_WRAP;
	m->n++;
	model_follow(f);
	return 0;
}

static void
push_random(struct fix *f)
{
	cell_t cells[ROW_CELLS_MAX];
	uint32_t n = rnd(3) ? rnd(90) : rnd(ROW_CELLS_MAX), flags = rnd_cells(cells, n, f->t);

	if (n && !rnd(3))
		flags |= ROW_WRAP;
	if (f->m.cont)
		flags |= ROW_WRAPPED;
	else if (!rnd(20))
		flags |= (1 + rnd(3)) << ROW_PROMPT_SHIFT;
	assert_int_equal(push(f, cells, n, flags), 0);
}

static void
push_text(struct fix *f, const char *s)
{
	cell_t cells[ROW_CELLS_MAX];
	uint32_t n = (uint32_t)strlen(s);

	for (uint32_t i = 0; i < n; i++)
		cells[i] = (uint8_t)s[i];
	assert_int_equal(push(f, cells, n, 0), 0);
}

/* ---- the model's own re-wrapping ---- */

struct want {
	cell_t *cells; /* of one logical line */
	uint32_t len, flags;
	bool open;
};

static struct want
model_line(struct model *m, uint32_t *i)
{
	struct want w = {.cells = xcalloc(1, 8), .flags = m->row[*i].flags & ROW_MARKS};
	uint64_t line = m->row[*i].line;

	for (; *i < m->n && m->row[*i].line == line; ++*i) {
		struct mrow *r = &m->row[*i];

		w.cells = xrealloc(w.cells, (w.len + r->len + 1) * sizeof(cell_t));
		memcpy(w.cells + w.len, r->cells, r->len * sizeof(cell_t));
		w.len += r->len;
		w.flags |= r->flags & ROW_MARKS;
		w.open = r->flags & ROW_WRAP;
		if (w.open && w.len && (w.cells[w.len - 1] & CELL_KIND_MASK) == CELL_HEAD)
			w.len--;
	}
	return w;
}

struct see {
	struct fix *f;
	int cols;
	uint32_t i; /* next model row */
	struct want w;
	uint32_t at;
	bool have;
	uint64_t rows, skip;
};

static void
see_row(void *ctx, const struct row *row, const struct tab *t, struct pin pin)
{
	struct see *s = ctx;
	uint32_t end, shown;

	if (!s->have) {
		assert_true(s->i < s->f->m.n);
		s->w = model_line(&s->f->m, &s->i);
		s->at = 0;
		s->have = true;
	}
	end = MIN(s->at + (uint32_t)s->cols, s->w.len);
	if (s->cols > 1 && end < s->w.len && (s->w.cells[end] & CELL_KIND_MASK) == CELL_TAIL)
		end--;
	shown = end - s->at;
	assert_int_equal(pin.cell, s->at);
	assert_int_equal(pin.line, s->f->m.row[s->i - 1].line);
	assert_true(same_cells(s->w.cells + s->at, s->f->t, row->cells, t, shown));
	if (end < s->w.len && shown < (uint32_t)s->cols) {
		assert_int_equal(row->len, shown + 1);
		assert_int_equal(row->cells[shown] & CELL_KIND_MASK, CELL_HEAD);
	} else {
		assert_int_equal(row->len, shown);
	}
	assert_int_equal(!!(row->flags & ROW_WRAP), end < s->w.len || s->w.open);
	assert_int_equal(!!(row->flags & ROW_WRAPPED), s->at > 0);
	if (!s->at)
		assert_int_equal(row->flags & ROW_MARKS, s->w.flags & ROW_MARKS);
	s->at = end;
	s->rows++;
	if (end >= s->w.len) {
		free(s->w.cells);
		s->have = false;
	}
}

/* The whole history at a width, row by row, against the model. */
static void
compare(struct fix *f, int cols)
{
	struct see s = {.f = f, .cols = cols, .i = f->m.first};
	uint64_t rows = pagelist_rows(f->h, cols);

	pagelist_check(f->h);
	pagelist_read(f->h, cols, 0, UINT64_MAX, see_row, &s);
	assert_int_equal(s.rows, rows);
	assert_false(s.have);
	assert_int_equal(s.i, f->m.n);
	assert_int_equal(pagelist_stats(f->h).next_line, f->m.next_line);
}

static bool
text_line(void *ctx, uint64_t line, const char *text, size_t len)
{
	struct see *s = ctx;
	struct buf want = {0};

	assert_true(s->i < s->f->m.n);
	assert_int_equal(line, s->f->m.row[s->i].line);
	s->w = model_line(&s->f->m, &s->i);
	for (uint32_t k = 0; k < s->w.len; k++) {
		uint32_t cps[CLUSTER_MAX];
		int n = tab_cps(s->f->t, s->w.cells[k], cps);

		if (!n && (s->w.cells[k] & CELL_KIND_MASK) != CELL_TAIL)
			buf_putc(&want, ' ');
		for (int j = 0; j < n; j++)
			buf_utf8(&want, cps[j]);
	}
	assert_int_equal(len, want.len);
	if (len)
		assert_memory_equal(text, want.data, len);
	assert_int_equal(text[len], 0);
	buf_free(&want);
	free(s->w.cells);
	s->rows++;
	return true;
}

/* Chunks, taken apart at newlines, are the same lines. */
static bool
text_chunk(void *ctx, const struct pagelist_chunk *c)
{
	const char *p = c->text, *nl;
	uint64_t line = c->first_line;
	struct buf one = {0};

	for (; (nl = memchr(p, '\n', (size_t)(c->text + c->len - p))); p = nl + 1) {
		one.len = 0;
		buf_put(&one, p, (size_t)(nl - p));
		text_line(ctx, line++, buf_cstr(&one), one.len);
	}
	assert_ptr_equal(p, c->text + c->len);
	assert_int_equal(line, c->end_line);
	buf_free(&one);
	return true;
}

static bool
newest_chunk(void *ctx, const struct pagelist_chunk *c)
{
	uint64_t *line = ctx;

	assert_true(c->end_line <= *line && c->first_line < c->end_line);
	*line = c->first_line;
	return c->first_line > 0;
}

static void
compare_text(struct fix *f)
{
	struct see s = {.f = f, .i = f->m.first};
	struct pagelist_stats st = pagelist_stats(f->h);

	pagelist_text(f->h, 0, UINT64_MAX, text_line, &s);
	assert_int_equal(s.rows, st.next_line - st.first_line);
	s = (struct see){.f = f, .i = f->m.first};
	pagelist_text_chunks(f->h, 0, UINT64_MAX, false, text_chunk, &s);
	assert_int_equal(s.rows, st.next_line - st.first_line);
	pagelist_text_chunks(f->h, 0, UINT64_MAX, true, newest_chunk, &st.next_line);
	assert_int_equal(st.next_line, st.first_line);
}

static void
pop(struct fix *f)
{
	cell_t cells[ROW_CELLS_MAX];
	struct row row = {.stamp = 5};
	struct model *m = &f->m;
	struct mrow *r;

	if (!pagelist_pop(f->h, &row, cells, ROW_CELLS_MAX, f->t))
		return;
	assert_true(m->n > m->first);
	r = &m->row[--m->n];
	assert_int_equal(row.len, r->len);
	assert_int_equal(row.flags & (ROW_WRAP | ROW_WRAPPED | ROW_MARKS), r->flags);
	assert_true(same_cells(r->cells, f->t, cells, f->t, r->len));
	m->cont = m->n > m->first && m->row[m->n - 1].flags & ROW_WRAP;
	if (!m->cont)
		m->next_line--;
	free(r->cells);
}

static void
check_pins(struct fix *f, int cols)
{
	uint64_t rows = pagelist_rows(f->h, cols);

	for (int i = 0; i < 10 && rows; i++) {
		uint64_t row = (uint64_t)rnd(1u << 30) % rows;
		struct pin p = pagelist_pin(f->h, cols, row);

		assert_int_equal(pagelist_pin_row(f->h, cols, p), row);
	}
	assert_int_equal(pagelist_pin(f->h, cols, rows).line, pagelist_stats(f->h).next_line);
	assert_int_equal(
		pagelist_pin_row(f->h, cols, (struct pin){.line = pagelist_stats(f->h).next_line}),
		UINT64_MAX);
}

/* Changes that the model does not see: a crash undoes them. */
static void
scramble(struct fix *f)
{
	cell_t cells[ROW_CELLS_MAX];
	struct row row = {.cells = cells};

	for (uint32_t i = rnd(400); i; i--) {
		uint32_t k = rnd(40);

		row.cells = cells;
		row.len = (uint16_t)rnd(100);
		row.flags = rnd_cells(cells, row.len, f->t) | (rnd(3) ? 0 : ROW_WRAP);
		pagelist_fed(f->h, PAGE_BYTES);
		if (k < 36)
			pagelist_push(f->h, &row, f->t);
		else if (k < 38)
			pagelist_pop(f->h, &row, cells, ROW_CELLS_MAX, f->t);
		else if (k < 39)
			pagelist_seal_step(f->h);
		else if (rnd(2))
			pagelist_seal_all(f->h);
		else
			pagelist_clear(f->h);
	}
}

/* As a successor finds it. */
static void
arena_reborn(struct fix *f)
{
	int fd = dup(arena_fd(f->a));

	arena_free(f->a);
	f->a = arena_adopt(fd);
	assert_non_null(f->a);
}

/* The process dies some time after a checkpoint; another takes the arena over. */
static void
crash(struct fix *f)
{
	struct buf save = {0};
	uint64_t hash = pagelist_hash(f->h);
	struct rd in;

	pagelist_save(f->h, &save);
	if (rnd(2))
		pagelist_saved(f->h);
	scramble(f);
	pagelist_detach(f->h);
	arena_reborn(f);
	in = rd_init(save.data, save.len);
	f->h = pagelist_load(f->a, 2, f->lim, &in);
	assert_non_null(f->h);
	assert_int_equal(rd_left(&in), 0);
	arena_sweep(f->a);
	pagelist_check(f->h);
	arena_check(f->a);
	assert_true(pagelist_hash(f->h) == hash);
	buf_free(&save);
}

static void
move_by_export(struct fix *f)
{
	struct buf bytes = {0};
	uint64_t hash = pagelist_hash(f->h);
	struct rd in;

	pagelist_export(f->h, &bytes);
	pagelist_free(f->h);
	assert_int_equal(arena_owner_bytes(f->a, 2), 0);
	in = rd_init(bytes.data, bytes.len);
	f->h = pagelist_import(f->a, 2, f->lim, &in);
	assert_non_null(f->h);
	assert_true(pagelist_hash(f->h) == hash);
	pagelist_check(f->h);
	buf_free(&bytes);
}

static void
seal_all(struct fix *f)
{
	uint64_t hash = pagelist_hash(f->h);

	pagelist_seal_all(f->h);
	pagelist_check(f->h);
	assert_true(pagelist_hash(f->h) == hash);
}

static void
test_model_sealed(void **st)
{
	struct fix *f = fix_new((struct pagelist_limits){.lines = 700});

	(void)st;
	for (int i = 0; i < 8000; i++) {
		uint32_t k = rnd(1000);

		if (k < 960)
			push_random(f);
		else if (k < 970)
			for (uint32_t n = rnd(20); n; n--)
				pop(f);
		else if (k < 985)
			pagelist_seal_step(f->h);
		else if (k < 990)
			seal_all(f);
		else if (k < 993)
			crash(f);
		else if (k < 995)
			move_by_export(f);
		else if (k < 996)
			compare(f, 1 + (int)rnd(120));
		model_follow(f);
	}
	seal_all(f);
	compare(f, 80);
	check_pins(f, 80);
	check_pins(f, 13);
	compare_text(f);
	fix_free(f);
}

static void
test_model(void **st)
{
	struct fix *f = fix_new((struct pagelist_limits){.lines = 400});

	(void)st;
	for (int i = 0; i < 9000; i++) {
		uint32_t k = rnd(100);

		if (k < 80)
			push_random(f);
		else if (k < 95)
			push_text(f, "y");
		else if (k < 99)
			for (uint32_t n = rnd(30); n; n--)
				pop(f);
		if (i % 300 == 0)
			compare(f, 1 + (int)rnd(120));
		if (i % 900 == 0) {
			compare(f, 80);
			check_pins(f, 80);
			check_pins(f, 7);
			compare_text(f);
		}
	}
	compare(f, 200);
	fix_free(f);
}

static void
test_limits(void **st)
{
	struct pagelist_limits lines = {.lines = 1000}, none = {0}, bytes = {1000000, 100000};
	struct fix *f = fix_new(lines);
	uint64_t top = 0;

	(void)st;
	for (int i = 0; i < 12000; i++) {
		push_text(f, "some ordinary line of output, not long");
		top = MAX(top, arena_owner_resident(f->a, 2));
	}
	/* 1,000 lines of 40 bytes: the arena holds little more than that */
	assert_true(top < 1000 * 40 * 2 + 2 * PAGE_BYTES);
	assert_true(pagelist_stats(f->h).lines >= 1000 && pagelist_stats(f->h).lines <= 1150);
	pagelist_clear(f->h);
	assert_int_equal(pagelist_stats(f->h).lines, 0);
	assert_int_equal(pagelist_rows(f->h, 80), 0);
	assert_int_equal(pagelist_stats(f->h).first_line, 12000);
	f->m.first = f->m.n;
	push_text(f, "after");
	assert_int_equal(pagelist_stats(f->h).first_line, 12000);
	fix_free(f);

	f = fix_new(none);
	for (int i = 0; i < 100; i++)
		push_text(f, "nothing is kept");
	assert_int_equal(pagelist_stats(f->h).lines, 0);
	assert_int_equal(arena_owner_bytes(f->a, 2), 0);
	fix_free(f);

	f = fix_new(bytes);
	for (int i = 0; i < 15000; i++) {
		struct pagelist_stats s;

		push_random(f);
		s = pagelist_stats(f->h);
		assert_true(s.hot_bytes + s.packed_bytes <= bytes.bytes + PAGE_BYTES);
	}
	assert_true(pagelist_stats(f->h).hot_bytes > bytes.bytes / 2);
	compare(f, 80);
	fix_free(f);
}

static uint32_t
link_cells(struct fix *f, cell_t *cells, uint32_t n, uint32_t salt)
{
	char uri[LINK_MAX_BYTES];

	memset(uri, 'u', sizeof(uri));
	for (uint32_t i = 0; i < n; i++) {
		uri[snprintf(uri, 30, "https://%u.%u/", i, salt)] = 'u';
		cells[i] = ('a' + i % 26) | (uint64_t)tab_link(f->t, "", 0, uri, sizeof(uri) - 100)
						    << CELL_LINK_SHIFT;
	}
	return n;
}

static bool
join_text(void *ctx, uint64_t line, const char *text, size_t len)
{
	(void)line;
	buf_put(ctx, text, len);
	return true;
}

/* A row that fills most of a page is kept whole; one that no page holds is kept as several lines.
 */
static void
test_giant_rows(void **st)
{
	struct fix *f = fix_new((struct pagelist_limits){.lines = 500});
	cell_t cells[ROW_CELLS_MAX];
	struct buf text = {0}, want = {0};

	(void)st;
#ifdef MUSTER_TORTURE
	fix_free(f);
	skip(); /* the tables of a grid hold few links then */
#endif
	for (uint32_t k = 0; k < 4; k++) {
		push_text(f, "before");
		push(f, cells, link_cells(f, cells, 30, k), ROW_STYLED | ROW_LINKS);
		push_text(f, "after");
	}
	compare(f, 120);
	compare(f, 7);
	pagelist_clear(f->h);
	for (uint32_t k = 0; k < 3; k++) {
		struct row row = {.cells = cells, .len = 120, .flags = ROW_STYLED | ROW_LINKS};

		link_cells(f, cells, 120, 10 + k);
		for (uint32_t i = 0; i < 120; i++)
			buf_putc(&want, (uint8_t)('a' + i % 26));
		pagelist_fed(f->h, PAGE_BYTES);
		assert_int_equal(pagelist_push(f->h, &row, f->t), 0);
		pagelist_check(f->h);
	}
	pagelist_text(f->h, 0, UINT64_MAX, join_text, &text);
	assert_int_equal(text.len, want.len);
	assert_memory_equal(text.data, want.data, want.len);
	buf_free(&text);
	buf_free(&want);
	fix_free(f);
}

/* The n-th page fails, for each n: the row is lost and counted, nothing else changes. */
static void
test_faults(void **st)
{
	struct fix *f = fix_new((struct pagelist_limits){.lines = 3000});

	(void)st;
	for (unsigned n = 1; n < 12; n++) {
		uint64_t lost = pagelist_stats(f->h).rows_lost;
		cell_t cells[200];
		int failed = 0;

		for (int i = 0; i < 200; i++)
			cells[i] = 'a' + (cell_t)(i % 20);
		arena_fail_at(f->a, n);
		for (int i = 0; i < 700; i++) {
			struct pagelist_stats before = pagelist_stats(f->h), after;

			if (push(f, cells, 200, 0) == 0)
				continue;
			failed++;
			after = pagelist_stats(f->h);
			/* only what was over the limit may have gone */
			assert_true(after.lines == before.lines ||
				    (after.lines < before.lines && after.lines >= f->lim.lines));
			assert_int_equal(after.next_line, before.next_line);
		}
		arena_fail_at(f->a, 0);
		assert_int_equal(pagelist_stats(f->h).rows_lost - lost, failed);
		assert_true(n > 4 || failed == 1);
		pagelist_check(f->h);
		arena_check(f->a);
	}
	compare(f, 80);
	fix_free(f);
}

static void
count_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	uint64_t *n = ctx;
	uint32_t cps[CLUSTER_MAX];

	(void)at;
	n[0]++;
	n[1] += row->len == 21 && tab_cps(t, row->cells[0], cps) == 1 && cps[0] == '[' &&
		(row->cells[9] & 0xff) == 'u';
}

static void
flip(struct fix *f, uint32_t block, uint32_t at)
{
	struct block *b = &f->h->blk[block];
	uint32_t len = b->kind == BLOCK_OPEN ? f->h->end : b->len;

	/* of records the head is not in use */
	block_base(f->h, b)[b->kind == BLOCK_SEALED ? at % len : 56 + at % (len - 56)] ^= 0x10;
}

/* A damaged block shows as one row; the others are untouched. */
static void
test_damage(void **st)
{
	struct fix *f = fix_new((struct pagelist_limits){.lines = 6000});
	uint64_t rows, n[2];

	(void)st;
	for (int i = 0; i < 6000; i++)
		push_random(f);
	pagelist_seal_all(f->h);
	assert_true(f->h->n_blk >= 4);
	rows = pagelist_rows(f->h, 80);
	for (uint32_t k = 0; k < 3; k++) {
		uint32_t lost = f->h->blk[k].view_rows;

		flip(f, k, rnd(100000));
		f->h->blk[k].uid = pagelist_uid(f->h); /* as if it had left the cache */
		f->h->blk[k].view_ok = f->h->blk[k].verified = false;
		n[0] = n[1] = 0;
		pagelist_read(f->h, 80, 0, UINT64_MAX, count_row, n);
		rows = rows - lost + 1;
		assert_int_equal(n[0], rows);
		assert_int_equal(n[1], k + 1);
		assert_int_equal(pagelist_rows(f->h, 80), rows);
	}
	pagelist_seal_all(f->h);
	pagelist_check(f->h);
	fix_free(f);
}

/* A page that changed since the checkpoint is not taken for what the checkpoint says. */
static void
test_damaged_checkpoint(void **st)
{
	struct fix *f = fix_new((struct pagelist_limits){.lines = 6000});
	struct buf save = {0};
	struct pagelist *h;
	struct rd in;
	uint64_t n[2] = {0};

	(void)st;
	for (int i = 0; i < 3000; i++)
		push_random(f);
	pagelist_seal_step(f->h);
	pagelist_save(f->h, &save);
	for (uint32_t i = 0; i < f->h->n_blk; i++)
		if (i != 1)
			flip(f, i, rnd(100000));
	in = rd_init(save.data, save.len);
	h = pagelist_load(f->a, 2, f->lim, &in);
	assert_non_null(h);
	assert_int_equal(pagelist_stats(h).lines, pagelist_stats(f->h).lines);
	pagelist_read(h, 80, 0, UINT64_MAX, count_row, n);
	assert_int_equal(n[1], f->h->n_blk - 1);
	pagelist_detach(h);
	pagelist_detach(f->h);
	f->h = NULL;
	arena_reborn(f);
	arena_sweep(f->a);
	buf_free(&save);
	fix_free(f);
}

static void
test_foreign_checkpoints(void **st)
{
	struct fix *f = fix_new((struct pagelist_limits){.lines = 1000});
	struct buf save = {0}, out = {0};
	int taken = 0, refused = 0;

	(void)st;
	for (int i = 0; i < 600; i++)
		push_random(f);
	pagelist_seal_step(f->h);
	pagelist_save(f->h, &save);
	pagelist_export(f->h, &out);
	for (int i = 0; i < 400; i++) {
		struct buf *b = i % 3 ? &out : &save;
		uint32_t at = rnd((uint32_t)(i % 2 ? 40 : b->len));
		struct arena *a = arena_new(64u << 20);
		struct rd in = rd_init(b->data, b->len - (i % 5 ? 0 : rnd(100)));
		uint8_t was = b->data[at];
		struct pagelist *h;

		b->data[at] = (uint8_t)rnd(256);
		h = b == &out ? pagelist_import(a, 2, f->lim, &in)
			      : pagelist_load(a, 2, f->lim, &in);
		b->data[at] = was;
		h ? taken++ : refused++;
		if (h) {
			pagelist_check(h);
			pagelist_rows(h, 60);
			pagelist_hash(h);
		}
		pagelist_free(h);
		assert_int_equal(arena_stats(a).live, 0);
		arena_free(a);
	}
	assert_true(taken > 30 && refused > 30);
	buf_free(&save);
	buf_free(&out);
	fix_free(f);
}

#define FLOOD_ROWS 10000

/* Rows that few bytes of output made, as `cells` says with the row's number: how many of them are
 * held, when never more than what nobody paid for was. */
static uint64_t
flood(struct fix *f, uint32_t (*cells)(cell_t *cells, uint32_t i))
{
	static cell_t c[200];
	struct row row = {.cells = c};

	for (uint32_t i = 0; i < FLOOD_ROWS; i++) {
		struct pagelist_stats s;

		row.len = (uint16_t)cells(c, i);
		assert_int_equal(pagelist_push(f->h, &row, f->t), 0);
		s = pagelist_stats(f->h);
		assert_true(s.hot_bytes + s.packed_bytes <= HOT_GROWTH + PAGE_BYTES);
	}
	pagelist_check(f->h);
	return pagelist_stats(f->h).lines;
}

static uint32_t
alphabet_row(cell_t *cells, uint32_t i)
{
	for (uint32_t k = 0; k < 80; k++)
		cells[k] = 'a' + i % 26;
	return 80;
}

static uint32_t
random_row(cell_t *cells, uint32_t i)
{
	(void)i;
	for (uint32_t k = 0; k < 200; k++)
		cells[k] = 0x20 + rnd(95);
	return 200;
}

static uint64_t
first_of_line(struct fix *f, uint64_t line)
{
	struct buf text = {0};
	uint64_t c;

	pagelist_text(f->h, line, 1, join_text, &text);
	c = text.len ? text.data[0] : 0;
	buf_free(&text);
	return c;
}

/* Without output to show for it a history is sealed as it grows, and all of it is kept; what
 * sealing does not make small enough goes, the oldest first. With output it stays as it came. */
static void
test_few_bytes_many_rows(void **st)
{
	struct fix *f = fix_new((struct pagelist_limits){.lines = 100000});
	cell_t c[80];

	(void)st;
	assert_int_equal(flood(f, alphabet_row), FLOOD_ROWS);
	for (uint64_t i = 0; i < FLOOD_ROWS; i += 999)
		assert_int_equal(first_of_line(f, i), 'a' + i % 26);
	fix_free(f);

	f = fix_new((struct pagelist_limits){.lines = 100000});
	assert_in_range(flood(f, random_row), 400, 5000);
	assert_int_equal(pagelist_stats(f->h).next_line, FLOOD_ROWS);
	fix_free(f);

	f = fix_new((struct pagelist_limits){.lines = 100000});
	for (uint32_t i = 0; i < FLOOD_ROWS; i++) {
		struct row row = {.cells = c, .len = (uint16_t)alphabet_row(c, i)};

		pagelist_fed(f->h, 82);
		pagelist_push(f->h, &row, f->t);
	}
	assert_int_equal(pagelist_stats(f->h).packed_bytes, 0);
	fix_free(f);
}

/* A closed block that popping opens again: its rows at a width are counted anew, even if it ends
 * where the open block did that was counted before. */
static void
test_count_after_pop(void **st)
{
	struct arena *a = arena_new(1 << 22);
	struct pagelist *h = pagelist_new(a, 1, (struct pagelist_limits){.lines = 100});
	struct tab *t = tab_new(a, 1);
	cell_t one[40] = {0}, got[40];
	struct row out = {0};

	(void)st;
	pagelist_push(h, &(struct row){.cells = one}, t);
	pagelist_close(h);
	pagelist_push(h, &(struct row){.cells = one}, t);
	assert_true(pagelist_pop(h, &out, got, 40, t));
	assert_int_equal(pagelist_rows(h, 80), 1);
	assert_true(pagelist_pop(h, &out, got, 40, t));
	assert_int_equal(pagelist_rows(h, 80), 0);
	pagelist_free(h);
	tab_free(t);
	assert_int_equal(arena_stats(a).live, 0);
	arena_free(a);
}

/* Blocks whose sums are right, and whose heads speak of rows and lines that they do not hold. */
static void
test_counts_that_lie(void **st)
{
	static const struct {
		uint32_t lines, rows;
	} lies[] = {{0, 0}, {29, 33}, {1, 1}, {2, 0}};
	struct arena *a = arena_new(1 << 22);
	struct tab *t = tab_new(a, 1);
	cell_t got[40];
	struct row out = {0};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct block_head head = {.magic = BLOCK_MAGIC,
			.version = BLOCK_VERSION,
			.encoding = ENC_RECORDS,
			.n_lines = lies[i].lines,
			.n_rows = lies[i].rows};
		struct buf b = {0};

		buf_put(&b, "muhe\x01\x7f\x7f\0\x04", 9); /* four blocks, up to line 127 */
		head.crc = block_crc((const uint8_t *)&head, sizeof(head));
		for (int k = 0; k < 4; k++) {
			buf_varint(&b, head.n_lines);
			buf_varint(&b, head.n_rows);
			buf_varint(&b, sizeof(head));
			buf_put(&b, &head, sizeof(head));
		}
		struct rd in = rd_init(b.data, b.len);
		struct pagelist *h =
			pagelist_import(a, 2, (struct pagelist_limits){.lines = 1000}, &in);
		assert_non_null(h);
		assert_int_equal(pagelist_stats(h).lines, 4 * lies[i].rows);
		assert_false(pagelist_pop(h, &out, got, 40, t));
		pagelist_check(h);
		pagelist_seal_all(h);
		pagelist_check(h);
		pagelist_rows(h, 80);
		pagelist_hash(h);
		pagelist_free(h);
		buf_free(&b);
	}
	tab_free(t);
	assert_int_equal(arena_stats(a).live, 0);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_model_sealed),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_giant_rows),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_damaged_checkpoint),
		cmocka_unit_test(test_foreign_checkpoints),
		cmocka_unit_test(test_count_after_pop),
		cmocka_unit_test(test_few_bytes_many_rows),
		cmocka_unit_test(test_counts_that_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
