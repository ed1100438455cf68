/* Histories from elsewhere: of the first release, and of the time when the file could not be had.
 */
#include "store/history_priv.h"
#include <math.h>
#include <stdlib.h>

/* ---- from what it was before ---- */

static struct mem_point
point_of_row(sqlite3_stmt *s)
{
	uint64_t v[11] = {0};

	for (int i = 0; i < (int)ARRAY_LEN(v); i++)
		v[i] = (uint64_t)MAX(sqlite3_column_int64(s, i), (sqlite3_int64)0);
	return (struct mem_point){.t = (double)v[1],
		.n = (unsigned)v[2],
		.min = v[3] << 10,
		.avg = v[4] << 10,
		.max = v[5] << 10,
		.last = v[6] << 10,
		.swap_max = v[7] << 10,
		.flags = (unsigned)v[8],
		.rss_last = v[9] << 10,
		.rss_min = v[10] << 10};
}

/* A table with a row a point, session by session. */
static int
pack_rows(struct history_db *h, const char *select, enum history_tier tier)
{
	struct history_steps st = {.step_s = history_tiers[tier].step_s};
	sqlite3_stmt *s = NULL;
	uint32_t num = 0;
	int rc = sqlite3_prepare_v2(h->db.h, select, -1, &s, NULL), put = 0;

	while (rc == SQLITE_OK && put == 0) {
		bool row = (rc = sqlite3_step(s)) == SQLITE_ROW;
		struct mem_point p = row ? point_of_row(s) : (struct mem_point){0};

		if (st.n && (!row || (uint32_t)sqlite3_column_int64(s, 0) != num)) {
			put = history_put_points(h, num, tier, st.p, st.n);
			st.n = 0;
		}
		if (!row)
			break;
		num = (uint32_t)sqlite3_column_int64(s, 0);
		history_add_step(&st, &p);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(s);
	free(st.p);
	return put < 0 ? put : db_errno(rc);
}

/* Tables m1 and m15: sid, t, n, mn, av, mx, la, swmx, fl, rsla, rsmn; sizes in KiB. */
int
history_from_rows(struct db *db)
{
	struct history_db h = {.db = *db};
	int rc = db_exec(&h.db, HISTORY_TIER_SQL);

	if (rc == 0)
		rc = pack_rows(&h, "SELECT * FROM m1 ORDER BY sid, t", TIER_M1);
	if (rc == 0)
		rc = pack_rows(&h, "SELECT * FROM m15 ORDER BY sid, t", TIER_M15);
	if (rc == 0)
		rc = db_exec(&h.db, "DROP TABLE m1; DROP TABLE m15");
	*db = h.db;
	return rc;
}

/* ---- from memory to the file ---- */

/* Minutes go step by step, since both may have some of one span; what is coarser is made of them
 * again. */
static int
merge_minutes(struct db *file, struct db *memory)
{
	struct history_db to = {.db = *file};
	struct mem_point p[SPAN_POINTS_MAX];
	sqlite3_stmt *s = NULL;
	int rc = db_errno(
		sqlite3_prepare_v2(memory->h, "SELECT k,d FROM tier ORDER BY k", -1, &s, NULL));

	while (rc == 0 && sqlite3_step(s) == SQLITE_ROW) {
		int64_t key = sqlite3_column_int64(s, 0);

		if (history_key_tier(key) == TIER_M1)
			rc = history_put_points(&to, (uint32_t)(key >> 32), TIER_M1, p,
				history_unpack_column(s, p));
	}
	sqlite3_finalize(s);
	*file = to.db;
	return rc;
}

/* What the server before this one left in the journal is older than what memory holds. */
static int
empty_journal(struct db *file)
{
	struct history_db to = {.db = *file};
	int rc;

	history_journal_load(&to);
	rc = history_pending_write(&to, INFINITY);
	history_pending_drop(&to);
	*file = to.db;
	return rc;
}

/* In memory there is no journal. */
static int
merge(struct db *file, struct db *memory)
{
	int rc = empty_journal(file);

	if (rc == 0)
		rc = db_copy_rows(file, memory->h, "raw", "p,sid,t0");
	if (rc == 0)
		rc = db_copy_rows(file, memory->h, "composition", "sid,t");
	return rc < 0 ? rc : merge_minutes(file, memory);
}

bool
history_retry(struct history_db *h)
{
	if (h->db.in_memory)
		history_quarters_drop(h, 0); /* the file has more */
	return db_retry_file(&h->db, merge);
}
