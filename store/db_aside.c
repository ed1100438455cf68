/* Corrupt databases: which ones are, out of the way with them, and what can be read of them. */
#include "core/base/buf.h"
#include "store/db_priv.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KEEP_CORRUPT = 3 };
static const char *const side_files[] = {"", "-wal", "-shm"};

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

	db_dir_of(path, dir, sizeof dir);
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

void
db_rename_aside(const char *path, char *aside)
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
	snprintf(aside, 700, "%s.corrupt-%lld", path, stamp);
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

/* Every byte can be read, and sqlite's own check finds the file damaged. Whatever keeps the check
 * from its verdict speaks for the file. */
bool
db_condemned(const char *path)
{
	const unsigned char *verdict;
	sqlite3_stmt *s = NULL;
	sqlite3 *h = NULL;
	bool bad = false;
	int rc;

	if (unreadable(path))
		return false;
	rc = sqlite3_open_v2(path, &h, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(h, "PRAGMA integrity_check(1)", -1, &s, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW && (verdict = sqlite3_column_text(s, 0)))
		bad = strcmp((const char *)verdict, "ok") != 0;
	bad |= db_is_corrupt(db_errno(rc));
	sqlite3_finalize(s);
	sqlite3_close(h);
	return bad;
}

/* An INSERT for the columns that a SELECT gives. */
static sqlite3_stmt *
insert_like(struct db *to, sqlite3_stmt *from, const char *table)
{
	sqlite3_stmt *s = NULL;
	struct buf sql = {0};
	int n = sqlite3_column_count(from);

	buf_printf(&sql, "INSERT OR IGNORE INTO %s(", table);
	for (int i = 0; i < n; i++)
		buf_printf(&sql, "%s\"%s\"", i ? "," : "", sqlite3_column_name(from, i));
	buf_puts(&sql, ") VALUES(");
	for (int i = 0; i < n; i++)
		buf_puts(&sql, i ? ",?" : "?");
	buf_puts(&sql, ")");
	sqlite3_prepare_v2(to->h, (const char *)sql.data, (int)sql.len, &s, NULL);
	buf_free(&sql);
	return s;
}

int
db_copy_rows(struct db *to, sqlite3 *from, const char *table, const char *order)
{
	sqlite3_stmt *get = NULL, *put = NULL;
	char sql[128];
	int rc;

	snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", table, order);
	rc = sqlite3_prepare_v2(from, sql, -1, &get, NULL);
	if (rc == SQLITE_OK && !(put = insert_like(to, get, table)))
		rc = SQLITE_ERROR;
	while (rc == SQLITE_OK && (rc = sqlite3_step(get)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(get); i++)
			sqlite3_bind_value(put, i + 1, sqlite3_column_value(get, i));
		rc = sqlite3_step(put);
		/* a row that the table does not take is damaged itself */
		if (rc == SQLITE_DONE || (rc & 0xff) == SQLITE_CONSTRAINT)
			rc = SQLITE_OK;
		sqlite3_reset(put);
	}
	sqlite3_finalize(get);
	sqlite3_finalize(put);
	return db_errno(rc);
}

/* What can be read of a file that was set aside, from both ends towards the damage. */
void
db_carry_over(struct db *db, const char *aside)
{
	sqlite3 *h = NULL;

	if (sqlite3_open_v2(aside, &h, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
		SQLITE_OK)
		goto out;
	sqlite3_exec(h, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON", NULL, NULL, NULL);
	db_exec(db, "BEGIN IMMEDIATE");
	for (int i = 0; i < db->schema->n_tables; i++) {
		const struct db_table *t = &db->schema->tables[i];

		if (db_copy_rows(db, h, t->name, t->order) < 0)
			db_copy_rows(db, h, t->name, t->backwards);
	}
	if (db_exec(db, "COMMIT") < 0)
		db_exec(db, "ROLLBACK");
out:
	sqlite3_close(h);
}
