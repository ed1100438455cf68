#include "sessions/proc/memgroup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_CAP = 640 };

struct group_kind { /* where the hierarchies are mounted by custom, and how their files are named */
	const char *mount, *controller; /* controller: as in /proc/self/cgroup, "" v2 */
	const char *limit, *total, *events;
	/* a file and in it the names, each followed by a blank and bytes; NULL: the file is one number */
	struct {
		const char *file;
		const char *const *names, *less;
	} kernel;
};
static const char *const v2_kernel[] = {"kernel ", "sock ", NULL};
static const struct group_kind kinds[] = {
	/* page tables are in the footprint */
	{"/sys/fs/cgroup", "", "memory.max", NULL, "memory.events",
		{"memory.stat", v2_kernel, "pagetables "}},
	{"/sys/fs/cgroup/unified", "", "memory.max", NULL, "memory.events",
		{"memory.stat", v2_kernel, "pagetables "}},
	/* total: with what is swapped, as a footprint is */
	{"/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
		"memory.oom_control", {"memory.kmem.usage_in_bytes", NULL, NULL}},
};

static bool
put(const char *dir, const char *name, const char *text)
{
	char path[PATH_CAP + 64];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static bool
get(const char *dir, const char *name, char *buf, size_t cap)
{
	char path[PATH_CAP + 64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(buf, 1, cap - 1, f);
	buf[n] = '\0';
	fclose(f);
	return true;
}

/* Own cgroup in a hierarchy: a line is "4:memory:/path", of v2 "0::/path". */
static bool
own_group(const char *root, const struct group_kind *k, char *out, size_t cap)
{
	char text[4096], list[64], self[PATH_CAP];

	snprintf(self, sizeof(self), "%.500s/proc/self", root);
	if (!get(self, "cgroup", text, sizeof(text)))
		return false;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		char *names, *path;

		*end = '\0';
		names = strchr(line, ':');
		path = names ? strchr(names + 1, ':') : NULL;
		if (!path)
			continue;
		snprintf(list, sizeof(list), ",%.*s,", (int)MIN(path - names - 1, 60), names + 1);
		if (*k->controller ? !strstr(list, k->controller) : path != names + 1)
			continue;
		snprintf(out, cap, "%.200s%s%s", root, k->mount,
			strcmp(path + 1, "/") == 0 ? "" : path + 1);
		return access(out, W_OK) == 0;
	}
	return false;
}

/* In v2 a group that hands a controller down holds no processes itself: server and keeper go to a
 * leaf. If others are in it, it is not ours to arrange. */
static bool
hand_down(const char *group)
{
	char text[4096], leaf[PATH_CAP], pid[24];

	if (!get(group, "cgroup.controllers", text, sizeof(text)) || !strstr(text, "memory"))
		return false;
	if (get(group, "cgroup.subtree_control", text, sizeof(text)) && strstr(text, "memory"))
		return true;
	if (!get(group, "cgroup.procs", text, sizeof(text)))
		return false;
	for (char *p = text; *p;) {
		pid_t other = (pid_t)strtol(p, &p, 10);

		if (other && other != getpid() && other != getppid())
			return false;
		p += strspn(p, "\n");
	}
	snprintf(leaf, sizeof(leaf), "%.600s/muster", group);
	if (mkdir(leaf, 0755) < 0 && errno != EEXIST)
		return false;
	for (int i = 0; i < 2; i++) {
		snprintf(pid, sizeof(pid), "%d", (int)(i ? getppid() : getpid()));
		put(leaf, "cgroup.procs", pid);
	}
	return put(group, "cgroup.subtree_control", "+memory");
}

/* A scope that the user's systemd made: closing/memscope.h. */
static bool
scope_of(const char *root, const struct group_kind *k, const char *id, char *out, size_t cap)
{
	unsigned uid = (unsigned)getuid();

	if (*k->controller)
		return false;
	snprintf(out, cap,
		"%.200s%s/user.slice/user-%u.slice/user@%u.service/app.slice/muster-%s.scope", root,
		k->mount, uid, uid, id);
	return access(out, R_OK) == 0;
}

/* Path of a session's group, the first that exists or could be made. */
static const struct group_kind *
group_of(const char *root, const char *id, bool make, char *out, size_t cap)
{
	char own[PATH_CAP - 40];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (scope_of(root, &kinds[i], id, out, cap))
			return &kinds[i];
		if (!own_group(root, &kinds[i], own, sizeof(own)))
			continue;
		if (!*kinds[i].controller) { /* the leaf, if server and keeper are there by now */
			size_t n = strlen(own), k = strlen("/muster");

			if (n > k && strcmp(own + n - k, "/muster") == 0)
				own[n - k] = '\0';
		}
		snprintf(out, cap, "%s/muster-%s", own, id);
		if (access(out, W_OK) == 0)
			return &kinds[i];
		if (make && (*kinds[i].controller || hand_down(own)) && mkdir(out, 0755) == 0)
			return &kinds[i];
	}
	return NULL;
}

bool
memgroup_hold(const char *root, const char *id, pid_t pid, uint64_t max)
{
	char dir[PATH_CAP], text[32] = "max", number[24];
	const struct group_kind *k = group_of(root, id, true, dir, sizeof(dir));

	if (!k)
		return false;
	if (max)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)max);
	else if (*k->controller) { /* version 1 ends single processes anyhow */
		rmdir(dir);
		return false;
	}
	snprintf(number, sizeof(number), "%d", (int)pid);
	if (!put(dir, k->limit, text) || !put(dir, "cgroup.procs", number)) {
		rmdir(dir);
		return false;
	}
	if (k->total)
		put(dir, k->total, text); /* not in every kernel */
	return true;
}

static uint64_t
number_after(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	while (at && at != text && at[-1] != '\n')
		at = strstr(at + 1, name);
	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static uint64_t
kernel_bytes(const struct group_kind *k, const char *dir)
{
	char text[4096];
	uint64_t sum = 0, less;

	if (!get(dir, k->kernel.file, text, sizeof(text)))
		return 0;
	if (!k->kernel.names)
		return strtoull(text, NULL, 10);
	for (const char *const *n = k->kernel.names; *n; n++)
		sum += number_after(text, *n);
	less = number_after(text, k->kernel.less);
	return sum - MIN(sum, less);
}

struct memgroup
memgroup_read(const char *root, const char *id)
{
	char dir[PATH_CAP], text[1024];
	const struct group_kind *k = group_of(root, id, false, dir, sizeof(dir));
	struct memgroup g = {.there = k != NULL};

	if (!k)
		return g;
	g.kernel = kernel_bytes(k, dir);
	if (get(dir, k->events, text, sizeof(text))) {
		g.kills = number_after(text, "oom_kill ");
		g.high = number_after(text, "high ");
		g.max = number_after(text, "max ");
		g.oom = number_after(text, "oom ");
	}
	g.psi = psi_parse(get(dir, "memory.pressure", text, sizeof(text)) ? text : "");
	return g;
}

void
memgroup_release(const char *root, const char *id)
{
	char dir[PATH_CAP];

	if (group_of(root, id, false, dir, sizeof(dir)))
		rmdir(dir); /* not while a stray lives in it */
}
