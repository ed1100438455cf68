/* History of one session: a list of blocks, oldest first, each the records of whole logical lines.
 *
 *   rows ──hist_push──► OPEN ──full──► RAW ──idle: hist_seal_step──► SEALED ──spill──► FILE
 *                         ▲             │ hist_pop, OPEN empty          (damaged: LOST)
 *                         └─────────────┘
 *   oldest block over the limits ──► slab_put
 *
 * OPEN and RAW: one slab each: a head, then records (core/pack.c). A plain row costs its text and
 * two or three bytes; there is no unpacked tier, and a flood compresses nothing: it takes a slab
 * for about 32 KiB of rows and gives the oldest back, which the arena hands out again, still warm.
 * Only rows that few bytes made (hist_fed) are sealed as they come, so that no output costs more
 * memory than a small multiple of itself.
 * A block closes at the end of a logical line, so a line never spans blocks; one that outgrows the
 * slab is cut and goes on as another (REC_CUT), so a line of up to 32 KiB is never cut.
 *
 * Invariants: blocks are contiguous in lines; rows_closed and bytes_closed are the sums over all
 * but the open block; a slab is live while a block or limbo names it; closed bytes never change.
 * Limits are enforced in hist_trim() only, on what blocks really hold. A block goes as soon as the
 * rest still holds lim.lines rows: the history has at least as many as asked, when written, and at
 * most one block (a fifth of the limit, or 128 lines) more. Beyond what all output can account for
 * blocks go as well, in hist_seal_excess(): no line that a program took its own bytes to print.
 *
 * Pushing is in hist_push.c, reading in hist_read.c, sealing in hist_seal.c, checkpoints and files
 * in hist_save.c. */
#include "core/hist.h"
#include "core/hist_priv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD ((uint32_t)sizeof(struct block_head))

uint64_t
hist_uid(void)
{
	static uint64_t uid;

	return ++uid;
}

struct hist *
hist_new(struct arena *a, uint32_t owner, struct hist_limits lim)
{
	struct hist *h = xcalloc(1, sizeof(*h));

	h->arena = a;
	h->owner = owner;
	h->lim = lim;
	h->epoch = 1;
	h->may_hold = h->paid = HOT_GROWTH;
	return h;
}

struct block *
hist_last(const struct hist *h)
{
	return h->n_blk ? &h->blk[h->n_blk - 1] : NULL;
}

uint32_t
hist_open_len(const struct hist *h)
{
	return h->base ? h->end : 0;
}

uint8_t *
block_base(const struct hist *h, const struct block *b)
{
	return (uint8_t *)slab_base(h->arena, b->slab) + b->off;
}

uint32_t
hist_block_rows(const struct hist *h)
{
	return (uint32_t)CLAMP(h->lim.lines / 8, BLOCK_ROWS_MIN, BLOCK_ROWS_MAX);
}

uint32_t
hist_block_soft(const struct hist *h)
{
	if (!h->lim.bytes)
		return BLOCK_SOFT;
	return (uint32_t)CLAMP(h->lim.bytes / 8, SLAB_PAGE, BLOCK_SOFT);
}

/* Brings the open block's own numbers up to date. */
static void
sync_open(const struct hist *h)
{
	struct block *b = hist_last(h);

	if (!h->base)
		return;
	b->len = h->end;
	b->n_rows = h->open_rows;
	b->n_lines = (uint32_t)(h->next_line - b->first_line);
	b->view_ok = false;
}

/* ---- slabs ---- */

void
hist_limbo_add(struct hist *h, slab_t s, uint32_t off, uint32_t len)
{
	if (h->n_limbo == h->cap_limbo) {
		h->cap_limbo = h->cap_limbo * 2 + 8;
		h->limbo = xrealloc(h->limbo, h->cap_limbo * sizeof(*h->limbo));
	}
	h->limbo[h->n_limbo++] =
		(struct limbo){.slab = s, .off = off, .len = len, .epoch = h->epoch};
}

/* The pages of a slab that [off, off+len) lies on, a bit each. */
static uint32_t
pages(uint32_t off, uint32_t len)
{
	uint32_t first = off / SLAB_PAGE, end = (off + len + SLAB_PAGE - 1) / SLAB_PAGE;

	return (1u << end) - (1u << first);
}

/* Gives back the pages of a shared slab that neither a block nor a checkpoint needs. */
static void
tidy(struct hist *h, slab_t s)
{
	uint32_t used = 0;

	if (s == h->seal_slab)
		used |= pages(h->seal_used, SLAB_BYTES - h->seal_used);
	for (uint32_t i = 0; i < h->n_blk; i++)
		if (h->blk[i].slab == s)
			used |= pages(h->blk[i].off, h->blk[i].len);
	for (uint32_t i = 0; i < h->n_limbo; i++)
		if (h->limbo[i].slab == s)
			used |= pages(h->limbo[i].off, h->limbo[i].len);
	for (uint32_t i = 0; i < SLAB_BYTES / SLAB_PAGE; i++)
		if (!(used >> i & 1))
			slab_discard(h->arena, s, i * SLAB_PAGE, SLAB_PAGE);
}

static bool
slab_in_use(const struct hist *h, slab_t s)
{
	for (uint32_t i = 0; i < h->n_blk; i++)
		if (h->blk[i].slab == s)
			return true;
	return false;
}

void
hist_release(struct hist *h, struct block *b)
{
	slab_t s = b->slab;
	bool saved = b->saved;

	b->slab = 0;
	b->kind = BLOCK_LOST;
	if (!s)
		return;
	if (slab_in_use(h, s)) {
		if (saved)
			hist_limbo_add(h, s, b->off, b->len);
		else
			tidy(h, s);
		return;
	}
	if (s == h->seal_slab)
		h->seal_slab = 0;
	for (uint32_t i = 0; i < h->n_limbo; i++)
		saved |= h->limbo[i].slab == s;
	if (saved)
		hist_limbo_add(h, s, 0, 0);
	else
		slab_put(h->arena, s, h->owner);
}

void
hist_limbo_end(struct hist *h, uint32_t epoch)
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
	for (uint32_t i = 0; i < n; i++)
		if (all[i].epoch >= epoch)
			h->limbo[h->n_limbo++] = all[i];
	for (uint32_t i = 0; i < n; i++) {
		if (all[i].epoch >= epoch)
			continue;
		if (!all[i].len)
			slab_put(h->arena, all[i].slab, h->owner);
		else if (slab_in_use(h, all[i].slab))
			tidy(h, all[i].slab);
	}
	free(all);
}

struct block *
hist_insert(struct hist *h, uint32_t at, uint32_t n_gone, uint32_t n_added)
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
hist_drop_oldest(struct hist *h)
{
	struct block *b = &h->blk[0];

	h->rows_closed -= b->n_rows;
	h->bytes_closed -= b->len;
#ifdef MUTANT_size_reset
	if (b->slab)
		slab_mutate_size(h->arena, b->slab);
#endif
	hist_release(h, b);
	hist_insert(h, 0, 1, 0);
}

/* When the row count next matters: the block is full, or the oldest one can go. */
void
hist_set_event(struct hist *h)
{
	uint64_t rows = h->rows_closed + h->open_rows, more = hist_block_rows(h);

	more = more > h->open_rows ? more - h->open_rows : 1;
	if (h->n_blk > 1) {
		uint64_t keep = h->lim.lines + h->blk[0].n_rows;

		more = MIN(more, keep > rows ? keep - rows : 1);
	}
	h->rows_event = h->open_rows + (uint32_t)more;
}

void
hist_trim(struct hist *h)
{
	while (h->n_blk > (h->base ? 1u : 0u)) {
		uint64_t rows = h->rows_closed + (h->base ? h->open_rows : 0);
		uint64_t bytes = h->bytes_closed + hist_open_len(h);

		if (rows - h->blk[0].n_rows < h->lim.lines &&
			(!h->lim.bytes || bytes <= h->lim.bytes))
			break;
		hist_drop_oldest(h);
	}
}

void
hist_fed(struct hist *h, size_t n)
{
	h->may_hold = MIN(h->may_hold, h->bytes_closed + HOT_GROWTH) + n + n / 2;
	h->paid += n + n / 2;
}

/* ---- the open block ---- */

/* Appends may go up to fast_end without a look: those pages are announced. */
void
hist_set_fast_end(struct hist *h)
{
	uint32_t page = (h->end + SLAB_PAGE - 1) / SLAB_PAGE * SLAB_PAGE;

	h->fast_end = MIN(page, MAX(hist_block_soft(h), h->end));
}

void
hist_open_slab(struct hist *h, slab_t s)
{
	struct block *b = hist_insert(h, h->n_blk, 0, 1);

	*b = (struct block){.first_line = h->next_line, .uid = hist_uid(), .slab = s};
	b->kind = BLOCK_OPEN;
	h->base = slab_base(h->arena, s);
	slab_touch(h->arena, s, 0, HEAD);
	h->end = HEAD;
	h->open_rows = 0;
	h->pop_end = 0;
	dict_clear(&h->dict);
	hist_set_fast_end(h);
	hist_set_event(h);
}

int
hist_open(struct hist *h)
{
	slab_t s = slab_get(h->arena, h->owner);

	if (!s)
		return -ENOMEM;
	hist_open_slab(h, s);
	return 0;
}

void
hist_close(struct hist *h)
{
	struct block *b = hist_last(h);

	if (!h->base)
		return;
	sync_open(h);
	h->rows_before += h->open_rows;
	h->base = NULL;
	h->end = h->fast_end = h->open_rows = h->rows_event = 0;
	if (!b->n_rows) {
		hist_release(h, b);
		h->n_blk--;
		return;
	}
	b->kind = BLOCK_RAW;
	h->rows_closed += b->n_rows;
	h->bytes_closed += b->len;
}

void
hist_reopen(struct hist *h)
{
	struct block *b = hist_last(h);

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
	hist_set_fast_end(h);
	hist_set_event(h);
}

/* ---- the whole ---- */

bool
hist_goes_on(const struct hist *h)
{
	return h->cont;
}

void
hist_clear(struct hist *h)
{
	hist_close(h);
	while (h->n_blk)
		hist_drop_oldest(h);
	h->cont = false;
}

void
hist_free(struct hist *h)
{
	if (!h)
		return;
	hist_clear(h);
	hist_limbo_end(h, UINT32_MAX);
	hist_detach(h);
}

void
hist_detach(struct hist *h)
{
	dict_free(&h->dict);
	free(h->blk);
	free(h->limbo);
	free(h->pop_off);
	free(h->stamp);
	free(h);
}

struct hist_stats
hist_stats(const struct hist *h)
{
	struct hist_stats st = {.lines = h->rows_closed + h->open_rows,
		.rows_written = h->rows_before + h->open_rows,
		.rows_lost = h->rows_lost,
		.hot_bytes = hist_open_len(h),
		.first_line = h->n_blk ? h->blk[0].first_line : h->next_line,
		.next_line = h->next_line,
		.open_line = h->cont};
	slab_t last = 0;

	for (uint32_t i = 0; i < h->n_blk; i++) {
		const struct block *b = &h->blk[i];

		if (b->kind == BLOCK_RAW)
			st.hot_bytes += b->len;
		else if (b->kind == BLOCK_SEALED)
			st.packed_bytes += b->len;
		else if (b->kind == BLOCK_FILE)
			st.spilled_bytes += b->len;
		st.slabs += b->slab && b->slab != last;
		last = b->slab;
	}
	for (uint32_t i = 0; i < h->n_limbo; i++)
		st.slabs += !h->limbo[i].len;
	return st;
}

static void
check_block(const struct hist *h, const struct block *b, uint64_t line)
{
	bool in_slab = b->kind == BLOCK_OPEN || b->kind == BLOCK_RAW || b->kind == BLOCK_SEALED;

	CHECK(b->kind < N_BLOCK_KINDS && b->first_line == line);
	CHECK(in_slab == (b->slab != 0));
	CHECK((b->kind == BLOCK_OPEN) == (h->base && b == hist_last(h)));
	if (!in_slab)
		return;
	CHECK(slab_claim(h->arena, b->slab, h->owner, slab_generation(h->arena, b->slab)));
	CHECK(b->len >= HEAD && b->off <= SLAB_BYTES - b->len);
	CHECK(slab_readable(h->arena, b->slab, b->off, b->len));
}

void
hist_check(const struct hist *h)
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
	CHECK(!h->base || (h->end >= HEAD && h->end <= SLAB_BYTES));
	for (uint32_t i = 0; i < h->n_limbo; i++)
		CHECK(h->limbo[i].len || slab_generation(h->arena, h->limbo[i].slab));
}

void
hist_dump(const struct hist *h, FILE *out)
{
	static const char *const kind[] = {"open", "raw", "sealed", "file", "lost"};
	struct hist_stats st = hist_stats(h);

	sync_open(h);
	fprintf(out, "history owner=%u rows=%llu lines=%llu..%llu limbo=%u\n", h->owner,
		(unsigned long long)st.lines, (unsigned long long)st.first_line,
		(unsigned long long)st.next_line, h->n_limbo);
	for (uint32_t i = 0; i < h->n_blk; i++) {
		const struct block *b = &h->blk[i];

		fprintf(out, "  %s line=%llu lines=%u rows=%u slab=%u+%u bytes=%u\n", kind[b->kind],
			(unsigned long long)b->first_line, b->n_lines, b->n_rows, b->slab, b->off,
			b->len);
	}
}
