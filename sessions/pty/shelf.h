#ifndef SESSIONS_SHELF_H
#define SESSIONS_SHELF_H
/* What sessions that have ended need again, all in one memfd that the keeper holds: a session
 * without a child has no descriptor and no entry in the keeper, and a successor of this server
 * still finds its end, its environment and, while that is in no file, its last screen.
 *
 * A shelf is a list of records, one for each session and kind, in order of their writing. Bytes
 * that are dropped are overwritten with zeros: an environment holds secrets. The writer may die
 * between any two stores: a record is there wholly or not at all, and the one which it replaces is
 * there until then. */
#include "core/base/buf.h"

enum shelf_kind {
	SHELF_SPEC = 1,	  /* of its last child, as spawn_seal made it */
	SHELF_SCREEN = 2, /* a checkpoint (checkpoint.h) which is in no file yet */
	SHELF_END = 3,	  /* struct shelf_end: written last, so its spec is there too */
	SHELF_GONE = 4,	  /* empty: forgotten, and the store may not have deleted all of it yet */
};
enum shelf_state { SHELF_EXITED = 1, SHELF_ASLEEP = 2, SHELF_LOST = 3 };
struct shelf_end {
	int32_t state; /* enum shelf_state */
	int32_t exit_code, exit_signal;
	uint32_t zero;
	double ended;	   /* wall */
	uint64_t ended_ns; /* monotonic: the memfd is gone with the boot. Older servers had none */
};

#define SHELF_SLACK (2u << 20)

struct shelf;
/* In an empty file of memory, or -errno. NULL and errno. */
struct shelf *shelf_new(int take_fd);
/* Of a server that died. NULL: not a shelf of a version known; fd closed. */
struct shelf *shelf_adopt(int take_fd);
void shelf_free(struct shelf *sh);    /* NULL ok; the memfd lives while a keeper holds it */
int shelf_fd(const struct shelf *sh); /* borrowed; changes with shelf_compact only */
/* 0, or -errno: what was there stays. */
int shelf_put(struct shelf *sh, uint32_t num, enum shelf_kind kind, const void *p, size_t n);
bool shelf_has(const struct shelf *sh, uint32_t num, enum shelf_kind kind);
/* Appends to *out; false when there is none, or it cannot be read. */
bool shelf_get(const struct shelf *sh, uint32_t num, enum shelf_kind kind, struct buf *out);
void shelf_drop(struct shelf *sh, uint32_t num, enum shelf_kind kind);
void shelf_clear(struct shelf *sh, uint32_t num);	   /* all kinds but SHELF_GONE */
uint32_t shelf_next(const struct shelf *sh, uint32_t num); /* the next session's; 0 none */
/* What was dropped is most of it, and more than SHELF_SLACK. */
bool shelf_loose(const struct shelf *sh);
/* Moves to that empty file (or -errno), which the keeper is then to hold: true. false: there is no
 * memory, it stays where it is. */
bool shelf_compact(struct shelf *sh, int take_fd);
size_t shelf_live_bytes(const struct shelf *sh);
size_t shelf_file_bytes(const struct shelf *sh);
void shelf_check(const struct shelf *sh); /* aborts */
#endif
