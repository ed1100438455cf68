#include "sessions/closing/transcript.h"
#include "sessions/closing/care.h"
#include "sessions/closing/judge.h"
#include "sessions/store_thread/aside.h"
#include <stdlib.h>

struct asked {
	struct sessions *ss;
	uint32_t num;
	struct buf places;
	char *cwd;
	bool found;
	void (*then)(void *ctx);
	void *ctx;
};

void
transcript_places(struct session *s, struct buf *out)
{
	if (s->cwd && s->profile)
		profile_transcript_places(
			s->profile, s->cwd, s->conversation, judge_getenv, s, out);
}

static void
do_ask(void *arg)
{
	struct asked *a = arg;
	char path[1024];

	a->found = profile_transcript_find(&a->places, a->cwd, path, sizeof path);
}

static void
on_asked(void *arg)
{
	struct asked *a = arg;
	struct session *s = sessions_num(a->ss, a->num);

	if (s && s->run)
		care_of(s)->transcript = a->found;
	if (a->then)
		a->then(a->ctx);
	buf_free(&a->places);
	free(a->cwd);
	free(a);
}

void
transcript_ask(struct session *s, void (*then)(void *ctx), void *ctx)
{
	struct asked *a = xcalloc(1, sizeof *a);

	*a = (struct asked){.ss = s->of, .num = s->num, .then = then, .ctx = ctx};
	a->cwd = xstrdup(s->cwd ? s->cwd : "/");
	transcript_places(s, &a->places);
	aside_run(s->of->aside, do_ask, on_asked, a);
}
