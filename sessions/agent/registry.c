/* Claude keeps ~/.claude/sessions/<pid>.json for each live process and rewrites it when its status
 * or conversation changes; the file goes when the process exits properly. A watch per directory
 * (many sessions share one) yields the names that changed; the file's pid must be the session's
 * child or below it, and alive with the start time that the file names, or it is somebody's
 * leftover.
 *
 * Codex does not say its id; but it keeps the rollout it writes open, so its file descriptors name
 * it. Two things get in the way: a daemon that holds the rollouts of all sessions, and processes
 * that make themselves undumpable, whose descriptors only root may see. Then the file itself must
 * tell: a rollout begins with the moment its first prompt was sent, so the one that began in this
 * folder when Enter was typed in this session is its own, if no other could be meant.
 *
 * A directory may not exist before the CLI first ran: a timer retries the watch until it does. */
#include "sessions/agent/registry.h"
#include "sessions/memory/footprint.h"
#include "sessions/memory/proctree.h"
#include "sessions/memory/proc_read.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_BYTES_MAX (64u << 10)
#define ANCESTORS_MAX 16
#define RETRY_MS 500
#define SAME_ENTER_S 0.05
#define ENTER_BEFORE_S 0.5 /* a rollout may begin so long before its Enter was noted */
#define ENTER_AFTER_S 3.0  /* and so long after */

struct watch {
	LIST_ENTRY(watch) link;
	struct registry *r;
	uv_fs_event_t ev;
	bool opened, active; /* opened: the handle must be closed; active: it watches */
	unsigned users;
	char dir[512];
};
struct subject {
	LIST_ENTRY(subject) link;
	struct registry_subject s;
	char cwd[PATH_MAX];
	pid_t file_pid; /* whose registry file spoke for it; 0 none yet */
	struct watch *watch;
	char id[64];	/* last reported */
	double enter;	/* when text was last sent */
	double matched; /* the enter whose rollout was looked for and found */
};
struct registry {
	uv_loop_t *loop;
	struct registry_ops ops;
	uv_timer_t retry;
	LIST_HEAD(, watch) watches;
	LIST_HEAD(, subject) subjects;
	unsigned handles; /* not closed yet */
	bool closing;
};

static enum activity
status_activity(const char *status, const char *waiting_for)
{
	if (strcmp(status, "busy") == 0 || strcmp(status, "shell") == 0)
		return ACT_WORKING;
	if (strcmp(status, "idle") == 0)
		return ACT_IDLE;
	if (strcmp(status, "waiting") == 0)
		return strstr(waiting_for, "permission") ? ACT_PERMISSION : ACT_QUESTION;
	return ACT_UNKNOWN;
}

bool
registry_parse(const char *json, size_t n, struct registry_record *out)
{
	json_t *j = json_loadb(json, n, 0, NULL);
	const char *id, *status, *wants, *start;

	memset(out, 0, sizeof *out);
	if (!json_is_object(j)) {
		json_decref(j);
		return false;
	}
	out->pid = (pid_t)json_integer_value(json_object_get(j, "pid"));
	id = json_string_value(json_object_get(j, "sessionId"));
	status = json_string_value(json_object_get(j, "status"));
	wants = json_string_value(json_object_get(j, "waitingFor"));
	start = json_string_value(json_object_get(j, "procStart"));
	if (start)
		out->start = strtoull(start, NULL, 10);
	if (id && profile_conversation_valid(id))
		snprintf(out->conversation, sizeof(out->conversation), "%s", id);
	if (status)
		out->activity = status_activity(status, wants ? wants : "");
	snprintf(out->detail, sizeof out->detail, "%s", wants ? wants : status ? status : "");
	json_decref(j);
	return out->pid > 0;
}

bool
registry_rollout_id(const char *path, char out[64])
{
	const char *base = strrchr(path, '/'), *end;

	base = base ? base + 1 : path;
	end = strstr(base, ".jsonl");
	if (strncmp(base, "rollout-", 8) != 0 || !end || end[6] || end - base < 8 + 36)
		return false;
	snprintf(out, 64, "%.36s", end - 36);
	return profile_conversation_valid(out);
}

/* Parent of a process; 0 when gone. The name in stat may hold anything, ')' too. */
static pid_t
parent_of(pid_t pid)
{
	char buf[512], *p;
	int ppid = 0;

	if (proc_read(pid, "stat", buf, sizeof buf) <= 0 || !(p = strrchr(buf, ')')))
		return 0;
	return sscanf(p + 1, " %*c %d", &ppid) == 1 ? ppid : 0;
}

static bool
is_below(pid_t pid, pid_t root)
{
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++, pid = parent_of(pid))
		if (pid == root)
			return true;
	return false;
}

static ssize_t
read_small(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while (n < cap && (got = read(fd, buf + n, cap - n)) > 0)
		n += (size_t)got;
	close(fd);
	return (ssize_t)n;
}

static void
tell_conversation(struct registry *r, struct subject *s, const char *id)
{
	if (!*id || strcmp(s->id, id) == 0)
		return;
	snprintf(s->id, sizeof s->id, "%s", id);
	r->ops.conversation(r->ops.ctx, s->s.num, id);
}

static void
record_for(struct registry *r, struct subject *s, const struct registry_record *rec)
{
	s->file_pid = rec->pid;
	tell_conversation(r, s, rec->conversation);
	r->ops.status(r->ops.ctx, s->s.num, rec->activity, rec->detail);
}

static void
file_gone(struct registry *r, const struct watch *w, pid_t pid)
{
	struct subject *s;

	LIST_FOREACH (s, &r->subjects, link) {
		if (s->watch == w && s->file_pid == pid) {
			s->file_pid = 0;
			r->ops.status(r->ops.ctx, s->s.num, ACT_UNKNOWN, "");
		}
	}
}

/* `<pid>.json` of a watched directory was written or went. */
static void
look_at_file(struct registry *r, struct watch *w, const char *name)
{
	struct registry_record rec;
	struct subject *s;
	char path[800], *end, *buf;
	long pid = strtol(name, &end, 10);
	ssize_t n;

	if (pid <= 0 || strcmp(end, ".json") != 0)
		return;
	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	buf = xmalloc(FILE_BYTES_MAX);
	n = read_small(path, buf, FILE_BYTES_MAX);
	if (n == -ENOENT)
		file_gone(r, w, (pid_t)pid);
	/* half written: the next event brings the rest */
	if (n > 0 && registry_parse(buf, (size_t)n, &rec) && rec.pid == pid &&
		(!rec.start || rec.start == proc_start(rec.pid))) {
		LIST_FOREACH (s, &r->subjects, link) {
			if (s->watch == w && proc_start(s->s.pid) == s->s.pid_start &&
				is_below(rec.pid, s->s.pid)) {
				record_for(r, s, &rec);
				break;
			}
		}
	}
	free(buf);
}

static void
look_at_all(struct registry *r, struct watch *w)
{
	DIR *d = opendir(w->dir);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		look_at_file(r, w, e->d_name);
	closedir(d);
}

static void watch_restart(struct watch *w);

static void
on_event(uv_fs_event_t *ev, const char *name, int events, int status)
{
	struct watch *w = ev->data;

	(void)events;
	if (w->r->closing)
		return;
	if (status < 0 || access(w->dir, F_OK) < 0)
		watch_restart(w);
	else if (name)
		look_at_file(w->r, w, name);
	else
		look_at_all(w->r, w);
}

static void
maybe_free(struct registry *r)
{
	if (r->closing && r->handles == 0)
		free(r);
}

static void
watch_closed(uv_handle_t *h)
{
	struct watch *w = h->data;
	struct registry *r = w->r;

	free(w);
	r->handles--;
	maybe_free(r);
}

static void
watch_start(struct watch *w)
{
	int rc;

	if (!w->opened) {
		if (uv_fs_event_init(w->r->loop, &w->ev) < 0)
			return;
		w->ev.data = w;
		w->opened = true;
		w->r->handles++;
	}
	rc = uv_fs_event_start(&w->ev, on_event, w->dir, 0);
	w->active = rc == 0;
	if (w->active)
		look_at_all(w->r, w);
}

static void
on_retry(uv_timer_t *t)
{
	struct registry *r = t->data;
	struct watch *w;
	bool waiting = false;

	LIST_FOREACH (w, &r->watches, link) {
		if (!w->active && access(w->dir, F_OK) == 0)
			watch_start(w);
		waiting |= !w->active;
	}
	if (!waiting)
		uv_timer_stop(t);
}

static void
retry_later(struct registry *r)
{
	if (!uv_is_active((uv_handle_t *)&r->retry))
		uv_timer_start(&r->retry, on_retry, RETRY_MS, RETRY_MS);
}

/* The directory was taken away; its watch watches nothing any more. */
static void
watch_restart(struct watch *w)
{
	uv_fs_event_stop(&w->ev);
	w->active = false;
	retry_later(w->r);
}

static struct watch *
watch_get(struct registry *r, const char *dir)
{
	struct watch *w;

	LIST_FOREACH (w, &r->watches, link) {
		if (strcmp(w->dir, dir) == 0) {
			w->users++;
			return w;
		}
	}
	w = xcalloc(1, sizeof *w);
	w->r = r;
	w->users = 1;
	snprintf(w->dir, sizeof w->dir, "%s", dir);
	LIST_INSERT_HEAD(&r->watches, w, link);
	return w;
}

static void
watch_put(struct watch *w)
{
	if (!w || --w->users)
		return;
	LIST_REMOVE(w, link);
	if (w->opened)
		uv_close((uv_handle_t *)&w->ev, watch_closed);
	else
		free(w);
}

struct registry *
registry_new(uv_loop_t *loop, const struct registry_ops *ops)
{
	struct registry *r = xcalloc(1, sizeof *r);

	r->loop = loop;
	r->ops = *ops;
	uv_timer_init(loop, &r->retry);
	uv_unref((uv_handle_t *)&r->retry);
	r->retry.data = r;
	r->handles = 1;
	return r;
}

static void
retry_closed(uv_handle_t *h)
{
	struct registry *r = h->data;

	r->handles--;
	maybe_free(r);
}

static void
subject_free(struct subject *s)
{
	LIST_REMOVE(s, link);
	watch_put(s->watch);
	free(s);
}

void
registry_close(struct registry *r)
{
	if (!r)
		return;
	r->closing = true;
	while (!LIST_EMPTY(&r->subjects))
		subject_free(LIST_FIRST(&r->subjects));
	uv_close((uv_handle_t *)&r->retry, retry_closed);
}

static struct subject *
find(struct registry *r, uint32_t num)
{
	struct subject *s;

	LIST_FOREACH (s, &r->subjects, link)
		if (s->s.num == num)
			return s;
	return NULL;
}

void
registry_add(struct registry *r, const struct registry_subject *from)
{
	struct subject *s;

	registry_remove(r, from->num);
	if (!from->live_dir[0] && !from->rollout_dir[0])
		return;
	s = xcalloc(1, sizeof *s);
	s->s = *from;
	if (!realpath(from->cwd, s->cwd))
		snprintf(s->cwd, sizeof s->cwd, "%s", from->cwd);
	s->s.cwd = s->cwd;
	LIST_INSERT_HEAD(&r->subjects, s, link);
	if (from->live_dir[0]) {
		s->watch = watch_get(r, from->live_dir);
		if (!s->watch->active)
			watch_start(s->watch);
		else
			look_at_all(r, s->watch);
		if (!s->watch->active)
			retry_later(r);
	}
	registry_poke(r, from->num, 0);
}

void
registry_remove(struct registry *r, uint32_t num)
{
	struct subject *s = find(r, num);

	if (s)
		subject_free(s);
}

static bool
is_shared(struct registry *r, const struct subject *s, pid_t pid)
{
	char *cmdline = r->ops.shared ? proc_cmdline(pid) : NULL;
	bool shared = cmdline && r->ops.shared(r->ops.ctx, s->s.num, cmdline);

	free(cmdline);
	return shared;
}

static bool
held_open(pid_t pid, const char *below, char id[64])
{
	char dir[64], path[PATH_MAX];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(dir, sizeof dir, "/proc/%d/fd", (int)pid);
	if (!(d = opendir(dir)))
		return false;
	while (!found && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, path, sizeof path - 1);

		if (n <= 0)
			continue;
		path[n] = 0;
		found = strncmp(path, below, strlen(below)) == 0 && registry_rollout_id(path, id);
	}
	closedir(d);
	return found;
}

/* The rollout that one of the session's own processes holds open. */
static bool
open_rollout(struct registry *r, const struct subject *s, char id[64])
{
	size_t n;
	struct proc_info *tree = proctree(s->s.pid, NULL, &n);
	bool found = false;

	for (size_t i = 0; i < n && !found; i++)
		found = !is_shared(r, s, tree[i].pid) &&
			held_open(tree[i].pid, s->s.rollout_dir, id);
	free(tree);
	return found;
}

/* Unix seconds of "2031-02-03T04:05:06.789Z"; 0 when it is none. */
static double
iso_time(const char *s)
{
	struct tm tm = {0};
	const char *rest = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	return rest ? (double)timegm(&tm) + (*rest == '.' ? strtod(rest, NULL) : 0) : 0;
}

/* When the rollout's first line was written, if it tells of this folder; else 0. */
static double
rollout_began(const char *path, const char *cwd)
{
	char *buf = xmalloc(FILE_BYTES_MAX), *nl;
	ssize_t n = read_small(path, buf, FILE_BYTES_MAX);
	json_t *j = NULL;
	const char *dir;
	double t = 0;

	if (n > 0 && (nl = memchr(buf, '\n', (size_t)n)))
		j = json_loadb(buf, (size_t)(nl - buf), 0, NULL);
	dir = json_string_value(json_object_get(json_object_get(j, "payload"), "cwd"));
	if (dir && strcmp(dir, cwd) == 0)
		t = iso_time(json_string_value(json_object_get(j, "timestamp")));
	json_decref(j);
	free(buf);
	return t;
}

static bool
near(double t, double enter)
{
	return t >= enter - ENTER_BEFORE_S && t <= enter + ENTER_AFTER_S;
}

/* How many rollouts of that day's folder (local time names it) began with the last Enter. */
static int
rollouts_of_day(const struct subject *s, time_t day, char id[64])
{
	char dir[600], path[900], this[64];
	struct dirent *e;
	struct stat st;
	struct tm tm;
	int found = 0;
	DIR *d;

	localtime_r(&day, &tm);
	snprintf(dir, sizeof dir, "%s/%04d/%02d/%02d", s->s.rollout_dir, tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday);
	if (!(d = opendir(dir)))
		return 0;
	while ((e = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if (!registry_rollout_id(path, this) || stat(path, &st) < 0 ||
			(double)st.st_mtime < s->enter - 2 * ENTER_BEFORE_S - 1)
			continue;
		if (near(rollout_began(path, s->cwd), s->enter)) {
			found++;
			memcpy(id, this, sizeof this);
		}
	}
	closedir(d);
	return found;
}

/* Could another session of this folder have begun a rollout at the same time, or own this one? */
static bool
contested(const struct registry *r, const struct subject *s, const char *id)
{
	const struct subject *o;

	LIST_FOREACH (o, &r->subjects, link) {
		if (o == s || strcmp(o->cwd, s->cwd) != 0)
			continue;
		if (strcmp(o->id, id) == 0 || near(o->enter, s->enter) || near(s->enter, o->enter))
			return true;
	}
	return false;
}

static bool
rollout_by_enter(const struct registry *r, const struct subject *s, char id[64])
{
	time_t day = (time_t)s->enter;
	int found;

	if (s->enter <= 0)
		return false;
	/* the folder is named by when the CLI was started */
	found = rollouts_of_day(s, day, id);
	if ((time_t)s->s.started / 3600 != day / 3600 && !found)
		found = rollouts_of_day(s, (time_t)s->s.started, id);
	return found == 1 && !contested(r, s, id);
}

void
registry_poke(struct registry *r, uint32_t num, double enter)
{
	struct subject *s = find(r, num);
	char id[64];

	if (!s || !s->s.rollout_dir[0])
		return;
	s->enter = enter;
	if (open_rollout(r, s, id)) {
		tell_conversation(r, s, id);
	} else if (fabs(s->matched - enter) > SAME_ENTER_S && rollout_by_enter(r, s, id)) {
		s->matched = enter;
		tell_conversation(r, s, id);
	}
}
