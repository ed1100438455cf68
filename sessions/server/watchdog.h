#ifndef SESSIONS_WATCHDOG_H
#define SESSIONS_WATCHDOG_H
/* Ends a server whose loop has not turned for 5 s while it burnt CPU; the keeper starts another,
 * which leaves out the bytes it was stuck in when that happens twice. One a process. */
#include "core/base/base.h"
#include <uv.h>

void watchdog_start(uv_loop_t *loop); /* on the loop's thread */
#endif
