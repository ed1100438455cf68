#include "store/db.h"
#include "core/base/log.h"
#include "core/base/buf.h"
#include <dirent.h>
#include "store/db_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { MEMORY_PAGES = 16384 };
enum { OLDER = -1 }; /* in the place of a version: schema.older_id */
#define CORRUPT_BANNER "%s was corrupt: set aside, a new one has what could be read"
enum { BUSY_MS = 5000, OPEN_BUSY_MS = 1000 }; /* people wait while a server starts */
static const uint64_t SPACE_MIN = 256ull << 20;
static const double SPACE_PART = 0.02;
static const unsigned RESERVE_PART = 16; /* of a file system: no reserve on a smaller one */

int
db_errno(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	default:
		return -EIO;
	}
}

bool
db_is_corrupt(int neg_errno)
{
	return neg_errno == -EUCLEAN;
}

const char *
db_reason(int neg_errno)
{
	switch (neg_errno) {
	case -ENOSPC:
		return "the disk is full";
	case -EROFS:
		return "it is read-only";
	case -EBUSY:
		return "another program has locked it";
	case -EMEDIUMTYPE:
		return "it belongs to another program";
	default:
		return strerror(-neg_errno);
	}
}

int
db_exec(struct db *db, const char *sql)
{
	return db_errno(sqlite3_exec(db->h, sql, NULL, NULL, NULL));
}

sqlite3_stmt *
db_stmt(struct db *db, int i, const char *sql)
{
	CHECK(i >= 0 && i < DB_STMT_MAX);
	if (!db->stmt[i] && sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT,
				    &db->stmt[i], NULL) != SQLITE_OK)
		return NULL;
	sqlite3_reset(db->stmt[i]);
	return db->stmt[i];
}

int
db_step(sqlite3_stmt *s)
{
	int rc;

	if (!s)
		return -EIO;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		;
	sqlite3_reset(s);
	return db_errno(rc);
}

static int
pragma_number(struct db *db, const char *pragma, int64_t *v)
{
	char sql[64];
	sqlite3_stmt *s;
	int rc;

	snprintf(sql, sizeof sql, "PRAGMA %s", pragma);
	if ((rc = sqlite3_prepare_v2(db->h, sql, -1, &s, NULL)) != SQLITE_OK)
		return db_errno(rc);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW)
		*v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? -EIO : db_errno(rc);
}

static void
finalize_all(struct db *db)
{
	for (size_t i = 0; i < DB_STMT_MAX; i++) {
		sqlite3_finalize(db->stmt[i]);
		db->stmt[i] = NULL;
	}
}

static void
close_handle(struct db *db)
{
	finalize_all(db);
	sqlite3_close(db->h);
	db->h = NULL;
}

/* One step, with the version that it leads to. */
static int
step_to(struct db *db, int64_t version, const char *sql, int (*step)(struct db *db))
{
	char mark[96];
	int rc = db_exec(db, "BEGIN IMMEDIATE");

	snprintf(mark, sizeof mark, "PRAGMA user_version=%d; PRAGMA application_id=%u",
		(int)version, db->schema->application_id);
	if (rc == 0)
		rc = step ? step(db) : db_exec(db, sql);
	if (rc == 0)
		rc = db_exec(db, mark);
	if (rc == 0)
		rc = db_exec(db, "COMMIT");
	if (rc < 0)
		db_exec(db, "ROLLBACK");
	return rc;
}

/* All steps that are missing. */
static int
migrate(struct db *db, int64_t v)
{
	int rc = 0;

	db->begun = v == 0;
	if (v == OLDER)
		rc = step_to(db, v = 1, NULL, db->schema->from_older);
	for (; v < db->schema->n_migrations && rc == 0; v++)
		rc = step_to(db, v + 1, db->schema->migrations[v], NULL);
	return rc;
}

/* A quick look that a database can be read at all and is ours; damage deeper down shows in use. */
static int
look(struct db *db, int64_t *version)
{
	int64_t id = 0;
	int rc = pragma_number(db, "application_id", &id);

	if (rc == 0)
		rc = pragma_number(db, "user_version", version);
	if (rc == 0 && id && id == (int64_t)db->schema->older_id)
		*version = OLDER;
	else if (rc == 0 && id && id != (int64_t)db->schema->application_id)
		rc = -EMEDIUMTYPE;
	return rc < 0 ? rc : db_exec(db, "SELECT count(*) FROM sqlite_schema");
}

/* Not even its log is moved into the file at the end. */
static int
be_reader(struct db *db)
{
	db->read_only = true;
	sqlite3_db_config(db->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return db_exec(db, "PRAGMA trusted_schema=OFF; PRAGMA query_only=1");
}

static int
be_writer(struct db *db, int64_t version)
{
	static const char pragmas[] =
		"PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
		"PRAGMA wal_autocheckpoint=64; PRAGMA journal_size_limit=262144;"
		"PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA secure_delete=ON;";
	char sql[64];
	int rc = db_exec(db, pragmas);

	snprintf(sql, sizeof sql, "PRAGMA synchronous=%s", db->schema->durability);
	if (rc == 0)
		rc = db_exec(db, sql);
	return rc < 0 ? rc : migrate(db, version);
}

static int
open_handle(struct db *db, const char *path)
{
	int64_t version = 0;
	int rc = db_errno(sqlite3_open_v2(path, &db->h,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));

	db->read_only = false;
	if (rc == -EACCES && sqlite3_system_errno(db->h))
		rc = -sqlite3_system_errno(db->h);
	if (rc == 0) {
		sqlite3_busy_timeout(db->h, OPEN_BUSY_MS);
		rc = look(db, &version);
	}
	if (rc == 0)
		rc = version > db->schema->n_migrations ? be_reader(db) : be_writer(db, version);
	if (rc < 0)
		close_handle(db);
	else
		sqlite3_busy_timeout(db->h, BUSY_MS);
	return rc;
}

void
db_dir_of(const char *path, char *out, size_t cap)
{
	char *slash;

	snprintf(out, cap, "%s", path);
	slash = strrchr(out, '/');
	if (slash)
		*slash = '\0';
	else
		snprintf(out, cap, ".");
}

/* On a full disk the reserve is given up for it. */
static int
open_file(struct db *db)
{
	char dir[512];
	int rc = open_handle(db, db->path);

	if (rc == -ENOSPC || rc == -EIO) {
		db_dir_of(db->path, dir, sizeof dir);
		if (db_reserve_release(dir))
			rc = open_handle(db, db->path);
	}
	return rc;
}

static int
replace_file(struct db *db)
{
	char aside[700];
	int rc;

	db_rename_aside(db->path, aside);
	log_error("%s: corrupt, set aside", db->path);
	if ((rc = open_file(db)) == 0)
		db_carry_over(db, aside);
	return rc;
}

static int
open_memory(struct db *db)
{
	char sql[64];
	int rc = open_handle(db, ":memory:");

	db->in_memory = true;
	snprintf(sql, sizeof sql, "PRAGMA max_page_count=%d", MEMORY_PAGES);
	return rc < 0 ? rc : db_exec(db, sql);
}

static const char *
name_of(const struct db *db)
{
	const char *slash = strrchr(db->path, '/');

	return slash ? slash + 1 : db->path;
}

static int
open_any(struct db *db, char *banner, size_t cap)
{
	int rc = open_file(db);

	/* what says whose it is may be what is damaged */
	if ((db_is_corrupt(rc) || rc == -EMEDIUMTYPE) && db_condemned(db->path))
		rc = -EUCLEAN;
	else if (db_is_corrupt(rc))
		rc = -EIO;
	if (db_is_corrupt(rc) && (rc = replace_file(db)) == 0)
		snprintf(banner, cap, CORRUPT_BANNER, name_of(db));
	if (rc == 0 && db->read_only)
		snprintf(banner, cap, "%s is of a newer muster: read-only, changes are not stored",
			name_of(db));
	if (rc == 0)
		return 0;
	log_error("%s: %s, kept in memory", db->path, strerror(-rc));
	snprintf(banner, cap, "%s: %s: kept in memory only", name_of(db), db_reason(rc));
	return open_memory(db);
}

int
db_open(struct db *db, const char *path, const struct db_schema *schema, char *banner, size_t cap,
	struct err *e)
{
	mode_t old = umask(077);
	int rc;

	memset(db, 0, sizeof *db);
	db->schema = schema;
	db->path = xstrdup(path);
	rc = open_any(db, banner, cap);
	umask(old);
	if (rc < 0) {
		err_set(e, 1, "%s: %s", path, strerror(-rc));
		db_close(db);
		return -1;
	}
	return 0;
}

void
db_close(struct db *db)
{
	if (db->h)
		close_handle(db);
	free(db->path);
	db->path = NULL;
}

void
db_trim(struct db *db)
{
	finalize_all(db);
	sqlite3_db_release_memory(db->h);
}

bool
db_gone(const struct db *db)
{
	int moved = 0;

	return !db->in_memory &&
	       sqlite3_file_control(db->h, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
	       moved;
}

int
db_open_again(struct db *db, char *banner, size_t cap)
{
	mode_t old = umask(077);
	int rc;

	close_handle(db);
	rc = open_any(db, banner, cap);
	umask(old);
	return rc;
}

int
db_set_aside(struct db *db, char *banner, size_t cap)
{
	mode_t old;
	int rc;

	if (!db_condemned(db->path))
		return -EIO;
	old = umask(077);
	close_handle(db);
	if ((rc = replace_file(db)) == 0)
		snprintf(banner, cap, CORRUPT_BANNER, name_of(db));
	else
		rc = open_any(db, banner, cap);
	umask(old);
	return rc;
}

bool
db_retry_file(struct db *db, int (*merge)(struct db *file, struct db *memory))
{
	struct db file = {.schema = db->schema, .path = db->path};
	mode_t old;
	int rc;

	if (!db->in_memory)
		return true;
	old = umask(077);
	rc = open_handle(&file, db->path);
	umask(old);
	if (rc < 0)
		return false;
	rc = file.read_only ? -EROFS : db_exec(&file, "BEGIN IMMEDIATE");
	if (rc == 0)
		rc = merge(&file, db);
	if (rc == 0)
		rc = db_exec(&file, "COMMIT");
	if (rc < 0) { /* what was begun goes with the connection */
		close_handle(&file);
		return false;
	}
	close_handle(db);
	*db = file;
	return true;
}

/* ---- space ---- */

static void
reserve_path(const char *dir, char *out, size_t cap)
{
	snprintf(out, cap, "%s/reserve", dir);
}

void
db_reserve_make(const char *dir)
{
	struct statvfs v;
	char path[600];
	int fd;

	reserve_path(dir, path, sizeof path);
	if (access(path, F_OK) == 0 || db_space_low(dir) || statvfs(dir, &v) < 0 ||
		(uint64_t)v.f_blocks * v.f_frsize < RESERVE_PART * (uint64_t)DB_RESERVE_BYTES)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	if (posix_fallocate(fd, 0, DB_RESERVE_BYTES) != 0)
		unlink(path);
	close(fd);
}

bool
db_reserve_release(const char *dir)
{
	char path[600];

	reserve_path(dir, path, sizeof path);
	return unlink(path) == 0;
}

bool
db_space_low(const char *dir)
{
	struct statvfs v;
	double total;

	if (statvfs(dir, &v) < 0)
		return false;
	total = (double)v.f_blocks * (double)v.f_frsize;
	return (double)v.f_bavail * (double)v.f_frsize <
	       MIN(MAX((double)SPACE_MIN, SPACE_PART * total), total / 2);
}
