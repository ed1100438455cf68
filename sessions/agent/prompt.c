/* The screen is put into one text with a byte of marks beside each of its bytes, so that a pattern
 * can find the prompt and the cells behind what it found can be asked how they are drawn. Faint
 * text is a placeholder or a hint and does not count. A caret that the program draws itself is an
 * inverse cell; it may stand on the placeholder's first letter. */
#include "sessions/agent/prompt.h"
#include "core/base/buf.h"
#include "core/page/tab.h"
#include "core/text/width.h"
#include <string.h>

enum { MARK_FAINT = 1, MARK_INVERSE = 2, MARK_CURSOR = 4 };
struct screen {
	struct buf text, marks; /* of one length */
};

static bool
is_blank(const struct grid *g, cell_t c)
{
	uint32_t cp = cell_content(c);
	struct style s;

	if ((c & CELL_CLUSTER) || (cp && cp != ' '))
		return false;
	s = tab_style_get(g->tab, cell_style(c));
	return !(s.attrs & ATTR_INVERSE);
}

static void
put_cell(struct screen *o, const struct grid *g, cell_t c, bool cursor)
{
	uint32_t attrs = tab_style_get(g->tab, cell_style(c)).attrs, cps[CLUSTER_MAX];
	uint8_t mark = (attrs & ATTR_FAINT ? MARK_FAINT : 0) |
		       (attrs & ATTR_INVERSE ? MARK_INVERSE : 0) | (cursor ? MARK_CURSOR : 0);
	int n = tab_cps(g->tab, c, cps);

	for (int i = 0; i < n; i++)
		buf_utf8(&o->text, cps[i]);
	if (!n)
		buf_putc(&o->text, ' ');
	while (o->marks.len < o->text.len)
		buf_putc(&o->marks, mark);
}

static void
put_row(struct screen *o, const struct grid *g, int y)
{
	const struct row *row = g->row[y];
	int n = row->len, caret = g->cursor.row == y ? g->cursor.col : -1;

	while (n > 0 && is_blank(g, row->cells[n - 1]))
		n--;
	for (int x = 0; x < n; x++)
		if ((row->cells[x] & CELL_KIND_MASK) != CELL_TAIL)
			put_cell(o, g, row->cells[x], x == caret);
	buf_putc(&o->text, '\n');
	/* right behind the row's text, or behind the blanks of its mark, which are cut */
	buf_putc(&o->marks, caret >= n && caret <= n + 2 ? MARK_CURSOR : 0);
}

static bool
is_space(const char *s, size_t n)
{
	return n == 1 ? *s == ' ' || *s == '\n' : n == 2 && memcmp(s, "\u00a0", 2) == 0;
}

static size_t
char_len(const char *s, const char *end)
{
	size_t n = 1;

	while (s + n < end && ((uint8_t)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* What counts of the prompt's text, into out. An inverse letter with faint text right behind it is
 * the placeholder's first. True if the caret is in there. */
static bool
take_text(const struct screen *o, size_t from, size_t to, struct buf *out)
{
	const char *s = (const char *)o->text.data;
	const uint8_t *mark = o->marks.data;
	bool caret = false, first = true;

	for (size_t i = from, n; i < to; i += n) {
		n = char_len(s + i, s + to);
		caret |= (mark[i] & (MARK_CURSOR | MARK_INVERSE)) != 0;
		if (mark[i] & MARK_FAINT)
			continue;
		if (first && (mark[i] & MARK_INVERSE) && i + n < to && (mark[i + n] & MARK_FAINT) &&
			!is_space(s + i, n))
			continue;
		first &= is_space(s + i, n);
		buf_put(out, is_space(s + i, n) ? " " : s + i, is_space(s + i, n) ? 1 : n);
	}
	/* the caret may stand behind the last character */
	return caret || (to < o->marks.len && (mark[to] & MARK_CURSOR));
}

/* The first of these words that s begins with: its length; 0 none does. */
static size_t
starts_with(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strncmp(s, *words, strlen(*words)) == 0)
			return strlen(*words);
	return 0;
}

/* Does a caret at text[at] stand in a bare prompt? */
static bool
is_bare(const struct screen *o, size_t at)
{
	static const char *const edges[] = {" ", "\u00a0", "\u2502", "\u2503", "|", NULL},
				 *const marks[] = {"\u276f", "\u203a", ">", "\u00bb", NULL};
	const char *text = (const char *)o->text.data, *s = text + at, *end = text + o->text.len;
	size_t n;

	while (s > text && s[-1] != '\n')
		s--;
	while ((n = starts_with(s, edges)))
		s += n;
	if (!(n = starts_with(s, marks)) || s + n > text + at)
		return false;
	for (s += n; s < text + at; s += n)
		if (!is_space(s, n = char_len(s, end)))
			return false;
	for (; s < end && *s != '\n'; s += n) {
		n = char_len(s, end);
		if (!starts_with(s, edges) && !(o->marks.data[s - text] & MARK_FAINT))
			return false;
	}
	return true;
}

static bool
has_bare(const struct screen *o)
{
	for (size_t i = 0; i < o->text.len; i++)
		if ((o->marks.data[i] & (MARK_CURSOR | MARK_INVERSE)) && is_bare(o, i))
			return true;
	return false;
}

static void
unseen(struct prompt *out, const char *why)
{
	out->state = PROMPT_UNSEEN;
	snprintf(out->text, sizeof out->text, "%s", why);
}

static void
judge(const struct profile *p, const struct screen *o, struct prompt *out)
{
	const char *text = (const char *)o->text.data, *s;
	struct buf in = {0};
	size_t from, to, n;
	bool caret;

	if (!profile_has_prompt(p)) {
		unseen(out, "its profile has no rule that reads its prompt");
		return;
	}
	if (profile_prompt_away(p, text, o->text.len, out->text, sizeof out->text))
		return;
	if (!profile_find_prompt(p, text, o->text.len, &from, &to)) {
		unseen(out, "its prompt is not on the screen");
		return;
	}
	caret = take_text(o, from, to, &in);
	s = buf_cstr(&in);
	s += strspn(s, " ");
	for (n = strlen(s); n && s[n - 1] == ' '; n--)
		;
	if (n && !profile_is_placeholder(p, s, n)) {
		out->state = PROMPT_TEXT;
		sanitize(out->text, sizeof out->text - 1, s, n);
	} else if (memchr(text + from, '\n', to - from)) {
		out->state = PROMPT_TEXT;
		snprintf(out->text, sizeof out->text, "blank lines");
	} else if (caret) {
		out->state = PROMPT_EMPTY;
	} else {
		unseen(out, "keys go elsewhere: the cursor is not in its prompt");
	}
	buf_free(&in);
}

void
prompt_read(const struct profile *p, const struct grid *g, struct prompt *out)
{
	struct screen o = {0};

	memset(out, 0, sizeof *out);
	for (int y = 0; y < g->rows; y++)
		put_row(&o, g, y);
	/* a tall screen has many rows below what a program has drawn yet */
	while (o.text.len > 1 && memcmp(o.text.data + o.text.len - 2, "\n\n", 2) == 0)
		o.text.len--;
	o.marks.len = o.text.len;
	buf_cstr(&o.text);
	judge(p, &o, out);
	out->bare = has_bare(&o);
	buf_free(&o.text);
	buf_free(&o.marks);
}

const char *
prompt_state_name(enum prompt_state s)
{
	static const char *const names[] = {"unseen", "empty", "text"};

	CHECK(s < ARRAY_LEN(names));
	return names[s];
}
