/* Why chunks and tiers: a row a sample is 3 GB of write-ahead log a day for 100 sessions. Twenty
 * samples in one blob of deltas cost about seven bytes each, and the coarser tiers are what long
 * plots want anyway. Those are packed as well, an hour of minutes or a day of quarters a row: a
 * third of the size of one row a point, and 90 days are read in 90 steps instead of 8,640.
 *
 * A period's samples of all sessions lie together, session by session: what comes is appended, what
 * is a day old goes in whole pages, and a session's day is a seek a period.
 *
 * Samples first go to a journal (history_journal.c). After a period of four hours they become chunks and minutes
 * of their sessions (one transaction, so a crash leaves no seam), and once a day quarters are
 * made of the minutes and what is old goes: a page that is written often is what costs. */
#include "store/history.h"
#include "store/chunk.h"
#include "store/history_priv.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIOD_MS = 4 * 3600 * 1000, ROW_SAMPLES = 60 };
enum { PENDING_MAX = 2880 }; /* of one session: 12 h at 15 s, then every other one goes */
static const double KEEP_RAW_S = 86400 + 3600.0, KEEP_M1_S = 7 * 86400.0, KEEP_M15_S = 90 * 86400.0,
		    THIN_S = 6 * 3600.0, KEEP_UP_S = 86400, JOURNAL_S = PERIOD_MS / 1000.0;

static const char *const migrations[] = {
	"CREATE TABLE raw_chunk(sid INT, t0 INT, n INT, mn INT, mx INT, la INT, d BLOB,"
	" PRIMARY KEY(sid,t0)) WITHOUT ROWID, STRICT;" HISTORY_TIER_SQL,
	"CREATE TABLE journal(k INTEGER PRIMARY KEY, d BLOB) STRICT;",
	"CREATE TABLE composition(sid INT, t INT, d BLOB, PRIMARY KEY(sid,t))"
	" WITHOUT ROWID, STRICT;",
	"CREATE TABLE raw(p INT, sid INT, t0 INT, d BLOB, PRIMARY KEY(p,sid,t0))"
	" WITHOUT ROWID, STRICT;"
	"INSERT INTO raw SELECT t0/14400000, sid, t0, d FROM raw_chunk; DROP TABLE raw_chunk;",
};
static const struct db_table tables[] = {
	{"raw", "p,sid,t0", "p DESC,sid DESC,t0 DESC"},
	{"tier", "k", "k DESC"},
	{"journal", "k", "k DESC"},
	{"composition", "sid,t", "sid DESC,t DESC"},
};
static const struct db_schema schema = {.application_id = 0x6d737433,
	.older_id = 0x6d737432,
	.from_older = history_from_rows,
	.migrations = migrations,
	.n_migrations = ARRAY_LEN(migrations),
	.tables = tables,
	.n_tables = ARRAY_LEN(tables),
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
	history_journal_load(h);
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
	history_quarters_drop(h, 0);
	history_pending_drop(h);
	db_close(&h->db);
	free(h);
}

bool
history_in_memory(const struct history_db *h)
{
	return h->db.in_memory;
}

bool
history_begun(const struct history_db *h)
{
	return h->db.begun && !h->db.in_memory;
}

bool
history_newer(const struct history_db *h)
{
	return h->db.read_only;
}

bool
history_gone(const struct history_db *h)
{
	return db_gone(&h->db);
}

int
history_open_again(struct history_db *h, char *banner, size_t banner_cap)
{
	history_quarters_drop(h, 0);
	h->journal_stale = true;
	return db_open_again(&h->db, banner, banner_cap);
}

int
history_set_aside(struct history_db *h, char *banner, size_t banner_cap)
{
	history_quarters_drop(h, 0);
	h->journal_stale = true; /* it is gone: all that is pending goes to the next */
	return db_set_aside(&h->db, banner, banner_cap);
}

void
history_trim(struct history_db *h)
{
	db_trim(&h->db);
	history_quarters_drop(h, 0);
	h->pend = xrealloc(h->pend, MAX(h->n_pend, (size_t)1) * sizeof *h->pend);
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
	p->kept = MIN(p->kept, p->n);
	p->stride *= 2;
	p->in_last = p->stride;
}

void
history_add(struct history_db *h, uint32_t num, const struct mem_sample *s, size_t n)
{
	struct pending *p = pending_of(h, num);

	history_quarters_add(h, num, s, n);
	for (size_t i = 0; i < n; i++) {
		if (p->n && p->in_last < p->stride) {
			p->s[p->n - 1] = higher(p->s[p->n - 1], s[i]);
			p->in_last++;
			continue;
		}
		if (p->n == PENDING_MAX) {
			thin_out(p);
			h->journal_stale = true;
		}
		if (p->n == p->cap)
			p->s = xrealloc(p->s, (p->cap = p->cap ? p->cap * 2 : 32) * sizeof *p->s);
		p->s[p->n++] = s[i];
		p->in_last = 1;
	}
}

void
history_pending_drop(struct history_db *h)
{
	for (size_t i = 0; i < h->n_pend; i++)
		free(h->pend[i].s);
	free(h->pend);
	h->pend = NULL;
	h->n_pend = 0;
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

static int
put_chunk(struct history_db *h, uint32_t num, const struct mem_sample *s, size_t n)
{
	sqlite3_stmt *st =
		db_stmt(&h->db, ST_RAW_PUT, "INSERT OR REPLACE INTO raw VALUES(?,?,?,?)");
	int64_t t0 = (int64_t)llround(s[0].t * 1000);
	struct buf b = {0};
	int rc;

	if (!st)
		return -EIO;
	chunk_encode(&b, t0, s, n);
	sqlite3_bind_int64(st, 1, t0 / PERIOD_MS);
	sqlite3_bind_int64(st, 2, num);
	sqlite3_bind_int64(st, 3, t0);
	sqlite3_bind_blob(st, 4, b.data, (int)b.len, SQLITE_TRANSIENT);
	rc = db_step(st);
	buf_free(&b);
	return rc;
}

/* ---- tiers ---- */

const struct tier_shape history_tiers[TIER_COUNT] = {
	[TIER_M1] = {STEP_M1, 3600},
	[TIER_M15] = {STEP_M15, 86400},
};

int64_t
history_key(uint32_t num, enum history_tier tier, double t)
{
	int64_t span = (int64_t)floor(CLAMP(t, 0, 1e12) / history_tiers[tier].span_s);

	return (int64_t)num << 32 | (int64_t)tier << 31 | (span & INT32_MAX);
}

enum history_tier
history_key_tier(int64_t key)
{
	return key >> 31 & 1 ? TIER_M15 : TIER_M1;
}

static double
key_t0(int64_t key)
{
	return (double)(key & INT32_MAX) * history_tiers[history_key_tier(key)].span_s;
}

size_t
history_unpack(int64_t key, const void *d, size_t len, struct mem_point out[SPAN_POINTS_MAX])
{
	long n = chunk_decode_points(d, len, key_t0(key),
		history_tiers[history_key_tier(key)].step_s, out, SPAN_POINTS_MAX);

	return n < 0 ? 0 : (size_t)n;
}

size_t
history_unpack_column(sqlite3_stmt *s, struct mem_point out[SPAN_POINTS_MAX])
{
	return history_unpack(sqlite3_column_int64(s, 0), sqlite3_column_blob(s, 1),
		(size_t)sqlite3_column_bytes(s, 1), out);
}

static size_t
load_span(struct history_db *h, int64_t key, struct mem_point out[SPAN_POINTS_MAX])
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_TIER_ONE, "SELECT k,d FROM tier WHERE k=?");
	size_t n = 0;

	if (!s)
		return 0;
	sqlite3_bind_int64(s, 1, key);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = history_unpack_column(s, out);
	sqlite3_reset(s);
	return n;
}

/* Where p belongs among n ascending points: merged with the one of its step, or put in between. */
static size_t
insert(struct mem_point *to, size_t n, const struct mem_point *p)
{
	size_t i = n;

	while (i && to[i - 1].t >= p->t)
		i--;
	if (i < n && to[i].t <= p->t) {
		history_merge(&to[i], p);
		return n;
	}
	if (n == SPAN_POINTS_MAX)
		return n;
	memmove(to + i + 1, to + i, (n - i) * sizeof(*to));
	to[i] = *p;
	return n + 1;
}

/* Adds points (t at the start of their step, ascending) to what a tier holds. */
int
history_put_points(struct history_db *h, uint32_t num, enum history_tier tier,
	const struct mem_point *p, size_t n)
{
	struct mem_point span[SPAN_POINTS_MAX];
	struct buf b = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n;) {
		int64_t key = history_key(num, tier, p[i].t);
		size_t k = load_span(h, key, span);
		sqlite3_stmt *s =
			db_stmt(&h->db, ST_TIER_PUT, "INSERT OR REPLACE INTO tier VALUES(?,?)");

		for (; i < n && history_key(num, tier, p[i].t) == key; i++)
			k = insert(span, k, &p[i]);
		b.len = 0;
		chunk_encode_points(&b, key_t0(key), history_tiers[tier].step_s, span, k);
		if (!s)
			rc = -EIO;
		else {
			sqlite3_bind_int64(s, 1, key);
			sqlite3_bind_blob(s, 2, b.data, (int)b.len, SQLITE_TRANSIENT);
			rc = db_step(s);
		}
	}
	buf_free(&b);
	return rc;
}

void
history_add_step(void *ctx, const struct mem_point *p)
{
	struct history_steps *st = ctx;
	struct mem_point at = *p;

	at.t = floor(p->t / st->step_s) * st->step_s;
	if (st->n && st->p[st->n - 1].t == at.t) {
		history_merge(&st->p[st->n - 1], p);
		return;
	}
	if (st->n == st->cap)
		st->p = xrealloc(st->p, (st->cap = st->cap ? st->cap * 2 : 64) * sizeof(*st->p));
	st->p[st->n++] = at;
}

static int
put_minutes(struct history_db *h, uint32_t num, const struct mem_sample *s, size_t n)
{
	struct history_steps st = {.step_s = STEP_M1};
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct mem_point p = history_point_of(&s[i]);

		history_add_step(&st, &p);
	}
	rc = history_put_points(h, num, TIER_M1, st.p, st.n);
	free(st.p);
	return rc;
}

/* The first n, which no longer are pending then. */
static int
put_pending(struct history_db *h, struct pending *p, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i += ROW_SAMPLES)
		rc = put_chunk(h, p->num, p->s + i, MIN(n - i, (size_t)ROW_SAMPLES));
	return rc < 0 || !n ? rc : put_minutes(h, p->num, p->s, n);
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

static size_t
before(const struct pending *p, double t)
{
	size_t n = 0;

	while (n < p->n && p->s[n].t < t)
		n++;
	return n;
}

/* Up to when samples leave the journal: the even hour before the newest, if an older one is
 * pending. In memory all of them do. */
static double
boundary(const struct history_db *h)
{
	double newest = 0, oldest = INFINITY, hour;

	if (h->db.in_memory)
		return INFINITY;
	for (size_t i = 0; i < h->n_pend; i++)
		for (size_t k = 0; k < h->pend[i].n; k++) {
			newest = MAX(newest, h->pend[i].s[k].t);
			oldest = MIN(oldest, h->pend[i].s[k].t);
		}
	hour = floor(newest / JOURNAL_S) * JOURNAL_S;
	return oldest < hour ? hour : 0;
}

static void
drop_first(struct pending *p, size_t n)
{
	memmove(p->s, p->s + n, (p->n - n) * sizeof(*p->s));
	p->n -= n;
	p->kept = p->n;
	p->stride = p->in_last = 1;
}

int
history_pending_write(struct history_db *h, double until)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < h->n_pend; i++)
		rc = put_pending(h, &h->pend[i], before(&h->pend[i], until));
	if (rc < 0 || h->db.in_memory)
		return rc;
	if (until > 0 || h->journal_stale) {
		rc = history_journal_clear(h);
		for (size_t i = 0; i < h->n_pend; i++)
			h->pend[i].kept = before(&h->pend[i], until);
	}
	return rc < 0 ? rc : history_journal_put(h);
}

static bool
all_kept(const struct history_db *h)
{
	for (size_t i = 0; i < h->n_pend; i++)
		if (h->pend[i].kept < h->pend[i].n)
			return false;
	return true;
}

static int
flush_until(struct history_db *h, double until)
{
	bool any = false;
	int rc;

	for (size_t i = 0; i < h->n_pend; i++)
		any = any || before(&h->pend[i], until);
	until = any ? until : 0;
	if (h->n_pend == 0 || (all_kept(h) && !h->journal_stale && until <= 0))
		return 0;
	if (h->db.read_only)
		return -EROFS;
	if (!h->db.in_memory && h->space_low(h->dir))
		return -ENOSPC;
	rc = db_exec(&h->db, "BEGIN IMMEDIATE");
	if (rc == 0)
		rc = history_pending_write(h, until);
	rc = end(h, rc);
	if (rc < 0) {
		h->journal_stale = true; /* what is in it is as before: all of it is due again */
		return rc;
	}
	h->journal_stale = false;
	for (size_t i = h->n_pend; i-- > 0;) {
		drop_first(&h->pend[i], before(&h->pend[i], until));
		if (h->pend[i].n == 0)
			drop_pending(h, i);
	}
	return 0;
}

int
history_flush(struct history_db *h)
{
	return flush_until(h, boundary(h));
}

/* ---- edges and walks ---- */

int64_t
history_period(double t)
{
	return (int64_t)floor(t * 1000 / PERIOD_MS);
}

bool
history_next_period(struct history_db *h, int64_t *p)
{
	sqlite3_stmt *s =
		db_stmt(&h->db, ST_RAW_PERIOD, "SELECT p FROM raw WHERE p>? ORDER BY p LIMIT 1");
	bool found = false;

	if (s) {
		sqlite3_bind_int64(s, 1, *p);
		found = sqlite3_step(s) == SQLITE_ROW;
		if (found)
			*p = sqlite3_column_int64(s, 0);
		sqlite3_reset(s);
	}
	return found;
}

bool
history_raw_first(struct history_db *h, uint32_t num, double *t)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_RAW_FIRST,
		"SELECT t0/1000.0 FROM raw WHERE p=? AND sid=? ORDER BY t0 LIMIT 1");
	bool found = false;

	for (int64_t p = INT64_MIN; s && !found && history_next_period(h, &p);) {
		sqlite3_bind_int64(s, 1, p);
		sqlite3_bind_int64(s, 2, num);
		found = sqlite3_step(s) == SQLITE_ROW;
		if (found)
			*t = sqlite3_column_double(s, 0);
		sqlite3_reset(s);
	}
	return found;
}

bool
history_edge(struct history_db *h, enum history_tier tier, uint32_t num, bool last, double *t)
{
	struct mem_point p[SPAN_POINTS_MAX];
	sqlite3_stmt *s =
		last ? db_stmt(&h->db, ST_TIER_LAST,
			       "SELECT k,d FROM tier WHERE k BETWEEN ? AND ? ORDER BY k DESC LIMIT "
			       "1")
		     : db_stmt(&h->db, ST_TIER_FIRST,
			       "SELECT k,d FROM tier WHERE k BETWEEN ? AND ? ORDER BY k LIMIT 1");
	size_t n = 0;

	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, history_key(num, tier, 0));
	sqlite3_bind_int64(s, 2, history_key(num, tier, 0) | INT32_MAX);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = history_unpack_column(s, p);
	sqlite3_reset(s);
	if (n)
		*t = p[last ? n - 1 : 0].t;
	return n > 0;
}

void
history_each(struct history_db *h, enum history_tier tier, uint32_t num, double from,
	void (*cb)(void *ctx, const struct mem_point *p), void *ctx)
{
	struct mem_point p[SPAN_POINTS_MAX];
	sqlite3_stmt *s = db_stmt(
		&h->db, ST_TIER_GET, "SELECT k,d FROM tier WHERE k BETWEEN ? AND ? ORDER BY k");

	if (!s)
		return;
	sqlite3_bind_int64(s, 1, history_key(num, tier, from));
	sqlite3_bind_int64(s, 2, history_key(num, tier, 0) | INT32_MAX);
	while (sqlite3_step(s) == SQLITE_ROW) {
		size_t n = history_unpack_column(s, p);

		for (size_t i = 0; i < n; i++)
			if (p[i].t >= from)
				cb(ctx, &p[i]);
	}
	sqlite3_reset(s);
}

/* ---- upkeep ---- */

/* The next session after *num that has rows: a seek each, no scan. */
static bool
next_sid(struct history_db *h, uint32_t *num)
{
	sqlite3_stmt *s = db_stmt(
		&h->db, ST_TIER_SID, "SELECT k>>32 FROM tier WHERE k>=? ORDER BY k LIMIT 1");
	bool found = false;

	if (s) {
		sqlite3_bind_int64(s, 1, ((int64_t)*num + 1) << 32);
		found = sqlite3_step(s) == SQLITE_ROW;
		if (found)
			*num = (uint32_t)sqlite3_column_int64(s, 0);
		sqlite3_reset(s);
	}
	return found;
}

/* Quarters of an hour that are over and not rolled up yet. */
static int
roll_up(struct history_db *h, uint32_t num, double now)
{
	struct history_steps st = {.step_s = STEP_M15};
	double from = 0, end_t = floor(now / STEP_M15) * STEP_M15;
	int rc;

	if (history_edge(h, TIER_M15, num, true, &from))
		from += STEP_M15;
	history_each(h, TIER_M1, num, from, history_add_step, &st);
	while (st.n && st.p[st.n - 1].t >= end_t)
		st.n--;
	rc = history_put_points(h, num, TIER_M15, st.p, st.n);
	free(st.p);
	return rc;
}

static int
delete_raw(struct history_db *h, uint32_t num)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_RAW_DEL, "DELETE FROM raw WHERE p=? AND sid=?");
	int rc = s ? 0 : -EIO;

	for (int64_t p = INT64_MIN; rc == 0 && history_next_period(h, &p);) {
		sqlite3_bind_int64(s, 1, p);
		sqlite3_bind_int64(s, 2, num);
		rc = db_step(s);
	}
	return rc;
}

/* Whole periods. */
static int
expire_raw(struct history_db *h, double before)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_RAW_EXPIRE, "DELETE FROM raw WHERE p<?");

	if (!s)
		return -EIO;
	sqlite3_bind_int64(s, 1, history_period(before));
	return db_step(s);
}

static int
delete_keys(struct history_db *h, int64_t from, int64_t before)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_TIER_DEL, "DELETE FROM tier WHERE k>=? AND k<?");

	if (!s)
		return -EIO;
	sqlite3_bind_int64(s, 1, from);
	sqlite3_bind_int64(s, 2, before);
	return db_step(s);
}

/* Whole spans that lie before a time. */
static int
expire(struct history_db *h, enum history_tier tier, uint32_t num, double before)
{
	return delete_keys(h, history_key(num, tier, 0), history_key(num, tier, before));
}

static int
keep_up(struct history_db *h, double now)
{
	uint32_t num = 0;
	int rc = db_exec(&h->db, "BEGIN IMMEDIATE");

	if (rc < 0)
		return rc;
	while (rc == 0 && next_sid(h, &num)) {
		rc = roll_up(h, num, now);
		if (rc == 0)
			rc = expire(h, TIER_M1, num, now - KEEP_M1_S);
		if (rc == 0)
			rc = expire(h, TIER_M15, num, now - KEEP_M15_S);
	}
	if (rc == 0)
		rc = expire_raw(h, now - KEEP_RAW_S);
	if (rc == 0)
		rc = history_expire_compositions(h, 0, now - KEEP_M15_S);
	if (rc == 0)
		rc = history_thin_compositions(h, now - KEEP_M1_S, THIN_S);
	rc = end(h, rc);
	return rc < 0 ? rc : db_exec(&h->db, "PRAGMA incremental_vacuum(64)");
}

int
history_maintain(struct history_db *h, double now)
{
	int rc;

	if (h->db.read_only)
		return 0;
	/* also of sessions that ended; if that fails for want of room, expiring is what makes
	 * some */
	rc = flush_until(h, MAX(boundary(h), floor(now / JOURNAL_S) * JOURNAL_S));
	if (rc == 0 && fabs(now - h->kept_up) < KEEP_UP_S)
		return 0;
	h->kept_up = now;
	return keep_up(h, now);
}

int
history_delete(struct history_db *h, uint32_t num)
{
	int rc;

	for (size_t i = h->n_pend; i-- > 0;)
		if (h->pend[i].num == num)
			drop_pending(h, i);
	history_quarters_drop(h, num);
	if (h->db.read_only)
		return -EROFS;
	rc = db_exec(&h->db, "BEGIN IMMEDIATE");
	if (rc == 0)
		rc = delete_raw(h, num);
	if (rc == 0)
		rc = delete_keys(h, (int64_t)num << 32, ((int64_t)num + 1) << 32);
	if (rc == 0)
		rc = history_expire_compositions(h, num, INFINITY);
	if (rc == 0 && !h->db.in_memory) { /* it may be in any of its rows */
		rc = history_journal_clear(h);
		for (size_t i = 0; i < h->n_pend; i++)
			h->pend[i].kept = 0;
		if (rc == 0)
			rc = history_journal_put(h);
		for (size_t i = 0; i < h->n_pend; i++)
			h->pend[i].kept = h->pend[i].n;
	}
	rc = end(h, rc);
	h->journal_stale = h->journal_stale || rc < 0;
	return rc < 0 ? rc
		      : db_exec(&h->db,
				"PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
}
