#ifndef SESSIONS_POLICY_H
#define SESSIONS_POLICY_H
/* Reap policy: pure functions over facts. Fails closed: what is not known is not eligible. */
#include "core/base/base.h"
#include "sessions/agent/activity.h"
#include "sessions/config/config.h"

struct reap_facts {
	bool live, pinned, attached, draft, tool_running, conversation_known, conversation_on_disk;
	bool needs_conversation, grows, pressure, footprint_known;
	enum activity activity;
	enum activity_source source;
	bool screen_and_output_agree;
	double idle_s, age_s; /* age since start or resume */
	int revisits_day;
	uint64_t footprint_bytes;
	char unseen[100]; /* why its footprint cannot be known; "" it can */
	char tool_name[64];
	bool at_prompt;	      /* its prompt was seen, and it is empty */
	char prompt_why[100]; /* what was seen instead */
};
#define REAP_REASONS_MAX 12
struct reap_verdict {
	bool eligible, worth;
	int n;
	char reason[REAP_REASONS_MAX]
		   [120]; /* each begins with a prefix of cli.md, e.g. "draft: …" */
};
/* How long a session must have been at rest, with pressure and revisits reckoned in. */
double policy_idle_limit(const struct reap_facts *f, const struct reap_config *c);
/* mode=auto: is this one to be closed without asking? */
bool policy_auto(
	const struct reap_facts *f, const struct reap_config *c, const struct reap_verdict *v);
/* Reasons against come first; "small: …" is last and says only that it is not worth it. */
void policy_judge(const struct reap_facts *f, const struct reap_config *c, struct reap_verdict *v);
#endif
