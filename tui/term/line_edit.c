#include "tui/term/line_edit.h"
#include "core/base/buf.h"
#include "core/text/width.h"
#include "tui/term/key_names.h"
#include <string.h>

void
line_set(struct line_edit *l, const char *text)
{
	l->len = sanitize(l->text, sizeof l->text, text, strlen(text));
	l->at = l->len;
}

/* Start of the grapheme before `at`. */
static size_t
before(const struct line_edit *l, size_t at)
{
	size_t prev = 0;
	for (size_t i = 0; i < at;) {
		int w;
		prev = i;
		i += utf8_grapheme(l->text + i, l->len - i, &w);
	}
	return prev;
}

static void
cut(struct line_edit *l, size_t from, size_t to)
{
	memmove(l->text + from, l->text + to, l->len - to + 1);
	l->len -= to - from;
	l->at = from;
}

static void
insert(struct line_edit *l, const char *text, size_t n)
{
	char clean[sizeof l->text];
	n = sanitize(clean, sizeof clean, text, n);
	if (n == 0 || l->len + n >= sizeof l->text)
		return;
	memmove(l->text + l->at + n, l->text + l->at, l->len - l->at + 1);
	memcpy(l->text + l->at, clean, n);
	l->at += n;
	l->len += n;
}

static bool
insert_key(struct line_edit *l, const struct input_event *ev)
{
	struct buf b = {0};
	bool some = key_text(ev, &b);
	if (some)
		insert(l, (char *)b.data, b.len);
	buf_free(&b);
	return some;
}

static size_t
word_before(const struct line_edit *l)
{
	size_t at = l->at;
	while (at > 0 && l->text[at - 1] == ' ')
		at--;
	while (at > 0 && l->text[at - 1] != ' ' && l->text[at - 1] != '/')
		at--;
	return at < l->at ? at : before(l, l->at);
}

bool
line_input(struct line_edit *l, const struct input_event *ev)
{
	int w;
	if (ev->type == INPUT_PASTE) {
		insert(l, (const char *)ev->bytes, ev->len);
		return true;
	}
	if (ev->type != INPUT_KEY)
		return false;
	if (key_is(ev, "BSpace") || key_is(ev, "C-h"))
		cut(l, before(l, l->at), l->at);
	else if (key_is(ev, "Delete") && l->at < l->len)
		cut(l, l->at, l->at + utf8_grapheme(l->text + l->at, l->len - l->at, &w));
	else if (key_is(ev, "C-w") || key_is(ev, "M-BSpace"))
		cut(l, word_before(l), l->at);
	else if (key_is(ev, "C-u"))
		cut(l, 0, l->at);
	else if (key_is(ev, "C-k"))
		cut(l, l->at, l->len);
	else if (key_is(ev, "Left"))
		l->at = before(l, l->at);
	else if (key_is(ev, "Right") && l->at < l->len)
		l->at += utf8_grapheme(l->text + l->at, l->len - l->at, &w);
	else if (key_is(ev, "Home") || key_is(ev, "C-a"))
		l->at = 0;
	else if (key_is(ev, "End") || key_is(ev, "C-e"))
		l->at = l->len;
	else
		return insert_key(l, ev);
	return true;
}
