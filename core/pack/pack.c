/* Rows on their own: each record with its own definitions. */
#include "core/pack/pack.h"

#include <errno.h>

#include "core/pack/record.h"

void
pack_row(struct buf *out, const struct row *row, const struct tab *t)
{
	struct dict d = {0};

	struct rec_src src = {.cells = row->cells,
		.n = row->len,
		.flags = row->flags | cells_flags(row->cells, row->len),
		.tab = t};

	rec_put(out, &src, &d);
	dict_free(&d);
}

int
unpack_row(struct rd *in, struct row *row, cell_t *cells, int cap, struct tab *t)
{
	struct undict u = {0};
	struct rec r;
	uint32_t flags = 0;
	int e = rec_get(in, &r);

	if (!e)
		e = rec_cells(&r, cells, (uint32_t)MAX(cap, 0), &flags, t, &u);
	undict_free(&u);
	if (e)
		return e;
	row->cells = cells;
	row->cap = (uint16_t)MIN(cap, UINT16_MAX);
	row->len = (uint16_t)MIN(r.cells, row->cap);
	row->flags = flags;
	row->prepacked = 0;
	return 0;
}
