/* The PageList: what left the screen of one session, and is kept.
 *
 *   page    a 64-KiB unit of the arena (core/page/page.h). All memory of a PageList is pages:
 *           each is got and put whole, by number, so none can be half forgotten. Elsewhere such a
 *           unit is often called a page, and a page is what the kernel maps: an OS page here.
 *   row     of a screen, as it leaves; packed at once into a record (core/pack/record.c)
 *   line    the rows that soft wraps join. It has an id, which only grows, and no width.
 *   cell    what a line is made of; (line, cell) is a pin, a place that no change moves
 *   block   the records of some whole lines, one after the other: what closes, merges, is
 *           compressed, written to a file and dropped as one. The list is a list of blocks, the
 *           oldest first.
 *   limbo   where a page, or a stretch of one, waits that no block needs any more but that the
 *           checkpoint in force may name: until the next one is in place (pagelist_saved)
 *
 *   rows ──pagelist_push──► OPEN ──full──► RAW ──idle: pagelist_seal_step──► SEALED ──spill──► FILE
 *                            ▲              │ pagelist_pop, OPEN empty           (damaged: LOST)
 *                            └──────────────┘
 *   oldest block over the limits ──► page_put
 *
 * OPEN and RAW have one page each: a head, then records. A plain row costs its text and two or
 * three bytes; there is no unpacked tier, and a flood compresses nothing: it takes a page for
 * about 32 KiB of rows and gives the oldest back, which the arena hands out again, still warm.
 * Only rows that few bytes made (pagelist_fed) are sealed as they come, so that no output costs
 * more memory than a small multiple of itself. Several SEALED blocks may share a page.
 *
 * A block closes at the end of a line, so a line never spans blocks; one that outgrows the page is
 * cut and goes on as another (REC_CUT), so a line of up to 32 KiB is never cut.
 *
 * Invariants: blocks are contiguous in lines; rows_closed and bytes_closed are the sums over all
 * but the open block; a page is live while a block or limbo names it; closed bytes never change.
 * Limits are enforced in pagelist_trim() only, on what blocks really hold. A block goes as soon as
 * the rest still holds lim.lines rows: the history has at least as many as asked, when written,
 * and at most one block (a fifth of the limit, or 128 lines) more. Beyond what all output can
 * account for blocks go as well, in pagelist_seal_excess(): no line that a program took its own
 * bytes to print.
 *
 *   pagelist_push.c   rows in           pagelist_pop.c    and out again, while the block is open
 *   pagelist_read.c   rows, at a width  pagelist_text.c   lines, as text
 *   pagelist_seal.c   merging           pagelist_file.c   blocks that lie in files
 *   pagelist_save.c   checkpoints       pagelist_time.c   when lines were printed
 *   pagelist_reader.c, pagelist_cache.c: blocks decoded, for all of these */
#include "core/pagelist/pagelist.h"
#include "core/pagelist/pagelist_priv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD ((uint32_t)sizeof(struct block_head))

uint64_t
pagelist_uid(struct pagelist *h)
{
	return ++h->shared->uid;
}

struct pagelist *
pagelist_new(struct arena *a, uint32_t owner, struct pagelist_limits lim)
{
	struct pagelist *h = xcalloc(1, sizeof(*h));

	h->shared = pagelist_shared(a);
	h->arena = a;
	h->owner = owner;
	h->lim = lim;
	h->epoch = 1;
	h->may_hold = h->paid = HOT_GROWTH;
	return h;
}

struct block *
pagelist_last(const struct pagelist *h)
{
	return h->n_blk ? &h->blk[h->n_blk - 1] : NULL;
}

/* The open block's bytes as counted by the limits; 0 when none. */
static uint32_t
pagelist_open_len(const struct pagelist *h)
{
	return h->base ? h->end : 0;
}

uint8_t *
block_base(const struct pagelist *h, const struct block *b)
{
	return (uint8_t *)page_base(h->arena, b->page) + b->off;
}

uint32_t
pagelist_block_rows(const struct pagelist *h)
{
	return (uint32_t)CLAMP(h->lim.lines / 8, BLOCK_ROWS_MIN, BLOCK_ROWS_MAX);
}

uint32_t
pagelist_block_soft(const struct pagelist *h)
{
	if (!h->lim.bytes)
		return BLOCK_SOFT;
	return (uint32_t)CLAMP(h->lim.bytes / 8, OS_PAGE_BYTES, BLOCK_SOFT);
}

/* Brings the open block's own numbers up to date. */
static void
sync_open(const struct pagelist *h)
{
	struct block *b = pagelist_last(h);

	if (!b || !h->base)
		return;
	b->len = h->end;
	b->n_rows = h->open_rows;
	b->n_lines = (uint32_t)(h->next_line - b->first_line);
	b->view_ok = false;
}

/* ---- pages ---- */

void
pagelist_limbo_add(struct pagelist *h, page_t s, uint32_t off, uint32_t len)
{
	if (h->n_limbo == h->cap_limbo) {
		h->cap_limbo = h->cap_limbo * 2 + 8;
		h->limbo = xrealloc(h->limbo, h->cap_limbo * sizeof(*h->limbo));
	}
	h->limbo[h->n_limbo++] =
		(struct limbo){.page = s, .off = off, .len = len, .epoch = h->epoch};
}

/* The OS pages that [off, off+len) of a page lies on, a bit each. */
static uint32_t
os_pages(uint32_t off, uint32_t len)
{
	uint32_t first = off / OS_PAGE_BYTES, end = (off + len + OS_PAGE_BYTES - 1) / OS_PAGE_BYTES;

	return (1u << end) - (1u << first);
}

/* Gives back the OS pages of a shared page that neither a block nor a checkpoint needs. */
static void
tidy(struct pagelist *h, page_t s)
{
	uint32_t used = 0;

	if (s == h->seal_page)
		used |= os_pages(h->seal_used, PAGE_BYTES - h->seal_used);
	for (uint32_t i = 0; i < h->n_blk; i++)
		if (h->blk[i].page == s)
			used |= os_pages(h->blk[i].off, h->blk[i].len);
	for (uint32_t i = 0; i < h->n_limbo; i++)
		if (h->limbo[i].page == s)
			used |= os_pages(h->limbo[i].off, h->limbo[i].len);
	for (uint32_t i = 0; i < PAGE_BYTES / OS_PAGE_BYTES; i++)
		if (!(used >> i & 1))
			page_discard(h->arena, s, i * OS_PAGE_BYTES, OS_PAGE_BYTES);
}

static bool
page_in_use(const struct pagelist *h, page_t s)
{
	for (uint32_t i = 0; i < h->n_blk; i++)
		if (h->blk[i].page == s)
			return true;
	return false;
}

void
pagelist_release(struct pagelist *h, struct block *b)
{
	page_t s = b->page;
	bool saved = b->saved;

	b->page = 0;
	b->kind = BLOCK_LOST;
	if (!s)
		return;
	if (page_in_use(h, s)) {
		if (saved)
			pagelist_limbo_add(h, s, b->off, b->len);
		else
			tidy(h, s);
		return;
	}
	if (s == h->seal_page)
		h->seal_page = 0;
	for (uint32_t i = 0; i < h->n_limbo; i++)
		saved |= h->limbo[i].page == s;
	if (saved)
		pagelist_limbo_add(h, s, 0, 0);
	else
		page_put(h->arena, s, h->owner);
}

void
pagelist_limbo_end(struct pagelist *h, uint32_t epoch)
{
	uint32_t n = h->n_limbo, kept = 0;
	struct limbo *all = h->limbo;

	for (uint32_t i = 0; i < n; i++)
		if (all[i].epoch >= epoch)
			kept++;
	if (kept == n)
		return;
	h->limbo = kept ? xcalloc(kept, sizeof(*all)) : NULL;
	h->n_limbo = 0;
	h->cap_limbo = kept;
	for (uint32_t i = 0; h->limbo && i < n; i++)
		if (all[i].epoch >= epoch)
			h->limbo[h->n_limbo++] = all[i];
	for (uint32_t i = 0; i < n; i++) {
		if (all[i].epoch >= epoch)
			continue;
		if (!all[i].len)
			page_put(h->arena, all[i].page, h->owner);
		else if (page_in_use(h, all[i].page))
			tidy(h, all[i].page);
	}
	free(all);
}

struct block *
pagelist_insert(struct pagelist *h, uint32_t at, uint32_t n_gone, uint32_t n_added)
{
	uint32_t n = h->n_blk - n_gone + n_added;

	CHECK(at + n_gone <= h->n_blk);
	if (n > h->cap_blk) {
		h->cap_blk = n + n / 2 + 4;
		h->blk = xrealloc(h->blk, h->cap_blk * sizeof(*h->blk));
	}
	memmove(&h->blk[at + n_added], &h->blk[at + n_gone],
		(h->n_blk - at - n_gone) * sizeof(*h->blk));
	memset(&h->blk[at], 0, n_added * sizeof(*h->blk));
	h->n_blk = n;
	return &h->blk[at];
}

void
pagelist_drop_oldest(struct pagelist *h)
{
	struct block *b = &h->blk[0];

	h->rows_closed -= b->n_rows;
	h->bytes_closed -= b->len;
#ifdef MUTANT_size_reset
	if (b->page)
		page_mutate_size(h->arena, b->page);
#endif
	pagelist_release(h, b);
	pagelist_insert(h, 0, 1, 0);
}

/* When the row count next matters: the block is full, or the oldest one can go. */
void
pagelist_set_event(struct pagelist *h)
{
	uint64_t rows = h->rows_closed + h->open_rows, more = pagelist_block_rows(h);

	more = more > h->open_rows ? more - h->open_rows : 1;
	if (h->n_blk > 1) {
		uint64_t keep = h->lim.lines + h->blk[0].n_rows;

		more = MIN(more, keep > rows ? keep - rows : 1);
	}
	h->rows_event = h->open_rows + (uint32_t)more;
}

void
pagelist_trim(struct pagelist *h)
{
	while (h->n_blk > (h->base ? 1u : 0u)) {
		uint64_t rows = h->rows_closed + (h->base ? h->open_rows : 0);
		uint64_t bytes = h->bytes_closed + pagelist_open_len(h);

		if (rows - h->blk[0].n_rows < h->lim.lines &&
			(!h->lim.bytes || bytes <= h->lim.bytes))
			break;
		pagelist_drop_oldest(h);
	}
}

void
pagelist_fed(struct pagelist *h, size_t n)
{
	h->may_hold = MIN(h->may_hold, h->bytes_closed + HOT_GROWTH) + n + n / 2;
	h->paid += n + n / 2;
}

/* ---- the open block ---- */

/* Appends may go up to fast_end without a look: those OS pages are announced. */
void
pagelist_set_fast_end(struct pagelist *h)
{
	uint32_t os_page = (h->end + OS_PAGE_BYTES - 1) / OS_PAGE_BYTES * OS_PAGE_BYTES;

	h->fast_end = MIN(os_page, MAX(pagelist_block_soft(h), h->end));
}

void
pagelist_open_page(struct pagelist *h, page_t s)
{
	struct block *b = pagelist_insert(h, h->n_blk, 0, 1);

	*b = (struct block){.first_line = h->next_line, .uid = pagelist_uid(h), .page = s};
	b->kind = BLOCK_OPEN;
	h->base = page_base(h->arena, s);
	page_touch(h->arena, s, 0, HEAD);
	h->end = HEAD;
	h->open_rows = 0;
	h->pop_end = 0;
	dict_clear(&h->dict);
	pagelist_set_fast_end(h);
	pagelist_set_event(h);
}

int
pagelist_open(struct pagelist *h)
{
	page_t s = page_get(h->arena, h->owner);

	if (!s)
		return -ENOMEM;
	pagelist_open_page(h, s);
	return 0;
}

void
pagelist_close(struct pagelist *h)
{
	struct block *b = pagelist_last(h);

	if (!b || !h->base)
		return;
	sync_open(h);
	h->rows_before += h->open_rows;
	h->base = NULL;
	h->end = h->fast_end = h->open_rows = h->rows_event = 0;
	if (!b->n_rows) {
		pagelist_release(h, b);
		h->n_blk--;
		return;
	}
	b->kind = BLOCK_RAW;
	h->rows_closed += b->n_rows;
	h->bytes_closed += b->len;
}

void
pagelist_reopen(struct pagelist *h)
{
	struct block *b = pagelist_last(h);

	CHECK(!h->base && b && b->kind == BLOCK_RAW);
	b->kind = BLOCK_OPEN;
	b->view_ok = false;
	h->base = block_base(h, b);
	h->end = b->len;
	h->open_rows = b->n_rows;
	h->rows_closed -= b->n_rows;
	h->bytes_closed -= b->len;
	h->rows_before -= b->n_rows;
	h->pop_end = 0;
	dict_clear(&h->dict);
	h->dict.forget = true;
	pagelist_set_fast_end(h);
	pagelist_set_event(h);
}

/* ---- the whole ---- */

bool
pagelist_goes_on(const struct pagelist *h)
{
	return h->cont;
}

void
pagelist_clear(struct pagelist *h)
{
	pagelist_close(h);
	while (h->n_blk)
		pagelist_drop_oldest(h);
	h->cont = false;
}

void
pagelist_free(struct pagelist *h)
{
	if (!h)
		return;
	pagelist_clear(h);
	pagelist_limbo_end(h, UINT32_MAX);
	pagelist_detach(h);
}

void
pagelist_detach(struct pagelist *h)
{
	dict_free(&h->dict);
	free(h->blk);
	free(h->limbo);
	free(h->pop_off);
	free(h->stamp);
	free(h);
}

struct pagelist_stats
pagelist_stats(const struct pagelist *h)
{
	struct pagelist_stats st = {.lines = h->rows_closed + h->open_rows,
		.rows_written = h->rows_before + h->open_rows,
		.rows_lost = h->rows_lost,
		.hot_bytes = pagelist_open_len(h),
		.first_line = h->n_blk ? h->blk[0].first_line : h->next_line,
		.next_line = h->next_line,
		.open_line = h->cont};
	page_t last = 0;

	for (uint32_t i = 0; i < h->n_blk; i++) {
		const struct block *b = &h->blk[i];

		if (b->kind == BLOCK_RAW)
			st.hot_bytes += b->len;
		else if (b->kind == BLOCK_SEALED)
			st.packed_bytes += b->len;
		else if (b->kind == BLOCK_FILE)
			st.spilled_bytes += b->len;
		st.pages += b->page && b->page != last;
		last = b->page;
	}
	for (uint32_t i = 0; i < h->n_limbo; i++)
		st.pages += !h->limbo[i].len;
	return st;
}

static void
check_block(const struct pagelist *h, const struct block *b, uint64_t line)
{
	bool in_page = b->kind == BLOCK_OPEN || b->kind == BLOCK_RAW || b->kind == BLOCK_SEALED;

	CHECK(b->kind < N_BLOCK_KINDS && b->first_line == line);
	CHECK(in_page == (b->page != 0));
	CHECK((b->kind == BLOCK_OPEN) == (h->base && b == pagelist_last(h)));
	if (!in_page)
		return;
	CHECK(page_claim(h->arena, b->page, h->owner, page_generation(h->arena, b->page)));
	CHECK(b->len >= HEAD && b->off <= PAGE_BYTES - b->len);
	CHECK(page_readable(h->arena, b->page, b->off, b->len));
}

void
pagelist_check(const struct pagelist *h)
{
	uint64_t line = h->n_blk ? h->blk[0].first_line : h->next_line, rows = 0, bytes = 0;

	sync_open(h);
	for (uint32_t i = 0; i < h->n_blk; i++) {
		const struct block *b = &h->blk[i];

		check_block(h, b, line);
		line += b->n_lines;
		if (b->kind != BLOCK_OPEN) {
			rows += b->n_rows;
			bytes += b->len;
		}
	}
	CHECK(line == h->next_line);
	CHECK(rows == h->rows_closed && bytes == h->bytes_closed);
	CHECK(!h->base || (h->end >= HEAD && h->end <= PAGE_BYTES));
	for (uint32_t i = 0; i < h->n_limbo; i++)
		CHECK(h->limbo[i].len || page_generation(h->arena, h->limbo[i].page));
}

void
pagelist_dump(const struct pagelist *h, FILE *out)
{
	static const char *const kind[] = {"open", "raw", "sealed", "file", "lost"};
	struct pagelist_stats st = pagelist_stats(h);

	sync_open(h);
	fprintf(out, "history owner=%u rows=%llu lines=%llu..%llu limbo=%u\n", h->owner,
		(unsigned long long)st.lines, (unsigned long long)st.first_line,
		(unsigned long long)st.next_line, h->n_limbo);
	for (uint32_t i = 0; i < h->n_blk; i++) {
		const struct block *b = &h->blk[i];

		fprintf(out, "  %s line=%llu lines=%u rows=%u page=%u+%u bytes=%u\n", kind[b->kind],
			(unsigned long long)b->first_line, b->n_lines, b->n_rows, b->page, b->off,
			b->len);
	}
}
