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
#endif
