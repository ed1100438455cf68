#ifndef SESSIONS_RUNNER_H
#define SESSIONS_RUNNER_H
/* What a session's command line is given to, so that it runs elsewhere: [runner.NAME] of the
 * configuration, as docker exec -it box. Of what runs elsewhere only that program is seen here: its
 * memory is not the session's. */
#include "sessions/session/session.h"

/* The words to execute for it, one free(); NULL and *e: there is no such runner any more. */
char **runner_argv(const struct session *s, char *const *argv, struct err *e);
bool runner_hides(const struct session *s); /* its memory cannot be seen from here */
/* The program of a session's runner, "docker"; buf. */
const char *runner_program(const struct session *s, char buf[32]);
/* There is such a one: 0, or -1 and *e. */
int runner_known(const struct sessions *ss, const char *name, struct err *e);
/* "its memory …", for people; NULL: it is seen. */
const char *runner_unseen(const struct session *s, char *buf, size_t cap);
#endif
