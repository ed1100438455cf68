/* Claude keeps ~/.claude/sessions/<pid>.json for each live process and rewrites it when its status
 * or conversation changes; the file goes when the process exits properly. A watch per directory
 * (many sessions share one) yields the names that changed; the file's pid must be the session's
 * child or below it, and alive with the start time that the file names, or it is somebody's
 * leftover.
 *
 * Codex does not say its id; but it keeps the rollout it writes open, so its file descriptors name
 * it. Two things get in the way: a daemon that holds the rollouts of all sessions, and processes
 * that make themselves undumpable, whose descriptors only root may see. Then the file itself must
 * tell: a rollout begins with the moment its first prompt was sent, so the one that began in this
 * folder when Enter was typed in this session is its own, if no other could be meant.
 *
 * A directory may not exist before the CLI first ran: a timer retries the watch until it does.
 *
 * Files and /proc are read beside the loop (registry_look.h): here stands what is asked for, and what
 * follows from what was found. A subject may have gone meanwhile. */
#include "sessions/agent/registry.h"
#include "sessions/agent/registry_look.h"
#include "sessions/store_thread/aside.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define RETRY_MS 500
#define RETRY_MAX_MS 8000
#define SAME_ENTER_S 0.05

struct watch {
	LIST_ENTRY(watch) link;
	struct registry *r;
	uv_fs_event_t ev;
	bool opened, active; /* opened: the handle must be closed; active: it watches */
	unsigned users;
	char dir[512];
};
struct subject {
	LIST_ENTRY(subject) link;
	struct registry_subject s;
	char cwd[PATH_MAX];
	pid_t file_pid; /* whose registry file spoke for it; 0 none yet */
	struct watch *watch;
	char id[64];	/* last reported */
	double enter;	/* when text was last sent */
	double matched; /* the enter whose rollout was looked for and found */
	bool looking, look_again;
};
struct registry {
	uv_loop_t *loop;
	struct registry_ops ops;
	struct aside *aside;
	uv_timer_t retry;
	uint64_t retry_ms;
	LIST_HEAD(, watch) watches;
	LIST_HEAD(, subject) subjects;
	unsigned handles; /* not closed yet, and looks under way */
	bool closing;
};
/* A look under way. */
struct look {
	struct registry *r;
	struct live_look live;
};
struct search {
	struct registry *r;
	uint32_t num;
	struct rollout_look rollout;
};

static void
tell_conversation(struct registry *r, struct subject *s, const char *id)
{
	if (!*id || strcmp(s->id, id) == 0)
		return;
	snprintf(s->id, sizeof s->id, "%s", id);
	r->ops.conversation(r->ops.ctx, s->s.num, id);
}

static void
record_for(struct registry *r, struct subject *s, const struct registry_record *rec)
{
	s->file_pid = rec->pid;
	tell_conversation(r, s, rec->conversation);
	r->ops.status(r->ops.ctx, s->s.num, rec->activity, rec->detail);
}

static void
file_gone(struct registry *r, const struct watch *w, pid_t pid)
{
	struct subject *s;

	LIST_FOREACH (s, &r->subjects, link) {
		if (s->watch == w && s->file_pid == pid) {
			s->file_pid = 0;
			r->ops.status(r->ops.ctx, s->s.num, ACT_UNKNOWN, "");
		}
	}
}

/* The session whose child is the process or stands above it. */
static void
file_says(struct registry *r, const struct watch *w, const struct live_file *f)
{
	struct subject *s;

	LIST_FOREACH (s, &r->subjects, link) {
		for (int i = 0; s->watch == w && i < f->n_line; i++) {
			if (f->line[i].pid != s->s.pid || f->line[i].start != s->s.pid_start)
				continue;
			record_for(r, s, &f->rec);
			return;
		}
	}
}

static void
maybe_free(struct registry *r)
{
	if (!r->closing || r->handles)
		return;
	aside_close(r->aside);
	free(r);
}

static void watch_start(struct watch *w);
static void watch_restart(struct watch *w);

static struct watch *
watch_find(struct registry *r, const char *dir)
{
	struct watch *w;

	LIST_FOREACH (w, &r->watches, link)
		if (strcmp(w->dir, dir) == 0)
			return w;
	return NULL;
}

static void
on_looked(void *arg)
{
	struct look *k = arg;
	struct registry *r = k->r;
	struct watch *w = r->closing ? NULL : watch_find(r, k->live.dir);

	for (size_t i = 0; w && i < k->live.n; i++) {
		const struct live_file *f = &k->live.file[i];

		if (f->gone)
			file_gone(r, w, f->pid);
		else
			file_says(r, w, f);
	}
	if (w && !w->active && k->live.there)
		watch_start(w);
	else if (w && !k->live.there)
		watch_restart(w);
	free(k->live.file);
	free(k);
	r->handles--;
	maybe_free(r);
}

static void
do_look(void *arg)
{
	live_look(&((struct look *)arg)->live);
}

/* name: the file that changed; "" whatever is there. */
static void
look_at(struct watch *w, const char *name)
{
	struct look *k = xcalloc(1, sizeof *k);

	k->r = w->r;
	snprintf(k->live.dir, sizeof k->live.dir, "%s", w->dir);
	snprintf(k->live.name, sizeof k->live.name, "%s", name);
	w->r->handles++;
	aside_run(w->r->aside, do_look, on_looked, k);
}

static void
on_event(uv_fs_event_t *ev, const char *name, int events, int status)
{
	struct watch *w = ev->data;

	(void)events;
	if (w->r->closing)
		return;
	if (status < 0)
		watch_restart(w);
	else
		look_at(w, name ? name : "");
}

static void
watch_closed(uv_handle_t *h)
{
	struct watch *w = h->data;
	struct registry *r = w->r;

	free(w);
	r->handles--;
	maybe_free(r);
}

static void
watch_start(struct watch *w)
{
	int rc;

	if (!w->opened) {
		if (uv_fs_event_init(w->r->loop, &w->ev) < 0)
			return;
		w->ev.data = w;
		w->opened = true;
		w->r->handles++;
	}
	rc = uv_fs_event_start(&w->ev, on_event, w->dir, 0);
	w->active = rc == 0;
	if (w->active)
		look_at(w, ""); /* what came before the watch did */
}

static void
on_retry(uv_timer_t *t)
{
	struct registry *r = t->data;
	struct watch *w;
	bool waiting = false;

	LIST_FOREACH (w, &r->watches, link) {
		if (!w->active)
			look_at(w, "");
		waiting |= !w->active;
	}
	r->retry_ms = MIN(2 * r->retry_ms, (uint64_t)RETRY_MAX_MS);
	if (waiting)
		uv_timer_start(t, on_retry, r->retry_ms, 0);
}

static void
retry_later(struct registry *r)
{
	if (uv_is_active((uv_handle_t *)&r->retry))
		return;
	r->retry_ms = RETRY_MS;
	uv_timer_start(&r->retry, on_retry, r->retry_ms, 0);
}

/* The directory was taken away; its watch watches nothing any more. */
static void
watch_restart(struct watch *w)
{
	if (w->opened)
		uv_fs_event_stop(&w->ev);
	w->active = false;
	retry_later(w->r);
}

static struct watch *
watch_get(struct registry *r, const char *dir)
{
	struct watch *w = watch_find(r, dir);

	if (w) {
		w->users++;
		return w;
	}
	w = xcalloc(1, sizeof *w);
	w->r = r;
	w->users = 1;
	snprintf(w->dir, sizeof w->dir, "%s", dir);
	LIST_INSERT_HEAD(&r->watches, w, link);
	return w;
}

static void
watch_put(struct watch *w)
{
	if (!w || --w->users)
		return;
	LIST_REMOVE(w, link);
	if (w->opened)
		uv_close((uv_handle_t *)&w->ev, watch_closed);
	else
		free(w);
}

struct registry *
registry_new(uv_loop_t *loop, const struct registry_ops *ops)
{
	struct registry *r = xcalloc(1, sizeof *r);

	r->loop = loop;
	r->ops = *ops;
	r->aside = aside_new(loop);
	uv_timer_init(loop, &r->retry);
	uv_unref((uv_handle_t *)&r->retry);
	r->retry.data = r;
	r->handles = 1;
	return r;
}

static void
retry_closed(uv_handle_t *h)
{
	struct registry *r = h->data;

	r->handles--;
	maybe_free(r);
}

static void
subject_free(struct subject *s)
{
	LIST_REMOVE(s, link);
	watch_put(s->watch);
	free(s);
}

void
registry_close(struct registry *r)
{
	if (!r)
		return;
	r->closing = true;
	while (!LIST_EMPTY(&r->subjects))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): LIST_REMOVE takes each one out */
		subject_free(LIST_FIRST(&r->subjects));
	uv_close((uv_handle_t *)&r->retry, retry_closed);
}

static struct subject *
find(struct registry *r, uint32_t num)
{
	struct subject *s;

	LIST_FOREACH (s, &r->subjects, link)
		if (s->s.num == num)
			return s;
	return NULL;
}

void
registry_add(struct registry *r, const struct registry_subject *from)
{
	struct subject *s;

	registry_remove(r, from->num);
	if (!from->live_dir[0] && !from->rollout_dir[0])
		return;
	s = xcalloc(1, sizeof *s);
	s->s = *from;
	snprintf(s->cwd, sizeof s->cwd, "%s", from->cwd);
	s->s.cwd = s->cwd;
	LIST_INSERT_HEAD(&r->subjects, s, link);
	if (from->live_dir[0]) {
		s->watch = watch_get(r, from->live_dir);
		look_at(s->watch, "");
	}
	registry_poke(r, from->num, 0);
}

void
registry_remove(struct registry *r, uint32_t num)
{
	struct subject *s = find(r, num);

	if (s)
		subject_free(s);
}

/* Could another session of this directory have begun a rollout at the same time, or own this one? */
static bool
contested(const struct registry *r, const struct subject *s, const char *id)
{
	const struct subject *o;

	LIST_FOREACH (o, &r->subjects, link) {
		if (o == s || strcmp(o->cwd, s->cwd) != 0)
			continue;
		if (strcmp(o->id, id) == 0 || rollout_near(o->enter, s->enter) ||
			rollout_near(s->enter, o->enter))
			return true;
	}
	return false;
}

static void
do_search(void *arg)
{
	rollout_look(&((struct search *)arg)->rollout);
}

/* The id of a rollout that one of its own processes holds open; NULL: none does. */
static const char *
own_rollout(const struct registry *r, const struct search *k)
{
	for (size_t i = 0; i < k->rollout.n_open; i++)
		if (!r->ops.shared ||
			!r->ops.shared(r->ops.ctx, k->num, k->rollout.open[i].cmdline))
			return k->rollout.open[i].id;
	return NULL;
}

static void
on_searched(void *arg)
{
	struct search *k = arg;
	struct registry *r = k->r;
	struct subject *s = r->closing ? NULL : find(r, k->num);
	const char *id;

	if (s && s->s.pid == k->rollout.pid) {
		memcpy(s->cwd, k->rollout.cwd, sizeof s->cwd);
		s->looking = false;
		if (!(id = own_rollout(r, k)) && k->rollout.n_began == 1 &&
			s->enter == k->rollout.enter && !contested(r, s, k->rollout.began))
			id = k->rollout.began;
		if (id) {
			s->matched = k->rollout.enter;
			tell_conversation(r, s, id);
		}
		if (s->look_again)
			registry_poke(r, s->s.num, s->enter);
	}
	rollout_look_free(&k->rollout);
	free(k);
	r->handles--;
	maybe_free(r);
}

void
registry_poke(struct registry *r, uint32_t num, double enter)
{
	struct subject *s = find(r, num);
	struct search *k;

	if (!s || !s->s.rollout_dir[0])
		return;
	s->enter = enter;
	s->look_again = s->looking;
	if (s->looking)
		return;
	s->looking = true;
	k = xcalloc(1, sizeof *k);
	k->r = r;
	k->num = num;
	k->rollout.pid = s->s.pid;
	k->rollout.enter = enter;
	k->rollout.started = s->s.started;
	k->rollout.by_enter = enter > 0 && fabs(s->matched - enter) > SAME_ENTER_S;
	memcpy(k->rollout.dir, s->s.rollout_dir, sizeof k->rollout.dir);
	memcpy(k->rollout.cwd, s->cwd, sizeof k->rollout.cwd);
	r->handles++;
	aside_run(r->aside, do_search, on_searched, k);
}
