/* After the prefix key: what can be done here, who else waits, and the dialog before anything ends.
 */
#include "tui/attach/attach_priv.h"

#include "core/text/width.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct style dim = {.attrs = ATTR_FAINT};
static const struct style bold = {.attrs = ATTR_BOLD};
static const struct style inverse = {.attrs = ATTR_INVERSE};
static const struct style needs = {.fg = COLOR_INDEX | 3, .attrs = ATTR_BOLD};

/* --- the other sessions ----------------------------------------------------------------------- */

static const char *
str(const json_t *s, const char *key)
{
	const char *v = json_string_value(json_object_get(s, key));
	return v ? v : "";
}

static bool
waits(const json_t *s)
{
	return !strcmp(str(s, "activity"), "permission") || !strcmp(str(s, "activity"), "question");
}

static json_t *
sessions_of(const struct attach *a)
{
	return a->ls ? json_object_get(a->ls, "sessions") : NULL;
}

static const json_t *
this_session(const struct attach *a)
{
	size_t i;
	json_t *s;
	json_array_foreach (sessions_of(a), i, s) {
		if (!strcmp(str(s, "id"), a->id))
			return s;
	}
	return NULL;
}

/* Waiting sessions in the list's order, beginning after this one; step -1: before it. */
static const json_t *
waiting_from_here(const struct attach *a, int step)
{
	json_t *all = sessions_of(a);
	long n = (long)json_array_size(all), here = 0;
	for (long i = 0; i < n; i++)
		if (!strcmp(str(json_array_get(all, (size_t)i), "id"), a->id))
			here = i;
	for (long k = 1; k < n; k++) {
		const json_t *s = json_array_get(all, (size_t)(((here + step * k) % n + n) % n));
		if (waits(s))
			return s;
	}
	return NULL;
}

int
attach_others_waiting(const struct attach *a, const char **first_name)
{
	size_t i;
	json_t *s;
	int n = 0;
	const json_t *next = waiting_from_here(a, 1);
	*first_name = next ? str(next, "name") : "";
	json_array_foreach (sessions_of(a), i, s) {
		n += waits(s) && strcmp(str(s, "id"), a->id) != 0;
	}
	return n;
}

static void
on_listed(void *ctx, json_t *reply, const struct err *e)
{
	struct attach *a = attach_check(ctx);
	void (*then)(struct attach *) = a->when_listed;
	a->when_listed = NULL;
	if (a->done)
		return;
	if (reply) {
		json_decref(a->ls);
		a->ls = json_incref(reply);
	} else {
		attach_say(a, "%s", e->msg);
	}
	if (then)
		then(a);
	attach_mode(a, a->mode);
}

static void
go_to(struct attach *a, const json_t *s)
{
	if (!s || !strcmp(str(s, "id"), a->id))
		return;
	snprintf(a->before, sizeof(a->before), "%s", a->id);
	attach_open(a, str(s, "id"));
}

static void
go_next(struct attach *a)
{
	const json_t *s = waiting_from_here(a, 1);
	if (!s)
		attach_say(a, "no other session needs you");
	go_to(a, s);
}

static void
go_previous(struct attach *a)
{
	const json_t *s = waiting_from_here(a, -1);
	if (s)
		go_to(a, s);
	else if (*a->before) {
		char id[sizeof(a->before)];
		memcpy(id, a->before, sizeof(id)); /* opening writes before */
		attach_open(a, id);
	} else
		attach_say(a, "no other session needs you");
}

/* --- actions ---------------------------------------------------------------------------------- */

/* Waits for the list that the opening of the menu asked for, if it is still on its way. */
static void
with_list(struct attach *a, void (*fn)(struct attach *a))
{
	attach_mode(a, AT_LIVE);
	if (a->ls)
		fn(a);
	else
		a->when_listed = fn;
}

static void
act_leave(struct attach *a)
{
	attach_leave(a, ATTACH_LEFT);
}

static void
act_next(struct attach *a)
{
	with_list(a, go_next);
}

static void
act_previous(struct attach *a)
{
	with_list(a, go_previous);
}

static void
act_scroll(struct attach *a)
{
	scroll_enter(a, false);
}

static void
act_page_up(struct attach *a)
{
	scroll_enter(a, false);
	scroll_by(a, outer_rows(a->outer) - 1);
}

static void
act_find(struct attach *a)
{
	find_open(a);
}

static void
act_copy(struct attach *a)
{
	scroll_enter(a, true);
}

static void
act_memory(struct attach *a)
{
	attach_leave(a, ATTACH_MEMORY);
}

static void
act_hibernate(struct attach *a)
{
	attach_mode(a, AT_LIVE);
	attach_say(a, "closing it politely …");
	attach_request(a, "hibernate", "asleep; enter wakes it");
}

static void
act_stop(struct attach *a)
{
	a->stop_focus = false;
	attach_mode(a, AT_DIALOG);
}

static void
act_send_prefix(struct attach *a)
{
	attach_mode(a, AT_LIVE);
	if (a->view)
		client_view_input(a->client, a->view, &a->prefix);
}

static void
act_more(struct attach *a)
{
	attach_mode(a, a->mode == AT_MORE ? AT_MENU : AT_MORE);
}

static void
act_cancel(struct attach *a)
{
	attach_mode(a, AT_LIVE);
}

static const struct action {
	const char *key, *shown, *hint;
	void (*run)(struct attach *a);
} actions[] = {
#define X(key, shown, hint, fn) {key, shown, hint, fn},
#include "tui/attach/attach_actions.def"
#undef X
};

void
menu_open(struct attach *a)
{
	json_decref(a->ls);
	a->ls = NULL;
	a->when_listed = NULL;
	attach_mode(a, AT_MENU);
	if (!a->lost)
		client_request(a->client, "ls", json_object(), on_listed, a);
}

void
menu_key(struct attach *a, const struct input_event *ev)
{
	if (ev->type != INPUT_KEY)
		return;
	if (key_matches(ev, &a->prefix)) {
		act_leave(a);
		return;
	}
	if (ev->key >= '1' && ev->key <= '9' && !(ev->mods & (MOD_CTRL | MOD_ALT))) {
		go_to(a, json_array_get(sessions_of(a), ev->key - '1'));
		attach_mode(a, AT_LIVE);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		struct input_event binding;
		if (key_parse(actions[i].key, &binding) && key_matches(ev, &binding)) {
			actions[i].run(a);
			return;
		}
	}
	if (ev->key < KEY_NONE) /* modifier keys on their own decide nothing */
		attach_mode(a, AT_LIVE);
}

/* --- drawing ---------------------------------------------------------------------------------- */

/* Hints as they flow over the lines of a box. */
struct flow {
	struct attach *a;
	int y, x, left, right;
};

static void
flow_hint(struct flow *f, const char *key, const char *text)
{
	int w = utf8_width(key) + 1 + utf8_width(text);
	if (f->x > f->left && f->x + w > f->right) {
		f->y++;
		f->x = f->left;
	}
	f->x += canvas_text(f->a->comp, f->y, f->x, f->right - f->x, key, &bold) + 1;
	f->x += canvas_text(f->a->comp, f->y, f->x, f->right - f->x, text, NULL) + 4;
}

static void
hint_text(const struct attach *a, const struct action *act, char *key, size_t nk, char *text,
	size_t nt)
{
	const char *waiting;
	snprintf(key, nk, "%s", act->shown);
	snprintf(text, nt, "%s", act->hint);
	if (act->run == act_leave)
		snprintf(key, nk, "%s or %s", act->shown, a->prefix_label);
	if (act->run == act_leave && a->own_outer)
		snprintf(text, nt, "leave");
	if (act->run == act_send_prefix)
		snprintf(text, nt, "send %s", a->prefix_label);
	if (act->run == act_next && attach_others_waiting(a, &waiting))
		snprintf(text, nt, "%s (%.20s)", act->hint, waiting);
}

static int
flow_all(struct attach *a, int y, int left, int right)
{
	struct flow f = {a, y, left, left, right};
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		char key[32], text[96];
		if (!*actions[i].shown)
			continue;
		hint_text(a, &actions[i], key, sizeof(key), text, sizeof(text));
		flow_hint(&f, key, text);
		if (actions[i].run == act_previous)
			flow_hint(&f, "1-9", "jump");
	}
	return f.y - y + 1;
}

static void
menu_header(const struct attach *a, char *s, size_t n)
{
	const json_t *me = this_session(a);
	const char *first;
	int others = attach_others_waiting(a, &first);
	size_t k = (size_t)snprintf(s, n, " %s ", a->name);
	json_t *mem = me ? json_object_get(me, "footprint_bytes") : NULL;
	json_t *growth = me ? json_object_get(me, "growth_bytes_per_h") : NULL;
	char b[32];
	if (json_is_number(mem))
		k += (size_t)snprintf(s + k, n - k, " %s ", fmt_bytes(b, json_number_value(mem)));
	if (json_is_number(growth) && json_number_value(growth) >= 1 << 20)
		k += (size_t)snprintf(
			s + k, n - k, " +%s/h ", fmt_bytes(b, json_number_value(growth)));
	if (others)
		snprintf(s + k, n - k, "  %d other%s need%s you ", others, others > 1 ? "s" : "",
			others > 1 ? "" : "s");
}

/* "1 api-refactor !  2 docs-i18n ?": what the digits lead to. */
static int
draw_sessions(struct attach *a, int y, int left, int right)
{
	size_t i;
	json_t *s;
	int x = left, from = y;
	json_array_foreach (sessions_of(a), i, s) {
		char t[128];
		if (i >= 9)
			break;
		snprintf(t, sizeof(t), "%s%s", str(s, "name"), waits(s) ? " needs you" : "");
		int w = utf8_width(t) + 2;
		if (x > left && x + w > right) {
			x = left;
			y++;
		}
		char digit[2] = {(char)('1' + i), 0};
		x += canvas_text(a->comp, y, x, right - x, digit, &bold) + 1;
		bool me = !strcmp(str(s, "id"), a->id);
		x += canvas_text(a->comp, y, x, right - x, t,
			     waits(s) ? &needs
			     : me     ? &dim
				      : NULL) +
		     4;
	}
	return y - from + 1;
}

void
menu_draw(struct attach *a)
{
	int w = outer_cols(a->outer), left = 2, right = w - 2;
	char head[160], label[48];
	menu_header(a, head, sizeof(head));
	snprintf(label, sizeof(label), " %s pressed ", a->prefix_label);
	/* how many lines it takes is known once it has been drawn: draw, frame, draw */
	int lines = flow_all(a, 1, left, right);
	if (a->mode == AT_MORE)
		lines += 1 + draw_sessions(a, 1 + lines, left, right);
	if (paint_box(a, 0, 0, lines + 2, w, label, head) < 0)
		return;
	lines = flow_all(a, 1, left, right);
	if (a->mode == AT_MORE)
		draw_sessions(a, 2 + lines, left, right);
}

/* --- the dialog ------------------------------------------------------------------------------- */

static void
stop_it(struct attach *a)
{
	attach_mode(a, AT_LIVE);
	attach_say(a, "ending it …");
	attach_request(a, "kill", "");
}

void
dialog_key(struct attach *a, const struct input_event *ev)
{
	if (ev->type != INPUT_KEY)
		return;
	switch (ev->key) {
	case 9:
	case KEY_LEFT:
	case KEY_RIGHT:
	case 'h':
	case 'l':
		a->stop_focus = !a->stop_focus;
		attach_mode(a, AT_DIALOG);
		break;
	case 13:
	case ' ':
		if (a->stop_focus)
			stop_it(a);
		else
			attach_mode(a, AT_LIVE);
		break;
	case 27:
	case 'q':
	case 'c':
		attach_mode(a, AT_LIVE);
		break;
	default:
		break;
	}
}

void
dialog_draw(struct attach *a)
{
	int cols = outer_cols(a->outer), rows = outer_rows(a->outer), w = MIN(cols, 52), h = 7;
	int y = MAX((rows - h) / 2, 0), x = (cols - w) / 2;
	char s[160];
	if (paint_box(a, y, x, h, w, " Stop this session? ", "") < 0)
		return;
	snprintf(s, sizeof(s), "%.18s ends now. All it printed", a->name);
	canvas_text(a->comp, y + 2, x + 3, w - 6, s, NULL);
	canvas_text(a->comp, y + 3, x + 3, w - 6, "stays readable; z is milder.", NULL);
	const struct style *cancel = a->stop_focus ? NULL : &inverse,
			   *stop = a->stop_focus ? &inverse : NULL;
	int at = x + 3 + canvas_text(a->comp, y + 5, x + 3, w - 6, "  Cancel  ", cancel);
	canvas_text(a->comp, y + 5, at + 3, w - 18, "  Stop  ", stop);
	canvas_set_cursor(a->comp, y + 5, a->stop_focus ? at + 5 : x + 5, false, CURSOR_BLOCK);
}
