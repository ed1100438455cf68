#include "sessions/closing/judge.h"
#include "core/os/os.h"
#include "sessions/closing/care.h"
#include "sessions/memory/sampler.h"
#include "sessions/display/display.h"
#include "sessions/session/runner.h"
#include "sessions/life/sessions.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEC 1000000000ull
#define QUIET_NS (5 * SEC) /* of output, to agree with an idle screen */

/* Environment of the session; a record without one (a lost session) has at best the server's. */
const char *
judge_getenv(void *ctx, const char *name)
{
	const struct session *s = ctx;

	return s->env ? session_getenv(s, name) : getenv(name);
}

static int
revisits_today(const struct session *s)
{
	double now = os_wall_s();
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(s->revisit); i++)
		n += s->revisit[i] > 0 && now - s->revisit[i] < 86400;
	return n;
}

/* What runs in it beside the CLI, by whoever knows. */
static void
tool_facts(struct session *s, const struct memstat *m, struct reap_facts *f)
{
	const struct care *c = care_seen(s);
	char *name = f->tool_name;
	size_t cap = sizeof f->tool_name;

	if (m && m->tool[0])
		snprintf(name, cap, "%s", m->tool);
	else if (s->run->act.children_working)
		snprintf(name, cap, "%u sub-agents work", s->run->act.children_working);
	else if (s->run->act.tool_on_screen[0])
		snprintf(name, cap, "%.63s", s->run->act.tool_on_screen);
	else if (c && c->background)
		snprintf(name, cap, "%u background tasks", c->background);
	f->tool_running = name[0] != 0;
}

void
judge_facts(struct session *s, struct reap_facts *f)
{
	const struct memstat *m = sessions_memory(s);
	const struct activity_signal *screen = &s->run->act.sig[SRC_SCREEN];
	uint64_t now = os_mono_ns();
	const struct care *c = care_seen(s);

	memset(f, 0, sizeof *f);
	f->live = s->state == SS_RUNNING;
	f->pinned = s->pinned;
	f->attached = s->display->viewers > 0;
	f->draft = s->run->act.draft_since_ns || s->run->act.draft_on_screen ||
		   s->run->act.prompt.state == PROMPT_TEXT;
	f->at_prompt = s->run->act.prompt.state == PROMPT_EMPTY && !s->run->stopped;
	snprintf(f->prompt_why, sizeof f->prompt_why, "%.90s",
		s->run->stopped ? "it is stopped" : s->run->act.prompt.text);
	tool_facts(s, m, f);
	f->needs_conversation = profile_needs_conversation(s->profile);
	f->conversation_known = s->conversation[0] || !profile_has_ids(s->profile);
	f->conversation_on_disk = f->needs_conversation && c && c->transcript;
	f->grows = m && m->growth != GROWTH_UNKNOWN && m->growth != GROWTH_FLAT;
	f->pressure = s->of->sampler && sampler_pressure(s->of->sampler).level >= 2;
	f->footprint_known = m && m->known;
	f->footprint_bytes = m ? m->footprint : 0;
	runner_unseen(s, f->unseen, sizeof f->unseen);
	f->activity = s->run->act.now;
	f->source = s->run->act.source;
	f->screen_and_output_agree = screen->at_ns && activity_at_rest(screen->value) &&
				     now - s->run->act.last_text_ns >= QUIET_NS;
	f->idle_s = activity_idle_s(&s->run->act, now);
	/* the wall clock knows of a start before this server's */
	f->age_s = now > s->run->started_ns ? (double)(now - s->run->started_ns) / (double)SEC : 0;
	f->age_s = MAX(f->age_s, s->past.started > 0 ? os_wall_s() - s->past.started : 0);
	f->revisits_day = revisits_today(s);
}

void
judge(struct session *s, const struct reap_config *c, struct reap_verdict *v)
{
	struct reap_facts f;

	judge_facts(s, &f);
	policy_judge(&f, c, v);
}

const char *
judge_against(const struct reap_verdict *v, char *buf)
{
	static const char *const may[] = {
		"idle:", "recent:", "revisited:", "pinned:", "attached:", "small:"};

	for (int i = 0; i < v->n; i++) {
		bool overruled = false;

		for (size_t k = 0; k < ARRAY_LEN(may); k++)
			overruled |= strncmp(v->reason[i], may[k], strlen(may[k])) == 0;
		if (!overruled) {
			snprintf(buf, 120, "%s", v->reason[i]);
			return buf;
		}
	}
	return NULL;
}
