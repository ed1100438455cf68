/* Packed rows: what goes in comes out, in another tab; foreign bytes never do harm. */
#include "core/pack/pack.h"
#include "core/pack/record.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "tests/core/rows.h"

struct fix {
	struct arena *a;
	struct tab *t, *u;
};

static int
setup(void **st)
{
	struct fix *f = xcalloc(1, sizeof(*f));

	f->a = arena_new(64u << 20);
	f->t = tab_new(f->a, 1);
	f->u = tab_new(f->a, 2);
	*st = f;
	return 0;
}

static int
teardown(void **st)
{
	struct fix *f = *st;

	tab_free(f->t);
	tab_free(f->u);
	assert_int_equal(arena_stats(f->a).live, 0);
	arena_free(f->a);
	free(f);
	return 0;
}

static void
round_trip(struct fix *f, struct row *row, struct buf *out)
{
	cell_t back[ROW_CELLS_MAX];
	struct row got = {.stamp = 77};
	struct rd in;

	out->len = 0;
	pack_row(out, row, f->t);
	in = rd_init(out->data, out->len);
	assert_int_equal(unpack_row(&in, &got, back, ROW_CELLS_MAX, f->u), 0);
	assert_int_equal(rd_left(&in), 0);
	assert_int_equal(got.len, row->len);
	assert_int_equal(got.flags, row->flags);
	assert_int_equal(got.stamp, 77);
	assert_true(same_cells(row->cells, f->t, back, f->u, row->len));
}

static void
test_round_trip(void **st)
{
	struct fix *f = *st;
	cell_t cells[ROW_CELLS_MAX];
	struct row row = {.cells = cells, .cap = ROW_CELLS_MAX};
	struct buf out = {0};

	for (int i = 0; i < 4000; i++) {
		row.len = (uint16_t)rnd(ROW_CELLS_MAX);
		row.flags = rnd_cells(cells, row.len, f->t);
		if (!rnd(3))
			row.flags |=
				rnd(4) | rnd(4) << ROW_PROMPT_SHIFT | rnd(4) << ROW_DOUBLE_SHIFT;
		round_trip(f, &row, &out);
		if (tab_wants_gc(f->t))
			tab_reset(f->t);
		if (tab_wants_gc(f->u))
			tab_reset(f->u);
	}
	buf_free(&out);
}

static void
test_sizes(void **st)
{
	struct fix *f = *st;
	cell_t cells[ROW_CELLS_MAX];
	struct row row = {.cells = cells, .cap = ROW_CELLS_MAX, .len = 100};
	struct buf out = {0};

	for (int i = 0; i < 100; i++)
		cells[i] = 'a';
	pack_row(&out, &row, f->t);
	assert_int_equal(out.len, 102);
	out.len = row.len = 0;
	row.cells = NULL;
	pack_row(&out, &row, f->t);
	assert_int_equal(out.len, 2);
	buf_free(&out);
}

static void
test_narrow_equals_scalar(void **st)
{
	cell_t cells[200];
	uint8_t out[208];

	(void)st;
	for (int k = 0; k < 2000; k++) {
		uint32_t n = rnd(200);

		for (uint32_t i = 0; i < n; i++)
			cells[i] = (uint64_t)rnd(1u << 30) << 30 | rnd(1u << 30);
		memset(out, 0xee, sizeof(out));
		cells_narrow(out, cells, n);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(out[i], cells[i] & 0xff);
		assert_int_equal(out[n], 0xee);
	}
}

static void
test_cap(void **st)
{
	struct fix *f = *st;
	cell_t cells[ROW_CELLS_MAX], back[ROW_CELLS_MAX];
	struct row row = {.cells = cells, .len = 200}, got = {0};
	struct buf out = {0};
	struct rd in;

	row.flags = rnd_cells(cells, 200, f->t);
	pack_row(&out, &row, f->t);
	back[50] = 0x1234;
	in = rd_init(out.data, out.len);
	assert_int_equal(unpack_row(&in, &got, back, 50, f->u), 0);
	assert_int_equal(got.len, 50);
	assert_int_equal(back[50], 0x1234);
	assert_true(same_cells(cells, f->t, back, f->u, 50));
	buf_free(&out);
}

/* Every prefix and many mutations: an answer, never a crash; a prefix is never taken for whole. */
static void
test_foreign_bytes(void **st)
{
	struct fix *f = *st;
	cell_t cells[ROW_CELLS_MAX], back[ROW_CELLS_MAX];
	struct row row = {.cells = cells}, got;
	struct buf out = {0};
	int accepted = 0;

	for (int k = 0; k < 300; k++) {
		struct rd in;

		row.len = (uint16_t)rnd(120);
		row.flags = rnd_cells(cells, row.len, f->t);
		out.len = 0;
		pack_row(&out, &row, f->t);
		for (size_t n = 0; n < out.len; n += 1 + n / 16) {
			in = rd_init(out.data, n);
			assert_int_equal(
				unpack_row(&in, &got, back, ROW_CELLS_MAX, f->u), -EBADMSG);
		}
		for (int m = 0; m < 60; m++) {
			uint32_t at = rnd((uint32_t)out.len);
			uint8_t was = out.data[at];

			out.data[at] = (uint8_t)rnd(256);
			in = rd_init(out.data, out.len);
			accepted += !unpack_row(&in, &got, back, ROW_CELLS_MAX, f->u);
			out.data[at] = was;
		}
		if (tab_wants_gc(f->u))
			tab_reset(f->u);
		if (tab_wants_gc(f->t))
			tab_reset(f->t);
	}
	assert_true(accepted > 0 && accepted < 300 * 60);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test(test_narrow_equals_scalar),
		cmocka_unit_test_setup_teardown(test_cap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_bytes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
