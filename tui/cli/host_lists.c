/* One list of several machines: all are asked at once, and the list is there as soon as the slowest has
 * answered, or had its time. */
#include "core/os/os.h"
#include "sessions/client/host.h"
#include "sessions/config/config.h"
#include "sessions/wire/json.h"
#include "tui/cli/host.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 8000, HOSTS_MAX = 64 };

struct asked {
	struct all *of;
	char name[HOST_NAME_MAX_BYTES], why[160];
	struct client *c; /* NULL: answered, or away */
	json_t *reply;
};
struct all {
	uv_loop_t loop;
	uv_timer_t patience;
	const json_t *args;
	struct asked host[HOSTS_MAX];
	size_t n, waits;
};

/* What a host said last, for when it is away. */
static const char *
cache_path(char *buf, size_t cap, const char *host)
{
	snprintf(buf, cap, "%s/host-%s.json", paths()->state, host);
	return buf;
}

static void
keep(const struct asked *a)
{
	char path[700], fresh[720];

	cache_path(path, sizeof path, a->name);
	snprintf(fresh, sizeof fresh, "%s.%d", path, (int)getpid());
	mode_t was = umask(077);
	if (json_dump_file(a->reply, fresh, JSON_COMPACT) != 0 || rename(fresh, path) < 0)
		unlink(fresh);
	umask(was);
}

static void
done(struct asked *a)
{
	struct all *all = a->of;

	if (!a->c)
		return;
	client_free(a->c);
	a->c = NULL;
	if (--all->waits == 0)
		uv_stop(&all->loop);
}

static void
on_list(void *ctx, json_t *reply, const struct err *e)
{
	struct asked *a = ctx;

	a->reply = json_incref(reply);
	if (e && !*a->why)
		snprintf(a->why, sizeof a->why, "%.150s", e->msg);
	if (a->reply) /* a loss is told by lost() */
		done(a);
}

static void
on_back(void *ctx)
{
	struct asked *a = ctx;

	client_request(a->c, "ls", json_deep_copy(a->of->args), on_list, a);
}

static void
on_lost(void *ctx)
{
	struct asked *a = ctx;

	snprintf(a->why, sizeof a->why, "%.150s", client_bye(a->c));
	done(a);
}

static void
on_patience(uv_timer_t *t)
{
	uv_stop(t->loop);
}

static void
ask(struct all *all, const char *name)
{
	struct asked *a = &all->host[all->n++];
	struct client_ops ops = {.back = on_back, .lost = on_lost, .ctx = a};
	struct err e = {0};

	a->of = all;
	snprintf(a->name, sizeof a->name, "%s", name);
	if (!(a->c = client_open(name, &e))) {
		snprintf(a->why, sizeof a->why, "%.150s", e.msg);
		return;
	}
	all->waits++;
	client_start(a->c, &all->loop, &ops);
}

/* Its rows, under its name. */
static void
take_rows(const struct asked *a, json_t *from, bool away, json_t *into)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(from, "sessions"), i, s) {
		obj_put_text(s, "host", a->name);
		if (away)
			json_object_set_new(s, "away", json_true());
		json_array_append(into, s);
	}
}

static json_t *
host_json(struct asked *a, bool plain, json_t *into)
{
	bool away = !a->reply;
	json_t *o = json_pack("{s:s,s:b}", "name", a->name, "away", away), *last = NULL;
	char path[700];

	if (!away) {
		if (plain)
			keep(a);
		take_rows(a, a->reply, false, into);
	} else {
		obj_put_text(o, "why", *a->why ? a->why : "no answer");
		if (plain &&
			(last = json_load_file(cache_path(path, sizeof path, a->name), 0, NULL)))
			take_rows(a, last, true, into);
	}
	json_decref(last);
	json_decref(a->reply);
	return o;
}

static void
on_walk(uv_handle_t *h, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

void
host_lists(const json_t *args, json_t *reply)
{
	struct all *all = xcalloc(1, sizeof *all);
	json_t *hosts = json_array(), *into = json_object_get(reply, "sessions");
	char name[HOST_NAME_MAX_BYTES];

	uv_loop_init(&all->loop);
	uv_timer_init(&all->loop, &all->patience);
	all->args = args;
	while (all->n < HOSTS_MAX && host_name(all->n, name))
		ask(all, name);
	uv_timer_start(&all->patience, on_patience, PATIENCE_MS, 0);
	if (all->waits)
		uv_run(&all->loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < all->n; i++) {
		client_free(all->host[i].c);
		/* rows that are kept are those of a list without conditions */
		json_array_append_new(hosts,
			host_json(&all->host[i],
				json_object_size(args) <= 1 && !obj_true(args, "all"), into));
	}
	uv_walk(&all->loop, on_walk, NULL);
	uv_run(&all->loop, UV_RUN_DEFAULT);
	uv_loop_close(&all->loop);
	free(all);
	if (json_array_size(hosts))
		json_object_set(reply, "hosts", hosts);
	json_decref(hosts);
}
