#ifndef TESTS_RUN_MUSTER_H
#define TESTS_RUN_MUSTER_H
/* Runs the built muster (MUSTER_BIN) with a home of its own below MUSTER_HOME. Header-only: each
 * test is one program. */
#include "core/base/base.h"
#include "core/os/os.h"
#include <jansson.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static char *out_text; /* of the last run, stdout; malloc'ed */

/* MUSTER_HOME/…; good for the next seven calls. */
__attribute__((unused)) static const char *PRINTF_LIKE(1, 2) in_home(const char *fmt, ...)
{
	static char paths[8][700];
	static unsigned n;
	char *path = paths[n++ % ARRAY_LEN(paths)];
	size_t len = (size_t)snprintf(path, sizeof(paths[0]), "%s/", getenv("MUSTER_HOME"));
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + len, sizeof(paths[0]) - len, fmt, ap);
	va_end(ap);
	return path;
}

/* `muster …` through a shell; both streams go to files so that a daemon cannot hold a pipe of ours.
 * Returns the exit code. */
__attribute__((unused)) static int PRINTF_LIKE(1, 2) muster(const char *fmt, ...)
{
	char args[4096], cmd[8192];
	va_list ap;
	FILE *f;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	snprintf(cmd, sizeof(cmd), "'%s/muster' %s >$MUSTER_HOME/out 2>$MUSTER_HOME/err %s",
		getenv("MUSTER_BIN"), args, strchr(args, '<') ? "" : "</dev/null");
	int rc = system(cmd);
	free(out_text);
	out_text = calloc(1, 1 << 22);
	snprintf(cmd, sizeof(cmd), "%s/out", getenv("MUSTER_HOME"));
	if ((f = fopen(cmd, "r"))) {
		n = fread(out_text, 1, (1 << 22) - 1, f);
		out_text[n] = 0;
		fclose(f);
	}
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

__attribute__((unused)) static void
err_text(char *out, size_t cap)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/err", getenv("MUSTER_HOME"));
	out[0] = 0;
	if ((f = fopen(path, "r"))) {
		out[fread(out, 1, cap - 1, f)] = 0;
		fclose(f);
	}
}

__attribute__((unused)) static json_t *
out_json(void)
{
	json_t *j = json_loads(out_text, 0, NULL);

	if (!j)
		fail_msg("no JSON: %.200s", out_text);
	return j;
}

/* A field of `server status`. */
__attribute__((unused)) static pid_t
server_pid(const char *key)
{
	assert_int_equal(muster("server status --json"), 0);
	json_t *j = out_json();
	pid_t pid = (pid_t)json_integer_value(json_object_get(j, key));

	json_decref(j);
	return pid;
}

/* A zombie that nobody reaps is none. */
__attribute__((unused)) static bool
lives(pid_t pid)
{
	char path[64], text[300] = "";
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (!(f = fopen(path, "r")))
		return false;
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	return strrchr(text, ')') && strrchr(text, ')')[2] != 'Z';
}

/* Polls until cond() or the deadline. */
__attribute__((unused)) static bool
until(bool (*cond)(void *ctx), void *ctx, double seconds)
{
	uint64_t end = os_mono_ns() + (uint64_t)(seconds * 1e9);

	while (!cond(ctx)) {
		if (os_mono_ns() > end)
			return false;
		poll(NULL, 0, 10);
	}
	return true;
}

/* Asks until `ok` says yes. The last answer, a new reference. */
__attribute__((unused)) static json_t *
asked_until(const char *command, bool (*ok)(const json_t *reply))
{
	uint64_t end = os_mono_ns() + 90000000000ull;
	json_t *j = NULL;

	do {
		json_decref(j);
		assert_int_equal(muster("%s", command), 0);
		j = out_json();
		if (ok(j))
			return j;
	} while (os_mono_ns() < end);
	fail_msg("%s: never came true: %.300s", command, out_text);
	return j;
}

/* Polls until the text is on the session's screen. */
__attribute__((unused)) static void
until_shows(const char *name, const char *text)
{
	uint64_t end = os_mono_ns() + 30000000000ull;

	while (muster("peek %s", name) != 0 || !strstr(out_text, text)) {
		if (os_mono_ns() > end)
			fail_msg("no '%s' on the screen of %s: %s", text, name, out_text);
		poll(NULL, 0, 10);
	}
}

/* MUSTER_HOME/NAME, fresh, becomes MUSTER_HOME. */
__attribute__((unused)) static void
own_home(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", getenv("MUSTER_HOME"), name);
	assert_int_equal(mkdir(path, 0700), 0);
	setenv("MUSTER_HOME", path, 1);
}

/* The server's banner has the word; "" for none at all. */
__attribute__((unused)) static bool
banner_has(void *word)
{
	const char *b;
	bool yes;

	if (muster("server status --json") != 0)
		return false;
	json_t *j = out_json();
	b = json_string_value(json_object_get(j, "banner"));
	yes = b && (*(char *)word ? strstr(b, word) != NULL : !*b);
	json_decref(j);
	return yes;
}
#endif
