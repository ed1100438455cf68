/* What happens to sessions, and who of the server is told. */
#include "core/os/os.h"
#include "sessions/lifecycle/typing.h"
#include "sessions/memory/census.h"
#include "sessions/server/server_priv.h"
#include "sessions/store_thread/store_worker.h"
#include "sessions/wire/json.h"
#include "sessions/display/checkpoint.h"
#include "sessions/display/display.h"
#include <stdlib.h>

static char **
on_argv(void *ctx, struct session *s, char *const *argv)
{
	return lifecycle_argv(((struct server *)ctx)->life, s, argv);
}

static void
on_started(void *ctx, struct session *s)
{
	struct server *sv = ctx;

	lifecycle_started(sv->life, s);
	if (sv->stopping)
		ends_kill(lifecycle_ends(sv->life), s, true);
}

static void
on_over(void *ctx, struct session *s)
{
	struct server *sv = ctx;

	census_forget(sv->sessions.census, s->num);
	if (sv->life) /* else a predecessor's run, whose end was found */
		lifecycle_over(sv->life, s);
}

static void
on_evaluated(void *ctx, struct session *s)
{
	struct server *sv = ctx;

	typing_tick(s, os_mono_ns());
	waits_check(&sv->waits, s);
}

static void
on_state(void *ctx, struct session *s, enum session_state was)
{
	struct server *sv = ctx;

	(void)was;
	sessions_keep_state(s);
	views_session_state(sv->views, s);
	on_evaluated(sv, s);
	server_try_stop(sv);
}

static void
on_activity(void *ctx, struct session *s)
{
	struct server *sv = ctx;

	if (!term_parked(s->display->term))
		checkpoint_save(s); /* the signals are in it */
	if (sv->life)
		lifecycle_activity(sv->life, s);
}

static void
on_soon(void *ctx, struct session *s)
{
	(void)s;
	server_settle_soon(ctx);
}

static void
on_screen(void *ctx, struct session *s, enum screen_news what, const struct screen_note *n)
{
	static void (*const tell[])(struct views *, struct session *) = {
		[SCREEN_OUTPUT] = views_output,
		[SCREEN_MODES] = views_modes,
		[SCREEN_RESIZED] = views_resized,
		[SCREEN_TITLE] = views_title,
		[SCREEN_BELL] = views_bell};
	struct views *views = ((struct server *)ctx)->views;

	if (what == SCREEN_NOTIFY)
		views_notify(views, s, n->text2, n->text);
	else if (what == SCREEN_CLIPBOARD)
		views_clipboard(views, s, n->text, n->len);
	else
		tell[what](views, s);
}

static void
on_event(void *ctx, struct session *s, const char *event, double t, json_t *detail)
{
	struct server *sv = ctx;
	json_t *ev = json_pack("{s:s,s:i,s:f,s:s,s:s,s:s,s:O}", "ev", "event", "v", 1, "t", t, "id",
		s->id, "name", s->name, "event", event, "detail", detail);
	char *text = json_text(json_incref(detail));

	if (!s->no_store)
		store_put_event(sv->sessions.store, t, s->num, s->id, s->name, event, text);
	if (ev)
		peers_event(sv->peers, ev);
	json_decref(ev);
	free(text);
}

static void
on_gone(void *ctx, struct session *s)
{
	struct server *sv = ctx;
	json_t *ev = json_pack("{s:s,s:s}", "ev", "gone", "id", s->id);

	lifecycle_gone(s);
	peers_event(sv->peers, ev);
	json_decref(ev);
	views_session_gone(sv->views, s);
	waits_check(&sv->waits, s);
}

const struct session_ops server_observes = {.argv = on_argv,
	.started = on_started,
	.over = on_over,
	.state = on_state,
	.activity = on_activity,
	.evaluated = on_evaluated,
	.changed = on_soon,
	.unsettled = on_soon,
	.screen = on_screen,
	.event = on_event,
	.gone = on_gone};
