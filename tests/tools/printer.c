/* printer PREFIX LINES FILE CODE: prints "PREFIX 0" … in bursts with pauses of a few milliseconds,
 * makes FILE, waits for a line, ends with CODE. Says so if any signal that can be caught arrives.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void
caught(int sig)
{
	char text[] = "CAUGHT SIGNAL 00\n";

	text[14] = (char)('0' + sig / 10);
	text[15] = (char)('0' + sig % 10);
	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(99);
}

int
main(int argc, char **argv)
{
	struct timespec pause = {0, 3000000};
	char line[64];
	int lines;

	if (argc != 5)
		return 2;
	lines = atoi(argv[2]);
	for (int s = 1; s < SIGRTMIN; s++)
		if (s != SIGCHLD)
			signal(s, caught);
	for (int i = 0; i < lines; i++) {
		printf("%s %d\n", argv[1], i);
		if (i % 40 == 39) {
			fflush(stdout);
			nanosleep(&pause, NULL);
		}
	}
	fflush(stdout);
	close(open(argv[3], O_CREAT | O_WRONLY, 0600));
	if (!fgets(line, sizeof(line), stdin))
		return 98;
	return atoi(argv[4]);
}
