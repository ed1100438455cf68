#ifndef CORE_PAGELIST_H
#define CORE_PAGELIST_H
/* The PageList: scrollback of one session, rows that left the screen, as packed lines in pages of
 * the arena. What a page, a line, a block and limbo are stands at the top of pagelist.c.
 *
 * A row is packed as it leaves (pagelist_push), into the open block; a full block closes; closed
 * blocks are immutable and merge under zstd when idle (pagelist_seal_step). Lines and bytes over
 * the limit are dropped oldest first, block by block, by page_put: there is no other way to prune.
 * A logical line = rows joined over soft wraps. Its id is a u64 that only grows; a pin is (line
 * id, cell) and id < first_line means gone. Visual rows exist only at a given width. Storage never
 * changes by reading: sealed blocks decode into a window cache of the arena.
 *
 * Crash safety: pages are preserved by a keeper. pagelist_save writes the list of blocks (page,
 * generation, offset, length, crc, lines) into a checkpoint; pages freed since then stay in limbo
 * until the next one, so a checkpoint never names memory that was reused. */
#include "core/base/buf.h"
#include "core/page/cell.h"
#include "core/page/page.h"
#include "core/page/tab.h"
#include <stdio.h>

struct pagelist;
struct pagelist_limits {
	uint64_t lines; /* visual rows at the width they were written; 0 = no history */
	uint64_t bytes; /* actual packed bytes held; 0 = no limit of bytes */
};
struct pagelist_stats {
	uint64_t lines; /* visual rows held, as they were written: what limits.lines counts */
	uint64_t rows_written;				 /* ever pushed, less those popped */
	uint64_t rows_lost;				 /* pushes that failed for want of memory */
	uint64_t hot_bytes, packed_bytes, spilled_bytes; /* records; sealed; in files */
	uint64_t pages;					 /* held, limbo included */
	uint64_t first_line, next_line;			 /* logical line ids: [first, next) */
	bool open_line; /* the last line goes on with the next row pushed */
};

struct pagelist *pagelist_new(struct arena *a, uint32_t owner, struct pagelist_limits lim);
void pagelist_free(struct pagelist *h);
/* Frees the object but leaves its pages live: pagelist_save's bytes name them (parking). Pages in
 * limbo must have gone before: see pagelist_saved. */
void pagelist_detach(struct pagelist *h);
void pagelist_clear(struct pagelist *h); /* ED 3 */
/* n bytes of output are about to come. Few bytes can make many rows (REP, SU after DECALN): what
 * outgrows half as much again as they, and 96 KiB, is sealed as it is pushed, not when idle. What
 * even then is more than all the output ever told of can account for goes, the oldest first. */
void pagelist_fed(struct pagelist *h, size_t n);
/* A row leaves the screen at its top. 0, or -ENOMEM (the row is then lost and counted). */
int pagelist_push(struct pagelist *h, const struct row *row, const struct tab *t);
/* The same for n rows of printable ASCII in the default style, none of which wraps: line i is the
 * len bytes at text + at. 16 bytes can be read at each. Rows without memory are lost and counted.
 */
struct pagelist_line {
	uint32_t at, len;
};
void pagelist_push_lines(
	struct pagelist *h, const uint8_t *text, const struct pagelist_line *line, size_t n);
/* Takes the newest visual row back (screen grows, reflow) if it is still in the open block: fills
 * cells[0..cap) and *row, interning into t. false when there is none, it is sealed, or it is
 * longer than cap. */
bool pagelist_pop(struct pagelist *h, struct row *row, cell_t *cells, int cap, struct tab *t);
struct pagelist_stats pagelist_stats(const struct pagelist *h);

/* Reading, by visual row at a width. Row 0 is the oldest that is left. */
uint64_t pagelist_rows(struct pagelist *h, int cols);
/* Where visual row n begins, as a pin; and back (rows from the oldest; UINT64_MAX when gone). */
struct pin {
	uint64_t line;
	uint32_t cell;
};
struct pin pagelist_pin(struct pagelist *h, int cols, uint64_t row);
uint64_t pagelist_pin_row(struct pagelist *h, int cols, struct pin p);
/* Decodes `count` visual rows from row `from` at width cols. cb sees each (borrowed); a corrupt
 * block shows as one row "[history unavailable]". tab of the cells is passed along. */
typedef void (*pagelist_row_cb)(
	void *ctx, const struct row *row, const struct tab *t, struct pin at);
int pagelist_read(
	struct pagelist *h, int cols, uint64_t from, uint64_t count, pagelist_row_cb cb, void *ctx);
/* Logical lines [from, from+count) as plain UTF-8 text, one call a line; for search. */
typedef bool (*pagelist_text_cb)(void *ctx, uint64_t line, const char *text, size_t len);
int pagelist_text(
	struct pagelist *h, uint64_t from_line, uint64_t count, pagelist_text_cb cb, void *ctx);
/* For search: the blocks that hold lines of [from_line, end_line), whole, so with lines around
 * them, oldest or newest first. Each line's plain text ends with \n; text is borrowed and
 * NUL-terminated. Blocks that cannot be read are passed over. The callback returns false to stop;
 * it must not read this or another history. */
struct pagelist_chunk {
	uint64_t first_line, end_line;
	const char *text;
	size_t len;
};
typedef bool (*pagelist_chunk_cb)(void *ctx, const struct pagelist_chunk *c);
int pagelist_text_chunks(struct pagelist *h, uint64_t from_line, uint64_t end_line,
	bool newest_first, pagelist_chunk_cb cb, void *ctx);

/* When lines were printed, roughly: `line` and those after it at t or later (wall seconds). Lines
 * may be ahead of the history, still on the screen. A few hundred stamps are kept, thinned with
 * age. pagelist_line_time: 0 when not known. */
void pagelist_stamp(struct pagelist *h, uint64_t line, uint32_t t);
uint32_t pagelist_line_time(const struct pagelist *h, uint64_t line);
bool pagelist_goes_on(const struct pagelist *h); /* its last line goes on on the screen */

/* Idle work: merges and compresses a bounded amount; true while there is more that can be done (a
 * block that is awaited is merged when it has come). */
bool pagelist_seal_step(struct pagelist *h);
void pagelist_seal_all(struct pagelist *h); /* closes the open block too; replay --stats, park */
/* What the PageLists of an arena keep decoded goes, for a process that has come to rest. */
void pagelist_cache_drop(struct arena *a);

/* Files. Sealed blocks can leave for files that the caller keeps: it takes their bytes, writes
 * them, and says where they lie; reading comes back through `read`. Nothing of a file is trusted.
 *
 * Files may be slow. -EAGAIN from `read` means that the bytes come later, by pagelist_file_came();
 * until then the block counts as one row and pagelist_awaits() is true: what was just read of this
 * PageList is not its content, and is to be read again when something has come. */
struct pagelist_file_ops {
	int (*read)(void *ctx, uint64_t off, void *bytes, size_t len); /* 0 or -errno */
	void *ctx;
};
void pagelist_set_files(struct pagelist *h, const struct pagelist_file_ops *ops);
bool pagelist_awaits(const struct pagelist *h);
/* What was asked for; bytes NULL: it cannot be read. */
void pagelist_file_came(struct pagelist *h, uint64_t off, const void *bytes, size_t len);
void pagelist_file_retry(struct pagelist *h); /* blocks that could not be read are tried again */
struct pagelist_spill {
	uint64_t uid, first_line, n_lines;
	const void *bytes; /* borrowed until the next call that changes the history */
	size_t len;
};
/* The oldest sealed block in memory behind the block after_uid (0: of all). */
bool pagelist_spill_next(struct pagelist *h, uint64_t after_uid, struct pagelist_spill *out);
/* Its bytes lie at `off`: the memory goes. false: it was dropped or merged meanwhile. */
bool pagelist_spill_done(struct pagelist *h, uint64_t uid, uint64_t off);
/* Where block *i's bytes lie in files, for the next *i from 0 that has any; false at the end. */
bool pagelist_file_next(const struct pagelist *h, uint32_t *i, uint64_t *off, uint32_t *len);
uint64_t pagelist_file_floor(const struct pagelist *h); /* lowest offset in use; UINT64_MAX none */

/* Checkpoint: the block list. pagelist_load claims the pages named (after arena_adopt); blocks
 * whose page, generation or crc do not match become placeholders; rows pushed after the save are
 * not in it (the ring's replay pushes them again). NULL when the bytes are not a list this program
 * reads.
 *
 * Pages freed after a save stay in limbo, since its bytes name them, until pagelist_saved() says
 * that the bytes of a later save have replaced it everywhere. Who saves must call it, or the pages
 * are held until pagelist_free. */
void pagelist_save(struct pagelist *h, struct buf *out);
void pagelist_saved(struct pagelist *h);
struct pagelist *pagelist_load(
	struct arena *a, uint32_t owner, struct pagelist_limits lim, struct rd *in);
/* The same content as self-contained bytes, for files and for another host. pagelist_import: NULL
 * when damaged as a whole, or out of memory; a damaged block shows as unavailable. */
void pagelist_export(struct pagelist *h, struct buf *out);
struct pagelist *pagelist_import(
	struct arena *a, uint32_t owner, struct pagelist_limits lim, struct rd *in);
uint64_t pagelist_hash(struct pagelist *h); /* of the content, independent of how it is stored */
void pagelist_check(const struct pagelist *h);
void pagelist_dump(const struct pagelist *h, FILE *out);
#endif
