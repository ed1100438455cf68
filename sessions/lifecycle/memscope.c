/* What `systemd-run --user --scope` asks of the manager, for a process that is there already: the
 * command line of a session stays what its user wrote, and nothing fails to start for want of a bus. */
#include "sessions/lifecycle/memscope.h"
#include "core/base/log.h"
#include "sessions/proc/memgroup.h"
#include "sessions/session/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct asking {
	uv_process_t process;
	struct sessions *ss;
	uint32_t num;
	pid_t pid;
};

static void
on_closed(uv_handle_t *h)
{
	free(h->data);
}

static void
on_exit_of(uv_process_t *p, int64_t status, int sig)
{
	struct asking *a = p->data;
	struct session *s = sessions_num(a->ss, a->num);

	if (s && s->run && s->run->pid == a->pid && status == 0 && sig == 0) {
		s->run->mem_held = true;
		s->run->mem_kills = memgroup_read("", s->id).kills;
		session_changed(s);
	}
	log_info("session %u: memory limit %s", a->num,
		status == 0 && sig == 0 ? "held by a scope of systemd" : "watched");
	uv_close((uv_handle_t *)p, on_closed);
}

static bool
manager_there(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char path[512];

	snprintf(path, sizeof(path), "%.480s/systemd/private", dir ? dir : "");
	return dir && access(path, F_OK) == 0;
}

void
memscope_ask(struct session *s)
{
	char unit[40], pid[24], max[32];
	char *argv[] = {"busctl", "--user", "--quiet", "call", "org.freedesktop.systemd1",
		"/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
		"StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "fail", "4", "PIDs", "au", "1", pid,
		"MemoryMax", "t", max, "MemorySwapMax", "t", max, "CollectMode", "s",
		"inactive-or-failed", "0", NULL};
	uv_process_options_t o = {.exit_cb = on_exit_of, .file = argv[0], .args = argv};
	struct asking *a;

	if (!manager_there())
		return;
	snprintf(unit, sizeof(unit), "muster-%s.scope", s->id);
	snprintf(pid, sizeof(pid), "%d", (int)s->run->pid);
	snprintf(max, sizeof(max), "%llu", (unsigned long long)s->mem_max);
	a = xcalloc(1, sizeof(*a));
	*a = (struct asking){.ss = s->of, .num = s->num, .pid = s->run->pid};
	a->process.data = a;
	if (uv_spawn(s->of->loop, &a->process, &o) < 0) { /* no busctl: it is watched */
		uv_close((uv_handle_t *)&a->process, on_closed);
		return;
	}
	uv_unref((uv_handle_t *)&a->process);
}
