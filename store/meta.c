#include "store/meta.h"
#include "store/db.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 50000 };
static const double EVENTS_KEEP_S = 90 * 86400.0;

static const char *const migrations[] = {
	"CREATE TABLE session(num INTEGER PRIMARY KEY, id TEXT, name TEXT, profile TEXT,"
	" conversation TEXT, cwd TEXT, argv TEXT, tags TEXT, state TEXT, pinned INT, no_store INT,"
	" cols INT, rows INT, exit_code INT, exit_signal INT, created REAL, started REAL, ended "
	"REAL,"
	" last_output REAL, last_input REAL, footprint INT, peak INT, freed INT, mem_max INT) "
	"STRICT;"
	"CREATE TABLE event(t REAL, num INT, id TEXT, name TEXT, event TEXT, detail TEXT,"
	" PRIMARY KEY(t, num, event)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX event_of ON event(num, t);"
	"CREATE TABLE counter(one INTEGER PRIMARY KEY, next INT) STRICT;",
	"ALTER TABLE session ADD COLUMN note TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE session ADD COLUMN archived INT NOT NULL DEFAULT 0;",
	"ALTER TABLE session ADD COLUMN limited_until REAL NOT NULL DEFAULT 0;",
	"ALTER TABLE session ADD COLUMN worktree TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE session ADD COLUMN runner TEXT NOT NULL DEFAULT '';",
};
static const struct db_table tables[] = {
	{"session", "num", "num DESC"},
	{"event", "t,num,event", "t DESC,num DESC,event DESC"},
	{"counter", "one", "one DESC"},
};
static const struct db_schema schema = {.application_id = 0x6d737431,
	.migrations = migrations,
	.n_migrations = ARRAY_LEN(migrations),
	.tables = tables,
	.n_tables = ARRAY_LEN(tables),
	.durability = "NORMAL"};

enum {
	ST_PUT,
	ST_COUNT,
	ST_DEL,
	ST_DEL_EVENTS,
	ST_EVENT,
	ST_SESSIONS,
	ST_NEXT,
	ST_EVENTS,
	ST_EVENTS_OF,
	ST_OLD
};
struct meta_db {
	struct db db;
};

struct meta_db *
meta_open(const char *path, char *banner, size_t banner_cap, struct err *e)
{
	struct meta_db *m = xcalloc(1, sizeof *m);

	if (db_open(&m->db, path, &schema, banner, banner_cap, e) < 0) {
		free(m);
		return NULL;
	}
	return m;
}

void
meta_close(struct meta_db *m)
{
	if (!m)
		return;
	db_close(&m->db);
	free(m);
}

static void
text(sqlite3_stmt *s, int i, const char *v)
{
	sqlite3_bind_text(s, i, v ? v : "", -1, SQLITE_TRANSIENT);
}

static int
put_row(struct db *db, const struct meta_session *m)
{
	sqlite3_stmt *s = db_stmt(db, ST_PUT,
		"INSERT OR REPLACE INTO session "
		"VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	const char *const words[] = {m->id, m->name, m->profile, m->conversation, m->cwd,
		m->argv_json, m->tags_json, m->state};
	const int ints[] = {m->pinned, m->no_store, m->cols, m->rows, m->exit_code, m->exit_signal};
	const double times[] = {m->created, m->started, m->ended, m->last_output, m->last_input};
	const uint64_t sizes[] = {m->footprint, m->peak, m->freed_bytes, m->mem_max};
	int at = 1;

	if (!s)
		return db_errno(sqlite3_errcode(db->h));
	sqlite3_bind_int64(s, at++, m->num);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		text(s, at++, words[i]);
	for (size_t i = 0; i < ARRAY_LEN(ints); i++)
		sqlite3_bind_int(s, at++, ints[i]);
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		sqlite3_bind_double(s, at++, times[i]);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		sqlite3_bind_int64(s, at++, (sqlite3_int64)sizes[i]);
	text(s, at++, m->note);
	sqlite3_bind_int(s, at++, m->archived);
	sqlite3_bind_double(s, at++, m->limited_until);
	text(s, at++, m->worktree);
	text(s, at, m->runner);
	return db_step(s);
}

static int
count_num(struct db *db, uint32_t num)
{
	sqlite3_stmt *s = db_stmt(db, ST_COUNT,
		"INSERT INTO counter VALUES(1, ?1 + 1) "
		"ON CONFLICT(one) DO UPDATE SET next = max(next, ?1 + 1)");

	if (!s)
		return -EIO;
	sqlite3_bind_int64(s, 1, num);
	return db_step(s);
}

/* On a full disk the reserve is given up: what is written here is small and must last. */
static int
begin(struct db *db)
{
	return db->read_only ? -EROFS : db_exec(db, "BEGIN IMMEDIATE");
}

static int
end(struct db *db, int rc)
{
	if (rc == 0)
		rc = db_exec(db, "COMMIT");
	if (rc < 0 && !sqlite3_get_autocommit(db->h))
		db_exec(db, "ROLLBACK");
	return rc;
}

static bool
made_room(struct db *db, int rc)
{
	char dir[512], *slash;

	if (rc != -ENOSPC && rc != -EIO)
		return false;
	snprintf(dir, sizeof dir, "%s", db->path);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	return slash && db_reserve_release(dir);
}

int
meta_put_session(struct meta_db *m, const struct meta_session *row)
{
	struct db *db = &m->db;
	int rc;

	do {
		rc = begin(db);
		if (rc == 0)
			rc = put_row(db, row);
		if (rc == 0)
			rc = count_num(db, row->num);
		rc = end(db, rc);
	} while (rc < 0 && made_room(db, rc));
	return rc;
}

/* Frames of the log are read back in order up to the first that is not whole: the sync of the last
 * one is the sync of all before it. */
int
meta_sync(struct meta_db *m)
{
	struct db *db = &m->db;
	int rc;

	if (db->read_only || db->in_memory)
		return 0;
	rc = db_exec(db, "PRAGMA synchronous=FULL");
	if (rc == 0)
		rc = count_num(db, 0);
	db_exec(db, "PRAGMA synchronous=NORMAL");
	return rc;
}

int
meta_delete_session(struct meta_db *m, uint32_t num)
{
	static const char *const sql[] = {
		"DELETE FROM session WHERE num=?", "DELETE FROM event WHERE num=?"};
	struct db *db = &m->db;
	int rc;

	do {
		rc = begin(db);
		for (int i = 0; rc == 0 && i < 2; i++) {
			sqlite3_stmt *s = db_stmt(db, i ? ST_DEL_EVENTS : ST_DEL, sql[i]);

			if (s)
				sqlite3_bind_int64(s, 1, num);
			rc = db_step(s);
		}
		rc = end(db, rc);
	} while (rc < 0 && made_room(db, rc));
	return rc;
}

int
meta_scrub(struct meta_db *m)
{
	return db_exec(&m->db, "PRAGMA incremental_vacuum(64); PRAGMA wal_checkpoint(TRUNCATE)");
}

int
meta_put_event(struct meta_db *m, const struct meta_event *ev)
{
	struct db *db = &m->db;
	int rc;

	do {
		sqlite3_stmt *s =
			db_stmt(db, ST_EVENT, "INSERT OR IGNORE INTO event VALUES(?,?,?,?,?,?)");

		if (!s || db->read_only)
			return db->read_only ? -EROFS : -EIO;
		sqlite3_bind_double(s, 1, ev->t);
		sqlite3_bind_int64(s, 2, ev->num);
		text(s, 3, ev->id);
		text(s, 4, ev->name);
		text(s, 5, ev->event);
		text(s, 6, ev->detail_json);
		rc = db_step(s);
	} while (rc < 0 && made_room(db, rc));
	return rc;
}

static void
column_text(sqlite3_stmt *s, int i, char *out, size_t cap)
{
	const unsigned char *t = sqlite3_column_text(s, i);

	snprintf(out, cap, "%s", t ? (const char *)t : "");
}

static char *
column_dup(sqlite3_stmt *s, int i)
{
	const unsigned char *t = sqlite3_column_text(s, i);

	return xstrdup(t ? (const char *)t : "");
}

static void
read_session(sqlite3_stmt *s, struct meta_session *m)
{
	m->num = (uint32_t)sqlite3_column_int64(s, 0);
	column_text(s, 1, m->id, sizeof m->id);
	column_text(s, 2, m->name, sizeof m->name);
	column_text(s, 3, m->profile, sizeof m->profile);
	column_text(s, 4, m->conversation, sizeof m->conversation);
	m->cwd = column_dup(s, 5);
	m->argv_json = column_dup(s, 6);
	m->tags_json = column_dup(s, 7);
	column_text(s, 8, m->state, sizeof m->state);
	m->pinned = sqlite3_column_int(s, 9);
	m->no_store = sqlite3_column_int(s, 10);
	m->cols = sqlite3_column_int(s, 11);
	m->rows = sqlite3_column_int(s, 12);
	m->exit_code = sqlite3_column_int(s, 13);
	m->exit_signal = sqlite3_column_int(s, 14);
	m->created = sqlite3_column_double(s, 15);
	m->started = sqlite3_column_double(s, 16);
	m->ended = sqlite3_column_double(s, 17);
	m->last_output = sqlite3_column_double(s, 18);
	m->last_input = sqlite3_column_double(s, 19);
	m->footprint = (uint64_t)sqlite3_column_int64(s, 20);
	m->peak = (uint64_t)sqlite3_column_int64(s, 21);
	m->freed_bytes = (uint64_t)sqlite3_column_int64(s, 22);
	m->mem_max = (uint64_t)sqlite3_column_int64(s, 23);
	m->note = column_dup(s, 24);
	m->archived = sqlite3_column_int(s, 25);
	m->limited_until = sqlite3_column_double(s, 26);
	m->worktree = column_dup(s, 27);
	m->runner = column_dup(s, 28);
}

int
meta_sessions(struct meta_db *m, struct meta_session **out, size_t *n)
{
	sqlite3_stmt *s = db_stmt(&m->db, ST_SESSIONS,
		"SELECT "
		"num,id,name,profile,conversation,cwd,argv,tags,state,pinned,no_store,cols,rows,"
		"exit_code,exit_signal,created,started,ended,last_output,last_input,footprint,peak,"
		"freed,mem_max,note,archived,limited_until,worktree,runner FROM session ORDER BY "
		"num");
	size_t cap = 0;
	int rc;

	*out = NULL;
	*n = 0;
	if (!s)
		return db_errno(sqlite3_errcode(m->db.h));
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		if (*n == cap)
			*out = xrealloc(*out, (cap = cap ? cap * 2 : 32) * sizeof **out);
		memset(&(*out)[*n], 0, sizeof **out);
		read_session(s, &(*out)[(*n)++]);
	}
	sqlite3_reset(s);
	return db_errno(rc);
}

void
meta_session_clear(struct meta_session *m)
{
	free(m->cwd);
	free(m->argv_json);
	free(m->tags_json);
	free(m->note);
	free(m->worktree);
	free(m->runner);
	memset(m, 0, sizeof *m);
}

void
meta_sessions_free(struct meta_session *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		meta_session_clear(&m[i]);
	free(m);
}

struct meta_session
meta_session_copy(const struct meta_session *m)
{
	struct meta_session c = *m;

	c.cwd = xstrdup(m->cwd ? m->cwd : "");
	c.argv_json = xstrdup(m->argv_json ? m->argv_json : "[]");
	c.tags_json = xstrdup(m->tags_json ? m->tags_json : "[]");
	c.note = xstrdup(m->note ? m->note : "");
	c.worktree = xstrdup(m->worktree ? m->worktree : "");
	c.runner = xstrdup(m->runner ? m->runner : "");
	return c;
}

uint32_t
meta_next_num(struct meta_db *m)
{
	sqlite3_stmt *s = db_stmt(&m->db, ST_NEXT,
		"SELECT max(ifnull((SELECT next FROM counter), 1),"
		" ifnull((SELECT max(num) FROM session), 0) + 1)");
	uint32_t num = 1;

	if (s && sqlite3_step(s) == SQLITE_ROW)
		num = (uint32_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return num;
}

struct meta_event *
meta_events(struct meta_db *m, uint32_t num, double since, size_t max, size_t *n)
{
	sqlite3_stmt *s = num ? db_stmt(&m->db, ST_EVENTS_OF,
					"SELECT t,num,id,name,event,detail FROM event"
					" WHERE num=?3 AND t>=?1 ORDER BY t DESC LIMIT ?2")
			      : db_stmt(&m->db, ST_EVENTS,
					"SELECT t,num,id,name,event,detail FROM event"
					" WHERE t>=?1 ORDER BY t DESC LIMIT ?2");
	struct meta_event *out = NULL;
	size_t cap = 0;

	*n = 0;
	if (!s)
		return NULL;
	sqlite3_bind_double(s, 1, since);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)max);
	if (num)
		sqlite3_bind_int64(s, 3, num);
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct meta_event *ev;

		if (*n == cap)
			out = xrealloc(out, (cap = cap ? cap * 2 : 64) * sizeof *out);
		ev = &out[(*n)++];
		ev->t = sqlite3_column_double(s, 0);
		ev->num = (uint32_t)sqlite3_column_int64(s, 1);
		column_text(s, 2, ev->id, sizeof ev->id);
		column_text(s, 3, ev->name, sizeof ev->name);
		column_text(s, 4, ev->event, sizeof ev->event);
		ev->detail_json = column_dup(s, 5);
	}
	sqlite3_reset(s);
	for (size_t i = 0; out && i < *n / 2; i++) {
		struct meta_event swap = out[i];

		out[i] = out[*n - 1 - i];
		out[*n - 1 - i] = swap;
	}
	return out;
}

void
meta_events_free(struct meta_event *ev, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(ev[i].detail_json);
	free(ev);
}

int
meta_maintain(struct meta_db *m, double now)
{
	sqlite3_stmt *s = db_stmt(&m->db, ST_OLD,
		"DELETE FROM event WHERE t < max(?1,"
		" ifnull((SELECT t FROM event ORDER BY t DESC LIMIT 1 OFFSET ?2), 0))");
	int rc;

	if (!s || m->db.read_only)
		return m->db.read_only ? 0 : -EIO;
	sqlite3_bind_double(s, 1, now - EVENTS_KEEP_S);
	sqlite3_bind_int(s, 2, EVENTS_MAX);
	rc = db_step(s);
	return rc < 0 ? rc : db_exec(&m->db, "PRAGMA incremental_vacuum(64)");
}

bool
meta_in_memory(const struct meta_db *m)
{
	return m->db.in_memory;
}

void
meta_trim(struct meta_db *m)
{
	db_trim(&m->db);
}

bool
meta_begun(const struct meta_db *m)
{
	return m->db.begun && !m->db.in_memory;
}

bool
meta_newer(const struct meta_db *m)
{
	return m->db.read_only;
}

int
meta_copy(struct meta_db *m, const char *path)
{
	char *sql = sqlite3_mprintf("VACUUM INTO %Q", path);
	int rc = sql ? db_exec(&m->db, sql) : -ENOMEM;

	sqlite3_free(sql);
	return rc;
}

static int
merge_events(struct db *file, struct db *memory)
{
	return db_copy_rows(file, memory->h, "event", "t,num,event");
}

bool
meta_retry(struct meta_db *m)
{
	return db_retry_file(&m->db, merge_events);
}

bool
meta_gone(const struct meta_db *m)
{
	return db_gone(&m->db);
}

int
meta_open_again(struct meta_db *m, char *banner, size_t banner_cap)
{
	return db_open_again(&m->db, banner, banner_cap);
}

int
meta_set_aside(struct meta_db *m, char *banner, size_t banner_cap)
{
	return db_set_aside(&m->db, banner, banner_cap);
}
