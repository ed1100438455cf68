/* Weak stand-ins while a file is not in the tree; a real definition takes their place at link time. */
#include "sessions/sampler.h"
#include "sessions/store_worker.h"
#include <stdlib.h>

#define WEAK __attribute__((weak))
WEAK struct sampler *sampler_new(uv_loop_t *l, const struct sampler_ops *o, double t, double b, struct store_worker *w) { (void)l; (void)o; (void)t; (void)b; (void)w; return NULL; }
WEAK void sampler_close(struct sampler *s) { (void)s; }
WEAK void sampler_add(struct sampler *s, uint32_t num, const char *id, pid_t pid) { (void)s; (void)num; (void)id; (void)pid; }
WEAK void sampler_now(struct sampler *s, uint32_t num, sampler_cb cb, void *ctx) { (void)s; (void)num; cb(ctx, NULL); }
WEAK void sampler_remove(struct sampler *s, uint32_t num) { (void)s; (void)num; }
WEAK const struct memstat *sampler_get(const struct sampler *s, uint32_t num) { (void)s; (void)num; return NULL; }
WEAK size_t sampler_recent(const struct sampler *s, uint32_t num, double st, uint64_t *out, size_t n) { (void)s; (void)num; (void)st; (void)out; (void)n; return 0; }
WEAK struct pressure sampler_pressure(const struct sampler *s) { (void)s; return (struct pressure){.level = 0}; }
WEAK struct store_worker *store_worker_new(uv_loop_t *l, const char *d, char *b) { (void)l; (void)d; (void)b; return NULL; }
WEAK void store_worker_close(struct store_worker *w) { (void)w; }
WEAK struct meta_session *store_load_sessions(struct store_worker *w, size_t *n) { (void)w; *n = 0; return NULL; }
WEAK void store_put_session(struct store_worker *w, const struct meta_session *m) { (void)w; (void)m; }
WEAK void store_delete_session(struct store_worker *w, uint32_t num) { (void)w; (void)num; }
WEAK void store_put_event(struct store_worker *w, double t, uint32_t num, const char *id, const char *name, const char *event, const char *d) { (void)w; (void)t; (void)num; (void)id; (void)name; (void)event; (void)d; }
WEAK void meta_sessions_free(struct meta_session *m, size_t n) { (void)m; (void)n; }
