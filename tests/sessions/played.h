/* Sessions of the house (house.h) whose child is played by the test: it holds the far end of the pty
 * and, unless a real process stands for the child, the other end of the pipe that is its pidfd. */
#ifndef TESTS_PLAYED_H
#define TESTS_PLAYED_H
#include "core/base/buf.h"
#include "core/os/os.h"
#include "sessions/pty/ring.h"
#include "sessions/life/course.h"
#include "sessions/display/feed.h"
#include "tests/sessions/house.h"

#define PLAYED_NS 20000000000ull
#define PLAYED_PID 4000000 /* nobody's: see played_born */

/* Turns the house's loop until cond is true. */
#define UNTIL(cond)                                                \
	do {                                                       \
		uint64_t end_ = os_mono_ns() + PLAYED_NS;          \
		while (!(cond)) {                                  \
			if (os_mono_ns() > end_)                   \
				fail_msg("never true: %s", #cond); \
			uv_run(&house.loop, UV_RUN_ONCE);          \
		}                                                  \
	} while (0)

struct played {
	struct session *s;
	pid_t pid;
	int far_end, life; /* -1: gone */
	struct buf got;	   /* what reached the far end and was not taken yet */
};

static inline void
played_new(struct played *p, const char *profile, enum session_state first)
{
	static const char cat[] = "/bin/cat";
	struct err e;

	*p = (struct played){.s = sessions_new(&house.ss, first), .far_end = -1, .life = -1};
	p->s->cwd = xstrdup("/");
	p->s->argv = xcalloc(1, 2 * sizeof(char *) + sizeof(cat));
	p->s->argv[0] = memcpy((char *)(p->s->argv + 2), cat, sizeof(cat));
	p->s->profile = profile_find(house.ss.profiles, profile);
	assert_int_equal(sessions_add(&house.ss, p->s, &e), 0);
}

/* The keeper made a child. pid 0: one that only the test plays. take_pidfd then -1. */
static inline void
played_born(struct played *p, pid_t pid, uint64_t start, int take_pidfd)
{
	struct keeper_rec r;
	int pty[2], life[2];

	while (house_asked(&r))
		;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pty), 0);
	if (take_pidfd < 0) {
		assert_int_equal(pipe2(life, O_CLOEXEC), 0);
		take_pidfd = life[0];
		p->life = life[1];
	}
	p->far_end = pty[1];
	p->pid = pid ? pid : PLAYED_PID + (pid_t)p->s->num;
	course_spawned(&house.ss, p->s->num, p->pid, start, 0, pty[0], take_pidfd);
	assert_int_equal(p->s->run->phase, RUN_ALIVE);
}

static inline void
played_starts(struct played *p, const char *profile)
{
	struct err e;

	played_new(p, profile, SS_STARTING);
	assert_int_equal(course_begin(p->s, p->s->argv, NULL, NULL, &e), 0);
	played_born(p, 0, 7, -1);
}

/* It left, and the keeper says so. */
static inline void
played_leaves(struct played *p, int status)
{
	close(p->far_end);
	if (p->life >= 0)
		close(p->life);
	p->far_end = p->life = -1;
	course_exited(&house.ss, p->s->num, p->pid, status);
	UNTIL(!p->s->run);
}

/* Nothing when it was forgotten already. */
static inline void
played_forget(struct played *p)
{
	if (p->s && p->s->run)
		played_leaves(p, 0);
	if (p->s)
		sessions_forget(p->s);
	p->s = NULL;
	buf_free(&p->got);
}

/* The child prints; its screen was looked at. */
static inline void
played_prints(struct played *p, const char *text)
{
	const struct ring *r = p->s->display->ring;
	uint64_t want = ring_head(r) + strlen(text);

	assert_int_equal(write(p->far_end, text, strlen(text)), strlen(text));
	UNTIL(ring_head(r) >= want && ring_effects(r) == ring_head(r));
	feed_settle(p->s, os_mono_ns());
}

/* Claude's screen with this in its prompt, and the caret behind it. */
static inline void
played_prompt(struct played *p, const char *text)
{
	struct buf b = {0};

	buf_printf(&b,
		"\033[H\033[2J\033[20H\u2500\u2500\u2500\u2500\r\n\u276f\u00a0%s\r\n"
		"\u2500\u2500\u2500\u2500\033[21;%zuH",
		text, strlen(text) + 3);
	played_prints(p, buf_cstr(&b));
	buf_free(&b);
}

/* It says of itself what it does (OSC 7501). */
static inline void
played_says(struct played *p, const char *state)
{
	struct buf b = {0};

	buf_printf(&b, "\033]7501;state=%s\033\\", state);
	played_prints(p, buf_cstr(&b));
	buf_free(&b);
}

/* What was typed into it and has not been taken. */
static inline const char *
played_got(struct played *p)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(p->far_end, bytes, sizeof(bytes))) > 0)
		buf_put(&p->got, bytes, (size_t)n);
	return buf_cstr(&p->got);
}

/* Something was typed: exactly this. It is taken. */
static inline void
played_takes(struct played *p, const char *want)
{
	UNTIL(*played_got(p));
	assert_string_equal(played_got(p), want);
	p->got.len = 0;
}
#endif
