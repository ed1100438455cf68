#include "sessions/agent/registry_look.h"
#include "sessions/memory/footprint.h"
#include "sessions/proc/proc_read.h"
#include "sessions/proc/proctree.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_BYTES_MAX (64u << 10)
#define TREE_MAX 256	   /* processes below a CLI that are looked at */
#define ENTER_BEFORE_S 0.5 /* a rollout may begin so long before its Enter was noted */
#define ENTER_AFTER_S 3.0  /* and so long after */

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
put_line(struct live_file *f)
{
	for (pid_t pid = f->rec.pid; pid > 1 && f->n_line < LIVE_LINE; pid = proc_parent(pid)) {
		f->line[f->n_line].start = proc_start(pid);
		f->line[f->n_line++].pid = pid;
	}
}

/* `<pid>.json`, if it says something or has gone. */
static void
look_at_file(struct live_look *l, const char *name)
{
	struct live_file f = {0};
	char path[800], *end, *buf;
	long pid = strtol(name, &end, 10);
	ssize_t n;

	if (pid <= 0 || strcmp(end, ".json") != 0)
		return;
	snprintf(path, sizeof path, "%s/%s", l->dir, name);
	buf = xmalloc(FILE_BYTES_MAX);
	n = read_small(path, buf, FILE_BYTES_MAX);
	f.pid = (pid_t)pid;
	f.gone = n == -ENOENT;
	/* half written: the next event brings the rest */
	if (n > 0 && registry_parse(buf, (size_t)n, &f.rec) && f.rec.pid == pid &&
		(!f.rec.start || f.rec.start == proc_start(f.rec.pid)))
		put_line(&f);
	free(buf);
	if (!f.gone && !f.n_line)
		return;
	l->file = xrealloc(l->file, (l->n + 1) * sizeof *l->file);
	l->file[l->n++] = f;
}

void
live_look(struct live_look *l)
{
	struct dirent *e;
	DIR *d;

	l->there = access(l->dir, F_OK) == 0;
	if (l->name[0])
		look_at_file(l, l->name);
	if (l->name[0] || !l->there || !(d = opendir(l->dir)))
		return;
	while ((e = readdir(d)))
		look_at_file(l, e->d_name);
	closedir(d);
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

/* Unix seconds of "2031-02-03T04:05:06.789Z"; 0 when it is none. */
static double
iso_time(const char *s)
{
	struct tm tm = {0};
	const char *rest = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	return rest ? (double)timegm(&tm) + (*rest == '.' ? strtod(rest, NULL) : 0) : 0;
}

/* When the rollout's first line was written, if it tells of this directory; else 0. */
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

/* How many rollouts of that day's directory (local time names it) began with the last Enter. */
static int
rollouts_of_day(struct rollout_look *l, time_t day)
{
	char dir[600], path[900], this[64];
	struct dirent *e;
	struct stat st;
	struct tm tm;
	int found = 0;
	DIR *d;

	localtime_r(&day, &tm);
	snprintf(dir, sizeof dir, "%s/%04d/%02d/%02d", l->dir, tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday);
	if (!(d = opendir(dir)))
		return 0;
	while ((e = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if (!registry_rollout_id(path, this) || stat(path, &st) < 0 ||
			(double)st.st_mtime < l->enter - 2 * ENTER_BEFORE_S - 1)
			continue;
		if (rollout_near(rollout_began(path, l->cwd), l->enter)) {
			found++;
			memcpy(l->began, this, sizeof this);
		}
	}
	closedir(d);
	return found;
}

bool
rollout_near(double t, double enter)
{
	return t >= enter - ENTER_BEFORE_S && t <= enter + ENTER_AFTER_S;
}

static void
open_rollouts(struct rollout_look *l)
{
	pid_t tree[PROC_BELOW_MAX];
	size_t n = proc_below(l->pid, tree);

	for (size_t i = 0; i < n && l->n_open < ROLLOUTS_OPEN; i++) {
		char *cmdline;

		if (!held_open(tree[i], l->dir, l->open[l->n_open].id) ||
			!(cmdline = proc_cmdline(tree[i])))
			continue;
		l->open[l->n_open++].cmdline = cmdline;
	}
}

void
rollout_look(struct rollout_look *l)
{
	time_t day = (time_t)l->enter;
	char real[PATH_MAX];

	if (realpath(l->cwd, real))
		memcpy(l->cwd, real, sizeof real);
	open_rollouts(l);
	if (!l->by_enter)
		return;
	/* the directory is named by when the CLI was started */
	l->n_began = rollouts_of_day(l, day);
	if ((time_t)l->started / 3600 != day / 3600 && !l->n_began)
		l->n_began = rollouts_of_day(l, (time_t)l->started);
}

void
rollout_look_free(struct rollout_look *l)
{
	for (size_t i = 0; i < l->n_open; i++)
		free(l->open[i].cmdline);
}
