#ifndef SESSIONS_SESSIONS_H
#define SESSIONS_SESSIONS_H
/* The sessions of a server: made, found, named, stored, deleted. */
#include "sessions/session/house.h"

/* A record in no set yet; state `first`. */
struct session *sessions_new(struct sessions *of, enum session_state first);
void sessions_free(struct session *s); /* its run, its display; not in a set any more; NULL ok */

/* exact name, then number, then unique prefix of an id; "-" = last used. NULL and *e (code 3). */
struct session *sessions_find(struct sessions *ss, const char *which, struct err *e);
struct session *sessions_num(struct sessions *ss, uint32_t num); /* NULL */
unsigned sessions_live(const struct sessions *ss);
/* A new session: gets a number, an id, and a name made up when empty. -1 and *e: the name is taken
 * or none; s stays the caller's. */
int sessions_add(struct sessions *ss, struct session *s, struct err *e);
/* Into the list, by number: one that has all that already. */
void sessions_link(struct sessions *ss, struct session *s);
/* It is about to live again: a name that another one took meanwhile gets a number behind it. */
void sessions_keep_name(struct session *s);
/* Its memory as last sampled; NULL: nothing is known, or it runs where that cannot be seen. */
const struct memstat *sessions_memory(const struct session *s);
int sessions_rename(struct session *s, const char *name, struct err *e);
/* Deletes all of it, stored things too. The session must not be live. */
void sessions_forget(struct session *s);
/* Records that changed go to the store. */
void sessions_store(struct sessions *ss);
/* First thing after a change of state: its text must not be in files before its record is. */
void sessions_keep_state(struct session *s);
void sessions_check(const struct sessions *ss); /* aborts */
void sessions_dump(const struct sessions *ss, FILE *out);

/* S of cli.md. New reference. */
json_t *session_json(struct session *s);
/* context_tokens, limits, limited_until of S into o. */
void session_put_usage(json_t *o, const struct session *s);
/* What its own cgroup tells of its memory: pressure, events, the kernel's part. */
void session_put_memgroup(json_t *o, const struct session *s);
json_t *sessions_totals_json(struct sessions *ss);   /* "totals" */
json_t *sessions_pressure_json(struct sessions *ss); /* "pressure" */
#endif
