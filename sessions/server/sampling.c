/* The sampler asks about sessions, and tells what it measured of them. */
#include "core/os/os.h"
#include "sessions/memory/census.h"
#include "sessions/server/server_priv.h"
#include "sessions/session/run.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct session *
session_of(void *ctx, uint32_t num)
{
	return sessions_num(&((struct server *)ctx)->sessions, num);
}

static void
on_sampled(void *ctx, uint32_t num, const struct memstat *m)
{
	struct session *s = session_of(ctx, num);
	struct census_who who;

	if (!s)
		return;
	session_changed(s);
	if (s->run && m->known) {
		who = run_census(s);
		if (who.pid)
			census_sampled(s->of->census, &who, m);
	}
	lifecycle_sampled(((struct server *)ctx)->life, s, m);
}

static bool
on_is_helper(void *ctx, uint32_t num, const char *comm, const char *cmdline)
{
	struct session *s = session_of(ctx, num);

	return s && profile_is_helper(s->profile, comm, cmdline);
}

static bool
on_has_group(void *ctx, uint32_t num)
{
	struct session *s = session_of(ctx, num);

	return s && s->run && (s->run->mem_group || s->run->mem_held);
}

static bool
on_is_shared(void *ctx, uint32_t num, const char *cmdline)
{
	struct session *s = session_of(ctx, num);

	return s && profile_is_shared(s->profile, cmdline);
}

static char (*on_ended(void *ctx, size_t *n))[12]
{
	struct sessions *ss = &((struct server *)ctx)->sessions;
	char(*ids)[12];
	size_t k = 0;

	for (struct session *s = ss->first; s; s = s->next)
		k += !session_live(s);
	ids = xcalloc(k + 1, sizeof(*ids));
	*n = 0;
	for (struct session *s = ss->first; s; s = s->next)
		if (!session_live(s))
			memcpy(ids[(*n)++], s->id, sizeof(*ids));
	return ids;
}

static uint32_t
on_ended_num(void *ctx, const char *id)
{
	for (struct session *s = ((struct server *)ctx)->sessions.first; s; s = s->next)
		if (!session_live(s) && !strcmp(s->id, id))
			return s->num;
	return 0;
}

static double
on_idle_s(void *ctx, uint32_t num)
{
	struct session *s = session_of(ctx, num);

	return s && s->run ? activity_idle_s(&s->run->act, os_mono_ns()) : 0;
}

struct sampler *
server_sampler(struct server *sv)
{
	const struct config *c = sv->sessions.config;
	struct sampler_ops ops = {.sampled = on_sampled,
		.is_helper = on_is_helper,
		.idle_s = on_idle_s,
		.is_shared = on_is_shared,
		.has_group = on_has_group,
		.ended = on_ended,
		.ended_num = on_ended_num,
		.reaper = getppid(),
		.ctx = sv};

	return sampler_new(&sv->loop, &ops, c->tick_s, c->budget_ms_per_s, sv->sessions.store);
}
