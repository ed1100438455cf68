/* The offer to close idle sessions. What may be closed and why not is the server's verdict; here
 * one only chooses among what it calls safe. Nothing is closed before the second button. */
#include "tui/app/frame.h"
#include "tui/view/actions.h"
#include "core/text/width.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cand {
	char id[16], name[64];
	uint64_t bytes;
	bool eligible, worth, on;
	char why[200];
};
struct reap_state {
	struct cand *c;
	size_t n, sel;
	double idle_s; /* limit asked for; 0: the configured one */
	bool loading, forget, on_go, only_worth;
	char error[200];
};

static struct reap_state *
reap(struct app *a)
{
	return app_state(a, &view_reap);
}

/* "draft: typed 2m ago": what is before the colon is for scripts, where the rest says it all. */
static void
take_why(struct cand *c, json_t *reasons)
{
	size_t i, len = 0;
	json_t *r;
	c->why[0] = 0;
	json_array_foreach (reasons, i, r) {
		char one[120];
		const char *s = json_string_value(r);
		if (!s)
			continue;
		sanitize(one, sizeof one, s, strlen(s));
		int k = snprintf(c->why + len, sizeof c->why - len, "%s%s", len ? "; " : "", one);
		len = MIN(len + (size_t)MAX(k, 0), sizeof c->why - 1);
	}
	if (!c->why[0])
		snprintf(c->why, sizeof c->why, "%s",
			c->eligible ? "at rest; nothing running; resumable" : "not safe");
}

static int
cand_cmp(const void *pa, const void *pb)
{
	const struct cand *a = pa, *b = pb;
	if (a->on != b->on)
		return a->on ? -1 : 1;
	if (a->eligible != b->eligible)
		return a->eligible ? -1 : 1;
	return a->bytes != b->bytes ? (a->bytes > b->bytes ? -1 : 1) : strcmp(a->name, b->name);
}

static void
offer_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct reap_state *st = reap(a);
	json_t *list = json_object_get(reply, "candidates"), *o;
	size_t i;
	(void)id;
	if (!st)
		return;
	st->loading = false;
	a->dirty = true;
	if (e) {
		snprintf(st->error, sizeof st->error, "%.199s", e->msg);
		return;
	}
	st->error[0] = 0;
	free(st->c);
	st->n = json_array_size(list);
	st->c = xcalloc(st->n + 1, sizeof *st->c);
	json_array_foreach (list, i, o) {
		struct cand *c = &st->c[i];
		const char *s = json_string_value(json_object_get(o, "id"));
		snprintf(c->id, sizeof c->id, "%s", s ? s : "");
		s = json_string_value(json_object_get(o, "name"));
		sanitize(c->name, sizeof c->name, s ? s : "", s ? strlen(s) : 0);
		c->bytes = (uint64_t)json_number_value(json_object_get(o, "footprint_bytes"));
		c->eligible = json_is_true(json_object_get(o, "eligible"));
		c->worth = json_is_true(json_object_get(o, "worth"));
		c->on = c->eligible && c->worth;
		take_why(c, json_object_get(o, "reasons"));
	}
	qsort(st->c, st->n, sizeof *st->c, cand_cmp);
	st->sel = MIN(st->sel, st->n ? st->n - 1 : 0);
}

static void
ask(struct app *a)
{
	struct reap_state *st = reap(a);
	json_t *args = json_pack("{s:b}", "dry_run", 1);
	if (st->idle_s > 0)
		json_object_set_new(args, "idle", json_real(st->idle_s));
	st->loading = true;
	app_request(a, "reap", args, offer_cb, NULL);
}

static void
reap_open(struct app *a, void *p, const char *arg)
{
	(void)p;
	(void)arg;
	ask(a);
}

static void
reap_close(struct app *a, void *p)
{
	struct reap_state *st = p;
	(void)a;
	free(st->c);
}

static size_t
chosen(const struct reap_state *st, uint64_t *bytes)
{
	size_t n = 0;
	*bytes = 0;
	for (size_t i = 0; i < st->n; i++)
		if (st->c[i].on) {
			n++;
			*bytes += st->c[i].bytes;
		}
	return n;
}

static void
cand_line(struct app *a, struct reap_state *st, int y, int w, size_t i)
{
	const struct cand *c = &st->c[i];
	const struct msess *s = model_find(&a->m, c->id);
	char buf[24], num[16];
	bool wide = w >= 70;
	int name_w = wide ? 18 : 12, x = 5 + name_w + 1;
	enum theme_style th = c->eligible ? TH_TEXT : TH_DIM;
	a->d.on_sel = i == st->sel;
	if (a->d.on_sel) {
		surface_fill(a->d.s, y, 0, 1, w, " ", draw_style(&a->d, TH_SEL));
		draw_glyph(&a->d, y, 0, TH_MARK, GL_BAR);
	}
	if (c->eligible)
		draw_text(&a->d, y, 1, 3, c->on ? TH_REAP_HEAD : TH_TEXT, c->on ? "[x]" : "[ ]");
	else
		draw_text(&a->d, y, 1, 3, TH_DIM, " - ");
	draw_cut(&a->d, y, 5, name_w, c->on ? TH_STRONG : th, c->name);
	if (s)
		draw_right(&a->d, y, x + 6, 6, th, fmt_idle(buf, msess_idle(s, a->now)));
	draw_right(&a->d, y, x + 13, 6, th, fmt_mem(num, (double)c->bytes));
	x += 15;
	if (wide) {
		bool grows = s && s->growth >= GROWTH_FAST;
		if (s && s->has_growth) {
			snprintf(buf, sizeof buf, "%s%s", grows ? a->d.theme.glyph[GL_GROWTH] : "",
				fmt_rate(num, s->growth_bytes_per_h));
			draw_right(&a->d, y, x + 7, 7, grows ? TH_GROW : th, buf);
		}
		x += 10;
	}
	draw_cut(&a->d, y, x, w - x - 1, c->eligible ? TH_OK : TH_DIM, c->why);
	a->d.on_sel = false;
	draw_hit(&a->d, HIT_ITEM, y, 0, 1, w, (int)i);
}

static void
summary(struct app *a, struct reap_state *st, int y, int w)
{
	uint64_t bytes;
	size_t n = chosen(st, &bytes);
	char mem[16], button[48];
	draw_text(&a->d, y, 2, 14, TH_DIM, "Selected");
	int x = 17 + draw_fmt(&a->d, y, 17, 10, TH_STRONG, "%zu", n);
	draw_fmt(&a->d, y, x + 3, w - x - 4, TH_TEXT, "frees about %s (measured again afterwards)",
		fmt_mem(mem, (double)bytes));
	draw_text(&a->d, y + 1, 2, 14, TH_DIM, "Method");
	if (st->forget)
		draw_cut(&a->d, y + 1, 17, w - 18, TH_DANGER,
			"end and forget: nothing can be resumed (d: hibernate instead)");
	else
		draw_cut(&a->d, y + 1, 17, w - 18, TH_TEXT,
			"hibernate: asked to quit, then signals; the row stays, enter wakes it");
	snprintf(button, sizeof button, "%s %zu", st->forget ? "End and forget" : "Hibernate", n);
	x = MAX(2, (w - 34) / 2);
	int len = draw_button(&a->d, y + 3, x, "Cancel", !st->on_go);
	draw_hit(&a->d, HIT_ACTION, y + 3, x, 1, len, ACTION_REAP_CANCEL);
	x += len + 3;
	len = draw_button(&a->d, y + 3, x, button, st->on_go);
	draw_hit(&a->d, HIT_ACTION, y + 3, x, 1, len, ACTION_REAP_GO);
}

static void
reap_rows(struct app *a, struct reap_state *st, int y, int h, int w)
{
	if (st->error[0] || st->loading || st->n == 0) {
		const char *text = st->error[0] ? st->error
						: (st->loading && !st->n ? "asking the server"
									 : "no session runs");
		draw_cut(&a->d, y + 1, 5, w - 6, st->error[0] ? TH_ERROR : TH_DIM, text);
		if (st->n == 0 || st->error[0])
			return;
	}
	bool wide = w >= 70;
	int x = 5 + (wide ? 18 : 12) + 1;
	draw_text(&a->d, y, 5, 12, TH_HEAD, "NAME");
	draw_right(&a->d, y, x + 6, 6, TH_HEAD, "IDLE");
	draw_right(&a->d, y, x + 13, 6, TH_HEAD, "MEM");
	x += 15;
	if (wide) {
		draw_right(&a->d, y, x + 7, 7, TH_HEAD, "MB/H");
		x += 10;
	}
	draw_cut(&a->d, y++, x, w - x - 1, TH_HEAD, "WHY SAFE / WHY NOT");
	h--;
	size_t from = 0;
	if (h > 0 && st->n > (size_t)h)
		from = (size_t)CLAMP((long)st->sel - h / 2, 0, (long)st->n - h);
	for (size_t i = from; i < st->n && (int)(i - from) < h; i++)
		cand_line(a, st, y + (int)(i - from), w, i);
}

static void
reap_draw(struct app *a, void *p)
{
	struct reap_state *st = p;
	char note[96], limit[16];
	int w = surface_cols(a->d.s);
	if (st->idle_s > 0)
		snprintf(note, sizeof note, "idle at least %s (+ -)", fmt_idle(limit, st->idle_s));
	else
		snprintf(note, sizeof note, "idle limit as configured (+ -)");
	int y = draw_title(&a->d, "Close idle sessions", "", note);
	int foot = frame_footer(a, C_REAP, NULL, NULL);
	int sum_h = foot - y >= 9 ? 5 : 0;
	reap_rows(a, st, y, foot - y - sum_h, w);
	if (sum_h && st->n)
		summary(a, st, foot - sum_h, w);
}

void
act_reap_down(struct app *a)
{
	struct reap_state *st = reap(a);
	st->sel += st->sel + 1 < st->n;
}

void
act_reap_up(struct app *a)
{
	struct reap_state *st = reap(a);
	st->sel -= st->sel > 0;
}

void
act_reap_toggle(struct app *a)
{
	struct reap_state *st = reap(a);
	if (st->sel >= st->n)
		return;
	struct cand *c = &st->c[st->sel];
	if (c->eligible)
		c->on = !c->on;
	else
		app_toast(a, true, "%s is not safe to close: %s", c->name, c->why);
}

void
act_reap_all(struct app *a)
{
	struct reap_state *st = reap(a);
	bool all = true;
	for (size_t i = 0; i < st->n; i++)
		all &= !st->c[i].eligible || st->c[i].on;
	for (size_t i = 0; i < st->n; i++)
		st->c[i].on = st->c[i].eligible && !all;
}

static void
limit_move(struct app *a, int by)
{
	static const double steps[] = {60, 300, 900, 1800, 3600, 7200, 6 * 3600, 86400, 7 * 86400};
	struct reap_state *st = reap(a);
	int at = 5;
	for (size_t i = 0; st->idle_s > 0 && i < ARRAY_LEN(steps); i++)
		if (steps[i] <= st->idle_s)
			at = (int)i;
	st->idle_s = steps[CLAMP(at + by, 0, (int)ARRAY_LEN(steps) - 1)];
	ask(a);
}

void
act_reap_more(struct app *a)
{
	limit_move(a, 1);
}

void
act_reap_less(struct app *a)
{
	limit_move(a, -1);
}

void
act_reap_forget(struct app *a)
{
	reap(a)->forget = !reap(a)->forget;
}

void
act_reap_button(struct app *a)
{
	reap(a)->on_go = !reap(a)->on_go;
}

static void
forget_ended_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	size_t i;
	json_t *r, *ids = json_array();
	(void)id;
	if (e)
		app_error(a, "kill", e);
	json_array_foreach (json_object_get(reply, "results"), i, r)
		if (json_is_true(json_object_get(r, "ok")))
			json_array_append(ids, json_object_get(r, "id"));
	if (json_array_size(ids) == 0) {
		json_decref(ids);
		return;
	}
	app_toast(a, false, "ended and forgot %zu", json_array_size(ids));
	app_request(a, "forget", json_pack("{s:o}", "ids", ids), NULL, NULL);
}

void
act_reap_go(struct app *a)
{
	struct reap_state *st = reap(a);
	uint64_t bytes;
	size_t n = chosen(st, &bytes);
	if (n == 0) {
		app_toast(a, true, "none chosen (space chooses)");
		return;
	}
	bool forget = st->forget;
	json_t *args = json_object(), *ids = json_array();
	for (size_t i = 0; i < st->n; i++)
		if (st->c[i].on)
			json_array_append_new(ids, json_string(st->c[i].id));
	json_object_set_new(args, "ids", ids);
	app_pop(a);
	app_toast(a, false, "closing %zu", n);
	app_request(a, forget ? "kill" : "hibernate", args,
		forget ? forget_ended_cb : app_hibernated, NULL);
}

void
act_reap_press(struct app *a)
{
	if (reap(a)->on_go)
		act_reap_go(a);
	else
		app_pop(a);
}

static void
reap_pick(struct app *a, void *p, int index, bool twice)
{
	struct reap_state *st = p;
	(void)twice;
	st->sel = MIN((size_t)index, st->n ? st->n - 1 : 0);
	act_reap_toggle(a);
}

static void
reap_wheel(struct app *a, void *p, int by)
{
	(void)p;
	if (by < 0)
		act_reap_up(a);
	else
		act_reap_down(a);
}

const struct view view_reap = {
	.name = "reap",
	.context = C_REAP,
	.size = sizeof(struct reap_state),
	.open = reap_open,
	.close = reap_close,
	.draw = reap_draw,
	.pick = reap_pick,
	.wheel = reap_wheel,
};
