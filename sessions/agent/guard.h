#ifndef SESSIONS_GUARD_H
#define SESSIONS_GUARD_H
/* Keeps the transcripts of sleeping sessions: CLIs sweep old ones, and a conversation that was
 * swept, or emptied, cannot be resumed. A copy lies beside our store, where the file system can
 * without costing its room. */
#include "core/base/base.h"

/* dir: of all sessions, made if need be; transcript: an absolute path. 0 or -errno. */
int guard_keep(const char *dir, uint32_t num, const char *transcript);
/* Puts it back where it was if it is not there any more, or empty; as if it was written just now,
 * or it would be swept again. 1 put back, 0 nothing to do, -errno. */
int guard_restore(const char *dir, uint32_t num);
void guard_forget(const char *dir, uint32_t num);
/* Days until a sweep after `period` days would take it; a large number when it is not known. */
double guard_days_left(const char *dir, uint32_t num, double period_days, double now_wall);
#endif
