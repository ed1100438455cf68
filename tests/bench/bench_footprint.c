/* What one look at a process costs: the full walk and the cheap one, and its whole tree. */
#include "core/os/os.h"
#include "sessions/memory/footprint.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 200

int
main(void)
{
	size_t bytes = 64u << 20, n = 0;
	char *memory = xmalloc(bytes);
	struct proc_info p = {0};
	uint64_t t0, full, cheap, tree;

	memset(memory, 1, bytes);
	t0 = os_mono_ns();
	for (int i = 0; i < ROUNDS; i++)
		if (footprint_of(getpid(), &p) < 0)
			return 1;
	full = os_mono_ns() - t0;
	printf("footprint of a process with %zu MiB dirty: %.0f us%s, says %.1f MiB\n", bytes >> 20,
		(double)full / ROUNDS / 1e3, p.estimated ? " (estimated)" : "",
		(double)p.footprint / 1048576.0);
	t0 = os_mono_ns();
	for (int i = 0; i < ROUNDS; i++)
		footprint_cheap(getpid(), &p);
	cheap = os_mono_ns() - t0;
	t0 = os_mono_ns();
	for (int i = 0; i < 20; i++)
		free(proctree(getppid(), NULL, &n));
	tree = os_mono_ns() - t0;
	printf("the cheap look: %.1f us; a tree of %zu processes: %.2f ms\n",
		(double)cheap / ROUNDS / 1e3, n, (double)tree / 20 / 1e6);
	free(memory);
	return 0;
}
