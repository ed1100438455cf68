#include "sessions/server/housekeeping.h"
#include "core/pagelist/pagelist.h"
#include "core/os/os.h"
#include "sessions/session/checkpoint.h"
#include "sessions/server/server.h"
#include "sessions/store_thread/store_worker.h"

#define SLICE_NS 2000000ull /* one step may take as long again */
#define PAUSE_MS 20
#define SEAL_QUIET_NS 2000000000ull

static bool
wants_sealing(const struct session *s, uint64_t now)
{
	return now - s->output_ns > SEAL_QUIET_NS && s->sealed_ns <= s->output_ns;
}

/* One bounded piece of work; false when there is none. */
static bool
step(struct server *sv, uint64_t now)
{
	for (struct session *s = sv->sessions; s; s = s->next) {
		if (wants_sealing(s, now)) {
			if (pagelist_seal_step(term_pagelist(s->term)))
				return true;
			s->sealed_ns = now;
			/* the checkpoint names blocks: it must know the merged ones */
			checkpoint_save(s);
			return true;
		}
		if (session_rests(s)) {
			session_park(s);
			return true;
		}
	}
	return false;
}

static void
on_slice(uv_timer_t *t)
{
	struct server *sv = t->data;
	uint64_t now = os_mono_ns();

	while (step(sv, now)) {
		sv->untidy = true;
		if (os_mono_ns() - now > SLICE_NS)
			return;
	}
	uv_timer_stop(t);
	if (!sv->untidy)
		return;
	sv->untidy = false;
	arena_trim(sv->arena);
	pagelist_cache_drop(sv->arena);
	/* the heap with it: last, for what the store frees goes too */
	store_trim(sv->store, !sv->sessions);
}

void
housekeeping_init(struct server *sv)
{
	uv_timer_init(&sv->loop, &sv->housekeeping);
	sv->housekeeping.data = sv;
}

void
housekeeping_tick(struct server *sv)
{
	uint64_t now = os_mono_ns();
	bool work = sv->untidy;

	for (struct session *s = sv->sessions; s && !work; s = s->next)
		work = wants_sealing(s, now) || session_rests(s);
	if (work && !uv_is_active((uv_handle_t *)&sv->housekeeping))
		uv_timer_start(&sv->housekeeping, on_slice, PAUSE_MS, PAUSE_MS);
}
