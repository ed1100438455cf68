#include "sessions/lifecycle/spawn_guard.h"
#include "core/os/os.h"
#include "sessions/lifecycle/wake.h"
#include "sessions/memory/census.h"
#include "sessions/session/run.h"
#include <stdlib.h>

#define SEC 1000000000ull
#define SETTLE_NS (60 * SEC) /* a start takes memory for so long */
#define BRIEF_NS (2 * SEC)
#define LONG_NS (30 * SEC)
enum { LIKES_MAX = 512, WAKES_AT_ONCE = 2 };

enum spawn_verdict
spawn_verdict(uint64_t needs, const struct pressure *p)
{
	static const enum spawn_verdict of_level[] = {SPAWN_OK, SPAWN_WARN, SPAWN_HOLD};
	struct pressure then = *p;

	then.mem_available -= MIN(then.mem_available, needs);
	/* where half of all is free, what waited for memory waited for a limit of its own, or before */
	if (then.mem_available > then.mem_total / 2)
		return SPAWN_OK;
	return of_level[CLAMP(pressure_level(&then), 0, 2)];
}

/* Its footprint, or as it was last known. */
static uint64_t
size_of(const struct session *s)
{
	const struct memstat *m =
		s->of->sampler && s->run ? sampler_get(s->of->sampler, s->num) : NULL;

	if (m && m->known)
		return m->footprint;
	return MAX(s->past.freed_bytes, census_total(s->of->census, s->num));
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Those that start are left out: they have not settled. */
static uint64_t
median(const struct sessions *ss, const struct profile *profile)
{
	uint64_t size[LIKES_MAX], now = os_mono_ns();
	size_t n = 0;

	for (const struct session *s = ss->first; s && n < LIKES_MAX; s = s->next) {
		bool young = s->run && now - s->run->started_ns < SETTLE_NS;

		if (s->profile == profile && !young && (size[n] = size_of(s)))
			n++;
	}
	if (!n)
		return 0;
	qsort(size, n, sizeof(*size), by_size);
	return size[n / 2];
}

uint64_t
spawn_needs(const struct sessions *ss, const struct profile *profile, const struct session *wake)
{
	uint64_t own = wake ? size_of(wake) : 0;

	return own ? own : median(ss, wake ? wake->profile : profile);
}

uint64_t
spawn_needs_all(struct sessions *ss, const json_t *ids)
{
	uint64_t sum = 0;
	json_t *v;
	size_t i;

	json_array_foreach (ids, i, v) {
		const char *id = json_string_value(v);
		const struct session *s = sessions_find(ss, id ? id : "", NULL);

		sum += s && !session_live(s) ? spawn_needs(ss, NULL, s) : 0;
	}
	return sum;
}

/* What those that start will take beyond what they have. */
static uint64_t
pending(const struct sessions *ss)
{
	uint64_t sum = 0, now = os_mono_ns();

	for (const struct session *s = ss->first; s; s = s->next) {
		uint64_t like, has;

		if (!s->run || now - s->run->started_ns > SETTLE_NS)
			continue;
		like = MAX(census_total(ss->census, s->num), median(ss, s->profile));
		has = size_of(s);
		sum += like - MIN(like, has);
	}
	return sum;
}

static int
largest_first(const void *a, const void *b)
{
	uint64_t x = size_of(*(const struct session *const *)a),
		 y = size_of(*(const struct session *const *)b);

	return (x < y) - (x > y);
}

/* The fewest that make it fit, or come nearest to it. */
static void
choose_sleepers(const struct sessions *ss, struct spawn_guard *g, const struct pressure *p)
{
	const struct session **s;
	size_t n = 0, i = 0;

	for (const struct session *x = ss->first; x; x = x->next)
		n += x->run && x->run->reap.eligible;
	s = xcalloc(n + 1, sizeof(const struct session *));
	for (const struct session *x = ss->first; x; x = x->next)
		if (x->run && x->run->reap.eligible)
			s[i++] = x;
	if (n)
		qsort(s, n, sizeof(const struct session *), largest_first);
	for (i = 0; i < n && g->n_sleep < SPAWN_SLEEPERS; i++) {
		struct pressure then = *p;

		g->sleep[g->n_sleep++] = s[i];
		g->would_free += size_of(s[i]);
		then.mem_available += g->would_free;
		if (spawn_verdict(g->needs, &then) == SPAWN_OK)
			break;
	}
	free(s);
}

struct spawn_guard
spawn_guard_look(const struct sessions *ss, uint64_t needs)
{
	struct spawn_guard g = {.needs = needs};
	struct pressure p;
	uint64_t coming;

	if (!ss->sampler)
		return g;
	p = sampler_pressure(ss->sampler);
	coming = pending(ss);
	p.mem_available -= MIN(p.mem_available, coming);
	g.available = p.mem_available;
	g.verdict = spawn_verdict(needs, &p);
	if (g.verdict != SPAWN_OK)
		choose_sleepers(ss, &g, &p);
	return g;
}

json_t *
spawn_guard_json(const struct spawn_guard *g)
{
	static const char *const names[] = {"ok", "warn", "hold"};
	json_t *sleep = json_array();

	for (size_t i = 0; i < g->n_sleep; i++)
		json_array_append_new(sleep,
			json_pack("{s:s,s:s,s:I}", "id", g->sleep[i]->id, "name", g->sleep[i]->name,
				"footprint_bytes", (json_int_t)size_of(g->sleep[i])));
	return json_pack("{s:s,s:I,s:I,s:o,s:I}", "verdict", names[g->verdict], "needs_bytes",
		(json_int_t)g->needs, "available_bytes", (json_int_t)g->available, "sleep", sleep,
		"would_free_bytes", (json_int_t)g->would_free);
}

bool
spawn_may_wake(const struct sessions *ss, uint64_t needs)
{
	uint64_t now = os_mono_ns(), patience = BRIEF_NS;
	unsigned starting = 0;

	if (spawn_guard_look(ss, needs).verdict == SPAWN_HOLD)
		patience = LONG_NS;
	for (const struct session *s = ss->first; s; s = s->next)
		starting +=
			waking_is(s) && !s->run->act.ready_ns && now - waking_since(s) < patience;
	return starting < WAKES_AT_ONCE;
}
