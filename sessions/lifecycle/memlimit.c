#include "sessions/lifecycle/memlimit.h"
#include "sessions/lifecycle/memscope.h"
#include "core/base/log.h"
#include "sessions/memory/footprint.h"
#include "sessions/proc/memgroup.h"
#include "sessions/memory/sampler.h"
#include "sessions/session/run.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const double HIGH = 0.90, LOW = 0.85;

int
memlimit_level(uint64_t footprint, uint64_t max, int before)
{
	double part = max ? (double)footprint / (double)max : 0;
	int level = part >= 1 ? 2 : part >= HIGH;

	return part >= LOW ? MAX(level, before) : 0;
}

static void
tell(struct session *s, const char *event, uint64_t footprint, const char *by, const char *words)
{
	struct screen_note n = {.text = words, .text2 = s->name, .len = strlen(words)};

	session_event(s, event,
		json_pack("{s:I,s:I,s:s}", "footprint_bytes", (json_int_t)footprint,
			"mem_max_bytes", (json_int_t)s->mem_max, "action", by));
	s->of->ops->screen(s->of->ctx, s, SCREEN_NOTIFY, &n);
}

static void
signal_all(struct session *s, int sig)
{
	size_t n;
	struct proc_info *p = proctree(s->run->pid, s->id, &n);

	for (size_t i = 0; i < n; i++)
		kill(p[i].pid, sig);
	free(p);
}

void
memlimit_continue(struct session *s)
{
	signal_all(s, SIGCONT);
	run_look_stopped(s);
}

void
memlimit_begin(struct session *s)
{
	struct run *r = s->run;

	r->mem_group = memgroup_hold("", s->id, r->pid, s->mem_max);
	if (!s->mem_max)
		return;
	r->mem_held = r->mem_group;
	if (r->mem_held) /* of an earlier run, or told by a server before this one */
		r->mem_kills = memgroup_read("", s->id).kills;
	else
		memscope_ask(s);
	log_info("session %u: memory limit %s", s->num,
		r->mem_held ? "held by a cgroup" : "watched");
}

/* Processes that the kernel ended since it was told of them last. */
static void
tell_kills(struct session *s, uint64_t kills, uint64_t footprint)
{
	if (kills > s->run->mem_kills)
		tell(s, "mem-max", footprint, "held",
			"a process was ended: it reached the memory limit");
	s->run->mem_kills = MAX(s->run->mem_kills, kills);
}

void
memlimit_check(struct ends *e, struct session *s, const struct memstat *m)
{
	static const char *const acts[] = {
		[MEM_NOTICE] = "notice", [MEM_STOP] = "stop", [MEM_KILL] = "kill"};
	enum mem_action act = s->of->config->mem_action;
	struct run *r = s->run;
	int before = r->mem_level;

	if (!s->mem_max)
		return;
	if (r->mem_held)
		tell_kills(s, m->group.kills, m->footprint);
	r->mem_level = memlimit_level(m->footprint, s->mem_max, before);
	if (before < 1 && r->mem_level == 1)
		tell(s, "mem-high", m->footprint, "none", "memory is at 90 % of its limit");
	if (before >= 2 || r->mem_level < 2)
		return;
	tell(s, "mem-max", m->footprint, acts[act], "memory is over its limit");
	if (act == MEM_STOP)
		signal_all(s, SIGSTOP);
	else if (act == MEM_KILL)
		ends_kill(e, s, true);
}

void
memlimit_end(struct session *s)
{
	if (!s->run->mem_group)
		return;
	if (s->run->mem_held)
		tell_kills(s, memgroup_read("", s->id).kills, s->mem_max);
	memgroup_release("", s->id);
	s->run->mem_group = s->run->mem_held = false;
}
