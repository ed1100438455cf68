/* A house for sessions without a server: a loop, an arena, a store on a real disk, and a keeper that
 * is the other end of a socket, played by the test. What the sessions tell is counted. */
#ifndef TESTS_HOUSE_H
#define TESTS_HOUSE_H
#include "core/os/os.h"
#include "core/page/page.h"
#include "sessions/keeper/record.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/pty.h"
#include "sessions/pty/shelf.h"
#include "sessions/display/display.h"
#include "sessions/session/run.h"
#include "sessions/life/sessions.h"
#include "sessions/store_thread/aside.h"
#include "sessions/store_thread/store_worker.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static struct house {
	uv_loop_t loop;
	uv_timer_t alive; /* a loop without handles would not turn */
	struct sessions ss;
	int keeper; /* its end of the socket */
	unsigned states, events, gone, over;
	char last_event[40];
} house;

static inline char **
house_argv(void *ctx, struct session *s, char *const *argv)
{
	(void)ctx;
	(void)s;
	(void)argv;
	return NULL;
}

static inline void
house_ignores(void *ctx, struct session *s)
{
	(void)ctx;
	(void)s;
}

static inline void
house_over(void *ctx, struct session *s)
{
	(void)ctx;
	(void)s;
	house.over++;
}

static inline void
house_state(void *ctx, struct session *s, enum session_state was)
{
	(void)ctx;
	(void)was;
	sessions_keep_state(s);
	house.states++;
}

static inline void
house_screen(void *ctx, struct session *s, enum screen_news what, const struct screen_note *n)
{
	(void)ctx;
	(void)s;
	(void)what;
	(void)n;
}

static inline void
house_event(void *ctx, struct session *s, const char *event, double t, json_t *detail)
{
	(void)ctx;
	(void)s;
	(void)t;
	(void)detail;
	house.events++;
	snprintf(house.last_event, sizeof(house.last_event), "%s", event);
}

static inline void
house_gone(void *ctx, struct session *s)
{
	(void)ctx;
	(void)s;
	house.gone++;
}

static struct session_ops house_ops = {.argv = house_argv,
	.started = house_ignores,
	.over = house_over,
	.state = house_state,
	.activity = house_ignores,
	.evaluated = house_ignores,
	.changed = house_ignores,
	.unsettled = house_ignores,
	.screen = house_screen,
	.event = house_event,
	.gone = house_gone};

static inline void
house_on_alive(uv_timer_t *t)
{
	(void)t;
}

/* Reads what the server asked of its keeper; descriptors are closed. false: nothing waits. */
static inline bool
house_asked(struct keeper_rec *r)
{
	int fd[KEEPER_REC_FDS];

	if (record_receive(house.keeper, r, fd) <= 0)
		return false;
	record_close(fd);
	return true;
}

static inline void
house_open_keeper(void)
{
	struct keeper_held *held;
	struct err e;
	int sv[2];
	size_t n;

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv), 0);
	house.keeper = sv[1];
	record_send(sv[1],
		(struct keeper_rec){.type = KEEPER_HELLO, .id = KEEPER_VERSION, .pid = getpid()},
		-1, -1);
	record_send(sv[1], (struct keeper_rec){.type = KEEPER_READY}, -1, -1);
	house.ss.keeper = keeper_link_open(sv[0], &held, &n, &e);
	assert_non_null(house.ss.keeper);
	keeper_held_free(held, n);
}

static inline void
house_begin(void)
{
	static struct paths p;
	struct sessions *ss = &house.ss;
	struct err e;

	memset(&house, 0, sizeof(house));
	assert_int_equal(paths_init(&p, &e), 0);
	assert_int_equal(uv_loop_init(&house.loop), 0);
	uv_timer_init(&house.loop, &house.alive);
	uv_timer_start(&house.alive, house_on_alive, 5, 5);
	*ss = (struct sessions){
		.loop = &house.loop, .ops = &house_ops, .ctx = &house, .next_num = 1};
	ss->config = xcalloc(1, sizeof(*ss->config));
	assert_int_equal(config_load(ss->config, NULL, &e), 0);
	ss->config->from_sessions = FROM_SESSIONS_ALLOW; /* the test is keeper and client in one */
	assert_non_null(ss->profiles = profiles_load(NULL, &e));
	ss->arena = arena_new(0);
	ss->store = store_worker_new(&house.loop, paths()->state, ss->store_banner);
	ss->aside = aside_new(&house.loop);
	ss->shelf = shelf_new(os_memfd("shelf"));
	ss->ptys = pty_hub_new(&house.loop);
	house_open_keeper();
}

/* Returns uv_loop_close's: 0 when no handle is left. */
static inline int
house_end(void)
{
	struct sessions *ss = &house.ss;

	store_worker_close(ss->store);
	pty_hub_close(ss->ptys);
	keeper_link_close(ss->keeper);
	close(house.keeper);
	aside_close(ss->aside);
	uv_close((uv_handle_t *)&house.alive, NULL);
	uv_run(&house.loop, UV_RUN_DEFAULT);
	arena_free(ss->arena);
	shelf_free(ss->shelf);
	profiles_free(ss->profiles);
	free(ss->config);
	return uv_loop_close(&house.loop);
}
#endif
