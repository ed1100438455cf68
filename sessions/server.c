/* The server: its loop, its clock and its end. Started by the keeper as `muster server run` with
 * the keeper's socket as fd 3; it is expected to be killed at any moment (see server_start.c for
 * how a successor goes on).
 *
 * A turn of the loop: callbacks decode and mutate and mark what became dirty; uv_prepare, right
 * before the loop sleeps, makes the frames that are due and sends. Nothing else writes to clients.
 */
#include "sessions/memlimit.h"
#include "sessions/recorder.h"
#include "sessions/server.h"
#include "sessions/lifecycle.h"
#include "core/log.h"
#include "core/os.h"
#include "sessions/checkpoint.h"
#include "sessions/housekeeping.h"
#include "sessions/peer.h"
#include "sessions/pty.h"
#include "sessions/ring.h"
#include "sessions/sampler.h"
#include "sessions/server_priv.h"
#include "sessions/store_worker.h"
#include "sessions/view.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define TICK_MS 1000
#define TICK_MIN_MS 50
#define SETTLE_MS 100
#define SETTLE_QUIET_NS 80000000ull
#define SETTLE_LATEST_NS 400000000ull /* screen rules run this often under steady output */
#define WATCHDOG_STALE_S 5
#define POOL_THREADS "2" /* the sampler's, and for a footprint that somebody asked for */

/* Loop. */

static void
on_prepare(uv_prepare_t *h)
{
	struct server *sv = h->data;

	views_flush(sv);
	peers_flush(sv);
}

static int
take_client(struct server *sv)
{
	return accept4(sv->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Given up for a moment to tell a client that there is no fd for it: left unaccepted, it would keep
 * the listener readable. */
static int
open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
on_connection(uv_poll_t *h, int status, int events)
{
	struct server *sv = h->data;
	int fd, rc;

	(void)status;
	(void)events;
	while ((fd = take_client(sv)) >= 0)
		peer_accept(sv, fd);
	if (errno != EMFILE && errno != ENFILE)
		return;
	/* or nobody waits: the kernel takes the fd before it looks */
	close(sv->spare_fd);
	fd = take_client(sv);
	rc = fd < 0 ? errno : 0;
	if (fd >= 0)
		peer_refuse(fd, "the server has no file descriptor left for another client");
	else if (rc != EAGAIN)
		uv_poll_stop(h); /* until the next tick */
	sv->spare_fd = open_spare();
	if (rc != EAGAIN)
		log_error("no fd for another client");
}

static void
tell_changed(struct server *sv, struct session *s, uint64_t now)
{
	json_t *ev;

	s->changed = false;
	s->changed_ns = now;
	if (!peers_watching(sv))
		return;
	ev = json_pack("{s:s,s:o}", "ev", "session", "session", session_json(s));
	peers_event(sv, ev);
	json_decref(ev);
}

static void on_settle(uv_timer_t *t);

void
server_wants_settle(struct server *sv)
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
	for (struct session *s = sv->sessions; s; s = s->next) {
		if (s->unsettled && (now - s->output_ns > SETTLE_QUIET_NS ||
					    now - s->settled_ns > SETTLE_LATEST_NS)) {
			s->settled_ns = now;
			session_settle(s, now);
		} else if (!s->unsettled && s->changed)
			session_evaluate(s, now);
		more |= s->unsettled;
		if (s->changed)
			tell_changed(sv, s, now);
	}
	server_store_changed(sv);
	if (more)
		server_wants_settle(sv);
}

const char *
server_banner(const struct server *sv)
{
	return *sv->store_banner  ? sv->store_banner
	       : *sv->text_banner ? sv->text_banner
				  : sv->banner;
}

/* To whoever watches, when they differ from what was told last. */
static void
tell_totals(struct server *sv)
{
	json_t *ev;

	if (!peers_watching(sv))
		return;
	ev = json_pack("{s:s,s:o,s:o,s:s}", "ev", "totals", "totals", server_totals_json(sv),
		"pressure", server_pressure_json(sv), "banner", server_banner(sv));
	if (json_equal(ev, sv->told_totals)) {
		json_decref(ev);
		return;
	}
	peers_event(sv, ev);
	json_decref(sv->told_totals);
	sv->told_totals = ev;
}

static void
start_listening(struct server *sv)
{
	uv_poll_start(&sv->listener, UV_READABLE, on_connection);
}

/* A second, or as short as the time after which a quiet session's text goes to disk. */
static uint64_t
tick_ms(const struct server *sv)
{
	return (uint64_t)CLAMP(sv->config->store_after_s * 1000, TICK_MIN_MS, TICK_MS);
}

static void
on_tick(uv_timer_t *t)
{
	struct server *sv = t->data;
	uint64_t now = os_mono_ns();

	for (struct session *s = sv->sessions; s; s = s->next) {
		if (session_live(s) && !s->unsettled)
			session_evaluate(s, now);
		if (s->ring && ring_saved_upto(s->ring) != ring_head(s->ring))
			checkpoint_save(s);
		if (s->changed)
			server_wants_settle(sv);
	}
	housekeeping_tick(sv);
	recorder_tick(sv, now);
	peers_check(sv, now);
	views_check(sv);
	if (++sv->ticks % 5 == 0)
		tell_totals(sv);
	if (sv->spare_fd < 0)
		sv->spare_fd = open_spare();
	if (!uv_is_active((uv_handle_t *)&sv->listener))
		start_listening(sv);
	uv_timer_set_repeat(t, tick_ms(sv));
}

/* The keeper died: another one takes its place and gets all that lives. */
static void
hand_over(struct server *sv)
{
	keeper_adopt(sv->keeper, 0, getpid(), 0, false, 0, sv->self_pidfd);
	keeper_hold(sv->keeper, 0, KEEPER_ARENA, arena_fd(sv->arena));
	keeper_hold(sv->keeper, 0, KEEPER_LISTEN, sv->listen_fd);
	keeper_hold(sv->keeper, 0, KEEPER_LOCK, sv->lock_fd);
	for (struct session *s = sv->sessions, *next; s; s = next) {
		next = s->next;
		if (s->state ==
			SS_STARTING) { /* it died with the answer; s may be gone after this */
			server_on_spawned(sv, s->num, 0, 0, EPIPE, -1, -1);
			continue;
		}
		if (s->ring)
			keeper_hold(sv->keeper, s->num, KEEPER_RING, ring_fd(s->ring));
		if (s->spec >= 0)
			keeper_hold(sv->keeper, s->num, KEEPER_SPEC, s->spec);
		if (!s->pty)
			continue;
		keeper_hold(sv->keeper, s->num, KEEPER_MASTER, pty_fd(s->pty));
		keeper_adopt(sv->keeper, s->num, s->pid, s->pid_start, s->child_gone, 0, s->pidfd);
	}
}

static void
on_keeper_lost(void *ctx)
{
	struct server *sv = ctx;
	struct err e;

	if (sv->stopping) {
		uv_stop(&sv->loop);
		return;
	}
	if (keeper_link_replace(sv->keeper, &e) < 0) {
		log_error("%s", e.msg);
		snprintf(sv->banner, sizeof(sv->banner),
			"no keeper: sessions would not survive this server (%.80s)", e.msg);
		return;
	}
	hand_over(sv);
}

/* The watchdog: a loop that has not turned for long and burns CPU is ended; the keeper starts
 * another server, which leaves out the bytes it was stuck in when that happens twice. */

static _Atomic uint64_t turns;

static void *
watchdog(void *arg)
{
	uint64_t seen = 0, cpu_seen = 0;
	int stale = 0;

	for (;;) {
		struct timespec cpu;
		sleep(1);
		uint64_t n = turns;
		if (clock_gettime(*(clockid_t *)arg, &cpu) < 0)
			continue;
		uint64_t ms = (uint64_t)cpu.tv_sec * 1000 + (uint64_t)cpu.tv_nsec / 1000000;
		if (n != seen || ms - cpu_seen < 500)
			stale = 0;
		else if (++stale >= WATCHDOG_STALE_S)
			abort();
		seen = n;
		cpu_seen = ms;
	}
	return NULL;
}

static void
on_check(uv_check_t *c)
{
	(void)c;
	turns++;
}

static void
watchdog_start(struct server *sv)
{
	static clockid_t loop_clock;
	pthread_attr_t attr;
	pthread_t t;
	sigset_t all, old;

	if (pthread_getcpuclockid(pthread_self(), &loop_clock) != 0)
		return;
	uv_check_init(&sv->loop, &sv->check);
	uv_check_start(&sv->check, on_check);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&t, &attr, watchdog, &loop_clock) != 0)
		log_warn("no watchdog");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
}

/* Start and end. */

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
	setrlimit(RLIMIT_CORE, &none);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static void
load_config(struct server *sv)
{
	struct err e;

	sv->config = xcalloc(1, sizeof(*sv->config));
	if (config_load(sv->config, paths()->config, &e) < 0) {
		log_error("%s", e.msg);
		snprintf(sv->banner, sizeof(sv->banner), "%.150s", e.msg);
		CHECK(config_load(sv->config, NULL, &e) == 0);
	}
	if (!(sv->profiles = profiles_load(paths()->config, &e))) {
		log_error("%s", e.msg);
		snprintf(sv->banner, sizeof(sv->banner), "%.150s", e.msg);
		CHECK((sv->profiles = profiles_load(NULL, &e)));
	}
}

static void
on_sampled(void *ctx, uint32_t num, const struct memstat *m)
{
	struct session *s = server_session(ctx, num);

	if (!s)
		return;
	server_session_changed(ctx, s);
	memlimit_check(s, m);
}

static bool
on_is_helper(void *ctx, uint32_t num, const char *comm, const char *cmdline)
{
	struct session *s = server_session(ctx, num);

	return s && s->profile && profile_is_helper(s->profile, comm, cmdline);
}

static bool
on_is_shared(void *ctx, uint32_t num, const char *cmdline)
{
	struct session *s = server_session(ctx, num);

	return s && s->profile && profile_is_shared(s->profile, cmdline);
}

static char (*on_ended(void *ctx, size_t *n))[12]
{
	struct server *sv = ctx;
	char(*ids)[12];
	size_t k = 0;

	for (struct session *s = sv->sessions; s; s = s->next)
		k += !session_live(s);
	ids = xcalloc(k + 1, sizeof(*ids));
	*n = 0;
	for (struct session *s = sv->sessions; s; s = s->next)
		if (!session_live(s))
			memcpy(ids[(*n)++], s->id, sizeof(*ids));
	return ids;
}

static double
on_idle_s(void *ctx, uint32_t num)
{
	struct session *s = server_session(ctx, num);

	return s ? activity_idle_s(&s->act, os_mono_ns()) : 0;
}

static void
loop_setup(struct server *sv)
{
	struct keeper_ops ops = {.spawned = server_on_spawned,
		.exited = server_on_exited,
		.lost = on_keeper_lost,
		.ctx = sv};

	CHECK((sv->ptys = pty_hub_new(&sv->loop)));
	uv_prepare_init(&sv->loop, &sv->prepare);
	uv_timer_init(&sv->loop, &sv->tick);
	uv_timer_init(&sv->loop, &sv->settle);
	uv_timer_init(&sv->loop, &sv->frames);
	housekeeping_init(sv);
	sv->prepare.data = sv->tick.data = sv->settle.data = sv->frames.data = sv;
	uv_prepare_start(&sv->prepare, on_prepare);
	uv_timer_start(&sv->tick, on_tick, tick_ms(sv), tick_ms(sv));
	keeper_link_start(sv->keeper, &sv->loop, &ops);
	watchdog_start(sv);
}

void
server_try_stop(struct server *sv)
{
	if (!sv->stopping)
		return;
	for (struct session *s = sv->sessions; s; s = s->next)
		if (session_live(s) || s->ending)
			return;
	uv_stop(&sv->loop);
}

/* Only after a stop: all sessions have ended. */
static int
leave(struct server *sv)
{
	peers_flush(sv);
	keeper_stop(sv->keeper);
	server_store_changed(sv);
	lifecycle_close(sv->life);
	sv->life = NULL;
	if (sv->sampler)
		sampler_close(sv->sampler);
	recorder_flush(sv);
	store_worker_close(sv->store);
	unlink(paths()->socket);
	log_info("server %d leaves", (int)getpid());
	return 0;
}

int
server_main(int argc, char **argv)
{
	static struct server sv = {.listen_fd = -1, .lock_fd = -1, .next_num = 1, .self_pidfd = -1};
	struct keeper_held *held;
	struct sampler_ops so = {.sampled = on_sampled,
		.is_helper = on_is_helper,
		.idle_s = on_idle_s,
		.is_shared = on_is_shared,
		.ended = on_ended,
		.reaper = getppid(),
		.ctx = &sv};
	struct stat st;
	struct paths p;
	struct err e;
	char path[600];
	size_t n;

	(void)argc;
	(void)argv;
	if (fstat(KEEPER_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "muster: server: run is for the keeper (muster server start)\n");
		return 2;
	}
	process_setup();
	os_thread_prompt();
	if (paths_init(&p, &e) < 0) {
		fprintf(stderr, "muster: server: %s\n", e.msg);
		return KEEPER_EXIT_FINAL;
	}
	snprintf(path, sizeof(path), "%s/server.log", p.state);
	log_open(path, LOG_INFO);
	load_config(&sv);
	CHECK(uv_loop_init(&sv.loop) == 0);
	sv.started = os_wall_s();
	if (gethostname(sv.host, sizeof(sv.host) - 1) < 0)
		snprintf(sv.host, sizeof(sv.host), "localhost");
	if (!(sv.keeper = keeper_link_open(KEEPER_FD, &held, &n, &e))) {
		log_error("%s", e.msg);
		return KEEPER_EXIT_FINAL;
	}
	sv.self_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	loop_setup(&sv);
	if (server_listen(&sv, held, n, &e) < 0) {
		log_error("%s", e.msg);
		fprintf(stderr, "muster: server: %s\n", e.msg);
		return KEEPER_EXIT_FINAL;
	}
	sv.store = store_worker_new(&sv.loop, p.state, sv.store_banner);
	sv.sampler =
		sampler_new(&sv.loop, &so, sv.config->tick_s, sv.config->budget_ms_per_s, sv.store);
	server_recover(&sv, held, n);
	sv.life = lifecycle_new(&sv);
	CHECK(uv_poll_init(&sv.loop, &sv.listener, sv.listen_fd) == 0);
	sv.listener.data = &sv;
	sv.spare_fd = open_spare();
	start_listening(&sv);
	keeper_serving(sv.keeper);
	uv_run(&sv.loop, UV_RUN_DEFAULT);
	return leave(&sv);
}
