#include "sessions/server/housekeeping.h"
#include "core/pagelist/pagelist.h"
#include "core/os/os.h"
#include "sessions/display/checkpoint.h"
#include "sessions/display/display.h"
#include "core/page/page.h"
#include "sessions/store_thread/store_worker.h"
#include "sessions/display/feed.h"

#define SLICE_NS 2000000ull /* one step may take as long again */
#define PAUSE_MS 20
#define SEAL_QUIET_NS 2000000000ull

static bool
wants_sealing(const struct session *s, uint64_t now)
{
	const struct display *sc = s->display;

	return now - sc->output_ns > SEAL_QUIET_NS && sc->sealed_ns <= sc->output_ns;
}

/* One bounded piece of work; false when there is none. */
static bool
step(struct sessions *ss, uint64_t now)
{
	for (struct session *s = ss->first; s; s = s->next) {
		if (wants_sealing(s, now)) {
			if (pagelist_seal_step(term_pagelist(s->display->term)))
				return true;
			if (pagelist_awaits(term_pagelist(s->display->term)))
				continue;
			s->display->sealed_ns = now;
			/* the checkpoint names blocks: it must know the merged ones */
			if (checkpoint_in_memory(s))
				checkpoint_save(s);
			return true;
		}
		if (display_rests(s) && !pagelist_awaits(term_pagelist(s->display->term))) {
			feed_park(s);
			return true;
		}
	}
	return false;
}

static void
on_slice(uv_timer_t *t)
{
	struct sessions *ss = t->data;
	uint64_t now = os_mono_ns();

	while (step(ss, now)) {
		ss->untidy = true;
		if (os_mono_ns() - now > SLICE_NS)
			return;
	}
	uv_timer_stop(t);
	if (!ss->untidy)
		return;
	ss->untidy = false;
	arena_trim(ss->arena);
	pagelist_cache_drop(ss->arena);
	/* the heap with it: last, for what the store frees goes too */
	store_trim(ss->store, !ss->first);
}

void
housekeeping_init(struct housekeeping *h, struct sessions *ss)
{
	uv_timer_init(ss->loop, &h->timer);
	h->timer.data = ss;
}

void
housekeeping_tick(struct housekeeping *h)
{
	struct sessions *ss = h->timer.data;
	uint64_t now = os_mono_ns();
	bool work = ss->untidy;

	for (struct session *s = ss->first; s && !work; s = s->next)
		work = wants_sealing(s, now) || display_rests(s);
	if (work && !uv_is_active((uv_handle_t *)&h->timer))
		uv_timer_start(&h->timer, on_slice, PAUSE_MS, PAUSE_MS);
}
