#ifndef TESTS_MEMORY_LEFT_H
#define TESTS_MEMORY_LEFT_H
/* What stands in memory for MUSTER_HOME when no process of muster is left (pty/memdir.h). */
#include "sessions/pty/memdir.h"
#include "tests/sessions/run_muster.h"

/* Its directory. */
__attribute__((unused)) static void
memory_of_home(char *out, size_t cap)
{
	struct stat st;

	assert_int_equal(stat(in_home("state"), &st), 0);
	snprintf(out, cap, MEMDIR_ROOT "/muster-%u-%llx-%llx", (unsigned)geteuid(),
		(unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
}

/* As when the machine goes down. */
__attribute__((unused)) static void
clear_memory(void)
{
	char dir[200], cmd[300];

	memory_of_home(dir, sizeof(dir));
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	assert_int_equal(system(cmd), 0);
}
#endif
