#ifndef SESSIONS_USAGE_H
#define SESSIONS_USAGE_H
/* How full a conversation's context is, and how much of the account's allowances is used, by what
 * the CLIs write: Claude's transcript (the last answer's usage), Codex's rollout (token_count, with
 * rate_limits), Claude's status line (rate_limits). And until when an account is limited, by words
 * such as "resets 3pm". What is not said is unknown. */
#include "core/base/base.h"
#include <jansson.h>

#define USAGE_LIMITS_MAX 6
struct usage_limit {
	char name[24];	  /* "5h", "7d", or the CLI's own word */
	double used_pct;  /* 0-100 and above */
	double resets_at; /* wall; 0 unknown */
};
struct usage {
	uint64_t
		context_tokens; /* of the last request: input, cache written and cache read; 0 unknown */
	int n;
	struct usage_limit limit[USAGE_LIMITS_MAX];
};
/* What the end of a transcript says; what it does not say stays as it was. False: nothing was found,
 * or it cannot be read. */
bool usage_read(const char *path, struct usage *u);
/* An object of the CLI's, by name: {"five_hour":{"used_percentage":7,"resets_at":1795951672}}. */
void usage_take_limits(struct usage *u, const json_t *limits, double now);
/* Wall time at which the last of the used-up allowances is back; 0: none is used up. */
double usage_limited_until(const struct usage *u, double now);
/* The time named in "… resets 3pm", "… try again at 14:05", "… in 2 hours 5 minutes"; local time,
 * of a clock's the next within 12 h. 0: none is named, or it is over. */
double usage_time(const char *text, double now);
#endif
