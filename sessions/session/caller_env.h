#ifndef SESSIONS_CALLER_ENV_H
#define SESSIONS_CALLER_ENV_H
/* Variables that would lie to a child: of the terminal and editor around its caller, and of the agent
 * whose tool calls us. A CLI that finds an agent's marks takes itself for a part of that
 * conversation, and keeps no transcript. */
#include "core/base/base.h"

/* kv: NAME=VALUE. Is it about the caller (caller_env.def), or ours (MUSTER_…)? */
bool env_is_callers(const char *kv);
bool env_is_ours(const char *kv);
#endif
