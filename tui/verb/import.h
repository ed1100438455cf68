#ifndef TUI_IMPORT_H
#define TUI_IMPORT_H
#include "tui/cli/verb.h"

/* Makes a session of a file's text (path "-": of standard input): plain, with its looks, or asciicast v2. name NULL: its title, or one of
 * the server's. Prints the id; the exit code. */
int import_archive(struct verb_ctx *ctx, const char *path, const char *name);
#endif
