#include "store/mirror.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "store/card.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
mirror_free(struct mirror *mi)
{
	for (size_t i = 0; i < mi->n; i++)
		meta_session_clear(&mi->r[i].m);
	free(mi->r);
	memset(mi, 0, sizeof *mi);
}

/* Where the record of a number is, or would be. */
static size_t
place_of(const struct mirror *mi, uint32_t num)
{
	size_t lo = 0, hi = mi->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (mi->r[mid].m.num < num)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct mirror_record *
find(const struct mirror *mi, uint32_t num)
{
	size_t i = place_of(mi, num);

	return i < mi->n && mi->r[i].m.num == num ? &mi->r[i] : NULL;
}

static struct mirror_record *
record_of(struct mirror *mi, uint32_t num)
{
	size_t i = place_of(mi, num);

	if (i < mi->n && mi->r[i].m.num == num)
		return &mi->r[i];
	if (mi->n == mi->cap) {
		mi->cap = MAX(mi->cap + mi->cap / 4, (size_t)16);
		mi->r = xrealloc(mi->r, mi->cap * sizeof *mi->r);
	}
	memmove(&mi->r[i + 1], &mi->r[i], (mi->n++ - i) * sizeof *mi->r);
	memset(&mi->r[i], 0, sizeof *mi->r);
	mi->r[i].m.num = num;
	return &mi->r[i];
}

static void
drop(struct mirror *mi, size_t i)
{
	meta_session_clear(&mi->r[i].m);
	memmove(&mi->r[i], &mi->r[i + 1], (--mi->n - i) * sizeof *mi->r);
}

void
mirror_put(struct mirror *mi, struct meta_session *take)
{
	struct mirror_record *r = record_of(mi, take->num);

	meta_session_clear(&r->m);
	r->m = *take;
	memset(take, 0, sizeof *take);
	r->dirty = true;
	r->deleted = false;
	r->uncarded = !r->m.no_store && r->m.id[0] && card_stamp(&r->m) != r->stamp;
}

void
mirror_delete(struct mirror *mi, uint32_t num)
{
	struct mirror_record *r = record_of(mi, num);

	r->dirty = r->deleted = true;
	card_bury(mi->text_dir, num);
}

void
mirror_touch(struct mirror *mi)
{
	for (size_t i = 0; i < mi->n; i++) {
		struct mirror_record *r = &mi->r[i];

		r->dirty = true;
		r->stamp = 0;
		r->uncarded = !r->m.no_store && r->m.id[0];
	}
}

void
mirror_trim(struct mirror *mi)
{
	mi->cap = MAX(mi->n, (size_t)1);
	mi->r = xrealloc(mi->r, mi->cap * sizeof *mi->r);
}

/* The card is the second copy: that it cannot be written stops nothing. */
static void
write_card(const struct mirror *mi, struct mirror_record *r)
{
	int rc = card_put(mi->text_dir, &r->m);

	if (rc < 0) {
		log_debug("session %u: no card: %s", (unsigned)r->m.num, strerror(-rc));
		return;
	}
	r->stamp = card_stamp(&r->m);
	r->uncarded = false;
}

/* In the list. -errno: the record stays dirty. */
static int
write_row(struct mirror_record *r, struct meta_db *db)
{
	int rc;

	if (!r->dirty || r->refused)
		return 0;
	rc = r->deleted ? meta_delete_session(db, r->m.num) : meta_put_session(db, &r->m);
	/* of what goes, the file has yet to hear: it must not bring it back */
	if (rc == 0)
		r->dirty = r->deleted && meta_in_memory(db);
	return rc;
}

int
mirror_write(struct mirror *mi, struct meta_db *db)
{
	int rc = 0;

	for (size_t i = 0; i < mi->n; i++) {
		struct mirror_record *r = &mi->r[i];

		if (rc == 0)
			rc = write_row(r, db);
		if (r->uncarded && !r->deleted)
			write_card(mi, r);
		if (r->deleted && !r->dirty) {
			card_buried(mi->text_dir, r->m.num);
			drop(mi, i--);
		}
	}
	return rc;
}

static void
append(struct meta_list *l, const struct meta_session *m)
{
	l->s = xrealloc(l->s, (l->n + 1) * sizeof *l->s);
	l->s[l->n++] = meta_session_copy(m);
}

int
mirror_read(struct mirror *mi, struct meta_db *db, struct meta_list *found)
{
	struct meta_session *s;
	size_t n;
	int rc = meta_sessions(db, &s, &n);

	for (size_t i = 0; i < n; i++) {
		struct mirror_record *r = find(mi, s[i].num);

		if (!r) {
			record_of(mi, s[i].num)->m = meta_session_copy(&s[i]);
			append(found, &s[i]);
		} else if (!r->deleted && r->m.id[0] && s[i].id[0] &&
			   strcmp(r->m.id, s[i].id) != 0) {
			log_error("session %u: the list has another one of this number",
				(unsigned)r->m.num);
			r->refused = true;
		}
	}
	meta_sessions_free(s, n);
	return rc;
}

static bool
id_known(const struct mirror *mi, const char *id)
{
	for (size_t i = 0; i < mi->n; i++)
		if (strcmp(mi->r[i].m.id, id) == 0)
			return true;
	return false;
}

static void
take_in(struct mirror *mi, struct meta_session *take, uint32_t stamp, struct meta_list *found)
{
	struct mirror_record *r;

	while (id_known(mi, take->id)) {
		uint32_t x;

		os_random(&x, sizeof x);
		snprintf(take->id, sizeof take->id, "a%07x", x & 0xfffffff);
	}
	r = record_of(mi, take->num);
	append(found, take);
	r->m = *take;
	r->stamp = stamp;
	r->dirty = true;
	r->uncarded = card_stamp(&r->m) != stamp;
	log_warn("session %u (%s): not in the list, taken in from its text", (unsigned)r->m.num,
		r->m.name);
}

/* The directory of one session under the number of another: it gets a number of its own. */
static bool
move_text(const struct mirror *mi, uint32_t from, uint32_t to)
{
	char old[700], new[700];

	snprintf(old, sizeof old, "%s/%u", mi->text_dir, from);
	snprintf(new, sizeof new, "%s/%u", mi->text_dir, to);
	if (rename(old, new) == 0)
		return true;
	log_error("text of another session in the place of session %u: %s", (unsigned)from,
		strerror(errno));
	return false;
}

size_t
mirror_salvage(struct mirror *mi, bool complete, uint32_t (*new_num)(void *ctx), void *ctx,
	struct meta_list *found)
{
	size_t n, taken = 0;
	uint32_t *nums = card_numbers(mi->text_dir, &n);

	for (size_t i = 0; i < n; i++) {
		struct mirror_record *r = find(mi, nums[i]);
		struct meta_session m;
		bool carded = card_get(mi->text_dir, nums[i], &m);
		uint32_t stamp = carded ? card_stamp(&m) : 0;

		if (r && (carded ? !strcmp(m.id, r->m.id) : !r->m.no_store)) {
			r->stamp = stamp;
			r->uncarded = stamp != card_stamp(&r->m);
			meta_session_clear(&m);
			continue;
		}
		if (!carded && (!complete || !card_guess(mi->text_dir, nums[i], &m)))
			continue;
		if (r) {
			m.num = new_num(ctx);
			if (!move_text(mi, nums[i], m.num)) {
				meta_session_clear(&m);
				continue;
			}
		}
		take_in(mi, &m, stamp, found);
		taken++;
	}
	free(nums);
	return taken;
}

struct meta_list
mirror_all(const struct mirror *mi)
{
	struct meta_list l = {0};

	for (size_t i = 0; i < mi->n; i++)
		if (!mi->r[i].deleted)
			append(&l, &mi->r[i].m);
	return l;
}
