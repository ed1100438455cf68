#include "sessions/agent/notice.h"
#include <string.h>

int
notice_kind(enum activity a)
{
	static const int kinds[ACT_COUNT] = {[ACT_PERMISSION] = NOTIFY_PERMISSION + 1,
		[ACT_QUESTION] = NOTIFY_QUESTION + 1,
		[ACT_DONE] = NOTIFY_DONE + 1,
		[ACT_ERROR] = NOTIFY_ERROR + 1,
		[ACT_LIMITED] = NOTIFY_LIMITED + 1};

	return kinds[a] - 1;
}

bool
notice_allowed(struct notice_rate *r, double now)
{
	double oldest = r->at[0];

	if (oldest > 0 && now >= oldest && now - oldest < NOTICES_S)
		return false;
	memmove(r->at, r->at + 1, sizeof(r->at) - sizeof(r->at[0]));
	r->at[NOTICES_MAX - 1] = now;
	return true;
}
