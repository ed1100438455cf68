/* The offer to put idle sessions to sleep, in two parts: those that can, those that cannot, with one
 * reason each. Which is which is the server's verdict; here one only chooses among what it calls
 * safe. Nothing happens before the second button. */
#include "tui/app/frame.h"
#include "tui/view/actions.h"
#include "core/text/width.h"
#include "tui/model/reason.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cand {
	char id[16], name[64];
	uint64_t bytes;
	bool eligible, worth, on;
	double idle_s, passes_s; /* passes: until nothing but time stands against it */
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

/* One decisive reason: the first, which is the server's strongest. */
static void
take_why(struct cand *c, json_t *reasons)
{
	const char *first = json_string_value(json_array_get(reasons, 0));
	char clean[160];
	c->passes_s = INFINITY;
	if (c->eligible) {
		snprintf(c->why, sizeof c->why,
			c->worth ? "its conversation is kept" : "little to gain");
		return;
	}
	if (!first)
		first = "not safe";
	sanitize(clean, sizeof clean, first, strlen(first));
	reason_words(clean, c->idle_s, c->why, sizeof c->why);
	if (json_array_size(reasons) == 1)
		c->passes_s = reason_passes(clean, c->idle_s);
}

static int
cand_cmp(const void *pa, const void *pb)
{
	const struct cand *a = pa, *b = pb;
	if (a->on != b->on)
		return a->on ? -1 : 1;
	if (a->eligible != b->eligible)
		return a->eligible ? -1 : 1;
	if (a->passes_s != b->passes_s)
		return a->passes_s < b->passes_s ? -1 : 1;
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
		const struct msess *m = model_find(&a->m, c->id);
		c->idle_s = m ? msess_idle(m, a->now) : 0;
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
	char buf[24], why[232];
	bool grows = s && s->growth >= GROWTH_FAST;
	int name_w = w >= 70 ? 20 : 12, x = 5 + name_w + 1;
	enum theme_style th = c->eligible ? TH_TEXT : TH_DIM;
	a->d.on_sel = i == st->sel;
	if (a->d.on_sel) {
		surface_fill(a->d.s, y, 0, 1, w, " ", draw_style(&a->d, TH_SEL));
		draw_glyph(&a->d, y, 0, TH_MARK, GL_BAR);
	}
	if (c->eligible)
		draw_text(&a->d, y, 1, 3, c->on ? TH_REAP_HEAD : TH_TEXT, c->on ? "[x]" : "[ ]");
	else
		draw_glyph(&a->d, y, 2, TH_DIM, GL_DOT);
	draw_cut(&a->d, y, 5, name_w, c->on ? TH_STRONG : th, c->name);
	draw_right(&a->d, y, x + 6, 6, th, fmt_idle(buf, c->idle_s));
	draw_right(&a->d, y, x + 13, 6, th, fmt_mem(buf, (double)c->bytes));
	x += 16;
	if (grows)
		draw_glyph(&a->d, y, x, TH_GROW, GL_GROWTH);
	snprintf(why, sizeof why, "%s%s", grows && c->eligible ? "growing; " : "", c->why);
	draw_cut(&a->d, y, x + 2, w - x - 3, c->on ? TH_TEXT : TH_DIM, why);
	a->d.on_sel = false;
	draw_hit(&a->d, HIT_ITEM, y, 0, 1, w, (int)i);
}

static void
button_text(const struct app *a, const struct reap_state *st, char *out, size_t cap)
{
	uint64_t bytes;
	char mem[16];
	size_t n = chosen(st, &bytes);
	int len = snprintf(out, cap, "%s %zu%s", st->forget ? "End and delete" : "Put", n,
		st->forget ? "" : " to sleep");
	if (surface_cols(a->d.s) >= 60) /* where it is narrow, both buttons come first */
		snprintf(out + len, cap - (size_t)len, ", free %s", fmt_mem(mem, (double)bytes));
}

/* Both, at any size: the words give way, not the buttons. */
static void
buttons(struct app *a, struct reap_state *st, int y, int w)
{
	char go[64];
	uint64_t bytes;
	bool narrow = w < 34;
	button_text(a, st, go, sizeof go);
	if (narrow)
		snprintf(go, sizeof go, "%s %zu", st->forget ? "End" : "Put", chosen(st, &bytes));
	int x = MAX(0, (w - 10 - 3 - utf8_width(go) - 4) / 2);
	int len = draw_button(&a->d, y, x, narrow ? "No" : "Cancel", !st->on_go);
	draw_hit(&a->d, HIT_ACTION, y, x, 1, len, ACTION_REAP_CANCEL);
	x += len + (narrow ? 1 : 3);
	len = draw_button(&a->d, y, x, go, st->on_go);
	draw_hit(&a->d, HIT_ACTION, y, x, 1, len, ACTION_REAP_GO);
}

static void
summary(struct app *a, struct reap_state *st, int y, int w)
{
	draw_cut(&a->d, y, 2, w - 3, st->forget ? TH_DANGER : TH_DIM,
		st->forget
			? "What is deleted cannot be brought back. d: put to sleep instead"
			: "Each is asked to quit; its row stays, and Enter wakes it where it was.");
	buttons(a, st, y + 2, w);
}

static const char *
in_minutes(double s, char out[16])
{
	snprintf(out, 16, "%.0f min", ceil(s / 60));
	return out;
}

/* The head of a part; where nothing can sleep, when the first one can. */
static void
part_head(struct app *a, struct reap_state *st, int y, int w, bool now)
{
	size_t n = 0;
	double first = INFINITY;
	char text[64], in[16];
	for (size_t i = 0; i < st->n; i++) {
		n += st->c[i].eligible == now;
		first = MIN(first, st->c[i].passes_s);
	}
	int x = 1 + draw_fmt(&a->d, y, 1, w, now ? TH_REAP_HEAD : TH_STRONG, "%s %zu",
			    now ? "CAN SLEEP NOW" : "NOT NOW", n);
	if (!now || n)
		return;
	if (isfinite(first))
		snprintf(text, sizeof text, "the first one in %s",
			first < 90 * 60 ? in_minutes(first, in) : fmt_idle(in, first));
	else
		snprintf(text, sizeof text, "once one has rested long enough: see below");
	draw_cut(&a->d, y, x + 3, w - x - 4, TH_DIM, text);
}

static void
reap_rows(struct app *a, struct reap_state *st, int y, int h, int w)
{
	if (st->error[0] || st->n == 0) {
		const char *text = st->error[0] ? st->error
						: (st->loading ? "asking the server"
							       : "no session is running");
		draw_cut(&a->d, y + 1, 5, w - 6, st->error[0] ? TH_ERROR : TH_DIM, text);
		return;
	}
	size_t can = 0, from = 0, lines = st->n + 2;
	while (can < st->n && st->c[can].eligible)
		can++;
	/* both heads are lines too: line 0, and the one before the first that cannot */
	size_t sel = st->sel + 1 + (st->sel >= can);
	if (h > 0 && lines > (size_t)h)
		from = (size_t)CLAMP((long)sel - h / 2, 0, (long)lines - h);
	for (size_t l = from; l < lines && (int)(l - from) < h; l++) {
		int row = y + (int)(l - from);
		if (l == 0 || l == can + 1)
			part_head(a, st, row, w, l == 0);
		else
			cand_line(a, st, row, w, l - 1 - (l > can));
	}
}

static void
reap_draw(struct app *a, void *p)
{
	struct reap_state *st = p;
	char note[96], limit[16], frees[32] = "", mem[16];
	int w = surface_cols(a->d.s);
	uint64_t bytes;
	if (chosen(st, &bytes))
		snprintf(frees, sizeof frees, "   frees %s", fmt_mem(mem, (double)bytes));
	if (st->idle_s > 0)
		snprintf(note, sizeof note, "idle for at least [%s]  - +%s",
			fmt_idle(limit, st->idle_s), frees);
	else
		snprintf(note, sizeof note, "idle limit as configured  - +%s", frees);
	int y = draw_title(&a->d, "Put idle sessions to sleep", "", note);
	int foot = frame_footer(a, C_REAP, NULL, NULL);
	int sum_h = !st->n ? 0 : foot - y >= 8 ? 4 : foot - y >= 3 ? 1 : 0;
	reap_rows(a, st, y, foot - y - sum_h, w);
	if (sum_h == 1)
		buttons(a, st, foot - 1, w);
	else if (sum_h)
		summary(a, st, foot - sum_h + 1, w);
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
	app_toast(a, false, "%zu ended and deleted", json_array_size(ids));
	app_request(a, "forget", json_pack("{s:o}", "ids", ids), NULL, NULL);
}

void
act_reap_go(struct app *a)
{
	struct reap_state *st = reap(a);
	uint64_t bytes;
	size_t n = chosen(st, &bytes);
	if (n == 0) {
		app_toast(a, true, "nothing chosen (space chooses)");
		return;
	}
	bool forget = st->forget;
	json_t *args = json_object(), *ids = json_array();
	char one[64] = "";
	for (size_t i = 0; i < st->n; i++)
		if (st->c[i].on) {
			json_array_append_new(ids, json_string(st->c[i].id));
			snprintf(one, sizeof one, "%s", st->c[i].name);
		}
	json_object_set_new(args, "ids", ids);
	app_pop(a);
	if (forget)
		app_request(a, "kill", args, forget_ended_cb, NULL);
	else
		app_sleep(a, args, n == 1 ? one : NULL, n);
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
