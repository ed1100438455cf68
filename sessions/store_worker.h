#ifndef SESSIONS_STORE_WORKER_H
#define SESSIONS_STORE_WORKER_H
/* The store's own thread with its own ordered queue: calls by value, results on the loop thread.
 * One connection per database lives here; the loop never waits for a disk. */
#include "store/history.h"
#include "store/meta.h"
#include <uv.h>

struct store_worker;
/* Opens the databases under dir (corrupt ones are set aside; *banner, >= 160 bytes, says what is
 * degraded, "" nothing). Never NULL: without a usable disk it keeps all in memory. */
struct store_worker *store_worker_new(uv_loop_t *loop, const char *dir, char *banner);
void store_worker_close(struct store_worker *w); /* drains, commits */
/* At start only, before the loop runs. */
struct meta_session *store_load_sessions(struct store_worker *w, size_t *n); /* malloc'ed */
/* Queue; args are copied. */
void store_put_session(struct store_worker *w, const struct meta_session *m);
void store_delete_session(struct store_worker *w, uint32_t num); /* with its history and events */
void store_put_event(struct store_worker *w, double t, uint32_t num, const char *id, const char *name,
	const char *event, const char *detail_json);
void store_put_samples(struct store_worker *w, uint32_t num, const struct mem_sample *s, size_t n);
/* Any read: fn runs on the store thread with the databases, done on the loop thread. */
typedef void (*store_fn)(void *arg, struct history_db *h, struct meta_db *m);
typedef void (*store_done)(void *arg);
void store_run(struct store_worker *w, store_fn fn, store_done done, void *arg);
#endif
