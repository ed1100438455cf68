#ifndef TESTS_CORE_ROWS_H
#define TESTS_CORE_ROWS_H
/* Rows for the tests of packing and history: random, from one seed, with everything a row can hold.
 * Included by one test program each. */
#include "core/page/cell.h"
#include "core/page/tab.h"
#include <stdlib.h>
#include <string.h>

#define ROW_CELLS_MAX 300
#ifdef MUSTER_TORTURE
#define ROW_URIS 4
#else
#define ROW_URIS 30
#endif

static uint64_t rows_state = 88172645463325252ull;

static inline uint32_t
rnd(uint32_t n)
{
	rows_state ^= rows_state << 13;
	rows_state ^= rows_state >> 7;
	rows_state ^= rows_state << 17;
	return (uint32_t)(rows_state >> 20) % n;
}

static inline uint32_t
rnd_color(void)
{
	switch (rnd(4)) {
	case 0:
		return COLOR_INDEX | rnd(256);
	case 1:
		return COLOR_RGB | rnd(1u << 24);
	case 2:
		return COLOR_RGB | rnd(4) * 0x3f2010;
	default:
		return COLOR_DEFAULT;
	}
}

static inline uint64_t
rnd_attrs(struct tab *t)
{
	struct style s = {.fg = rnd_color(), .bg = rnd_color()};
	char uri[60], id[8] = "";
	uint64_t bits;

	if (!rnd(4))
		s.ul = rnd_color();
	if (!rnd(3))
		s.attrs = rnd(256) | rnd(6) << ATTR_UL_SHIFT;
#ifdef MUSTER_TORTURE /* tables are small: what does not fit would be shown plain */
	s = (struct style){.fg = COLOR_INDEX | rnd(8), .attrs = s.attrs & 3};
#endif
	bits = (uint64_t)tab_style(t, &s) << CELL_STYLE_SHIFT;
	if (!rnd(4)) {
		int n = snprintf(uri, sizeof(uri), "https://example.org/%u", rnd(ROW_URIS));

		if (rnd(2))
			snprintf(id, sizeof(id), "i%u", rnd(4));
		bits |= (uint64_t)tab_link(t, id, strlen(id), uri, (size_t)n) << CELL_LINK_SHIFT;
	}
	if (!rnd(8))
		bits |= CELL_PROTECTED;
	return bits;
}

/* Fills cells[0..n) and tells the flags as a terminal would. */
static inline uint32_t
rnd_cells(cell_t *cells, uint32_t n, struct tab *t)
{
	uint64_t attrs = 0;
	uint32_t flags = 0, kind = rnd(6); /* 0..2 plain ASCII */

	for (uint32_t i = 0; i < n; i++) {
		uint32_t cps[3] = {0x1f468, 0x200d, 0x1f467};
		cell_t c = 0x20 + rnd(0x5f);

		if (kind >= 3 && !rnd(12))
			attrs = rnd(3) ? rnd_attrs(t) : 0;
		if (!rnd(15))
			c = 0;
		else if (kind >= 4 && !rnd(6))
			c = 0xa1 + rnd(0x2000);
		if (kind == 5 && i + 1 < n && !rnd(6)) {
			c = rnd(2) ? 0x4e00 + rnd(0x1000) : 0x1f600 + rnd(40);
			if (!rnd(3))
				c = tab_cluster(t, cps, 2 + (int)rnd(2));
			if (!rnd(5))
				c = 0x2600 + rnd(100); /* wide against the frozen rule */
			cells[i++] = c | CELL_WIDE | attrs;
			c = CELL_TAIL;
		} else if (kind == 5 && !rnd(20)) {
			c = 0x4e00 + rnd(50); /* narrow against it */
		}
		cells[i] = c | attrs;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint64_t c = cells[i];

		if (c & ~CELL_CONTENT_MASK)
			flags |= ROW_STYLED;
		flags |= c & CELL_CLUSTER ? ROW_CLUSTERS : 0;
		flags |= cell_link(c) ? ROW_LINKS : 0;
		flags |= (c & CELL_KIND_MASK) == CELL_WIDE ? ROW_WIDE : 0;
		flags |= c & CELL_PROTECTED ? ROW_PROTECTED : 0;
		flags |= c & CELL_CLUSTER || cell_content(c) >= 0x80 ? ROW_NONASCII : 0;
	}
	return flags;
}

/* Two cells of two tabs show and mean the same. */
static inline bool
same_cell(cell_t a, const struct tab *ta, cell_t b, const struct tab *tb)
{
	struct style sa = tab_style_get(ta, cell_style(a)), sb = tab_style_get(tb, cell_style(b));
	uint32_t ca[CLUSTER_MAX], cb[CLUSTER_MAX];
	int n = tab_cps(ta, a, ca);

	return n == tab_cps(tb, b, cb) && !memcmp(ca, cb, (size_t)n * 4) &&
	       (a & CELL_KIND_MASK) == (b & CELL_KIND_MASK) &&
	       (a & CELL_PROTECTED) == (b & CELL_PROTECTED) && sa.fg == sb.fg && sa.bg == sb.bg &&
	       sa.ul == sb.ul && sa.attrs == sb.attrs &&
	       !strcmp(tab_link_uri(ta, cell_link(a)), tab_link_uri(tb, cell_link(b))) &&
	       !strcmp(tab_link_id(ta, cell_link(a)), tab_link_id(tb, cell_link(b)));
}

static inline bool
same_cells(const cell_t *a, const struct tab *ta, const cell_t *b, const struct tab *tb, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!same_cell(a[i], ta, b[i], tb))
			return false;
	return true;
}
#endif
