#ifndef CORE_DOC_H
#define CORE_DOC_H
/* A terminal's history and screen as one text: visual rows 0 (the oldest left) to rows - 1 (the
 * bottom of the screen), which are rows of logical lines. Lines of the screen are numbered on from
 * the history's, as they will be called once they are there; a line that begins in the history and
 * goes on on the screen is one line. For finding places, whoever draws them.
 *
 * A doc is a value, borrowed from its terminal: valid until the terminal changes. */
#include "core/base/buf.h"
#include "core/page/tab.h"
#include "core/term/term.h"

struct doc {
	struct pagelist *pagelist;
	struct grid screen;
	uint64_t above, rows; /* rows of history at the screen's width; of both */
	uint64_t first_line;  /* the oldest line left */
	uint64_t screen_line; /* the line that the screen's first row is a part of */
};
struct doc doc_of(struct term *t);

/* Visual rows [from, from + count), oldest first, as far as there are. row_abs counts as above. */
typedef void (*doc_row_cb)(
	void *ctx, uint64_t row_abs, uint64_t line, const struct row *row, const struct tab *tab);
void doc_read(const struct doc *d, uint64_t from, uint64_t count, doc_row_cb cb, void *ctx);
/* Where a line begins; UINT64_MAX when there is no such line. */
uint64_t doc_line_row(const struct doc *d, uint64_t line);
/* The first row of the line that row_abs is a part of, at most `most` rows above it. */
uint64_t doc_line_begin(const struct doc *d, uint64_t row_abs, uint64_t most);
/* The screen's lines, the first whole from its beginning in the history, each ended by \n. */
void doc_screen_text(const struct doc *d, struct buf *out);

/* Appends a row's text as the history has it: blanks within are spaces, none is cut from the end,
 * the filler at the edge before a wide character is nothing. at (NULL ok) has r->len + 1 places:
 * cell x is out[at[x]..at[x + 1]), both counted from out's length before. */
void row_bytes(const struct row *r, const struct tab *t, struct buf *out, uint32_t *at);
#endif
