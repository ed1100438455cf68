/* May this session be closed, and would it be worth it? Each condition is one function over the
 * facts: it says nothing when it holds, and one reason when it does not. All must hold; a fact that
 * is not known does not hold. Closing what somebody still needs costs far more than memory. */
#include "sessions/agent/policy.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define URGENT_IDLE_S 1800.0
#define REVISIT_FACTOR 2

static const char *
duration(char *buf, size_t cap, double s)
{
	if (s < 60)
		snprintf(buf, cap, "%.0fs", s);
	else if (s < 3600)
		snprintf(buf, cap, "%.0fm", s / 60);
	else if (s < 2 * 86400)
		snprintf(buf, cap, "%.1fh", s / 3600);
	else
		snprintf(buf, cap, "%.0fd", s / 86400);
	return buf;
}

static void PRINTF_LIKE(2, 3) reason(struct reap_verdict *v, const char *fmt, ...)
{
	va_list ap;

	CHECK(v->n < REAP_REASONS_MAX);
	va_start(ap, fmt);
	vsnprintf(v->reason[v->n++], sizeof v->reason[0], fmt, ap);
	va_end(ap);
}

double
policy_idle_limit(const struct reap_facts *f, const struct reap_config *c)
{
	double limit = c->idle_s;

	if (f->pressure)
		limit = MIN(limit, URGENT_IDLE_S);
	if (c->revisits > 0 && f->revisits_day >= c->revisits)
		limit *= REVISIT_FACTOR;
	return limit;
}

static void
check_activity(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	bool rests = activity_over(f->activity);

	(void)c;
	if (!f->live)
		reason(v, "activity: it is not running");
	else if (!rests)
		reason(v, "activity: %s (%s)", activity_name(f->activity),
			activity_source_name(f->source));
	else if (f->source > SRC_HOOK && !f->screen_and_output_agree)
		reason(v, "activity: %s only by its %s, which is a guess",
			activity_name(f->activity), activity_source_name(f->source));
}

static void
check_prompt(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	(void)c;
	if (f->live && !f->at_prompt && !f->draft && activity_over(f->activity))
		reason(v, "activity: not seen to be at its prompt (%s)", f->prompt_why);
}

static void
check_idle(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	double limit = policy_idle_limit(f, c);
	char a[16], b[16];

	if (f->idle_s >= limit)
		return;
	duration(a, sizeof a, f->idle_s);
	duration(b, sizeof b, limit);
	if (limit > c->idle_s && f->idle_s >= limit / REVISIT_FACTOR)
		reason(v,
			"revisited: attached %d times within a day, so %s idle is too short for %s",
			f->revisits_day, a, b);
	else
		reason(v, "idle: %s of %s", a, b);
}

static void
check_tool(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	(void)c;
	if (f->tool_running)
		reason(v, "tool: %s", f->tool_name[0] ? f->tool_name : "something runs in it");
}

static void
check_draft(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	(void)c;
	if (f->draft)
		reason(v, "draft: unsent text in its prompt");
}

static void
check_conversation(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	(void)c;
	if (!f->needs_conversation)
		return;
	if (!f->conversation_known)
		reason(v, "no-conversation: its id is not known");
	else if (!f->conversation_on_disk)
		reason(v, "no-conversation: nothing of it is on disk");
}

static void
check_pinned(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	(void)c;
	if (f->pinned)
		reason(v, "pinned: never put to sleep");
}

static void
check_attached(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	(void)c;
	if (f->attached)
		reason(v, "attached: someone is viewing it");
}

static void
check_age(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	double limit = MIN(c->min_age_s, c->idle_s);
	char a[16], b[16];

	if (f->age_s < limit)
		reason(v, "recent: started or resumed %s ago, less than %s",
			duration(a, sizeof a, f->age_s), duration(b, sizeof b, limit));
}

/* Not a matter of safety: sorts and preselects. */
static bool
worth(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	if (f->grows || f->pressure || (f->footprint_known && f->footprint_bytes >= c->min_bytes))
		return true;
	if (!f->footprint_known)
		reason(v, "small: %s", f->unseen[0] ? f->unseen : "its footprint is not known yet");
	else
		reason(v, "small: %.0fM of %.0fM, and it does not grow",
			(double)f->footprint_bytes / 0x1p20, (double)c->min_bytes / 0x1p20);
	return false;
}

void
policy_judge(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v)
{
	static void (*const checks[])(const struct reap_facts *, const struct reap_config *,
		struct reap_verdict *) = {check_pinned, check_attached, check_draft, check_tool,
		check_activity, check_prompt, check_conversation, check_age, check_idle};

	memset(v, 0, sizeof *v);
	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		checks[i](f, c, v);
	v->eligible = v->n == 0;
	v->worth = worth(f, c, v);
}

bool
policy_auto(const struct reap_facts *f, const struct reap_config *c, const struct reap_verdict *v)
{
	return c->mode == REAP_AUTO && v->eligible && v->worth &&
	       (f->grows || f->pressure || !c->auto_growing_only);
}
