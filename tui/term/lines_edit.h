#ifndef TUI_LINES_EDIT_H
#define TUI_LINES_EDIT_H
/* Several lines of text being typed or pasted. Enter is the form's; Shift+Enter, Alt+Enter and C-j
 * begin a line. */
#include "core/base/buf.h"
#include "core/keys/keys.h"

#define LINES_EDIT_MAX (400u << 10) /* what fits into a request, however it is escaped */

struct lines_edit {
	struct buf text; /* UTF-8; of controls only \n and \t */
	size_t at;	 /* a grapheme's start */
	size_t pasted;	 /* lines of the last paste, until the next key; 0 none */
	bool full;	 /* the last input was too long and is not in it */
};
void lines_free(struct lines_edit *t);
void lines_set(struct lines_edit *t, const void *text, size_t n);
bool lines_input(struct lines_edit *t, const struct input_event *ev); /* true: taken */
size_t lines_count(const struct lines_edit *t);			      /* at least 1 */
/* The line with the caret, counted from 0, and the bytes before it in that line. */
size_t lines_caret(const struct lines_edit *t, size_t *before);
/* Line i: its first byte, *n of them. */
const char *lines_at(const struct lines_edit *t, size_t i, size_t *n);
#endif
