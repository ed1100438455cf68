#include "sessions/view/peek_text.h"
#include "core/page/tab.h"
#include <string.h>

static bool
is_text(cell_t c)
{
	uint32_t cp = cell_content(c);

	return (c & CELL_CLUSTER) || (cp && cp != ' ');
}

static int
text_len(const struct row *row)
{
	int n = row->len;

	while (n > 0 && !is_text(row->cells[n - 1]) &&
		(row->cells[n - 1] & CELL_KIND_MASK) != CELL_TAIL)
		n--;
	return n;
}

bool
peek_row_blank(const struct row *row)
{
	return text_len(row) == 0;
}

/* Blanks at the end that show: a background, an underline. */
static int
styled_len(const struct row *row, const struct tab *t, int n)
{
	for (int x = row->len; x > n; x--) {
		struct style s = tab_style_get(t, cell_style(row->cells[x - 1]));
		if (s.bg || (s.attrs & (ATTR_INVERSE | ATTR_UL_MASK | ATTR_STRIKE | ATTR_OVERLINE)))
			return x;
	}
	return n;
}

static void
sgr_color(struct buf *b, uint32_t c, int base)
{
	uint32_t v = c & 0xffffff;

	if (c & COLOR_RGB)
		buf_printf(b, ";%d;2;%u;%u;%u", base, v >> 16, v >> 8 & 255, v & 255);
	else if ((c & COLOR_INDEX) && v < 8 && base != 58)
		buf_printf(b, ";%u", (unsigned)base - 8 + v);
	else if ((c & COLOR_INDEX) && v < 16 && base != 58)
		buf_printf(b, ";%u", (unsigned)base + 52 + v - 8);
	else if (c & COLOR_INDEX)
		buf_printf(b, ";%d;5;%u", base, v);
}

static void
sgr(struct buf *b, const struct style *s)
{
	static const struct {
		uint32_t attr;
		int code;
	} codes[] = {{ATTR_BOLD, 1}, {ATTR_FAINT, 2}, {ATTR_ITALIC, 3}, {ATTR_BLINK, 5},
		{ATTR_INVERSE, 7}, {ATTR_INVISIBLE, 8}, {ATTR_STRIKE, 9}, {ATTR_OVERLINE, 53}};
	unsigned ul = (s->attrs & ATTR_UL_MASK) >> ATTR_UL_SHIFT;

	buf_puts(b, "\033[0");
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (s->attrs & codes[i].attr)
			buf_printf(b, ";%d", codes[i].code);
	if (ul == UL_SINGLE)
		buf_puts(b, ";4");
	else if (ul)
		buf_printf(b, ";4:%u", ul);
	sgr_color(b, s->fg, 38);
	sgr_color(b, s->bg, 48);
	sgr_color(b, s->ul, 58);
	buf_putc(b, 'm');
}

static void
change_style(struct peek_text *pt, const struct tab *t, uint16_t *style, uint16_t *link, cell_t c)
{
	if (cell_link(c) != *link) {
		*link = cell_link(c);
		buf_printf(&pt->out, "\033]8;;%s\033\\", *link ? tab_link_uri(t, *link) : "");
	}
	if (cell_style(c) != *style) {
		struct style s = tab_style_get(t, cell_style(c));
		*style = cell_style(c);
		sgr(&pt->out, &s);
	}
}

void
peek_row(struct peek_text *pt, const struct row *row, const struct tab *t)
{
	int n = text_len(row);
	uint16_t style = 0, link = 0;

	if (pt->ansi)
		n = styled_len(row, t, n);
	for (int x = 0; x < n; x++) {
		uint32_t cps[CLUSTER_MAX];
		cell_t c = row->cells[x];
		int k;
		if ((c & CELL_KIND_MASK) == CELL_TAIL)
			continue;
		if (pt->ansi)
			change_style(pt, t, &style, &link, c);
		k = tab_cps(t, c, cps);
		for (int i = 0; i < k; i++)
			buf_utf8(&pt->out, cps[i]);
		if (!k)
			buf_putc(&pt->out, ' ');
	}
	if (pt->ansi)
		change_style(pt, t, &style, &link, 0);
	buf_putc(&pt->out, '\n');
}
