#ifndef SESSIONS_GUARD_H
#define SESSIONS_GUARD_H
/* Keeps the transcripts of sleeping sessions: CLIs sweep old ones, and a conversation that was
 * swept cannot be resumed. A hard link (or a copy, on another file system) lies beside our store.
 */
#include "core/base/base.h"

/* dir: of all sessions, made if need be; transcript: an absolute path. 0 or -errno. */
int guard_keep(const char *dir, uint32_t num, const char *transcript);
/* Puts it back where it was if it is not there any more. 1 put back, 0 nothing to do, -errno. */
int guard_restore(const char *dir, uint32_t num);
void guard_forget(const char *dir, uint32_t num);
/* Days until a sweep after `period` days would take it; a large number when it is not known. */
double guard_days_left(const char *dir, uint32_t num, double period_days, double now_wall);
#endif
