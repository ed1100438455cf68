#ifndef SESSIONS_PROFILE_H
#define SESSIONS_PROFILE_H
/* What muster knows of one CLI, as INI data: share/profiles/NAME.ini, overridden by [profile.NAME]
 * of the user's config. Immutable after loading. */
#include "core/base.h"

struct profile;
struct profiles; /* all of them */
/* Built-in data first (compiled in from share/profiles), then the user's sections. NULL and *e on
 * a bad value (file and line named). */
struct profiles *profiles_load(const char *config_path, struct err *e);
void profiles_free(struct profiles *ps);
const struct profile *profile_find(const struct profiles *ps, const char *name); /* NULL */
const struct profile *profile_of_command(
	const struct profiles *ps, const char *argv0);		       /* never NULL: "shell" */
const struct profile *profile_at(const struct profiles *ps, size_t i); /* NULL past the end */
const char *profile_name(const struct profile *p);

/* How to start it. `argv` is the user's own (NULL: the profile's command); conversation is an id
 * chosen by muster, or "" (profiles that cannot choose one). Returns a NULL-terminated vector, one
 * free(). */
char **profile_start_argv(const struct profile *p, char *const *argv, const char *conversation);
/* How to resume; the user's flags are kept. NULL if the profile cannot. */
char **profile_resume_argv(const struct profile *p, char *const *argv, const char *conversation);
bool profile_chooses_id(const struct profile *p); /* takes --session-id like flags */
bool profile_can_resume(const struct profile *p);
const char *profile_quit(const struct profile *p); /* text to type, "" none */
/* Path of the conversation's transcript if it exists on disk, in `out`; false if not. env_home is
 * the session's own HOME, env lookup for CLAUDE_CONFIG_DIR, CODEX_HOME through get. */
bool profile_transcript(const struct profile *p, const char *cwd, const char *conversation,
	const char *(*getenv_of)(void *ctx, const char *name), void *ctx, char *out, size_t cap);
/* Environment the profile adds: i-th "K=V", NULL past the end. */
const char *profile_env(const struct profile *p, size_t i);
/* Is a process of this name one of the CLI's usual helpers (not a running tool)? */
bool profile_is_helper(const struct profile *p, const char *comm, const char *cmdline);
bool profile_needs_conversation(const struct profile *p); /* resumable CLIs; false for shell */
#endif
