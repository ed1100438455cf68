/* A row: varint age, why, length of the version and its bytes, total; then parts: varint kind, name,
 * bytes, swapped, n, freed. A name is the number of a usual one plus 1, or 0, its length and its
 * bytes. The list of usual names is only ever added to. */
#include "store/composition.h"
#include "core/base/buf.h"
#include "store/history_priv.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const usual[] = {"heap", "stack", "thread stacks", "jit code", "anonymous < 1M",
	"anonymous 1-16M", "anonymous 16-128M", "anonymous > 128M", "file copy-on-write",
	"shared memory", "huge pages", "page tables", "held, not mapped", "not readable",
	"gpu devices", "go heap", "glibc arenas", "claude", "codex", "gemini", "opencode", "aider",
	"node", "bun", "python3", "shell: bash", "shell: sh", "shell: zsh", "shell: fish", "16M",
	"32M", "64M", "128M"};

static void
put_name(struct buf *b, const char *name)
{
	size_t i = 0;

	while (i < ARRAY_LEN(usual) && strcmp(usual[i], name) != 0)
		i++;
	if (i < ARRAY_LEN(usual)) {
		buf_varint(b, i + 1);
		return;
	}
	buf_varint(b, 0);
	buf_varint(b, strlen(name));
	buf_puts(b, name);
}

static bool
get_text(struct rd *r, char *out, size_t cap)
{
	uint64_t n = rd_varint(r);
	const uint8_t *p = r->bad || n >= cap ? NULL : rd_bytes(r, (size_t)n);

	if (p)
		memcpy(out, p, (size_t)n);
	out[p ? n : 0] = '\0';
	return p || n == 0;
}

static bool
get_name(struct rd *r, char *out, size_t cap)
{
	uint64_t code = rd_varint(r);

	if (code == 0)
		return get_text(r, out, cap);
	snprintf(out, cap, "%s", code <= ARRAY_LEN(usual) ? usual[code - 1] : "other");
	return true;
}

static void
encode(struct buf *b, const struct composition *c)
{
	buf_varint(b, (uint64_t)llround(MAX(c->age_s, 0)));
	buf_varint(b, c->why);
	buf_varint(b, strlen(c->version));
	buf_puts(b, c->version);
	buf_varint(b, c->total >> 10);
	for (size_t i = 0; i < c->n; i++) {
		const struct mem_part *p = &c->part[i];

		buf_varint(b, p->kind);
		put_name(b, p->name);
		buf_varint(b, p->bytes >> 10);
		buf_varint(b, p->swapped >> 10);
		buf_varint(b, p->n);
		buf_varint(b, p->freed);
	}
}

void
composition_add(struct composition *c, const struct mem_part *p)
{
	if (c->n == PARTS_MAX)
		return;
	c->part = xrealloc(c->part, (c->n + 1) * sizeof *c->part);
	c->part[c->n++] = *p;
}

/* False for bytes that no encoder wrote. */
static bool
decode(struct composition *c, const void *d, size_t len)
{
	struct rd r = rd_init(d, len);

	c->age_s = (double)rd_varint(&r);
	c->why = (unsigned)rd_varint(&r);
	if (!get_text(&r, c->version, sizeof c->version))
		return false;
	c->total = rd_varint(&r) << 10;
	while (rd_left(&r) && !r.bad) {
		struct mem_part p = {.kind = (enum mem_part_kind)rd_varint(&r)};

		if (p.kind >= PART_KINDS || !get_name(&r, p.name, sizeof p.name))
			return false;
		p.bytes = rd_varint(&r) << 10;
		p.swapped = rd_varint(&r) << 10;
		p.n = (unsigned)rd_varint(&r);
		p.freed = (unsigned)rd_varint(&r);
		if (!r.bad)
			composition_add(c, &p);
	}
	return !r.bad && c->why < COMPOSED_WHYS;
}

int
history_put_composition(struct history_db *h, const struct composition *c)
{
	sqlite3_stmt *s;
	struct buf b = {0};
	int rc;

	if (h->db.read_only)
		return -EROFS;
	if (!h->db.in_memory && h->space_low(h->dir))
		return -ENOSPC;
	s = db_stmt(&h->db, ST_COMPOSITION_PUT, "INSERT OR REPLACE INTO composition VALUES(?,?,?)");
	if (!s)
		return -EIO;
	encode(&b, c);
	sqlite3_bind_int64(s, 1, c->num);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)llround(c->t));
	sqlite3_bind_blob(s, 3, b.data, (int)b.len, SQLITE_TRANSIENT);
	rc = db_step(s);
	buf_free(&b);
	return rc;
}

static sqlite3_stmt *
select_since(struct history_db *h, uint32_t num, double t0)
{
	sqlite3_stmt *s = num ? db_stmt(&h->db, ST_COMPOSITION_GET,
					"SELECT sid,t,d FROM composition WHERE sid=?1 AND t>="
					" ifnull((SELECT t FROM composition WHERE sid=?1 AND t<?2"
					" ORDER BY t DESC LIMIT 1), 0) ORDER BY t")
			      : db_stmt(&h->db, ST_COMPOSITION_ALL,
					"SELECT sid,t,d FROM composition WHERE t>=?2 AND ?1=0"
					" ORDER BY sid,t");

	if (s) {
		sqlite3_bind_int64(s, 1, num);
		sqlite3_bind_int64(s, 2, (sqlite3_int64)ceil(t0));
	}
	return s;
}

struct composition *
history_compositions(struct history_db *h, uint32_t num, double t0, size_t *n)
{
	sqlite3_stmt *s = select_since(h, num, t0);
	struct composition *out = NULL;
	size_t cap = 0;

	*n = 0;
	while (s && sqlite3_step(s) == SQLITE_ROW) {
		struct composition *c;

		if (*n == cap)
			out = xrealloc(out, (cap = cap ? cap * 2 : 32) * sizeof *out);
		c = &out[*n];
		*c = (struct composition){.num = (uint32_t)sqlite3_column_int64(s, 0),
			.t = (double)sqlite3_column_int64(s, 1)};
		if (decode(c, sqlite3_column_blob(s, 2), (size_t)sqlite3_column_bytes(s, 2)))
			++*n;
		else
			free(c->part); /* a damaged row is a gap */
	}
	if (s)
		sqlite3_reset(s);
	return out;
}

void
compositions_free(struct composition *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(c[i].part);
	free(c);
}

int
history_expire_compositions(struct history_db *h, uint32_t num, double before)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_COMPOSITION_DEL,
		"DELETE FROM composition WHERE (?1=0 OR sid=?1) AND t<?2");

	if (!s)
		return -EIO;
	sqlite3_bind_int64(s, 1, num);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)CLAMP(before, 0, 1e15));
	return db_step(s);
}

int
history_thin_compositions(struct history_db *h, double before, double span_s)
{
	sqlite3_stmt *s = db_stmt(&h->db, ST_COMPOSITION_THIN,
		"DELETE FROM composition WHERE t<?1 AND EXISTS(SELECT 1 FROM composition AS o WHERE"
		" o.sid=composition.sid AND o.t<composition.t"
		" AND o.t>=composition.t-composition.t%?2)");

	if (!s)
		return -EIO;
	sqlite3_bind_int64(s, 1, (sqlite3_int64)MAX(before, 0));
	sqlite3_bind_int64(s, 2, (sqlite3_int64)span_s);
	return db_step(s);
}
