#include "sessions/server/reload.h"
#include "core/base/log.h"
#include "sessions/config/sections.h"
#include "sessions/store_thread/aside.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What lies there, read beside the loop. */
struct reading {
	struct reload *r;
	struct stat seen, st; /* as it was when it was read last; as it is */
	struct config config;
	struct profiles *profiles; /* NULL: nothing is to be taken over */
	struct sections *sections;
	struct err e;
};

static void
look(struct stat *st)
{
	if (stat(paths()->config, st) < 0)
		memset(st, 0, sizeof *st);
}

static void
on_event(uv_fs_event_t *watch, const char *name, int events, int status)
{
	struct reload *r = watch->data;

	(void)events;
	if (status < 0)
		uv_fs_event_stop(watch);
	else if (name && strcmp(name, strrchr(paths()->config, '/') + 1) == 0)
		r->touched(r->ctx);
}

void
reload_init(struct reload *r, struct sessions *ss, void (*touched)(void *ctx),
	void (*taken)(void *ctx), void *ctx)
{
	char dir[sizeof(paths()->config)];

	r->ss = ss;
	r->touched = touched;
	r->taken = taken;
	r->ctx = ctx;
	snprintf(dir, sizeof dir, "%s", paths()->config);
	*strrchr(dir, '/') = 0;
	uv_fs_event_init(ss->loop, &r->watch);
	r->watch.data = r;
	uv_unref((uv_handle_t *)&r->watch);
	if (uv_fs_event_start(&r->watch, on_event, dir, 0) < 0)
		log_debug("%s is not watched", dir);
	look(&r->seen);
}

/* Sessions point into the profiles: each goes over to its namesake, or to "shell". */
static void
take_profiles(struct sessions *ss, struct profiles *take)
{
	for (struct session *s = ss->first; s; s = s->next) {
		const struct profile *p = profile_find(take, profile_name(s->profile));

		s->profile = p ? p : profile_find(take, "shell");
	}
	profiles_free(ss->profiles);
	ss->profiles = take;
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void
do_read(void *arg)
{
	struct reading *k = arg;

	look(&k->st);
	if (!same(&k->st, &k->seen) && config_load(&k->config, paths()->config, &k->e) == 0 &&
		(k->sections = sections_load(paths()->config, &k->e)))
		k->profiles = profiles_load(paths()->config, &k->e);
}

static void
on_read(void *arg)
{
	struct reading *k = arg;
	struct reload *r = k->r;
	struct sessions *ss = r->ss;
	bool changed = !same(&k->st, &r->seen);

	r->looking = false;
	r->seen = k->st;
	if (changed && !k->profiles) {
		log_error("%s (the last good configuration stays)", k->e.msg);
		snprintf(ss->banner, sizeof ss->banner, "%.150s", k->e.msg);
	} else if (changed) {
		if (strstr(ss->banner, "config.ini:"))
			ss->banner[0] = 0;
		*ss->config = k->config;
		take_profiles(ss, k->profiles);
		sections_free(ss->sections);
		ss->sections = k->sections;
		k->sections = NULL;
		log_info("configuration read again");
		r->taken(r->ctx);
	}
	sections_free(k->sections);
	free(k);
}

bool
reload_is_told(const struct reload *r)
{
	return uv_is_active((const uv_handle_t *)&r->watch);
}

void
reload_check(struct reload *r)
{
	struct reading *k;

	if (r->looking)
		return;
	r->looking = true;
	k = xcalloc(1, sizeof *k);
	k->r = r;
	k->seen = r->seen;
	aside_run(r->ss->aside, do_read, on_read, k);
}
