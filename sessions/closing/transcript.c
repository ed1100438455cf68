#include "sessions/closing/transcript.h"
#include "sessions/closing/care.h"
#include "sessions/closing/judge.h"
#include "sessions/store_thread/aside.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct asked {
	struct sessions *ss;
	uint32_t num;
	struct buf places;
	char *cwd;
	bool found, changed;
	off_t size; /* of the file, and which it is: as read last */
	ino_t ino;
	struct usage usage;
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
	struct stat st;

	a->found = profile_transcript_find(&a->places, a->cwd, path, sizeof path);
	if (!a->found || stat(path, &st) < 0 || (st.st_size == a->size && st.st_ino == a->ino))
		return;
	if (st.st_ino != a->ino)
		a->usage.context_tokens = 0; /* another conversation */
	a->size = st.st_size;
	a->ino = st.st_ino;
	a->changed = usage_read(path, &a->usage);
}

static void
take(struct session *s, const struct asked *a)
{
	struct care *c = care_of(s);
	struct usage *u = &s->run->usage;

	c->transcript = a->found;
	c->usage_size = a->size;
	c->usage_ino = a->ino;
	/* what differs in padding alone is told once for nothing
	 * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
	if (!a->changed || memcmp(u, &a->usage, sizeof *u) == 0)
		return;
	*u = a->usage;
	session_changed(s);
}

static void
on_asked(void *arg)
{
	struct asked *a = arg;
	struct session *s = sessions_num(a->ss, a->num);

	if (s && s->run)
		take(s, a);
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
	if (s->run) {
		a->usage = s->run->usage;
		a->size = care_of(s)->usage_size;
		a->ino = care_of(s)->usage_ino;
	}
	a->cwd = xstrdup(s->cwd ? s->cwd : "/");
	transcript_places(s, &a->places);
	aside_run(s->of->aside, do_ask, on_asked, a);
}
