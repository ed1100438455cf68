#ifndef SESSIONS_KEEPER_KEEPER_PROTO_H
#define SESSIONS_KEEPER_KEEPER_PROTO_H
/* What keeper and server say to each other over an inherited SEQPACKET socketpair (KEEPER_FD in the
 * server): fixed 64-byte records, file descriptors beside them (SCM_RIGHTS). No paths, no strings:
 * argv and environment of a spawn travel in a sealed memfd (struct spawn_spec). Append-only: types
 * keep their number and fields their place; a record of an unknown type is ignored, its fds closed.
 *
 * The keeper is a table of fds and children. Entry 0 is the server's own (arena, sockets, lock);
 * every other entry is a session with a child: what a server put there, plus the child's pid and
 * exit status. A server drops it whole once it has seen to the child's end.
 *
 *   keeper                                     server
 *     HELLO, {HELD | CHILD}…, READY      ─►      rebuilds what a predecessor had
 *                                        ◄─      SPAWN spec+ring, HOLD, DROP, STOP
 *     SPAWNED master+pidfd, EXITED       ─►
 *
 * UPGRADE: the keeper becomes another program by exec, with its pid, its children and its fds; the
 * table goes along in a memfd of records (HELD with the fd's number as pid, CHILD with the news as
 * slot). Its server then yields: it only holds what it has, in case that the keeper dies now, until
 * the next one serves, which is the new program. When that dies before SERVING, or has fewer sessions
 * than it was told of, the program that served last is started again.
 *
 * A replacement keeper (the first died; the server started another) gets HOLD and ADOPT for all
 * that lives. It is not the parent of what it adopts: exit status unknown (KEEPER_NO_STATUS). */
#include <stdint.h>
#include <assert.h>

#define KEEPER_VERSION 1u
#define KEEPER_MAGIC (0x4b4d0000u | KEEPER_VERSION) /* "MK", version */
#define KEEPER_FD 3
#define KEEPER_ENTRIES 1024 /* sessions whose fds can be held, entry 0 included */
#define KEEPER_SLOTS 8	    /* fds of an entry */
#define KEEPER_ALL_SLOTS 0xffff
#define KEEPER_REC_FDS 4

enum keeper_type {
	KEEPER_HELLO = 1,    /* pid: keeper's; id: KEEPER_VERSION it speaks */
	KEEPER_HELD = 2,     /* id, slot, fd: replay of a HOLD */
	KEEPER_CHILD = 3,    /* id, pid, start, flags, status: replay of a child; STARTING: its
			     * master comes with SPAWNED */
	KEEPER_READY = 4,    /* end of the replay */
	KEEPER_SPAWNED = 5,  /* id, pid, start; fds master, pidfd; or error: errno and no fds */
	KEEPER_EXITED = 6,   /* id, pid, status as of waitpid or KEEPER_NO_STATUS */
	KEEPER_UPGRADED = 7, /* error: why UPGRADE failed; 0: another program keeps from here on */
	KEEPER_TRIAL = 8,    /* of a replay: it tells of copies; PROVED is the answer */
	KEEPER_YIELDED = 9,  /* pid, fd its pidfd: the server that follows; pid 0: it serves */
	KEEPER_SPAWN = 32,   /* id, cols, rows; fds spec[, ring] */
	KEEPER_HOLD = 33,    /* id, slot, fd: replaces what the slot held */
	KEEPER_DROP = 34,    /* id, slot; KEEPER_ALL_SLOTS frees the entry */
	KEEPER_ADOPT =
		35, /* id, pid, start, flags, status: a child of a dead keeper; id 0: the server */
	KEEPER_SERVING = 37, /* the server has taken over, id sessions with a process: if it dies
			      * now, it was not failing to start */
	KEEPER_STOP = 36,    /* leave once the server has left */
	KEEPER_UPGRADE =
		38, /* fds: the program that the keeper is to become, and the next server's */
	KEEPER_YIELD = 40,  /* the server does nothing any more: the next one is to begin */
	KEEPER_PROVED = 39, /* id: so many sessions with a process could be taken over */
};
enum { /* slots of a session */
	KEEPER_MASTER,
	KEEPER_RING,
	KEEPER_SPEC,
	KEEPER_PIDFD
};
enum { /* slots of entry 0 */
	KEEPER_ARENA,
	KEEPER_LISTEN,
	KEEPER_LOCK,
	KEEPER_SERVER_PIDFD,
	KEEPER_HOOK,
	KEEPER_SHELF,	     /* what ended sessions need again (sessions/pty/shelf.h) */
	KEEPER_BINARY,	     /* a keeper's own program, for the one that replaces it */
	KEEPER_SERVER_BINARY /* that of the server that served last */
};
enum { /* flags of CHILD and ADOPT */
	KEEPER_RUNNING = 1,
	KEEPER_GONE = 2,
	KEEPER_STARTING = 4,
	KEEPER_ADOPTED = 8
};
enum {				 /* further slots, in the table that goes over an exec */
	KEEPER_SLOT_SOCKET = 64, /* of entry 0: to its server */
	KEEPER_SLOT_EXEC = 65	 /* where a child that starts reports */
};
#define KEEPER_NO_STATUS (-1)
/* Exit code of a server that must not be started again (another one serves this place). */
#define KEEPER_EXIT_FINAL 75

struct keeper_rec {
	uint32_t magic;
	uint16_t type, slot;
	uint32_t id;
	int32_t pid;
	uint64_t start; /* clock ticks since boot: field 22 of /proc/PID/stat */
	int32_t error, status;
	uint32_t flags;
	uint16_t cols, rows;
	uint8_t zero[24];
};
static_assert(sizeof(struct keeper_rec) == 64, "record size is wire format");

#define SPAWN_MAGIC 0x5053534du /* "MSSP" */
#define SPAWN_VERSION 1u
#define SPAWN_MAX (8u << 20)
#define SPAWN_LIMITS 16
/* The memfd of a SPAWN, sealed against writing and shrinking. Offsets from its start; argv and env
 * are runs of NUL-terminated strings; meta is the server's own note of what the session is (JSON),
 * for a successor which finds no record of it. */
struct spawn_spec {
	uint32_t magic, version, size; /* size: of the whole */
	uint32_t argc, argv_off;
	uint32_t envc, env_off;
	uint32_t cwd_off;
	uint32_t meta_off, meta_len;
	uint32_t mask; /* umask */
	uint32_t n_limits;
	struct {
		uint32_t resource, zero;
		uint64_t cur, max; /* UINT64_MAX: none */
	} limit[SPAWN_LIMITS];
};
#endif
