#ifndef STORE_DB_H
#define STORE_DB_H
/* What meta.db and history.db share: opening with pragmas, migrations, setting a corrupt file
 * aside, going on in memory where the disk does not let us. One connection a file, one thread.
 *
 *   file ok                     the file, WAL
 *   of a newer muster           the file, read-only: nothing of it is touched
 *   corrupt                     renamed to NAME.corrupt-TIME with its wal and shm (3 kept); a new
 *                               file, with the rows that can still be read
 *   locked, unreadable, no      kept as it is; an empty database in memory instead, which
 *   memory, of another program  db_retry_file merges into the file once that can be opened
 *
 * Corrupt is only what sqlite's integrity check condemns after every byte could be read. */
#include "core/base/base.h"
#include <sqlite3.h>

/* Rows are read in both orders around what is damaged. */
struct db_table {
	const char *name, *order, *backwards;
};
struct db;
struct db_schema {
	uint32_t application_id;
	uint32_t older_id; /* files with this one are made ours by from_older; 0 none */
	int (*from_older)(struct db *db); /* 0 or -errno; within a transaction */
	const char *const *migrations;	  /* SQL; the i-th leads from user_version i to i + 1 */
	int n_migrations;
	const struct db_table *tables;
	int n_tables;
	const char *durability; /* value of synchronous */
};
enum { DB_STMT_MAX = 24 };
struct db {
	sqlite3 *h;
	const struct db_schema *schema;
	char *path;
	bool read_only, in_memory;
	bool begun;			 /* this opening found no database, or an empty file */
	sqlite3_stmt *stmt[DB_STMT_MAX]; /* prepared on first use */
};

/* 0; -1 and *e only when not even memory is to be had. banner (cap >= 160) says what is degraded,
 * untouched if nothing is. */
int db_open(struct db *db, const char *path, const struct db_schema *schema, char *banner,
	size_t cap, struct err *e);
void db_close(struct db *db);
/* In memory: tries the file again; merge (0 or -errno) puts what memory holds into it, in one
 * transaction. True if all is in the file. */
bool db_retry_file(struct db *db, int (*merge)(struct db *file, struct db *memory));
/* Rows of a table that the other one has no row of the same key for. 0, or -errno: as far as could
 * be read. */
int db_copy_rows(struct db *to, sqlite3 *from, const char *table, const char *order);
/* Gives back the pages and the statements it caches; the next use reads and prepares them again. */
void db_trim(struct db *db);
/* Its file is not under its name any more: what is written would be for nobody. */
bool db_gone(const struct db *db);
/* Opens what is under the name now, as db_open. 0 or -errno. */
int db_open_again(struct db *db, char *banner, size_t cap);
/* A call said that the file is corrupt. If it is: sets it aside, goes on with a new one. -EIO if
 * not: nothing is done, for that is the disk's or the moment's fault. */
int db_set_aside(struct db *db, char *banner, size_t cap);

/* Statement i, prepared from sql on first use and reset; NULL if it cannot be prepared. */
sqlite3_stmt *db_stmt(struct db *db, int i, const char *sql);
int db_exec(struct db *db, const char *sql); /* 0 or -errno */
int db_step(sqlite3_stmt *s);		     /* runs to the end; 0 or -errno; resets */
int db_errno(int sqlite_rc);		     /* SQLITE_OK and _DONE and _ROW: 0, else -errno */
bool db_is_corrupt(int neg_errno);	     /* -EUCLEAN */
const char *db_reason(int neg_errno);	     /* why something is kept in memory only, for people */

/* Space. The reserve is a file of 4 MiB beside the databases: on a full disk even a DELETE needs
 * room. dir: where they live. */
enum { DB_RESERVE_BYTES = 4 << 20 };
void db_reserve_make(const char *dir);	  /* if missing and there is room */
bool db_reserve_release(const char *dir); /* false: there was none */
/* Less room than is left to others: max(256 MiB, 2 %), of a small file system half. */
bool db_space_low(const char *dir);
#endif
