#ifndef SESSIONS_INI_FILE_H
#define SESSIONS_INI_FILE_H
/* INI text, read with errors that name file and line. Shared by the configuration and the profiles,
 * which are sections of the same format. */
#include "core/base/base.h"

/* One key. Returns true to go on; false refuses it, with the reason in why[0..cap). */
typedef bool (*ini_key_cb)(
	void *ctx, const char *section, const char *key, const char *value, char *why, size_t cap);
/* Whole file. A file that does not exist counts as empty. 0, or -1 and *e. */
int ini_read_file(const char *path, ini_key_cb cb, void *ctx, struct err *e);
/* Text in memory; name stands for the file in errors. */
int ini_read_text(const char *name, const char *text, ini_key_cb cb, void *ctx, struct err *e);
#endif
