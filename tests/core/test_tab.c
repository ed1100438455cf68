/* Tables of styles: the same id for the same style however many there are, and what happens when no
 * more fit. */
#include "core/page/tab.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct style
nth(uint32_t n)
{
	return (struct style){.fg = COLOR_RGB | n, .attrs = n % 3};
}

static uint16_t
intern(struct tab *t, uint32_t n)
{
	struct style s = nth(n);

	return tab_style(t, &s);
}

/* Interns styles until none fits, each in a cell of the row; how many. */
static uint32_t
fill(struct tab *t, struct row *r)
{
	uint32_t n = 0;
	uint16_t id;

	while ((id = intern(t, n + 1))) {
		r->cells = xrealloc(r->cells, (n + 1) * sizeof(*r->cells));
		r->cells[n++] = (cell_t)id << CELL_STYLE_SHIFT | 'x';
	}
	r->len = (uint16_t)n;
	r->flags = ROW_STYLED;
	assert_true(n > 200 && n <= UINT16_MAX);
	return n;
}

static void
gc(struct tab *t, struct row *r)
{
	tab_gc(t, &r, 1, NULL, 0, NULL, 0);
	tab_check(t);
}

static void
test_a_style_has_one_id(void **state)
{
	struct arena *a = arena_new(0);
	struct tab *t = tab_new(a, 1);
	struct row r = {0};
	uint32_t n = fill(t, &r);

	(void)state;
	tab_check(t);
	for (uint32_t i = 0; i < n; i++) {
		struct style want = nth(i + 1), is = tab_style_get(t, cell_style(r.cells[i]));

		assert_memory_equal(&is, &want, sizeof(is));
		assert_int_equal(intern(t, i + 1), cell_style(r.cells[i]));
	}
	gc(t, &r);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(intern(t, i + 1), cell_style(r.cells[i]));
	free(r.cells);
	tab_free(t);
	assert_int_equal(arena_stats(a).live, 0);
	arena_free(a);
}

/* While all that fill it are alive, looking through them all gives no room: not for each one that
 * does not fit. When they are gone, there is room again. */
static void
test_a_full_table_is_not_rebuilt_for_nothing(void **state)
{
	struct arena *a = arena_new(0);
	struct tab *t = tab_new(a, 1);
	struct row r = {0};
	uint32_t n = fill(t, &r), missed = 0;

	(void)state;
	assert_true(tab_wants_gc(t));
	gc(t, &r);
	assert_int_equal(intern(t, n + 1), 0);
	for (uint32_t i = 1; !tab_wants_gc(t); i++, missed++)
		assert_int_equal(intern(t, n + i), 0);
	assert_true(missed >= 100 && missed < n);
	r.len = 1;
	gc(t, &r);
	assert_false(tab_wants_gc(t));
	assert_int_not_equal(intern(t, n + 1), 0);
	free(r.cells);
	tab_free(t);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_style_has_one_id),
		cmocka_unit_test(test_a_full_table_is_not_rebuilt_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
