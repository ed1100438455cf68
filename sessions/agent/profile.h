#ifndef SESSIONS_PROFILE_H
#define SESSIONS_PROFILE_H
/* What muster knows of one CLI, as INI data: share/profiles/NAME.ini, overridden by [profile.NAME]
 * of the user's config. Immutable after loading. */
#include "core/base/buf.h"

struct profile;
struct profiles; /* all of them */

/* Conversation ids are 8-4-4-4-12 or a CLI's own word: letters, digits, - and _ only. */
#define CONVERSATION_MAX 64
typedef const char *(*profile_getenv_cb)(void *ctx, const char *name); /* the session's own env */
/* Built-in data first (compiled in from share/profiles), then the user's sections. NULL and *e on
 * a bad value (file and line named). */
struct profiles *profiles_load(const char *config_path, struct err *e);
void profiles_free(struct profiles *ps);
const struct profile *profile_find(const struct profiles *ps, const char *name); /* NULL */
/* Is the program one of it, by the last part of its path, without the ending of a script? */
bool profile_goes_by(const struct profile *p, const char *program);
/* By its program, also behind env, nice, timeout, npx, node and their like. Never NULL: "shell". */
const struct profile *profile_of_command(const struct profiles *ps, char *const *argv);
const struct profile *profile_at(const struct profiles *ps, size_t i); /* NULL past the end */
const char *profile_name(const struct profile *p);

/* The conversation a start with these words will have: the id the user gave among them, else a
 * fresh UUID where the profile takes one, else "" (also when the words say "the last one", or
 * name a subcommand that holds no conversation). True if the words name it. */
bool profile_pick_conversation(
	const struct profile *p, char *const *argv, char out[CONVERSATION_MAX]);
/* How to start it. `argv` is the user's own (NULL: the profile's command); conversation is from
 * profile_pick_conversation and added unless the words hold one. NULL-terminated, one free(). */
char **profile_start_argv(const struct profile *p, char *const *argv, const char *conversation);
/* The same words, as from profile_start_argv, with a first prompt given as an argument. NULL where
 * the profile takes none or the words hold one (or a subcommand). One free(). */
char **profile_prompt_argv(const struct profile *p, char *const *argv, const char *prompt);
/* How to resume: the user's flags are kept, their prompt and any older id are not. NULL if the
 * profile cannot. One free(). */
char **profile_resume_argv(const struct profile *p, char *const *argv, const char *conversation);
bool profile_chooses_id(const struct profile *p); /* takes --session-id like flags */
bool profile_can_resume(const struct profile *p);
const char *profile_quit(const struct profile *p); /* text to type, "" none */
/* The signal that ends it with nothing lost, so that nothing has to be typed; 0: none does. */
int profile_end_signal(const struct profile *p);
/* Where the conversation's transcript may be; HOME, CLAUDE_CONFIG_DIR and the like come through get. */
void profile_transcript_places(const struct profile *p, const char *cwd, const char *conversation,
	profile_getenv_cb get, void *ctx, struct buf *out);
/* Its path, if it exists in one of these places; false if not. Waits for the disk; any thread. */
bool profile_transcript_find(const struct buf *places, const char *cwd, char *out, size_t cap);
bool profile_conversation_valid(const char *id); /* safe in a path */
/* Does a transcript belong to one id (claude), or to the folder (aider)? */
bool profile_has_ids(const struct profile *p);
/* Directories the CLI writes about itself: registry of live processes, rollouts by day. false
 * where there is none. */
bool profile_registry_dir(
	const struct profile *p, profile_getenv_cb getenv_of, void *ctx, char *out, size_t cap);
bool profile_rollout_dir(
	const struct profile *p, profile_getenv_cb getenv_of, void *ctx, char *out, size_t cap);
/* The same argv with a settings file of ours added, where the profile takes one and the user gave
 * none; NULL otherwise. One free(). */
char **profile_settings_argv(const struct profile *p, char *const *argv, const char *file);
/* The first of the user's settings files that exists, for their status line: the i-th candidate in
 * out; false past the end. */
bool profile_status_line(const struct profile *p, const char *cwd, size_t i,
	profile_getenv_cb getenv_of, void *ctx, char *out, size_t cap);
const char *profile_hook_events(const struct profile *p); /* names with blanks between, or "" */
/* Environment the profile adds: i-th "K=V", NULL past the end. */
const char *profile_env(const struct profile *p, size_t i);
const char *profile_runner(const struct profile *p);  /* "" none */
const char *profile_mem_max(const struct profile *p); /* a size, as written; "" none */
/* Is a process of this name one of the CLI's usual helpers (not a running tool)? */
bool profile_is_helper(const struct profile *p, const char *comm, const char *cmdline);
/* One process that serves all sessions of the CLI, whichever started it: never ended with one of
 * them, and what it holds open tells nothing about one. */
bool profile_is_shared(const struct profile *p, const char *cmdline);
bool profile_says_status(
	const struct profile *p); /* by OSC 7501 or a registry: wait for its word */
bool profile_needs_conversation(const struct profile *p); /* resumable CLIs; false for shell */
/* Rules. Each returns an enum activity, or -1 when none matches; detail gets the matched text. */
int profile_match_title(const struct profile *p, const char *title);
int profile_match_screen(const struct profile *p, const char *text, char *detail, size_t cap);
/* Says the screen that something runs in the background, that the account is limited (in detail the
 * line that says until when), or that the prompt holds a draft? */
bool profile_screen_tool(const struct profile *p, const char *text, char *detail, size_t cap);
bool profile_screen_limit(const struct profile *p, const char *text, char *detail, size_t cap);
bool profile_screen_stopped(const struct profile *p, const char *text);
bool profile_screen_draft(const struct profile *p, const char *text);
/* For prompt.c alone: see there. Offsets into text; group 1 of the rule. */
bool profile_has_prompt(const struct profile *p);
bool profile_find_prompt(
	const struct profile *p, const char *text, size_t len, size_t *from, size_t *to);
bool profile_prompt_away(
	const struct profile *p, const char *text, size_t len, char *what, size_t cap);
bool profile_is_placeholder(const struct profile *p, const char *text, size_t len);
#endif
