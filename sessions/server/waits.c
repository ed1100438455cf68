#include "sessions/server/waits.h"
#include "core/base/base.h"
#include <stdlib.h>

static void
drop(struct waiter *w)
{
	LIST_REMOVE(w, link);
	if (w->free_ctx)
		w->free_ctx(w->ctx);
	free(w);
}

static void
on_cancel(void *ctx)
{
	drop(ctx);
}

void
waits_add(struct waits *all, struct request *r,
	bool (*done)(struct waiter *w, struct session *changed), void (*free_ctx)(void *ctx),
	void *ctx)
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	*w = (struct waiter){.r = r, .done = done, .free_ctx = free_ctx, .ctx = ctx};
	LIST_INSERT_HEAD(&all->list, w, link);
	request_on_cancel(r, on_cancel, w);
	if (done(w, NULL))
		drop(w);
}

void
waits_check(struct waits *all, struct session *changed)
{
	struct waiter *w, *next;

	for (w = LIST_FIRST(&all->list); w; w = next) {
		next = LIST_NEXT(w, link);
		if (w->done(w, changed))
			drop(w);
	}
}
