#include "sessions/session/caller_env.h"
#include <string.h>

static bool
named(const char *kv, const char *const *names, size_t n)
{
	size_t len = strcspn(kv, "=");

	for (size_t i = 0; i < n; i++) {
		size_t k = strlen(names[i]);
		bool any = names[i][k - 1] == '*';

		k -= any;
		if ((any ? len >= k : len == k) && !memcmp(names[i], kv, k))
			return true;
	}
	return false;
}

bool
env_is_ours(const char *kv)
{
	static const char *const ours[] = {"MUSTER_HOME", "MUSTER_SESSION", "MUSTER_HOOK"};

	return named(kv, ours, ARRAY_LEN(ours));
}

bool
env_is_callers(const char *kv)
{
	static const char *const names[] = {
#define X(name) name,
#include "sessions/session/caller_env.def"
#undef X
	};

	return env_is_ours(kv) || named(kv, names, ARRAY_LEN(names));
}
