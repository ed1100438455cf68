#ifndef TESTS_SESSIONS_SICK_DISK_H
#define TESTS_SESSIONS_SICK_DISK_H
/* A server whose calls on files fail, take long, or are told of, as `faults` says while it runs. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include "tests/tools/preload/io_faults.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

static struct io_faults *faults;

static bool
answers(void *ctx)
{
	(void)ctx;
	return muster("server status") == 0;
}

/* A keeper of ours, whose servers run with the object that lets their calls fail. */
static void
start_with_faults(void)
{
	char keeper[600];
	pid_t pid;
	int fd;

	put_file(in_home("faults"), "%*s", (int)sizeof(*faults), "");
	put_file(in_home("server"),
		"#!/bin/sh\nexport LD_PRELOAD='%s/tests/tools/preload/io_faults.so' "
		"IO_FAULTS='%s/faults' "
		"ASAN_OPTIONS=\"$ASAN_OPTIONS:verify_asan_link_order=0\"\nexec '%s/muster' "
		"\"$@\"\n",
		getenv("MUSTER_BIN"), getenv("MUSTER_HOME"), getenv("MUSTER_BIN"));
	assert_int_equal(chmod(in_home("server"), 0700), 0);
	fd = open(in_home("faults"), O_RDWR | O_CLOEXEC);
	faults = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(faults != MAP_FAILED);
	close(fd);
	memset(faults, 0, sizeof(*faults));
	assert_int_equal(muster("config path"), 0);
	assert_true(mkdir(in_home("state"), 0700) == 0 || errno == EEXIST);
	assert_true(mkdir(in_home("run"), 0700) == 0 || errno == EEXIST);
	snprintf(keeper, sizeof(keeper), "%s/muster-keeper", getenv("MUSTER_BIN"));
	pid = fork();
	if (pid == 0) {
		fd = open("/dev/null", O_RDWR);
		setsid();
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		execl(keeper, "muster-keeper", in_home("server"), NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	assert_true(until(answers, NULL, 10));
}
#endif
