#include "sessions/session/ended.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/session/checkpoint.h"
#include "sessions/pty/pty.h"
#include "sessions/session/recorder.h"
#include "sessions/pty/ring.h"
#include "sessions/session/recover.h"
#include "sessions/session/run.h"
#include "sessions/session/display.h"
#include "sessions/pty/shelf.h"
#include "sessions/store_thread/store_worker.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORD_NS 2000000000ull /* the keeper has so long to tell of an end */

static void
hold_shelf(struct sessions *ss)
{
	keeper_hold(ss->keeper, 0, KEEPER_SHELF, shelf_fd(ss->shelf));
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
		.ended = s->past.ended};
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
	keeper_drop(ss->keeper, s->num, KEEPER_ALL_SLOTS);
	ss->untidy = true;
}

/* Its pidfd says that the child is gone. The keeper, which knows how it ended, has its time. */
static void
look_for_end(struct session *s, uint64_t now)
{
	struct run *r = s->run;
	struct pollfd p = {.fd = r ? r->pidfd : -1, .events = POLLIN};

	if (p.fd < 0 || poll(&p, 1, 0) != 1)
		return;
	if (!r->gone_ns)
		r->gone_ns = now;
	if (now - r->gone_ns < WORD_NS)
		return;
	log_warn("session %u: its child is gone, and the keeper does not say how", s->num);
	run_reaped(s, KEEPER_NO_STATUS);
}

void
ended_tick(struct sessions *ss, uint64_t now_ns)
{
	for (struct session *s = ss->first; s; s = s->next) {
		look_for_end(s, now_ns);
		ended_shelve(s);
	}
	if (shelf_compact(ss->shelf))
		hold_shelf(ss);
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
	recorder_delete(ss, num);
	store_delete_session(ss->store, num);
	g = xcalloc(1, sizeof(*g));
	*g = (struct grave){ss, num};
	store_run(ss->store, on_store, on_deleted, g);
}

void
ended_bury(struct sessions *ss)
{
	for (uint32_t num = 0; (num = shelf_next(ss->shelf, num));) {
		struct session *s;

		if (!shelf_has(ss->shelf, num, SHELF_GONE))
			continue;
		s = sessions_num(ss, num);
		if (!s)
			ended_delete(ss, num);
		else if (!session_live(s))
			sessions_forget(s);
	}
}

static struct session *
from_text(struct sessions *ss, uint32_t num, const char *note)
{
	json_t *o = json_loads(note ? note : "{}", 0, NULL);
	struct session *s = recover_from_note(ss, num, o);

	json_decref(o);
	return s;
}

/* How it ended, and with which environment it is to be woken. s NULL: the store does not know it.
 */
static void
take_down(struct sessions *ss, uint32_t num, struct session *s)
{
	struct spawn_limits limits = {0};
	struct buf end = {0}, spec = {0};
	struct shelf_end e;
	char **env = NULL, *note = NULL, *cwd = NULL;

	if (!shelf_get(ss->shelf, num, SHELF_END, &end) || end.len != sizeof(e)) {
		buf_free(&end); /* the keeper still has all of it */
		return;
	}
	memcpy(&e, end.data, sizeof(e));
	buf_free(&end);
	if (shelf_get(ss->shelf, num, SHELF_SPEC, &spec)) {
		spawn_parse(spec.data, spec.len, &env, &note, &cwd, &limits);
		explicit_bzero(spec.data, spec.cap);
	}
	buf_free(&spec);
	if (!s)
		s = from_text(ss, num, note);
	if (!s->cwd) {
		s->cwd = cwd ? cwd : xstrdup("/");
		cwd = NULL;
	}
	s->env = env;
	s->limits = limits;
	session_found(s, e.state == SHELF_ASLEEP ? SS_ASLEEP
			 : e.state == SHELF_LOST ? SS_LOST
						 : SS_EXITED);
	s->past.exit_code = e.exit_code;
	s->past.exit_signal = e.exit_signal;
	s->past.ended = e.ended;
	free(note);
	free(cwd);
}

void
ended_recover(struct sessions *ss, int take_fd)
{
	struct session *s = ss->first;

	if (take_fd >= 0 && !(ss->shelf = shelf_adopt(take_fd)))
		log_error("what the server before this one kept of ended sessions cannot be read");
	if (!ss->shelf) {
		CHECK((ss->shelf = shelf_new()));
		hold_shelf(ss);
	}
	/* both are in order of their numbers, as a rule */
	for (uint32_t num = 0; (num = shelf_next(ss->shelf, num));) {
		while (s && s->num < num)
			s = s->next;
		take_down(ss, num, s && s->num == num ? s : sessions_num(ss, num));
	}
}
