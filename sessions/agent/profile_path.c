/* Files a CLI keeps about its conversations, found by templates: ~ and ${VAR:-default} are the
 * session's own, {id} {id8} {cwd} {dir} come from the session, * is a wildcard. What comes from
 * outside is escaped, so that a folder called "a*b" matches only itself. */
#include "core/base/buf.h"
#include "sessions/agent/profile_priv.h"
#include <ctype.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CWD_DASHED = 1 }; /* stands for {cwd}, whose real path is asked for when files are */

struct place {
	const char *cwd, *id;
	profile_getenv_cb get;
	void *ctx;
};

static void
put_literal(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr("*?[]\\", s[i]))
			buf_putc(b, '\\');
		buf_putc(b, (uint8_t)s[i]);
	}
}

/* ${NAME:-default}: bytes used. The default may begin with ~. */
static size_t
put_variable(struct buf *b, const struct place *at, const char *s)
{
	const char *colon = strstr(s, ":-"), *end = strchr(s, '}'), *v;
	char name[64];

	if (!end || !colon || colon > end || (size_t)(colon - s - 2) >= sizeof name)
		return 0;
	memcpy(name, s + 2, (size_t)(colon - s - 2));
	name[colon - s - 2] = 0;
	v = at->get(at->ctx, name);
	if (v && *v) {
		put_literal(b, v, strlen(v));
		return (size_t)(end - s) + 1;
	}
	colon += 2;
	if (*colon == '~') {
		v = at->get(at->ctx, "HOME");
		if (!v || v[0] != '/')
			return 0;
		put_literal(b, v, strlen(v));
		colon++;
	}
	put_literal(b, colon, (size_t)(end - colon));
	return (size_t)(end - s) + 1;
}

/* {word}: bytes used; 0 when it is unknown or has no value. */
static size_t
put_field(struct buf *b, const struct place *at, const char *s)
{
	if (strncmp(s, "{id}", 4) == 0 || strncmp(s, "{id8}", 5) == 0) {
		if (!profile_conversation_valid(at->id))
			return 0;
		put_literal(b, at->id, s[3] == '8' ? 8 : strlen(at->id));
		return s[3] == '8' ? 5 : 4;
	}
	if (!at->cwd)
		return 0;
	if (strncmp(s, "{cwd}", 5) == 0) {
		buf_putc(b, CWD_DASHED);
		return 5;
	}
	if (strncmp(s, "{dir}", 5) == 0) {
		put_literal(b, at->cwd, strlen(at->cwd));
		return 5;
	}
	return 0;
}

static bool
expand(struct buf *b, const struct place *at, const char *t, size_t n)
{
	const char *end = t + n, *home;

	while (t < end) {
		size_t used = 1;

		if (*t == '$' && t[1] == '{') {
			used = put_variable(b, at, t);
		} else if (*t == '{') {
			used = put_field(b, at, t);
		} else if (*t == '~') {
			home = at->get(at->ctx, "HOME");
			if (!home || home[0] != '/')
				return false;
			put_literal(b, home, strlen(home));
		} else {
			buf_putc(b, (uint8_t)*t);
		}
		if (!used)
			return false;
		t += used;
	}
	return true;
}

/* A plain path: the escapes for glob go again. False: it is too long. */
static bool
unescape(const struct buf *b, char *out, size_t cap)
{
	size_t o = 0;

	for (size_t i = 0; i < b->len; i++) {
		if (b->data[i] == '\\' && i + 1 < b->len)
			i++;
		if (o + 1 >= cap)
			return false;
		out[o++] = (char)b->data[i];
	}
	out[o] = 0;
	return true;
}

/* A conversation that was begun and holds nothing cannot be resumed. */
static bool
is_transcript(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

static bool
first_match(const char *pattern, char *out, size_t cap)
{
	glob_t g;
	bool found = false;

	if (glob(pattern, GLOB_NOSORT, NULL, &g) != 0)
		return false;
	for (size_t i = 0; i < g.gl_pathc && !found; i++) {
		found = is_transcript(g.gl_pathv[i]) && strlen(g.gl_pathv[i]) < cap;
		if (found)
			snprintf(out, cap, "%s", g.gl_pathv[i]);
	}
	globfree(&g);
	return found;
}

/* The next of the places with | between, and *t behind it. False: it has no value here, or (len 0)
 * there are no more. */
static bool
place_next(const char **t, const struct place *at, struct buf *b, size_t *len)
{
	const char *s = *t + strspn(*t, " |");
	size_t n = *len = strcspn(s, "|");

	*t = s + n;
	while (n && s[n - 1] == ' ')
		n--;
	return n && expand(b, at, s, n);
}

bool
profile_status_line(const struct profile *p, const char *cwd, size_t i, profile_getenv_cb getenv_of,
	void *ctx, char *out, size_t cap)
{
	const struct place at = {.cwd = cwd, .id = "", .get = getenv_of, .ctx = ctx};
	const char *t = profile_text(p, PT_STATUS_LINE);
	size_t len = 1;

	*out = 0;
	while (len) {
		struct buf b = {0};
		bool has = place_next(&t, &at, &b, &len);

		if (has && i == 0)
			unescape(&b, out, cap);
		buf_free(&b);
		if (len && i-- == 0)
			return true;
	}
	return false;
}

void
profile_transcript_places(const struct profile *p, const char *cwd, const char *conversation,
	profile_getenv_cb getenv_of, void *ctx, struct buf *out)
{
	const struct place at = {.cwd = cwd, .id = conversation, .get = getenv_of, .ctx = ctx};
	const char *t = profile_text(p, PT_TRANSCRIPT);
	size_t len = 1;

	while (len) {
		size_t before = out->len;

		if (place_next(&t, &at, out, &len))
			buf_putc(out, 0);
		else
			out->len = before;
	}
}

static void
put_cwd_dashed(struct buf *b, const char *cwd)
{
	char real[PATH_MAX];

	if (!realpath(cwd, real))
		snprintf(real, sizeof real, "%s", cwd);
	for (const char *s = real; *s; s++)
		buf_putc(b, isalnum((unsigned char)*s) ? (uint8_t)*s : '-');
}

bool
profile_transcript_find(const struct buf *places, const char *cwd, char *out, size_t cap)
{
	const char *at = (const char *)places->data, *end = at + places->len;
	bool found = false;

	for (; at < end && !found; at += strlen(at) + 1) {
		struct buf b = {0};

		for (const char *c = at; *c; c++)
			if (*c == CWD_DASHED)
				put_cwd_dashed(&b, cwd);
			else
				buf_putc(&b, (uint8_t)*c);
		found = first_match(buf_cstr(&b), out, cap);
		buf_free(&b);
	}
	return found;
}

bool
profile_has_ids(const struct profile *p)
{
	return strstr(profile_text(p, PT_RESUME), "{id}") != NULL;
}

static bool
directory(const struct profile *p, enum profile_text which, profile_getenv_cb get, void *ctx,
	char *out, size_t cap)
{
	const struct place at = {.id = "", .get = get, .ctx = ctx};
	const char *t = profile_text(p, which);
	struct buf b = {0};
	bool ok = *t && expand(&b, &at, t, strlen(t)) && unescape(&b, out, cap);

	buf_free(&b);
	return ok;
}

bool
profile_registry_dir(
	const struct profile *p, profile_getenv_cb getenv_of, void *ctx, char *out, size_t cap)
{
	return directory(p, PT_REGISTRY, getenv_of, ctx, out, cap);
}

bool
profile_rollout_dir(
	const struct profile *p, profile_getenv_cb getenv_of, void *ctx, char *out, size_t cap)
{
	return directory(p, PT_ROLLOUTS, getenv_of, ctx, out, cap);
}
