#ifndef SESSIONS_SECTIONS_H
#define SESSIONS_SECTIONS_H
/* Sections of the configuration that their user names: [runner.box], [host.big]. Which keys there are
 * says sections.def. Immutable after loading. */
#include "core/base/buf.h"

struct sections;
/* path NULL, or no file: none. NULL and *e on a bad value (file and line named). */
struct sections *sections_load(const char *path, struct err *e);
void sections_free(struct sections *s); /* NULL ok */
/* Borrowed; NULL: no such section, or it has no such key. */
const char *sections_get(
	const struct sections *s, const char *kind, const char *name, const char *key);
/* Name of the i-th of a kind, as they stand in the file; NULL past the end. */
const char *sections_name(const struct sections *s, const char *kind, size_t i);
bool sections_has(const struct sections *s, const char *kind, const char *name);
/* Is it a section of this sort? Then its key must be right: *ok, else the reason in why. */
bool section_named(
	const char *section, const char *key, const char *value, bool *ok, char *why, size_t cap);

/* Words as a shell has them: blanks between, '…' and "…" whole, \ before anything. NULL-terminated,
 * one free(). */
char **words_split(const char *text);
/* One word as a shell there takes it: '…'. */
void words_quote(struct buf *b, const char *word);
/* n words, each with its NUL, one behind the other, in the form of words_split. */
char **words_vector(const struct buf *b, size_t n);
#endif
