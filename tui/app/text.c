/* Pages to read, and the help made from the keymap. */
#include "tui/app/text.h"
#include "tui/app/frame.h"
#include "core/text/width.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct view view_text;

struct text_state {
	char title[96];
	char *text;
	size_t top, lines, page;
	bool columns; /* short lines: two columns where there is room */
	bool typing;  /* what is looked for */
	struct line_edit find;
	char *found; /* the lines that have it, under their headings; NULL: all */
};

static size_t
count_lines(const char *text)
{
	size_t n = 0;
	for (const char *p = text; *p; p++)
		n += *p == '\n' || !p[1];
	return n;
}

void
app_show_text(struct app *a, const char *title, char *take_text)
{
	app_push(a, &view_text, NULL);
	struct text_state *st = app_state(a, &view_text);
	snprintf(st->title, sizeof st->title, "%s", title);
	free(st->text);
	st->text = take_text;
	st->lines = count_lines(take_text);
}

/* Leaves the lines with what is typed, and the headings they stand under. */
static void
narrow(struct text_state *st)
{
	struct buf b = {0};
	const char *head = NULL;
	size_t head_len = 0;
	free(st->found);
	st->found = NULL;
	st->top = 0;
	for (const char *p = st->text; st->find.len && *p;) {
		size_t n = strcspn(p, "\n");
		char line[512];
		snprintf(line, sizeof line, "%.*s", (int)MIN(n, sizeof line - 1), p);
		if (*p == 1) {
			head = p;
			head_len = n;
		}
		if (n && strcasestr(line, st->find.text)) {
			if (head && head != p)
				buf_printf(&b, "%s%.*s\n", b.len ? "\n" : "", (int)head_len, head);
			head = NULL;
			buf_printf(&b, "%s\n", line);
		}
		p += n + (p[n] == '\n');
	}
	if (st->find.len)
		st->found = xstrdup(buf_cstr(&b));
	st->lines = count_lines(st->found ? st->found : st->text);
	buf_free(&b);
}

void
act_text_find(struct app *a)
{
	struct text_state *st = app_state(a, &view_text);
	st->typing = true;
}

static bool
text_text(struct app *a, void *p, const struct input_event *ev)
{
	struct text_state *st = p;
	(void)a;
	if (!st->typing) {
		if (!st->find.len || !key_is(ev, "Escape"))
			return false;
		line_set(&st->find, ""); /* all again; once more leaves */
	} else if (key_is(ev, "Escape") || key_is(ev, "C-c")) {
		st->typing = false;
		line_set(&st->find, "");
	} else if (key_is(ev, "Enter")) {
		st->typing = false;
		return true;
	} else if (!line_input(&st->find, ev)) {
		return false;
	}
	narrow(st);
	return true;
}

static void
text_close(struct app *a, void *p)
{
	struct text_state *st = p;
	(void)a;
	free(st->text);
	free(st->found);
}

static void
text_line(struct app *a, int y, int x, int w, const char *line)
{
	const char *tab = strchr(line, '\t');
	char head[128];
	switch (*line) {
	case 1:
		draw_cut(&a->d, y, x, w, TH_BRAND, line + 1);
		return;
	case 2:
	case 3:
		draw_glyph(&a->d, y, x + 1, *line == 2 ? TH_OK : TH_ERROR,
			*line == 2 ? GL_TICK : GL_FAIL);
		draw_cut(&a->d, y, x + 3, w - 3, TH_TEXT, line + 1);
		return;
	case 4:
		snprintf(head, sizeof head, "%.*s", (int)(tab ? tab - line - 1 : 0), line + 1);
		draw_cut(&a->d, y, x + 2, 15, TH_KEY, head);
		draw_cut(&a->d, y, x + 18, w - 18, TH_TEXT, tab ? tab + 1 : "");
		return;
	default:
		draw_cut(&a->d, y, x, w, TH_TEXT, line);
	}
}

static void
find_line(struct app *a, struct text_state *st)
{
	int h = surface_rows(a->d.s), w = surface_cols(a->d.s);
	surface_fill(a->d.s, h - 1, 0, 1, w, " ", draw_style(&a->d, TH_TEXT));
	draw_text(&a->d, h - 1, 1, 2, TH_KEY, "/ ");
	draw_line(&a->d, &st->find, h - 1, 3, w - 4, true, "what to look for");
}

static void
text_draw(struct app *a, void *p)
{
	struct text_state *st = p;
	char note[48] = "";
	int w = surface_cols(a->d.s), columns = st->columns && w >= 130 ? 2 : 1;
	int y = draw_title(&a->d, st->title, "", NULL), col_w = (w - 4) / columns;
	int foot = frame_footer(a, C_TEXT, NULL, NULL), h = MAX(1, foot - y);
	st->page = (size_t)h * (size_t)columns;
	st->top = MIN(st->top, st->lines > st->page ? st->lines - st->page : 0);
	if (st->lines > st->page) {
		snprintf(note, sizeof note, "page %zu of %zu",
			(st->top + 2 * st->page - 1) / st->page,
			(st->lines + st->page - 1) / st->page);
		draw_right(&a->d, 0, w - 1, w - 12, TH_DIM, note);
	}
	const char *s = st->found ? st->found : st->text;
	if (!*s)
		draw_fmt(&a->d, y, 2, w - 4, TH_DIM, "nothing says \"%s\" (esc shows all)",
			st->find.text);
	for (size_t i = 0; *s; i++) {
		char line[512];
		size_t n = strcspn(s, "\n");
		snprintf(line, sizeof line, "%.*s", (int)MIN(n, sizeof line - 1), s);
		if (i >= st->top && i < st->top + st->page) {
			int at = (int)(i - st->top);
			text_line(a, y + at % h, 2 + at / h * col_w, col_w - 2, line);
		}
		s += n + (s[n] == '\n');
	}
	if (st->typing)
		find_line(a, st);
}

static struct text_state *
text(struct app *a)
{
	return app_state(a, &view_text);
}

static void
scroll(struct text_state *st, long by)
{
	if (by < 0)
		st->top -= MIN(st->top, (size_t)-by);
	else
		st->top += (size_t)by;
}

void
act_text_down(struct app *a)
{
	scroll(text(a), 1);
}

void
act_text_up(struct app *a)
{
	scroll(text(a), -1);
}

void
act_text_page_down(struct app *a)
{
	scroll(text(a), (long)text(a)->page - 1);
}

void
act_text_page_up(struct app *a)
{
	scroll(text(a), 1 - (long)text(a)->page);
}

void
act_text_top(struct app *a)
{
	text(a)->top = 0;
}

void
act_text_bottom(struct app *a)
{
	text(a)->top = text(a)->lines;
}

static void
text_wheel(struct app *a, void *p, int by)
{
	(void)a;
	scroll(p, 3L * by);
}

static const struct view view_text = {
	.name = "text",
	.context = C_TEXT,
	.size = sizeof(struct text_state),
	.close = text_close,
	.draw = text_draw,
	.text = text_text,
	.wheel = text_wheel,
};

static void
help_group(struct app *a, struct buf *b, const char *group)
{
	char keys[64];
	buf_printf(b, "%s\1%s\n", b->len ? "\n" : "", group);
	for (int i = 0; i < ACTION_COUNT; i++) {
		const struct action *act = &actions[i];
		if (strcmp(act->group, group))
			continue;
		keys_labels(act->keys, a->d.theme.ascii, keys);
		if (*keys)
			buf_printf(b, "\4%s\t%s\n", keys, act->help);
		else
			buf_printf(b, "\4:%s\t%s\n", keymap_name(act, keys, NULL), act->help);
	}
}

void
act_help(struct app *a)
{
	struct buf b = {0};
	/* what the keys mean where one is comes first */
	unsigned here = a->ran_in;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < ACTION_COUNT; i++) {
			bool first = true;
			for (int k = 0; k < i; k++)
				first &= strcmp(actions[k].group, actions[i].group) != 0;
			bool near = actions[i].contexts != C_ALL && actions[i].contexts & here;
			if (first && near == (pass == 0))
				help_group(a, &b, actions[i].group);
		}
	buf_puts(&b, "\n\1Mouse\n\4click\tselect; on a hint below: do it\n\4double click\tattach\n"
		     "\4wheel\tscroll\n\4drag\tcopy; a double click a word, a triple one a line\n");
	app_show_text(a, "All keys", buf_cstr(&b));
	text(a)->columns = true;
}
