#ifndef SESSIONS_SESSION_H
#define SESSIONS_SESSION_H
/* One session: what is stored of it for ever. What exists only while a child lives is its run
 * (run.h); what is seen of it is its screen (display.h); what it belongs to is sessions.h.
 *
 *            ┌──────────────────────────────── resume ───────────────────────────────┐
 *            ▼                                                                       │
 *   new ─► starting ─► running ─► closing  ─► exited      kill, or the child's own end
 *            │            │       sleeping ─► asleep      hibernate
 *            │            ├────────────────► asleep       its CLI left before it was back
 *            │            └────────────────► lost         keeper and server both died, or reboot
 *            └─► exited, or (of a resume) what it was before: its program could not be started
 *
 * A run exists exactly in starting, running, closing and sleeping. sleeping is told apart from
 * closing in the store, so that a successor of this server goes on to asleep; people and scripts
 * read "closing" for both. session_set_state is the only writer of state: it validates, logs, stores
 * and tells the observers. */
#include "core/base/base.h"
#include "sessions/agent/profile.h"
#include "sessions/pty/spawn.h"
#include <jansson.h>
#include <stdio.h>

enum session_state {
#define X(name, text, stored, to) SS_##name,
#include "sessions/session/state.def"
#undef X
	SS_COUNT
};
const char *session_state_name(enum session_state s); /* for people and scripts */
const char *session_state_stored(enum session_state s);
enum session_state session_state_of(const char *stored); /* SS_LOST: no such state */

struct run;
struct display;
struct sessions;
struct worktree;
#define SESSION_TAGS_MAX 16
#define SESSION_NAME_MAX 63 /* bytes */
#define SESSION_NOTE_MAX 500
#define SESSION_REVISITS 8

/* How its last run went; wall times, 0 never. */
struct session_past {
	double created, started, ended; /* started: its last run */
	double last_output, last_input;
	int exit_code, exit_signal; /* -1 unknown */
	uint64_t freed_bytes;	    /* by the last sleep */
	uint64_t ended_ns;	    /* monotonic; 0: not since this boot */
};
#define SESSION_MAGIC 0x53455353u
struct session {
	uint32_t magic, num; /* num: small, never used twice */
	struct sessions *of;
	struct session *next;
	char id[12]; /* 8 hex digits, at least one letter */
	char name[SESSION_NAME_MAX + 1], conversation[64];
	const struct profile *profile;
	char *cwd, **argv;	    /* argv: the user's own words; NULL-terminated, one free() */
	char **env;		    /* "K=V", NULL-terminated, one free(); never logged or stored */
	struct spawn_limits limits; /* umask and rlimits of who asked for it */
	int spec; /* memfd with argv, env and limits of its last run, the keeper's too; -1 */
	char *tags[SESSION_TAGS_MAX];
	int n_tags;
	char *note;	       /* a line that its user wrote; NULL none */
	char *runner;	       /* [runner.NAME] that it is run by; NULL none */
	struct worktree *tree; /* the git worktree that was made for it; NULL none */
	bool pinned, no_store;
	bool archived;	       /* out of the list until it needs its user, or is woken */
	bool changed, unsaved; /* to be told to clients; to be stored */
	uint64_t told;	       /* session_look of what they were told last; 0 nothing */
	bool sweep_told;       /* its CLI will soon sweep its transcript: an event says so */
	uint64_t mem_max;      /* bytes; 0: no limit */
	double limited_until;  /* wall: its account's limit lasts; 0 none. It may be over */
	int limit_tries; /* how often it went on after a limit, without a turn that ended well */
	enum session_state state;
	struct session_past past;
	double revisit[SESSION_REVISITS]; /* wall times of the last attaches */
	struct run *run;		  /* NULL: no child lives */
	struct display *display;	  /* never NULL */
};

struct session *session_check(void *p); /* aborts when p is no session */
void session_dump(const struct session *s, FILE *out);

/* A run exists: starting, running, closing or sleeping. */
bool session_live(const struct session *s);
bool session_ending(const struct session *s); /* closing or sleeping */
/* Live or asleep: such names are unique. */
bool session_kept(const struct session *s);
/* Validates, logs "session 4: starting -> running", stores, tells. Aborts on a forbidden move. */
void session_set_state(struct session *s, enum session_state to);
/* At a start: what a session turns out to be, whatever the store says. Nobody is told. */
void session_found(struct session *s, enum session_state is);
/* Something that lists show changed; something to store changed (lists are told, too). */
void session_changed(struct session *s);
/* Its account is limited until then; 0: no more. */
void session_set_limited(struct session *s, double until);
void session_unsaved(struct session *s);
/* An entry of `events`. detail is taken; NULL none. */
void session_event(struct session *s, const char *event, json_t *take_detail);

const char *session_getenv(const struct session *s, const char *name); /* of its own env; NULL */
bool session_has_tag(const struct session *s, const char *tag);
int session_tag(struct session *s, const char *tag, struct err *e);
int session_untag(struct session *s, const char *tag, struct err *e);
void session_archive(struct session *s, bool archived);
int session_set_note(struct session *s, const char *note, struct err *e); /* "" takes it off */
void session_exit_status(struct session *s, int status);		  /* as of waitpid */
bool session_name_valid(const char *name);
#endif
