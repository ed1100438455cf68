#include "core/paint/plot.h"
#include <math.h>

static const uint32_t blocks[] = {
	' ', 0x2581, 0x2582, 0x2583, 0x2584, 0x2585, 0x2586, 0x2587, 0x2588};
static const uint32_t ascii[] = {' ', '_', '.', '-', '=', '+', '*', '%', '#'};
enum { EIGHTHS = 8, BRAILLE_ROWS = 4, BRAILLE_BASE = 0x2800 };

void
plot_columns(const struct plot_sample *s, size_t n, double t0, double t1, double hold_s,
	double *col, size_t cols)
{
	double dt = (t1 - t0) / (double)MAX(cols, (size_t)1), held_at = -INFINITY, held = NAN;
	size_t i = 0;

	for (; i < n && s[i].t < t0; i++) {
		held_at = s[i].t;
		held = s[i].v;
	}
	for (size_t c = 0; c < cols; c++) {
		double end = t0 + (double)(c + 1) * dt, top = NAN;

		for (; i < n && s[i].t < end; i++) {
			top = fmax(top, s[i].v);
			held_at = s[i].t;
			held = s[i].v;
		}
		if (isnan(top) && end - dt - held_at <= hold_s)
			top = held;
		col[c] = top;
	}
}

static double
highest(const double *v, size_t n)
{
	double top = NAN;

	for (size_t i = 0; i < n; i++)
		top = fmax(top, v[i]);
	return isnan(top) ? 0 : top;
}

/* Height in steps of 1/steps of max: 0 for unknown and for zero, at least 1 for anything more. */
static unsigned
level(double v, double max, unsigned steps)
{
	double h;

	if (isnan(v) || v <= 0 || max <= 0)
		return 0;
	h = ceil(v / max * steps - 1e-9);
	return (unsigned)CLAMP(h, 1, (double)steps);
}

/* Braille cell with two bars, each 0..4 dots high from the bottom. */
static uint32_t
braille(unsigned left, unsigned right)
{
	static const uint8_t l[] = {0, 0x40, 0x44, 0x46, 0x47}, r[] = {0, 0x80, 0xa0, 0xb0, 0xb8};

	return BRAILLE_BASE + l[left] + r[right];
}

void
plot_spark(const double *v, size_t n, double max, enum plot_style style, uint32_t *out)
{
	if (max <= 0)
		max = highest(v, n);
	if (style == PLOT_BRAILLE) {
		for (size_t i = 0; i < n; i += 2)
			out[i / 2] = braille(level(v[i], max, BRAILLE_ROWS),
				i + 1 < n ? level(v[i + 1], max, BRAILLE_ROWS) : 0);
		return;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (style == PLOT_ASCII ? ascii : blocks)[level(v[i], max, EIGHTHS)];
}

/* Part of a bar of height h that falls into the row whose bottom is at `bottom`, 0..per. */
static unsigned
part(unsigned h, unsigned bottom, unsigned per)
{
	return h <= bottom ? 0 : MIN(h - bottom, per);
}

void
plot_area(
	const double *v, double max, size_t cols, size_t rows, enum plot_style style, uint32_t *out)
{
	unsigned per = style == PLOT_BRAILLE ? BRAILLE_ROWS : EIGHTHS;
	unsigned steps = (unsigned)rows * per;

	if (max <= 0)
		max = highest(v, plot_dots(cols, style));
	for (size_t c = 0; c < cols; c++) {
		size_t at = plot_dots(c, style);
		unsigned h = level(v[at], max, steps);
		unsigned h2 = style == PLOT_BRAILLE ? level(v[at + 1], max, steps) : 0;

		for (size_t r = 0; r < rows; r++) {
			unsigned bottom = (unsigned)(rows - 1 - r) * per;
			unsigned p = part(h, bottom, per);
			uint32_t *o = &out[r * cols + c];

			if (style == PLOT_BRAILLE)
				*o = braille(p, part(h2, bottom, per));
			else if (style == PLOT_ASCII)
				*o = p == 0 ? ' ' : p < per / 2 ? '.' : p < per ? ':' : '#';
			else
				*o = blocks[p];
		}
	}
}

double
plot_nice_max(double v)
{
	static const double steps[] = {1, 1.5, 2, 3, 4, 5, 6, 8, 10};
	double unit = 1, ten = 1;

	if (!(v > 1))
		return 1;
	while (v > unit * 1000 && unit < 1099511627776.0)
		unit *= 1024;
	while (v > unit * ten * 10)
		ten *= 10;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (v <= unit * ten * steps[i])
			return unit * ten * steps[i];
	return v;
}

double
plot_time_step(double span_s, size_t marks)
{
	static const double steps[] = {60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400,
		21600, 43200, 86400, 172800, 604800, 1209600, 2592000};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (span_s / steps[i] <= (double)MAX(marks, (size_t)1))
			return steps[i];
	return steps[ARRAY_LEN(steps) - 1];
}
