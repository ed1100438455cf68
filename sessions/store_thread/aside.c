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
	uv_work_t req; /* the first piece's, which is under way */
	STAILQ_HEAD(, piece) pieces;
	bool closed;
};

static void
on_work(uv_work_t *req)
{
	struct piece *p = STAILQ_FIRST(&((struct aside *)req->data)->pieces);

	p->work(p->arg);
}

static void next(struct aside *a);

static void
on_done(uv_work_t *req, int status)
{
	struct aside *a = req->data;
	struct piece *p = STAILQ_FIRST(&a->pieces);

	(void)status;
	p->done(p->arg);
	STAILQ_REMOVE_HEAD(&a->pieces, link);
	free(p);
	next(a);
}

static void
next(struct aside *a)
{
	if (!STAILQ_EMPTY(&a->pieces))
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
	bool idle = STAILQ_EMPTY(&a->pieces);

	*p = (struct piece){.work = work, .done = done, .arg = arg};
	STAILQ_INSERT_TAIL(&a->pieces, p, link);
	if (idle)
		next(a);
}

void
aside_close(struct aside *a)
{
	if (!a)
		return;
	a->closed = true;
	if (STAILQ_EMPTY(&a->pieces))
		free(a);
}
