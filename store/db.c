#include "store/db.h"
#include "core/base/log.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { KEEP_CORRUPT = 3, MEMORY_PAGES = 16384 };
static const uint64_t SPACE_MIN = 256ull << 20;
static const double SPACE_PART = 0.02;
static const unsigned RESERVE_PART = 16; /* of a file system: no reserve on a smaller one */
static const char *const side_files[] = {"", "-wal", "-shm"};

/* SQLITE_OK, _DONE and _ROW: 0, else -errno. */
static int
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

static long
pragma_number(struct db *db, const char *pragma)
{
	char sql[64];
	sqlite3_stmt *s;
	long v = -1;

	snprintf(sql, sizeof sql, "PRAGMA %s", pragma);
	if (sqlite3_prepare_v2(db->h, sql, -1, &s, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(s) == SQLITE_ROW)
		v = (long)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
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

/* All steps that are missing, each with its version number in one transaction. */
static int
migrate(struct db *db)
{
	long v = pragma_number(db, "user_version");
	char sql[96];
	int rc = 0;

	if (v < 0)
		return -EUCLEAN;
	if (v > db->schema->n_migrations) {
		db->read_only = true;
		return db_exec(db, "PRAGMA query_only=1");
	}
	for (; v < db->schema->n_migrations && rc == 0; v++) {
		rc = db_exec(db, "BEGIN IMMEDIATE");
		if (rc == 0)
			rc = db_exec(db, db->schema->migrations[v]);
		snprintf(sql, sizeof sql, "PRAGMA user_version=%ld; PRAGMA application_id=%u",
			v + 1, db->schema->application_id);
		if (rc == 0)
			rc = db_exec(db, sql);
		if (rc == 0)
			rc = db_exec(db, "COMMIT");
		if (rc < 0)
			db_exec(db, "ROLLBACK");
	}
	return rc;
}

/* A quick look that a database can be read at all; damage deeper down shows in use. */
static int
looks_sound(struct db *db)
{
	long id = pragma_number(db, "application_id");
	int rc;

	if (id != 0 && id != (long)db->schema->application_id)
		return -EUCLEAN;
	rc = db_exec(db, "SELECT count(*) FROM sqlite_schema");
	return rc < 0 ? rc : db_exec(db, "PRAGMA page_count");
}

static int
open_handle(struct db *db, const char *path)
{
	static const char pragmas[] = "PRAGMA busy_timeout=5000; PRAGMA auto_vacuum=INCREMENTAL;"
				      "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=64;"
				      "PRAGMA journal_size_limit=262144; PRAGMA foreign_keys=ON;"
				      "PRAGMA trusted_schema=OFF; PRAGMA secure_delete=FAST;";
	char sql[64];
	int rc = db_errno(sqlite3_open_v2(path, &db->h,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));

	db->read_only = false;
	if (rc == 0)
		rc = looks_sound(db);
	if (rc == 0)
		rc = db_exec(db, pragmas);
	snprintf(sql, sizeof sql, "PRAGMA synchronous=%s", db->schema->durability);
	if (rc == 0)
		rc = db_exec(db, sql);
	if (rc == 0)
		rc = migrate(db);
	if (rc < 0)
		close_handle(db);
	return rc;
}

static void
dir_of(const char *path, char *out, size_t cap)
{
	char *slash;

	snprintf(out, cap, "%s", path);
	slash = strrchr(out, '/');
	if (slash)
		*slash = '\0';
	else
		snprintf(out, cap, ".");
}

static int
newest_first(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

/* Keeps the newest KEEP_CORRUPT sets; the name's time sorts them. */
static void
drop_old_corrupt(const char *path)
{
	char dir[512], full[1024];
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct dirent **names;
	int n, sets = 0;
	char set[256] = "";

	dir_of(path, dir, sizeof dir);
	n = scandir(dir, &names, NULL, newest_first);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		size_t k = strlen(base);

		if (strncmp(name, base, k) == 0 && strncmp(name + k, ".corrupt-", 9) == 0) {
			size_t stem = k + 9 + strspn(name + k + 9, "0123456789");

			if (strncmp(set, name, stem) != 0 || set[stem]) {
				snprintf(set, sizeof set, "%.*s", (int)stem, name);
				sets++;
			}
			snprintf(full, sizeof full, "%s/%s", dir, name);
			if (sets > KEEP_CORRUPT)
				unlink(full);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static void
rename_aside(const char *path)
{
	char from[600], to[700];
	long long stamp = (long long)time(NULL) * 1000;

	do
		snprintf(to, sizeof to, "%s.corrupt-%lld", path, stamp++);
	while (access(to, F_OK) == 0);
	stamp--;
	for (size_t i = 0; i < ARRAY_LEN(side_files); i++) {
		snprintf(from, sizeof from, "%s%s", path, side_files[i]);
		snprintf(to, sizeof to, "%s.corrupt-%lld%s", path, stamp, side_files[i]);
		rename(from, to);
	}
	drop_old_corrupt(path);
}

/* What sqlite calls corrupt may be a disk that does not read: the file is as good as it was. */
static bool
unreadable(const char *path)
{
	bool bad = false;

	for (size_t i = 0; i < ARRAY_LEN(side_files) && !bad; i++) {
		char file[600], block[65536];
		ssize_t n = 0;
		int fd;

		snprintf(file, sizeof file, "%s%s", path, side_files[i]);
		if ((fd = open(file, O_RDONLY | O_CLOEXEC)) < 0) {
			bad = errno != ENOENT;
			continue;
		}
		for (off_t at = 0; (n = pread(fd, block, sizeof block, at)) > 0; at += n)
			;
		bad = n < 0;
		close(fd);
	}
	return bad;
}

static int
open_file(struct db *db)
{
	char dir[512];
	int rc = open_handle(db, db->path);

	if (rc == -ENOSPC || rc == -EIO || rc == -EACCES) {
		dir_of(db->path, dir, sizeof dir);
		if (db_reserve_release(dir))
			rc = open_handle(db, db->path);
	}
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

	if (db_is_corrupt(rc) && unreadable(db->path))
		rc = -EIO;
	if (db_is_corrupt(rc)) {
		rename_aside(db->path);
		log_error("%s: corrupt, set aside", db->path);
		rc = open_file(db);
		if (rc == 0)
			snprintf(banner, cap, "%s was corrupt: set aside, a new one begun",
				name_of(db));
	}
	if (rc == 0 && db->read_only)
		snprintf(banner, cap, "%s is of a newer muster: read-only", name_of(db));
	if (rc == 0)
		return 0;
	log_error("%s: %s, kept in memory", db->path, strerror(-rc));
	snprintf(banner, cap, "%s: %s: kept in memory only", name_of(db), strerror(-rc));
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

int
db_set_aside(struct db *db, char *banner, size_t cap)
{
	mode_t old;

	if (unreadable(db->path))
		return -EIO;
	old = umask(077);
	close_handle(db);
	rename_aside(db->path);
	log_error("%s: corrupt, set aside", db->path);
	if (open_any(db, banner, cap) == 0 && !db->in_memory)
		snprintf(banner, cap, "%s was corrupt: set aside, a new one begun", name_of(db));
	umask(old);
	return 0;
}

/* The image of the database in memory, attached to the file's connection, then table by table. */
static int
merge_image(struct db *file, unsigned char *image, sqlite3_int64 size)
{
	char sql[128];
	int rc = db_exec(file, "ATTACH ':memory:' AS ram");

	if (rc < 0) {
		sqlite3_free(image);
		return rc;
	}
	rc = db_errno(sqlite3_deserialize(
		file->h, "ram", image, size, size, SQLITE_DESERIALIZE_FREEONCLOSE));
	if (rc == 0)
		rc = db_exec(file, "BEGIN IMMEDIATE");
	for (const char *const *t = file->schema->tables; rc == 0 && *t; t++) {
		snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO main.%s SELECT * FROM ram.%s", *t,
			*t);
		rc = db_exec(file, sql);
	}
	if (rc == 0)
		rc = db_exec(file, "COMMIT");
	if (rc < 0)
		db_exec(file, "ROLLBACK");
	db_exec(file, "DETACH ram");
	return rc;
}

bool
db_retry_file(struct db *db)
{
	struct db file = {.schema = db->schema, .path = db->path};
	sqlite3_int64 size = 0;
	unsigned char *image;
	mode_t old;
	int rc;

	if (!db->in_memory)
		return true;
	old = umask(077);
	rc = open_handle(&file, db->path);
	umask(old);
	if (rc < 0)
		return false;
	image = sqlite3_serialize(db->h, "main", &size, 0);
	if (file.read_only || !image || merge_image(&file, image, size) < 0) {
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
