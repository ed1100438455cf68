#ifndef STORE_AGE_H
#define STORE_AGE_H
/* How long the text of ended sessions lies there, by a clock that moves only while a server lives:
 * one that was set wrong, or a machine that was off, makes nothing old. Synchronous; one thread. */
#include "core/base/base.h"

/* Seconds that servers of this state directory have lived, as far as they were added. */
double age_lived_s(const char *state_dir);
void age_add_lived(const char *state_dir, double seconds);
/* Seconds on that clock since a session whose text lies in dir was first seen ended; 0 of one that
 * is not, and whenever it cannot be told. */
double age_of_text(const char *dir, bool ended, double lived_s);
#endif
