#include "sessions/life/ended.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/display/checkpoint.h"
#include "sessions/display/recorder.h"
#include "sessions/pty/ring.h"
#include "sessions/session/run.h"
#include "sessions/display/display.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/memdir.h"
#include "sessions/pty/shelf.h"
#include "sessions/store_thread/store_worker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
ended_hold_shelf(struct sessions *ss)
{
	keeper_hold(ss->keeper, 0, KEEPER_SHELF, shelf_fd(ss->shelf));
}

void
ended_let_go(struct sessions *ss, uint32_t num)
{
	char name[MEMDIR_NAME];

	keeper_drop(ss->keeper, num, KEEPER_ALL_SLOTS);
	memdir_ring(name, num);
	memdir_drop(ss->memdir, name);
}

static int
put_spec(struct session *s)
{
	struct buf b = {0};
	struct stat st;
	int rc = 0;

	if (s->spec < 0)
		return 0;
	if (fstat(s->spec, &st) < 0)
		return -errno;
	buf_reserve(&b, (size_t)st.st_size);
	if (pread(s->spec, b.data, (size_t)st.st_size, 0) != st.st_size)
		rc = -EIO;
	else
		rc = shelf_put(s->of->shelf, s->num, SHELF_SPEC, b.data, (size_t)st.st_size);
	explicit_bzero(b.data, b.cap);
	buf_free(&b);
	return rc;
}

void
ended_shelve(struct session *s)
{
	struct sessions *ss = s->of;
	struct shelf_end end = {.state = s->state == SS_ASLEEP ? SHELF_ASLEEP
					 : s->state == SS_LOST ? SHELF_LOST
							       : SHELF_EXITED,
		.exit_code = s->past.exit_code,
		.exit_signal = s->past.exit_signal,
		.ended = s->past.ended,
		.ended_ns = s->past.ended_ns};
	int rc;

	if (session_live(s) || (!s->display->ring && s->spec < 0))
		return;
	if ((rc = put_spec(s)) < 0 || (s->display->ring && (rc = checkpoint_shelve(s)) < 0) ||
		(rc = shelf_put(ss->shelf, s->num, SHELF_END, &end, sizeof(end))) < 0) {
		log_warn("session %u keeps its ring: %s", s->num, strerror(-rc));
		return;
	}
	ring_free(s->display->ring);
	s->display->ring = NULL;
	if (s->spec >= 0)
		close(s->spec);
	s->spec = -1;
	ended_let_go(ss, s->num);
	ss->untidy = true;
}

void
ended_tick(struct sessions *ss)
{
	for (struct session *s = ss->first; s; s = s->next)
		ended_shelve(s);
	if (shelf_loose(ss->shelf) &&
		shelf_compact(ss->shelf, memdir_new(ss->memdir, MEMDIR_SHELF))) {
		ended_hold_shelf(ss);
		memdir_keep(ss->memdir, MEMDIR_SHELF);
	}
}

struct grave {
	struct sessions *ss;
	uint32_t num;
};

static void
on_store(void *arg, struct history_db *h, struct meta_db *m)
{
	(void)arg;
	(void)h;
	(void)m;
}

/* All that was asked of the store before is done. */
static void
on_deleted(void *arg)
{
	struct grave *g = arg;

	shelf_drop(g->ss->shelf, g->num, SHELF_GONE);
	free(g);
}

void
ended_delete(struct sessions *ss, uint32_t num)
{
	struct grave *g;

	shelf_clear(ss->shelf, num);
	if (!ss->store)
		return;
	shelf_put(ss->shelf, num, SHELF_GONE, "", 0);
	store_delete_session(ss->store, num);
	g = xcalloc(1, sizeof(*g));
	*g = (struct grave){ss, num};
	store_run(ss->store, on_store, on_deleted, g);
}
