#ifndef TESTS_GROWTH_SIM_H
#define TESTS_GROWTH_SIM_H
/* Series of known truth: what an idle session's memory does, by class. */
#include "tests/core/growth_draw.h"

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

static double
sim_saw(double *phase, double *cycle_h, struct range h, double saw, double dt)
{
	*phase += dt;
	if (*cycle_h <= 0)
		return 0;
	if (*phase > *cycle_h) {
		*phase = 0;
		*cycle_h = draw(h);
	}
	return saw * *phase / h.hi;
}

/* Days of work, with nights and perhaps weekends between them. */
static double
sim_days(const struct sim *m, double h)
{
	double at = fmod(h + m->day_at, 24);

	if (m->s->five_days && fmod(h + m->day_at, 7 * 24) >= 5 * 24)
		return 0;
	return m->day * MIN(MIN(MAX(at, 0) / 2, 1), MIN(MAX(11 - at, 0) / 2, 1));
}

/* Turns: while one lasts the session works. */
static double
sim_turns(struct sim *m, double h, double dt)
{
	const struct shape *s = m->s;

	m->working = false;
	if (s->turn.hi <= 0)
		return 0;
	if (h >= m->turn_at) {
		m->turn_end = m->turn_at + draw(s->turn_h);
		m->turn_at = m->turn_end + draw(s->turn_every);
		m->level += draw(s->turn) * (1 - draw(s->turn_back));
		m->turned += draw(s->turn) * draw(s->turn_back);
	}
	m->working = h < m->turn_end;
	if (!m->working)
		m->turned -= m->turned * MIN(dt / 0.3, 1);
	return m->turned;
}

static void
sim_comes_and_goes(struct sim *m, double h)
{
	const struct shape *s = m->s;

	if (s->restart_h.hi > 0 && h >= m->restart_at) {
		m->level = m->owed = m->turned = 0;
		m->born = h;
		m->restart_at = h + draw(s->restart_h);
	}
	m->away = s->away.hi > 0 && h >= m->away_at;
	if (m->away && h >= m->away_at + s->away.lo) {
		m->away = false;
		m->away_at = h + draw(s->away_every);
	}
}

/* The footprint in bytes, dt hours after the last call, at hour h. */
static double
sim_next(struct sim *m, double h, double dt)
{
	const struct shape *s = m->s;
	double v = m->base - s->fall * h, leak = m->leak;

	sim_comes_and_goes(m, h);
	v += sim_saw(&m->phase, &m->saw_h, s->saw_h, m->saw, dt);
	v += sim_saw(&m->phase2, &m->saw2_h, s->saw2_h, m->saw2, dt);
	v += sim_days(m, h) + sim_turns(m, h, dt);
	if (m->drift > 0)
		leak *= pow(m->drift, h / m->hours);
	if (h >= m->late)
		m->owed += leak * dt;
	if (m->owed >= m->lump) {
		double x = m->lump > 20 ? m->lump : m->owed;

		m->level += x;
		m->owed -= x;
	}
	v += m->level;
	h -= m->born;
	if (m->tau > 0)
		v += m->settle * (1 - exp(-h / m->tau));
	if (m->log_t > 0)
		v += m->lograte * log(1 + h / m->log_t);
	if (m->fill_h > 0)
		v += m->fill * MIN(MAX((h - m->fill_at) / m->fill_h, 0), 1);
	if (m->wave_h > 0)
		v += m->wave / 2 * (1 + sin((h / m->wave_h + m->wave_at) * 6.283185307));
	v += sim_events(m, h + m->born) + sim_random(m, dt);
	return MAX(v, 10) * MB;
}
#endif
