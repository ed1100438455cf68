/* Search: every letter asks the server anew (and calls off what ran before); hits of all sessions
 * come in parts and are listed newest first, with the place of the one looked at below or beside.
 *
 * A hit's time is known or not. Those of one session come newest first, so one without a time is no
 * newer than the one before it: by that they are put among the others', and what comes later never
 * moves the hit that was chosen. */
#include "core/text/width.h"
#include "sessions/wire/json.h"
#include "tui/attach/attach.h"
#include "tui/app/frame.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HITS_ASKED 5000
#define HITS_A_SESSION_MIN 50
#define HITS_A_SESSION_MAX 500
#define LINE_KEPT 600 /* bytes of a hit's line, around the match */

struct found_hit {
	char id[16], name[64];
	struct hit_at at;
	double t, rank;	 /* 0 unknown; what it is sorted by */
	char *text;	 /* sanitised */
	size_t from, to; /* the match, bytes of text */
};
struct search_state {
	struct line_edit line;
	bool regex, running, truncated, moved;
	int since;	  /* index of spans */
	char only[16];	  /* id of the session to search; "" all */
	uint32_t request; /* 0 none */
	char error[256];
	struct found_hit **hits; /* n, owned */
	size_t n, cap, sel, sessions;
};

static const struct {
	const char *word;
	double s;
} spans[] = {{"any time", 0}, {"last hour", 3600}, {"last 24h", 86400}, {"last 7d", 7 * 86400.0},
	{"last 30d", 30 * 86400.0}};

/* --- hits ------------------------------------------------------------------------------------- */

static void
clear(struct search_state *st)
{
	for (size_t i = 0; i < st->n; i++) {
		free(st->hits[i]->text);
		free(st->hits[i]);
	}
	st->n = st->sel = st->sessions = 0;
	st->truncated = st->moved = false;
	st->error[0] = 0;
}

static size_t
char_start(const char *s, size_t at)
{
	while (at > 0 && ((unsigned char)s[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* Keeps a piece of the line around the match, without the blanks it begins with. Sanitising takes
 * bytes away, so it is done in the three parts. */
static void
keep_text(struct found_hit *h, const char *line, size_t start, size_t end)
{
	size_t len = strlen(line), from = 0, to;
	char out[LINE_KEPT * 3 + 8];
	end = MIN(end, len);
	start = MIN(start, end);
	end = char_start(line, MIN(end, start + LINE_KEPT));
	if (start > LINE_KEPT / 2)
		from = char_start(line, start - LINE_KEPT / 2);
	to = char_start(line, MIN(len, end + LINE_KEPT));
	if (!from)
		from = MIN(strspn(line, " "), start);
	h->from = sanitize(out, LINE_KEPT + 1, line + from, start - from);
	h->to = h->from + sanitize(out + h->from, LINE_KEPT + 1, line + start, end - start);
	sanitize(out + h->to, LINE_KEPT + 1, line + end, to - end);
	h->text = xstrdup(out);
}

static bool
known_session(const struct search_state *st, const char *id)
{
	for (size_t i = st->n; i-- > 0;)
		if (!strcmp(st->hits[i]->id, id))
			return true;
	return false;
}

/* The oldest hit of its session so far bounds its rank. */
static double
rank_of(const struct search_state *st, const struct found_hit *h)
{
	double rank = h->t > 0 ? h->t : 0;
	for (size_t i = st->n; i-- > 0;)
		if (!strcmp(st->hits[i]->id, h->id))
			return rank > 0 ? MIN(rank, st->hits[i]->rank) : st->hits[i]->rank;
	return rank;
}

static void
put(struct search_state *st, struct found_hit *h)
{
	if (st->n == st->cap) {
		st->cap = st->cap * 2 + 256;
		st->hits = xrealloc(st->hits, st->cap * sizeof *st->hits);
	}
	st->sessions += !known_session(st, h->id);
	h->rank = rank_of(st, h);
	size_t at = st->n;
	while (at > 0 && st->hits[at - 1]->rank < h->rank)
		at--;
	memmove(st->hits + at + 1, st->hits + at, (st->n - at) * sizeof *st->hits);
	st->hits[at] = h;
	if (st->moved && st->n && at <= st->sel)
		st->sel++;
	st->n++;
}

static void
on_part(struct app *a, json_t *part)
{
	struct search_state *st = app_state(a, &view_search);
	const json_t *hits = json_object_get(part, "hits");
	for (size_t i = 0; st && i < json_array_size(hits); i++) {
		const json_t *j = json_array_get(hits, i);
		struct found_hit *h = xcalloc(1, sizeof *h);
		size_t start = (size_t)json_integer_value(json_object_get(j, "start"));
		size_t end = (size_t)json_integer_value(json_object_get(j, "end"));
		snprintf(h->id, sizeof h->id, "%s", obj_str(j, "id"));
		sanitize(h->name, sizeof h->name, obj_str(j, "name"), strlen(obj_str(j, "name")));
		h->at.line = (uint64_t)json_integer_value(json_object_get(j, "line"));
		h->at.start = json_integer_value(json_object_get(j, "offset")) + (int64_t)start;
		h->t = json_number_value(json_object_get(j, "t"));
		keep_text(h, obj_str(j, "text"), start, end);
		put(st, h);
	}
	a->dirty = true;
}

static void
on_end(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct search_state *st = app_state(a, &view_search);
	(void)id;
	if (!st)
		return;
	st->running = false;
	st->request = 0;
	if (e)
		snprintf(st->error, sizeof st->error, "%s", e->msg);
	st->truncated = json_is_true(json_object_get(reply, "truncated"));
}

static void
stop(struct app *a, struct search_state *st)
{
	if (st->request)
		a->ops.cancel(a->ops.ctx, st->request);
	st->request = 0;
	st->running = false;
}

static void
run(struct app *a, struct search_state *st)
{
	stop(a, st);
	clear(st);
	if (!st->line.len)
		return;
	json_t *args = json_pack("{s:s, s:b, s:i}", "pattern", st->line.text, "regex", st->regex,
		"limit", HITS_ASKED);
	if (st->only[0])
		json_object_set_new(args, "id", json_string(st->only));
	else
		json_object_set_new(args, "per_session",
			json_integer(CLAMP(HITS_ASKED / (json_int_t)MAX(a->m.n, 1u),
				HITS_A_SESSION_MIN, HITS_A_SESSION_MAX)));
	if (spans[st->since].s > 0)
		json_object_set_new(args, "since", json_real(a->now - spans[st->since].s));
	st->running = true;
	st->request = a->ops.stream(a->ops.ctx, "search", args, on_part, on_end);
}

/* --- drawing ---------------------------------------------------------------------------------- */

static const char *
fmt_when(char buf[16], double t, double now)
{
	time_t at = (time_t)t, today = (time_t)now;
	struct tm tm, day;
	if (t <= 0 || !localtime_r(&at, &tm) || !localtime_r(&today, &day))
		snprintf(buf, 16, "%s", "");
	else if (tm.tm_year == day.tm_year && tm.tm_yday == day.tm_yday)
		strftime(buf, 16, "%H:%M", &tm);
	else if (now - t < 6 * 86400)
		strftime(buf, 16, "%a %H:%M", &tm);
	else
		strftime(buf, 16, "%d %b", &tm);
	return buf;
}

/* The line with its match in colour; what comes before is cut so that the match is seen. */
static void
hit_text(struct app *a, const struct found_hit *h, int y, int x, int w)
{
	char head[LINE_KEPT + 8], match[LINE_KEPT + 8];
	snprintf(head, sizeof head, "%.*s", (int)h->from, h->text);
	snprintf(match, sizeof match, "%.*s", (int)(h->to - h->from), h->text + h->from);
	int room = MAX(w - MIN(utf8_width(match), w / 2) - w / 4, 4);
	int n = utf8_width(head) <= room ? draw_text(&a->d, y, x, w, TH_TEXT, head)
					 : draw_cut_left(&a->d, y, x, MIN(room, w), TH_TEXT, head);
	n += draw_cut(&a->d, y, x + n, w - n, TH_MATCH, match);
	draw_cut(&a->d, y, x + n, w - n, TH_TEXT, h->text + h->to);
}

struct columns {
	int when, name, text; /* widths; when 0: no time is known */
};

static struct columns
columns_of(const struct search_state *st, double now, int w)
{
	struct columns c = {0, 7, 0};
	char buf[16];
	double oldest = now;
	for (size_t i = 0; i < st->n; i++) {
		oldest = st->hits[i]->t > 0 ? MIN(oldest, st->hits[i]->t) : oldest;
		c.name = MAX(c.name, utf8_width(st->hits[i]->name) + 2);
	}
	if (oldest < now && w >= 50) /* the longest form of that age or any younger one */
		c.when = utf8_width(fmt_when(buf, MAX(oldest, now - 5 * 86400), now));
	c.name = MIN(c.name, MAX(w / 5, 12));
	c.text = w - 3 - (c.when ? c.when + 2 : 0) - c.name - 2;
	return c;
}

static void
hit_line(struct app *a, const struct search_state *st, size_t i, const struct columns *c, int y,
	int w)
{
	const struct found_hit *h = st->hits[i];
	const struct msess *s = model_find(&a->m, h->id);
	bool again = i > 0 && !strcmp(st->hits[i - 1]->id, h->id);
	char when[16];
	int x = 3;
	a->d.on_sel = i == st->sel;
	if (a->d.on_sel) {
		surface_fill(a->d.s, y, 0, 1, w, " ", draw_style(&a->d, TH_SEL));
		draw_glyph(&a->d, y, 1, TH_MARK, GL_BAR);
	}
	if (c->when) {
		draw_text(&a->d, y, x, c->when, TH_DIM, fmt_when(when, h->t, a->now));
		x += c->when + 2;
	}
	bool live = s && msess_live(s);
	int n = draw_cut(&a->d, y, x, c->name - (live ? 0 : 2),
		again && !a->d.on_sel ? TH_DIM : TH_STRONG, s ? s->name : h->name);
	if (!live)
		draw_glyph(&a->d, y, x + n + 1, s && s->state == MS_ASLEEP ? TH_ASLEEP : TH_ERROR,
			s && s->state == MS_ASLEEP ? GL_SLEEP : GL_FAIL);
	hit_text(a, h, y, x + c->name + 2, c->text);
	a->d.on_sel = false;
	draw_hit(&a->d, HIT_ITEM, y, 0, 1, w, (int)i);
}

static void
list_of(struct app *a, const struct search_state *st, int y, int h, int w)
{
	struct columns c = columns_of(st, a->now, w);
	int x = 3;
	if (h > 3 && st->n) {
		if (c.when) {
			draw_text(&a->d, y, x, c.when, TH_HEAD, "WHEN");
			x += c.when + 2;
		}
		draw_text(&a->d, y, x, c.name, TH_HEAD, "SESSION");
		draw_text(&a->d, y, x + c.name + 2, c.text, TH_HEAD, "LINE");
		y++;
		h--;
	}
	size_t rows = (size_t)MAX(h, 0), top = st->sel > rows / 2 ? st->sel - rows / 2 : 0;
	top = MIN(top, st->n > rows ? st->n - rows : 0);
	for (size_t i = top; i < st->n && i < top + rows; i++) {
		size_t below = st->n - i;
		if (i + 1 == top + rows && below > 1 && st->sel != i && rows > 3) {
			draw_fmt(&a->d, y, 3, w - 4, TH_DIM, "%zu more", below);
			break;
		}
		hit_line(a, st, i, &c, y++, w);
	}
}

/* What was typed has its room first; then what was found, then how it is looked for. */
static void
title(struct app *a, const struct search_state *st, int w)
{
	char note[160], count[96] = "", brief[32] = "";
	const struct msess *only = model_find(&a->m, st->only);
	const char *more = st->truncated ? "+" : st->running ? "…" : "";
	if (st->n) {
		snprintf(count, sizeof count, "%zu%s hit%s in %zu session%s", st->n, more,
			st->n == 1 ? "" : "s", st->sessions, st->sessions == 1 ? "" : "s");
		snprintf(brief, sizeof brief, "%zu%s", st->n, more);
	}
	snprintf(note, sizeof note, "%s   %s", st->regex ? "regex" : "plain text",
		st->only[0] ? (only ? only->name : st->only) : spans[st->since].word);
	int x = 1 + draw_text(&a->d, 0, 1, w - 1, TH_BRAND, "search");
	x += draw_text(&a->d, 0, x + 2, 2, TH_KEY, "> ") + 2;
	int room = w - 1 - x - MAX(utf8_width(st->line.text) + 1, 16), end = w - 1;
	const char *found = utf8_width(count) + 3 <= room ? count : brief;
	bool noted = utf8_width(found) + 3 + utf8_width(note) + 3 <= room;
	if (noted)
		end -= draw_right(&a->d, 0, end, w, TH_DIM, note) + 3;
	if (*found && utf8_width(found) + 2 <= room)
		end -= draw_right(&a->d, 0, end, w, TH_STRONG, found) + (noted ? 3 : 2);
	draw_line(&a->d, &st->line, 0, x, end - x, true, "words in what any session ever printed");
	if (surface_rows(a->d.s) >= 12)
		draw_rule(&a->d, 1, 0, w);
}

/* What stands where hits would: why there are none. */
static void
nothing(struct app *a, const struct search_state *st, int y, int w)
{
	size_t n = a->m.n;
	if (st->error[0]) {
		int x = 3 + draw_glyph(&a->d, y, 3, TH_ERROR, GL_FAIL) + 1;
		draw_cut(&a->d, y, x, w - x - 1, TH_ERROR, st->error);
	} else if (!st->line.len) {
		draw_fmt(&a->d, y, 3, w - 4, TH_DIM, "%zu session%s: running, asleep and ended", n,
			n == 1 ? "" : "s");
		draw_cut(&a->d, y + 1, 3, w - 4, TH_DIM,
			"a word in small letters finds capitals too; ^R takes a regular "
			"expression");
	} else if (!st->running) {
		draw_fmt(&a->d, y, 3, w - 4, TH_DIM, "nothing found%s%s",
			st->only[0] || st->since ? " there: " : "",
			st->only[0] ? "^S searches all sessions"
			: st->since ? "^T looks further back"
				    : "");
	} else {
		draw_text(&a->d, y, 3, w - 4, TH_DIM, "looking …");
	}
}

static void
preview_of(struct app *a, const struct search_state *st, int y, int x, int h, int w)
{
	const struct found_hit *f = st->n ? st->hits[st->sel] : NULL;
	const struct msess *s = f ? model_find(&a->m, f->id) : NULL;
	char when[16], note[64], right[48];
	if (!s || h < 3)
		return;
	fmt_when(when, f->t, a->now);
	snprintf(note, sizeof note, "%s%s%s", msess_word(s), *when ? "   " : "", when);
	snprintf(right, sizeof right, "%zu of %zu", st->sel + 1, st->n);
	draw_titled_rule(&a->d, y, x, w, s->name, note, right, false);
	struct preview_place *p = app_preview(a, s, y + 1, x + 1, h - 1, w - 2);
	p->looks = true;
	p->at.at = f->at;
	p->at.regex = st->regex;
	snprintf(p->at.pattern, sizeof p->at.pattern, "%s", st->line.text);
}

static void
search_draw(struct app *a, void *p)
{
	struct search_state *st = p;
	int w = surface_cols(a->d.s), rows = surface_rows(a->d.s), y = rows >= 12 ? 2 : 1;
	int foot = frame_footer(a, C_SEARCH, NULL, NULL), h = foot - y;
	title(a, st, w);
	if (!st->n)
		nothing(a, st, y + (h > 4), w);
	if (w < 80 || rows < 20) {
		list_of(a, st, y, h, w);
	} else if (w >= 140) {
		int list_w = w / 2;
		list_of(a, st, y, h, list_w);
		if (st->n)
			surface_fill(a->d.s, y, list_w, h, 1, a->d.theme.glyph[GL_V],
				draw_style(&a->d, TH_RULE));
		preview_of(a, st, y, list_w + 1, h, w - list_w - 1);
	} else {
		int list_h = CLAMP((int)st->n + 2, 6, h / 2);
		list_of(a, st, y, list_h - 1, w);
		preview_of(a, st, y + list_h, 0, h - list_h, w);
	}
}

/* --- keys ------------------------------------------------------------------------------------- */

static struct search_state *
state(struct app *a)
{
	return app_state(a, &view_search);
}

static void
move(struct app *a, long by)
{
	struct search_state *st = state(a);
	st->sel = (size_t)CLAMP((long)st->sel + by, 0L, MAX((long)st->n - 1, 0L));
	st->moved = true;
}

void
act_search_up(struct app *a)
{
	move(a, -1);
}

void
act_search_down(struct app *a)
{
	move(a, 1);
}

void
act_search_page_up(struct app *a)
{
	move(a, -10);
}

void
act_search_page_down(struct app *a)
{
	move(a, 10);
}

void
act_search_open(struct app *a)
{
	struct search_state *st = state(a);
	struct text_place at = {.regex = st->regex};
	if (!st->n)
		return;
	const struct found_hit *h = st->hits[st->sel];
	if (!model_find(&a->m, h->id)) {
		app_toast(a, true, "%s was deleted", h->name);
		return;
	}
	at.at = h->at;
	snprintf(at.pattern, sizeof at.pattern, "%s", st->line.text);
	attach_show(a, h->id, &at);
}

void
act_search_regex(struct app *a)
{
	struct search_state *st = state(a);
	st->regex = !st->regex;
	run(a, st);
}

void
act_search_since(struct app *a)
{
	struct search_state *st = state(a);
	st->since = (st->since + 1) % (int)ARRAY_LEN(spans);
	run(a, st);
}

void
act_search_only(struct app *a)
{
	struct search_state *st = state(a);
	char id[16] = "";
	if (!st->only[0] && st->n)
		snprintf(id, sizeof id, "%s", st->hits[st->sel]->id);
	else if (!st->only[0])
		snprintf(id, sizeof id, "%s", a->m.sel);
	memcpy(st->only, id, sizeof st->only);
	run(a, st);
}

void
act_search_copy(struct app *a)
{
	struct search_state *st = state(a);
	if (!st->n)
		return;
	a->ops.copy(a->ops.ctx, st->hits[st->sel]->text, strlen(st->hits[st->sel]->text));
	app_toast(a, false, "copied the line");
}

static bool
search_text(struct app *a, void *p, const struct input_event *ev)
{
	struct search_state *st = p;
	char was[sizeof st->line.text];
	memcpy(was, st->line.text, sizeof was);
	if (!line_input(&st->line, ev))
		return false;
	if (strcmp(was, st->line.text))
		run(a, st);
	return true;
}

static void
search_wheel(struct app *a, void *p, int by)
{
	(void)p;
	move(a, by);
}

static void
search_pick(struct app *a, void *p, int index, bool twice)
{
	struct search_state *st = p;
	st->sel = MIN((size_t)index, st->n ? st->n - 1 : 0);
	st->moved = true;
	if (twice)
		act_search_open(a);
}

static void
search_close(struct app *a, void *p)
{
	struct search_state *st = p;
	stop(a, st);
	clear(st);
	free(st->hits);
}

const struct view view_search = {
	.name = "search",
	.context = C_SEARCH,
	.size = sizeof(struct search_state),
	.close = search_close,
	.draw = search_draw,
	.text = search_text,
	.wheel = search_wheel,
	.pick = search_pick,
};
