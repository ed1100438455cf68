/* Random lives of sessions against a naive model: begun, printing, ended, killed, put to sleep, woken
 * and deleted, while server and keeper die at any moment. Children, ptys and the keeper are played
 * by the test (house.h), so a sequence takes milliseconds. No session may ever be stuck, lost,
 * doubled or without its text, whoever died.
 *
 *   MODEL_SEQUENCES=100000 build/release/tests/sessions/test_model     for longer
 *   MODEL_SEED=7 …          from that one on; alone: it again */
#include "core/term/term.h"
#include "sessions/closing/ends.h"
#include "sessions/life/course.h"
#include "sessions/life/ended.h"
#include "sessions/life/recover.h"
#include "tests/sessions/house.h"

#define SLOTS 8 /* sessions at a time */
#define STEPS 60
#define SEQUENCES 150
#define TURNS 4000
#define STOPPED 16 /* so many sequences to one that ends by a stop: an ending has its own clock */

enum word { COMING, RUNS, CLOSES, SLEEPS, ASLEEP, ENDED, LOST };
static const enum session_state of_word[] = {[COMING] = SS_STARTING,
	[RUNS] = SS_RUNNING,
	[CLOSES] = SS_CLOSING,
	[SLEEPS] = SS_SLEEPING,
	[ASLEEP] = SS_ASLEEP,
	[ENDED] = SS_EXITED,
	[LOST] = SS_LOST};

/* What the model knows of a session, and the keeper's entry and the child that it plays. */
struct model {
	uint32_t num; /* 0: free */
	enum word word, before;
	bool killed; /* while it was coming */
	int lines;   /* printed and seen */
	/* the keeper's */
	int fd[KEEPER_SLOTS];
	pid_t pid;
	uint32_t flags;
	int status;
	int far_end, life; /* of its pty; of its pidfd, which is a pipe */
	int child;	   /* which it is, of all */
};
static struct model m[SLOTS];
static int global_fd[KEEPER_SLOTS];
static uint64_t seed, began; /* as it stands; with which this sequence began */
static pid_t next_pid = 4000000;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

static void
drop_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static struct model *
entry(uint32_t num)
{
	for (int i = 0; i < SLOTS; i++)
		if (m[i].num == num)
			return &m[i];
	return NULL;
}

static struct session *
session_of(const struct model *e)
{
	return sessions_num(&house.ss, e->num);
}

/* The keeper: takes what the server said. */

static void
born(struct model *e, int *spec, int *ring)
{
	int pty[2], life[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pty), 0);
	assert_int_equal(pipe2(life, O_CLOEXEC), 0);
	drop_fd(&e->fd[KEEPER_SPEC]);
	e->fd[KEEPER_SPEC] = *spec;
	*spec = -1;
	if (*ring >= 0) {
		drop_fd(&e->fd[KEEPER_RING]);
		e->fd[KEEPER_RING] = *ring;
		*ring = -1;
	}
	e->fd[KEEPER_MASTER] = pty[0];
	e->fd[KEEPER_PIDFD] = life[0];
	e->far_end = pty[1];
	e->life = life[1];
	e->flags = KEEPER_STARTING;
	e->pid = next_pid++;
	e->child = (int)e->pid;
	e->status = 0;
}

static void
keeper_drops(struct model *e, unsigned slot)
{
	for (unsigned i = 0; i < KEEPER_SLOTS; i++)
		if (i == slot || slot == KEEPER_ALL_SLOTS)
			drop_fd(&e->fd[i]);
	if (slot == KEEPER_ALL_SLOTS) {
		e->pid = 0;
		e->flags = 0;
	}
}

static void
keeper_hears(void)
{
	int fd[KEEPER_REC_FDS];
	struct keeper_rec r;

	while (record_receive(house.keeper, &r, fd) > 0) {
		struct model *e = r.id ? entry(r.id) : NULL;
		int *held = !r.id ? global_fd : e ? e->fd : NULL;

		if (r.type == KEEPER_HOLD && held && r.slot < KEEPER_SLOTS) {
			drop_fd(&held[r.slot]);
			held[r.slot] = fd[0];
			fd[0] = -1;
		} else if (r.type == KEEPER_DROP && e) {
			keeper_drops(e, r.slot);
		} else if (r.type == KEEPER_SPAWN && e) {
			born(e, &fd[0], &fd[1]);
		} else if (r.type == KEEPER_ADOPT && e) {
			e->pid = r.pid;
			/* of one that it adopts it sees the end by its pidfd, but not how */
			e->flags =
				r.flags & KEEPER_GONE || e->life < 0 ? KEEPER_GONE : KEEPER_RUNNING;
			e->status = KEEPER_NO_STATUS;
			drop_fd(&e->fd[KEEPER_PIDFD]);
			e->fd[KEEPER_PIDFD] = fd[0];
			fd[0] = -1;
		}
		record_close(fd);
	}
}

static void
turn(void)
{
	uv_run(&house.loop, UV_RUN_NOWAIT);
	keeper_hears();
}

/* Steps. Each leaves the model saying what must be true. */

static void
begins(struct model *e, enum word before)
{
	e->before = before;
	e->word = COMING;
	e->killed = false;
	keeper_hears();
}

static void
step_new(struct model *e)
{
	char *argv[] = {"cat", NULL};
	struct session *s;
	struct err err;

	if (e->num)
		return;
	s = sessions_new(&house.ss, SS_STARTING);
	s->cwd = xstrdup("/");
	s->argv = xcalloc(1, 2 * sizeof(char *) + 4);
	s->argv[0] = memcpy((char *)(s->argv + 2), "cat", 4);
	s->profile = profile_find(house.ss.profiles, "shell");
	assert_int_equal(sessions_add(&house.ss, s, &err), 0);
	e->num = s->num;
	e->lines = 0;
	assert_int_equal(course_begin(s, argv, NULL, NULL, &err), 0);
	begins(e, ENDED);
}

static void
step_wake(struct model *e)
{
	char *argv[] = {"cat", NULL};
	enum word before = e->word;
	struct err err;

	if (!e->num || before < ASLEEP || session_live(session_of(e)))
		return;
	assert_int_equal(course_begin(session_of(e), argv, NULL, NULL, &err), 0);
	begins(e, before);
	e->lines = 0; /* those of the last program went up into history */
}

static void
step_settle(struct model *e)
{
	bool fails = below(5) == 0;

	if (!e->num || e->word != COMING || !(e->flags & KEEPER_STARTING))
		return;
	e->flags = fails ? 0 : KEEPER_RUNNING;
	if (fails) {
		e->pid = 0;
		drop_fd(&e->fd[KEEPER_MASTER]);
		drop_fd(&e->fd[KEEPER_PIDFD]);
		drop_fd(&e->far_end);
		drop_fd(&e->life);
		e->word = e->killed ? ENDED : e->before;
		course_spawned(&house.ss, e->num, 0, 0, ENOENT, -1, -1);
	} else {
		e->word = e->killed ? CLOSES : RUNS;
		course_spawned(&house.ss, e->num, e->pid, 7, 0, dup(e->fd[KEEPER_MASTER]),
			dup(e->fd[KEEPER_PIDFD]));
	}
	keeper_hears();
}

static bool
has_child(const struct model *e)
{
	return e->num && e->far_end >= 0 && e->flags & KEEPER_RUNNING;
}

/* Is its last line on the screen or right above? */
static bool
shows(const struct model *e)
{
	struct buf b = {0};
	char want[40];
	bool yes;

	if (!e->lines)
		return true;
	snprintf(want, sizeof(want), "line %d of %d.", e->lines, e->child);
	term_text(display_term(session_of(e)), &b);
	yes = strstr(buf_cstr(&b), want) != NULL;
	buf_free(&b);
	return yes;
}

static void
step_print(struct model *e)
{
	char text[60];
	int n;

	if (!has_child(e) || e->word == COMING)
		return;
	n = snprintf(text, sizeof(text), "line %d of %d.\r\n", ++e->lines, e->child);
	assert_int_equal(write(e->far_end, text, (size_t)n), n);
	if (below(3)) /* else it may stand in the pty when somebody dies */
		for (int i = 0; !shows(e); i++) {
			assert_true(i < TURNS);
			turn();
		}
}

/* The child leaves; the server hears of it, or is dead by then. */
static void
step_end(struct model *e)
{
	if (!has_child(e) || e->word == COMING)
		return;
	drop_fd(&e->far_end);
	drop_fd(&e->life);
	e->flags = KEEPER_GONE;
	e->status = 3 << 8;
	e->word = e->word == SLEEPS ? ASLEEP : ENDED;
	if (below(4))
		course_exited(&house.ss, e->num, e->pid, e->status);
}

static void
step_kill(struct model *e)
{
	if (!e->num || e->word > SLEEPS || e->flags & KEEPER_GONE)
		return;
	session_set_state(session_of(e), SS_CLOSING);
	e->killed = e->word == COMING;
	if (!e->killed)
		e->word = CLOSES;
}

static void
step_sleep(struct model *e)
{
	if (!e->num || e->word != RUNS || e->flags & KEEPER_GONE)
		return;
	session_set_state(session_of(e), SS_SLEEPING);
	e->word = SLEEPS;
}

static void
step_forget(struct model *e)
{
	if (!e->num || e->word < ASLEEP || session_live(session_of(e)))
		return;
	sessions_forget(session_of(e));
	keeper_hears();
	e->num = 0;
}

static void
tick(void)
{
	course_tick(&house.ss, os_mono_ns());
	ended_tick(&house.ss);
	turn();
}

/* A keeper with what it holds, or with nothing, and a server's end of it. */
static void
open_link(bool replay)
{
	struct keeper_held *held;
	struct keeper_rec hello = {.type = KEEPER_HELLO, .id = KEEPER_VERSION, .pid = getpid()};
	struct err err;
	int sv[2];
	size_t n;

	drop_fd(&house.keeper);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv), 0);
	house.keeper = sv[1];
	record_send(sv[1], hello, -1, -1);
	for (int i = -1; replay && i < SLOTS; i++) {
		uint32_t id = i < 0 ? 0 : m[i].num;
		int *fd = i < 0 ? global_fd : m[i].fd;

		if (i >= 0 && !id)
			continue;
		for (int k = 0; k < KEEPER_SLOTS; k++)
			if (fd[k] >= 0 && !(i >= 0 && m[i].flags & KEEPER_STARTING &&
						  k != KEEPER_RING && k != KEEPER_SPEC))
				record_send(sv[1],
					(struct keeper_rec){
						.type = KEEPER_HELD, .id = id, .slot = (uint16_t)k},
					fd[k], -1);
		if (i >= 0 && m[i].pid)
			record_send(sv[1],
				(struct keeper_rec){.type = KEEPER_CHILD,
					.id = id,
					.pid = m[i].flags & KEEPER_STARTING ? 0 : m[i].pid,
					.start = 7,
					.status = m[i].status,
					.flags = m[i].flags},
				-1, -1);
	}
	record_send(sv[1], (struct keeper_rec){.type = KEEPER_READY}, -1, -1);
	house.ss.keeper = keeper_link_open(sv[0], &held, &n, &err);
	assert_non_null(house.ss.keeper);
	if (replay)
		recover(&house.ss, held, n);
	keeper_held_free(held, n);
}

/* It died before its store had written what became of some. */
static void
store_is_behind(void)
{
	for (struct session *s = house.ss.first; s; s = s->next)
		if (s->run && below(2)) {
			s->state = s->run->phase == RUN_COMING ? SS_STARTING : SS_RUNNING;
			s->unsaved = true;
		}
	sessions_store(&house.ss);
}

static void
server_dies(void)
{
	struct sessions *ss = &house.ss;
	struct session *s;

	keeper_hears();
	store_is_behind();
	while ((s = ss->first)) {
		ss->first = s->next;
		sessions_free(s);
	}
	keeper_link_close(ss->keeper);
	arena_free(ss->arena);
	shelf_free(ss->shelf);
	ss->arena = NULL;
	ss->shelf = NULL;
	ss->newest = ss->last_used = NULL;
	open_link(true);
	keeper_hears();
}

/* What was being born with it is nobody's. */
static void
keeper_dies(void)
{
	keeper_hears();
	for (int i = 0; i < SLOTS; i++) {
		struct model *e = &m[i];

		for (int k = 0; k < KEEPER_SLOTS; k++)
			drop_fd(&e->fd[k]);
		if (e->num && e->word == COMING) {
			drop_fd(&e->far_end);
			drop_fd(&e->life);
			e->pid = 0;
			e->flags = 0;
			e->word = e->killed ? ENDED : e->before;
		}
	}
	for (int k = 0; k < KEEPER_SLOTS; k++)
		drop_fd(&global_fd[k]);
	keeper_link_close(house.ss.keeper);
	open_link(false);
	recover_hand_over(&house.ss, true);
	keeper_hears();
}

/* The model and the sessions agree, as soon as what is under way has come to rest. */
static bool
agrees(const struct model *e)
{
	struct session *s = session_of(e);
	enum session_state want = of_word[e->word];

	if (e->word == COMING && e->killed)
		want = SS_CLOSING;
	if (!s || s->state != want || (s->run != NULL) != (e->word < ASLEEP))
		return false;
	return shows(e);
}

static void
all_agree(void)
{
	for (int i = 0; i < SLOTS; i++) {
		struct model *e = &m[i];

		for (int k = 0; e->num && !agrees(e); k++) {
			struct session *s = session_of(e);

			if (e->flags & KEEPER_GONE) /* the keeper says it until it is heard */
				course_exited(&house.ss, e->num, e->pid, e->status);
			if (k >= TURNS)
				fail_msg("seed %llu: session %u is %s, not %s%s",
					(unsigned long long)began, (unsigned)e->num,
					s ? session_state_stored(s->state) : "gone",
					session_state_stored(of_word[e->word]),
					s && !shows(e) ? ", or its text is lost" : "");
			tick();
		}
	}
}

static void
on_ended(void *ctx, struct session *s)
{
	(void)ctx;
	(void)s;
}

/* As a stop does: all are to end, and do. */
static void
everything_stops(void)
{
	struct ends *ends = ends_new(&house.ss, on_ended, NULL);
	uint64_t latest = os_mono_ns() + 15000000000ull;

	/* what has left to sleep, and was not heard to, is killed like any other */
	for (int i = 0; i < SLOTS; i++)
		if (m[i].num && m[i].word == ASLEEP && session_live(session_of(&m[i])))
			m[i].word = ENDED;
	ends_kill_all(ends);
	for (int i = 0; i < SLOTS; i++)
		if (m[i].num && m[i].word < ASLEEP) {
			m[i].killed = m[i].word == COMING;
			m[i].word = m[i].killed ? COMING : CLOSES;
			while (m[i].word == COMING)
				step_settle(&m[i]);
			step_end(&m[i]);
		}
	all_agree();
	while (ends_any(ends)) {
		assert_true(os_mono_ns() < latest);
		turn();
	}
	assert_int_equal(sessions_live(&house.ss), 0);
	ends_close(ends);
}

static void
a_life(void)
{
	static void (*const steps[])(struct model *) = {step_new, step_new, step_settle,
		step_settle, step_print, step_print, step_end, step_kill, step_sleep, step_wake,
		step_forget};
	unsigned known = 0;

	for (int i = 0; i < STEPS; i++) {
		unsigned what = below(ARRAY_LEN(steps) * 2 + 3);

		if (what < 2)
			server_dies();
		else if (what == 2)
			keeper_dies();
		else
			steps[what % ARRAY_LEN(steps)](&m[below(SLOTS)]);
		if (below(3) == 0)
			all_agree();
	}
	if (below(STOPPED) == 0)
		everything_stops();
	for (int i = 0; i < SLOTS; i++)
		while (m[i].num && m[i].word == COMING)
			step_settle(&m[i]);
	for (int i = 0; i < SLOTS; i++)
		step_end(&m[i]);
	all_agree();
	sessions_check(&house.ss);
	assert_int_equal(sessions_live(&house.ss), 0);
	for (struct session *s = house.ss.first; s; s = s->next)
		known += entry(s->num) != NULL;
	for (int i = 0; i < SLOTS; i++) {
		known -= m[i].num != 0;
		step_forget(&m[i]);
		assert_int_equal(m[i].num, 0);
	}
	assert_int_equal(known, 0);
	assert_null(house.ss.first);
	assert_int_equal(arena_stats(house.ss.arena).live, 0);
}

static void
test_lives(void **state)
{
	const char *n = getenv("MODEL_SEQUENCES"), *one = getenv("MODEL_SEED");
	unsigned long count = n ? strtoul(n, NULL, 10) : one ? 1 : SEQUENCES;
	static const uint64_t kept[] = {106465}; /* in which something was wrong once */
	uint64_t first = one ? strtoull(one, NULL, 10) : 1;

	(void)state;
	for (int i = 0; i < SLOTS; i++) {
		m[i] = (struct model){.far_end = -1, .life = -1};
		memset(m[i].fd, -1, sizeof(m[i].fd));
	}
	memset(global_fd, -1, sizeof(global_fd));
	house_begin();
	recover_hand_over(&house.ss, true);
	keeper_hears();
	for (unsigned long i = 0; i < count + ARRAY_LEN(kept); i++) {
		seed = began = i < count ? first + i : kept[i - count];
		a_life();
	}
	print_message("  %lu sequences of %d steps\n", count, STEPS);
	for (int i = 0; i < SLOTS; i++)
		for (int k = 0; k < KEEPER_SLOTS; k++)
			drop_fd(&m[i].fd[k]);
	for (int k = 0; k < KEEPER_SLOTS; k++)
		drop_fd(&global_fd[k]);
	assert_int_equal(house_end(), 0);
}

/* A name is free once its session has ended; woken, that one makes room. */
static void
test_name_taken_meanwhile(void **state)
{
	char *argv[] = {"cat", NULL};
	struct session *a, *b;
	struct err err;

	(void)state;
	house_begin();
	recover_hand_over(&house.ss, true);
	for (int i = 0; i < 2; i++) {
		struct session *s = sessions_new(&house.ss, i ? SS_STARTING : SS_EXITED);

		s->cwd = xstrdup("/");
		s->argv = xcalloc(1, sizeof(char *));
		s->profile = profile_find(house.ss.profiles, "shell");
		snprintf(s->name, sizeof(s->name), "same");
		assert_int_equal(sessions_add(&house.ss, s, &err), 0);
	}
	a = house.ss.first;
	b = a->next;
	assert_int_equal(course_begin(b, argv, NULL, NULL, &err), 0);
	assert_int_equal(course_begin(a, argv, NULL, NULL, &err), 0);
	assert_string_equal(b->name, "same");
	assert_string_equal(a->name, "same-1");
	sessions_check(&house.ss);
	house.ss.first = NULL;
	sessions_free(a);
	sessions_free(b);
	assert_int_equal(house_end(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_name_taken_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
