/* See prepack.h. An entry begins at a multiple of 8 and may run over the ring's end, where there is
 * room for one more. */
#include "core/pack/prepack.h"

#include <stdlib.h>
#include <string.h>

_Thread_local struct prepack prepack;

static void
place(void)
{
	prepack.head = (struct prepacked *)(prepack.ring + prepack.pos % PREPACK_RING);
	prepack.end = (uint8_t *)(prepack.head + 1);
	prepack.item = NULL;
}

/* Ends the open entry where its text does and begins another. */
static void
next_entry(void)
{
	if (!prepack.ring) {
		prepack.ring = xmalloc(PREPACK_RING + PREPACK_ROOM);
		prepack.pos += PREPACK_RING;
	} else {
		prepack.pos += (uint64_t)(prepack.end - (uint8_t *)prepack.head + 7) & ~7ull;
	}
}

void
prepack_give_up(void)
{
	place();
	*prepack.head = (struct prepacked){0};
}

bool
prepack_begin(const struct row *row)
{
	uint32_t n = row->len;

	if (!prepack.ring || prepack.head->cells)
		next_entry();
	prepack_give_up();
	if (row->flags & (ROW_CLUSTERS | ROW_WIDE | ROW_NONASCII) || n > PREPACK_ROOM / 4)
		return false;
	for (uint32_t i = 0; i < n; i++)
		prepack.head->styled |= (row->cells[i] & CELL_ATTRS) != 0;
	cells_narrow(prepack.end, row->cells, n);
	prepack.end += n;
	prepack.item = n ? prepack.end - 1 : NULL;
	return true;
}

void
prepack_end(struct row *row, cell_t tmpl, bool wide)
{
	struct prepacked *e = prepack.head;

	e->stamp = row->stamp;
	e->styled |= (tmpl & CELL_ATTRS) != 0;
	e->len = (uint32_t)(prepack.end - (uint8_t *)(e + 1));
	e->cells = row->len;
	e->wide |= wide;
	row->prepacked = prepack.pos;
}

uint8_t *
prepack_join(uint8_t *item, uint8_t *end, const uint8_t *utf8, unsigned n, bool was_wide, bool wide)
{
	bool flipped = *item == TEXT_FLIP, flip = flipped ^ was_wide ^ wide;
	uint8_t *from = item + flipped, *to = item + flip + 2;
	uint8_t count = CLUSTER_BASE + 1;

	if (*from == TEXT_CLUSTER) {
		count = from[1];
		from += 2;
	}
	memmove(to, from, (size_t)(end - from));
	end += to - from;
	*item = TEXT_FLIP; /* or the next */
	to[-2] = TEXT_CLUSTER;
	to[-1] = (uint8_t)(count + 1);
	memcpy(end, utf8, n);
	return end + n;
}

bool
prepack_right(const struct prepacked *e, const struct row *row, const struct tab *t)
{
	struct buf b = {0};
	cell_t attrs = 0;
	bool wide = false, same;

	for (uint32_t i = 0; i < e->cells; i++) {
		attrs |= row->cells[i];
		wide |= (row->cells[i] & CELL_KIND_MASK) == CELL_WIDE;
	}
	text_put(&b, row->cells, e->cells, t);
	same = b.len == e->len && !memcmp(b.data, e + 1, b.len) && wide == e->wide &&
	       (e->styled || !(attrs & CELL_ATTRS));
	buf_free(&b);
	return same;
}

void
prepack_drop(void)
{
	free(prepack.ring);
	prepack.pos += PREPACK_RING; /* of no row */
	prepack.ring = NULL;
}
