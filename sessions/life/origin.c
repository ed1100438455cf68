#include "sessions/life/origin.h"
#include "sessions/proc/proc_read.h"
#include "sessions/proc/proctree.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/session/run.h"
#include <string.h>
#include <sys/resource.h>

#define ANCESTORS_MAX 1000

/* -1: gone. */
static pid_t
parent_of(pid_t pid)
{
	char text[512], *p;
	int ppid;

	if (proc_read(pid, "stat", text, sizeof text) <= 0 || !(p = strrchr(text, ')')) ||
		sscanf(p + 1, " %*c %d", &ppid) != 1)
		return -1;
	return ppid;
}

static const struct session *
led_by(const struct sessions *ss, pid_t pid)
{
	for (const struct session *s = ss->first; s; s = s->next)
		if (s->run && s->run->pid == pid)
			return s;
	return NULL;
}

/* NULL: none. */
static const struct session *
marked(const struct sessions *ss, pid_t pid)
{
	struct rlimit l;

	if (prlimit(pid, RLIMIT_LOCKS, NULL, &l) < 0)
		return NULL;
	for (const struct session *s = ss->first; s; s = s->next)
		if (proc_mark(s->id) && l.rlim_cur == proc_mark(s->id))
			return s;
	return NULL;
}

enum origin
origin_of(const struct sessions *ss, pid_t pid, const struct session **s)
{
	pid_t at = pid, keeper = ss->keeper ? keeper_link_pid(ss->keeper) : 0;

	*s = NULL;
	for (int i = 0; i < ANCESTORS_MAX && at > 1; i++) {
		if ((*s = led_by(ss, at)))
			return ORIGIN_SESSION;
		if (at == keeper)
			break;
		if ((at = parent_of(at)) < 0)
			return ORIGIN_UNKNOWN;
	}
	if ((*s = marked(ss, pid)))
		return ORIGIN_SESSION;
	return at > 1 ? ORIGIN_SESSION : ORIGIN_OUTSIDE;
}
