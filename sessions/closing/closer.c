/* Hibernating, step by step:
 *
 *   composing   what its memory is made of goes to the history
 *   looking     is there a transcript to resume from?
 *   measuring   the sampler walks the tree: footprint before, and whether a tool runs
 *   (judge)     refused, or what was typed or printed meanwhile aborts it: the session runs on
 *   quitting    its prompt is read off the screen and must be empty. A profile's `end` signal ends
 *               the CLI and nothing is typed. Else the quit command is typed, and Enter only once
 *               the prompt holds it and nothing else; whatever else stands there then, the
 *               command is taken back and the session runs on. By force nothing is ever typed
 *               into a prompt that is not empty: the tree is ended at once
 *   ending      ending.c: 10 s, HUP, 5 s, TERM, 5 s, KILL, for the whole tree
 *   settling    the server learns of the child's end; the session is asleep
 *   (report)    what is left is measured, the transcript guarded, the event written. One that is
 *               woken by then has slept all the same: its event is written before it runs
 *
 * A job holds the session's number, not its address: it may be forgotten meanwhile. */
#include "sessions/closing/closer.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/agent/guard.h"
#include "sessions/closing/ends.h"
#include "sessions/closing/judge.h"
#include "sessions/closing/transcript.h"
#include "sessions/store_thread/aside.h"
#include "sessions/display/display.h"
#include "sessions/session/run.h"
#include "sessions/memory/census.h"
#include "sessions/display/feed.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define JOB_MAGIC 0x636c6f73u
#define ENTER_DELAY_MS 150
#define ENTER_LOOK_MS 30
#define ENTER_MS 3000 /* for the command to show in the prompt */
#define SETTLE_LOOK_MS 20
#define SETTLE_MS 5000

struct job {
	LIST_ENTRY(job) link;
	uint32_t magic, num;
	struct closer *of;
	struct closer_request q;
	struct closer_result r;
	uv_timer_t timer;
	uint64_t input_ns, text_ns, settle_ms, typed_ms;
	bool slept, told; /* it was asleep; its event is written */
	bool goes_on;	  /* what a predecessor began */
	bool asked;	  /* another module will answer; it may do so after closer_free */
};
struct closer {
	struct sessions *ss;
	struct ends *ends;
	LIST_HEAD(, job) jobs;
};

static struct session *
session_of(const struct job *j)
{
	return sessions_num(j->of->ss, j->num);
}

static uint64_t
mem_available(void)
{
	unsigned long long kb = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "MemAvailable: %llu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb * 1024;
}

static void
job_closed(uv_handle_t *h)
{
	free(h->data);
}

/* Its answer is there: is there still a closer to go on for? */
static bool
job_answered(struct job *j)
{
	CHECK(j->magic == JOB_MAGIC && j->asked);
	j->asked = false;
	if (!j->of)
		uv_close((uv_handle_t *)&j->timer, job_closed);
	return j->of != NULL;
}

static void
job_done(struct job *j)
{
	if (j->q.cb)
		j->q.cb(j->q.ctx, &j->r);
	LIST_REMOVE(j, link);
	j->magic = 0;
	uv_close((uv_handle_t *)&j->timer, job_closed);
}

static void
job_gone(struct job *j)
{
	snprintf(j->r.error, sizeof j->r.error, "%s was deleted meanwhile", j->r.name);
	job_done(j);
}

static void
job_refuse(struct job *j, const char *why)
{
	struct session *s = session_of(j);

	snprintf(j->r.error, sizeof j->r.error, "%s", why);
	if (s)
		session_event(s, "hibernate-refused",
			json_pack("{s:s,s:s}", "why", j->q.why, "reason", why));
	job_done(j);
}

/* A guarded transcript outlives a clean-up by its CLI. Looked for beside the loop. */
struct guarding {
	struct job *j;
	char *cwd;
	struct buf places;
	int rc;
};

static void
do_guard(void *arg)
{
	struct guarding *k = arg;
	char transcript[1024];

	if (profile_transcript_find(&k->places, k->cwd, transcript, sizeof transcript))
		k->rc = guard_keep(paths()->transcripts, k->j->num, transcript);
}

static void
tell(struct job *j, struct session *s)
{
	j->told = true;
	j->r.mem_available_after = mem_available();
	s->past.freed_bytes = j->r.freed_bytes;
	session_unsaved(s);
	session_event(s, "hibernated",
		json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:i}", "why", j->q.why, "how", j->r.how,
			"freed_bytes", (json_int_t)j->r.freed_bytes, "before_bytes",
			(json_int_t)j->r.before_bytes, "mem_available_before",
			(json_int_t)j->r.mem_available_before, "mem_available_after",
			(json_int_t)j->r.mem_available_after, "processes", (int)j->r.processes));
}

static void
report(struct job *j, struct session *s)
{
	j->r.ok = true;
	if (!j->told)
		tell(j, s);
	job_done(j);
}

static void
on_guarded(void *arg)
{
	struct guarding *k = arg;
	struct job *j = k->j;
	struct session *s;

	if (k->rc < 0)
		log_warn(
			"session %u: its transcript is not guarded (%s)", j->num, strerror(-k->rc));
	if (job_answered(j)) {
		s = session_of(j);
		if (s)
			report(j, s);
		else
			job_gone(j);
	}
	buf_free(&k->places);
	free(k->cwd);
	free(k);
}

static void
guard(struct job *j, struct session *s)
{
	struct guarding *k = xcalloc(1, sizeof *k);

	j->asked = true;
	k->j = j;
	k->cwd = xstrdup(s->cwd ? s->cwd : "/");
	transcript_places(s, &k->places);
	aside_run(j->of->ss->aside, do_guard, on_guarded, k);
}

/* The tree is gone; the server hears of it by its own way. */
static void
on_settle(uv_timer_t *t)
{
	struct job *j = t->data;
	struct session *s = session_of(j);

	CHECK(j->magic == JOB_MAGIC);
	if (s && !j->slept && session_ending(s) && uv_now(t->loop) - j->settle_ms < SETTLE_MS)
		return;
	uv_timer_stop(t);
	if (!s) {
		job_gone(j);
	} else if (j->slept) {
		guard(j, s);
	} else if (session_live(s)) {
		job_refuse(j, "it did not exit");
	} else {
		job_refuse(j, "it was ended instead");
	}
}

static void
on_tree_ended(void *ctx, enum ending_how how, size_t processes, uint64_t left_bytes)
{
	struct job *j = ctx;

	CHECK(j->magic == JOB_MAGIC);
	j->r.how = ending_how_name(how);
	j->r.processes = processes;
	j->r.freed_bytes = j->r.before_bytes - MIN(left_bytes, j->r.before_bytes);
	j->settle_ms = uv_now(j->of->ss->loop);
	uv_timer_start(&j->timer, on_settle, 0, SETTLE_LOOK_MS);
}

static void
end_tree(struct job *j, struct session *s, unsigned quit_ms, int quit_sig)
{
	struct ending_times t = ending_times_default;

	t.quit_ms = quit_ms;
	t.quit_sig = quit_sig;
	if (s->state == SS_RUNNING)
		session_set_state(s, SS_SLEEPING);
	ends_sleep(j->of->ends, s, &t, on_tree_ended, j);
}

static void
look_at_prompt(struct session *s, struct prompt *p)
{
	struct grid g = term_grid(display_term(s));

	prompt_read(s->profile, &g, p);
	if (term_sync(s->display->term) && p->state != PROMPT_TEXT) { /* half drawn */
		p->state = PROMPT_UNSEEN;
		snprintf(p->text, sizeof p->text, "it is drawing");
	}
}

/* What was typed is erased where the prompt shows it at its end; elsewhere the keys would erase
 * something of the user's. */
static void
take_back(struct job *j, struct session *s, const struct prompt *p)
{
	const char *quit = profile_quit(s->profile);
	size_t n = strlen(quit), have = strlen(p->text);
	bool shown = p->state == PROMPT_TEXT && have >= n && !strcmp(p->text + have - n, quit);
	char why[160];

	for (size_t i = 0; shown && i < n; i++)
		run_write(s, "\177", 1, NULL);
	snprintf(why, sizeof why, "draft: its prompt held more than the quit command, which %s",
		shown ? "was taken back" : "was not sent");
	job_refuse(j, why);
}

static void
on_typed(uv_timer_t *t)
{
	struct job *j = t->data;
	struct session *s = session_of(j);
	uint64_t waited = uv_now(t->loop) - j->typed_ms;
	struct prompt p;

	CHECK(j->magic == JOB_MAGIC);
	if (!s || s->state != SS_RUNNING) {
		uv_timer_stop(t);
		job_refuse(j, "it ended meanwhile");
		return;
	}
	if (waited < ENTER_DELAY_MS)
		return;
	look_at_prompt(s, &p);
	if (s->run->act.last_input_ns == j->input_ns && p.state == PROMPT_TEXT &&
		strcmp(p.text, profile_quit(s->profile)) == 0) {
		uv_timer_stop(t);
		/* sleeping first: a server that dies behind Enter must not call it exited */
		session_set_state(s, SS_SLEEPING);
		run_write(s, "\r", 1, NULL);
		end_tree(j, s, ending_times_default.quit_ms, 0);
	} else if (waited > ENTER_MS || s->run->act.last_input_ns != j->input_ns) {
		uv_timer_stop(t);
		take_back(j, s, &p);
	}
}

/* A command typed behind a draft becomes part of it; one typed at a question answers it. */
static void
quit(struct job *j, struct session *s)
{
	const char *words = profile_quit(s->profile);
	int sig = profile_end_signal(s->profile);
	bool may_type = activity_over(s->run->act.now);
	struct prompt p;
	char why[160];

	look_at_prompt(s, &p);
	if (!j->q.force && p.state != PROMPT_EMPTY) {
		snprintf(why, sizeof why, "%s (%.90s)",
			p.state == PROMPT_TEXT ? "draft: unsent text in its prompt"
					       : "activity: not seen to be at its prompt",
			p.text);
		job_refuse(j, why);
	} else if (p.state != PROMPT_EMPTY || !may_type || (!sig && !*words)) {
		end_tree(j, s, 0, 0);
	} else if (sig) {
		end_tree(j, s, ending_times_default.quit_ms, sig);
	} else if (run_write(s, words, strlen(words), NULL) < 0) {
		job_refuse(j, "it is not reading its input");
	} else {
		j->input_ns = s->run->act.last_input_ns;
		uv_update_time(j->of->ss->loop);
		j->typed_ms = uv_now(j->of->ss->loop);
		uv_timer_start(&j->timer, on_typed, ENTER_LOOK_MS, ENTER_LOOK_MS);
	}
}

/* NULL, or why it must not be closed. */
static const char *
against(struct job *j, struct session *s, char buf[160])
{
	struct reap_verdict v;

	if (s->state != SS_RUNNING)
		return "it is not running any more";
	if (j->q.force)
		return NULL;
	feed_settle(s, os_mono_ns());
	if (s->run->act.last_input_ns != j->input_ns || s->run->act.last_text_ns != j->text_ns)
		return "activity: something was typed or printed meanwhile";
	judge(s, &j->q.limits, &v);
	if (j->q.by_hand)
		return judge_against(&v, buf);
	if (v.eligible)
		return NULL;
	snprintf(buf, 160, "%s", v.reason[0]);
	return buf;
}

static void
on_measured(void *ctx, const struct memstat *m)
{
	struct job *j = ctx;
	struct session *s;
	const char *why;
	char buf[160];

	if (!job_answered(j))
		return;
	s = session_of(j);
	if (!s) {
		job_gone(j);
		return;
	}
	if (!j->goes_on && (why = against(j, s, buf))) {
		job_refuse(j, why);
		return;
	}
	j->r.before_bytes = m && m->known ? m->footprint : 0;
	j->r.mem_available_before = mem_available();
	if (!j->goes_on)
		quit(j, s);
	else if (s->state == SS_SLEEPING) /* it may have been told to leave: it gets the time */
		end_tree(j, s, ending_times_default.quit_ms, 0);
	else
		on_tree_ended(j, ENDED_BY_QUIT, 0, 0);
}

/* Whether it could be resumed is known. */
static void
on_transcript(void *ctx)
{
	struct job *j = ctx;

	if (!job_answered(j))
		return;
	j->asked = true;
	sampler_now(j->of->ss->sampler, j->num, on_measured, j);
}

static void
on_composed(void *ctx)
{
	struct job *j = ctx;
	struct session *s;

	if (!job_answered(j))
		return;
	s = session_of(j);
	j->asked = true;
	if (s)
		transcript_ask(s, on_transcript, j);
	else
		on_transcript(j);
}

static struct job *
job_new(struct closer *c, struct session *s, const struct closer_request *q)
{
	struct job *j = xcalloc(1, sizeof *j);

	LIST_INSERT_HEAD(&c->jobs, j, link);
	j->magic = JOB_MAGIC;
	j->num = s->num;
	j->of = c;
	j->q = *q;
	j->input_ns = s->run->act.last_input_ns;
	j->text_ns = s->run->act.last_text_ns;
	j->r.how = "";
	snprintf(j->r.id, sizeof j->r.id, "%s", s->id);
	snprintf(j->r.name, sizeof j->r.name, "%s", s->name);
	uv_timer_init(c->ss->loop, &j->timer);
	j->timer.data = j;
	return j;
}

static struct job *
find(const struct closer *c, const struct session *s)
{
	struct job *j;

	LIST_FOREACH (j, &c->jobs, link)
		if (j->num == s->num)
			return j;
	return NULL;
}

void
closer_over(struct closer *c, const struct session *s)
{
	struct job *j = find(c, s);

	if (j && s->state == SS_SLEEPING)
		j->slept = true;
}

void
closer_beginning(struct closer *c, struct session *s)
{
	struct job *j = find(c, s);
	enum ending_how how;

	if (!j || !j->slept || j->told)
		return;
	if (ends_so_far(c->ends, s->id, &how, &j->r.processes)) {
		j->r.how = ending_how_name(how);
		j->r.freed_bytes = j->r.before_bytes;
	}
	tell(j, s);
}

int
closer_start(struct closer *c, struct session *s, const struct closer_request *q, struct err *e)
{
	struct census_who who;
	struct job *j;

	if (find(c, s))
		return err_set(e, 1, "already being put to sleep");
	if (s->state == SS_ASLEEP)
		return err_set(e, 1, "already asleep (muster resume %s wakes it)", s->name);
	if (s->state != SS_RUNNING)
		return err_set(e, 1, "not running (it is %s)", session_state_name(s->state));
	if (!c->ss->sampler)
		return err_set(e, 1, "memory is not measured (see muster doctor)");
	j = job_new(c, s, q);
	j->asked = true;
	who = run_census(s);
	if (c->ss->census)
		census_now(c->ss->census, &who, on_composed, j);
	else
		on_composed(j);
	return 0;
}

void
closer_go_on(struct closer *c, struct session *s)
{
	struct closer_request q = {.why = "begun before the server was restarted"};
	struct job *j;

	CHECK(s->state == SS_SLEEPING);
	j = job_new(c, s, &q);
	j->goes_on = j->asked = true;
	sampler_now(c->ss->sampler, s->num, on_measured, j);
}

struct closer *
closer_new(struct sessions *ss, struct ends *ends)
{
	struct closer *c = xcalloc(1, sizeof *c);

	c->ss = ss;
	c->ends = ends;
	return c;
}

void
closer_free(struct closer *c)
{
	struct job *j;

	while ((j = LIST_FIRST(&c->jobs))) {
		LIST_REMOVE(j, link);
		j->of = NULL;
		if (!j->asked)
			uv_close((uv_handle_t *)&j->timer, job_closed);
	}
	free(c);
}
