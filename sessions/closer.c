/* Hibernating, step by step:
 *
 *   measuring   the sampler walks the tree: footprint before, and whether a tool runs
 *   (judge)     refused, or what was typed or printed meanwhile aborts it: the session runs on
 *   (sleeping)  the session's state from here on; a successor of this server goes on at "ending"
 *   quitting    the quit command is typed, Enter 150 ms later; with a draft or a prompt in the way
 *               (only by force) nothing is typed: the draft would become part of the command
 *   ending      ending.c: 10 s, HUP, 5 s, TERM, 5 s, KILL, for the whole tree
 *   settling    the server learns of the child's end; the session is asleep
 *   (report)    what is left is measured, the transcript guarded, the event written
 *
 * A job holds the session's number, not its address: it may be forgotten meanwhile. */
#include "sessions/closer.h"
#include "core/log.h"
#include "core/os.h"
#include "sessions/ending.h"
#include "sessions/guard.h"
#include "sessions/lifecycle.h"
#include "sessions/sampler.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOB_MAGIC 0x636c6f73u
#define ENTER_DELAY_MS 150
#define SETTLE_LOOK_MS 20
#define SETTLE_MS 5000

struct job {
	uint32_t magic, num;
	struct server *sv;
	struct closer_request q;
	struct closer_result r;
	uv_timer_t timer;
	uint64_t input_ns, text_ns, settle_ms;
	uint64_t pid_start;
	pid_t pid;
	char marker[12];
	bool typed;
};

static struct session *
session_of(const struct job *j)
{
	return server_session(j->sv, j->num);
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

static void
job_done(struct job *j)
{
	if (j->q.cb)
		j->q.cb(j->q.ctx, &j->r);
	j->magic = 0;
	uv_close((uv_handle_t *)&j->timer, job_closed);
}

static void
job_refuse(struct job *j, const char *why)
{
	struct session *s = session_of(j);

	snprintf(j->r.error, sizeof j->r.error, "%s", why);
	if (s)
		server_event(j->sv, s, "hibernate-refused",
			json_pack("{s:s,s:s}", "why", j->q.why, "reason", why));
	job_done(j);
}

static uint64_t
left_of(const struct session *s)
{
	uint64_t sum = 0;
	size_t n = 0;
	struct proc_info *p = proctree(0, s->id, &n);

	for (size_t i = 0; i < n; i++)
		if (footprint_of(p[i].pid, &p[i]) == 0)
			sum += p[i].footprint;
	free(p);
	return sum;
}

static void
guard(struct session *s)
{
	char transcript[1024], dir[600];
	int rc;

	if (!lifecycle_transcript(s, transcript, sizeof transcript))
		return;
	snprintf(dir, sizeof dir, "%s/transcripts", paths()->state);
	rc = guard_keep(dir, s->num, transcript);
	if (rc < 0)
		log_warn("session %u: its transcript is not guarded (%s)", s->num, strerror(-rc));
}

static void
report(struct job *j, struct session *s)
{
	uint64_t left = left_of(s);

	j->r.ok = true;
	j->r.mem_available_after = mem_available();
	j->r.freed_bytes = j->r.before_bytes > left ? j->r.before_bytes - left : 0;
	s->freed_bytes = j->r.freed_bytes;
	guard(s);
	server_meta_changed(j->sv, s);
	server_event(j->sv, s, "hibernated",
		json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:i}", "why", j->q.why, "how", j->r.how,
			"freed_bytes", (json_int_t)j->r.freed_bytes, "before_bytes",
			(json_int_t)j->r.before_bytes, "mem_available_before",
			(json_int_t)j->r.mem_available_before, "mem_available_after",
			(json_int_t)j->r.mem_available_after, "processes", (int)j->r.processes));
	job_done(j);
}

/* The tree is gone; the server hears of it by its own way. */
static void
on_settle(uv_timer_t *t)
{
	struct job *j = t->data;
	struct session *s = session_of(j);

	CHECK(j->magic == JOB_MAGIC);
	if (s && s->state == SS_SLEEPING && uv_now(t->loop) - j->settle_ms < SETTLE_MS)
		return;
	uv_timer_stop(t);
	if (!s) {
		snprintf(j->r.error, sizeof j->r.error, "it was forgotten meanwhile");
		job_done(j);
	} else if (session_live(s)) {
		job_refuse(j, "it does not end");
	} else {
		report(j, s);
	}
}

static void
on_tree_ended(void *ctx, enum ending_how how, size_t processes)
{
	struct job *j = ctx;

	CHECK(j->magic == JOB_MAGIC);
	j->r.how = ending_how_name(how);
	j->r.processes = processes;
	j->settle_ms = uv_now(&j->sv->loop);
	uv_timer_start(&j->timer, on_settle, 0, SETTLE_LOOK_MS);
}

static bool
is_shared(void *ctx, pid_t pid)
{
	struct job *j = ctx;
	struct session *s = session_of(j);

	return s && lifecycle_shared(s, pid);
}

static void
end_tree(struct job *j)
{
	struct ending_times t = ending_times_default;

	if (!j->typed)
		t.quit_ms = 0;
	ending_start(
		&j->sv->loop, j->pid, j->pid_start, j->marker, &t, is_shared, on_tree_ended, j);
}

static void
on_enter_due(uv_timer_t *t)
{
	struct job *j = t->data;
	struct session *s = session_of(j);

	CHECK(j->magic == JOB_MAGIC);
	if (s && session_live(s))
		session_write(s, "\r", 1, NULL);
	end_tree(j);
}

/* A command typed behind a draft becomes part of it; one typed at a question answers it. */
static bool
prompt_is_free(const struct session *s)
{
	return activity_at_rest(s->act.now) && !s->act.draft_since_ns && !s->act.draft_on_screen;
}

static void
quit(struct job *j, struct session *s)
{
	const char *words = profile_quit(s->profile);

	/* first of all: from here on it goes to sleep, whoever dies meanwhile */
	session_set_state(s, SS_SLEEPING);
	j->typed = *words && prompt_is_free(s) && session_write(s, words, strlen(words), NULL) == 0;
	if (j->typed)
		uv_timer_start(&j->timer, on_enter_due, ENTER_DELAY_MS, 0);
	else
		end_tree(j);
}

/* NULL, or why it must not be closed. */
static const char *
against(struct job *j, struct session *s, char buf[160])
{
	struct reap_verdict v;

	if (s->state != SS_RUNNING)
		return "it does not run any more";
	if (j->q.force)
		return NULL;
	if (s->act.last_input_ns != j->input_ns || s->act.last_text_ns != j->text_ns)
		return "activity: something was typed or printed meanwhile";
	lifecycle_judge(s, &j->q.limits, &v);
	if (j->q.by_hand)
		return lifecycle_against(&v, buf);
	if (v.eligible)
		return NULL;
	snprintf(buf, 160, "%s", v.reason[0]);
	return buf;
}

static void
on_measured(void *ctx, const struct memstat *m)
{
	struct job *j = ctx;
	struct session *s = session_of(j);
	const char *why;
	char buf[160];

	CHECK(j->magic == JOB_MAGIC);
	if (!s) {
		snprintf(j->r.error, sizeof j->r.error, "it was forgotten meanwhile");
		job_done(j);
		return;
	}
	if ((why = against(j, s, buf))) {
		job_refuse(j, why);
		return;
	}
	j->r.before_bytes = m && m->known ? m->footprint : 0;
	j->r.mem_available_before = mem_available();
	quit(j, s);
}

static struct job *
job_new(struct session *s, const struct closer_request *q)
{
	struct job *j = xcalloc(1, sizeof *j);

	j->magic = JOB_MAGIC;
	j->num = s->num;
	j->sv = s->server;
	j->q = *q;
	j->pid = s->pid;
	j->pid_start = s->pid_start;
	j->r.how = "";
	snprintf(j->marker, sizeof j->marker, "%s", s->id);
	snprintf(j->r.id, sizeof j->r.id, "%s", s->id);
	snprintf(j->r.name, sizeof j->r.name, "%s", s->name);
	uv_timer_init(&s->server->loop, &j->timer);
	j->timer.data = j;
	return j;
}

int
closer_start(struct session *s, const struct closer_request *q, struct err *e)
{
	struct job *j;

	if (s->state == SS_ASLEEP)
		return err_set(
			e, 1, "%s sleeps already (muster resume %s wakes it)", s->name, s->name);
	if (s->state != SS_RUNNING || !s->pid)
		return err_set(
			e, 1, "%s does not run (it is %s)", s->name, session_state_shown(s->state));
	if (!s->server->sampler)
		return err_set(e, 1, "memory is not measured (see muster doctor)");
	j = job_new(s, q);
	j->input_ns = s->act.last_input_ns;
	j->text_ns = s->act.last_text_ns;
	sampler_now(s->server->sampler, s->num, on_measured, j);
	return 0;
}

void
closer_go_on(struct session *s)
{
	struct closer_request q = {.force = true, .why = "begun before a restart"};
	struct job *j = job_new(s, &q);

	CHECK(s->state == SS_SLEEPING);
	j->typed = true; /* perhaps: it gets the time to leave by itself */
	end_tree(j);
}
