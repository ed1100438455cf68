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
#include "core/buf.h"
#include <sys/queue.h>
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
struct view;
struct request;
#define SESSION_TAGS_MAX 16
#define SESSION_LIMITS 16
/* What a child inherits from who asked for it. */
struct session_limits {
	unsigned mask, n;
	struct {
		unsigned resource;
		uint64_t cur, max; /* UINT64_MAX: none */
	} limit[SESSION_LIMITS];
};
struct session;
typedef void (*session_cb)(void *ctx, struct session *s, const struct err *e); /* e NULL: well */
struct session {
	uint32_t magic;
	struct server *server;
	struct session *next;
	uint32_t num; /* small, unique over the life of the store */
	char id[12];  /* 8 hex digits, at least one letter */
	char name[64];
	const struct profile *profile;
	char *cwd;
	char **argv; /* the user's own words; NULL-terminated, one free() */
	char **env;  /* "K=V", NULL-terminated, one free(); never logged or stored */
	char *tags[SESSION_TAGS_MAX];
	int n_tags;
	bool pinned, no_store, resumed;
	bool hibernating;      /* closing leads to asleep, not exited */
	uint64_t mem_max;      /* 0: none */
	bool mem_held;	       /* by a cgroup; else watched */
	int mem_level;	       /* see memlimit_level */
	uint64_t mem_kills;    /* told of */
	char conversation[64]; /* "" unknown */
	char hook_token[33];
	enum session_state state;

	double created, started; /* wall; started = this run of the child */
	uint64_t started_ns;
	double last_output, last_input; /* wall; 0 never */
	pid_t pid;
	uint64_t pid_start;
	int pidfd;		    /* -1 */
	int exit_code, exit_signal; /* -1 unknown */
	double ended;

	int cols, rows;
	struct term *term; /* never NULL; it may be parked (core/term.h) */
	struct ring *ring;
	struct pty *pty;

	struct activity_state act;
	struct reap_verdict reap;
	double revisit[8];    /* wall times of the last attaches */
	unsigned viewers;     /* clients attached (previews do not count) */
	uint64_t freed_bytes; /* by the last hibernate */

	/* of the server alone */
	struct recorder *recorder; /* NULL: not stored */
	struct session_limits limits;
	int spec;			 /* memfd of the last spawn; -1 */
	char title[256], last_line[256]; /* sanitised; of the screen as it was when last settled */
	LIST_HEAD(, view) views;
	struct buf replies; /* the terminal's answers while it is fed */
	bool feeding, changed, meta_changed, unsettled, child_gone;
	bool status_said; /* OSC 7501 was in the bytes just fed */
	uint64_t changed_ns, output_ns, saved_ns, looked_ns, gen_settled, settled_ns, sealed_ns;
	session_cb on_spawned;
	void *on_spawned_ctx;
	struct ending *ending;	/* of session_close; NULL none */
	struct send_job *sends; /* text waiting to be typed, oldest first */
	double stamped;		/* wall; when the terminal was last told the time */
	double last_send;	/* wall; what wait --for idle counts from */
	uint64_t last_send_ns;
};

/* The terminal of one that is looked at: it is not parked for the next minute. */
struct term *session_term(struct session *s);
bool session_live(const struct session *s); /* starting, running or closing */
/* Validates, logs "session 4: starting -> running", emits the event. Aborts on a forbidden move. */
void session_set_state(struct session *s, enum session_state to);
const char *session_getenv(const struct session *s, const char *name); /* of its own env */

/* Record of a session, in no list yet; state `first`. */
struct session *session_new(struct server *sv, enum session_state first);
void session_free(struct session *s); /* closes, unmaps, gives slabs back; not in a list any more */
/* Bytes of the child: the last n before the ring's head. */
void session_output(struct session *s, size_t n);
void session_resize(struct session *s, int cols, int rows);
/* Gives the screen's memory back; nobody may be looking. */
void session_park(struct session *s);
void session_term_ops(struct session *s); /* its terminal reports to it */
void session_flush_replies(struct session *s);
void session_restored(struct session *s);    /* title and the like again, after a restart */
bool session_rests(const struct session *s); /* may be parked: quiet for a minute, nobody looks */
/* What its screen says: last line, profile's rules; then the activity's verdict. */
void session_settle(struct session *s, uint64_t now_ns);
/* Verdict again; tells clients when it changed. */
void session_evaluate(struct session *s, uint64_t now_ns);
/* Ends the whole tree: HUP, 5 s, TERM, 5 s, KILL; now: KILL at once, its strays within 0.2 s. */
void session_close(struct session *s, bool now);
#endif
