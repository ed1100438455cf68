/* What is typed is kept until the session is ready (activity.h), or it had its time. Text goes in
 * first and each Enter 150 ms later: a CLI takes text that comes together with its Enter for a
 * paste. */
#include "sessions/waking.h"
#include "core/os.h"
#include <stdlib.h>
#include <sys/queue.h>

#define SEC 1000000000ull
#define PATIENCE_NS (30 * SEC)
#define ENTER_DELAY_NS (SEC * 3 / 20)
#define KEEP_BYTES_MAX (64u << 10)
#define LOOK_MS 50

struct waking {
	LIST_ENTRY(waking) link;
	uint32_t num;
	uint64_t since_ns, typed_ns;
	struct buf keys;
};
struct wakings {
	struct server *sv;
	uv_timer_t timer;
	LIST_HEAD(, waking) list;
};

static struct waking *
find(const struct wakings *all, uint32_t num)
{
	struct waking *w;

	LIST_FOREACH(w, &all->list, link)
	if (w->num == num)
		return w;
	return NULL;
}

static void
drop(struct waking *w)
{
	LIST_REMOVE(w, link);
	buf_free(&w->keys);
	free(w);
}

static bool
is_ready(const struct session *s, const struct waking *w, uint64_t now)
{
	return now - w->since_ns > PATIENCE_NS || (s->state == SS_RUNNING && s->act.ready_ns);
}

static void
type_some(struct session *s, struct waking *w, uint64_t now)
{
	size_t n = 0;

	if (w->typed_ns && now - w->typed_ns < ENTER_DELAY_NS)
		return;
	while (n < w->keys.len && w->keys.data[n] != '\r')
		n++;
	n = MAX(n, (size_t)1);
	activity_typed(&s->act, w->keys.data, n, now);
	session_write(s, w->keys.data, n, NULL);
	s->last_send_ns = now;
	buf_drop(&w->keys, n);
	w->typed_ns = now;
}

static void
on_timer(uv_timer_t *t)
{
	struct wakings *all = t->data;
	struct waking *w = LIST_FIRST(&all->list), *next;
	uint64_t now = os_mono_ns();

	for (; w; w = next) {
		struct session *s = server_session(all->sv, w->num);

		next = LIST_NEXT(w, link);
		if (!s || !session_live(s)) {
			drop(w);
		} else if (w->typed_ns || is_ready(s, w, now)) {
			if (w->keys.len)
				type_some(s, w, now);
			if (w->keys.len)
				continue;
			drop(w);
			waits_check(all->sv, s);
		}
	}
	if (LIST_EMPTY(&all->list))
		uv_timer_stop(t);
}

struct wakings *
wakings_new(struct server *sv)
{
	struct wakings *all = xcalloc(1, sizeof *all);

	all->sv = sv;
	uv_timer_init(&sv->loop, &all->timer);
	all->timer.data = all;
	return all;
}

static void
closed(uv_handle_t *h)
{
	free(h->data);
}

void
wakings_close(struct wakings *all)
{
	while (!LIST_EMPTY(&all->list))
		drop(LIST_FIRST(&all->list));
	uv_close((uv_handle_t *)&all->timer, closed);
}

void
waking_begin(struct wakings *all, struct session *s)
{
	struct waking *w;

	waking_end(all, s->num);
	w = xcalloc(1, sizeof *w);
	w->num = s->num;
	w->since_ns = os_mono_ns();
	LIST_INSERT_HEAD(&all->list, w, link);
	uv_timer_start(&all->timer, on_timer, LOOK_MS, LOOK_MS);
}

bool
waking_is(const struct wakings *all, uint32_t num)
{
	return find(all, num) != NULL;
}

bool
waking_hold(struct wakings *all, uint32_t num, const void *p, size_t n)
{
	struct waking *w = find(all, num);

	if (!w || w->keys.len + n > KEEP_BYTES_MAX)
		return false;
	buf_put(&w->keys, p, n);
	return true;
}

void
waking_end(struct wakings *all, uint32_t num)
{
	struct waking *w = find(all, num);

	if (w)
		drop(w);
}
