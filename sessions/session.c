#include "sessions/last_line.h"
#include "sessions/recorder.h"
#include "sessions/session.h"
#include "sessions/lifecycle.h"
#include "core/log.h"
#include "core/os.h"
#include "core/width.h"
#include "sessions/checkpoint.h"
#include "sessions/ending.h"
#include "sessions/keeper_link.h"
#include "sessions/pty.h"
#include "sessions/ring.h"
#include "sessions/server_priv.h"
#include "sessions/view.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SESSION_MAGIC 0x53455353u
#define STAMP_S 10 /* how exactly it is known when a line was printed */
#define TOLD_NS 10000000000ull
#define TOLD_MAX 20
#define TURN_CELLS (1 << 20)	       /* that output may fill or move in a turn: a millisecond */
#define RESIZE_REPAINT_NS 700000000ull /* output this soon after a resize is a repaint */

#define BIT(name) (1u << SS_##name)
static const struct {
	const char *name, *shown;
	unsigned to;
} states[] = {
#define X(name, text, shown, next) {text, shown, next},
#include "sessions/state.def"
#undef X
};

static struct session *
session_check(void *p)
{
	CHECK(p && ((struct session *)p)->magic == SESSION_MAGIC);
	return p;
}

const char *
session_state_name(enum session_state s)
{
	return s < SS_COUNT ? states[s].name : "?";
}

const char *
session_state_shown(enum session_state s)
{
	return s < SS_COUNT ? states[s].shown : "?";
}

bool
session_live(const struct session *s)
{
	return s->state == SS_STARTING || s->state == SS_RUNNING || s->state == SS_CLOSING ||
	       s->state == SS_SLEEPING;
}

void
session_set_state(struct session *s, enum session_state to)
{
	if (s->state == to)
		return;
	if (!(states[s->state].to & 1u << to))
		panic(__FILE__, __LINE__, "session %u: %s -> %s", s->num, states[s->state].name,
			states[to].name);
	log_info("session %u: %s -> %s", s->num, states[s->state].name, states[to].name);
	s->state = to;
	if (s->ring) /* this is there for a successor at once, the store's record soon */
		ring_set_sleep(s->ring, to == SS_SLEEPING || to == SS_ASLEEP);
	lifecycle_state(s);
	server_meta_changed(s->server, s);
	server_store_changed(s->server); /* its text must not be in files before its record is */
	view_session_state(s);
	waits_check(s->server, s);
}

const char *
session_getenv(const struct session *s, const char *name)
{
	size_t n = strlen(name);

	for (char **e = s->env; e && *e; e++)
		if (!strncmp(*e, name, n) && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

struct session *
session_new(struct server *sv, enum session_state first)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->magic = SESSION_MAGIC;
	s->server = sv;
	s->state = first;
	s->pidfd = s->spec = -1;
	s->exit_code = s->exit_signal = -1;
	s->cols = 80;
	s->rows = 24;
	s->created = os_wall_s();
	LIST_INIT(&s->views);
	activity_init(&s->act, os_mono_ns());
	return s;
}

void
session_free(struct session *s)
{
	session_check(s);
	view_session_gone(s);
	sends_drop(s, NULL);
	ending_cancel(s->ending);
	pty_free(s->pty);
	recorder_close(s);
	term_free(s->term);
	ring_free(s->ring);
	if (s->pidfd >= 0)
		close(s->pidfd);
	if (s->spec >= 0)
		close(s->spec);
	for (int i = 0; i < s->n_tags; i++)
		free(s->tags[i]);
	buf_free(&s->replies);
	free(s->cwd);
	free(s->argv);
	free(s->env);
	s->magic = 0;
	free(s);
}

struct term *
session_term(struct session *s)
{
	s->looked_ns = os_mono_ns();
	return s->term;
}

/* What the terminal says. */

static void
on_reply(void *ctx, const void *p, size_t n)
{
	struct session *s = session_check(ctx);

	buf_put(&s->replies, p, n);
}

void
session_flush_replies(struct session *s)
{
	if (s->replies.len && s->pty && pty_write(s->pty, s->replies.data, s->replies.len) < 0)
		log_warn("session %u does not read what it asked for", s->num);
	s->replies.len = 0;
}

static void
ev_title(struct session *s, const struct term_event *ev, uint64_t now)
{
	sanitize(s->title, sizeof(s->title), ev->text, ev->len);
	activity_title(&s->act, s->profile, s->title, now);
	view_title(s);
	s->changed = true;
}

static void
ev_status(struct session *s, const struct term_event *ev, uint64_t now)
{
	activity_osc7501(&s->act, ev->text, ev->len, now);
	s->status_said = true;
}

static void
ev_progress(struct session *s, const struct term_event *ev, uint64_t now)
{
	activity_progress(&s->act, (int)ev->a, now);
}

static void
ev_prompt(struct session *s, const struct term_event *ev, uint64_t now)
{
	activity_prompt_mark(&s->act, (int)ev->a, now);
}

static void
ev_bell(struct session *s, const struct term_event *ev, uint64_t now)
{
	(void)ev;
	(void)now;
	view_bell(s);
}

static void
ev_notify(struct session *s, const struct term_event *ev, uint64_t now)
{
	char title[256], text[256];

	(void)now;
	sanitize(title, sizeof(title), ev->text2 ? ev->text2 : "", ev->text2 ? ev->len2 : 0);
	sanitize(text, sizeof(text), ev->text ? ev->text : "", ev->text ? ev->len : 0);
	view_notify(s, title, text);
}

static void
ev_clipboard(struct session *s, const struct term_event *ev, uint64_t now)
{
	(void)now;
	view_clipboard(s, ev->text, ev->len);
}

static void
ev_modes(struct session *s, const struct term_event *ev, uint64_t now)
{
	(void)ev;
	(void)now;
	view_modes(s);
}

static void
on_event(void *ctx, const struct term_event *ev)
{
	static void (*const handle[])(struct session *, const struct term_event *, uint64_t) = {
		[TERM_BELL] = ev_bell,
		[TERM_TITLE] = ev_title,
		[TERM_NOTIFY] = ev_notify,
		[TERM_CLIPBOARD] = ev_clipboard,
		[TERM_PROGRESS] = ev_progress,
		[TERM_PROMPT] = ev_prompt,
		[TERM_STATUS] = ev_status,
		[TERM_MODE] = ev_modes,
		[TERM_SCREEN] = ev_modes,
		[TERM_RESET] = ev_modes};
	struct session *s = session_check(ctx);

	if (ev->type < ARRAY_LEN(handle) && handle[ev->type])
		handle[ev->type](s, ev, os_mono_ns());
}

void
session_term_ops(struct session *s)
{
	term_set_ops(s->term, &(struct term_ops){.reply = on_reply, .event = on_event, .ctx = s});
}

void
session_restored(struct session *s)
{
	const char *title = term_title(s->term);
	struct grid g = term_grid(s->term);

	sanitize(s->title, sizeof(s->title), title, strlen(title));
	s->cols = g.cols;
	s->rows = g.rows;
	s->output_ns = s->looked_ns = os_mono_ns();
	s->unsettled = true;
	server_wants_settle(s->server);
}

/* Output. */

/* A turn's worth through the terminal. */
static void
feed(struct session *s)
{
	uint64_t from = ring_effects(s->ring);
	int64_t cells = TURN_CELLS;
	size_t n;
	const uint8_t *p = ring_bytes(s->ring, from, &n);

	CHECK(p);
	ring_feeding(s->ring, from, (uint32_t)n);
	n = term_feed_some(s->term, p, n, &cells);
	ring_fed(s->ring);
	ring_set_effects(s->ring, from + n);
	s->unsaved_cells -= TURN_CELLS - cells;
	session_flush_replies(s);
}

bool
session_output(struct session *s, size_t n)
{
	struct term *t = s->term;
	uint64_t gen = term_generation(t), now = os_mono_ns();
	bool text;

	if (os_wall_s() - s->stamped > STAMP_S) {
		s->stamped = os_wall_s();
		term_stamp(t, (uint32_t)s->stamped);
	}
	feed(s);
	text = term_generation(t) != gen && now - s->act.last_resize_ns > RESIZE_REPAINT_NS;
	activity_output(&s->act, n, text, now);
	if (text)
		s->last_output = os_wall_s();
	s->output_ns = now;
	s->unsettled = true;
	view_output(s);
	if (s->status_said) { /* first-hand: no need to wait for the screen to settle */
		s->status_said = false;
		session_evaluate(s, now);
	}
	if (s->unsaved_cells < 0 ||
		ring_head(s->ring) - ring_saved_upto(s->ring) >= RING_CHECKPOINT)
		checkpoint_save(s); /* the tick does it for those that print less */
	server_wants_settle(s->server);
	return ring_effects(s->ring) == ring_head(s->ring);
}

static void
take_last_line(struct session *s, const char *text)
{
	char clean[sizeof(s->last_line)];

	last_line(text, clean, sizeof(clean));
	if (strcmp(clean, s->last_line)) {
		snprintf(s->last_line, sizeof(s->last_line), "%s", clean);
		s->changed = true;
	}
}

void
session_settle(struct session *s, uint64_t now_ns)
{
	struct buf text = {0};

	s->unsettled = false;
	if (term_generation(s->term) != s->gen_settled) {
		s->gen_settled = term_generation(s->term);
		term_text(s->term, &text);
		take_last_line(s, buf_cstr(&text));
		activity_screen(&s->act, s->profile, buf_cstr(&text), now_ns);
		buf_free(&text);
	}
	session_evaluate(s, now_ns);
}

/* A program may say something else a thousand times a second; log and events hear of some. */
static bool
may_tell(struct session *s, uint64_t now_ns)
{
	if (now_ns - s->told_ns > TOLD_NS) {
		if (s->untold)
			log_info("session %u: %u changes of its activity were not told", s->num,
				s->untold);
		s->told_ns = now_ns;
		s->told = s->untold = 0;
	}
	if (s->told++ < TOLD_MAX)
		return true;
	s->untold++;
	return false;
}

void
session_evaluate(struct session *s, uint64_t now_ns)
{
	enum activity was = s->act.now;

	if (activity_evaluate(&s->act, s->profile, now_ns)) {
		bool tell = may_tell(s, now_ns);

		s->changed = true;
		if (tell)
			log_info("session %u: %s -> %s (%s)", s->num, activity_name(was),
				activity_name(s->act.now), activity_source_name(s->act.source));
		if (tell && was != s->act.now &&
			(s->act.now == ACT_PERMISSION || s->act.now == ACT_QUESTION))
			server_event(s->server, s, "asked",
				json_pack("{s:s,s:s}", "activity", activity_name(s->act.now),
					"wants", s->act.detail));
		if (!term_parked(s->term))
			checkpoint_save(s); /* the signals are in it */
		lifecycle_activity(s);
	}
	waits_check(s->server, s);
}

void
session_resize(struct session *s, int cols, int rows)
{
	cols = CLAMP(cols, 1, 4096);
	rows = CLAMP(rows, 1, 1000);
	if (cols == s->cols && rows == s->rows)
		return;
	s->cols = cols;
	s->rows = rows;
	term_resize(session_term(s), cols, rows);
	s->act.last_resize_ns = os_mono_ns();
	session_flush_replies(s);
	/* a successor must not replay output of the old width at the new one */
	checkpoint_save(s);
	if (s->pty)
		pty_resize(s->pty, cols, rows);
	view_resized(s);
	server_meta_changed(s->server, s);
}

bool
session_rests(const struct session *s)
{
	uint64_t now = os_mono_ns(), rest = (uint64_t)(s->server->config->rest_after_s * 1e9);

	return s->ring && ring_effects(s->ring) == ring_head(s->ring) && !term_parked(s->term) &&
	       LIST_EMPTY(&s->views) && !s->unsettled && now - s->output_ns > rest &&
	       now - s->looked_ns > rest;
}

/* Input. */

int
session_write(struct session *s, const void *p, size_t n, struct err *e)
{
	int rc;

	if (!s->pty)
		return err_set(e, 1, "%s is not running (it is %s)", s->name,
			session_state_shown(s->state));
	if ((rc = pty_write(s->pty, p, n)) == -ENOBUFS)
		return err_set(e, 1, "%s does not read its input (1 MiB waits)", s->name);
	if (rc < 0)
		return err_set(e, 1, "%s cannot be written to (%s)", s->name, strerror(-rc));
	s->last_input = os_wall_s();
	return 0;
}

int
session_signal(struct session *s, int sig)
{
	if (s->pidfd < 0 || s->child_gone)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, s->pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

static bool
is_shared(void *ctx, pid_t pid)
{
	return lifecycle_shared(session_check(ctx), pid);
}

static void
on_closed(void *ctx, enum ending_how how, size_t processes)
{
	struct session *s = session_check(ctx);

	s->ending = NULL;
	log_info("session %u: %zu processes ended (%s)", s->num, processes, ending_how_name(how));
	waits_check(s->server, s);
	server_try_stop(s->server);
}

void
session_close(struct session *s, bool now)
{
	static const struct ending_times polite = {
		.stray_ms = 1000, .hup_ms = 5000, .term_ms = 5000, .kill_ms = 5000};
	static const struct ending_times at_once = {.kill_ms = 5000};

	if (!session_live(s))
		return;
	session_set_state(s, SS_CLOSING);
	if (s->pid <= 0) /* still to come: server_on_spawned calls again */
		return;
	if (now)
		ending_cancel(s->ending);
	else if (s->ending)
		return;
	s->ending = ending_start(&s->server->loop, s->pid, s->pid_start, s->id,
		now ? &at_once : &polite, is_shared, on_closed, s);
	if (now)
		session_signal(s, SIGKILL);
}
