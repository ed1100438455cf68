#ifndef SESSIONS_LENT_H
#define SESSIONS_LENT_H
/* A client's terminal while the server has it on loan: plain keys are read from it and frames
 * painted on it without the client in between. See lent.c. */
#include "core/keys/keys.h"
#include "core/paint/render.h"
#include <uv.h>

struct lent;
struct lent_ops {
	/* Keys were read: the events one by one, then typed() once. */
	void (*key)(void *ctx, const struct input_event *ev);
	void (*typed)(void *ctx);
	/* These bytes are the client's to understand (n 0: the terminal has gone): give it back. */
	void (*not_ours)(void *ctx, const uint8_t *bytes, size_t n);
	void *ctx;
};
struct lent_terms {
	struct render_caps caps;
	struct input_event prefix;
	const struct grid *shown; /* what the terminal shows; NULL: not known */
};
/* a, owner: for what the renderer keeps. Nothing is held yet. */
struct lent *lent_new(uv_loop_t *loop, struct arena *a, uint32_t owner, const struct lent_ops *ops);
void lent_free(struct lent *l); /* NULL ok; closes what is held */
/* fd is owned from here. 0, or -errno: no terminal, or one that could block; fd closed. */
int lent_take(struct lent *l, int take_fd, const struct lent_terms *terms);
bool lent_held(const struct lent *l); /* NULL ok */
bool lent_busy(const struct lent *l); /* the terminal has not taken the last frame yet */
bool lent_paint(struct lent *l, const struct grid *g); /* false: nothing to change */
/* Ends the loan. Appends what is still to be written, up to a frame of g (NULL: none). */
void lent_end(struct lent *l, const struct grid *g, struct buf *unsent);
#endif
