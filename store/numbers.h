#ifndef STORE_NUMBERS_H
#define STORE_NUMBERS_H
/* The numbers of sessions, each given once, whatever becomes of meta.db: the next one stands in a
 * file of its own beside it, and no number is given that has a text directory. */
#include "core/base/base.h"

struct numbers {
	char dir[512]; /* that of the state */
	uint32_t next; /* the next to give, at least */
	bool known;    /* the file said so */
	bool absent;   /* there is none */
	bool unwritten;
};
/* Reads the file and looks at what numbers the text directories have. */
void numbers_open(struct numbers *n, const char *dir);
/* The first number when nothing else tells which ones were given: beyond those that were, and not
 * the same one each time. */
uint32_t numbers_blind(const struct numbers *n);
/* A number >= at_least that was never given. It is written down, not yet synced. */
uint32_t numbers_take(struct numbers *n, uint32_t at_least);
void numbers_write(struct numbers *n); /* again, if it could not be written */
/* After it, what was taken is never given again, not even after a power cut. Any thread. */
int numbers_sync(const char *dir); /* 0 or -errno */
#endif
