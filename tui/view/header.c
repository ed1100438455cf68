/* The line at the top: what there is, and what it costs. Parts give way by their rank when the line
 * is narrow. */
#include "tui/view/list.h"
#include "core/text/width.h"
#include <math.h>
#include <stdio.h>

struct part {
	char text[64];
	enum theme_style th;
	int rank; /* the higher, the sooner it goes; 0: not there */
};

static void
add(struct part *p, int rank, enum theme_style th, size_t n, const char *one, const char *many)
{
	if (n == 0)
		return;
	p->rank = rank;
	p->th = th;
	snprintf(p->text, sizeof p->text, "%zu %s", n, n == 1 ? one : many);
}

static int
parts_width(const struct part *p, int n)
{
	int w = 0;
	for (int i = 0; i < n; i++)
		w += p[i].rank ? utf8_width(p[i].text) + 3 : 0;
	return w;
}

/* Drops what has the highest rank until the rest fits. */
static void
parts_fit(struct part *p, int n, int w)
{
	while (parts_width(p, n) > w) {
		int worst = 0;
		for (int i = 1; i < n; i++)
			if (p[i].rank > p[worst].rank)
				worst = i;
		if (!p[worst].rank)
			return;
		p[worst].rank = 0;
	}
}

/* Sessions' share, the rest in use, and what is free. */
static int
gauge(struct app *a, int x, int w, const struct model_sums *sum)
{
	const struct model *m = &a->m;
	double total = (double)MAX(m->ram_total, 1);
	int used = (int)lround((double)m->ram_used / total * w);
	int ours = (int)lround((double)sum->footprint / total * w);
	used = CLAMP(used, 0, w);
	ours = CLAMP(ours, 0, used);
	for (int i = 0; i < w; i++)
		draw_glyph(&a->d, 0, x + i,
			i < ours ? TH_GAUGE : (i < used ? TH_TEXT : TH_GAUGE_BACK),
			i < used ? GL_GAUGE_ON : GL_GAUGE_OFF);
	return w;
}

static void
right_parts(struct app *a, const struct model_sums *sum, struct part p[3])
{
	const struct model *m = &a->m;
	char x[16], y[16];
	if (sum->footprint) {
		p[0].rank = 6;
		p[0].th = TH_TEXT;
		snprintf(p[0].text, sizeof p[0].text, "sessions %s",
			fmt_mem(x, (double)sum->footprint));
	}
	if (m->ram_total) {
		p[1].rank = 2;
		p[1].th = m->pressure == 2 ? TH_DANGER : (m->pressure == 1 ? TH_WARN : TH_TEXT);
		snprintf(p[1].text, sizeof p[1].text, "RAM %.1f/%s",
			(double)m->ram_used / 1073741824, fmt_mem(y, (double)m->ram_total));
	}
	if (sum->growing) {
		double per_h = sum->growth_bytes_per_h;
		p[2].rank = 4;
		p[2].th = TH_GROW;
		snprintf(p[2].text, sizeof p[2].text, "%s +%s/h", a->d.theme.glyph[GL_GROWTH],
			fmt_mem(x, MAX(per_h, 0)));
	}
}

void
list_header(struct app *a, int w)
{
	const struct model_sums sum = *list_sums(a);
	struct part left[6] = {0}, right[3] = {0};
	snprintf(left[0].text, sizeof left[0].text, "muster");
	left[0].rank = 1;
	left[0].th = TH_BRAND;
	add(&left[1], 9, TH_TEXT, sum.sessions - sum.group[GR_ENDED], "session", "sessions");
	add(&left[2], 1, TH_NEEDS, sum.group[GR_NEEDS], "needs you", "need you");
	add(&left[3], 3, TH_WORKING, sum.group[GR_WORKING], "working", "working");
	add(&left[4], 5, TH_TEXT, sum.group[GR_IDLE], "idle", "idle");
	add(&left[5], 7, TH_DIM, sum.group[GR_ASLEEP], "asleep", "asleep");
	right_parts(a, &sum, right);
	struct part all[9];
	for (int i = 0; i < 9; i++)
		all[i] = i < 6 ? left[i] : right[i - 6];
	parts_fit(all, 9, w);
	int x = 1;
	for (int i = 0; i < 6; i++)
		if (all[i].rank)
			x += draw_text(&a->d, 0, x, w - x, all[i].th, all[i].text) + 3;
	int end = w - 1, spare = w - parts_width(all, 9);
	for (int i = 8; i >= 6; i--) {
		if (!all[i].rank)
			continue;
		end -= draw_right(&a->d, 0, end, end - x, all[i].th, all[i].text);
		if (i == 7 && spare >= 16)
			end -= 1 + gauge(a, end - 13, 12, &sum);
		end -= 2;
	}
}
