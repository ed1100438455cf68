#ifndef CORE_PREPACK_H
#define CORE_PREPACK_H
/* The packed text (core/pack/record.c) of rows whose text was appended in order, kept while it was
 * written, so that a row which leaves the screen as it was printed is copied and not encoded again.
 *
 * A memo of the thread, never state: a fixed ring of entries, the oldest overwritten. A row names
 * its entry by position (row.prepacked; positions only grow, 0 is none), and the entry counts only
 * while it has the row's stamp: whatever else changes a row gives it another stamp. Only the entry
 * begun last can be appended to. */
#include "core/page/cell.h"
#include "core/pack/record.h"

/* Bytes; ROOM: the longest text of an entry, head included. */
#ifdef MUSTER_TORTURE
#define PREPACK_RING 4096u
#define PREPACK_ROOM 512u
#else
#define PREPACK_RING 65536u
#define PREPACK_ROOM 4096u
#endif

/* Before the text of an entry in the ring. */
struct prepacked {
	uint64_t stamp; /* of the row */
	uint32_t len;	/* bytes of text, which follows */
	uint16_t cells; /* it stands for */
	bool wide;	/* some cell is */
	bool styled;	/* some cell may have a style, a link or protection */
};

/* The entry begun last. */
struct prepack {
	uint8_t *ring; /* NULL: not used yet */
	uint64_t pos;
	struct prepacked *head;
	uint8_t *item, *end; /* its text's last item and its end; item: NULL none */
};
extern _Thread_local struct prepack prepack;

/* Begins an entry with what the row holds. False when that is not to be had from its cells alone:
 * what follows may be written all the same, and is forgotten. */
bool prepack_begin(const struct row *row);
/* The same for a text that has grown too long. */
void prepack_give_up(void);
/* The open entry has all of what the row holds. tmpl, wide: of what was appended. */
void prepack_end(struct row *row, cell_t tmpl, bool wide);
/* Is x where the row ends, and the open entry all of it? */
static inline bool
prepack_continues(const struct row *row, int x)
{
	return row->prepacked && row->prepacked == prepack.pos && x == row->len &&
	       prepack.head->stamp == row->stamp && prepack.head->cells == x;
}
/* Bytes of input that can be appended: marks and all, each becomes less than four. */
static inline size_t
prepack_room(void)
{
	size_t left = (size_t)((uint8_t *)prepack.head + PREPACK_ROOM - prepack.end);

	return left > 128 ? (left - 64) / 4 : 0;
}
/* The entry of a row as it stands, trimmed to n cells; NULL: none. */
static inline const struct prepacked *
prepack_find(const struct row *row, uint32_t n)
{
	const struct prepacked *e;

	if (!row->prepacked || row->prepacked + PREPACK_RING < prepack.pos + PREPACK_ROOM)
		return NULL;
	e = (const struct prepacked *)(prepack.ring + row->prepacked % PREPACK_RING);
	return e->stamp == row->stamp && e->cells == n ? e : NULL;
}
/* Is the entry what the row's cells say? */
bool prepack_right(const struct prepacked *e, const struct row *row, const struct tab *t);
/* Appends one character or mark of the packed form, n bytes. */
static inline void
prepack_char(const uint8_t *utf8, unsigned n, bool flip)
{
	prepack.item = prepack.end;
	if (flip)
		*prepack.end++ = TEXT_FLIP;
	for (unsigned i = 0; i < n; i++)
		*prepack.end++ = utf8[i];
}
/* The item of a text that ends at `end` gets one more character, n bytes; the text's end. */
uint8_t *prepack_join(
	uint8_t *item, uint8_t *end, const uint8_t *utf8, unsigned n, bool was_wide, bool wide);
void prepack_drop(void); /* gives the ring back */
#endif
