/* When lines were printed. A stamp says that its line and those after it were printed then or
 * later; so a line's time is that of the last stamp at or before it. Text that is printed over, as
 * a line editor does, takes the stamps of the lines from there on with it. */
#include "core/pagelist/pagelist.h"
#include "core/pagelist/pagelist_priv.h"
#include <stdlib.h>

/* Those of lines that are gone, but for the newest; then every second one. */
static void
thin(struct pagelist *h)
{
	uint64_t first = h->n_blk ? h->blk[0].first_line : h->next_line;
	uint32_t from = 0, n = 0;

	while (from + 1 < h->n_stamp && h->stamp[from + 1].line <= first)
		from++;
	for (uint32_t i = from; i < h->n_stamp; i += from ? 1 : 2)
		h->stamp[n++] = h->stamp[i];
	h->n_stamp = n;
}

void
pagelist_stamp(struct pagelist *h, uint64_t line, uint32_t t)
{
	while (h->n_stamp && h->stamp[h->n_stamp - 1].line >= line)
		h->n_stamp--;
	if (h->n_stamp == STAMPS_MAX)
		thin(h);
	if (h->n_stamp == h->cap_stamp) {
		h->cap_stamp = h->cap_stamp ? h->cap_stamp * 2 : 4;
		h->stamp = xrealloc(h->stamp, h->cap_stamp * sizeof(*h->stamp));
	}
	h->stamp[h->n_stamp++] = (struct stamp){.line = line, .t = t};
}

uint32_t
pagelist_line_time(const struct pagelist *h, uint64_t line)
{
	uint32_t lo = 0, hi = h->n_stamp;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (h->stamp[mid].line <= line)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? h->stamp[lo - 1].t : 0;
}

void
stamps_put(const struct pagelist *h, struct buf *out)
{
	uint64_t line = 0;

	buf_varint(out, h->n_stamp);
	for (uint32_t i = 0; i < h->n_stamp; i++) {
		buf_varint(out, h->stamp[i].line - line);
		buf_u32(out, h->stamp[i].t);
		line = h->stamp[i].line;
	}
}

void
stamps_get(struct pagelist *h, struct rd *in)
{
	uint64_t n = rd_varint(in), line = 0;

	if (n > STAMPS_MAX)
		in->bad = true;
	for (uint64_t i = 0; i < n && !in->bad; i++) {
		line += rd_varint(in);
		pagelist_stamp(h, line, rd_u32(in));
	}
}
