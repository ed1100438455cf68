#ifndef CORE_RENDER_H
#define CORE_RENDER_H
/* The one emitter: grids to bytes for an outer terminal. Keeps what the terminal shows and sends
 * the difference: one write per frame inside ?2026, scroll detection, truecolor, links, absolute
 * move after risky clusters. Its output fed to a struct term gives the same grid. */
#include "core/base/buf.h"
#include "core/page/cell.h"
#include "core/page/page.h"

struct render;
struct render_caps {
	bool sync;	       /* ?2026 is understood: each frame stands inside it */
	bool truecolor;	       /* else RGB becomes the nearest of the 256 */
	bool links;	       /* OSC 8; http, https and local file only, whatever the grid holds */
	bool styled_underline; /* 4:n and 58; else a plain underline */
	bool overline;
	bool ascii;    /* box drawing and the like become ASCII, the rest of non-ASCII '?' */
	bool no_color; /* attributes only */
};
/* Over the wire: one bit a member, in their order. */
unsigned render_caps_bits(const struct render_caps *caps);
struct render_caps render_caps_of(unsigned bits);

/* a: for the tables of what is shown, which are `owner`'s there. */
struct render *render_new(struct arena *a, uint32_t owner, const struct render_caps *caps);
void render_set_caps(struct render *r, const struct render_caps *caps); /* invalidates */
void render_set_sync(struct render *r, bool sync);			/* does not */
void render_free(struct render *r);
void render_invalidate(struct render *r); /* next frame repaints all */
/* Another's output made the terminal show g: goes on from there. Appends what puts the pen into a
 * known state. */
void render_adopt(struct render *r, const struct grid *g, struct buf *out);
/* Appends the bytes that turn what is shown into next; nothing when equal. A change of size
 * repaints. Never longer than a full repaint. Cells are cleaned on the way: no control reaches the
 * terminal. A blinking block cursor means the terminal's own default shape. */
void render_frame(struct render *r, const struct grid *next, struct buf *out);

/* A grid of one's own: compose a frame into it (dashboard), or hold what the server sent. */
struct canvas;
struct canvas *canvas_new(struct arena *a, uint32_t owner, int cols, int rows);
void canvas_free(struct canvas *c);
void canvas_resize(struct canvas *c, int cols, int rows); /* content kept where it fits */
void canvas_clear(struct canvas *c);
struct grid canvas_grid(const struct canvas *c);
struct tab *canvas_tab(struct canvas *c);
/* The row to write in place (cells has cols slots); bumps its stamp. */
struct row *canvas_row(struct canvas *c, int y);
/* The cursor in the terminal's own shape if CURSOR_BLOCK. */
void canvas_set_cursor(struct canvas *c, int row, int col, bool visible, enum cursor_shape shape);
/* UTF-8 text at (y, x) in a style, clipped to max cells by grapheme; returns cells used. */
int canvas_text(struct canvas *c, int y, int x, int max, const char *utf8, const struct style *s);
/* Copies src's rectangle (sy,sx,h,w) to (y,x); wide cells cut at an edge become blanks. */
void canvas_blit(
	struct canvas *c, int y, int x, const struct grid *src, int sy, int sx, int h, int w);

/* Frames between server and client: only rows that differ from what the view last sent, packed.
 * One struct frame_view per (client, session) on the server; the client applies to a canvas. */
struct frame_view;
struct frame_view *frame_view_new(void);
void frame_view_free(struct frame_view *v);
void frame_view_reset(struct frame_view *v); /* next frame is whole */
/* Appends a frame for g; false (nothing appended) when nothing changed. */
bool frame_encode(struct frame_view *v, const struct grid *g, struct buf *out);
int frame_apply(struct canvas *c, const void *p, size_t n); /* 0 or -EBADMSG */
#endif
