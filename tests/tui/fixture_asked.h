#ifndef TESTS_TUI_FIXTURE_ASKED_H
#define TESTS_TUI_FIXTURE_ASKED_H
/* What a dashboard asked of the world, kept for the test to look at and to answer. */
#include "tui/app/app.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void
fake_request(void *ctx, const char *verb, json_t *take_args, app_reply_cb cb, const char *id)
{
	(void)ctx;
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
fake_attach(void *ctx, const char *id, const struct text_place *at)
{
	(void)ctx;
	attached_at = at ? *at : (struct text_place){0};
	snprintf(attached, sizeof attached, "%s", id);
}

static void
fake_quit(void *ctx)
{
	(void)ctx;
	quit_called = true;
}

static void
fake_copy(void *ctx, const char *text)
{
	(void)ctx;
	snprintf(copied, sizeof copied, "%s", text);
}
#endif
