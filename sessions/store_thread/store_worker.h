#ifndef SESSIONS_STORE_WORKER_H
#define SESSIONS_STORE_WORKER_H
/* The store's own thread with its own ordered queue: calls by value, results on the loop thread.
 * One connection per database lives here; the loop never waits for a disk. */
#include "store/history.h"
#include "store/meta.h"
#include <uv.h>

struct store_worker;
enum { STORE_BANNER = 160 };
/* Opens the databases under dir (corrupt ones are set aside, see store/db.h). Never NULL: without a
 * usable disk it keeps all in memory, tries again every 30 s and moves it to disk when that works.
 * banner (>= STORE_BANNER bytes, borrowed for the worker's life, touched on the loop thread only)
 * says what is degraded at the moment, "" nothing. */
struct store_worker *store_worker_new(uv_loop_t *loop, const char *dir, char *banner);
/* Drains, commits, ends the thread; results still due are delivered before it returns. The memory
 * itself goes in a close callback of the loop. NULL ok. */
void store_worker_close(struct store_worker *w);
/* At start only; waits for the thread: every session that the list or a text directory tells of, by
 * number. meta_sessions_free. */
struct meta_session *store_load_sessions(struct store_worker *w, size_t *n);
/* Called on the loop thread with sessions (borrowed) that could be read only later, since the list
 * was locked or the like. */
typedef void (*store_found)(void *ctx, const struct meta_session *s, size_t n);
void store_worker_on_found(struct store_worker *w, store_found found, void *ctx);
/* A number that no session ever had, at least at_least. */
uint32_t store_take_num(struct store_worker *w, uint32_t at_least);
/* Queue; args are copied. What cannot be written is kept and tried again. */
void store_put_session(struct store_worker *w, const struct meta_session *m);
/* With its text, history and events. */
void store_delete_session(struct store_worker *w, uint32_t num);
void store_put_event(struct store_worker *w, double t, uint32_t num, const char *id,
	const char *name, const char *event, const char *detail_json);
void store_put_samples(struct store_worker *w, uint32_t num, const struct mem_sample *s, size_t n);
/* Writes the samples that wait in RAM (at most 5 min of them) now. */
void store_flush(struct store_worker *w);
/* Degraded: tries the disk again now instead of within 30 s. */
void store_retry(struct store_worker *w);
/* Gives back what its thread only caches, and then the heap's free pages, the loop's too; code: the
 * pages of code as well. */
void store_trim(struct store_worker *w, bool code);
/* Any read: fn runs on the store thread with the databases, done on the loop thread. */
typedef void (*store_fn)(void *arg, struct history_db *h, struct meta_db *m);
typedef void (*store_done)(void *arg);
void store_run(struct store_worker *w, store_fn fn, store_done done, void *arg);
/* The same, and waits for it: before there is a loop that could, and after. */
void store_wait(struct store_worker *w, store_fn fn, void *arg);
#endif
