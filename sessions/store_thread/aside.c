#include "sessions/store_thread/aside.h"
#include <stdlib.h>
#include <sys/queue.h>

struct piece {
	STAILQ_ENTRY(piece) link;
	aside_fn work, done;
	void *arg;
};
struct aside {
	uv_loop_t *loop;
	uv_work_t req; /* of the first `begun` pieces, which are under way */
	STAILQ_HEAD(, piece) pieces;
	size_t n, begun;
	bool closed;
};

/* More may be appended meanwhile: of the last one nothing but itself is looked at. */
static void
on_work(uv_work_t *req)
{
	struct aside *a = req->data;
	struct piece *p = STAILQ_FIRST(&a->pieces);

	for (size_t i = 1;; i++) {
		p->work(p->arg);
		if (i == a->begun)
			break;
		p = STAILQ_NEXT(p, link);
	}
}

static void next(struct aside *a);

static void
on_done(uv_work_t *req, int status)
{
	struct aside *a = req->data;

	(void)status;
	for (; a->begun; a->begun--) {
		struct piece *p = STAILQ_FIRST(&a->pieces);

		p->done(p->arg); /* may ask for more, or close */
		STAILQ_REMOVE_HEAD(&a->pieces, link);
		a->n--;
		free(p);
	}
	next(a);
}

static void
next(struct aside *a)
{
	a->begun = a->n;
	if (a->begun)
		CHECK(uv_queue_work(a->loop, &a->req, on_work, on_done) == 0);
	else if (a->closed)
		free(a);
}

struct aside *
aside_new(uv_loop_t *loop)
{
	struct aside *a = xcalloc(1, sizeof *a);

	a->loop = loop;
	a->req.data = a;
	STAILQ_INIT(&a->pieces);
	return a;
}

void
aside_run(struct aside *a, aside_fn work, aside_fn done, void *arg)
{
	struct piece *p = xcalloc(1, sizeof *p);

	*p = (struct piece){.work = work, .done = done, .arg = arg};
	STAILQ_INSERT_TAIL(&a->pieces, p, link);
	if (++a->n == 1)
		next(a);
}

void
aside_close(struct aside *a)
{
	if (!a)
		return;
	a->closed = true;
	if (!a->n)
		free(a);
}
