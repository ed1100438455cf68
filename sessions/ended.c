#include "sessions/ended.h"
#include "core/log.h"
#include "core/os.h"
#include "sessions/checkpoint.h"
#include "sessions/pty.h"
#include "sessions/recorder.h"
#include "sessions/ring.h"
#include "sessions/server_priv.h"
#include "sessions/shelf.h"
#include "sessions/store_worker.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORD_NS 2000000000ull /* the keeper has so long to tell of an end */

static void
hold_shelf(struct server *sv)
{
	keeper_hold(sv->keeper, 0, KEEPER_SHELF, shelf_fd(sv->shelf));
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
		rc = shelf_put(s->server->shelf, s->num, SHELF_SPEC, b.data, (size_t)st.st_size);
	explicit_bzero(b.data, b.cap);
	buf_free(&b);
	return rc;
}

void
ended_shelve(struct session *s)
{
	struct server *sv = s->server;
	struct shelf_end end = {.state = (int32_t)s->state,
		.exit_code = s->exit_code,
		.exit_signal = s->exit_signal,
		.ended = s->ended};
	int rc;

	if (session_live(s) || (!s->ring && s->spec < 0))
		return;
	if ((rc = put_spec(s)) < 0 || (s->ring && (rc = checkpoint_shelve(s)) < 0) ||
		(rc = shelf_put(sv->shelf, s->num, SHELF_END, &end, sizeof(end))) < 0) {
		log_warn("session %u keeps its ring: %s", s->num, strerror(-rc));
		return;
	}
	ring_free(s->ring);
	s->ring = NULL;
	if (s->spec >= 0)
		close(s->spec);
	s->spec = -1;
	keeper_drop(sv->keeper, s->num, KEEPER_ALL_SLOTS);
	sv->untidy = true;
}

/* Its pidfd says that the child is gone. The keeper, which knows how it ended, has its time. */
static void
look_for_end(struct session *s, uint64_t now)
{
	struct pollfd p = {s->pidfd, POLLIN, 0};

	if (s->pidfd < 0 || s->child_gone || !session_live(s) || poll(&p, 1, 0) != 1)
		return;
	if (!s->gone_ns)
		s->gone_ns = now;
	if (now - s->gone_ns < WORD_NS)
		return;
	log_warn("session %u: its child is gone, and the keeper does not say how", s->num);
	server_child_status(s, KEEPER_NO_STATUS);
	if (s->pty)
		pty_child_gone(s->pty);
	else
		server_session_ended(s);
}

void
ended_tick(struct server *sv, uint64_t now_ns)
{
	for (struct session *s = sv->sessions; s; s = s->next) {
		look_for_end(s, now_ns);
		ended_shelve(s);
	}
	if (shelf_compact(sv->shelf))
		hold_shelf(sv);
}

struct grave {
	struct server *sv;
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

	shelf_drop(g->sv->shelf, g->num, SHELF_GONE);
	free(g);
}

void
ended_delete(struct server *sv, uint32_t num)
{
	struct grave *g;

	shelf_clear(sv->shelf, num);
	if (!sv->store)
		return;
	shelf_put(sv->shelf, num, SHELF_GONE, "", 0);
	recorder_delete(sv, num);
	store_delete_session(sv->store, num);
	g = xcalloc(1, sizeof(*g));
	*g = (struct grave){sv, num};
	store_run(sv->store, on_store, on_deleted, g);
}

void
ended_bury(struct server *sv)
{
	for (uint32_t num = 0; (num = shelf_next(sv->shelf, num));) {
		struct session *s;

		if (!shelf_has(sv->shelf, num, SHELF_GONE))
			continue;
		s = server_session(sv, num);
		if (!s)
			ended_delete(sv, num);
		else if (!session_live(s))
			server_forget(sv, s);
	}
}

/* How it ended, and with which environment it is to be woken. s NULL: the store does not know it.
 */
static void
take_down(struct server *sv, uint32_t num, struct session *s)
{
	struct session_limits limits = {0};
	struct buf end = {0}, spec = {0};
	struct shelf_end e;
	char **env = NULL, *note = NULL, *cwd = NULL;

	if (!shelf_get(sv->shelf, num, SHELF_END, &end) || end.len != sizeof(e)) {
		buf_free(&end); /* the keeper still has all of it */
		return;
	}
	memcpy(&e, end.data, sizeof(e));
	buf_free(&end);
	if (shelf_get(sv->shelf, num, SHELF_SPEC, &spec)) {
		spawn_parse(spec.data, spec.len, &env, &note, &cwd, &limits);
		explicit_bzero(spec.data, spec.cap);
	}
	buf_free(&spec);
	if (!s)
		s = server_from_note(sv, num, note);
	if (!s->cwd) {
		s->cwd = cwd ? cwd : xstrdup("/");
		cwd = NULL;
	}
	s->env = env;
	s->limits = limits;
	s->state = e.state == SS_ASLEEP ? SS_ASLEEP : e.state == SS_LOST ? SS_LOST : SS_EXITED;
	s->exit_code = e.exit_code;
	s->exit_signal = e.exit_signal;
	s->ended = e.ended;
	free(note);
	free(cwd);
}

void
ended_recover(struct server *sv, int take_fd)
{
	struct session *s = sv->sessions;

	if (take_fd >= 0 && !(sv->shelf = shelf_adopt(take_fd)))
		log_error("what the server before this one kept of ended sessions cannot be read");
	if (!sv->shelf) {
		CHECK((sv->shelf = shelf_new()));
		hold_shelf(sv);
	}
	/* both are in order of their numbers, as a rule */
	for (uint32_t num = 0; (num = shelf_next(sv->shelf, num));) {
		while (s && s->num < num)
			s = s->next;
		take_down(sv, num, s && s->num == num ? s : server_session(sv, num));
	}
}
