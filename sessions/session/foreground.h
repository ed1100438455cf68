#ifndef SESSIONS_FOREGROUND_H
#define SESSIONS_FOREGROUND_H
/* What runs in front of a shell, asked of the kernel: the terminal's foreground process group, and
 * the children of a program that keeps no job control, unless they wait for a line to be typed,
 * and whether such a program itself sleeps or computes. Tells the session's activity. */
#include "sessions/session/session.h"

void foreground_look(struct session *s); /* of a session with a run */
#endif
