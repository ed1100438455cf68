#include "tui/cli/everywhere.h"
#include "core/os/os.h"
#include "sessions/wire/json.h"
#include <stdlib.h>
#include <string.h>

/* Who has not been reached, or is asked for a list and does not give it, is away. */
enum { PATIENCE_MS = 8000 };

struct asked {
	struct all *of;
	struct place *at;
	struct client *c; /* NULL: answered, or away */
	bool up;
};
struct all {
	const struct verb_ctx *verb;
	const char *what;
	const json_t *args;
	place_part_cb part;
	void *part_ctx;
	uv_loop_t loop;
	uv_timer_t patience;
	struct asked asked[HOSTS_MAX];
	size_t n, waits;
};

static void
done(struct asked *a)
{
	if (!a->c)
		return;
	client_free(a->c);
	a->c = NULL;
	if (--a->of->waits == 0)
		uv_stop(&a->of->loop);
}

static void
on_reply(void *ctx, json_t *reply, const struct err *e)
{
	struct asked *a = ctx;

	if (e && e->code == EXIT_NO_SERVER)
		return; /* a loss, of which lost() tells */
	a->at->reply = json_incref(reply);
	if (e)
		snprintf(a->at->why, sizeof a->at->why, "%.150s", e->msg);
	json_clean(a->of->verb, reply);
	done(a);
}

static void
on_part(void *ctx, json_t *part)
{
	struct asked *a = ctx;

	a->of->part(a->of->part_ctx, a->at->host, part);
}

static void
on_back(void *ctx)
{
	struct asked *a = ctx;

	a->up = true;
	client_stream(a->c, a->of->what, json_deep_copy(a->of->args), a->of->part ? on_part : NULL,
		on_reply, a);
}

static void
on_lost(void *ctx)
{
	struct asked *a = ctx;
	const char *bye = client_bye(a->c);

	snprintf(a->at->why, sizeof a->at->why, "is away: %.140s", *bye ? bye : "no answer");
	done(a);
}

/* What comes in parts, or changes something, takes its time once it has begun. */
static void
on_patience(uv_timer_t *t)
{
	struct all *all = t->data;
	bool lasting = all->part || obj_true(all->args, "yes");

	for (size_t i = 0; i < all->n; i++) {
		struct asked *a = &all->asked[i];

		if (!a->c || (a->up && lasting))
			continue;
		snprintf(a->at->why, sizeof a->at->why, "is away: no answer");
		done(a);
	}
}

static void
ask(struct all *all, struct place *p, const char *name)
{
	struct asked *a = &all->asked[all->n++];
	struct client_ops ops = {.back = on_back, .lost = on_lost, .ctx = a};
	struct err e = {0};

	*a = (struct asked){.of = all, .at = p};
	snprintf(p->host, sizeof p->host, "%s", name);
	if (!(a->c = client_open(name, &e))) {
		snprintf(p->why, sizeof p->why, "is away: %.140s", e.msg);
		return;
	}
	all->waits++;
	client_start(a->c, &all->loop, &ops);
}

static void
ask_all(struct all *all, struct places *p)
{
	char names[HOSTS_MAX][HOST_NAME_MAX_BYTES];
	size_t n = host_names(names, HOSTS_MAX);

	uv_loop_init(&all->loop);
	uv_timer_init(&all->loop, &all->patience);
	all->patience.data = all;
	for (size_t i = 0; i < n; i++)
		ask(all, &p->place[p->n++], names[i]);
}

static void
await(struct all *all)
{
	uv_timer_start(&all->patience, on_patience, PATIENCE_MS, 0);
	if (all->waits)
		uv_run(&all->loop, UV_RUN_DEFAULT);
}

static void
end(struct all *all)
{
	for (size_t i = 0; i < all->n; i++)
		client_free(all->asked[i].c);
	client_loop_end(&all->loop);
	free(all);
}

static void
say_away(const struct verb_ctx *ctx, const struct places *p)
{
	for (size_t i = 1; i < p->n && !ctx->quiet; i++)
		if (!p->place[i].reply)
			verb_fail(ctx, EXIT_FAIL, "%s %s", p->place[i].host, p->place[i].why);
}

/* Of this machine, for verb_call_as, whose parts know no machine. */
static void
on_part_here(void *ctx, json_t *part)
{
	struct all *all = ctx;

	all->part(all->part_ctx, "", part);
}

struct places *
everywhere(const struct verb_ctx *ctx, const char *verb, json_t *take_args, bool others,
	place_part_cb part, void *part_ctx, int *code)
{
	struct all *all = xcalloc(1, sizeof *all);
	struct places *p = xcalloc(1, sizeof *p);
	struct call_as as = {.part = part ? on_part_here : NULL, .ctx = all};

	*all = (struct all){
		.verb = ctx, .what = verb, .args = take_args, .part = part, .part_ctx = part_ctx};
	p->n = 1;
	if (others && !ctx->host && !ctx->here)
		ask_all(all, p);
	else
		uv_loop_init(&all->loop);
	p->place[0].reply = verb_call_as(ctx, &as, verb, json_deep_copy(take_args), code);
	if (p->place[0].reply && all->waits)
		await(all);
	end(all);
	json_decref(take_args);
	if (!p->place[0].reply) {
		places_free(p);
		return NULL;
	}
	say_away(ctx, p);
	return p;
}

void
places_free(struct places *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		json_decref(p->place[i].reply);
	free(p);
}

void
place_mark(const struct verb_ctx *ctx, const char *host, json_t *o)
{
	const char *name = obj_text(o, "name");

	if (!*host)
		return;
	if (!ctx->json && name)
		json_object_set_new(o, "name", json_sprintf("%s:%s", host, name));
	json_object_set_new(o, "host", json_string(host));
}

json_t *
places_list(const struct verb_ctx *ctx, const struct places *p, const char *key)
{
	json_t *all = json_array(), *o;
	size_t k;

	for (size_t i = 0; i < p->n; i++) {
		json_t *list = json_object_get(p->place[i].reply, key);

		json_array_foreach (list, k, o)
			place_mark(ctx, p->place[i].host, o);
		json_array_extend(all, list);
	}
	return all;
}
