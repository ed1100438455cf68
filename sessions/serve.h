#ifndef SESSIONS_SERVE_H
#define SESSIONS_SERVE_H
/* The hidden verb `muster server run`: the server with its verbs. Returns the exit code. */
int serve(void);
#endif
