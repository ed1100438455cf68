#include "sessions/closing/strays.h"
#include "core/os/os.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLACK_MS 20

struct strays {
	struct sessions *ss;
	struct ends *ends;
	uv_timer_t timer; /* the next one to be ended */
};

/* A shell that was left, and had been given nothing to run. */
static bool
was_left_by_hand(const struct session *s)
{
	bool to_run = !s->argv[0];

	for (char **w = s->argv; !to_run && *++w;)
		to_run = **w != '-' || !strcmp(*w, "-c");
	return s->past.exit_code >= 0 && !profile_needs_conversation(s->profile) && !to_run;
}

/* Seconds until what it left behind is ended; INFINITY never. */
static double
due_in(const struct strays *st, const struct session *s)
{
	double keep = st->ss->config->strays_s;

	if (s->state != SS_EXITED || keep <= 0 || was_left_by_hand(s) || ends_busy(st->ends, s->id))
		return INFINITY;
	return MAX(keep - (double)(os_mono_ns() - s->past.ended_ns) / 1e9, 0);
}

static void on_timer(uv_timer_t *t);

static void
arm(struct strays *st, double seconds)
{
	uint64_t ms = (uint64_t)(seconds * 1000) + SLACK_MS;

	if (!isinf(seconds) && (!uv_is_active((uv_handle_t *)&st->timer) ||
				       uv_timer_get_due_in(&st->timer) > ms)) {
		uv_update_time(st->ss->loop);
		uv_timer_start(&st->timer, on_timer, ms, 0);
	}
}

static void
on_timer(uv_timer_t *t)
{
	struct strays *st = t->data;
	double next = INFINITY;

	for (struct session *s = st->ss->first; s; s = s->next) {
		double left = due_in(st, s);

		if (left > 0)
			next = MIN(next, left);
		else if (ends_strays(st->ends, s))
			session_event(s, "strays-ended", NULL);
	}
	arm(st, next);
}

void
strays_seen(struct strays *st, struct session *s)
{
	arm(st, due_in(st, s));
}

struct strays *
strays_new(struct sessions *ss, struct ends *ends)
{
	struct strays *st = xcalloc(1, sizeof(*st));

	st->ss = ss;
	st->ends = ends;
	uv_timer_init(ss->loop, &st->timer);
	st->timer.data = st;
	return st;
}

static void
on_closed(uv_handle_t *h)
{
	free(h->data);
}

void
strays_close(struct strays *st)
{
	uv_close((uv_handle_t *)&st->timer, on_closed);
}
