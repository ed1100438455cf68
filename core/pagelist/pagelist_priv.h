#ifndef CORE_PAGELIST_PRIV_H
#define CORE_PAGELIST_PRIV_H
/* Innards of struct pagelist, shared by its files. The design stands at the top of
 * pagelist.c. */
#include "core/pagelist/pagelist.h"
#include "core/pack/record.h"

#define BLOCK_MAGIC 0x6b6c6268u /* "hblk" */
#define BLOCK_VERSION 1
#ifdef MUSTER_TORTURE
#define BLOCK_SOFT 6000u
#define BLOCK_ROWS_MAX 24u
#define SEAL_LINES 48u
#define SEAL_RAW_MAX 16384u
#define WINDOWS 2
#else
#define BLOCK_SOFT 32768u	  /* a block closes at a line's end past this many bytes */
#define BLOCK_ROWS_MAX 16384u	  /* or this many rows */
#define SEAL_LINES 2048u	  /* lines a sealed block */
#define SEAL_RAW_MAX (512u << 10) /* decoded bytes of one */
#define WINDOWS 4
#endif
#define BLOCK_ROWS_MIN 16u
#define HOT_GROWTH (96u << 10) /* bytes unpaid for that may be added: more than a block */

/* How the bytes after a block's head are to be read. */
enum encoding { ENC_RECORDS, ENC_COLUMNS };
enum { HEAD_WIDE = 1 }; /* flags: some cell is wide */

/* Stands before a block's bytes, in its page or file. crc covers the rest of the head and `len`
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
	BLOCK_RAW,    /* closed records in a page of its own */
	BLOCK_SEALED, /* columns, several may share a page */
	BLOCK_FILE,   /* as SEALED, but in a file: pagelist_file.c */
	BLOCK_LOST,   /* its bytes are gone or damaged: one row says so */
	N_BLOCK_KINDS
};

struct block {
	uint64_t first_line;
	uint64_t uid; /* of this content, in this arena: names it in the window cache */
	uint32_t n_lines, n_rows;
	uint32_t len; /* head included; OPEN: see pagelist.end */
	uint32_t off; /* in the page */
	page_t page;
	uint32_t crc; /* of crc_len bytes after the head (RAW and OPEN): pagelist_save.c */
	uint32_t crc_len;
	uint32_t saved_len; /* OPEN: bytes that a checkpoint names; these may not be overwritten */
	uint64_t file_off;  /* FILE */
	uint32_t raw_len;   /* SEALED, FILE: bytes before compression */
	uint32_t view_rows; /* visual rows at pagelist.view_cols, when view_ok */
	uint8_t kind;
	uint32_t view_end; /* OPEN: pagelist.end when view_rows was counted */
	bool damaged;	   /* a read failed: shows as LOST does */
	bool awaited;	   /* FILE: its bytes were asked for and have not come */
	bool view_ok, verified, has_wide, no_seal;
	bool saved; /* a checkpoint names it */
};

/* A page (len 0), or a stretch of one that still holds other blocks, that a checkpoint may name. */
struct limbo {
	page_t page;
	uint32_t off, len;
	uint32_t epoch; /* of the pagelist when it was freed */
};

struct stamp {
	uint64_t line;
	uint32_t t; /* wall seconds */
};
#define STAMPS_MAX 256u

/* What all PageLists of an arena share: a few blocks decoded, read or being merged, whosoever they
 * are. Each part is made when it is first needed, and goes by pagelist_cache_drop(). */
struct shared {
	struct windows *windows;  /* pagelist_cache.c */
	struct fetched *fetched;  /* pagelist_file.c */
	struct reader *reader;	  /* pagelist_reader.c */
	struct columns *columns;  /* pagelist_seal.c */
	struct buf record, cells; /* scratch of pagelist_push.c */
	uint64_t uid;		  /* the last one given to a block */
	bool starved; /* memory was out for the block that was read last: that says nothing of it */
};
struct pagelist {
	struct shared *shared; /* of the arena */
	struct arena *arena;
	uint32_t owner;
	struct pagelist_limits lim;
	struct block *blk; /* n_blk, oldest first */
	uint32_t n_blk, cap_blk;
	/* the open block, blk[n_blk - 1] if base is not NULL */
	uint8_t *base;	     /* of its page */
	uint32_t end;	     /* next record goes here */
	uint32_t fast_end;   /* appends up to here need no look at anything */
	uint32_t open_rows;  /* in the open block */
	uint32_t rows_event; /* open_rows at which something is to be looked at */
	bool cont;	     /* the last row wraps: the next goes on with its line */
	struct dict dict;
	uint64_t next_line;
	uint64_t rows_closed; /* rows in all blocks but the open one */
	uint64_t bytes_closed;
	/* bytes_closed past which blocks are sealed at once, and go: pagelist_fed */
	uint64_t may_hold, paid;
	uint64_t rows_before; /* rows ever pushed, those in the open block excluded */
	uint64_t rows_lost;
	/* offsets of the open block's records, for pagelist_pop; valid while pop_end == end */
	uint16_t *pop_off;
	uint32_t n_pop, cap_pop, pop_end;
	/* pages that a checkpoint may still name */
	struct limbo *limbo;
	uint32_t n_limbo, cap_limbo, epoch;
	/* where the next sealed block may go */
	page_t seal_page;
	uint32_t seal_used;
	uint32_t seal_permille; /* size of the last sealed block against what went in; 0 none yet */
	int view_cols;
	struct pagelist_file_ops files;
	struct stamp *stamp; /* ascending in both, see pagelist_stamp */
	uint32_t n_stamp, cap_stamp;
};

/* pagelist.c */
struct block *pagelist_last(const struct pagelist *h);
void pagelist_close(struct pagelist *h);			      /* the open block, if any */
uint8_t *block_base(const struct pagelist *h, const struct block *b); /* its head, in the page */
/* Its head wherever it lies; NULL when it cannot be had. Valid until the next call for another. */
const uint8_t *block_bytes(struct pagelist *h, struct block *b);
void fetched_drop(struct shared *sh); /* the buffers of fetched blocks */
static inline bool
block_is_sealed(const struct block *b)
{
	return b->kind == BLOCK_SEALED || b->kind == BLOCK_FILE;
}
void pagelist_release(struct pagelist *h, struct block *b); /* its page; b is then LOST */
/* Limbo entries of epochs before this one go back. */
void pagelist_limbo_end(struct pagelist *h, uint32_t epoch);
void pagelist_drop_oldest(struct pagelist *h); /* a closed block */
void pagelist_limbo_add(struct pagelist *h, page_t s, uint32_t off, uint32_t len);
void pagelist_set_fast_end(struct pagelist *h);		/* after end has changed */
void pagelist_set_event(struct pagelist *h);		/* after a count of rows has changed */
void pagelist_trim(struct pagelist *h);			/* the commit point of limits */
uint32_t pagelist_block_soft(const struct pagelist *h); /* bytes at which a block closes */
int pagelist_open(struct pagelist *h);			/* another open block: 0 or -ENOMEM */
void pagelist_open_page(struct pagelist *h, page_t s);	/* the same, in that page */
uint32_t pagelist_block_rows(const struct pagelist *h); /* rows a block may have */
struct block *pagelist_insert(struct pagelist *h, uint32_t at, uint32_t n_gone, uint32_t n_added);
struct shared *pagelist_shared(struct arena *a); /* pagelist_cache.c */
uint64_t pagelist_uid(struct pagelist *h);
/* Makes the last RAW block the open one again. */
void pagelist_reopen(struct pagelist *h);

/* pagelist_seal.c: room for a block's bytes: behind other sealed ones, or in a page of its own. */
bool pagelist_place(struct pagelist *h, uint32_t len, bool shared, page_t *page, uint32_t *off);
/* Seals closed blocks until they are within may_hold. Past `paid` the oldest go. */
void pagelist_seal_excess(struct pagelist *h);
void columns_drop(struct shared *sh); /* gives back sealing's scratch */

/* pagelist_time.c: into and out of a checkpoint. */
void stamps_put(const struct pagelist *h, struct buf *out);
void stamps_get(struct pagelist *h, struct rd *in);

/* pagelist_read.c: lines of a block, one after the other, as cells of a tab of the reader's own. */
struct line {
	uint64_t id;
	cell_t *cells; /* of the reader; valid until the next call */
	uint32_t len;
	uint32_t flags; /* marks, hints; ROW_WRAP: the history's last line, it goes on on the screen
			 */
};
struct reader;
/* The arena's reader, taken for one block: NULL when the block cannot be read. Nothing else may read
 * until reader_end. */
struct reader *reader_begin(struct pagelist *h, struct block *b);
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
/* It could not be read: damaged, unless it is awaited or memory was out, when it is tried again. */
void block_unread(const struct pagelist *h, struct block *b);
/* The reader's tab while no block is being read, for a moment's use; NULL when out of memory. */
struct tab *reader_spare_tab(struct pagelist *h);
void reader_drop(struct shared *sh); /* gives back all that the reader holds */
/* Rows of a line without wide cells. */
static inline uint32_t
line_rows(uint64_t len, int cols)
{
	return len ? (uint32_t)((len + (uint32_t)cols - 1) / (uint32_t)cols) : 1;
}
/* End of the visual row that begins at cell `at`, at a width. */
uint32_t line_wrap(const cell_t *cells, uint32_t len, uint32_t at, int cols);

/* pagelist_cache.c: the arena's decoded columns. NULL when damaged or out of reach. Valid until
 * the next call. */
struct window {
	uint64_t uid, used;
	uint8_t *data;
	size_t cap, text_len, ext_len;
};
/* A block's text column alone, into out. False when damaged. */
bool window_text(struct pagelist *h, struct block *b, const uint8_t *base, struct buf *out);
const struct window *window_get(struct pagelist *h, struct block *b, const uint8_t *base);
/* The head if base[0..len) is a block that this program reads and its crc is right. */
bool block_head_read(const uint8_t *base, uint32_t len, struct block_head *head);
uint32_t block_crc(const uint8_t *base, uint32_t len);
#endif
