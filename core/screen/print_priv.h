#ifndef CORE_PRINT_PRIV_H
#define CORE_PRINT_PRIV_H
/* Shared by print.c (characters one by one) and run.c (text in runs). */
#include "core/screen/print.h"
#include "core/text/cp_class.h"

static inline void
chain_here(struct term *t)
{
	t->v.chain_row = t->v.row;
	t->v.chain_col = t->v.col | t->v.pending << 16;
}

/* Is the cursor where the last character left it? */
static inline bool
chained(const struct term *t)
{
	return t->v.chain_row == t->v.row && t->v.chain_col == (t->v.col | t->v.pending << 16);
}

void print_wrap(struct term *t);

/* What a cell's content becomes when a codepoint is appended; a memo, since a text repeats the same
 * few. Valid for one epoch of one tab (epochs are unique), so all terminals share it. */
struct join {
	uint64_t epoch;
	cell_t what;
	cell_t content; /* 0: the cell is full, the codepoint is dropped */
	uint32_t cp;
	uint8_t opts, joins, width;
};
#define JOINS 1024
extern struct join joins[JOINS];
void join_make(struct term *t, struct join *j, cell_t what, uint32_t cp);

static inline const struct join *
join_find(struct term *t, cell_t cell, uint32_t cp)
{
	cell_t what = cell & (CELL_CONTENT_MASK | CELL_KIND_MASK | CELL_CLUSTER);
	pen_ready(t);
	struct join *j = &joins[((uint32_t)what * 0x9e3779b1u + cp * 0x85ebca6bu) >> 22];
	_Static_assert(JOINS == 1 << (32 - 22), "the hash's upper bits");
	if (j->what != what || j->cp != cp || j->epoch != t->pen_epoch || j->opts != t->width_opts)
		join_make(t, j, what, cp);
	return j;
}

/* What could join behind a character of class GB_*, beside marks: a set of GB_* of the next. */
extern const uint16_t join_next[16];

static inline bool
may_join(uint8_t last, unsigned cls)
{
	unsigned gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	return gb == GB_EXTEND || gb == GB_ZWJ || gb == GB_SPACING || join_next[last] >> gb & 1;
}
#endif
