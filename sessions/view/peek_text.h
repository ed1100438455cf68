#ifndef SESSIONS_PEEK_TEXT_H
#define SESSIONS_PEEK_TEXT_H
/* Rows of a screen as lines of text, plain or with SGR and OSC 8. */
#include "core/base/buf.h"
#include "core/page/cell.h"

struct peek_text {
	struct buf out;
	bool ansi;
};
/* Appends the row without its trailing blanks, and a newline. Styles end with the line. */
void peek_row(struct peek_text *pt, const struct row *row, const struct tab *t);
bool peek_row_blank(const struct row *row); /* would be an empty line of plain text */
#endif
