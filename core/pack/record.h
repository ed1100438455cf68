#ifndef CORE_RECORD_H
#define CORE_RECORD_H
/* The packed form's parts, for rows on their own and for the PageList; the layout stands in
 * record.c. */
#include "core/base/buf.h"
#include "core/page/cell.h"
#include "core/page/tab.h"
#include "core/text/cp_class.h"

/* A record's first byte. */
enum {
	REC_WRAP = 1 << 0,    /* ROW_WRAP */
	REC_WRAPPED = 1 << 1, /* ROW_WRAPPED */
	REC_EXT = 1 << 2,     /* ext_len and ext follow */
	REC_MB = 1 << 3,      /* text_len follows; else text_len = n_cells */
	REC_WIDE = 1 << 4,    /* some cell is wide: a width's row count needs the text */
	REC_CUT = 1 << 5,     /* begins a logical line though the row before it wraps */
	REC_PART = 1 << 6,    /* piece of one row that was too large; the next record goes on */
};
/* Bytes of text that stand for no character of their own. */
enum { TEXT_BLANK = 0, TEXT_HEAD = 1, TEXT_TAIL = 2, TEXT_CLUSTER = 3, TEXT_FLIP = 4 };

#define CELL_ATTRS (CELL_STYLE_MASK | CELL_LINK_MASK | CELL_PROTECTED)
/* Styles and links already defined in a stream, so that each is written once. {0} is empty. */
struct dict {
	struct style *style; /* of id i + 1 */
	uint16_t *slot;	     /* open addressing: style index + 1, n_slot a power of two */
	uint64_t *link;	     /* hash of id and URI of link i + 1 */
	uint32_t n_style, cap_style, n_slot, n_link, cap_link;
	uint64_t epoch; /* of the tab that memo belongs to */
	uint16_t memo_tab[64], memo_id[64];
	uint16_t link_tab, link_id; /* the last one looked up */
	bool forget;		    /* the reader's table is to be emptied before the next use */
};
void dict_free(struct dict *d);
void dict_clear(struct dict *d); /* for another stream: nothing is defined */
/* Before a record's first use: begins the tables again if they have grown large, true. What is
 * to be defined is appended to defs, counted in *n_defs. */
bool dict_ready(struct dict *d, struct buf *defs, uint32_t *n_defs);
struct undict_link;
uint16_t dict_style(struct dict *d, const struct style *s, struct buf *defs, uint32_t *n_defs);
uint16_t dict_link(struct dict *d, const struct undict_link *l, struct buf *defs, uint32_t *n_defs);

/* The reader's side: what the stream has defined so far. Pointers are into the stream. */
struct undict_link {
	const char *id, *uri;
	uint32_t id_len, uri_len;
};
struct undict {
	struct style *style;
	uint32_t *style_tab; /* id in the tab of `epoch`, or in the dict joined to, + 1; or 0 */
	struct undict_link *link;
	uint32_t *link_tab;
	uint32_t n_style, cap_style, n_link, cap_link;
	uint64_t epoch;
};
void undict_free(struct undict *u);
void undict_clear(struct undict *u);
void undict_unmap(struct undict *u);		   /* what ids stand for elsewhere is forgotten */
void undict_read(struct rd *in, struct undict *u); /* a record's definitions */

/* A record, taken apart but not decoded. */
struct rec {
	uint8_t tag;
	uint32_t cells, text_len, ext_len;
	const uint8_t *text, *ext;
};

/* What a record is made of. flags: of the row; tag: REC_CUT, REC_PART. */
struct rec_src {
	const cell_t *cells;
	uint32_t n, flags;
	const struct tab *tab;
	const struct prepacked *pre; /* its text, or NULL */
	uint8_t tag;
};
/* Appends it. */
void rec_put(struct buf *out, const struct rec_src *src, struct dict *d);
/* Tag and lengths of one without ext; returns their end. */
#define REC_HEAD_MAX 16
uint8_t *rec_head(uint8_t *p, uint8_t tag, uint32_t flags, uint32_t n, uint32_t text_len);
/* A varint, saturating. */
uint32_t rd_len(struct rd *in);
/* 0 or -EBADMSG. */
int rec_get(struct rd *in, struct rec *r);
/* Takes up the definitions of a record that is not to be decoded. 0 or -EBADMSG. */
int rec_defs(const struct rec *r, struct undict *u);
/* Decodes: cells[0..min(cap, r->cells)), ORs flags into *flags. 0 or -EBADMSG. */
int rec_cells(const struct rec *r, cell_t *cells, uint32_t cap, uint32_t *flags, struct tab *t,
	struct undict *u);

/* The two halves of a record. */
void text_put(struct buf *out, const cell_t *cells, uint32_t n, const struct tab *t);
int text_get(const uint8_t *p, uint32_t len, cell_t *cells, uint32_t n, uint32_t cap,
	uint32_t *flags, struct tab *t);
/* The flags that say what cells may hold, exactly. */
uint32_t cells_flags(const cell_t *cells, uint32_t n);
/* out[i] = low byte of cells[i]. */
void cells_narrow(uint8_t *out, const cell_t *cells, uint32_t n);
/* text without the packed form's own marks: blanks become spaces, a cluster its characters. In
 * place; the new length. */
uint32_t text_plain(char *text, uint32_t len);

/* The ext of a line from those of its records, against another stream's definitions. {0} is empty.
 * The undict read through must not be used for cells as well. */
#define JOIN_KINDS 3
struct ext_join {
	struct join_runs {
		struct buf done;
		uint32_t len, id; /* the run that may go on */
	} run[JOIN_KINDS];	  /* in the order of the layout */
	struct buf defs;
	struct dict dict;
	uint32_t n_defs;
	uint8_t bits;
};
void ext_join_free(struct ext_join *j);
/* One more record, its first n cells. 0 or -EBADMSG: then the line is not to be had. */
int ext_join(struct ext_join *j, const struct rec *r, uint32_t n, struct undict *u);
/* Appends the line's ext, nothing if it has none, and begins the next line. */
void ext_join_end(struct ext_join *j, struct buf *out);

#define CLUSTER_BASE 0x20 /* a cluster's count is stored above it */
enum {
	EXT_MARKS = 15, /* bits 0..1 prompt, 2..3 double */
	EXT_LINKS = 1 << 4,
	EXT_PROTECT = 1 << 5,
	EXT_DEFS = 1 << 6,
	EXT_STYLES = 1 << 7,
};
enum { DEF_RESET, DEF_STYLE, DEF_LINK };

#define ROW_MARKS (ROW_PROMPT_MASK | ROW_DOUBLE_MASK)
#define ROW_HINTS (ROW_STYLED | ROW_CLUSTERS | ROW_LINKS | ROW_WIDE | ROW_PROTECTED | ROW_NONASCII)
#endif
