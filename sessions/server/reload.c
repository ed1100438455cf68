#include "sessions/server/reload.h"
#include "core/base/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
reload_init(struct reload *r, struct sessions *ss, void (*touched)(void *ctx), void *ctx)
{
	char dir[sizeof(paths()->config)];

	r->ss = ss;
	r->touched = touched;
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

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
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

bool
reload_check(struct reload *r)
{
	struct sessions *ss = r->ss;
	struct profiles *profiles;
	struct config c;
	struct stat st;
	struct err e;

	look(&st);
	if (same(&st, &r->seen))
		return false;
	r->seen = st;
	if (config_load(&c, paths()->config, &e) < 0 ||
		!(profiles = profiles_load(paths()->config, &e))) {
		log_error("%s (the last good configuration stays)", e.msg);
		snprintf(ss->banner, sizeof ss->banner, "%.150s", e.msg);
		return false;
	}
	if (strstr(ss->banner, "config.ini:"))
		ss->banner[0] = 0;
	*ss->config = c;
	take_profiles(ss, profiles);
	log_info("configuration read again");
	return true;
}
