/* drain COMMAND…: runs it on a pty of 200x50 and throws away what it prints: what a terminal that
 * does nothing costs. */
#include <pty.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct winsize ws = {.ws_col = 200, .ws_row = 50};
	static char b[65536];
	int master, status = 0;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: drain COMMAND…\n");
		return 2;
	}
	if ((pid = forkpty(&master, NULL, NULL, &ws)) < 0) {
		perror("drain");
		return 1;
	}
	if (!pid) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	while (read(master, b, sizeof(b)) > 0)
		;
	if (waitpid(pid, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
