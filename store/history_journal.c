/* Why a journal: each session's chunks and minutes lie side by side, so that a session is read with
 * one seek, but written five minutes at a time that touches two pages a session: 368 MB a day for a
 * hundred. Here all sessions' samples go into one row, and only every four hours, when nothing is
 * added to it any more, into the tables. Pending samples stay in RAM until then, so nobody reads
 * this table but the next server.
 *
 * A row: for each session varint number, varint time of the first sample in ms, varint length, and
 * a chunk (chunk.h) of that length. */
#include "store/chunk.h"
#include "store/history_priv.h"
#include <errno.h>
#include <math.h>

static void
put_samples(struct buf *out, uint32_t num, const struct mem_sample *s, size_t n)
{
	int64_t t0 = (int64_t)llround(MAX(s[0].t, 0.0) * 1000);
	struct buf chunk = {0};

	chunk_encode(&chunk, t0, s, n);
	buf_varint(out, num);
	buf_varint(out, (uint64_t)t0);
	buf_varint(out, chunk.len);
	buf_put(out, chunk.data, chunk.len);
	buf_free(&chunk);
}

int
history_journal_clear(struct history_db *h)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_JOURNAL_CLEAR, "DELETE FROM journal");

	return s ? db_step(s) : -EIO;
}

int
history_journal_put(struct history_db *h)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_JOURNAL_PUT, "INSERT INTO journal(d) VALUES(?)");
	struct buf b = {0};
	int rc = 0;

	if (!s)
		return -EIO;
	for (size_t i = 0; i < h->n_pend; i++) {
		const struct pending *p = &h->pend[i];

		for (size_t k = p->kept; k < p->n; k += CHUNK_MAX)
			put_samples(&b, p->num, p->s + k, MIN(p->n - k, (size_t)CHUNK_MAX));
	}
	if (b.len) {
		sqlite3_bind_blob(s, 1, b.data, (int)b.len, SQLITE_TRANSIENT);
		rc = db_step(s);
	}
	buf_free(&b);
	return rc;
}

/* A damaged row is a gap. */
static void
load_row(struct history_db *h, const void *d, size_t len)
{
	struct mem_sample s[CHUNK_MAX];
	struct rd r = rd_init(d, len);

	while (rd_left(&r)) {
		uint64_t num = rd_varint(&r), t0 = rd_varint(&r), n = rd_varint(&r);
		const void *chunk = r.bad || n > rd_left(&r) ? NULL : rd_bytes(&r, (size_t)n);
		long k = chunk && num <= UINT32_MAX && t0 <= INT64_MAX >> 2
				 ? chunk_decode(chunk, (size_t)n, (int64_t)t0, s, CHUNK_MAX)
				 : -1;

		if (k < 0)
			return;
		history_add(h, (uint32_t)num, s, (size_t)k);
	}
}

void
history_journal_load(struct history_db *h)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_JOURNAL_ALL, "SELECT d FROM journal ORDER BY k");

	if (!s)
		return;
	while (sqlite3_step(s) == SQLITE_ROW)
		load_row(h, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
	sqlite3_reset(s);
	for (size_t i = 0; i < h->n_pend; i++)
		h->pend[i].kept = h->pend[i].n;
}
