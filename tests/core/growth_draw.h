#ifndef TESTS_GROWTH_DRAW_H
#define TESTS_GROWTH_DRAW_H
/* What a series of growth_sim.h is made of, drawn by a seeded generator. */
#include "core/stats/growth.h"
#include "tests/core/growth_shapes.h"
#include <math.h>

#define MB 1048576.0
static uint64_t seed;

static double
uniform(double lo, double hi)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return lo + (hi - lo) * (double)(seed >> 11) / 9007199254740992.0;
}

/* Of deviation 1, nearly normal. */
static double
noise(void)
{
	return (uniform(-1, 1) + uniform(-1, 1) + uniform(-1, 1));
}

enum { EVENTS_MAX = 64 };
struct sim {
	const struct shape *s;
	double hours, base, leak, lump, late, saw, saw_h, phase, settle, tau, lograte, log_t, fill,
		fill_h, fill_at, wave, wave_h, wave_at, regime, regime_h, job, job_every, job_h,
		job_at, helper, helper_at, helper_back, walk_sd, walk_h, saw2, saw2_h, phase2, day,
		day_at, turn_at, turn_end, turned, restart_at, born, away_at, drift;
	double owed, level, walk, wander, kick, spike, at[EVENTS_MAX], step[EVENTS_MAX], ramp;
	int steps, spike_left;
	bool high, working, away; /* working, away: of the sample that was made last */
};

static double
draw(struct range r)
{
	return uniform(r.lo, r.hi);
}

static void
sim_start(struct sim *m, const struct shape *s, double hours, double dt)
{
	double end = s->steps_end.hi > 0 ? draw(s->steps_end) : hours;

	*m = (struct sim){.s = s,
		.hours = hours,
		.base = uniform(250, 1200),
		.leak = draw(s->leak),
		.lump = draw(s->lump),
		.late = draw(s->late) * MIN(1, hours / 48),
		.saw = draw(s->saw),
		.saw_h = draw(s->saw_h),
		.settle = draw(s->settle),
		.tau = draw(s->tau),
		.lograte = draw(s->lograte),
		.log_t = draw(s->log_t),
		.fill = draw(s->fill),
		.fill_h = draw(s->fill_h),
		.fill_at = uniform(-1, hours / 2),
		.wave = draw(s->wave),
		.wave_h = draw(s->wave_h),
		.wave_at = uniform(0, 1),
		.regime = draw(s->regime),
		.regime_h = draw(s->regime_h),
		.job = draw(s->job),
		.job_every = draw(s->job_every),
		.job_h = draw(s->job_h),
		.helper = draw(s->helper),
		.walk_sd = draw(s->walk),
		.walk_h = draw(s->walk_h),
		.saw2 = draw(s->saw2),
		.saw2_h = draw(s->saw2_h),
		.day = draw(s->day),
		.day_at = uniform(0, 7 * 24),
		.turn_at = draw(s->turn_every),
		.restart_at = draw(s->restart_h),
		.away_at = draw(s->away_every),
		.drift = draw(s->drift)};
	m->kick = s->wander * sqrt(2 * MIN(dt / 0.2, 1) - MIN(dt / 0.2, 1) * MIN(dt / 0.2, 1));
	m->phase = uniform(0, m->saw_h);
	m->phase2 = uniform(0, m->saw2_h);
	m->job_at = uniform(0, m->job_every);
	m->helper_at = draw(s->helper_h);
	m->walk = m->walk_sd * noise();
	m->steps = (int)(draw(s->steps) + 0.5);
	for (int k = 0; k < m->steps; k++) {
		m->step[k] = draw(s->step);
		m->at[k] = uniform(0, end);
	}
	if (s->bursts.hi > 0) {
		double h = uniform(0.8, hours / 4);

		m->ramp = 0.15;
		m->base = uniform(250, 800);
		m->steps = (int)(draw(s->bursts) + 0.5);
		for (int k = 0; k < m->steps; k++, h += uniform(0.5, 1.5)) {
			m->step[k] = draw(s->burst);
			m->at[k] = h;
		}
	}
}
#endif
