/* Why chunks and tiers: a row a sample is 3 GB of write-ahead log a day for 100 sessions. Twenty
 * samples in one blob of deltas cost about six bytes each, and the coarser tiers are what long
 * plots want anyway. The minute tier is written with the samples (same transaction, so a crash
 * leaves no seam); the quarter-hour tier is made from it once its quarter is over. */
#include "store/history.h"
#include "store/chunk.h"
#include "store/history_priv.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PENDING_MAX = 1440 }; /* of one session: six hours at 15 s, then every other one goes */
static const double KEEP_RAW_S = 86400 + 3600.0, KEEP_M1_S = 7 * 86400.0, KEEP_M15_S = 90 * 86400.0;

#define TIER(name)                                                                               \
	"CREATE TABLE " name "(sid INT, t INT, n INT, mn INT, av INT, mx INT, la INT, swmx INT," \
	" fl INT, rsla INT, rsmn INT, PRIMARY KEY(sid,t)) WITHOUT ROWID, STRICT;"
static const char *const migrations[] = {
	"CREATE TABLE raw_chunk(sid INT, t0 INT, n INT, mn INT, mx INT, la INT, d BLOB,"
	" PRIMARY KEY(sid,t0)) WITHOUT ROWID, STRICT;" TIER("m1") TIER("m15"),
};
static const char *const tables[] = {"raw_chunk", "m1", "m15", NULL};
static const struct db_schema schema = {.application_id = 0x6d737432,
	.migrations = migrations,
	.n_migrations = ARRAY_LEN(migrations),
	.tables = tables,
	.durability = "NORMAL"};

struct history_db *
history_open(const char *path, char *banner, size_t banner_cap, struct err *e)
{
	struct history_db *h = xcalloc(1, sizeof *h);
	char *slash;

	if (db_open(&h->db, path, &schema, banner, banner_cap, e) < 0) {
		free(h);
		return NULL;
	}
	snprintf(h->dir, sizeof h->dir, "%s", path);
	slash = strrchr(h->dir, '/');
	if (slash)
		*slash = '\0';
	else
		snprintf(h->dir, sizeof h->dir, ".");
	h->space_low = db_space_low;
	return h;
}

void
history_space_fn(struct history_db *h, bool (*low)(const char *dir))
{
	h->space_low = low;
}

void
history_close(struct history_db *h)
{
	if (!h)
		return;
	history_flush(h);
	db_close(&h->db);
	for (size_t i = 0; i < h->n_pend; i++)
		free(h->pend[i].s);
	free(h->pend);
	free(h);
}

bool
history_in_memory(const struct history_db *h)
{
	return h->db.in_memory;
}

bool
history_retry(struct history_db *h)
{
	return db_retry_file(&h->db);
}

void
history_set_aside(struct history_db *h, char *banner, size_t banner_cap)
{
	db_set_aside(&h->db, banner, banner_cap);
}

/* ---- samples in RAM ---- */

static struct pending *
pending_of(struct history_db *h, uint32_t num)
{
	for (size_t i = 0; i < h->n_pend; i++)
		if (h->pend[i].num == num)
			return &h->pend[i];
	h->pend = xrealloc(h->pend, (h->n_pend + 1) * sizeof *h->pend);
	h->pend[h->n_pend] = (struct pending){.num = num};
	return &h->pend[h->n_pend++];
}

static struct mem_sample
higher(struct mem_sample a, struct mem_sample b)
{
	struct mem_sample s = b.footprint > a.footprint ? b : a;

	s.t = a.t;
	s.flags = a.flags | b.flags;
	return s;
}

/* Without a disk for long, resolution goes before length: of each two entries the higher stays, and
 * from then on an entry stands for twice as many samples. */
static void
thin_out(struct pending *p)
{
	for (size_t i = 0; i + 1 < p->n; i += 2)
		p->s[i / 2] = higher(p->s[i], p->s[i + 1]);
	p->n /= 2;
	p->stride *= 2;
	p->in_last = p->stride;
}

void
history_add(struct history_db *h, uint32_t num, const struct mem_sample *s, size_t n)
{
	struct pending *p = pending_of(h, num);

	for (size_t i = 0; i < n; i++) {
		if (p->n && p->in_last < p->stride) {
			p->s[p->n - 1] = higher(p->s[p->n - 1], s[i]);
			p->in_last++;
			continue;
		}
		if (p->n == PENDING_MAX)
			thin_out(p);
		if (p->n == p->cap)
			p->s = xrealloc(p->s, (p->cap = p->cap ? p->cap * 2 : 32) * sizeof *p->s);
		p->s[p->n++] = s[i];
		p->in_last = 1;
	}
}

static void
drop_pending(struct history_db *h, size_t i)
{
	free(h->pend[i].s);
	h->pend[i] = h->pend[--h->n_pend];
}

/* ---- rows ---- */

struct mem_point
history_point_of(const struct mem_sample *s)
{
	return (struct mem_point){.t = s->t,
		.min = s->footprint,
		.avg = s->footprint,
		.max = s->footprint,
		.last = s->footprint,
		.swap_max = s->swap,
		.rss_last = s->rss,
		.rss_min = s->rss,
		.n = 1,
		.flags = s->flags};
}

void
history_merge(struct mem_point *a, const struct mem_point *b)
{
	unsigned n = a->n + b->n;

	a->avg = (uint64_t)(((double)a->avg * a->n + (double)b->avg * b->n) / MAX(n, 1u));
	a->n = n;
	a->min = MIN(a->min, b->min);
	a->max = MAX(a->max, b->max);
	a->last = b->last;
	a->swap_max = MAX(a->swap_max, b->swap_max);
	a->rss_last = b->rss_last;
	a->rss_min = MIN(a->rss_min, b->rss_min);
	a->flags |= b->flags;
}

void
history_bind_point(sqlite3_stmt *s, uint32_t num, const struct mem_point *p)
{
	const uint64_t v[] = {num, (uint64_t)p->t, p->n, p->min >> 10, p->avg >> 10, p->max >> 10,
		p->last >> 10, p->swap_max >> 10, p->flags, p->rss_last >> 10, p->rss_min >> 10};

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		sqlite3_bind_int64(s, (int)i + 1, (sqlite3_int64)v[i]);
}

void
history_column_point(sqlite3_stmt *s, struct mem_point *p)
{
	p->t = (double)sqlite3_column_int64(s, 0);
	p->n = (unsigned)sqlite3_column_int(s, 1);
	p->min = (uint64_t)sqlite3_column_int64(s, 2) << 10;
	p->avg = (uint64_t)sqlite3_column_int64(s, 3) << 10;
	p->max = (uint64_t)sqlite3_column_int64(s, 4) << 10;
	p->last = (uint64_t)sqlite3_column_int64(s, 5) << 10;
	p->swap_max = (uint64_t)sqlite3_column_int64(s, 6) << 10;
	p->flags = (unsigned)sqlite3_column_int(s, 7);
	p->rss_last = (uint64_t)sqlite3_column_int64(s, 8) << 10;
	p->rss_min = (uint64_t)sqlite3_column_int64(s, 9) << 10;
}

static int
put_chunk(struct history_db *h, uint32_t num, const struct mem_sample *s, size_t n)
{
	sqlite3_stmt *st = db_stmt(
		&h->db, ST_RAW_PUT, "INSERT OR REPLACE INTO raw_chunk VALUES(?,?,?,?,?,?,?)");
	int64_t t0 = (int64_t)llround(s[0].t * 1000);
	struct mem_point all = history_point_of(&s[0]);
	struct buf b = {0};
	int rc;

	if (!st)
		return -EIO;
	for (size_t i = 1; i < n; i++) {
		struct mem_point p = history_point_of(&s[i]);

		history_merge(&all, &p);
	}
	chunk_encode(&b, t0, s, n);
	sqlite3_bind_int64(st, 1, num);
	sqlite3_bind_int64(st, 2, t0);
	sqlite3_bind_int64(st, 3, (sqlite3_int64)n);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)(all.min >> 10));
	sqlite3_bind_int64(st, 5, (sqlite3_int64)(all.max >> 10));
	sqlite3_bind_int64(st, 6, (sqlite3_int64)(all.last >> 10));
	sqlite3_bind_blob(st, 7, b.data, (int)b.len, SQLITE_TRANSIENT);
	rc = db_step(st);
	buf_free(&b);
	return rc;
}

static int
put_minutes(struct history_db *h, uint32_t num, const struct mem_sample *s, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n;) {
		sqlite3_stmt *st = db_stmt(&h->db, ST_M1_PUT,
			"INSERT INTO m1(sid," POINT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?)"
			" ON CONFLICT(sid,t) DO UPDATE SET av=(av*n+excluded.av*excluded.n)/"
			"(n+excluded.n), n=n+excluded.n, mn=min(mn,excluded.mn),"
			" mx=max(mx,excluded.mx), la=excluded.la, swmx=max(swmx,excluded.swmx),"
			" fl=fl|excluded.fl, rsla=excluded.rsla, rsmn=min(rsmn,excluded.rsmn)");
		struct mem_point m = history_point_of(&s[i]);
		double minute = floor(s[i].t / STEP_M1);

		for (i++; i < n && floor(s[i].t / STEP_M1) == minute; i++) {
			struct mem_point p = history_point_of(&s[i]);

			history_merge(&m, &p);
		}
		if (!st)
			return -EIO;
		m.t = minute * STEP_M1;
		history_bind_point(st, num, &m);
		rc = db_step(st);
	}
	return rc;
}

static int
put_pending(struct history_db *h, const struct pending *p)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->n; i += CHUNK_MAX)
		rc = put_chunk(h, p->num, p->s + i, MIN(p->n - i, (size_t)CHUNK_MAX));
	return rc < 0 ? rc : put_minutes(h, p->num, p->s, p->n);
}

static int
end(struct history_db *h, int rc)
{
	if (rc == 0)
		rc = db_exec(&h->db, "COMMIT");
	if (rc < 0 && !sqlite3_get_autocommit(h->db.h))
		db_exec(&h->db, "ROLLBACK");
	return rc;
}

int
history_flush(struct history_db *h)
{
	int rc;

	if (h->n_pend == 0)
		return 0;
	if (h->db.read_only)
		return -EROFS;
	if (!h->db.in_memory && h->space_low(h->dir))
		return -ENOSPC;
	rc = db_exec(&h->db, "BEGIN IMMEDIATE");
	for (size_t i = 0; rc == 0 && i < h->n_pend; i++)
		rc = put_pending(h, &h->pend[i]);
	rc = end(h, rc);
	while (rc == 0 && h->n_pend)
		drop_pending(h, h->n_pend - 1);
	return rc;
}

/* ---- upkeep ---- */

bool
history_edge(struct history_db *h, enum history_stmt which, uint32_t num, double *t)
{
	static const char *const sql[] = {
		[ST_RAW_FIRST] = "SELECT t0/1000.0 FROM raw_chunk WHERE sid=? ORDER BY t0 LIMIT 1",
		[ST_M1_FIRST] = "SELECT t FROM m1 WHERE sid=? ORDER BY t LIMIT 1",
		[ST_M15_FIRST] = "SELECT t FROM m15 WHERE sid=? ORDER BY t LIMIT 1",
		[ST_M1_LAST] = "SELECT t FROM m1 WHERE sid=? ORDER BY t DESC LIMIT 1",
		[ST_M15_LAST] = "SELECT t FROM m15 WHERE sid=? ORDER BY t DESC LIMIT 1",
	};
	sqlite3_stmt *s = db_stmt(&h->db, which, sql[which]);
	bool found = false;

	if (s) {
		sqlite3_bind_int64(s, 1, num);
		found = sqlite3_step(s) == SQLITE_ROW;
		if (found)
			*t = sqlite3_column_double(s, 0);
		sqlite3_reset(s);
	}
	return found;
}

/* The next session after *num that has rows in a tier: a seek each, no scan. */
static bool
next_sid(struct history_db *h, enum history_stmt which, uint32_t *num)
{
	static const char *const sql[] = {
		[ST_RAW_SID] = "SELECT sid FROM raw_chunk WHERE sid>? ORDER BY sid LIMIT 1",
		[ST_M1_SID] = "SELECT sid FROM m1 WHERE sid>? ORDER BY sid LIMIT 1",
		[ST_M15_SID] = "SELECT sid FROM m15 WHERE sid>? ORDER BY sid LIMIT 1",
	};
	sqlite3_stmt *s = db_stmt(&h->db, which, sql[which]);
	bool found = false;

	if (s) {
		sqlite3_bind_int64(s, 1, *num);
		found = sqlite3_step(s) == SQLITE_ROW;
		if (found)
			*num = (uint32_t)sqlite3_column_int64(s, 0);
		sqlite3_reset(s);
	}
	return found;
}

static int
put_quarter(struct history_db *h, uint32_t num, const struct mem_point *p)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_M15_PUT,
		"INSERT OR REPLACE INTO m15(sid," POINT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?)");

	if (!s)
		return -EIO;
	history_bind_point(s, num, p);
	return db_step(s);
}

/* Quarters of an hour that are over and not rolled up yet. */
static int
roll_up(struct history_db *h, uint32_t num, double now)
{
	double from = 0, end_t = floor(now / STEP_M15) * STEP_M15;
	struct mem_point quarter = {0}, *got = NULL;
	size_t n = 0, cap = 0;
	sqlite3_stmt *s;
	int rc = 0;

	if (history_edge(h, ST_M15_LAST, num, &from))
		from += STEP_M15;
	s = db_stmt(&h->db, ST_M1_GET,
		"SELECT " POINT_COLUMNS " FROM m1 WHERE sid=? AND t>=? AND t<? ORDER BY t");
	if (!s)
		return -EIO;
	sqlite3_bind_int64(s, 1, num);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)from);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)end_t);
	while (sqlite3_step(s) == SQLITE_ROW) {
		if (n == cap)
			got = xrealloc(got, (cap = cap ? cap * 2 : 64) * sizeof *got);
		history_column_point(s, &got[n++]);
	}
	sqlite3_reset(s);
	for (size_t i = 0; rc == 0 && i < n;) {
		double q = floor(got[i].t / STEP_M15);

		quarter = got[i++];
		quarter.t = q * STEP_M15;
		while (i < n && floor(got[i].t / STEP_M15) == q)
			history_merge(&quarter, &got[i++]);
		rc = put_quarter(h, num, &quarter);
	}
	free(got);
	return rc;
}

static int
delete_before(struct history_db *h, enum history_stmt which, uint32_t num, int64_t before)
{
	static const char *const sql[] = {
		[ST_RAW_DEL] = "DELETE FROM raw_chunk WHERE sid=? AND t0<?",
		[ST_M1_DEL] = "DELETE FROM m1 WHERE sid=? AND t<?",
		[ST_M15_DEL] = "DELETE FROM m15 WHERE sid=? AND t<?",
	};
	sqlite3_stmt *s = db_stmt(&h->db, which, sql[which]);

	if (!s)
		return -EIO;
	sqlite3_bind_int64(s, 1, num);
	sqlite3_bind_int64(s, 2, before);
	return db_step(s);
}

int
history_maintain(struct history_db *h, double now)
{
	uint32_t num = 0;
	int rc;

	if (h->db.read_only)
		return 0;
	history_flush(h); /* if it fails for want of room, expiring is what makes some */
	rc = db_exec(&h->db, "BEGIN IMMEDIATE");
	if (rc < 0)
		return rc;
	while (rc == 0 && next_sid(h, ST_M1_SID, &num)) {
		rc = roll_up(h, num, now);
		if (rc == 0)
			rc = delete_before(h, ST_M1_DEL, num, (int64_t)(now - KEEP_M1_S));
	}
	for (num = 0; rc == 0 && next_sid(h, ST_RAW_SID, &num);)
		rc = delete_before(h, ST_RAW_DEL, num, (int64_t)((now - KEEP_RAW_S) * 1000));
	for (num = 0; rc == 0 && next_sid(h, ST_M15_SID, &num);)
		rc = delete_before(h, ST_M15_DEL, num, (int64_t)(now - KEEP_M15_S));
	rc = end(h, rc);
	return rc < 0 ? rc : db_exec(&h->db, "PRAGMA incremental_vacuum(64)");
}

int
history_delete(struct history_db *h, uint32_t num)
{
	int rc;

	for (size_t i = h->n_pend; i-- > 0;)
		if (h->pend[i].num == num)
			drop_pending(h, i);
	if (h->db.read_only)
		return -EROFS;
	rc = db_exec(&h->db, "BEGIN IMMEDIATE");
	for (int i = ST_RAW_DEL; rc == 0 && i <= ST_M15_DEL; i++)
		rc = delete_before(h, (enum history_stmt)i, num, INT64_MAX);
	rc = end(h, rc);
	return rc < 0 ? rc
		      : db_exec(&h->db,
				"PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
}
