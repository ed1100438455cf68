/* half_muster: what is installed as muster and is none. How it fails stands in the file `how` beside
 * it:
 *   dies   as a server, once it is no trial; else it is the program that `how` names next
 *   few    likewise, but it says that it serves, and no session
 *   ends   at once
 */
#include "sessions/keeper/keeper_proto.h"
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
serve_none(void)
{
	struct keeper_rec r = {
		.magic = KEEPER_MAGIC, .type = KEEPER_SERVING}; /* of no session at all */

	if (send(KEEPER_FD, &r, sizeof(r), 0) == sizeof(r))
		poll(NULL, 0, -1);
}

int
main(int argc, char **argv)
{
	char path[4096], how[16] = "ends", real[4096];
	const char *home = getenv("MUSTER_HOME");
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 8);
	bool trial = home && strlen(home) > 6 && !strcmp(home + strlen(home) - 6, "/trial");
	FILE *f;

	path[n > 0 ? n : 0] = 0;
	if (!strrchr(path, '/'))
		return 1;
	strcpy(strrchr(path, '/'), "/how");
	if (!(f = fopen(path, "r")) || fscanf(f, "%15s %4095s", how, real) < 1 ||
		!strcmp(how, "ends"))
		return 1;
	fclose(f);
	if (argc == 3 && !strcmp(argv[1], "server") && !strcmp(argv[2], "run") && !trial) {
		if (!strcmp(how, "few"))
			serve_none();
		return 1;
	}
	execv(real, argv);
	return 1;
}
