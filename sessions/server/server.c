/* The server: its loop, its clock and its end. Started by the keeper as `muster server run` with
 * the keeper's socket as fd 3; it is expected to be killed at any moment (see session/recover.c for
 * how a successor goes on).
 *
 * A turn of the loop: callbacks decode and mutate and mark what became dirty; uv_prepare, right
 * before the loop sleeps, makes the frames that are due and sends. Nothing else writes to clients.
 */
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/memory/census.h"
#include "sessions/proc/proc_read.h"
#include "sessions/pty/memdir.h"
#include "sessions/pty/pty.h"
#include "sessions/pty/ring.h"
#include "sessions/pty/shelf.h"
#include "sessions/server/server_priv.h"
#include "sessions/server/totals.h"
#include "sessions/server/watchdog.h"
#include "sessions/display/checkpoint.h"
#include "sessions/life/ended.h"
#include "sessions/display/recorder.h"
#include "sessions/life/recover.h"
#include "sessions/session/run.h"
#include "sessions/display/display.h"
#include "sessions/store_thread/aside.h"
#include "sessions/store_thread/store_worker.h"
#include "sessions/display/feed.h"
#include "sessions/life/course.h"
#include "sessions/config/sections.h"
#include "sessions/life/worktree.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TICK_MS 1000
#define TICK_MIN_MS 50
#define MEND_TICKS 30
#define COMPANY_NS 60000000000ull
#define SETTLE_MS 100
#define SETTLE_QUIET_NS 80000000ull
#define SETTLE_LATEST_NS 400000000ull /* screen rules run this often under steady output */
#define STOP_MS 8000		      /* for sessions to end, when all is to stop */
#define LAST_WORD_MS 1000
#define RETRY_FIRST_MS 500u
#define RETRY_MAX_MS 30000u
#define POOL_THREADS "4" /* the sampler's, a footprint that somebody asked for, two that may hang */

/* Loop. */

static void
on_prepare(uv_prepare_t *h)
{
	struct server *sv = h->data;

	views_flush(sv->views);
	peers_flush(sv->peers);
}

static void
tell_changed(struct server *sv, struct session *s)
{
	json_t *ev, *o;
	uint64_t look;

	s->changed = false;
	if (!peers_watching(sv->peers)) {
		s->told = 0;
		return;
	}
	o = session_json(s);
	look = session_look(o, os_wall_s());
	ev = json_pack("{s:s,s:o}", "ev", "session", "session", o);
	if (look != s->told)
		peers_event(sv->peers, ev);
	s->told = look;
	json_decref(ev);
}

static void on_settle(uv_timer_t *t);

void
server_settle_soon(struct server *sv)
{
	if (sv->settling)
		return;
	sv->settling = true;
	uv_timer_start(&sv->settle, on_settle, SETTLE_MS, 0);
}

static void
on_settle(uv_timer_t *t)
{
	struct server *sv = t->data;
	uint64_t now = os_mono_ns();
	bool more = false;

	sv->settling = false;
	for (struct session *s = sv->sessions.first; s; s = s->next) {
		struct display *sc = s->display;

		if (sc->unsettled && now - sc->settled_ns > SELDOM * sc->settle_cost_ns &&
			(now - sc->output_ns > SETTLE_QUIET_NS ||
				now - sc->settled_ns > SETTLE_LATEST_NS))
			feed_settle(s, now);
		else if (!sc->unsettled && (s->changed || run_waits(s, now)))
			run_evaluate(s, now);
		more |= sc->unsettled || run_waits(s, now);
		if (s->changed)
			tell_changed(sv, s);
	}
	sessions_store(&sv->sessions);
	if (more)
		server_settle_soon(sv);
}

const char *
server_trouble(const struct server *sv)
{
	const struct sessions *ss = &sv->sessions;

	return *ss->keeper_banner  ? ss->keeper_banner
	       : *ss->store_banner ? ss->store_banner
	       : *ss->text_banner  ? ss->text_banner
				   : ss->banner;
}

bool
server_replaced(const struct server *sv)
{
	return sv->replaced;
}

static void
do_look(void *arg)
{
	struct server *sv = arg;

	sv->replaced_seen = self_replaced();
}

static void
on_looked(void *arg)
{
	struct server *sv = arg;

	sv->replaced_looks = false;
	sv->replaced = sv->replaced_seen;
}

/* The program's file may be on a disk that hangs. */
static void
look_for_another(struct server *sv)
{
	if (sv->replaced_looks || !sv->sessions.aside)
		return;
	sv->replaced_looks = true;
	aside_run(sv->sessions.aside, do_look, on_looked, sv);
}

const char *
server_banner(const struct server *sv)
{
	const char *trouble = server_trouble(sv);

	return *trouble	      ? trouble
	       : sv->replaced ? "another muster is installed: muster upgrade goes over to it, with "
				"all sessions"
			      : "";
}

/* To whoever watches, when there is something else to see than was told last. */
static void
tell_totals(struct server *sv)
{
	json_t *ev;

	if (!peers_watching(sv->peers))
		return;
	ev = json_pack("{s:s,s:o,s:o,s:s}", "ev", "totals", "totals",
		sessions_totals_json(&sv->sessions), "pressure",
		sessions_pressure_json(&sv->sessions), "banner", server_banner(sv));
	if (totals_alike(sv->told_totals, ev)) {
		json_decref(ev);
		return;
	}
	peers_event(sv->peers, ev);
	json_decref(sv->told_totals);
	sv->told_totals = ev;
}

/* A second, or as short as the time after which a quiet session's text goes to disk. */
static uint64_t
tick_ms(const struct server *sv)
{
	return (uint64_t)CLAMP(sv->sessions.config->store_after_s * 1000, TICK_MIN_MS, TICK_MS);
}

static void
tick_session(struct session *s, uint64_t now)
{
	struct ring *ring = s->display->ring;

	if (!s->display->unsettled && (profile_needs_conversation(s->profile) || course_turn(s)))
		run_evaluate(s, now);
	if (ring && ring_saved_upto(ring) != ring_head(ring) &&
		now - s->display->saved_ns > SELDOM * s->display->save_cost_ns)
		checkpoint_save(s);
}

static void
open_log(void)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/server.log", paths()->state);
	log_open(path, LOG_INFO);
}

/* Are files to be looked at often? Somebody is here, or was a moment ago; or nothing tells of a change
 * to the configuration. */
static bool
in_company(const struct server *sv, uint64_t now)
{
	return sv->peers->n || now - sv->peers->came_ns < COMPANY_NS ||
	       !reload_is_told(&sv->reload);
}

static void
on_tick(uv_timer_t *t)
{
	struct server *sv = t->data;
	uint64_t now = os_mono_ns();

	course_next_turn(&sv->sessions);
	for (struct session *s = sv->sessions.first; s; s = s->next) {
		tick_session(s, now);
		if (s->changed)
			server_settle_soon(sv);
	}
	course_tick(&sv->sessions, now);
	ended_tick(&sv->sessions);
	worktrees_tick(&sv->sessions);
	housekeeping_tick(&sv->housekeeping);
	sessions_store(&sv->sessions); /* no text is on the disk before its session is */
	recorder_tick(&sv->sessions, now);
	peers_check(sv->peers, now);
	views_check(sv->views);
	if (++sv->ticks % 5 == 0)
		tell_totals(sv);
	if (listener_tick(&sv->listener)) {
		open_log();
		lifecycle_mend(sv->life);
		store_retry(sv->sessions.store); /* it looks at its files, too */
	} else if (sv->ticks % MEND_TICKS == 0)
		lifecycle_mend(sv->life);
	if (sv->ticks % (in_company(sv, now) ? 5 : MEND_TICKS) == 0) {
		reload_check(&sv->reload);
		look_for_another(sv);
	}
	uv_timer_set_repeat(t, tick_ms(sv));
}

static void
on_config_taken(void *ctx)
{
	lifecycle_judge_soon(((struct server *)ctx)->life);
}

static void
on_config_touched(void *ctx)
{
	struct server *sv = ctx;

	sv->ticks = MEND_TICKS - 1; /* the next tick looks: an editor writes in steps */
}

/* The keeper. */

static void
on_keeper_spawned(void *ctx, uint32_t id, pid_t pid, uint64_t start, int error, int take_master,
	int take_pidfd)
{
	course_spawned(
		&((struct server *)ctx)->sessions, id, pid, start, error, take_master, take_pidfd);
}

static void
on_keeper_exited(void *ctx, uint32_t id, pid_t pid, int status)
{
	course_exited(&((struct server *)ctx)->sessions, id, pid, status);
}

/* All that lives, to a keeper that replaces one which died. going_on: this server does, too. */
static void
hand_over(struct server *sv, bool going_on)
{
	keeper_adopt(sv->sessions.keeper, 0, getpid(), 0, false, 0, sv->self_pidfd);
	listener_hand_over(&sv->listener);
	recover_hand_over(&sv->sessions, going_on);
}

/* It died: another one takes its place and gets all that lives. */
static void
on_keeper_retry(uv_timer_t *t)
{
	struct server *sv = t->data;
	struct sessions *ss = &sv->sessions;
	unsigned tries = sv->keeper_tries;
	struct err e;

	if (keeper_link_replace(ss->keeper, &e) == 0) {
		sv->keeper_tries = 0;
		ss->keeper_banner[0] = 0;
		hand_over(sv, true);
		upgrade_went_on(&sv->upgrade, EPIPE); /* what the one before it was asked */
		return;
	}
	log_error("%s", e.msg);
	snprintf(ss->keeper_banner, sizeof(ss->keeper_banner),
		"no keeper: sessions would not survive this server (%.80s)", e.msg);
	sv->keeper_tries++;
	uv_timer_start(t, on_keeper_retry, MIN(RETRY_FIRST_MS << MIN(tries, 16u), RETRY_MAX_MS), 0);
}

static void
on_keeper_upgraded(void *ctx, int error)
{
	upgrade_went_on(&((struct server *)ctx)->upgrade, error);
}

static void
on_keeper_lost(void *ctx)
{
	struct server *sv = ctx;

	if (sv->stopping)
		uv_stop(&sv->loop);
	else
		on_keeper_retry(&sv->keeper_retry);
}

/* Start and end. */

static bool
traced(void)
{
	char text[4096], *p;
	bool yes = proc_read(getpid(), "status", text, sizeof text) > 0 &&
		   (p = strstr(text, "\nTracerPid:")) && strtol(p + 11, NULL, 10) != 0;

	if (yes)
		fprintf(stderr, "muster: server: a debugger is attached (let it go)\n");
	return yes;
}

static void
process_setup(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE};
	struct rlimit none = {0, 0}, files;

	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	umask(077);
	os_heap_setup();
	setenv("UV_THREADPOOL_SIZE", POOL_THREADS, 1);
	prctl(PR_SET_DUMPABLE, 0);
	/* from here on nobody of this user can attach; who was quicker sees nothing of sessions */
	if (traced())
		_exit(KEEPER_EXIT_FINAL);
	setrlimit(RLIMIT_CORE, &none);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static void
load_config(struct sessions *ss)
{
	struct err e;

	ss->config = xcalloc(1, sizeof(*ss->config));
	if (config_load(ss->config, paths()->config, &e) < 0) {
		log_error("%s", e.msg);
		snprintf(ss->banner, sizeof(ss->banner), "%.150s", e.msg);
		CHECK(config_load(ss->config, NULL, &e) == 0);
	}
	if (!(ss->profiles = profiles_load(paths()->config, &e))) {
		log_error("%s", e.msg);
		snprintf(ss->banner, sizeof(ss->banner), "%.150s", e.msg);
		CHECK((ss->profiles = profiles_load(NULL, &e)));
	}
	if (!(ss->sections = sections_load(paths()->config, &e))) /* said above */
		ss->sections = sections_load(NULL, &e);
}

static void
loop_setup(struct server *sv)
{
	struct keeper_ops ops = {.spawned = on_keeper_spawned,
		.exited = on_keeper_exited,
		.lost = on_keeper_lost,
		.upgraded = on_keeper_upgraded,
		.ctx = sv};

	CHECK((sv->sessions.ptys = pty_hub_new(&sv->loop)));
	uv_prepare_init(&sv->loop, &sv->prepare);
	uv_timer_init(&sv->loop, &sv->tick);
	uv_timer_init(&sv->loop, &sv->settle);
	uv_timer_init(&sv->loop, &sv->stop);
	uv_timer_init(&sv->loop, &sv->keeper_retry);
	sv->keeper_retry.data = sv;
	housekeeping_init(&sv->housekeeping, &sv->sessions);
	sv->prepare.data = sv->tick.data = sv->settle.data = sv->stop.data = sv;
	uv_prepare_start(&sv->prepare, on_prepare);
	uv_timer_start(&sv->tick, on_tick, tick_ms(sv), tick_ms(sv));
	keeper_link_start(sv->sessions.keeper, &sv->loop, &ops);
	watchdog_start(&sv->loop);
}

static void
services_setup(struct server *sv)
{
	struct sessions *ss = &sv->sessions;

	ss->aside = aside_new(&sv->loop);
	ss->git = aside_new(&sv->loop);
	ss->store = store_worker_new(&sv->loop, paths()->state, ss->store_banner);
	ss->sampler = server_sampler(sv);
	ss->census = census_new(&sv->loop, ss->sampler, ss->store);
}

static void
on_stop_late(uv_timer_t *t)
{
	log_error("what does not end is left behind");
	uv_stop(t->loop);
}

static void
on_tree_ended(void *ctx, struct session *s)
{
	struct server *sv = ctx;

	if (s)
		waits_check(&sv->waits, s);
	server_try_stop(sv);
}

void
server_try_stop(struct server *sv)
{
	if (!sv->stopping || ends_any(lifecycle_ends(sv->life)))
		return;
	for (struct session *s = sv->sessions.first; s; s = s->next)
		if (s->run && !s->run->unkillable)
			return;
	uv_stop(&sv->loop);
}

void
server_stop(struct server *sv)
{
	sv->stopping = true;
	uv_update_time(&sv->loop);
	uv_timer_start(&sv->stop, on_stop_late, STOP_MS, 0);
	ends_kill_all(lifecycle_ends(sv->life));
	server_try_stop(sv);
}

static void
close_handle(uv_handle_t *h, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

/* No callback runs any more but those of closed handles, which free what these belong to. */
static void
close_all(struct server *sv)
{
	struct sessions *ss = &sv->sessions;

	pty_hub_close(ss->ptys);
	keeper_link_close(ss->keeper);
	uv_walk(&sv->loop, close_handle, NULL);
	uv_run(&sv->loop, UV_RUN_NOWAIT);
	shelf_free(ss->shelf);
}

/* Only after a stop. */
static int
leave(struct server *sv)
{
	struct sessions *ss = &sv->sessions;

	peers_flush(sv->peers);
	listener_rest(&sv->listener);
	peers_bye(sv->peers, "it was stopped", true);
	for (struct session *s = ss->first; s; s = s->next)
		if (s->run)
			course_abandon(s);
	keeper_stop(ss->keeper);
	keeper_link_flush(ss->keeper, LAST_WORD_MS);
	sessions_store(ss);
	lifecycle_close(sv->life);
	census_close(ss->census);
	ss->census = NULL;
	sampler_close(ss->sampler);
	ss->sampler = NULL;
	if (recorder_flush(ss))
		memdir_clear(ss->memdir);
	store_worker_close(ss->store);
	close_all(sv);
	listener_leave(&sv->listener);
	paths_leave();
	log_info("server %d leaves", (int)getpid());
	return 0;
}

/* As leave(), but that all goes on: a successor takes over from what the keeper has. */
static void
yield_place(void *ctx)
{
	struct server *sv = ctx;

	for (struct session *s = sv->sessions.first; s; s = s->next)
		if (s->run && !term_parked(s->display->term))
			checkpoint_save(s);
	peers_bye(sv->peers, "another muster takes over", false);
	sessions_store(&sv->sessions);
	store_worker_close(sv->sessions.store);
	log_info("server %d makes room for the next", (int)getpid());
	if (!keeper_yield(sv->sessions.keeper)) {
		hand_over(sv, false);
		keeper_link_flush(sv->sessions.keeper, LAST_WORD_MS);
	}
	_exit(0);
}

void
server_upgrade(struct server *sv, const char *program, upgrade_done done, void *ctx)
{
	upgrade_begin(&sv->upgrade, program, done, ctx);
}

struct lifecycle *
server_lifecycle(struct server *sv)
{
	return sv->life;
}

struct waits *
server_waits(struct server *sv)
{
	return &sv->waits;
}

double
server_started(const struct server *sv)
{
	return sv->started;
}

unsigned
server_clients(const struct server *sv)
{
	return sv->peers->n;
}

/* The process as it is before it knows of any session: -1 and *e. */
static int
begin(struct server *sv, struct keeper_held **held, size_t *n, struct err *e)
{
	static struct paths p;

	process_setup();
	os_thread_prompt();
	if (paths_init(&p, e) < 0)
		return -1;
	open_log();
	load_config(&sv->sessions);
	sv->started = os_wall_s();
	if (gethostname(sv->sessions.host, sizeof(sv->sessions.host) - 1) < 0)
		snprintf(sv->sessions.host, sizeof(sv->sessions.host), "localhost");
	if (!(sv->sessions.keeper = keeper_link_open(KEEPER_FD, held, n, e)))
		return -1;
	sv->self_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	loop_setup(sv);
	return keeper_link_trial(sv->sessions.keeper)
		       ? 0
		       : listener_open(&sv->listener, sv->sessions.keeper, *held, *n, e);
}

/* The clients' side, which asks for nothing before the sessions are there. */
static void
clients_setup(struct server *sv, const struct command *commands, size_t n)
{
	static const struct peer_ops ops = {
		.frame = view_frame, .closed = views_peer_closed, .used = views_of_peer};

	LIST_INIT(&sv->waits.list);
	sv->views = views_new(&sv->loop);
	sv->peers = peers_new(&sv->loop, commands, n);
	sv->peers->ops = &ops;
	sv->peers->views = sv->views;
	sv->peers->sessions = &sv->sessions;
	sv->peers->server = sv;
}

static void
on_panic(void *ctx, FILE *out)
{
	server_dump(ctx, out);
}

int
server_run(const struct command *commands, size_t n_commands)
{
	static struct server sv;
	struct keeper_held *held = NULL;
	struct stat st;
	struct err e;
	unsigned taken;
	size_t n = 0;

	if (fstat(KEEPER_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "muster: server: run is for the keeper (muster server start)\n");
		return 2;
	}
	sv.sessions = (struct sessions){
		.loop = &sv.loop, .ops = &server_observes, .ctx = &sv, .next_num = 1};
	CHECK(uv_loop_init(&sv.loop) == 0);
	clients_setup(&sv, commands, n_commands);
	if (begin(&sv, &held, &n, &e) < 0) {
		log_error("%s", e.msg);
		fprintf(stderr, "muster: server: %s\n", e.msg);
		return KEEPER_EXIT_FINAL;
	}
	services_setup(&sv);
	if (!keeper_link_trial(sv.sessions.keeper))
		sv.sessions.memdir = memdir_open(MEMDIR_ROOT, paths()->state);
	taken = recover(&sv.sessions, held, n);
	keeper_held_free(held, n);
	if (keeper_link_trial(sv.sessions.keeper))
		return keeper_proved(sv.sessions.keeper, taken) < 0;
	upgrade_init(&sv.upgrade, &sv.sessions, yield_place, &sv);
	sv.life = lifecycle_new(&sv.sessions, on_tree_ended, &sv);
	lifecycle_go_on(sv.life);
	reload_init(&sv.reload, &sv.sessions, on_config_touched, on_config_taken, &sv);
	panic_dumps(on_panic, &sv);
	listener_start(&sv.listener, sv.peers);
	keeper_serving(sv.sessions.keeper, taken);
	uv_run(&sv.loop, UV_RUN_DEFAULT);
	return leave(&sv);
}
