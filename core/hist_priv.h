#ifndef CORE_HIST_PRIV_H
#define CORE_HIST_PRIV_H
/* Innards of struct hist, shared by core/hist*.c. The design stands at the top of hist.c. */
#include "core/hist.h"
#include "core/pack_priv.h"

#define BLOCK_MAGIC 0x6b6c6268u /* "hblk" */
#define BLOCK_VERSION 1
#ifdef MUSTER_TORTURE
#define BLOCK_SOFT 6000u
#define BLOCK_ROWS_MAX 24u
#define SEAL_LINES 48u
#define SEAL_RAW_MAX 16384u
#define HOT_GROWTH 8192u
#define WINDOWS 2
#else
#define BLOCK_SOFT 32768u	  /* a block closes at a line's end past this many bytes */
#define BLOCK_ROWS_MAX 16384u	  /* or this many rows */
#define SEAL_LINES 2048u	  /* lines a sealed block */
#define SEAL_RAW_MAX (512u << 10) /* decoded bytes of one */
#define HOT_GROWTH (256u << 10)	  /* closed bytes that a flood may add before it is sealed */
#define WINDOWS 4
#endif
#define BLOCK_ROWS_MIN 16u

/* How the bytes after a block's head are to be read. */
enum encoding { ENC_RECORDS, ENC_COLUMNS };
enum { HEAD_WIDE = 1 }; /* flags: some cell is wide */

/* Stands before a block's bytes, in its slab or file. crc covers the rest of the head and `len`
 * bytes that follow it. */
struct block_head {
	uint32_t magic, crc;
	uint16_t version;
	uint8_t encoding, flags;
	uint32_t len; /* stored bytes after the head */
	uint64_t first_line;
	uint32_t n_lines, n_rows;
	uint32_t lens_len; /* ENC_COLUMNS: the line lengths, uncompressed, come first */
	uint32_t text_raw, text_len, ext_raw, ext_len; /* then two columns, raw and stored size */
	uint32_t spare;
};
_Static_assert(sizeof(struct block_head) == 56, "part of a stored format");

enum block_kind {
	BLOCK_OPEN,   /* records are being appended; always the last */
	BLOCK_RAW,    /* closed records in a slab of its own */
	BLOCK_SEALED, /* columns, several may share a slab */
	BLOCK_FILE,   /* as SEALED, but in a file: hist_file.c */
	BLOCK_LOST,   /* its bytes are gone or damaged: one row says so */
	N_BLOCK_KINDS
};

struct block {
	uint64_t first_line;
	uint64_t uid; /* of this content, process-wide: names it in the window cache */
	uint32_t n_lines, n_rows;
	uint32_t len; /* head included; OPEN: see hist.end */
	uint32_t off; /* in the slab */
	slab_t slab;
	uint32_t crc; /* of the first crc_len bytes after the head (RAW and OPEN), see hist_save */
	uint32_t crc_len;
	uint32_t saved_len; /* OPEN: bytes that a checkpoint names; these may not be overwritten */
	uint64_t file_off;  /* FILE */
	uint32_t raw_len;   /* SEALED, FILE: bytes before compression */
	uint32_t view_rows; /* visual rows at hist.view_cols, when view_ok */
	uint8_t kind;
	uint32_t view_end; /* OPEN: hist.end when view_rows was counted */
	bool damaged;	   /* a read failed: shows as LOST does */
	bool view_ok, verified, has_wide, no_seal;
	bool saved; /* a checkpoint names it */
};

/* A slab (len 0), or a stretch of one that still holds other blocks, that a checkpoint may name. */
struct limbo {
	slab_t slab;
	uint32_t off, len;
	uint32_t epoch; /* of hist when it was freed */
};

struct stamp {
	uint64_t line;
	uint32_t t; /* wall seconds */
};
#define STAMPS_MAX 256u

struct hist {
	struct arena *arena;
	uint32_t owner;
	struct hist_limits lim;
	struct block *blk; /* n_blk, oldest first */
	uint32_t n_blk, cap_blk;
	/* the open block, blk[n_blk - 1] if base is not NULL */
	uint8_t *base;	     /* of its slab */
	uint32_t end;	     /* next record goes here */
	uint32_t fast_end;   /* appends up to here need no look at anything */
	uint32_t open_rows;  /* in the open block */
	uint32_t rows_event; /* open_rows at which something is to be looked at */
	bool cont;	     /* the last row wraps: the next goes on with its line */
	struct dict dict;
	uint64_t next_line;
	uint64_t rows_closed; /* rows in all blocks but the open one */
	uint64_t bytes_closed;
	uint64_t may_hold;    /* bytes_closed past which a flood is sealed at once: hist_fed */
	uint64_t rows_before; /* rows ever pushed, those in the open block excluded */
	uint64_t rows_lost;
	/* offsets of the open block's records, for hist_pop; valid while pop_end == end */
	uint16_t *pop_off;
	uint32_t n_pop, cap_pop, pop_end;
	/* slabs that a checkpoint may still name */
	struct limbo *limbo;
	uint32_t n_limbo, cap_limbo, epoch;
	/* where the next sealed block may go */
	slab_t seal_slab;
	uint32_t seal_used;
	uint32_t seal_permille; /* size of the last sealed block against what went in; 0 none yet */
	int view_cols;
	struct hist_file_ops files;
	struct stamp *stamp; /* ascending in both, see hist_stamp */
	uint32_t n_stamp, cap_stamp;
};

/* hist.c */
struct block *hist_last(const struct hist *h);
void hist_close(struct hist *h);				  /* the open block, if any */
uint8_t *block_base(const struct hist *h, const struct block *b); /* its head, in the slab */
/* Its head wherever it lies; NULL when it cannot be had. Valid until the next call for another. */
const uint8_t *block_bytes(struct hist *h, struct block *b);
void hist_file_drop(void); /* the buffers of fetched blocks */
static inline bool
block_is_sealed(const struct block *b)
{
	return b->kind == BLOCK_SEALED || b->kind == BLOCK_FILE;
}
void hist_release(struct hist *h, struct block *b); /* its slab; b is then LOST */
/* Limbo entries of epochs before this one go back. */
void hist_limbo_end(struct hist *h, uint32_t epoch);
void hist_limbo_add(struct hist *h, slab_t s, uint32_t off, uint32_t len);
void hist_set_fast_end(struct hist *h);		/* after end has changed */
void hist_set_event(struct hist *h);		/* after a count of rows has changed */
void hist_trim(struct hist *h);			/* the commit point of limits */
uint32_t hist_block_soft(const struct hist *h); /* bytes at which a block closes */
int hist_open(struct hist *h);			/* another open block: 0 or -ENOMEM */
void hist_open_slab(struct hist *h, slab_t s);	/* the same, in that slab */
uint32_t hist_block_rows(const struct hist *h); /* rows a block may have */
struct block *hist_insert(struct hist *h, uint32_t at, uint32_t n_gone, uint32_t n_added);
uint64_t hist_uid(void);
/* Makes the last RAW block the open one again. */
void hist_reopen(struct hist *h);
/* The open block's bytes as counted by the limits; 0 when none. */
uint32_t hist_open_len(const struct hist *h);

/* hist_seal.c: room for a block's bytes: behind other sealed ones, or in a slab of its own. */
bool hist_place(struct hist *h, uint32_t len, bool shared, slab_t *slab, uint32_t *off);
/* Seals closed blocks, oldest first, until they are within may_hold or nothing is left to seal. */
void hist_seal_excess(struct hist *h);
void hist_seal_drop(void); /* gives back sealing's scratch */

/* hist_time.c: into and out of a checkpoint. */
void stamps_put(const struct hist *h, struct buf *out);
void stamps_get(struct hist *h, struct rd *in);

/* hist_save.c: folds what a cell shows and means into x. */
uint64_t cell_hash(uint64_t x, cell_t c, const struct tab *t);

/* hist_read.c: lines of a block, one after the other, as cells of a tab of the reader's own. */
struct line {
	uint64_t id;
	cell_t *cells; /* of the reader; valid until the next call */
	uint32_t len;
	uint32_t flags; /* marks, hints; ROW_WRAP: the history's last line, it goes on on the screen
			 */
};
struct reader;
/* The process's reader, taken for one block: NULL when the block cannot be read. Nothing else may
 * read until reader_end. */
struct reader *reader_begin(struct hist *h, struct block *b);
bool reader_next(struct reader *r, struct line *line); /* false at the end, or on damage */
/* The next line's visual rows at a width, passing over it; 0 at the end, or on damage. */
uint32_t reader_rows(struct reader *r, int cols);
/* The next line in the packed form: its text appended, its ext joined, of `line` its id, length and
 * ROW_WIDE. False at the end, or on damage. */
bool reader_packed(struct reader *r, struct line *line, struct buf *text, struct ext_join *ext);
/* The next line's text in the packed form, appended; passes over it. */
bool reader_text(struct reader *r, struct buf *out);
bool reader_skip(struct reader *r, uint32_t n);
bool reader_bad(const struct reader *r);
struct tab *reader_tab(struct reader *r);
void reader_end(struct reader *r);
/* The reader's tab while no block is being read, for a moment's use; NULL when out of memory. */
struct tab *reader_spare_tab(void);
void reader_drop(void); /* gives back all that the reader holds */
/* Rows of a line without wide cells. */
static inline uint32_t
line_rows(uint64_t len, int cols)
{
	return len ? (uint32_t)((len + (uint32_t)cols - 1) / (uint32_t)cols) : 1;
}
/* End of the visual row that begins at cell `at`, at a width. */
uint32_t line_wrap(const cell_t *cells, uint32_t len, uint32_t at, int cols);

/* hist_cache.c: the process's decoded columns. NULL when damaged or out of reach. Valid until the
 * next call. */
struct window {
	uint64_t uid, used;
	uint8_t *data;
	size_t cap, text_len, ext_len;
};
/* A block's text column alone, into out. False when damaged. */
bool window_text(struct hist *h, struct block *b, const uint8_t *base, struct buf *out);
const struct window *window_get(struct hist *h, struct block *b, const uint8_t *base);
/* The head if base[0..len) is a block that this program reads and its crc is right. */
bool block_head_read(const uint8_t *base, uint32_t len, struct block_head *head);
uint32_t block_crc(const uint8_t *base, uint32_t len);
#endif
