/* The store's thread. The loop enqueues jobs and goes on; the thread runs them in order (rows of
 * sessions first), one database connection each, and posts results back through one uv_async.
 *
 * Nothing here may fail towards a session. So the thread keeps a mirror of every session's record
 * (store/mirror.h): a record that could not be written is tried again; a database that had to be
 * set aside is filled again from it; samples wait in history.c's RAM. What is degraded stands in
 * the banner until it works again. A list that cannot be read at the start is read when it can be:
 * until then the sessions are those of the text directories, and no number is given that it may
 * have. */
#include "sessions/store_thread/store_worker.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "store/age.h"
#include "store/card.h"
#include "store/db.h"
#include "store/mirror.h"
#include "store/numbers.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORKER_MAGIC = 0x5706e3a1,
	EVENTS_WAITING_MAX = 1000,
	NUMBERS_AHEAD = 16,
	ROWS_TOGETHER = 256
};
static const uint64_t SECOND = 1000000000u;
static const uint64_t FLUSH_S = 300, RETRY_S = 30, MAINTAIN_S = 900;

struct job {
	struct job *next;
	void (*run)(struct store_worker *w, struct job *j);
	store_fn fn;
	store_done done; /* NULL: no result */
	void *arg;
	uint32_t num;
	struct meta_session session;
	struct meta_event event;
	struct mem_sample *samples;
	size_t n;
};
struct queue {
	struct job *head, **tail;
};
struct store_worker {
	unsigned magic;
	uv_loop_t *loop;
	uv_async_t async;
	uv_thread_t thread;
	uv_mutex_t lock;
	uv_cond_t wake;
	/* under lock */
	struct queue rows; /* of sessions: written before all that waits longer */
	struct queue todo, done;
	bool stop;
	char banner[STORE_BANNER];
	uint32_t ready[NUMBERS_AHEAD]; /* numbers to give, written down and synced; ascending */
	size_t n_ready;
	struct meta_list found; /* rows that could be read only later, not told yet */
	/* loop thread */
	char *shown;
	store_found on_found;
	void *found_ctx;
	/* store thread */
	char dir[512];
	struct history_db *h;
	struct meta_db *m;
	struct mirror mirror;
	bool second_life;   /* a server was here before: what is new was lost */
	int unread;	    /* -errno: why rows of the list may be missing in the mirror; 0 */
	size_t unwritten;   /* rows that came since the list was last written */
	struct job *events; /* not written yet, oldest first */
	size_t n_events;
	/* of meta, of history */
	char trouble[2][STORE_BANNER];
	char note[2][STORE_BANNER]; /* what happened at open; stays */
	bool scrub;		    /* sessions were deleted since the log was last emptied */
	uint64_t flush_at, retry_at, maintain_at;
	uint64_t lived_at; /* up to here its life has been counted */
	uv_mutex_t num_lock;
	struct numbers numbers; /* under num_lock */
};
enum { META, HISTORY };

static void
push(struct queue *q, struct job *j)
{
	j->next = NULL;
	if (!q->head)
		q->tail = &q->head;
	*q->tail = j;
	q->tail = &j->next;
}

static struct job *
pop(struct queue *q)
{
	struct job *j = q->head;

	if (j && !(q->head = j->next))
		q->tail = &q->head;
	return j;
}

static void
job_free(struct job *j)
{
	meta_session_clear(&j->session);
	free(j->event.detail_json);
	free(j->samples);
	free(j);
}

/* ---- banner ---- */

/* All that holds, for the loop to show: what goes wrong, then what happened. */
static void
publish(struct store_worker *w)
{
	const char *const says[] = {
		w->trouble[META], w->trouble[HISTORY], w->note[META], w->note[HISTORY]};
	char text[STORE_BANNER] = "";
	bool changed;

	for (size_t i = 0, at = 0; i < ARRAY_LEN(says); i++)
		if (*says[i] && at < sizeof text)
			at += (size_t)snprintf(
				text + at, sizeof text - at, "%s%s", at ? "; " : "", says[i]);
	uv_mutex_lock(&w->lock);
	changed = strcmp(w->banner, text) != 0;
	snprintf(w->banner, sizeof w->banner, "%s", text);
	uv_mutex_unlock(&w->lock);
	if (changed) {
		log_warn("store: %s", text[0] ? text : "all is written again");
		uv_async_send(&w->async);
	}
}

static void
trouble(struct store_worker *w, int which, int rc)
{
	static const char *const what[] = {"session list (meta.db)", "memory history (history.db)"};
	bool newer = which == META ? meta_newer(w->m) : history_newer(w->h);

	if (rc == 0 || (rc == -EROFS && newer)) /* of which the note speaks */
		w->trouble[which][0] = '\0';
	else
		snprintf(w->trouble[which], STORE_BANNER, "%s kept in memory only: %s", what[which],
			db_reason(rc));
	publish(w);
}

/* What opening said of a database in memory goes away when the file is back: trouble, not a note.
 */
static void
opened(struct store_worker *w, int which, bool in_memory)
{
	if (!in_memory)
		return;
	memcpy(w->trouble[which], w->note[which], STORE_BANNER);
	w->note[which][0] = '\0';
}

/* ---- meta, through the mirror ---- */

static int
write_all(struct store_worker *w)
{
	int rc = mirror_write(&w->mirror, w->m);

	while (rc == 0 && w->events) {
		struct job *j = w->events;

		if ((rc = meta_put_event(w->m, &j->event)) < 0)
			break;
		w->events = j->next;
		w->n_events--;
		job_free(j);
	}
	return rc < 0 ? rc : meta_sync(w->m);
}

static int
set_meta_aside(struct store_worker *w)
{
	int rc = meta_set_aside(w->m, w->note[META], STORE_BANNER);

	if (rc < 0)
		return rc;
	opened(w, META, meta_in_memory(w->m));
	mirror_touch(&w->mirror);
	return 0;
}

static void
write_meta(struct store_worker *w)
{
	int rc = write_all(w);

	w->unwritten = 0;
	if (db_is_corrupt(rc) && (rc = set_meta_aside(w)) == 0)
		rc = write_all(w);
	if (rc == 0 && meta_in_memory(w->m))
		return; /* the banner of the opening stands */
	trouble(w, META, rc < 0 ? rc : w->unread);
}

static void
write_history(struct store_worker *w)
{
	int rc = history_flush(w->h);

	w->flush_at = os_mono_ns() + FLUSH_S * SECOND;
	if (db_is_corrupt(rc) &&
		(rc = history_set_aside(w->h, w->note[HISTORY], STORE_BANNER)) == 0) {
		opened(w, HISTORY, history_in_memory(w->h));
		rc = history_flush(w->h);
	}
	if (rc == 0 && history_in_memory(w->h))
		return;
	trouble(w, HISTORY, rc);
}

static void
delete_session(struct store_worker *w, uint32_t num)
{
	mirror_delete(&w->mirror, num);
	w->scrub = true;
	for (struct job **e = &w->events; *e;) {
		struct job *ev = *e;

		if (ev->event.num != num) {
			e = &ev->next;
			continue;
		}
		*e = ev->next;
		w->n_events--;
		job_free(ev);
	}
	w->unwritten++;
	if (history_delete(w->h, num) < 0)
		log_warn("store: history of %u could not be deleted", (unsigned)num);
}

/* ---- reading the list ---- */

static uint32_t
take_num(struct store_worker *w, uint32_t at_least)
{
	uint32_t num;

	uv_mutex_lock(&w->num_lock);
	num = numbers_take(&w->numbers, at_least);
	uv_mutex_unlock(&w->num_lock);
	return num;
}

/* On the store's thread: a number is durable before it is given. */
static void
fill_numbers(struct store_worker *w)
{
	uint32_t more[NUMBERS_AHEAD];
	size_t n;
	int rc;

	uv_mutex_lock(&w->lock);
	n = NUMBERS_AHEAD - w->n_ready;
	uv_mutex_unlock(&w->lock);
	for (size_t i = 0; i < n; i++)
		more[i] = take_num(w, 1);
	rc = n ? numbers_sync(w->dir) : 0;
	if (rc < 0)
		log_warn("numbers: %s", strerror(-rc));
	uv_mutex_lock(&w->lock);
	memcpy(w->ready + w->n_ready, more, n * sizeof(*more));
	w->n_ready += n;
	uv_mutex_unlock(&w->lock);
}

static void
run_numbers(struct store_worker *w, struct job *j)
{
	(void)j;
	fill_numbers(w);
}

/* At the end: those that nobody got, if no later one was given. */
static void
numbers_back(struct store_worker *w)
{
	size_t n = w->n_ready;

	if (!n || w->ready[n - 1] + 1 != w->numbers.next || w->numbers.next - w->ready[0] != n)
		return;
	w->numbers.next = w->ready[0];
	numbers_write(&w->numbers);
}

static uint32_t
num_for_stray(void *ctx)
{
	return take_num(ctx, 1);
}

/* Numbers that the list may have are not given. */
static void
raise_numbers(struct store_worker *w)
{
	uint32_t next = w->unread ? 1 : meta_next_num(w->m);

	uv_mutex_lock(&w->num_lock);
	if (w->unread && !w->numbers.known)
		next = numbers_blind(&w->numbers);
	w->numbers.next = MAX(w->numbers.next, next);
	uv_mutex_unlock(&w->num_lock);
}

static void
say_lost(struct store_worker *w, size_t salvaged)
{
	if (w->second_life && meta_begun(w->m) && !w->note[META][0])
		snprintf(w->note[META], STORE_BANNER, "meta.db was lost: begun anew");
	if (w->second_life && history_begun(w->h) && !w->note[HISTORY][0])
		snprintf(w->note[HISTORY], STORE_BANNER, "history.db was lost: begun anew");
	if (!salvaged)
		return;
	if (!w->note[META][0])
		snprintf(w->note[META], STORE_BANNER, "meta.db lacked sessions");
	snprintf(w->note[META] + strlen(w->note[META]), STORE_BANNER - strlen(w->note[META]),
		" (%zu session%s taken from their text)", salvaged, salvaged == 1 ? "" : "s");
}

/* What a server before this one died over. */
static void
finish_deletes(struct store_worker *w)
{
	size_t n;
	uint32_t *nums = card_graves(w->mirror.text_dir, &n);

	for (size_t i = 0; i < n; i++)
		delete_session(w, nums[i]);
	free(nums);
}

/* All sessions that the list and the text directories tell of and the mirror has not. */
static void
read_list(struct store_worker *w, struct meta_list *found)
{
	int rc;
	size_t salvaged;

	finish_deletes(w);
	rc = meta_in_memory(w->m) ? -EAGAIN : mirror_read(&w->mirror, w->m, found);
	if (db_is_corrupt(rc) && (rc = set_meta_aside(w)) == 0)
		rc = mirror_read(&w->mirror, w->m, found);
	w->unread = rc;
	raise_numbers(w);
	salvaged = mirror_salvage(&w->mirror, !rc, num_for_stray, w, found);
	if (!rc)
		say_lost(w, salvaged);
	write_meta(w);
	publish(w);
}

/* The list can be had at last: what it has beyond what is known goes to the loop. */
static void
read_late(struct store_worker *w)
{
	struct meta_list l = {0};

	read_list(w, &l);
	uv_mutex_lock(&w->lock);
	w->found.s = xrealloc(w->found.s, (w->found.n + l.n + 1) * sizeof *l.s);
	if (l.n)
		memcpy(w->found.s + w->found.n, l.s, l.n * sizeof *l.s);
	w->found.n += l.n;
	uv_mutex_unlock(&w->lock);
	free(l.s);
	uv_async_send(&w->async);
}

/* Somebody removed or moved the files: they are made anew, from what is known here, or it is found
 * what stands in their place. */
static void
follow(struct store_worker *w)
{
	if (meta_gone(w->m) && meta_open_again(w->m, w->note[META], STORE_BANNER) == 0) {
		opened(w, META, meta_in_memory(w->m));
		w->second_life = true;
		mirror_touch(&w->mirror);
		read_late(w);
		uv_mutex_lock(&w->lock);
		numbers_write(&w->numbers);
		uv_mutex_unlock(&w->lock);
	}
	if (history_gone(w->h) && history_open_again(w->h, w->note[HISTORY], STORE_BANNER) == 0) {
		opened(w, HISTORY, history_in_memory(w->h));
		write_history(w);
	}
}

/* ---- jobs ---- */

static void
run_put_session(struct store_worker *w, struct job *j)
{
	mirror_put(&w->mirror, &j->session);
	w->unwritten++;
}

static void
run_delete(struct store_worker *w, struct job *j)
{
	delete_session(w, j->num);
}

static void
run_event(struct store_worker *w, struct job *j)
{
	struct job **at = &w->events, *copy = xcalloc(1, sizeof *copy);

	copy->event = j->event;
	j->event.detail_json = NULL;
	while (*at)
		at = &(*at)->next;
	*at = copy;
	if (++w->n_events > EVENTS_WAITING_MAX) {
		struct job *oldest = w->events;

		w->events = oldest->next;
		w->n_events--;
		job_free(oldest);
	}
	w->unwritten++;
}

static void
run_samples(struct store_worker *w, struct job *j)
{
	history_add(w->h, j->num, j->samples, j->n);
}

static void
run_flush(struct store_worker *w, struct job *j)
{
	(void)j;
	write_history(w);
}

static void
run_trim(struct store_worker *w, struct job *j)
{
	history_trim(w->h);
	meta_trim(w->m);
	mirror_trim(&w->mirror);
	os_trim_heap();
	if (j->n)
		os_trim_code();
}

static void retry(struct store_worker *w);

static void
run_retry(struct store_worker *w, struct job *j)
{
	(void)j;
	retry(w);
}

static void
run_fn(struct store_worker *w, struct job *j)
{
	j->fn(j->arg, w->h, w->m);
}

/* ---- the thread ---- */

static void
retry(struct store_worker *w)
{
	uv_mutex_lock(&w->num_lock);
	if (w->numbers.unwritten)
		numbers_write(&w->numbers);
	uv_mutex_unlock(&w->num_lock);
	if (meta_in_memory(w->m) && meta_retry(w->m)) {
		mirror_touch(&w->mirror);
		w->unread = -EAGAIN;
	}
	if (w->unread && !meta_in_memory(w->m))
		read_late(w);
	if (history_in_memory(w->h) && history_retry(w->h))
		trouble(w, HISTORY, 0);
	if (w->trouble[META][0])
		write_meta(w);
	if (w->trouble[HISTORY][0])
		write_history(w);
	w->retry_at = os_mono_ns() + RETRY_S * SECOND;
}

static void
count_life(struct store_worker *w)
{
	uint64_t now = os_mono_ns();

	age_add_lived(w->dir, (double)(now - w->lived_at) / 1e9);
	w->lived_at = now;
}

static void
maintain(struct store_worker *w)
{
	double now = os_wall_s();

	if (db_is_corrupt(history_maintain(w->h, now)) &&
		history_set_aside(w->h, w->note[HISTORY], STORE_BANNER) == 0)
		opened(w, HISTORY, history_in_memory(w->h));
	meta_maintain(w->m, now);
	db_reserve_make(w->dir);
	count_life(w);
	w->maintain_at = os_mono_ns() + MAINTAIN_S * SECOND;
}

static bool
degraded(struct store_worker *w)
{
	bool unwritten;

	uv_mutex_lock(&w->num_lock);
	unwritten = w->numbers.unwritten;
	uv_mutex_unlock(&w->num_lock);
	return unwritten || w->unread || w->trouble[META][0] || w->trouble[HISTORY][0];
}

/* Does what is due; returns ns until the next. */
static uint64_t
upkeep(struct store_worker *w)
{
	uint64_t now = os_mono_ns(), next;

	follow(w);
	if (now >= w->flush_at)
		write_history(w);
	if (degraded(w) && now >= w->retry_at)
		retry(w);
	if (now >= w->maintain_at)
		maintain(w);
	next = MIN(w->flush_at, w->maintain_at);
	if (degraded(w))
		next = MIN(next, w->retry_at);
	now = os_mono_ns();
	return next > now ? next - now : 1;
}

/* What waits together is written with one sync: behind a slow disk a hundred rows are as quick as
 * one. Whoever reads finds all that was asked for before. */
static void
write_rows(struct store_worker *w, const struct job *next)
{
	bool row = next && (next->run == run_put_session || next->run == run_event ||
				   next->run == run_delete);

	if (w->unwritten && (!row || w->unwritten >= ROWS_TOGETHER))
		write_meta(w);
}

/* Once for all that were forgotten together. */
static void
scrub(struct store_worker *w)
{
	bool more;

	uv_mutex_lock(&w->lock);
	more = w->rows.head || w->todo.head;
	uv_mutex_unlock(&w->lock);
	if (!w->scrub || more)
		return;
	w->scrub = false;
	if (meta_scrub(w->m) < 0)
		log_warn("store: what was forgotten may still be in the log of meta.db");
}

static void
finish(struct store_worker *w, struct job *j)
{
	if (!j->done) {
		job_free(j);
		return;
	}
	uv_mutex_lock(&w->lock);
	push(&w->done, j);
	uv_mutex_unlock(&w->lock);
	uv_async_send(&w->async);
}

static void
thread_main(void *arg)
{
	struct store_worker *w = arg;
	struct job *j, *next;

	for (;;) {
		uint64_t wait;

		uv_mutex_lock(&w->lock);
		next = w->rows.head ? w->rows.head : w->todo.head;
		uv_mutex_unlock(&w->lock);
		write_rows(w, next);
		scrub(w);
		wait = upkeep(w);
		uv_mutex_lock(&w->lock);
		if (!w->rows.head && !w->todo.head && !w->stop)
			uv_cond_timedwait(&w->wake, &w->lock, wait);
		if (!(j = pop(&w->rows)))
			j = pop(&w->todo);
		if (!j && w->stop) {
			uv_mutex_unlock(&w->lock);
			break;
		}
		uv_mutex_unlock(&w->lock);
		if (j) {
			j->run(w, j);
			finish(w, j);
		}
	}
	write_history(w);
	write_meta(w);
	count_life(w);
	history_close(w->h);
	meta_close(w->m);
}

/* ---- loop side ---- */

static void
deliver(struct store_worker *w)
{
	struct meta_list found = {0};
	struct job *j;
	char now[STORE_BANNER];

	uv_mutex_lock(&w->lock);
	memcpy(now, w->banner, sizeof now);
	if (w->on_found) {
		found = w->found;
		memset(&w->found, 0, sizeof w->found);
	}
	while ((j = pop(&w->done))) {
		uv_mutex_unlock(&w->lock);
		j->done(j->arg);
		job_free(j);
		uv_mutex_lock(&w->lock);
	}
	uv_mutex_unlock(&w->lock);
	if (found.n)
		w->on_found(w->found_ctx, found.s, found.n);
	meta_sessions_free(found.s, found.n);
	memcpy(w->shown, now, sizeof now);
}

static void
on_async(uv_async_t *a)
{
	struct store_worker *w = a->data;

	CHECK(w->magic == WORKER_MAGIC);
	deliver(w);
}

static void
open_databases(struct store_worker *w)
{
	char path[600];
	struct err e;

	snprintf(path, sizeof path, "%s/meta.db", w->dir);
	if ((w->m = meta_open(path, w->note[META], STORE_BANNER, &e)))
		opened(w, META, meta_in_memory(w->m));
	snprintf(path, sizeof path, "%s/history.db", w->dir);
	w->h = history_open(path, w->note[HISTORY], STORE_BANNER, &e);
	CHECK(w->m && w->h); /* not even in memory: nothing is left to go on with */
	opened(w, HISTORY, history_in_memory(w->h));
	db_reserve_make(w->dir);
	snprintf(w->mirror.text_dir, sizeof w->mirror.text_dir, "%s/text", w->dir);
	numbers_open(&w->numbers, w->dir);
	w->second_life = w->numbers.known;
}

struct store_worker *
store_worker_new(uv_loop_t *loop, const char *dir, char *banner)
{
	struct store_worker *w = xcalloc(1, sizeof *w);
	uint64_t now = os_mono_ns();

	w->magic = WORKER_MAGIC;
	w->loop = loop;
	w->shown = banner;
	snprintf(w->dir, sizeof w->dir, "%s", dir);
	w->flush_at = now + FLUSH_S * SECOND;
	w->retry_at = now + RETRY_S * SECOND;
	w->maintain_at = now + MAINTAIN_S * SECOND / 10;
	w->lived_at = now;
	CHECK(uv_mutex_init(&w->lock) == 0 && uv_cond_init(&w->wake) == 0 &&
		uv_mutex_init(&w->num_lock) == 0);
	CHECK(uv_async_init(loop, &w->async, on_async) == 0);
	w->async.data = w;
	uv_unref((uv_handle_t *)&w->async);
	open_databases(w);
	publish(w);
	memcpy(banner, w->banner, STORE_BANNER);
	CHECK(uv_thread_create(&w->thread, thread_main, w) == 0);
	return w;
}

void
store_worker_on_found(struct store_worker *w, store_found found, void *ctx)
{
	w->on_found = found;
	w->found_ctx = ctx;
	uv_async_send(&w->async);
}

static void
on_closed(uv_handle_t *h)
{
	struct store_worker *w = h->data;

	uv_mutex_destroy(&w->lock);
	uv_mutex_destroy(&w->num_lock);
	uv_cond_destroy(&w->wake);
	w->magic = 0;
	free(w);
}

void
store_worker_close(struct store_worker *w)
{
	if (!w)
		return;
	uv_mutex_lock(&w->lock);
	w->stop = true;
	uv_cond_signal(&w->wake);
	uv_mutex_unlock(&w->lock);
	uv_thread_join(&w->thread);
	w->on_found = NULL;
	numbers_back(w);
	deliver(w);
	mirror_free(&w->mirror);
	meta_sessions_free(w->found.s, w->found.n);
	for (struct job *j; (j = w->events);) {
		w->events = j->next;
		job_free(j);
	}
	uv_close((uv_handle_t *)&w->async, on_closed);
}

static void
enqueue_in(struct store_worker *w, struct queue *q, struct job *j)
{
	CHECK(w->magic == WORKER_MAGIC);
	uv_mutex_lock(&w->lock);
	push(q, j);
	uv_cond_signal(&w->wake);
	uv_mutex_unlock(&w->lock);
}

static void
enqueue(struct store_worker *w, struct job *j)
{
	enqueue_in(w, &w->todo, j);
}

static struct job *
job_new(void (*run)(struct store_worker *, struct job *))
{
	struct job *j = xcalloc(1, sizeof *j);

	j->run = run;
	return j;
}

void
store_put_session(struct store_worker *w, const struct meta_session *m)
{
	struct job *j = job_new(run_put_session);

	j->session = meta_session_copy(m);
	/* Texts wait for a slow disk, and with them what is asked for after them. A row may overtake
	 * all but its own deletion, and there is none of a session that is still stored. */
	enqueue_in(w, &w->rows, j);
}

void
store_delete_session(struct store_worker *w, uint32_t num)
{
	struct job *j = job_new(run_delete);

	j->num = num;
	enqueue(w, j);
}

void
store_put_event(struct store_worker *w, double t, uint32_t num, const char *id, const char *name,
	const char *event, const char *detail_json)
{
	struct job *j = job_new(run_event);

	j->event.t = t;
	j->event.num = num;
	snprintf(j->event.id, sizeof j->event.id, "%s", id);
	snprintf(j->event.name, sizeof j->event.name, "%s", name);
	snprintf(j->event.event, sizeof j->event.event, "%s", event);
	j->event.detail_json = xstrdup(detail_json ? detail_json : "{}");
	enqueue(w, j);
}

void
store_put_samples(struct store_worker *w, uint32_t num, const struct mem_sample *s, size_t n)
{
	struct job *j = job_new(run_samples);

	j->num = num;
	j->n = n;
	j->samples = xmalloc(mul_sat(MAX(n, (size_t)1), sizeof *s));
	memcpy(j->samples, s, n * sizeof *s);
	enqueue(w, j);
}

void
store_flush(struct store_worker *w)
{
	enqueue(w, job_new(run_flush));
}

void
store_retry(struct store_worker *w)
{
	enqueue(w, job_new(run_retry));
}

void
store_trim(struct store_worker *w, bool code)
{
	struct job *j = job_new(run_trim);

	j->n = code;
	enqueue(w, j);
}

void
store_run(struct store_worker *w, store_fn fn, store_done done, void *arg)
{
	struct job *j = job_new(run_fn);

	j->fn = fn;
	j->done = done;
	j->arg = arg;
	enqueue(w, j);
}

uint32_t
store_take_num(struct store_worker *w, uint32_t at_least)
{
	uint32_t num = 0;

	uv_mutex_lock(&w->lock);
	while (w->n_ready && num < at_least) {
		num = w->ready[0];
		memmove(w->ready, w->ready + 1, --w->n_ready * sizeof(*w->ready));
	}
	uv_mutex_unlock(&w->lock);
	if (num < at_least) /* asked for faster than the disk is */
		num = take_num(w, at_least);
	enqueue(w, job_new(run_numbers));
	return num;
}

/* ---- at start and end: wait for the thread ---- */

struct waited {
	store_fn fn;
	void *arg;
	uv_sem_t ready;
};

static void
waited_fn(void *arg, struct history_db *h, struct meta_db *m)
{
	struct waited *t = arg;

	t->fn(t->arg, h, m);
	uv_sem_post(&t->ready);
}

void
store_wait(struct store_worker *w, store_fn fn, void *arg)
{
	struct waited t = {.fn = fn, .arg = arg};

	CHECK(uv_sem_init(&t.ready, 0) == 0);
	store_run(w, waited_fn, NULL, &t);
	uv_sem_wait(&t.ready);
	uv_sem_destroy(&t.ready);
}

struct load {
	struct store_worker *w;
	struct meta_list all;
};

static void
load_fn(void *arg, struct history_db *h, struct meta_db *m)
{
	struct load *l = arg;
	struct meta_list found = {0};

	(void)h;
	(void)m;
	read_list(l->w, &found);
	meta_sessions_free(found.s, found.n);
	fill_numbers(l->w);
	l->all = mirror_all(&l->w->mirror);
}

struct meta_session *
store_load_sessions(struct store_worker *w, size_t *n)
{
	struct load l = {.w = w};

	store_wait(w, load_fn, &l);
	*n = l.all.n;
	return l.all.s;
}
