/* Sparkline and plot geometry. */
#include "core/paint/plot.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
test_columns(void **state)
{
	struct plot_sample s[] = {{95, 1}, {100, 5}, {104, 9}, {121, 3}, {151, 2}};
	double c[6];

	(void)state;
	plot_columns(s, ARRAY_LEN(s), 100, 160, 15, c, 6);
	assert_true(c[0] == 9); /* the highest of a column */
	assert_true(c[1] == 9); /* held: 6 s old */
	assert_true(c[2] == 3);
	assert_true(c[3] == 3);	  /* 9 s old */
	assert_true(isnan(c[4])); /* 19 s old: a gap */
	assert_true(c[5] == 2);
	plot_columns(s, 1, 100, 160, 15, c, 6);
	assert_true(c[0] == 1 && c[1] == 1 && isnan(c[2])); /* known from before the axis began */
	plot_columns(s, 0, 100, 160, 15, c, 6);
	assert_true(isnan(c[0]) && isnan(c[5]));
}

static void
test_spark(void **state)
{
	double v[] = {0, 1, 50, 100, NAN, 200};
	uint32_t o[6];

	(void)state;
	plot_spark(v, 6, 100, PLOT_BLOCK, o);
	assert_int_equal(o[0], ' ');
	assert_int_equal(o[1], 0x2581); /* little is not nothing */
	assert_int_equal(o[2], 0x2584);
	assert_int_equal(o[3], 0x2588);
	assert_int_equal(o[4], ' ');
	assert_int_equal(o[5], 0x2588); /* above max: clipped */
	plot_spark(v, 6, 0, PLOT_ASCII, o);
	assert_int_equal(o[5], '#');
	assert_int_equal(o[3], '=');
	plot_spark(v, 5, 100, PLOT_BRAILLE, o);
	assert_int_equal(o[0], 0x2800 + 0x80);	      /* nothing, one dot */
	assert_int_equal(o[1], 0x2800 + 0x44 + 0xb8); /* two, four */
	assert_int_equal(o[2], 0x2800);
}

static void
test_area(void **state)
{
	double v[] = {0, 50, 100, 75};
	uint32_t o[8];

	(void)state;
	plot_area(v, 100, 4, 2, PLOT_BLOCK, o);
	assert_int_equal(o[0], ' ');
	assert_int_equal(o[4], ' ');
	assert_int_equal(o[1], ' ');
	assert_int_equal(o[5], 0x2588); /* half of two rows fills the lower */
	assert_int_equal(o[2], 0x2588);
	assert_int_equal(o[3], 0x2584);
	plot_area(v, 100, 2, 2, PLOT_BRAILLE, o);
	assert_int_equal(o[0], 0x2800);
	assert_int_equal(o[2], 0x2800 + 0xb8);
	assert_int_equal(o[1], 0x2800 + 0x47 + 0xa0);
	assert_int_equal(o[3], 0x2800 + 0x47 + 0xb8);
	plot_area(v, 100, 4, 2, PLOT_ASCII, o);
	assert_int_equal(o[5], '#');
	assert_int_equal(o[3], ':');
}

static void
test_axes(void **state)
{
	double k = 1024, m = k * k, g = m * k;

	(void)state;
	assert_true(plot_nice_max(0) == 1);
	assert_true(plot_nice_max(1.3 * g) == 1.5 * g);
	assert_true(plot_nice_max(612 * m) == 800 * m);
	assert_true(plot_nice_max(400 * m) == 400 * m);
	assert_true(plot_nice_max(1001 * m) >= 1001 * m);
	assert_true(plot_nice_max(17 * k) == 20 * k);
	for (double v = 1; v < 1e13; v *= 1.07)
		assert_true(plot_nice_max(v) >= v && plot_nice_max(v) <= 2.1 * MAX(v, 1));
	assert_true(plot_time_step(6 * 3600, 6) == 3600);
	assert_true(plot_time_step(24 * 3600, 6) == 14400);
	assert_true(plot_time_step(90 * 86400.0, 3) == 2592000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_columns),
		cmocka_unit_test(test_spark), cmocka_unit_test(test_area),
		cmocka_unit_test(test_axes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
