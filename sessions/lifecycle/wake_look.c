#include "sessions/lifecycle/wake_look.h"
#include "core/base/log.h"
#include "sessions/agent/guard.h"
#include "sessions/agent/registry_look.h"
#include "sessions/closing/judge.h"
#include "sessions/closing/transcript.h"
#include "sessions/store_thread/aside.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct look {
	uint32_t restore; /* the number of one whose transcript is kept; 0: leave it */
	char *cwd, *program, *path;
	char conversation[64]; /* to be looked for in the registry; "" no need */
	struct live_look live;
	struct buf places; /* of the transcript; empty: no need */
	struct wake_facts f;
	void (*then)(void *ctx, const struct wake_facts *f);
	void *ctx;
};

static const char *
env_of(void *ctx, const char *name)
{
	return session_getenv(ctx, name);
}

static void
do_look(void *arg)
{
	struct look *l = arg;
	char path[1024];

	l->f.directory = access(l->cwd, X_OK) == 0;
	l->f.program = path_finds(l->path, l->cwd, l->program);
	if (l->restore && guard_restore(paths()->transcripts, l->restore) == 1)
		log_info("session %u: its transcript had been swept and is back", l->restore);
	l->f.transcript =
		l->places.len && profile_transcript_find(&l->places, l->cwd, path, sizeof path);
	if (!*l->conversation)
		return;
	live_look(&l->live);
	for (size_t i = 0; i < l->live.n; i++)
		if (l->live.file[i].line[0].start &&
			!strcmp(l->live.file[i].rec.conversation, l->conversation))
			l->f.held = l->live.file[i].pid;
	free(l->live.file);
}

static void
on_looked(void *arg)
{
	struct look *l = arg;

	l->then(l->ctx, &l->f);
	buf_free(&l->places);
	free(l->cwd);
	free(l->program);
	free(l->path);
	free(l);
}

void
wake_look(struct session *s, void (*then)(void *ctx, const struct wake_facts *f), void *ctx)
{
	struct look *l = xcalloc(1, sizeof *l);
	char **argv = profile_start_argv(s->profile, s->argv, "");
	const char *path = session_getenv(s, "PATH");

	l->then = then;
	l->ctx = ctx;
	l->restore = session_live(s) ? 0 : s->num;
	l->cwd = xstrdup(s->cwd ? s->cwd : "/");
	l->program = xstrdup(argv[0]);
	l->path = path ? xstrdup(path) : NULL;
	if (profile_needs_conversation(s->profile))
		transcript_places(s, &l->places);
	/* one that ran here is known to have left */
	if (s->past.started <= 0 &&
		profile_registry_dir(s->profile, env_of, s, l->live.dir, sizeof l->live.dir))
		snprintf(l->conversation, sizeof l->conversation, "%s", s->conversation);
	free(argv);
	aside_run(s->of->aside, do_look, on_looked, l);
}
