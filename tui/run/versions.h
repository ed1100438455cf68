#ifndef TUI_VERSIONS_H
#define TUI_VERSIONS_H
/* What programs say of their version. */
#include <stddef.h>

/* The first word of text that has a digit on both sides of a point: "2.1.4"; "" none. */
void version_in(const char *text, char *out, size_t cap);
#endif
