#ifndef CORE_RENDER_PRIV_H
#define CORE_RENDER_PRIV_H
/* Innards of the renderer: render.c decides what has to change, render_emit.c says it in bytes. */
#include "core/paint/render.h"
#include "core/page/tab.h"

/* A row as the outer terminal shows it (or is to show it), in the renderer's own ids and in one
 * form for one look: what looks like a default blank is 0, any other blank is a styled 0x20, a wide
 * cell always has its tail. */
struct line {
	struct row row;	       /* cap = columns; cells at and beyond len are 0 */
	uint64_t hash;	       /* of cells[0..len); 0 = blank */
	const struct tab *src; /* the row of the source it was made from: */
	uint64_t stamp;	       /* same tab and stamp = same content */
	int glyphs;	       /* cells that are not 0: bytes a repaint takes at least */
};

/* What is known of the outer terminal's state. */
struct pen {
	int y, x; /* -1: unknown */
	uint16_t style, link;
	int visible; /* cursor; -1 unknown */
	int shape;   /* DECSCUSR parameter sent last; -1 unknown */
};

struct map_style {
	uint32_t frame; /* of the mapping; older ones are void */
	uint16_t from, to;
	bool blank; /* a space in this style shows nothing */
};
#define MAP_STYLES 256
#define MAP_LINKS 16

struct render {
	struct arena *arena;
	struct render_caps caps;
	struct tab *tab;
	int cols, rows;
	bool valid;   /* shown is what the terminal shows */
	bool reverse; /* the frame's: what it shows is inverse, blanks to the edge included */
	struct line *store, **shown, **next;
	struct row **rowp; /* scratch for tab_gc */
	bool *same;	   /* row y of the frame is shown[y] */
	cell_t *wide;	   /* scratch for a row of double width */
	uint64_t *old_keys, *new_keys;
	struct pen pen;
	uint32_t frame;
	struct map_style styles[MAP_STYLES];
	struct {
		uint32_t frame;
		uint16_t from, to;
	} links[MAP_LINKS];
};

/* Bytes for the terminal; pen follows. */
struct scroll;
void emit_pen(
	struct render *r, struct buf *out); /* known style and link, place and cursor unknown */
void emit_reset(struct render *r, struct buf *out); /* known pen, whole region, blank screen */
void emit_scroll(struct render *r, const struct scroll *s, struct buf *out);
void emit_row(
	struct render *r, int y, const struct line *old, const struct line *next, struct buf *out);
void emit_cursor(struct render *r, const struct grid *g, struct buf *out);
void emit_hide(struct render *r, struct buf *out);
/* May a link's target be shown to the terminal? */
bool link_allowed(const char *uri);
/* Nearest of the 256 palette entries 16..255. */
uint32_t rgb_to_index(uint32_t rgb);
/* One ASCII character for cp. */
char ascii_for(uint32_t cp);
#endif
