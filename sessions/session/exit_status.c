/* Since 6.15 the kernel keeps it for who holds a pidfd, once the process was reaped; as long as it
 * waits for that, it stands in its stat. */
#include "sessions/session/exit_status.h"
#include "sessions/keeper/keeper_proto.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFO_EXIT (1u << 3)
#define FIELDS_TO_EXIT 49 /* of stat, from the state on */
struct info {		  /* the kernel's struct pidfd_info, first version */
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid, id[8];
	int32_t exit_code;
};
static_assert(sizeof(struct info) == 64, "its size is part of the request's number");
#define GET_INFO _IOWR(0xff, 11, struct info)

static bool
from_pidfd(int pidfd, int *status)
{
	struct info i = {.mask = INFO_EXIT};

	if (ioctl(pidfd, GET_INFO, &i) < 0 || !(i.mask & INFO_EXIT))
		return false;
	*status = i.exit_code;
	return true;
}

/* Of a zombie of ours: of somebody else's the kernel says 0. */
static bool
from_stat(pid_t pid, int *status)
{
	char path[32], text[1024], *p;
	struct stat st;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (stat(path, &st) < 0 || st.st_uid != geteuid())
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	p = strrchr(text, ')');
	if (!p || p[1] != ' ' || p[2] != 'Z')
		return false;
	for (int i = 0; p && i <= FIELDS_TO_EXIT; i++)
		p = strchr(p + 1, ' ');
	if (p)
		*status = atoi(p);
	return p != NULL;
}

int
exit_status(int pidfd, pid_t pid)
{
	int status = KEEPER_NO_STATUS;

	/* it may be reaped between the first two looks */
	if (!from_pidfd(pidfd, &status) && !from_stat(pid, &status))
		from_pidfd(pidfd, &status);
	return status;
}
