#ifndef CORE_STATE_H
#define CORE_STATE_H
/* All that a terminal is, for those who change it:
 *
 *   core/term    bytes in, slice by slice; size, checkpoint, reading
 *   core/vt      parser (ground runs, states) -> dispatch (tables) -> what a function does
 *   core/screen  rows, cells, printing at the cursor
 *
 * struct vt holds all of the terminal's state that is neither cells nor variable-length: plain
 * integers, no pointers, so a checkpoint may copy it whole. It only ever grows at its end; a reader
 * of an older checkpoint finds the missing tail zero. Everything else a checkpoint must carry
 * stands in struct term between "variable-length state" and "derived".
 *
 * Rows: screen.row points at `rows` live pointers inside screen.ptrs; scrolling the whole screen
 * moves that window down the array, so it costs O(1) amortised. A row's cells are handed out at its
 * first write (row_open), out of the screen's pages, and stay with the struct row for good. */
#include "core/base/buf.h"
#include "core/text/charset.h"
#include "core/pagelist/pagelist.h"
#include "core/page/page.h"
#include "core/page/tab.h"
#include "core/screen/mode.h"
#include "core/screen/owner.h"

#define TERM_COLS_MAX 4096
#define TERM_ROWS_MAX 1000
#define CSI_PARAMS 32
#define CSI_PARAM_MAX 65535
#define STRING_MAX (144u << 10) /* 100 KiB of clipboard in base64, and its head */
#define TITLE_MAX 1024
#define TITLE_STACK 10
#define KITTY_STACK 8
#define PEN_STACK 10

/* SGR state, with the two ids made of it when next needed. */
struct pen {
	struct style style;
	uint16_t link;
	uint8_t protect; /* cells written are protected */
	uint8_t pad;
};

/* DECSC: position, pen, charsets, origin, pending wrap. */
struct saved_cursor {
	int32_t row, col;
	struct pen pen;
	uint8_t g[4], gl, gr;
	uint8_t origin, pending, valid, protect_iso;
	uint8_t pad[2];
};

/* What both screens have of their own beside rows. */
struct screen_vt {
	struct saved_cursor saved;
	uint8_t kitty[KITTY_STACK];
	uint8_t kitty_n; /* entries pushed; kitty[kitty_n] is not used, flags = kitty[kitty_n - 1]
			  */
	uint8_t kitty_flags;
	uint8_t pad[6];
};

/* Parser: state, the sequence so far, an unfinished UTF-8 character. */
struct vt_csi {
	int32_t param[CSI_PARAMS]; /* -1 omitted */
	uint32_t sub;		   /* bit i: parameter i follows a colon */
	uint8_t n;		   /* parameters seen, an empty list counts 0 */
	uint8_t prefix;		   /* ? > = < or 0 */
	uint8_t inter[2];	   /* intermediates; more than two: ignored */
	uint8_t n_inter, final;
	uint8_t pad[2];
};

struct vt {
	int32_t cols, rows;
	int32_t row, col;		   /* cursor; col < cols */
	uint8_t pending;		   /* the next character wraps first */
	uint8_t alt;			   /* active screen: 0 primary, 1 alternate */
	uint8_t insert, newline, kam, srm; /* IRM, LNM, KAM, SRM */
	uint8_t protect_iso;		   /* protection was last set by SPA (ISO), not by DECSCA */
	uint8_t rect_extent;		   /* DECSACE: 2 rectangle */
	int32_t top, bottom;		   /* scroll region rows, inclusive */
	int32_t left, right;		   /* margin columns, inclusive; 0..cols-1 unless DECLRMM */
	struct pen pen;
	uint64_t modes, modes_saved;  /* bit per modes.def entry */
	uint8_t g[4], gl, gr, single; /* enum charset; single = G2 or G3 for one character */
	uint8_t shape, blink_default; /* enum cursor_shape; DECSCUSR said blinking */
	uint8_t level;		      /* DECSCL, 61.. minus 60 */
	uint8_t bits8;		      /* S8C1T asked; kept, replies stay 7 bit */
	uint8_t modify_other, format_other;
	uint8_t title_modes;
	uint8_t vt52;
	uint8_t osc_kind;     /* parser: kind of string being collected */
	uint8_t str_bell;     /* the last string ended with BEL: so does the answer */
	uint8_t osc_overflow; /* the string passed STRING_MAX: ignored at its end */
	uint8_t state;	      /* parser state */
	uint8_t utf8_have, utf8_need;
	uint32_t utf8_cp, utf8_first;
	uint32_t last_cp;	      /* for REP: what was printed just before; 0 none */
	int32_t chain_row, chain_col; /* where the cursor stood after the last print; see print.c */
	struct vt_csi csi;
	struct screen_vt scr[2];
	uint64_t tabs[TERM_COLS_MAX / 64];	   /* tab stops */
	uint32_t color_fg, color_bg, color_cursor; /* of the outer terminal, 0xrrggbb */
	uint32_t dyn[10];			   /* OSC 10..19: COLOR_RGB|rrggbb, or 0 */
	uint32_t special[5];			   /* OSC 5 */
	uint8_t dark;
	uint8_t prompt;	 /* OSC 133 region: 0, 'A' prompt, 'B' input, 'C' output */
	uint8_t hazard;	 /* the next character may join the last: print.c */
	uint8_t doubled; /* rows of double width were made */
	uint8_t pad[4];
	struct style pens[PEN_STACK]; /* XTPUSHSGR */
	uint32_t n_pens, n_pad;
	uint64_t bells;
	uint64_t generation;
	uint64_t stamp; /* last row stamp given */
};

struct screen {
	struct row *store; /* rows structs */
	struct row **ptrs; /* n_ptrs pointers, the live ones a window */
	struct row **row;  /* rows live pointers */
	int n_ptrs;
	page_t *pages;	   /* of this width */
	int n_pages, used; /* row slots handed out */
};

struct string_stack {
	char *title, *icon; /* NULL: not saved */
};

/* Opaque to its owner: core/term/term.h. */
struct term {
	struct vt v;
	struct screen scr[2];
	/* variable-length state */
	struct tab *tab;
	struct pagelist *pagelist;
	struct pagelist_limits limits;
	char *title, *icon; /* heap, NULL none */
	struct string_stack stack[TITLE_STACK];
	int n_stack;
	uint32_t *palette; /* 256 of COLOR_RGB|rrggbb or 0, NULL: none changed */
	struct buf str;	   /* OSC / DCS bytes so far */
	uint64_t fed;	   /* bytes of output so far */
	int64_t left;	   /* of the work this feed may do, in cells written or moved: term_spend */
	/* set by the owner */
	struct term_config cfg;
	struct arena *arena;
	uint32_t owner;
	struct term_ops ops;
	bool silent;
	struct buf parked; /* the screens of a parked terminal, else empty */
	/* derived: term_derive() makes it from the state above */
	cell_t tmpl;	    /* pen as a cell: style, link, protection */
	cell_t blank;	    /* what erasing writes: background only */
	uint32_t pen_flags; /* ROW_* that tmpl implies */
	bool pen_dirty;	    /* tmpl and blank are older than v.pen */
	bool plain;	    /* ASCII runs need no look at charsets, insert mode or margins */
	bool whole;	    /* the margins are the screen's edges */
	bool pen_exact;	    /* style_id, bg_id say all of the pen's style: the table was not full */
	uint16_t style_id, bg_id;
	uint64_t pen_epoch;  /* tab_epoch() of these ids, while the pen is not dirty */
	unsigned width_opts; /* WIDTH_* of cp_class.h */
};

static inline struct row *
term_row(const struct term *t, int y)
{
	return t->scr[t->v.alt].row[y];
}
/* Called by what touches many cells: a few bytes may ask for millions. */
static inline void
term_spend(struct term *t, int cells)
{
	t->left -= cells;
}
static inline bool
mode_on(const struct term *t, enum vt_mode m)
{
	return t->v.modes >> m & 1;
}

void term_emit(struct term *t, struct term_event *ev);
void term_event_text(struct term *t, enum term_event_type type, const char *text, size_t len);
void term_reply(struct term *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Recomputes everything below "derived" but the pen's ids. */
void term_derive(struct term *t);
#endif
