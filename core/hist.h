#ifndef CORE_HIST_H
#define CORE_HIST_H
/* Scrollback of one session: rows that left the screen, as packed logical lines in slabs.
 *
 * A row is packed as it leaves (hist_push), into the open block; a full block closes; closed blocks
 * are immutable and merge under zstd when idle (hist_seal_step). Lines and bytes over the limit
 * are dropped oldest first, block by block, by slab_put: there is no other way to prune.
 * A logical line = rows joined over soft wraps. Its id is a u64 that only grows; a pin is
 * (line id, cell) and id < hist_first_line means gone. Visual rows exist only at a given width.
 * Storage never changes by reading: sealed blocks decode into a process-wide window cache.
 *
 * Crash safety: blocks live in arena slabs, which a keeper preserves. hist_save writes the block
 * list (slab, generation, offset, length, crc, lines) into a checkpoint; slabs freed since the last
 * hist_save stay in limbo until the next one, so a checkpoint never names memory that was reused.
 */
#include "core/buf.h"
#include "core/cell.h"
#include "core/slab.h"
#include "core/tab.h"
#include <stdio.h>

struct hist;
struct hist_limits {
	uint64_t lines; /* visual rows at the width they were written; 0 = no history */
	uint64_t bytes; /* actual packed bytes held; 0 = no limit of bytes */
};
struct hist_stats {
	uint64_t lines; /* visual rows held, as they were written: what limits.lines counts */
	uint64_t rows_written;				 /* ever pushed, less those popped */
	uint64_t rows_lost;				 /* pushes that failed for want of memory */
	uint64_t hot_bytes, packed_bytes, spilled_bytes; /* records; sealed; in files */
	uint64_t slabs;					 /* held, limbo included */
	uint64_t first_line, next_line;			 /* logical line ids: [first, next) */
	bool open_line; /* the last line goes on with the next row pushed */
};

struct hist *hist_new(struct arena *a, uint32_t owner, struct hist_limits lim);
void hist_free(struct hist *h);
/* Frees the object but leaves its slabs live: hist_save's bytes name them (parking). Slabs in limbo
 * must have gone before: see hist_saved. */
void hist_detach(struct hist *h);
void hist_clear(struct hist *h); /* ED 3 */
/* n bytes of output are about to come. Few bytes can make many rows (REP, SU after DECALN): what
 * outgrows twice the bytes told of, and 256 KiB, is sealed as it is pushed, not when idle. */
void hist_fed(struct hist *h, size_t n);
/* A row leaves the screen at its top. 0, or -ENOMEM (the row is then lost and counted). */
int hist_push(struct hist *h, const struct row *row, const struct tab *t);
/* The same for n rows of printable ASCII in the default style, none of which wraps: line i is the
 * len bytes at text + at. 16 bytes can be read at each. Rows without memory are lost and counted.
 */
struct hist_line {
	uint32_t at, len;
};
void hist_push_lines(struct hist *h, const uint8_t *text, const struct hist_line *line, size_t n);
/* Takes the newest visual row back (screen grows, reflow) if it is still in the open block: fills
 * cells[0..cap) and *row, interning into t. false when there is none, it is sealed, or it is
 * longer than cap. */
bool hist_pop(struct hist *h, struct row *row, cell_t *cells, int cap, struct tab *t);
struct hist_stats hist_stats(const struct hist *h);

/* Reading, by visual row at a width. Row 0 is the oldest that is left. */
uint64_t hist_rows(struct hist *h, int cols);
/* Where visual row n begins, as a pin; and back (rows from the oldest; UINT64_MAX when gone). */
struct pin {
	uint64_t line;
	uint32_t cell;
};
struct pin hist_pin(struct hist *h, int cols, uint64_t row);
uint64_t hist_pin_row(struct hist *h, int cols, struct pin p);
/* Decodes `count` visual rows from row `from` at width cols. cb sees each (borrowed); a corrupt
 * block shows as one row "[history unavailable]". tab of the cells is passed along. */
typedef void (*hist_row_cb)(void *ctx, const struct row *row, const struct tab *t, struct pin at);
int hist_read(struct hist *h, int cols, uint64_t from, uint64_t count, hist_row_cb cb, void *ctx);
/* Logical lines [from, from+count) as plain UTF-8 text, one call a line; for search. */
typedef bool (*hist_text_cb)(void *ctx, uint64_t line, const char *text, size_t len);
int hist_text(struct hist *h, uint64_t from_line, uint64_t count, hist_text_cb cb, void *ctx);
/* For search: the blocks that hold lines of [from_line, end_line), whole, so with lines around
 * them, oldest or newest first. Each line's plain text ends with \n; text is borrowed and
 * NUL-terminated. Blocks that cannot be read are passed over. The callback returns false to stop;
 * it must not read this or another history. */
struct hist_chunk {
	uint64_t first_line, end_line;
	const char *text;
	size_t len;
};
typedef bool (*hist_chunk_cb)(void *ctx, const struct hist_chunk *c);
int hist_text_chunks(struct hist *h, uint64_t from_line, uint64_t end_line, bool newest_first,
	hist_chunk_cb cb, void *ctx);

/* When lines were printed, roughly: `line` and those after it at t or later (wall seconds). Lines
 * may be ahead of the history, still on the screen. A few hundred stamps are kept, thinned with
 * age. hist_line_time: 0 when not known. */
void hist_stamp(struct hist *h, uint64_t line, uint32_t t);
uint32_t hist_line_time(const struct hist *h, uint64_t line);
bool hist_goes_on(const struct hist *h); /* its last line goes on on the screen */

/* Idle work: merges and compresses a bounded amount; true while there is more. */
bool hist_seal_step(struct hist *h);
void hist_seal_all(struct hist *h); /* closes the open block too; replay --stats, park */
size_t hist_cache_bytes(void);	    /* the process-wide decode cache */
void hist_cache_drop(void);	    /* gives it back, for a process that has come to rest */

/* Files. Sealed blocks can leave for files that the caller keeps: it takes their bytes, writes
 * them, and says where they lie; reading comes back through `read`. Nothing of a file is trusted.
 */
struct hist_file_ops {
	int (*read)(void *ctx, uint64_t off, void *bytes, size_t len); /* 0 or -errno */
	void *ctx;
};
void hist_set_files(struct hist *h, const struct hist_file_ops *ops);
void hist_file_retry(struct hist *h); /* blocks that could not be read are tried again */
struct hist_spill {
	uint64_t uid, first_line, n_lines;
	const void *bytes; /* borrowed until the next call that changes the history */
	size_t len;
};
/* The oldest sealed block in memory behind the block after_uid (0: of all). */
bool hist_spill_next(struct hist *h, uint64_t after_uid, struct hist_spill *out);
/* Its bytes lie at `off`: the memory goes. false: it was dropped or merged meanwhile. */
bool hist_spill_done(struct hist *h, uint64_t uid, uint64_t off);
/* Where block *i's bytes lie in files, for the next *i from 0 that has any; false at the end. */
bool hist_file_next(const struct hist *h, uint32_t *i, uint64_t *off, uint32_t *len);
uint64_t hist_file_floor(const struct hist *h); /* lowest offset in use; UINT64_MAX none */

/* Checkpoint: the block list. hist_load claims the slabs named (after arena_adopt); blocks whose
 * slab, generation or crc do not match become placeholders; rows pushed after the save are not in
 * it (the ring's replay pushes them again). NULL when the bytes are not a list this program reads.
 *
 * Slabs freed after a save stay in limbo, since its bytes name them, until hist_saved() says that
 * the bytes of a later save have replaced it everywhere. Who saves must call it, or the slabs are
 * held until hist_free. */
void hist_save(struct hist *h, struct buf *out);
void hist_saved(struct hist *h);
struct hist *hist_load(struct arena *a, uint32_t owner, struct hist_limits lim, struct rd *in);
/* The same content as self-contained bytes, for files and for another host. hist_import: NULL when
 * damaged as a whole, or out of memory; a damaged block shows as unavailable. */
void hist_export(struct hist *h, struct buf *out);
struct hist *hist_import(struct arena *a, uint32_t owner, struct hist_limits lim, struct rd *in);
uint64_t hist_hash(struct hist *h); /* of the content, independent of how it is stored */
void hist_check(const struct hist *h);
void hist_dump(const struct hist *h, FILE *out);
#endif
