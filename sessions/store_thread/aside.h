#ifndef SESSIONS_ASIDE_H
#define SESSIONS_ASIDE_H
/* Work that may wait for long, on other people's disks or in /proc, beside the loop: one piece after
 * the other, in the order in which they were asked for, on a thread of libuv's pool. Pieces asked for
 * while others are under way are told of together: many cost the loop one turn. What hangs in
 * one queue holds up nothing but that queue. (The state directory has the store's thread.) */
#include "core/base/base.h"
#include <uv.h>

struct aside;
typedef void (*aside_fn)(void *arg);
struct aside *aside_new(uv_loop_t *loop);
/* work, on another thread, may touch arg only; then done, on the loop thread, whose arg it is. */
void aside_run(struct aside *a, aside_fn work, aside_fn done, void *arg);
/* What was asked for still comes to pass, while the loop turns. NULL ok. */
void aside_close(struct aside *a);
#endif
