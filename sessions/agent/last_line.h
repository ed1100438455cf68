#ifndef SESSIONS_LAST_LINE_H
#define SESSIONS_LAST_LINE_H
/* What a program said last, out of the text of its screen (rows joined by \n): not the prompt one
 * types into, nor the status lines below that, nor rules and block art. */
#include "core/base/base.h"

/* Sanitised; "" when the screen says nothing. */
void last_line(const char *text, char *out, size_t cap);
#endif
