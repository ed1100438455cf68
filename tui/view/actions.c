/* What keys do on the main screen and on a session. Each asks the server; what the screen then
 * shows comes back as an event. */
#include "tui/app/dialog.h"
#include "tui/app/text.h"
#include "tui/attach/attach.h"
#include "tui/app/frame.h"
#include "tui/model/reason.h"
#include "tui/view/actions.h"
#include "tui/view/list.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct list_state *
list(struct app *a)
{
	return app_state(a, &view_list);
}

/* Keys move the selection, or the preview when that has the focus. */
static void
move(struct app *a, long by)
{
	struct list_state *st = list(a);
	if (app_top(a) == &view_list && st->focus_preview) {
		app_turn(a, by);
		return;
	}
	a->back = 0;
	if (app_top(a) == &view_list && st->wall) {
		wall_move(a, st, 0, (int)by);
		return;
	}
	model_move(&a->m, by);
}

void
act_down(struct app *a)
{
	move(a, 1);
}

void
act_up(struct app *a)
{
	move(a, -1);
}

void
act_top(struct app *a)
{
	move(a, -100000);
}

void
act_bottom(struct app *a)
{
	move(a, 100000);
}

void
act_page_down(struct app *a)
{
	move(a, 10);
}

void
act_page_up(struct app *a)
{
	move(a, -10);
}

/* The one that waits longest; from one that waits, the next longest. */
void
act_next_need(struct app *a)
{
	const struct msess *here = model_selected(&a->m), *next = NULL, *longest = NULL;
	bool from = here && msess_group(here) == GR_NEEDS;
	for (size_t i = 0; i < a->m.n_needs; i++) {
		const struct msess *s = a->m.shown[i];
		if (!longest || s->rest_at < longest->rest_at)
			longest = s;
		if (from && s->rest_at > here->rest_at && (!next || s->rest_at < next->rest_at))
			next = s;
	}
	if (!longest) {
		app_toast(a, false, "no session needs you");
		return;
	}
	model_select(&a->m, next ? next->id : longest->id);
}

static void
fold(struct app *a, bool folded)
{
	struct list_state *st = list(a);
	long at = model_index(&a->m, a->m.sel);
	if (st->wall)
		wall_move(a, st, folded ? -1 : 1, 0);
	else if (at >= 0 && (size_t)at < a->m.n_needs && folded)
		app_toast(a, true, "sessions that need you are never folded away");
	else if (at >= 0)
		model_fold(&a->m, (size_t)at, folded);
}

void
act_fold(struct app *a)
{
	fold(a, true);
}

void
act_unfold(struct app *a)
{
	fold(a, false);
}

void
act_wall(struct app *a)
{
	struct list_state *st = list(a);
	st->wall = !st->wall;
	a->back = 0;
}

static void
tiles(struct app *a, int by)
{
	struct list_state *st = list(a);
	if (!st->tiles_shown) {
		app_toast(a, true, "there are no tiles here (w shows the wall)");
		return;
	}
	st->tiles = CLAMP((st->tiles ? st->tiles : st->tiles_shown) + by, 1, TILES_MAX - 1);
}

void
act_tiles_more(struct app *a)
{
	tiles(a, 1);
}

void
act_tiles_less(struct app *a)
{
	tiles(a, -1);
}

void
act_group(struct app *a)
{
	static const char *const by[] = {"state", "project", "tag"};
	a->m.by = (a->m.by + 1) % BY_COUNT;
	app_changed(a);
	app_toast(a, false, "grouped by %s", by[a->m.by]);
}

void
act_focus(struct app *a)
{
	struct list_state *st = list(a);
	st->focus_preview = !st->focus_preview;
	a->back = 0;
}

void
act_back(struct app *a)
{
	struct list_state *st = list(a);
	bool marked = false;
	for (size_t i = 0; i < a->m.n; i++) {
		marked |= a->m.all[i]->marked;
		a->m.all[i]->marked = false;
	}
	if (marked)
		return;
	if (st->focus_preview) {
		act_focus(a);
		return;
	}
	if (st->wall) {
		st->wall = false;
		return;
	}
	a->m.filter[0] = 0;
	app_changed(a);
}

void
act_close(struct app *a)
{
	app_pop(a);
}

void
act_quit(struct app *a)
{
	a->ops.quit(a->ops.ctx);
}

void
act_redraw(struct app *a)
{
	a->repaint = true;
}

/* What is said of commands on one or several sessions when they are done. */
struct said {
	const char *one, *many; /* of its name; of how many */
	bool undo;
};
static const struct said said_slept = {"is asleep", "asleep", true},
			 said_woke = {"is awake", "awake", false},
			 said_ended = {"ended", "ended", false},
			 said_deleted = {"deleted", "deleted", false};

/* Answers hold one result each. */
static void
results_cb(struct app *a, const struct said *said, json_t *reply, const struct err *e)
{
	size_t i, ok = 0;
	double freed = 0;
	json_t *r;
	char mem[32] = ", freed ";
	const char *last = "", *bad = NULL, *bad_name = "";
	if (e) {
		app_toast(a, true, "%s", e->msg);
		return;
	}
	if (said->undo)
		a->n_undo = 0;
	json_array_foreach (json_object_get(reply, "results"), i, r) {
		const char *name = json_string_value(json_object_get(r, "name"));
		const char *id = json_string_value(json_object_get(r, "id"));
		if (!json_is_true(json_object_get(r, "ok"))) {
			bad = json_string_value(json_object_get(r, "error"));
			bad_name = name ? name : "";
			continue;
		}
		ok++;
		last = name ? name : "";
		freed += json_number_value(json_object_get(r, "freed_bytes"));
		if (said->undo && id && a->n_undo < UNDO_MAX)
			snprintf(a->undo[a->n_undo++], sizeof a->undo[0], "%s", id);
	}
	if (freed > 0)
		fmt_mem(mem + strlen(mem), freed);
	else
		mem[0] = 0;
	char why[160];
	if (bad && reason_words(bad, 0, why, sizeof why))
		app_toast(a, true, "%s not now: %s", bad_name, why);
	else if (bad)
		app_toast(a, true, "%s: %s", bad_name, bad);
	else if (ok == 1)
		app_toast(a, false, "%s %s%s", last, said->one, mem);
	else
		app_toast(a, false, "%zu %s%s", ok, said->many, mem);
	if (a->n_undo && said->undo && ok)
		a->toasts[(a->n_toasts - 1) % TOAST_LOG].undo = true;
}

static void
slept_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	app_done(a, id);
	a->n_sleeping -= a->n_sleeping > 0;
	results_cb(a, &said_slept, reply, e);
	if (a->undo_due && a->n_sleeping == 0) {
		a->undo_due = false;
		if (a->n_undo)
			act_undo(a);
	}
}

void
app_sleep(struct app *a, json_t *take_args, const char *name, size_t n)
{
	char task[16], what[64];
	snprintf(what, sizeof what, "%zu sessions", n);
	app_doing(a, task, "putting %s to sleep", name ? name : what);
	a->toasts[(a->n_toasts - 1) % TOAST_LOG].undo = true;
	a->n_sleeping++;
	app_request(a, "hibernate", take_args, slept_cb, task);
}

static void
resumed_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	app_done(a, id);
	results_cb(a, &said_woke, reply, e);
}

static void
ended_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	app_done(a, id);
	results_cb(a, &said_ended, reply, e);
}

static void
deleted_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	(void)id;
	results_cb(a, &said_deleted, reply, e);
}

static void
quiet_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	(void)id;
	(void)reply;
	if (e)
		app_toast(a, true, "%s", e->msg);
}

static void
attach_woken_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	json_t *r = json_array_get(json_object_get(reply, "results"), 0);
	if (e)
		app_toast(a, true, "%s", e->msg);
	else if (r && !json_is_true(json_object_get(r, "ok")))
		results_cb(a, &said_woke, reply, NULL);
	else
		attach_show(a, id, NULL);
}

static void
start_yes(struct app *a, const char *id)
{
	app_request(a, "resume", json_pack("{s:[s]}", "ids", id), attach_woken_cb, id);
}

void
act_attach(struct app *a)
{
	struct msess *s;
	if (a->m.n_shown == 0 && !a->m.filter[0]) {
		act_new(a);
		return;
	}
	s = app_subject(a);
	if (!s)
		return;
	char title[96];
	if (msess_live(s)) {
		attach_show(a, s->id, NULL);
	} else if (s->state == MS_EXITED) {
		snprintf(title, sizeof title, "%s has ended", s->name);
		app_confirm(
			a, title, "Restart it in the same directory?", "Restart", start_yes, s->id);
	} else {
		start_yes(a, s->id);
	}
}

static void
wake(struct app *a, json_t *take_ids)
{
	char task[16], what[64];
	size_t n = json_array_size(take_ids);
	const struct msess *s =
		n == 1 ? model_find(&a->m, json_string_value(json_array_get(take_ids, 0))) : NULL;
	snprintf(what, sizeof what, "%zu sessions", n);
	app_doing(a, task, "waking %s", s ? s->name : what);
	app_request(a, "resume", json_pack("{s:o}", "ids", take_ids), resumed_cb, task);
}

void
act_resume(struct app *a)
{
	if (app_subject(a))
		wake(a, app_subjects(a));
}

static void
answered_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct msess *s = model_find(&a->m, id);
	(void)reply;
	if (e)
		app_toast(a, true, "not answered: %s", e->msg);
	else
		app_toast(a, false, "%s is answered", s ? s->name : id);
}

void
app_answer(struct app *a, const struct msess *s, const char *key)
{
	bool known = s->n_options == 0;
	if (msess_group(s) != GR_NEEDS || !s->prompt[0]) {
		app_toast(a, true, "%s has no question", s->name);
		return;
	}
	for (int i = 0; i < s->n_options; i++)
		known |= !strcmp(s->options[i].key, key);
	if (!known) { /* nothing is typed into it by mistake */
		app_toast(a, true, "no option %s: %s–%s", key, s->options[0].key,
			s->options[s->n_options - 1].key);
		return;
	}
	app_request(a, "answer",
		json_pack("{s:s, s:s, s:s}", "id", s->id, "key", key, "prompt", s->prompt),
		answered_cb, s->id);
}

void
act_answer(struct app *a)
{
	char key[2] = {(char)a->key.key, 0};
	struct msess *s = app_subject(a);
	if (s)
		app_answer(a, s, key);
}

void
act_hibernate(struct app *a)
{
	if (!app_subject(a))
		return;
	json_t *ids = app_subjects(a);
	size_t n = json_array_size(ids);
	struct msess *s =
		n == 1 ? model_find(&a->m, json_string_value(json_array_get(ids, 0))) : NULL;
	if (s && s->state == MS_ASLEEP) {
		app_toast(a, true, "%s is already asleep (Enter wakes it)", s->name);
		json_decref(ids);
		return;
	}
	if (s && !msess_live(s)) {
		app_toast(a, true, "%s is not running", s->name);
		json_decref(ids);
		return;
	}
	app_sleep(a, json_pack("{s:o}", "ids", ids), s ? s->name : NULL, n);
}

void
act_undo(struct app *a)
{
	if (a->n_sleeping) {
		a->undo_due = true;
		app_toast(a, false, "it wakes as soon as it is asleep");
		return;
	}
	if (a->n_undo == 0) {
		app_toast(a, true, "nothing to undo");
		return;
	}
	json_t *ids = json_array();
	for (int i = 0; i < a->n_undo; i++)
		json_array_append_new(ids, json_string(a->undo[i]));
	a->n_undo = 0;
	wake(a, ids);
}

/* ids: comma separated, as the question was about them. */
static void
on_ids(struct app *a, const char *verb, const char *ids, app_reply_cb cb, const char *task)
{
	json_t *list_of = json_array();
	char buf[UNDO_MAX * 16];
	snprintf(buf, sizeof buf, "%s", ids);
	for (char *save, *id = strtok_r(buf, ",", &save); id; id = strtok_r(NULL, ",", &save))
		json_array_append_new(list_of, json_string(id));
	app_request(a, verb, json_pack("{s:o}", "ids", list_of), cb, task);
}

static void
stop_yes(struct app *a, const char *ids)
{
	char task[16];
	const struct msess *s = model_find(&a->m, ids);
	app_doing(a, task, "ending %s", s ? s->name : "the sessions");
	on_ids(a, "kill", ids, ended_cb, task);
}

static void
delete_yes(struct app *a, const char *ids)
{
	on_ids(a, "forget", ids, deleted_cb, NULL);
}

/* The ids a dialog is about, joined, and how to call them. */
static size_t
subjects_text(struct app *a, char *ids, size_t cap, char *what, size_t what_cap)
{
	json_t *list_of = app_subjects(a), *id;
	size_t i, n = json_array_size(list_of), len = 0;
	ids[0] = 0;
	json_array_foreach (list_of, i, id) {
		int k = snprintf(ids + len, cap - len, "%s%s", i ? "," : "", json_string_value(id));
		len = MIN(len + (size_t)MAX(k, 0), cap - 1);
	}
	struct msess *s = n == 1 ? model_find(&a->m, ids) : NULL;
	if (s)
		snprintf(what, what_cap, "%s", s->name);
	else
		snprintf(what, what_cap, "%zu sessions", n);
	json_decref(list_of);
	return n;
}

void
act_stop(struct app *a)
{
	char ids[UNDO_MAX * 16], what[80], title[96], text[256];
	struct msess *s = app_subject(a);
	if (!s || !subjects_text(a, ids, sizeof ids, what, sizeof what))
		return;
	if (!strchr(ids, ',') && !msess_live(s)) {
		app_toast(a, true, "%s is not running", s->name);
		return;
	}
	snprintf(title, sizeof title, "End %s?", what);
	bool many = strchr(ids, ',');
	snprintf(text, sizeof text,
		"%s ends, with everything it started.\nWhat it printed stays readable.%s",
		many ? "Each of them" : what,
		many || *s->conversation
			? " z puts it to sleep instead, and keeps its conversation."
			: "");
	app_confirm(a, title, text, "End", stop_yes, ids);
}

void
act_forget(struct app *a)
{
	char ids[UNDO_MAX * 16], what[80], title[96];
	struct msess *s = app_subject(a);
	if (!s || !subjects_text(a, ids, sizeof ids, what, sizeof what))
		return;
	snprintf(title, sizeof title, "Delete %s?", what);
	app_confirm(a, title,
		"Its screen, scrollback and memory history are deleted. This cannot be undone.",
		"Delete", delete_yes, ids);
}

void
act_mark(struct app *a)
{
	struct msess *s = app_subject(a);
	if (s) {
		s->marked = !s->marked;
		model_move(&a->m, 1);
	}
}

static void
rename_to(struct app *a, const char *id, const char *text)
{
	if (*text)
		app_request(a, "rename", json_pack("{s:s, s:s}", "id", id, "name", text), quiet_cb,
			NULL);
}

void
act_rename(struct app *a)
{
	struct msess *s = app_subject(a);
	if (s)
		app_ask(a, "New name", s->name, rename_to, s->id);
}

/* Says what failed; what worked is seen. */
static void
each_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	size_t i;
	json_t *r;
	(void)id;
	if (e)
		app_toast(a, true, "%s", e->msg);
	json_array_foreach (json_object_get(reply, "results"), i, r) {
		const char *name = json_string_value(json_object_get(r, "name"));
		const char *why = json_string_value(json_object_get(r, "error"));
		if (!json_is_true(json_object_get(r, "ok")))
			app_toast(a, true, "%s: %s", name ? name : "", why ? why : "failed");
	}
}

/* One request for all the sessions a command is about; their marks have done their work. */
static void
for_each(struct app *a, const char *verb, const char *key, json_t *take_value)
{
	app_request(a, verb, json_pack("{s:o, s:o}", "ids", app_subjects(a), key, take_value),
		each_cb, NULL);
	for (size_t i = 0; i < a->m.n; i++)
		a->m.all[i]->marked = false;
}

void
act_pin(struct app *a)
{
	struct msess *s = app_subject(a);
	if (s)
		for_each(a, "pin", "pinned", json_boolean(!s->pinned));
}

static void
tag_with(struct app *a, const char *id, const char *text)
{
	(void)id;
	if (*text)
		for_each(a, "tag", "tag", json_string(text + (*text == '#')));
}

void
act_tag(struct app *a)
{
	struct msess *s = app_subject(a);
	if (s)
		app_ask(a, "Tag", "", tag_with, s->id);
}

static void
untag_with(struct app *a, const char *id, const char *text)
{
	(void)id;
	if (*text)
		for_each(a, "untag", "tag", json_string(text + (*text == '#')));
}

void
act_untag(struct app *a)
{
	struct msess *s = app_subject(a);
	char first[40];
	if (!s)
		return;
	if (!*s->tags) {
		app_toast(a, true, "%s has no tag", s->name);
		return;
	}
	snprintf(first, sizeof first, "%.*s", (int)strcspn(s->tags, " "), s->tags);
	app_ask(a, "Tag to take off", first, untag_with, s->id);
}

static void
note_with(struct app *a, const char *id, const char *text)
{
	(void)id;
	for_each(a, "note", "note", json_string(text));
}

void
act_note(struct app *a)
{
	struct msess *s = app_subject(a);
	if (s)
		app_ask(a, "Note", s->note, note_with, s->id);
}

void
act_archive(struct app *a)
{
	struct msess *s = app_subject(a);
	if (!s)
		return;
	bool away = !s->archived;
	json_t *ids = app_subjects(a);
	char many[32];
	snprintf(many, sizeof many, "%zu sessions", json_array_size(ids));
	const char *what = json_array_size(ids) == 1 ? s->name : many;
	json_decref(ids);
	for_each(a, "archive", "archived", json_boolean(away));
	if (away)
		app_toast(a, false, "archived %s (a shows what is archived)", what);
	else
		app_toast(a, false, "%s back in the list", what);
}

static void
send_text(struct app *a, const char *id, const char *text)
{
	if (*text)
		app_request(
			a, "send", json_pack("{s:s, s:s}", "id", id, "text", text), quiet_cb, NULL);
}

void
act_send(struct app *a)
{
	struct msess *s = app_subject(a);
	if (s)
		app_ask(a, "Text to type", "", send_text, s->id);
}

void
act_sort(struct app *a)
{
	a->m.sort = (a->m.sort + 1) % SORT_COUNT;
	app_changed(a);
}

void
act_ended(struct app *a)
{
	a->m.show_ended = !a->m.show_ended;
	app_changed(a);
}

void
act_filter(struct app *a)
{
	struct list_state *st = list(a);
	st->filtering = true;
	line_set(&st->filter, a->m.filter);
}

void
act_peek(struct app *a)
{
	if (app_subject(a))
		app_push(a, &view_peek, NULL);
}

void
act_new(struct app *a)
{
	app_push(a, &view_new, NULL);
}

void
act_reap(struct app *a)
{
	app_push(a, &view_reap, NULL);
}

void
act_search(struct app *a)
{
	app_push(a, &view_search, NULL);
}

void
act_memory(struct app *a)
{
	struct msess *s = app_subject(a);
	if (s)
		app_push(a, &view_history, s->id);
}

void
act_palette(struct app *a)
{
	app_push(a, &view_palette, NULL);
}

void
act_log(struct app *a)
{
	struct buf b = {0};
	unsigned from = a->n_toasts > TOAST_LOG ? a->n_toasts - TOAST_LOG : 0;
	for (unsigned i = from; i < a->n_toasts; i++) {
		const struct toast *t = &a->toasts[i % TOAST_LOG];
		char ago[16];
		buf_printf(&b, "%8s ago   %s%s\n", fmt_idle(ago, a->now - t->at),
			t->bad ? "failed: " : "", t->text);
	}
	if (b.len == 0)
		buf_puts(&b, "no messages yet\n");
	app_show_text(a, "Messages", buf_cstr(&b));
}
