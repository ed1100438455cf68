#ifndef SESSIONS_SESSION_H
#define SESSIONS_SESSION_H
/* One CLI on one pty: identity, state, terminal, activity, memory. Life-cycle:
 *
 *   starting ─► running ─► closing ─► exited            kill, or the child's own end
 *                  │  ▲        └────► asleep ─► starting    hibernate … resume
 *                  │  └── (server restart: stays running)
 *                  └─► lost ─► starting                  keeper and server both died, or reboot
 *
 * starting: pty and child are being made. running: pid valid, pty open. closing: asked to end, pid
 * may still live. asleep, exited, lost: no pid, no pty; the terminal's last screen and history
 * stay readable. session_set_state is the only writer of state: it validates, logs and emits. */
#include "core/term.h"
#include "sessions/activity.h"
#include "sessions/policy.h"
#include "sessions/profile.h"
#include <sys/types.h>

enum session_state {
#define X(name, text, to) SS_##name,
#include "sessions/state.def"
#undef X
	SS_COUNT
};
const char *session_state_name(enum session_state s);

struct server;
struct pty;
struct ring;
#define SESSION_TAGS_MAX 16
struct session {
	struct server *server;
	struct session *next;
	uint32_t num;               /* small, unique over the life of the store */
	char id[12];                /* 8 hex digits, at least one letter */
	char name[64];
	const struct profile *profile;
	char *cwd;
	char **argv;                /* the user's own words; NULL-terminated, one free() */
	char **env;                 /* "K=V", NULL-terminated, one free(); never logged or stored */
	char *tags[SESSION_TAGS_MAX];
	int n_tags;
	bool pinned, no_store, resumed;
	bool hibernating;           /* closing leads to asleep, not exited */
	uint64_t mem_max;
	char conversation[64];      /* "" unknown */
	char hook_token[33];
	enum session_state state;

	double created, started;    /* wall; started = this run of the child */
	uint64_t started_ns;
	double last_output, last_input; /* wall; 0 never */
	pid_t pid;
	uint64_t pid_start;
	int pidfd;                  /* -1 */
	int exit_code, exit_signal; /* -1 unknown */
	double ended;

	int cols, rows;
	struct term *term;          /* never NULL; it may be parked (core/term.h) */
	struct ring *ring;
	struct pty *pty;

	struct activity_state act;
	struct reap_verdict reap;
	double revisit[8];          /* wall times of the last attaches */
	unsigned viewers;           /* clients attached (previews do not count) */
	uint64_t freed_bytes;       /* by the last hibernate */
};

bool session_live(const struct session *s); /* starting, running or closing */
/* Validates, logs "session 4: starting -> running", emits the event. Aborts on a forbidden move. */
void session_set_state(struct session *s, enum session_state to);
const char *session_getenv(const struct session *s, const char *name); /* of its own env */
#endif
