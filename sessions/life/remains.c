#include "sessions/life/remains.h"
#include "core/base/log.h"
#include "core/page/page.h"
#include "sessions/pty/memdir.h"
#include "sessions/pty/ring.h"
#include "sessions/pty/shelf.h"
#include "sessions/display/display.h"
#include "sessions/life/ended.h"
#include "sessions/display/feed.h"
#include "sessions/life/sessions.h"
#include <stdlib.h>
#include <unistd.h>

static void
leave_memdir(struct sessions *ss)
{
	memdir_clear(ss->memdir);
	memdir_free(ss->memdir);
	ss->memdir = NULL;
}

/* Out of a directory where the next page that is touched may be one too many. */
static int
moved(struct sessions *ss, uint32_t id, int slot, int fd)
{
	int copy = fd < 0 ? -1 : memory_copy(fd);

	if (copy < 0)
		return fd;
	close(fd);
	keeper_hold(ss->keeper, id, slot, copy);
	return copy;
}

static void
take_arena(struct sessions *ss, int fd)
{
	if (fd >= 0 && !(ss->arena = arena_adopt(fd)))
		log_error("the history of the server before this one cannot be read");
	if (!ss->arena) {
		ss->arena = arena_new_in(memdir_new(ss->memdir, MEMDIR_ARENA), 0);
		CHECK(ss->arena);
		memdir_keep(ss->memdir, MEMDIR_ARENA);
	}
	keeper_hold(ss->keeper, 0, KEEPER_ARENA, arena_fd(ss->arena));
}

static void
take_shelf(struct sessions *ss, int fd)
{
	if (fd >= 0 && !(ss->shelf = shelf_adopt(fd)))
		log_error("what the server before this one kept of ended sessions cannot be read");
	if (!ss->shelf) {
		ss->shelf = shelf_new(memdir_new(ss->memdir, MEMDIR_SHELF));
		CHECK(ss->shelf);
		memdir_keep(ss->memdir, MEMDIR_SHELF);
	}
	ended_hold_shelf(ss);
}

void
remains_open(struct sessions *ss, struct keeper_held *held, size_t n)
{
	struct keeper_held *g = keeper_held_globals(held, n);
	int arena = keeper_held_take(g, KEEPER_ARENA), shelf = keeper_held_take(g, KEEPER_SHELF);
	bool tight = memdir_tight(ss->memdir);

	if (arena < 0) {
		arena = memdir_take(ss->memdir, MEMDIR_ARENA);
		if (shelf < 0)
			shelf = memdir_take(ss->memdir, MEMDIR_SHELF);
	} else if (!memdir_is(ss->memdir, MEMDIR_ARENA, arena)) {
		leave_memdir(ss); /* the rings there are of another arena */
	}
	if (tight) {
		log_warn("there is no room in " MEMDIR_ROOT ": what stood there moves");
		arena = moved(ss, 0, KEEPER_ARENA, arena);
		shelf = moved(ss, 0, KEEPER_SHELF, shelf);
		for (size_t i = 0; i < n; i++)
			if (held[i].id)
				held[i].fd[KEEPER_RING] =
					moved(ss, held[i].id, KEEPER_RING, held[i].fd[KEEPER_RING]);
		leave_memdir(ss);
	}
	take_arena(ss, arena);
	take_shelf(ss, shelf);
}

/* Its output up to the death of server and keeper, silently: nobody waits for its replies. */
static void
take_ring(struct session *s, int fd)
{
	struct ring *r = fd < 0 ? NULL : ring_attach(fd);

	if (!r)
		return;
	ring_recover(r);
	ring_set_effects(r, ring_head(r));
	s->display->ring = r;
	keeper_hold(s->of->keeper, s->num, KEEPER_RING, ring_fd(r));
	feed_load(s, false);
	term_park(s->display->term);
}

void
remains_rings(struct sessions *ss)
{
	size_t n;
	uint32_t *num = memdir_rings(ss->memdir, &n);

	for (size_t i = 0; i < n; i++) {
		struct session *s = sessions_num(ss, num[i]);
		char name[MEMDIR_NAME];

		memdir_ring(name, num[i]);
		if (s && !s->display->ring && !s->display->term &&
			!shelf_has(ss->shelf, num[i], SHELF_END))
			take_ring(s, memdir_take(ss->memdir, name));
		if (!s || !s->display->ring)
			memdir_drop(ss->memdir, name);
	}
	free(num);
}

struct ring *
remains_ring(struct sessions *ss, uint32_t num)
{
	char name[MEMDIR_NAME];
	struct ring *r;

	memdir_ring(name, num);
	if ((r = ring_new(memdir_new(ss->memdir, name))))
		memdir_keep(ss->memdir, name);
	return r;
}
