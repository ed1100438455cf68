#ifndef SESSIONS_SPAWN_H
#define SESSIONS_SPAWN_H
/* What a child is to become, sealed in a memfd that keeper and server share (struct spawn_spec of
 * keeper/keeper_proto.h). */
#include "core/base/base.h"
#include "sessions/keeper/keeper_proto.h"

/* What a child inherits from who asked for it. */
struct spawn_limits {
	unsigned mask, n; /* umask; limits used */
	struct {
		unsigned resource; /* RLIMIT_* */
		uint64_t cur, max; /* UINT64_MAX: none */
	} limit[SPAWN_LIMITS];
};
struct spawn {				/* strings are borrowed */
	char *const *argv, *const *env; /* NULL-terminated */
	const char *cwd, *meta;		/* meta: the server's note, for a successor */
	struct spawn_limits limits;
};
/* A sealed memfd, or -errno. */
int spawn_seal(const struct spawn *s);
/* Reads a spec back: malloc'ed vector of the environment (one free), note and directory; false when
 * it is none. All but the first may be NULL. */
bool spawn_read(int fd, char ***env, char **meta, char **cwd, struct spawn_limits *limits);
bool spawn_parse(const void *bytes, size_t n, char ***env, char **meta, char **cwd,
	struct spawn_limits *limits);
#endif
