/* A round of recording: seal, then batches of (copy blocks → store thread appends → blocks name
 * their place in the file), then the checkpoint. One round at a time per session; the loop thread
 * only copies. Reading back is the store's thread's as well: who reads history may have to look
 * again (pagelist_awaits) once sessions.texts_came has moved. */
#include "sessions/display/recorder.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/display/checkpoint.h"
#include "sessions/pty/ring.h"
#include "sessions/store_thread/store_worker.h"
#include "store/age.h"
#include "store/segfile.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In units of config.store_after_s, how long a session must be quiet for a round: */
#define RECORD 6 /* between rounds of one that goes on printing: what a power cut may cost */
#define RETRY 3	 /* after a failed write or read */
#define WAIT_NS 10000000000ull
/* A server that is told to stop is to be gone within 15 s: what is in no file by then stays in
 * memory where that outlives it, else it may take longer. */
#define FLUSH_NS 4000000000ull
#define SYNC_NS 2000000000ull
#define UPKEEP_NS 3600000000000ull
#define BATCH_BYTES (1u << 20)
#define BATCH_BLOCKS 64
#define SCREEN_FILE "screen"

struct recorder {
	struct session *s; /* NULL: forgotten while the store's thread was at work */
	struct segfile *file;
	bool busy;
	bool leaves;	     /* all is written at once, and synced when it is */
	unsigned reads;	     /* under way */
	bool whole;	     /* what was recorded last was all there was to seal */
	uint64_t gen, lines; /* of the terminal as last recorded */
	bool round_whole;    /* the same of the round under way */
	uint64_t round_gen, round_lines;
	uint64_t recorded_ns, retry_ns, reread_ns;
	int trouble; /* -errno of the last write; 0 */
};

struct batch {
	struct recorder *rec;
	struct sessions *ss;
	struct buf bytes;
	size_t n;
	struct {
		uint64_t uid, off;
		size_t at, len;
	} block[BATCH_BLOCKS];
	bool screen; /* bytes are the checkpoint */
	bool synced;
	uint64_t floor;
	int rc;
};

static void begin(struct recorder *rec);

void
recorder_dir(char *out, size_t cap, uint32_t num)
{
	snprintf(out, cap, "%s/text/%u", paths()->state, num);
}

/* Reading. */

struct reading {
	struct recorder *rec;
	struct sessions *ss;
	uint64_t off;
	size_t len;
	int rc;
	uint8_t bytes[];
};

static void
read_run(void *arg, struct history_db *h, struct meta_db *m)
{
	struct reading *r = arg;

	(void)h;
	(void)m;
	r->rc = segfile_read(r->rec->file, r->off, r->bytes, r->len);
}

static void
recorder_free(struct recorder *rec)
{
	if (rec->s || rec->busy || rec->reads)
		return;
	segfile_free(rec->file);
	free(rec);
}

static void
read_done(void *arg)
{
	struct reading *r = arg;
	struct recorder *rec = r->rec;

	rec->reads--;
	if (rec->s)
		pagelist_file_came(term_pagelist(rec->s->display->term), r->off,
			r->rc < 0 ? NULL : r->bytes, r->len);
	r->ss->texts_came++;
	recorder_free(rec);
	free(r);
}

static int
read_file(void *ctx, uint64_t off, void *bytes, size_t len)
{
	struct recorder *rec = ctx;
	struct sessions *ss = rec->s->of;
	struct reading *r;

	if (!ss->store) /* at a start, before there is a loop that could wait */
		return segfile_read(rec->file, off, bytes, len);
	r = xmalloc(sizeof(*r) + len);
	*r = (struct reading){.rec = rec, .ss = ss, .off = off, .len = len};
	rec->reads++;
	store_run(ss->store, read_run, read_done, r);
	return -EAGAIN;
}

void
recorder_open(struct session *s)
{
	char dir[600];

	if (s->no_store)
		return;
	if (!s->display->recorder) {
		recorder_dir(dir, sizeof(dir), s->num);
		s->display->recorder = xcalloc(1, sizeof(*s->display->recorder));
		s->display->recorder->s = s;
		s->display->recorder->file = segfile_new(dir);
		s->display->recorder->recorded_ns = os_mono_ns();
	}
	pagelist_set_files(term_pagelist(s->display->term),
		&(struct pagelist_file_ops){.read = read_file, .ctx = s->display->recorder});
}

void *
recorder_load(const struct session *s, size_t *n)
{
	struct buf b = {0};
	struct segfile *f;
	char dir[600];

	if (s->no_store)
		return NULL;
	recorder_dir(dir, sizeof(dir), s->num);
	f = segfile_new(dir);
	if (segfile_get(f, SCREEN_FILE, &b) < 0)
		buf_free(&b);
	segfile_free(f);
	*n = b.len;
	return b.data;
}

/* The store's thread is done with this session, or never saw it. */
void
recorder_close(struct display *sc)
{
	struct recorder *rec = sc->recorder;

	sc->recorder = NULL;
	if (!rec)
		return;
	rec->s = NULL;
	recorder_free(rec);
}

/* On the store's thread. */
static void
batch_write(void *arg, struct history_db *h, struct meta_db *m)
{
	struct batch *b = arg;

	(void)h;
	(void)m;
	if (b->screen) {
		b->rc = segfile_put(
			b->rec->file, SCREEN_FILE, b->bytes.data, b->bytes.len, b->synced);
		if (!b->rc)
			segfile_drop(b->rec->file, b->floor);
		return;
	}
	for (size_t i = 0; i < b->n && !b->rc; i++) {
		b->rc = segfile_append(b->rec->file, b->bytes.data + b->block[i].at,
			b->block[i].len, &b->block[i].off);
		if (b->rc < 0)
			b->n = i;
	}
	/* memory goes only for what is on the disk: a failed sync may have lost any of it */
	int rc = b->synced ? segfile_sync(b->rec->file) : 0;
	if (rc < 0) {
		b->rc = rc;
		b->n = 0;
	}
}

static uint64_t
after(const struct sessions *ss, unsigned n)
{
	return n * (uint64_t)(ss->config->store_after_s * 1e9);
}

static void
note_result(struct recorder *rec, struct sessions *ss, uint32_t num, int rc)
{
	if (rc < 0) {
		log_warn("text of session %u is not stored: %s", num, strerror(-rc));
		rec->retry_ns = os_mono_ns() + after(ss, RETRY);
	} else if (*ss->store_banner) {
		store_retry(ss->store); /* the databases may find their disk well again, too */
	}
	rec->trouble = rc;
}

/* Something is not in the files. */
static bool
changed(const struct recorder *rec)
{
	return !rec->whole || term_generation(rec->s->display->term) != rec->gen ||
	       pagelist_stats(term_pagelist(rec->s->display->term)).next_line != rec->lines;
}

/* An ended one's files have all of it: what is kept in memory besides is not needed. */
static bool
filed(const struct recorder *rec)
{
	const struct session *s = rec->s;
	struct pagelist_stats st;

	if (rec->busy || s->display->ring || !checkpoint_in_memory(s) || changed(rec))
		return false;
	st = pagelist_stats(term_pagelist(s->display->term));
	return st.hot_bytes + st.packed_bytes == 0;
}

static void
batch_done(void *arg)
{
	struct batch *b = arg;
	struct recorder *rec = b->rec;
	struct session *s = rec->s;

	rec->busy = false;
	note_result(rec, b->ss, s ? s->num : 0, b->rc);
	if (s) {
		for (size_t i = 0; !b->screen && i < b->n; i++)
			pagelist_spill_done(
				term_pagelist(s->display->term), b->block[i].uid, b->block[i].off);
		if (b->screen && !b->rc) {
			rec->whole = rec->round_whole;
			rec->gen = rec->round_gen;
			rec->lines = rec->round_lines;
			rec->recorded_ns = os_mono_ns();
		} else if (!b->rc) {
			begin(rec);
		}
	} else {
		recorder_free(rec);
	}
	buf_free(&b->bytes);
	free(b);
}

static void
send_off(struct batch *b)
{
	b->rec->busy = true;
	store_run(b->ss->store, batch_write, batch_done, b);
}

/* Copies sealed blocks that are in memory only; false when there are none. */
static bool
take_blocks(struct batch *b, struct pagelist *h)
{
	struct pagelist_spill sp;
	uint64_t after = 0;

	while (b->n < BATCH_BLOCKS && b->bytes.len < BATCH_BYTES &&
		pagelist_spill_next(h, after, &sp)) {
		b->block[b->n].uid = after = sp.uid;
		b->block[b->n].at = b->bytes.len;
		b->block[b->n].len = sp.len;
		b->n++;
		buf_put(&b->bytes, sp.bytes, sp.len);
	}
	return b->n != 0;
}

/* The checkpoint of the terminal as it is. */
static bool
take_screen(struct batch *b, struct session *s)
{
	bool parked = term_parked(s->display->term);
	int rc = checkpoint_copy(s, &b->bytes);

	if (parked)
		term_park(s->display->term);
	b->screen = true;
	b->floor = pagelist_file_floor(term_pagelist(s->display->term));
	return rc == 0;
}

static void
begin(struct recorder *rec)
{
	struct session *s = rec->s;
	struct pagelist *h = term_pagelist(s->display->term);
	struct batch *b = xcalloc(1, sizeof(*b));

	b->rec = rec;
	b->ss = s->of;
	b->synced = !rec->leaves;
	if (take_blocks(b, h) || take_screen(b, s)) {
		send_off(b);
		return;
	}
	rec->retry_ns = os_mono_ns() + after(s->of, RETRY);
	free(b);
}

/* A round. What is printed while it is under way is the next one's. */
static void
start(struct recorder *rec)
{
	struct pagelist *h = term_pagelist(rec->s->display->term);

	pagelist_seal_all(h);
	rec->round_whole = !pagelist_awaits(h); /* else something may not be sealed yet */
	rec->round_gen = term_generation(rec->s->display->term);
	rec->round_lines = pagelist_stats(h).next_line;
	begin(rec);
}

static bool
rests(const struct session *s, uint64_t now)
{
	return !session_live(s) || now - s->display->output_ns > after(s->of, 1);
}

static bool
due(const struct recorder *rec, uint64_t now)
{
	const struct session *s = rec->s;

	return !rec->busy && checkpoint_in_memory(s) && now >= rec->retry_ns && changed(rec) &&
	       (rests(s, now) || now - rec->recorded_ns > after(s->of, RECORD));
}

/* What is wrong with the files, for who looks; "" when nothing is. */
static void
say_trouble(struct sessions *ss)
{
	int rc = 0;

	for (const struct session *s = ss->first; s && !rc; s = s->next)
		rc = s->display->recorder ? s->display->recorder->trouble : 0;
	snprintf(ss->text_banner, sizeof(ss->text_banner), "%s%s",
		rc ? "text kept in memory only: " : "",
		!rc		? ""
		: rc == -ENOSPC ? "the disk is full"
				: strerror(-rc));
}

/* Text that could not be read may be there again. */
static void
reread(struct recorder *rec, uint64_t now)
{
	struct pagelist *h = term_pagelist(rec->s->display->term);

	if (now < rec->reread_ns)
		return;
	rec->reread_ns = now + after(rec->s->of, RETRY);
	pagelist_file_retry(h);
}

/* Upkeep: ended sessions' text goes when it is too old, and oldest first when all is too much. */

struct kept {
	uint32_t num;
	bool live;
	double ended;
};
struct upkeep {
	size_t n;
	struct kept *kept; /* oldest first */
	uint64_t total;
	double keep_s;
	char dir[512];	/* that of the state */
	char text[600]; /* of the session at hand */
};

static void
text_dir(struct upkeep *u, size_t i)
{
	snprintf(u->text, sizeof(u->text), "%s/text/%u", u->dir, u->kept[i].num);
}

static void
upkeep_run(void *arg, struct history_db *h, struct meta_db *m)
{
	struct upkeep *u = arg;
	double lived = age_lived_s(u->dir);
	uint64_t sum = 0;

	(void)h;
	(void)m;
	for (size_t i = 0; i < u->n; i++) {
		text_dir(u, i);
		sum += segfile_usage(u->text);
	}
	for (size_t i = 0; i < u->n; i++) {
		bool live = u->kept[i].live;
		uint64_t bytes;
		double age;

		text_dir(u, i);
		if (!(bytes = segfile_usage(u->text)))
			continue;
		age = age_of_text(u->text, !live, lived);
		if (live || (age <= u->keep_s && sum <= u->total))
			continue;
		log_info("text of session %u deleted: %s", u->kept[i].num,
			sum > u->total ? "over store_total" : "older than store_days");
		segfile_clear(u->text);
		sum -= MIN(sum, bytes);
	}
}

static void
upkeep_done(void *arg)
{
	struct upkeep *u = arg;

	free(u->kept);
	free(u);
}

static int
by_end(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return (x->ended > y->ended) - (x->ended < y->ended);
}

static void
upkeep(struct sessions *ss)
{
	struct upkeep *u = xcalloc(1, sizeof(*u));

	for (struct session *s = ss->first; s; s = s->next)
		u->n++;
	u->kept = xcalloc(u->n, sizeof(*u->kept));
	u->n = 0;
	for (struct session *s = ss->first; s; s = s->next)
		u->kept[u->n++] = (struct kept){.num = s->num,
			.live = session_live(s),
			.ended = MAX(s->past.ended, s->past.last_output)};
	qsort(u->kept, u->n, sizeof(*u->kept), by_end);
	u->total = ss->config->store_total;
	/* never by one look alone */
	u->keep_s = MAX(ss->config->store_days * 86400.0, 86400.0);
	snprintf(u->dir, sizeof(u->dir), "%s", paths()->state);
	store_run(ss->store, upkeep_run, upkeep_done, u);
}

void
recorder_tick(struct sessions *ss, uint64_t now)
{
	if (!ss->store)
		return;
	if (now >= ss->upkeep_ns) {
		ss->upkeep_ns = now + UPKEEP_NS;
		upkeep(ss);
	}
	for (struct session *s = ss->first; s; s = s->next) {
		struct recorder *rec = s->display->recorder;

		if (!rec)
			continue;
		reread(rec, now);
		if (filed(rec))
			checkpoint_filed(s);
		if (!due(rec, now))
			continue;
		start(rec);
	}
	say_trouble(ss);
}

static bool
under_way(const struct sessions *ss)
{
	for (const struct session *s = ss->first; s; s = s->next)
		if (s->display->recorder &&
			(s->display->recorder->busy || s->display->recorder->reads))
			return true;
	return false;
}

/* Rounds go on by themselves as their results arrive: turns the loop until all are through. */
static void
wait_until(struct sessions *ss, uint64_t end)
{
	while (under_way(ss) && os_mono_ns() < end)
		uv_run(ss->loop, UV_RUN_ONCE);
}

void
recorder_wait(struct sessions *ss)
{
	wait_until(ss, os_mono_ns() + WAIT_NS);
}

static bool
unwritten(const struct recorder *rec)
{
	return rec && !rec->busy && checkpoint_in_memory(rec->s) && changed(rec);
}

/* The files of all that was written last. */
struct syncing {
	size_t n;
	struct segfile **file;
	uint64_t end_ns;
	int rc;
};

static void
sync_run(void *arg, struct history_db *h, struct meta_db *m)
{
	struct syncing *y = arg;

	(void)h;
	(void)m;
	for (size_t i = 0; i < y->n && y->rc == 0; i++) {
		if (os_mono_ns() > y->end_ns)
			y->rc = -ETIMEDOUT; /* the system comes to the rest by itself */
		else if ((y->rc = segfile_sync(y->file[i])) == 0)
			y->rc = segfile_sync_file(y->file[i], SCREEN_FILE);
	}
}

/* One after the other, but after all were written: the first one takes most of the rest along. */
static int
sync_all(struct sessions *ss)
{
	struct syncing y = {.end_ns = os_mono_ns() + SYNC_NS};

	for (struct session *s = ss->first; s; s = s->next) {
		struct recorder *rec = s->display->recorder;

		if (!rec || !rec->leaves)
			continue;
		rec->leaves = false;
		y.file = xrealloc(y.file, (y.n + 1) * sizeof(struct segfile *));
		y.file[y.n++] = rec->file;
	}
	if (y.n)
		store_wait(ss->store, sync_run, &y);
	free(y.file);
	return y.rc;
}

bool
recorder_flush(struct sessions *ss)
{
	uint64_t end = os_mono_ns() + (ss->memdir ? FLUSH_NS : 2 * FLUSH_NS);
	bool more = ss->store, all = ss->store;

	wait_until(ss, end); /* what is under way may not have all */
	while (more && os_mono_ns() < end) {
		more = false;
		for (struct session *s = ss->first; s; s = s->next) {
			struct recorder *rec = s->display->recorder;

			if (!unwritten(rec) || (rec->leaves && rec->trouble))
				continue;
			rec->leaves = more = true;
			start(rec);
		}
		wait_until(ss, end);
	}
	for (struct session *s = ss->first; s; s = s->next) {
		struct recorder *rec = s->display->recorder;

		all &= !rec || !(rec->busy || unwritten(rec));
	}
	return sync_all(ss) == 0 && all;
}
