/* hook: run by a CLI, not by a person. Whatever happens it says nothing and succeeds: its output
 * would become part of a conversation, and its failure could stop a tool. With --then it goes on as
 * the user's status line. */
#include "sessions/agent/hooks.h"
#include "tui/cli/verb.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAYLOAD_MAX (8u << 20)

static char *
read_all(int fd, size_t *n)
{
	size_t cap = 64u << 10;
	char *buf = xmalloc(cap);
	ssize_t got;

	*n = 0;
	while ((got = read(fd, buf + *n, cap - *n)) > 0) {
		*n += (size_t)got;
		if (*n == cap && cap < PAYLOAD_MAX)
			buf = xrealloc(buf, cap *= 2);
	}
	return buf;
}

/* The user's own status line, in our place: it reads what we read. */
static void
run_theirs(const char *command, const char *json, size_t n)
{
	int fd = memfd_create("status", MFD_CLOEXEC);

	if (fd < 0 || write(fd, json, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) < 0 ||
		dup2(fd, 0) < 0)
		return;
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
}

int
verb_hook(struct verb_ctx *ctx, int argc, char **argv)
{
	const char *key = NULL, *then = NULL;
	size_t n;
	char *json;

	(void)ctx;
	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "--key") == 0)
			key = argv[i + 1];
		if (strcmp(argv[i], "--then") == 0)
			then = argv[i + 1];
	}
	json = read_all(0, &n);
	if (key)
		hooks_send(key, json, n);
	if (then)
		run_theirs(then, json, n);
	free(json);
	return EXIT_OK;
}
