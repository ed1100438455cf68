#ifndef STORE_META_H
#define STORE_META_H
/* meta.db: what must outlive a reboot about sessions, and the events log. Synchronous; one thread.
 */
#include "core/base/base.h"

struct meta_session { /* strings are borrowed on put, owned by the array on load */
	uint32_t num;
	char id[12], name[64], profile[32], conversation[64];
	char *cwd;
	char *argv_json, *tags_json; /* JSON arrays of strings */
	char *note;
	char *worktree, *runner; /* "" or NULL: none */
	char state[12];
	bool pinned, no_store, archived;
	int cols, rows, exit_code, exit_signal;
	double created, started, ended, last_output, last_input, limited_until;
	uint64_t footprint, peak, freed_bytes, mem_max;
};
struct meta_event {
	double t;
	uint32_t num;
	char id[12], name[64], event[32];
	char *detail_json;
};
struct meta_db;
/* Creates or migrates; a corrupt file is set aside; in memory where the file cannot be had (see
 * db.h). *banner is only written when something is degraded. NULL and *e when even that fails. */
struct meta_db *meta_open(const char *path, char *banner, size_t banner_cap, struct err *e);
void meta_close(struct meta_db *db);
/* Writes: 0 or -errno: -EROFS (newer version), -ENOSPC, -EIO … What they wrote outlives this process
 * when they return, and the machine's power when meta_sync has (unless meta_in_memory): one sync for
 * all that is written together. */
int meta_sync(struct meta_db *db);
int meta_put_session(struct meta_db *db, const struct meta_session *m);
int meta_delete_session(struct meta_db *db, uint32_t num); /* with its events */
/* What was deleted leaves the disk: until then the write-ahead log has it. */
int meta_scrub(struct meta_db *db);
int meta_put_event(struct meta_db *db, const struct meta_event *ev);
/* By num; malloc'ed. 0 or -errno: then *out has those that could be read. */
int meta_sessions(struct meta_db *db, struct meta_session **out, size_t *n);
void meta_sessions_free(struct meta_session *m, size_t n);
void meta_session_clear(struct meta_session *m); /* frees its strings */
struct meta_session meta_session_copy(const struct meta_session *m);
uint32_t meta_next_num(struct meta_db *db); /* above all that this file ever had */
/* Since a time; num 0 = all; the newest max of them, oldest first. malloc'ed. */
struct meta_event *meta_events(
	struct meta_db *db, uint32_t num, double since, size_t max, size_t *n);
void meta_events_free(struct meta_event *ev, size_t n);
void meta_trim(struct meta_db *db);		   /* gives back what it only caches */
int meta_maintain(struct meta_db *db, double now); /* drops old events */
bool meta_in_memory(const struct meta_db *db);
bool meta_begun(const struct meta_db *db); /* there was no file, or an empty one */
bool meta_newer(const struct meta_db *db); /* read-only for that */
/* All of it as a new file at path. 0 or -errno. */
int meta_copy(struct meta_db *db, const char *path);
/* In memory: to the file, if it can be had; true if on disk. Events go along; sessions are the
 * caller's to put again, for the file may have its own. */
bool meta_retry(struct meta_db *db);
bool meta_gone(const struct meta_db *db); /* the file was removed or moved under it */
int meta_open_again(struct meta_db *db, char *banner, size_t banner_cap);
/* After a call said that the file is corrupt: sets it aside if it is and goes on with a new one;
 * -EIO as db_set_aside. */
int meta_set_aside(struct meta_db *db, char *banner, size_t banner_cap);
#endif
