#ifndef TESTS_GROWTH_SIM_H
#define TESTS_GROWTH_SIM_H
/* Series of known truth: what an idle session's memory does, by class, from a seeded generator. */
#include "core/growth.h"
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
struct range {
	double lo, hi;
};
/* What a series is made of; sizes in MB, times in hours, {0} none. Each part is drawn per series.
 */
struct shape {
	const char *name;
	enum { EASY, QUIET, LEAK } truth;
	double by_h;		     /* a leak is to be found within; else 48 */
	struct range leak;	     /* MB/h … */
	struct range lump;	     /* … in pieces of this size; {0}: smooth */
	struct range late;	     /* … from this hour on */
	struct range saw, saw_h;     /* garbage for a full cycle; cycle */
	struct range steps, step;    /* how many steps up at random times; size */
	struct range steps_end;	     /* all before this hour; {0}: anywhere */
	struct range settle, tau;    /* approaches so much more, time constant */
	struct range lograte, log_t; /* a log(1 + t/log_t) */
	struct range fill, fill_h;   /* fills in so many hours, from an hour in the first half on */
	struct range wave, wave_h;   /* height from trough to crest; period */
	struct range regime, regime_h;	    /* second level, mean stay on each */
	struct range job, job_every, job_h; /* batch job: extra, period, lasts */
	struct range helper, helper_h;	    /* a helper's size, restarted every: away 1–5 min */
	struct range walk, walk_h;	    /* reverting random walk: deviation, time constant */
	struct range burst, bursts; /* jump within 10 min; how many, an hour apart or more */
	double wander;		    /* noise of that deviation, 12 min */
	double fall;		    /* MB/h given back */
	double spikes;		    /* an hour, 50–400 MB for up to 3 min */
};
#define R(a, b)          \
	{                \
		(a), (b) \
	}
static const struct shape shapes[] = {
	{.name = "flat", .wander = 1},
	{.name = "noisy", .wander = 12},
	{.name = "saw 0.05-0.3 h", .saw = R(20, 200), .saw_h = R(0.05, 0.3), .wander = 2},
	{.name = "saw 0.3-1.5 h", .saw = R(20, 300), .saw_h = R(0.3, 1.5), .wander = 2},
	{.name = "one step", .steps = R(1, 1), .step = R(5, 300), .wander = 2},
	{.name = "settling", .settle = R(20, 20), .tau = R(0.33, 0.33), .wander = 2},
	{.name = "giving back", .fall = 15, .wander = 4},
	{.name = "spikes, saw and step",
		QUIET,
		.saw = R(20, 100),
		.saw_h = R(0.1, 0.6),
		.spikes = 4,
		.steps = R(1, 1),
		.step = R(10, 100),
		.wander = 3},
	{.name = "four steps", QUIET, .steps = R(4, 4), .step = R(5, 60), .wander = 2},
	{.name = "warm-up, tau 1 h", QUIET, .settle = R(50, 500), .tau = R(0.7, 1.3), .wander = 3},
	{.name = "warm-up, tau 2-3 h", QUIET, .settle = R(50, 400), .tau = R(2, 3), .wander = 3},
	{.name = "collector's saw 2-6 h", QUIET, .saw = R(50, 400), .saw_h = R(2, 6), .wander = 3},
	{.name = "daily wave", QUIET, .wave = R(60, 120), .wave_h = R(24, 24), .wander = 3},
	{.name = "cache that fills 4 h",
		QUIET,
		.fill = R(50, 500),
		.fill_h = R(3, 4.2),
		.wander = 3},
	{.name = "log-like", QUIET, .lograte = R(20, 100), .log_t = R(0.1, 1), .wander = 3},
	{.name = "staircase that stops",
		QUIET,
		.steps = R(6, 12),
		.step = R(10, 50),
		.steps_end = R(2, 5),
		.wander = 3},
	{.name = "walk that reverts", QUIET, .walk = R(20, 60), .walk_h = R(1, 5), .wander = 2},
	{.name = "two regimes", QUIET, .regime = R(60, 350), .regime_h = R(0.5, 4), .wander = 4},
	{.name = "batch jobs",
		QUIET,
		.job = R(100, 900),
		.job_every = R(1, 5),
		.job_h = R(0.1, 0.7),
		.wander = 4},
	{.name = "helper restarts",
		QUIET,
		.helper = R(60, 400),
		.helper_h = R(0.5, 6),
		.wander = 4},
	{.name = "heap swells, shrinks",
		QUIET,
		.saw = R(20, 150),
		.saw_h = R(0.1, 0.5),
		.wave = R(60, 200),
		.wave_h = R(3, 10),
		.wander = 3},
	{.name = "leak 40 MB/h", LEAK, 8, .leak = R(40, 40), .wander = 3},
	{.name = "40 in lumps, step",
		LEAK,
		8,
		.leak = R(40, 40),
		.lump = R(1, 8),
		.steps = R(1, 1),
		.step = R(10, 80),
		.spikes = 2,
		.wander = 5},
	{.name = "40 under saw 0.3-1.5 h",
		LEAK,
		24,
		.leak = R(40, 40),
		.saw = R(20, 300),
		.saw_h = R(0.3, 1.5),
		.wander = 2},
	{.name = "40 in 128-MB slabs",
		LEAK,
		24,
		.leak = R(40, 40),
		.lump = R(128, 128),
		.wander = 2},
	{.name = "3.5 MB/h, saw",
		LEAK,
		48,
		.leak = R(3.5, 3.5),
		.saw = R(5, 30),
		.saw_h = R(0.1, 0.6),
		.wander = 2},
	{.name = "25-100 MB/h, late", LEAK, 48, .leak = R(25, 100), .late = R(0, 20), .wander = 4},
	{.name = "40 under saw 2-6 h",
		LEAK,
		48,
		.leak = R(40, 40),
		.saw = R(50, 300),
		.saw_h = R(2, 6),
		.wander = 2},
	{.name = "1 GB/h", LEAK, 4, .leak = R(900, 1500), .wander = 5},
	{.name = "burst that stays",
		LEAK,
		48,
		.bursts = R(1, 1),
		.burst = R(650, 2000),
		.wander = 5},
	{.name = "burst repeated", LEAK, 48, .bursts = R(2, 3), .burst = R(450, 700), .wander = 5},
};
#undef R

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
