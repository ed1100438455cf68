#ifndef TESTS_GROWTH_SIM_H
#define TESTS_GROWTH_SIM_H
/* Series of known truth: what an idle session's memory does, by class, from a seeded generator. */
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
		job_at, helper, helper_at, helper_back, walk_sd, walk_h;
	double owed, level, walk, wander, kick, spike, at[EVENTS_MAX], step[EVENTS_MAX], ramp;
	int steps, spike_left;
	bool high;
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
		.walk_h = draw(s->walk_h)};
	m->kick = s->wander * sqrt(2 * MIN(dt / 0.2, 1) - MIN(dt / 0.2, 1) * MIN(dt / 0.2, 1));
	m->phase = uniform(0, m->saw_h);
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

static double
sim_events(struct sim *m, double h)
{
	double v = 0;

	for (int k = 0; k < m->steps; k++)
		if (h >= m->at[k])
			v += m->ramp > 0 ? m->step[k] * MIN(1, (h - m->at[k]) / m->ramp)
					 : m->step[k];
	if (m->job_every > 0 && h >= m->job_at) {
		v += m->job;
		if (h >= m->job_at + m->job_h)
			m->job_at += m->job_every * uniform(0.8, 1.2);
	}
	if (m->s->helper.hi > 0) {
		if (h >= m->helper_at) {
			m->helper_back = h + uniform(1, 5) / 60;
			m->helper_at = h + draw(m->s->helper_h);
		}
		v += h >= m->helper_back ? m->helper : 0;
	}
	return v;
}

static double
sim_random(struct sim *m, double dt)
{
	const struct shape *s = m->s;
	double v;

	m->wander += -m->wander * MIN(dt / 0.2, 1) + noise() * m->kick;
	v = m->wander;
	if (m->walk_h > 0) {
		m->walk +=
			-m->walk * dt / m->walk_h + noise() * m->walk_sd * sqrt(2 * dt / m->walk_h);
		v += m->walk + 3 * m->walk_sd;
	}
	if (m->regime_h > 0) {
		if (uniform(0, 1) < dt / m->regime_h)
			m->high = !m->high;
		v += m->high ? m->regime : 0;
	}
	if (s->spikes > 0 && m->spike_left <= 0 && uniform(0, 1) < s->spikes * dt) {
		m->spike = uniform(50, 400);
		m->spike_left = (int)uniform(1, 1 + 0.05 / dt);
	}
	v += m->spike_left > 0 ? m->spike : 0;
	m->spike_left--;
	return v;
}

/* The footprint in bytes, dt hours after the last call, at hour h. */
static double
sim_next(struct sim *m, double h, double dt)
{
	const struct shape *s = m->s;
	double v = m->base - s->fall * h;

	m->phase += dt;
	if (m->saw_h > 0) {
		if (m->phase > m->saw_h) {
			m->phase = 0;
			m->saw_h = draw(s->saw_h);
		}
		v += m->saw * m->phase / s->saw_h.hi;
	}
	if (h >= m->late)
		m->owed += m->leak * dt;
	if (m->owed >= m->lump) {
		double x = m->lump > 20 ? m->lump : m->owed;

		m->level += x;
		m->owed -= x;
	}
	v += m->level;
	if (m->tau > 0)
		v += m->settle * (1 - exp(-h / m->tau));
	if (m->log_t > 0)
		v += m->lograte * log(1 + h / m->log_t);
	if (m->fill_h > 0)
		v += m->fill * MIN(MAX((h - m->fill_at) / m->fill_h, 0), 1);
	if (m->wave_h > 0)
		v += m->wave / 2 * (1 + sin((h / m->wave_h + m->wave_at) * 6.283185307));
	v += sim_events(m, h) + sim_random(m, dt);
	return MAX(v, 10) * MB;
}
#endif
