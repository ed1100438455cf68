#include "sessions/lifecycle/limits.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/lifecycle/typing.h"
#include "sessions/lifecycle/wake.h"
#include "sessions/session/run.h"
#include <stdlib.h>
#include <string.h>

#define GRACE_S 30.0 /* clocks differ; a CLI may go on by itself */
#define TRIES_MAX 3
#define GO_ON "continue"

void
limits_heard(struct session *s, const struct hook_report *rep)
{
	struct usage *u = &s->run->usage;
	double now = os_wall_s(), until;

	if (rep->usage.n) {
		u->n = rep->usage.n;
		memcpy(u->limit, rep->usage.limit, sizeof u->limit);
		session_changed(s);
	}
	if (!rep->limit[0])
		return;
	until = usage_time(rep->limit, now);
	session_set_limited(s, until > 0 ? until : usage_limited_until(u, now));
}

static void
on_told(void *ctx, const struct err *e)
{
	(void)ctx;
	if (e)
		log_warn("after its limit: %s", e->msg);
}

static void
tell(struct session *s, const char *did)
{
	const struct typing t = {.text = GO_ON, .enter = true, .done = on_told};

	session_event(s, "limit-over",
		json_pack("{s:s,s:i,s:i}", "did", did, "try", s->limit_tries, "of", TRIES_MAX));
	typing_queue(s, &t);
	typing_tick(s, os_mono_ns());
}

struct sleeper {
	struct sessions *of;
	uint32_t num;
};

static void
on_looked(void *ctx, const struct wake_facts *f)
{
	struct sleeper *sl = ctx;
	struct session *s = sessions_num(sl->of, sl->num);
	const char *how;
	struct err e;

	free(sl);
	if (!s || s->state != SS_ASLEEP)
		return;
	if (wake_session(s, f, &how, &e) == 0)
		tell(s, "woken");
	else
		log_warn(
			"session %u: its limit is over, and it cannot be woken: %s", s->num, e.msg);
}

void
limits_go_on(struct session *s)
{
	bool asleep = s->state == SS_ASLEEP;
	struct sleeper *sl;

	if (s->of->config->after_limit != AFTER_LIMIT_WAKE || s->limited_until <= 0 ||
		os_wall_s() < s->limited_until + GRACE_S)
		return;
	session_set_limited(s, 0);
	if (s->limit_tries >= TRIES_MAX ||
		(!asleep && (s->state != SS_RUNNING || s->run->act.now == ACT_WORKING ||
				    activity_blocked(s->run->act.now))))
		return;
	s->limit_tries++;
	if (!asleep) {
		tell(s, "told");
		return;
	}
	sl = xcalloc(1, sizeof *sl);
	*sl = (struct sleeper){.of = s->of, .num = s->num};
	wake_look(s, on_looked, sl);
}
