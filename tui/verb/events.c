/* events: what happened, and with --follow what goes on happening. */
#include "core/os/os.h"
#include "sessions/config/config.h"
#include "tui/cli/follow.h"
#include "tui/cli/print.h"
#include <string.h>

#define CLOCK_SLACK_S 60 /* of another machine */

struct events {
	struct verb_ctx *ctx;
	struct follow *f;
	const char *id;	 /* of one session, as it was given; NULL all */
	char only[16];	 /* its id, once the server has said it */
	double back;	 /* s from now; 0: all, or with follow none */
	double told;	 /* wall time of the newest that was printed */
	bool past;	 /* the past is wanted, too: since a time, or since the loss */
	json_t *waiting; /* came before the answer about the past */
};

static void
put(struct events *e, json_t *ev)
{
	if (e->ctx->json)
		print_json(json_incref(ev));
	else
		put_event(e->ctx, ev, true);
	e->told = MAX(e->told, jnum(ev, "t"));
}

static json_t *
past_args(const struct events *e, double back)
{
	json_t *args = json_pack("{s:f}", "since", back);

	if (e->id)
		json_object_set_new(args, "id", json_string(*e->only ? e->only : e->id));
	return args;
}

static void
put_wanted(struct events *e, json_t *ev)
{
	if (*e->only && strcmp(obj_str(ev, "id"), e->only) != 0)
		return;
	json_object_del(ev, "ev");
	put(e, ev);
	if (fflush(stdout) != 0)
		follow_end(e->f, EXIT_OK);
}

/* The past, then what came meanwhile: what is in both is told once, by its time. */
static void
on_past(void *ctx, json_t *reply, const struct err *err)
{
	struct events *e = ctx;
	json_t *ev;
	size_t i;

	if (!reply) {
		if (err->code != EXIT_NO_SERVER)
			follow_end(e->f, verb_fail(e->ctx, err->code, "%s", err->msg));
		return;
	}
	json_clean(e->ctx, reply);
	snprintf(e->only, sizeof e->only, "%s", obj_str(reply, "id"));
	json_array_foreach (json_object_get(reply, "events"), i, ev)
		if (e->past && jnum(ev, "t") > e->told)
			put_wanted(e, ev);
	json_array_foreach (e->waiting, i, ev)
		if (!e->past || jnum(ev, "t") > e->told)
			put_wanted(e, ev);
	json_decref(e->waiting);
	e->waiting = NULL;
	e->past = true;
}

/* After a loss from the newest that was told: nothing is missed. */
static void
on_begin(void *ctx, struct follow *f)
{
	struct events *e = ctx;

	e->f = f;
	json_decref(e->waiting);
	e->waiting = json_array();
	client_request(follow_client(f), "events",
		past_args(
			e, e->told > 0 ? os_wall_s() - e->told + CLOCK_SLACK_S : MAX(e->back, 1.0)),
		on_past, e);
}

static void
on_event(void *ctx, json_t *ev)
{
	struct events *e = ctx;

	if (strcmp(obj_str(ev, "ev"), "event") != 0)
		return;
	if (e->waiting)
		json_array_append(e->waiting, ev);
	else
		put_wanted(e, ev);
}

int
verb_events(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct follow_ops ops = {.begin = on_begin, .event = on_event};
	struct events e = {.ctx = ctx};
	const char *since = NULL;
	bool follows = false;
	const struct opt opts[] = {{.l = "since", .value = true, .str = &since},
		{.s = 'f', .l = "follow", .flag = &follows}, {0}};
	json_t *reply, *ev;
	int first, code = EXIT_FAIL;
	size_t i;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (since && !parse_duration(since, &e.back))
		return verb_fail(ctx, EXIT_USAGE, "--since %.40s: a time like 24h", since);
	if (argc - first > 1)
		return verb_fail(ctx, EXIT_USAGE, "one session at a time (muster events [ID])");
	e.past = since != NULL;
	e.id = argc > first ? argv[first] : NULL;
	if (follows) {
		code = follow(ctx, &ops, &e);
		json_decref(e.waiting);
		return code;
	}
	if (!(reply = verb_call(ctx, "events", past_args(&e, e.back), &code)))
		return code;
	json_array_foreach (json_object_get(reply, "events"), i, ev)
		put(&e, ev);
	json_decref(reply);
	return EXIT_OK;
}
