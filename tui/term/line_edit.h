#ifndef TUI_LINE_EDIT_H
#define TUI_LINE_EDIT_H
/* A line of text being typed. */
#include "core/keys/keys.h"

struct line_edit {
	char text[512];
	size_t len, at; /* bytes; at is a grapheme's start */
};
void line_set(struct line_edit *l, const char *text);
bool line_input(struct line_edit *l, const struct input_event *ev); /* true: taken */
#endif
