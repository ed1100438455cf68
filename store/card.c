#include "store/card.h"
#include "core/base/crc.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "store/segfile.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GONE ".gone"

enum { GUESSED_COLS = 80, GUESSED_ROWS = 24 };

/* Fields by name, so that writing and reading cannot differ. */
#define WORDS(X)        \
	X(id)           \
	X(name)         \
	X(profile)      \
	X(conversation) \
	X(state)
#define TEXTS(X)    \
	X(note)     \
	X(worktree) \
	X(runner)
#define INTS(X)      \
	X(cols)      \
	X(rows)      \
	X(exit_code) \
	X(exit_signal)
#define TIMES(X)   \
	X(created) \
	X(started) \
	X(ended)   \
	X(limited_until)
#define TIMES_OF_USE(X) \
	X(last_output)  \
	X(last_input)
#define SIZES(X)       \
	X(freed_bytes) \
	X(mem_max)

static json_t *
array_of(const char *text)
{
	json_t *a = json_loads(text ? text : "[]", 0, NULL);

	return a ? a : json_array();
}

static json_t *
to_json(const struct meta_session *m)
{
	json_t *o = json_pack("{s:i, s:b, s:s?, s:o, s:o}", "v", 1, "pinned", m->pinned, "cwd",
		m->cwd, "argv", array_of(m->argv_json), "tags", array_of(m->tags_json));

	if (!o) /* its directory's name is no UTF-8 */
		o = json_pack("{s:i, s:b, s:o, s:o}", "v", 1, "pinned", m->pinned, "argv",
			array_of(m->argv_json), "tags", array_of(m->tags_json));
	if (m->archived)
		json_object_set_new(o, "archived", json_true());
#define X(f)               \
	if (m->f && *m->f) \
		json_object_set_new(o, #f, json_string(m->f));
	TEXTS(X)
#undef X
#define X(f) json_object_set_new(o, #f, json_string(m->f));
	WORDS(X)
#undef X
#define X(f) json_object_set_new(o, #f, json_integer(m->f));
	INTS(X)
#undef X
#define X(f) json_object_set_new(o, #f, json_real(m->f));
	TIMES(X)
#undef X
#define X(f) json_object_set_new(o, #f, json_integer((json_int_t)m->f));
	SIZES(X)
#undef X
	return o;
}

uint32_t
card_stamp(const struct meta_session *m)
{
	json_t *o = to_json(m);
	char *text = json_dumps(o, JSON_COMPACT);
	uint32_t stamp = text ? crc32c(0, text, strlen(text)) : 0;

	free(text);
	json_decref(o);
	return stamp ? stamp : 1;
}

int
card_put(const char *text_dir, const struct meta_session *m)
{
	char dir[600], *text;
	struct segfile *f;
	json_t *o = to_json(m);
	int rc = -ENOMEM;

#define X(f) json_object_set_new(o, #f, json_real(m->f));
	TIMES_OF_USE(X)
#undef X
	snprintf(dir, sizeof dir, "%s/%u", text_dir, m->num);
	f = segfile_new(dir);
	if ((text = json_dumps(o, JSON_INDENT(1))))
		rc = segfile_put(f, SEGFILE_CARD, text, strlen(text), false);
	free(text);
	segfile_free(f);
	json_decref(o);
	return rc;
}

static void
word_of(const json_t *o, const char *key, char *out, size_t cap)
{
	const char *v = json_string_value(json_object_get(o, key));

	snprintf(out, cap, "%s", v ? v : "");
}

static void
from_json(const json_t *o, struct meta_session *m)
{
	const char *cwd = json_string_value(json_object_get(o, "cwd"));
	json_t *argv = json_object_get(o, "argv"), *tags = json_object_get(o, "tags");
	const char *t;

	m->pinned = json_is_true(json_object_get(o, "pinned"));
	m->archived = json_is_true(json_object_get(o, "archived"));
#define X(f)                                           \
	t = json_string_value(json_object_get(o, #f)); \
	m->f = xstrdup(t ? t : "");
	TEXTS(X)
#undef X
	m->cwd = xstrdup(cwd ? cwd : "/");
	m->argv_json = json_is_array(argv) ? json_dumps(argv, JSON_COMPACT) : xstrdup("[]");
	m->tags_json = json_is_array(tags) ? json_dumps(tags, JSON_COMPACT) : xstrdup("[]");
#define X(f) word_of(o, #f, m->f, sizeof m->f);
	WORDS(X)
#undef X
#define X(f) m->f = (int)json_integer_value(json_object_get(o, #f));
	INTS(X)
#undef X
#define X(f) m->f = json_number_value(json_object_get(o, #f));
	TIMES(X)
	TIMES_OF_USE(X)
#undef X
#define X(f) m->f = (uint64_t)json_integer_value(json_object_get(o, #f));
	SIZES(X)
#undef X
}

bool
card_get(const char *text_dir, uint32_t num, struct meta_session *m)
{
	char dir[600];
	struct segfile *f;
	struct buf b = {0};
	json_t *o = NULL;

	snprintf(dir, sizeof dir, "%s/%u", text_dir, num);
	f = segfile_new(dir);
	if (segfile_get(f, SEGFILE_CARD, &b) == 0)
		o = json_loadb((const char *)b.data, b.len, 0, NULL);
	segfile_free(f);
	buf_free(&b);
	memset(m, 0, sizeof *m);
	m->num = num;
	if (o)
		from_json(o, m);
	json_decref(o);
	return o && m->id[0];
}

static int
ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Of the names in there that are a number with this behind it. */
static uint32_t *
numbers(const char *text_dir, const char *behind, size_t *n)
{
	DIR *d = opendir(text_dir);
	struct dirent *e;
	uint32_t *out = NULL;
	size_t cap = 0;

	*n = 0;
	while (d && (e = readdir(d))) {
		char *end;
		unsigned long v = strtoul(e->d_name, &end, 10);

		if (strcmp(end, behind) != 0 || v == 0 || v > INT32_MAX)
			continue;
		if (*n == cap)
			out = xrealloc(out, (cap = cap ? cap * 2 : 64) * sizeof *out);
		out[(*n)++] = (uint32_t)v;
	}
	if (d)
		closedir(d);
	if (out)
		qsort(out, *n, sizeof *out, ascending);
	return out;
}

uint32_t *
card_numbers(const char *text_dir, size_t *n)
{
	return numbers(text_dir, "", n);
}

uint32_t *
card_graves(const char *text_dir, size_t *n)
{
	return numbers(text_dir, GONE, n);
}

void
card_bury(const char *text_dir, uint32_t num)
{
	char path[600];
	int fd, rc;

	snprintf(path, sizeof path, "%s/%u" GONE, text_dir, num);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600); /* a full disk has no room for it */
	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof path, "%s/%u", text_dir, num);
	if ((rc = segfile_delete(path)) < 0)
		log_warn("text of session %u: %s", (unsigned)num, strerror(-rc));
}

void
card_buried(const char *text_dir, uint32_t num)
{
	char path[600];

	snprintf(path, sizeof path, "%s/%u" GONE, text_dir, num);
	unlink(path);
}

bool
card_guess(const char *text_dir, uint32_t num, struct meta_session *m)
{
	char dir[600];
	struct stat st;
	uint32_t r;

	snprintf(dir, sizeof dir, "%s/%u", text_dir, num);
	if (segfile_usage(dir) == 0 || stat(dir, &st) < 0)
		return false;
	memset(m, 0, sizeof *m);
	m->num = num;
	os_random(&r, sizeof r);
	snprintf(m->id, sizeof m->id, "a%07x", r & 0xfffffff);
	snprintf(m->name, sizeof m->name, "session-%u", num);
	snprintf(m->state, sizeof m->state, "lost");
	m->cwd = xstrdup("/");
	m->argv_json = xstrdup("[]");
	m->tags_json = xstrdup("[]");
	m->cols = GUESSED_COLS;
	m->rows = GUESSED_ROWS;
	m->exit_code = m->exit_signal = -1;
	m->created = m->ended = m->last_output = (double)st.st_mtim.tv_sec;
	return true;
}
