#include "sessions/closing/ends.h"
#include "core/base/log.h"
#include "sessions/memory/footprint.h"
#include "sessions/memory/sampler.h"
#include "sessions/session/run.h"
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

struct end {
	LIST_ENTRY(end) link;
	struct ends *of;
	uint32_t num;
	char id[12], profile[40];
	uint64_t before_bytes; /* footprint when it began */
	struct ending *ending;
	ending_cb cb; /* of who puts it to sleep; NULL */
	void *ctx;
};
struct ends {
	struct sessions *ss;
	void (*done)(void *ctx, struct session *s);
	void *ctx;
	struct proc_table table; /* kept while something is being ended */
	LIST_HEAD(, end) list;
};

static const struct ending_times polite = {.hup_ms = 5000, .term_ms = 5000, .kill_ms = 5000};
static const struct ending_times at_once = {.kill_ms = 5000};
static const struct ending_times strays = {.hup_ms = 700, .term_ms = 1000, .kill_ms = 3000};

static struct end *
find(const struct ends *e, const char *id)
{
	struct end *x;

	LIST_FOREACH (x, &e->list, link)
		if (!strcmp(x->id, id))
			return x;
	return NULL;
}

/* Does it serve other sessions of the CLI too? The session may be forgotten by then. */
static bool
is_shared(void *ctx, pid_t pid)
{
	struct end *x = ctx;
	const struct profile *p = profile_find(x->of->ss->profiles, x->profile);
	char *cmdline = p ? proc_cmdline(pid) : NULL;
	bool shared = cmdline && profile_is_shared(p, cmdline);

	free(cmdline);
	return shared;
}

static void
end_free(struct end *x)
{
	struct ends *e = x->of;

	LIST_REMOVE(x, link);
	free(x);
	if (LIST_EMPTY(&e->list))
		proc_table_free(&e->table);
}

static void
on_ended(void *ctx, enum ending_how how, size_t processes, uint64_t left_bytes)
{
	struct end *x = ctx;
	struct ends *e = x->of;
	struct session *s = sessions_num(e->ss, x->num);

	log_info("session %u: %zu processes ended (%s)", x->num, processes, ending_how_name(how));
	if (s && s->run)
		s->run->unkillable = how == ENDED_NOT;
	if (s) {
		s->past.freed_bytes = x->before_bytes - MIN(left_bytes, x->before_bytes);
		session_unsaved(s);
	}
	if (s && !s->run && e->ss->sampler)
		sampler_left(e->ss->sampler, s->num);
	if (x->cb)
		x->cb(x->ctx, how, processes, left_bytes);
	end_free(x);
	e->done(e->ctx, s);
}

/* As it was measured last; of one that was not yet, what the counters say. */
static uint64_t
measured(const struct session *s, const struct ending *e)
{
	const struct memstat *m = s->of->sampler ? sampler_get(s->of->sampler, s->num) : NULL;

	return m && m->known ? m->footprint : ending_footprint(e);
}

/* What the sampler knows of the machine need not be read again in the loop's turn. */
static void
know_processes(struct ends *e)
{
	if (!e->table.n && e->ss->sampler)
		sampler_processes(e->ss->sampler, &e->table);
}

static struct end *
begin(struct ends *e, struct session *s, const struct ending_times *t)
{
	struct end *x = xcalloc(1, sizeof(*x));
	struct ending_tree tree = {.marker = s->id, .table = &e->table};

	know_processes(e);
	x->of = e;
	x->num = s->num;
	memcpy(x->id, s->id, sizeof(x->id));
	snprintf(x->profile, sizeof(x->profile), "%s", profile_name(s->profile));
	if (s->run) { /* of one that has left already only its strays are there */
		tree.root = s->run->pid;
		tree.root_start = s->run->pid_start;
	}
	x->ending = ending_start(e->ss->loop, &tree, t, is_shared, on_ended, x);
	x->before_bytes = measured(s, x->ending);
	LIST_INSERT_HEAD(&e->list, x, link);
	return x;
}

static bool
end_tree(struct ends *e, struct session *s, const struct ending_times *t)
{
	struct end *x = find(e, s->id);

	if (x) { /* whoever waits for the end goes on waiting */
		if (t == &at_once)
			ending_hasten(x->ending);
		return true;
	}
	x = begin(e, s, t);
	if (s->run || ending_processes(x->ending))
		return true;
	ending_cancel(x->ending);
	end_free(x);
	return false;
}

bool
ends_kill(struct ends *e, struct session *s, bool now)
{
	if (!session_live(s) || !s->run)
		return end_tree(e, s, now ? &at_once : &polite);
	s->run->unkillable = false;
	s->run->kill_at_once |= now;
	if (s->state != SS_CLOSING)
		session_set_state(s, SS_CLOSING);
	if (s->run->pid > 0)
		end_tree(e, s, now ? &at_once : &polite);
	return true;
}

bool
ends_strays(struct ends *e, struct session *s)
{
	const struct memstat *m = e->ss->sampler ? sampler_get(e->ss->sampler, s->num) : NULL;

	CHECK(!s->run);
	return m && m->strays && end_tree(e, s, &strays);
}

/* One look at the machine for all that ended: there may be ten thousand. */
static void
kill_strays(struct ends *e)
{
	struct sessions *ss = e->ss;
	struct proc_hints h = {.skip = {getpid(), getppid()}};
	struct proc_root *roots;
	struct session **of;
	bool *has;
	size_t n = 0, k = 0;

	know_processes(e);
	for (struct session *s = ss->first; s; s = s->next)
		n += !s->run;
	roots = xcalloc(n + 1, sizeof(*roots));
	of = xcalloc(n + 1, sizeof(struct session *));
	has = xcalloc(n + 1, sizeof(*has));
	for (struct session *s = ss->first; s; s = s->next)
		if (!s->run) {
			of[k] = s;
			roots[k++].marker = s->id;
		}
	if (n && proc_table_update(&e->table, false) == 0) {
		proc_table_assign(&e->table, roots, n, &h);
		for (size_t i = 0; i < e->table.n; i++)
			if (e->table.p[i].owner >= 0)
				has[e->table.p[i].owner] = true;
	}
	for (size_t i = 0; i < n; i++)
		if (has[i])
			ends_kill(e, of[i], true);
	free(roots);
	free(of);
	free(has);
}

void
ends_kill_all(struct ends *e)
{
	for (struct session *s = e->ss->first; s; s = s->next)
		if (s->run)
			ends_kill(e, s, true);
	kill_strays(e);
	if (LIST_EMPTY(&e->list))
		proc_table_free(&e->table);
}

void
ends_started(struct ends *e, struct session *s)
{
	if (s->state == SS_CLOSING)
		end_tree(e, s, s->run->kill_at_once ? &at_once : &polite);
}

void
ends_beginning(struct ends *e, const struct session *s)
{
	struct end *x = find(e, s->id);

	if (x)
		ending_look_no_more(x->ending);
}

void
ends_sleep(struct ends *e, struct session *s, const struct ending_times *t, ending_cb cb, void *ctx)
{
	struct end *x;

	CHECK((s->state == SS_SLEEPING || s->state == SS_ASLEEP) && !find(e, s->id));
	x = begin(e, s, t);
	x->cb = cb;
	x->ctx = ctx;
}

bool
ends_so_far(const struct ends *e, const char *id, enum ending_how *how, size_t *processes)
{
	struct end *x = find(e, id);

	if (x)
		ending_so_far(x->ending, how, processes);
	return x != NULL;
}

bool
ends_busy(const struct ends *e, const char *id)
{
	return find(e, id) != NULL;
}

bool
ends_any(const struct ends *e)
{
	return !LIST_EMPTY(&e->list);
}

struct ends *
ends_new(struct sessions *ss, void (*done)(void *ctx, struct session *s), void *ctx)
{
	struct ends *e = xcalloc(1, sizeof(*e));

	e->ss = ss;
	e->done = done;
	e->ctx = ctx;
	LIST_INIT(&e->list);
	return e;
}

void
ends_close(struct ends *e)
{
	struct end *x;

	while ((x = LIST_FIRST(&e->list))) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): LIST_REMOVE takes each one out */
		ending_cancel(x->ending);
		end_free(x);
	}
	free(e);
}
