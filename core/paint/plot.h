#ifndef CORE_PLOT_H
#define CORE_PLOT_H
/* Geometry of sparklines and plots: series in, codepoints out. No colours, no terminal. A value is
 * a height from 0 to max; NAN is "not known" and leaves its column blank. */
#include "core/base/base.h"

enum plot_style { PLOT_BLOCK, PLOT_BRAILLE, PLOT_ASCII };
struct plot_sample {
	double t, v; /* t ascending */
};
/* Columns of a time axis: col[i] = the highest value in [t0 + i*dt, t0 + (i+1)*dt). A column
 * without a sample repeats the one before if that is at most hold_s old, else NAN. */
void plot_columns(const struct plot_sample *s, size_t n, double t0, double t1, double hold_s,
	double *col, size_t cols);
/* One codepoint per value: ▁▂▃▄▅▆▇█, in ASCII "_.-=+*%#"; anything above 0 shows at least the
 * lowest. max <= 0: the highest value. Braille takes two values a column. */
void plot_spark(const double *v, size_t n, double max, enum plot_style style, uint32_t *out);
/* Filled area of rows x cols codepoints, top row first, out[row * cols + col]. v holds
 * plot_dots(cols) values: braille has two dots a column. */
void plot_area(const double *v, double max, size_t cols, size_t rows, enum plot_style style,
	uint32_t *out);
static inline size_t
plot_dots(size_t cols, enum plot_style style)
{
	return style == PLOT_BRAILLE ? cols * 2 : cols;
}
/* The least round figure >= v for a byte axis: 1, 1.5, 2, 3, 4, 5, 6, 8 x a power of ten of its
 * unit (K, M, G). Never 0. */
double plot_nice_max(double v);
/* Distance of time marks, a round one (1 min … 30 d) such that at most `marks` fit. */
double plot_time_step(double span_s, size_t marks);
#endif
