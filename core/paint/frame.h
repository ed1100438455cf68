#ifndef CORE_FRAME_H
#define CORE_FRAME_H
/* Frames between server and client: only rows that differ from what the view last sent, packed.
 * One struct frame_view per (client, session) on the server; the client applies to a canvas. */
#include "core/base/buf.h"
#include "core/page/cell.h"

struct canvas;
struct frame_view;
struct frame_view *frame_view_new(void);
void frame_view_free(struct frame_view *v);
void frame_view_reset(struct frame_view *v); /* next frame is whole */
/* Appends a frame for g; false (nothing appended) when nothing changed. */
bool frame_encode(struct frame_view *v, const struct grid *g, struct buf *out);
int frame_apply(struct canvas *c, const void *p, size_t n); /* 0 or -EBADMSG */
#endif
