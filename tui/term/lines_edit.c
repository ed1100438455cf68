#include "tui/term/lines_edit.h"
#include "core/text/width.h"
#include "tui/term/key_names.h"
#include <string.h>

void
lines_free(struct lines_edit *t)
{
	buf_free(&t->text);
	*t = (struct lines_edit){0};
}

static const char *
bytes(const struct lines_edit *t)
{
	return t->text.len ? (const char *)t->text.data : "";
}

/* Line ends as \n, and no other control but tabs: as terminals paste, lines end with \r. */
static void
clean(struct buf *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t k = utf8_next(p + i, n - i, &cp);
		if (cp == '\r' && i + k < n && p[i + k] == '\n')
			k++;
		if (cp == '\r' || cp == '\n')
			buf_putc(out, '\n');
		else if (cp == '\t' || (cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0)))
			buf_utf8(out, cp);
		i += k;
	}
}

static size_t
count_ends(const struct buf *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static void
insert(struct lines_edit *t, const void *p, size_t n)
{
	struct buf add = {0}, all = {0};
	clean(&add, p, n);
	t->full = t->text.len + add.len > LINES_EDIT_MAX;
	if (!t->full) {
		buf_put(&all, bytes(t), t->at);
		buf_put(&all, add.data, add.len);
		buf_put(&all, bytes(t) + t->at, t->text.len - t->at);
		buf_free(&t->text);
		t->text = all;
		t->at += add.len;
		t->pasted = count_ends(&add) + 1;
	}
	buf_free(&add);
}

void
lines_set(struct lines_edit *t, const void *text, size_t n)
{
	lines_free(t);
	while (n && strchr("\r\n", ((const char *)text)[n - 1])) /* as editors leave a file */
		n--;
	insert(t, text, n);
	t->pasted = 0;
}

static size_t
line_start(const struct lines_edit *t, size_t at)
{
	while (at > 0 && bytes(t)[at - 1] != '\n')
		at--;
	return at;
}

static size_t
line_end(const struct lines_edit *t, size_t at)
{
	while (at < t->text.len && bytes(t)[at] != '\n')
		at++;
	return at;
}

static size_t
after(const struct lines_edit *t, size_t at)
{
	int w;
	if (at >= t->text.len)
		return at;
	return bytes(t)[at] == '\n' ? at + 1
				    : at + utf8_grapheme(bytes(t) + at, t->text.len - at, &w);
}

static size_t
before(const struct lines_edit *t, size_t at)
{
	size_t from = line_start(t, at), prev = from;
	if (from == at)
		return at - (at > 0);
	for (size_t i = from; i < at; i = after(t, i))
		prev = i;
	return prev;
}

static size_t
word_before(const struct lines_edit *t)
{
	size_t at = t->at, from = line_start(t, at);
	while (at > from && bytes(t)[at - 1] == ' ')
		at--;
	while (at > from && bytes(t)[at - 1] != ' ')
		at--;
	return at < t->at ? at : before(t, t->at);
}

static bool
cut(struct lines_edit *t, size_t from, size_t to)
{
	if (from < to)
		memmove(t->text.data + from, t->text.data + to, t->text.len - to);
	t->text.len -= to - from;
	t->at = from;
	return true;
}

/* To the line above or below, as far in as here; false at the first and the last. */
static bool
line_by(struct lines_edit *t, bool down)
{
	size_t from = line_start(t, t->at), in = t->at - from, to;
	if (down ? line_end(t, t->at) == t->text.len : from == 0)
		return false;
	to = down ? line_end(t, t->at) + 1 : line_start(t, from - 1);
	size_t end = line_end(t, to), at = to;
	while (at < end && after(t, at) <= MIN(to + in, end))
		at = after(t, at);
	t->at = at;
	return true;
}

static bool
insert_key(struct lines_edit *t, const struct input_event *ev)
{
	struct buf b = {0};
	bool some = key_text(ev, &b);
	if (some)
		insert(t, b.data, b.len);
	t->pasted = 0;
	buf_free(&b);
	return some;
}

static bool
moves(struct lines_edit *t, const struct input_event *ev)
{
	if (key_is(ev, "Up") || key_is(ev, "Down"))
		return line_by(t, key_is(ev, "Down"));
	if (key_is(ev, "Left"))
		t->at = before(t, t->at);
	else if (key_is(ev, "Right") && t->at < t->text.len)
		t->at = after(t, t->at);
	else if (key_is(ev, "Home") || key_is(ev, "C-a"))
		t->at = line_start(t, t->at);
	else if (key_is(ev, "End"))
		t->at = line_end(t, t->at);
	else
		return false;
	return true;
}

bool
lines_input(struct lines_edit *t, const struct input_event *ev)
{
	t->full = false;
	if (ev->type == INPUT_PASTE) {
		insert(t, ev->bytes, ev->len);
		return true;
	}
	if (ev->type != INPUT_KEY)
		return false;
	t->pasted = 0;
	if (key_is(ev, "S-Enter") || key_is(ev, "M-Enter") || key_is(ev, "C-j"))
		insert(t, "\n", 1);
	else if (key_is(ev, "BSpace") || key_is(ev, "C-h"))
		return cut(t, before(t, t->at), t->at);
	else if (key_is(ev, "Delete"))
		return cut(t, t->at, after(t, t->at));
	else if (key_is(ev, "C-w") || key_is(ev, "M-BSpace"))
		return cut(t, word_before(t), t->at);
	else if (key_is(ev, "C-u"))
		return cut(t, line_start(t, t->at), t->at);
	else if (key_is(ev, "C-k"))
		return cut(t, t->at, line_end(t, t->at));
	else
		return moves(t, ev) || insert_key(t, ev);
	t->pasted = 0;
	return true;
}

size_t
lines_count(const struct lines_edit *t)
{
	return count_ends(&t->text) + 1;
}

size_t
lines_caret(const struct lines_edit *t, size_t *before_it)
{
	const struct buf head = {.data = t->text.data, .len = t->at};
	*before_it = t->at - line_start(t, t->at);
	return count_ends(&head);
}

const char *
lines_at(const struct lines_edit *t, size_t i, size_t *n)
{
	const char *p = bytes(t), *end = p + t->text.len;
	for (const char *nl; i > 0 && (nl = memchr(p, '\n', (size_t)(end - p))); i--)
		p = nl + 1;
	const char *nl = end > p ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	*n = (size_t)((nl ? nl : end) - p);
	return p;
}
