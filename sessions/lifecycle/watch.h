#ifndef SESSIONS_WATCH_H
#define SESSIONS_WATCH_H
/* What the CLIs say of themselves, by registry and hooks, told to the runs that it is about. */
#include "sessions/life/sessions.h"

struct watch;
struct watch *watch_new(struct sessions *ss);
void watch_close(struct watch *w);
/* The words to execute with a settings file of ours added, one free(); NULL: as they are. */
char **watch_argv(struct watch *w, struct session *s, char *const *argv);
void watch_begin(struct watch *w, struct session *s); /* its child lives */
void watch_end(struct watch *w, struct session *s);
/* Makes anew what was removed of the files that hooks report by. */
void watch_mend(struct watch *w);
/* One that was started by a script is known by what the script runs. It has a run. */
void watch_adopt(struct watch *w, struct session *s);
/* Looks for the conversation it writes, since something happened in it. */
void watch_poke(struct watch *w, struct session *s);
#endif
