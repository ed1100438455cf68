#ifndef STORE_DB_H
#define STORE_DB_H
/* What meta.db and history.db share: opening with pragmas, migrations, setting a corrupt file
 * aside, going on in memory where the disk does not let us. One connection a file, one thread.
 *
 *   file ok                      the file, WAL
 *   written by a newer muster    the file, read-only: nothing of it is touched
 *   corrupt                      renamed to NAME.corrupt-TIME with its wal and shm (3 kept), new
 * file cannot be opened or written  an empty database in memory; db_retry_file moves it to disk
 * later
 */
#include "core/base/base.h"
#include <sqlite3.h>

struct db_schema {
	uint32_t application_id;
	const char *const *migrations; /* SQL; the i-th leads from user_version i to i + 1 */
	int n_migrations;
	const char *const *tables; /* merged by db_retry_file; NULL-terminated */
	const char *durability;	   /* value of synchronous */
};
enum { DB_STMT_MAX = 24 };
struct db {
	sqlite3 *h;
	const struct db_schema *schema;
	char *path;
	bool read_only, in_memory;
	sqlite3_stmt *stmt[DB_STMT_MAX]; /* prepared on first use */
};

/* 0; -1 and *e only when not even memory is to be had. banner (cap >= 160) says what is degraded,
 * untouched if nothing is. */
int db_open(struct db *db, const char *path, const struct db_schema *schema, char *banner,
	size_t cap, struct err *e);
void db_close(struct db *db);
/* In memory: tries the file again, and moves what memory holds into it. True if that is on disk
 * now. */
bool db_retry_file(struct db *db);
/* Gives back the pages and the statements it caches; the next use reads and prepares them again. */
void db_trim(struct db *db);
/* The file turned out corrupt in use: sets it aside, opens a new one. -EIO when it cannot be read
 * at all: then nothing is done, for that is the disk's fault. */
int db_set_aside(struct db *db, char *banner, size_t cap);

/* Statement i, prepared from sql on first use and reset; NULL if it cannot be prepared. */
sqlite3_stmt *db_stmt(struct db *db, int i, const char *sql);
int db_exec(struct db *db, const char *sql); /* 0 or -errno */
int db_step(sqlite3_stmt *s);		     /* runs to the end; 0 or -errno; resets */
bool db_is_corrupt(int neg_errno);	     /* -EUCLEAN */

/* Space. The reserve is a file of 4 MiB beside the databases: on a full disk even a DELETE needs
 * room. dir: where they live. */
enum { DB_RESERVE_BYTES = 4 << 20 };
void db_reserve_make(const char *dir);	  /* if missing and there is room */
bool db_reserve_release(const char *dir); /* false: there was none */
/* Less room than is left to others: max(256 MiB, 2 %), of a small file system half. */
bool db_space_low(const char *dir);
#endif
