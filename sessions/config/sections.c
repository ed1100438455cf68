#include "sessions/config/sections.h"
#include "sessions/config/ini_file.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 31

static const struct key {
	const char *kind, *name, *values;
} keys[] = {
#define X(kind, name, values, help) {kind, #name, values},
#include "sessions/config/sections.def"
#undef X
};

struct entry {
	char *section; /* "host.big" */
	char *value[ARRAY_LEN(keys)];
};
struct sections {
	struct entry *at;
	size_t n;
};

static bool
name_valid(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	return n && n <= NAME_MAX_BYTES && isalpha((unsigned char)*name);
}

static bool
one_of(const char *values, const char *value)
{
	size_t n = strlen(value);

	for (const char *p = values; *p; p += strcspn(p, "|"), p += *p == '|')
		if (strcspn(p, "|") == n && !strncmp(p, value, n))
			return true;
	return !*values && n;
}

/* The key of a section "KIND.NAME"; NULL and *kind when there is such a kind, but no such key. */
static const struct key *
key_of(const char *section, const char *name, bool *kind)
{
	size_t n = strcspn(section, ".");

	*kind = false;
	for (size_t i = 0; section[n] && i < ARRAY_LEN(keys); i++) {
		if (strlen(keys[i].kind) != n || strncmp(keys[i].kind, section, n) != 0)
			continue;
		*kind = true;
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

bool
section_named(
	const char *section, const char *key, const char *value, bool *ok, char *why, size_t cap)
{
	bool kind;
	const struct key *k = key_of(section, key, &kind);

	*ok = false;
	if (!kind)
		return false;
	if (!name_valid(strchr(section, '.') + 1))
		snprintf(why, cap,
			"[%.40s]: a name begins with a letter and has letters, digits, "
			"- _ . only",
			section);
	else if (!k)
		snprintf(why, cap, "unknown key %.40s in [%.40s] (see muster config default)", key,
			section);
	else if (!one_of(k->values, value))
		snprintf(why, cap, "%s: bad value %.40s (%s)", key, value,
			*k->values ? k->values : "a text");
	else
		*ok = true;
	return true;
}

static struct entry *
find(const struct sections *s, const char *section)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (!strcmp(s->at[i].section, section))
			return &s->at[i];
	return NULL;
}

static bool
on_key(void *ctx, const char *section, const char *key, const char *value, char *why, size_t cap)
{
	struct sections *s = ctx;
	struct entry *e;
	bool ok, kind;

	if (!section_named(section, key, value, &ok, why, cap))
		return true;
	if (!ok)
		return false;
	if (!(e = find(s, section))) {
		s->at = xrealloc(s->at, (s->n + 1) * sizeof *s->at);
		e = &s->at[s->n++];
		*e = (struct entry){.section = xstrdup(section)};
	}
	size_t i = (size_t)(key_of(section, key, &kind) - keys);
	free(e->value[i]);
	e->value[i] = xstrdup(value);
	return true;
}

struct sections *
sections_load(const char *path, struct err *e)
{
	struct sections *s = xcalloc(1, sizeof *s);

	if (!path || ini_read_file(path, on_key, s, e) == 0)
		return s;
	sections_free(s);
	return NULL;
}

void
sections_free(struct sections *s)
{
	for (size_t i = 0; s && i < s->n; i++) {
		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			free(s->at[i].value[k]);
		free(s->at[i].section);
	}
	if (s)
		free(s->at);
	free(s);
}

static struct entry *
named(const struct sections *s, const char *kind, const char *name)
{
	char section[80];

	snprintf(section, sizeof section, "%.20s.%.40s", kind, name);
	return find(s, section);
}

bool
sections_has(const struct sections *s, const char *kind, const char *name)
{
	return named(s, kind, name) != NULL;
}

const char *
sections_get(const struct sections *s, const char *kind, const char *name, const char *key)
{
	const struct entry *e = named(s, kind, name);

	for (size_t i = 0; e && i < ARRAY_LEN(keys); i++)
		if (!strcmp(keys[i].kind, kind) && !strcmp(keys[i].name, key))
			return e->value[i];
	return NULL;
}

const char *
sections_name(const struct sections *s, const char *kind, size_t i)
{
	size_t n = strlen(kind);

	for (size_t k = 0; s && k < s->n; k++)
		if (!strncmp(s->at[k].section, kind, n) && s->at[k].section[n] == '.' && i-- == 0)
			return s->at[k].section + n + 1;
	return NULL;
}

char **
words_split(const char *s)
{
	size_t len = strlen(s), max = len / 2 + 2, n = 0;
	char **v = xcalloc(1, max * sizeof *v + len + 1), *to = (char *)(v + max), *word = to;
	char quote = 0;
	bool begun = false;

	for (;; s++) {
		if (*s && (quote ? *s == quote : *s == '\'' || *s == '"')) {
			quote = quote ? 0 : *s;
			begun = true;
		} else if (*s == '\\' && quote != '\'' && s[1]) {
			*to++ = *++s;
			begun = true;
		} else if (!*s || (!quote && (*s == ' ' || *s == '\t'))) {
			if (begun) {
				*to++ = '\0';
				v[n++] = word;
			}
			word = to;
			begun = false;
			if (!*s)
				return v;
		} else {
			*to++ = *s;
			begun = true;
		}
	}
}

void
words_quote(struct buf *b, const char *word)
{
	buf_putc(b, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, (uint8_t)*word);
	buf_putc(b, '\'');
}

char **
words_vector(const struct buf *b, size_t n)
{
	char **v = xcalloc(1, (n + 1) * sizeof *v + b->len), *p = (char *)(v + n + 1);

	memcpy(p, b->data, b->len);
	for (size_t i = 0; i < n; i++, p += strlen(p) + 1)
		v[i] = p;
	return v;
}
