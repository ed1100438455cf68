#ifndef TESTS_TUI_FIXTURE_ASKED_H
#define TESTS_TUI_FIXTURE_ASKED_H
/* What a dashboard asked of the world, kept for the test to look at and to answer. */
#include "fixture_programs.h"
#include "tui/attach/attach.h"
#include <stdlib.h>

struct asked {
	char verb[32], args[600], id[64];
	app_reply_cb cb;
};
static struct asked asked[32];
static int n_asked;
static char attached[32], copied[256];
static struct text_place attached_at;
static app_part_cb stream_part;
static uint32_t streamed, cancelled;
static bool quit_called;
static uint32_t views, attached_view, lent_view;
static uint64_t scrolled;
static char typed[64];
static int n_typed, wanted_mouse, bells;
static char notified[64];
static unsigned view_modes; /* of the view opened last */
static int view_rows, told_times, clicked_row;

static void
fake_request(void *ctx, const char *verb, json_t *take_args, app_reply_cb cb, const char *id)
{
	(void)ctx;
	if (!strcmp(verb, "look")) { /* where the session that is attached is looked at */
		json_t *line = json_object_get(take_args, "line");
		const char *pattern = json_string_value(json_object_get(take_args, "pattern"));
		if (attached_view == json_integer_value(json_object_get(take_args, "view")) && line)
			attached_at.at = (struct hit_at){(uint64_t)json_integer_value(line),
				json_integer_value(json_object_get(take_args, "start"))};
		if (attached_view == json_integer_value(json_object_get(take_args, "view")) &&
			pattern)
			snprintf(attached_at.pattern, sizeof attached_at.pattern, "%s", pattern);
		json_decref(take_args);
		return;
	}
	char *text = json_dumps(take_args, JSON_COMPACT | JSON_SORT_KEYS);
	struct asked *q = &asked[n_asked++ % 32];
	snprintf(q->verb, sizeof q->verb, "%s", verb);
	snprintf(q->args, sizeof q->args, "%s", text);
	snprintf(q->id, sizeof q->id, "%s", id);
	q->cb = cb;
	free(text);
	json_decref(take_args);
}

/* A stream is asked like the rest; its parts come by stream_part. */
static uint32_t
fake_stream(void *ctx, const char *verb, json_t *take_args, app_part_cb part, app_reply_cb cb)
{
	fake_request(ctx, verb, take_args, cb, "");
	stream_part = part;
	return ++streamed;
}

static void
fake_cancel(void *ctx, uint32_t request)
{
	(void)ctx;
	cancelled = request;
}

static void
fake_quit(void *ctx)
{
	(void)ctx;
	quit_called = true;
}

static void
fake_copy(void *ctx, const void *text, size_t n)
{
	(void)ctx;
	snprintf(copied, sizeof copied, "%.*s", (int)n, (const char *)text);
}

/* Views by number; `attached` is the session whose view has the whole terminal. */
static uint32_t
fake_view_open(void *ctx, const char *id, unsigned mode, int cols, int rows)
{
	(void)ctx;
	(void)cols;
	view_rows = rows;
	view_modes = mode;
	if (mode & VIEW_ATTACH) {
		snprintf(attached, sizeof attached, "%s", id);
		attached_at = (struct text_place){0};
		attached_view = views + 1;
	}
	return ++views;
}

static void
fake_view_close(void *ctx, uint32_t view)
{
	(void)ctx;
	if (view == attached_view)
		attached_view = 0;
}

static void
fake_view_resize(void *ctx, uint32_t view, int cols, int rows)
{
	(void)ctx;
	(void)view;
	(void)cols;
	view_rows = rows;
}

static void
fake_view_scroll(void *ctx, uint32_t view, uint64_t back)
{
	(void)ctx;
	(void)view;
	scrolled = back;
}

static void
fake_view_input(void *ctx, uint32_t view, const struct input_event *ev)
{
	(void)ctx;
	if (view == attached_view && ev->type == INPUT_KEY && ev->key < 0x7f && n_typed < 60)
		typed[n_typed++] = (char)ev->key;
	typed[n_typed] = 0;
	if (ev->type == INPUT_MOUSE)
		clicked_row = ev->row;
}

static void
fake_want(void *ctx, unsigned kitty, int mouse)
{
	(void)ctx;
	(void)kitty;
	wanted_mouse = mouse;
}

static void
fake_lend(void *ctx, uint32_t view)
{
	(void)ctx;
	lent_view = view;
}

static void
fake_word(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static void
fake_bell(void *ctx)
{
	(void)ctx;
	bells++;
}

static void
fake_notify(void *ctx, const char *title, const char *text)
{
	(void)ctx;
	(void)text;
	snprintf(notified, sizeof notified, "%s", title);
}

static bool
fake_tell(void *ctx, const char *what, int times)
{
	(void)ctx;
	(void)what;
	return told_times++ < times;
}

static const struct app_ops fake_ops = {.request = fake_request,
	.stream = fake_stream,
	.cancel = fake_cancel,
	.quit = fake_quit,
	.programs = fake_programs,
	.versions = fake_versions,
	.outside = fake_outside,
	.tell = fake_tell,
	.machine = fake_machine,
	.view_open = fake_view_open,
	.view_close = fake_view_close,
	.view_resize = fake_view_resize,
	.view_scroll = fake_view_scroll,
	.view_input = fake_view_input,
	.want = fake_want,
	.lend = fake_lend,
	.copy = fake_copy,
	.title = fake_word,
	.bell = fake_bell,
	.notify = fake_notify};
#endif
