/* Ends processes that no live session uses: only those that the list calls orphaned, and only if they
 * are still the ones that were listed. */
#include "sessions/proc/proctree.h"
#include "sessions/memory/sampler.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct outside_process *
listed(const struct sessions *ss, pid_t pid)
{
	size_t n = 0;
	const struct outside_process *o = ss->sampler ? sampler_outside(ss->sampler, &n) : NULL;

	for (size_t i = 0; i < n; i++)
		if (o[i].pid == pid)
			return &o[i];
	return NULL;
}

static bool
orphaned(const json_t *list, pid_t pid)
{
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o)
		if (obj_int(o, "pid", 0) == pid)
			return obj_true(o, "orphaned");
	return false;
}

/* 0 or -errno. The descriptor is opened first: from then on the pid cannot be another's. */
static int
stop(const struct outside_process *o)
{
	int fd = (int)syscall(SYS_pidfd_open, o->pid, 0), rc = 0;

	if (fd < 0)
		return -errno;
	if (proc_start(o->pid) != o->start)
		rc = -ESRCH;
	else if (syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

void
cmd_stop_outside(struct request *r)
{
	struct sessions *ss = request_sessions(r);
	json_t *totals = sessions_totals_json(ss), *results = json_array(), *v;
	size_t i;

	json_array_foreach (json_object_get(request_args(r), "pids"), i, v) {
		pid_t pid = (pid_t)json_integer_value(v);
		const struct outside_process *o = listed(ss, pid);
		bool lone = orphaned(json_object_get(totals, "outside"), pid);
		int rc = o && lone ? stop(o) : -ESRCH;
		json_t *result = json_pack("{s:i,s:b}", "pid", (int)pid, "ok", rc == 0);

		if (rc < 0)
			json_object_set_new(result, "error",
				json_string(o && !lone ? "a session uses it" : strerror(-rc)));
		else
			obj_put_int(result, "footprint_bytes", o->footprint);
		json_array_append_new(results, result);
	}
	json_decref(totals);
	request_reply(r, json_pack("{s:i,s:o}", "v", 1, "results", results));
}
