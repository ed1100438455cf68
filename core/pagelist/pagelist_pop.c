/* Taking the newest row back: when the screen grows, or a reflow wants the rows above it. Only rows
 * that are still records can come back; a sealed one stays history. */
#include "core/pagelist/pagelist.h"
#include "core/pagelist/pagelist_priv.h"
#include <string.h>

#define HEAD ((uint32_t)sizeof(struct block_head))

/* Fills pop_off with where each record of the open block begins. False when they are not as many
 * rows and lines as the block says it has. */
static bool
scan_open(struct pagelist *h)
{
	struct rd in = rd_init(h->base + HEAD, h->end - HEAD);
	uint64_t lines = 0;
	struct rec r;
	bool wraps = false;

	if (h->pop_end == h->end)
		return true;
	h->n_pop = 0;
	while (rd_left(&in)) {
		uint16_t off = (uint16_t)(in.p - h->base);

		if (rec_get(&in, &r) < 0)
			return false;
		lines += !wraps || r.tag & REC_CUT;
		wraps = r.tag & REC_WRAP;
		if (h->n_pop == h->cap_pop) {
			h->cap_pop = h->cap_pop * 2 + 64;
			h->pop_off = xrealloc(h->pop_off, h->cap_pop * sizeof(*h->pop_off));
		}
		h->pop_off[h->n_pop++] = off;
	}
	if (h->n_pop != h->open_rows || lines != h->next_line - pagelist_last(h)->first_line)
		return false;
	h->pop_end = h->end;
	return true;
}

/* The open block moves to a page of its own, since a checkpoint names the bytes it has here. */
static bool
move_open(struct pagelist *h)
{
	struct block *b = pagelist_last(h);
	page_t s = page_get(h->arena, h->owner), old = b->page;

	if (!s)
		return false;
	page_touch(h->arena, s, 0, h->end);
	memcpy(page_base(h->arena, s), h->base, h->end);
	b->page = s;
	h->base = page_base(h->arena, s);
	b->saved_len = 0;
	b->saved = false;
	pagelist_limbo_add(h, old, 0, 0);
	pagelist_set_fast_end(h);
	return true;
}

/* Decodes the last record; the definitions of all before it are needed for that. */
static int
decode_last(struct pagelist *h, struct rec *r, uint32_t *flags, cell_t *cells, uint32_t cap,
	struct tab *t)
{
	struct undict u = {0};
	struct rd in = rd_init(h->base + HEAD, h->end - HEAD);
	struct rec before;
	int e = 0;

	for (uint32_t i = 0; r->ext_len && i + 1 < h->n_pop && !e; i++) {
		e = rec_get(&in, &before);
		if (!e)
			e = rec_defs(&before, &u);
	}
	if (!e)
		e = rec_cells(r, cells, cap, flags, t, &u);
	undict_free(&u);
	return e;
}

static bool
reopen_if_empty(struct pagelist *h)
{
	if (h->base && h->open_rows)
		return true;
	if (h->base)
		pagelist_close(h);
	if (!h->n_blk || pagelist_last(h)->kind != BLOCK_RAW)
		return false;
	pagelist_reopen(h);
	return true;
}

bool
pagelist_pop(struct pagelist *h, struct row *row, cell_t *cells, int cap, struct tab *t)
{
	struct rec r, prev = {0};
	struct rd in;
	uint32_t flags = 0, at;
	struct block *b;

	if (!reopen_if_empty(h) || !scan_open(h) || !h->n_pop)
		return false;
	at = h->pop_off[h->n_pop - 1];
	in = rd_init(h->base + at, h->end - at);
	if (rec_get(&in, &r) < 0 || r.cells > (uint32_t)cap)
		return false;
	if (h->n_pop > 1) {
		in = rd_init(h->base + h->pop_off[h->n_pop - 2], at - h->pop_off[h->n_pop - 2]);
		rec_get(&in, &prev);
	}
	if ((r.tag | prev.tag) & REC_PART)
		return false;
	b = pagelist_last(h);
	if (at < b->saved_len && !move_open(h))
		return false;
	in = rd_init(h->base + at, h->end - at); /* it may have moved */
	rec_get(&in, &r);
	if (decode_last(h, &r, &flags, cells, (uint32_t)cap, t) < 0)
		return false;
	row->cells = cells;
	row->cap = (uint16_t)cap;
	row->len = (uint16_t)r.cells;
	row->flags = flags;
	row->prepacked = 0;
	h->cont = h->n_pop > 1 && prev.tag & REC_WRAP;
	if (!h->cont || r.tag & REC_CUT)
		h->next_line--;
	if (h->n_pop == 1 && r.tag & REC_CUT)
		h->cont = true;
	h->end = h->pop_end = at;
	h->n_pop--;
	h->open_rows--;
	b->crc_len = 0;
	b->view_ok = false; /* what is pushed next may end at the same place */
	if (r.ext_len)
		h->dict.forget = true;
	pagelist_set_fast_end(h);
	pagelist_set_event(h);
	return true;
}
