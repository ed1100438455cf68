#include "sessions/config/config.h"
#include "sessions/serve.h"
#include "core/os/os.h"
#include "sessions/proc/proc_read.h"
#include "sessions/pty/keeper_link.h"
#include "tui/cli/verb.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STOP_NS 15000000000ull
#define LOOK_MS 100

static int
start(struct verb_ctx *ctx, bool force)
{
	struct err e = {0};
	struct client *c = client_connect(ctx->host, true, &e);

	(void)force;
	if (!c)
		return verb_fail(ctx, EXIT_NO_SERVER, "%s", e.msg);
	client_free(c);
	return EXIT_OK;
}

/* For requests that must not start a server. */
static const struct call_as if_it_runs = {.no_start = true};

/* Until the process is gone; it may stand still, or not end in time. */
static int
wait_gone(struct verb_ctx *ctx, const char *who, pid_t pid, int pidfd, uint64_t end)
{
	struct pollfd p = {pidfd, POLLIN, 0};
	int code = EXIT_OK;

	while (pidfd >= 0 && code == EXIT_OK && poll(&p, 1, LOOK_MS) == 0) {
		if (proc_state(pid) == 'T')
			code = verb_fail(ctx, EXIT_FAIL,
				"the %s (process %d) is stopped: it leaves after kill -CONT %d",
				who, (int)pid, (int)pid);
		else if (os_mono_ns() > end)
			code = verb_fail(
				ctx, EXIT_FAIL, "the %s (process %d) did not exit", who, (int)pid);
	}
	if (pidfd >= 0)
		close(pidfd);
	return code;
}

static int
stop(struct verb_ctx *ctx, bool force)
{
	int code = EXIT_OK, fd[2];
	json_t *st = verb_call_as(ctx, &if_it_runs, "status", json_object(), &code), *reply;
	static const char *const who[] = {"server", "keeper"}, *const key[] = {"pid", "keeper_pid"};
	uint64_t end = os_mono_ns() + STOP_NS;
	pid_t pid[2];

	if (!st)
		return code;
	for (int i = 0; i < 2; i++) {
		pid[i] = (pid_t)json_integer_value(json_object_get(st, key[i]));
		fd[i] = (int)syscall(SYS_pidfd_open, pid[i], 0);
	}
	json_decref(st);
	if (!(reply = verb_call_as(
		      ctx, &if_it_runs, "stop", json_pack("{s:b}", "kill_sessions", force), &code)))
		return code;
	json_decref(reply);
	for (int i = 0; i < 2; i++) {
		int rc = wait_gone(ctx, who[i], pid[i], fd[i], end);

		code = rc == EXIT_OK ? code : rc;
	}
	return code;
}

static int
status(struct verb_ctx *ctx, bool force)
{
	int code = EXIT_OK;
	json_t *st = verb_call_as(ctx, &if_it_runs, "status", json_object(), &code), *n;
	char ago[32], store[32];

	(void)force;
	if (!st)
		return code;
	if (ctx->json) {
		print_json(st);
		return EXIT_OK;
	}
	n = json_object_get(st, "sessions");
	printf("server %d, keeper %d, muster %s, started %s ago\n",
		(int)json_integer_value(json_object_get(st, "pid")),
		(int)json_integer_value(json_object_get(st, "keeper_pid")),
		json_string_value(json_object_get(st, "version")),
		fmt_ago(ago, json_number_value(json_object_get(st, "up_s"))));
	printf("%d running, %d asleep, %d clients, %s of history\n",
		(int)json_integer_value(json_object_get(n, "running")),
		(int)json_integer_value(json_object_get(n, "asleep")),
		(int)json_integer_value(json_object_get(st, "clients")),
		fmt_bytes(store, json_number_value(json_object_get(st, "store_bytes"))));
	if (*json_string_value(json_object_get(st, "banner")))
		printf("%s\n", json_string_value(json_object_get(st, "banner")));
	json_decref(st);
	return EXIT_OK;
}

/* The status of whoever serves in the place of `old`; NULL and *code when nobody does in time. */
static json_t *
successor(struct verb_ctx *ctx, pid_t old, int *code)
{
	uint64_t end = os_mono_ns() + STOP_NS;
	json_t *st = NULL;

	do {
		struct err e = {0};
		struct client *c = client_connect(ctx->host, false, &e);

		json_decref(st);
		st = c ? client_call(c, "status", json_object(), NULL, NULL, 0, &e) : NULL;
		client_free(c);
		if (st && json_integer_value(json_object_get(st, "pid")) != old)
			return st;
		poll(NULL, 0, LOOK_MS / 10);
	} while (os_mono_ns() < end);
	json_decref(st);
	*code = verb_fail(ctx, EXIT_FAIL, "no server came in the place of process %d", (int)old);
	return NULL;
}

/* What serves now, and whether it is what was asked for. */
static int
upgrade_result(struct verb_ctx *ctx, json_t *st, const char *program)
{
	const char *version = json_string_value(json_object_get(st, "version"));
	const char *serves = json_string_value(json_object_get(st, "program"));
	json_t *n = json_object_get(st, "sessions");
	int running = (int)json_integer_value(json_object_get(n, "running"));
	int code = EXIT_OK;

	if (!serves || strcmp(serves, program) != 0 ||
		json_is_true(json_object_get(st, "replaced")))
		code = verb_fail(ctx, EXIT_FAIL,
			"%s did not come to serve: muster %s goes on, with %d running", program,
			version, running);
	else if (ctx->json)
		print_json(json_incref(st));
	else if (!ctx->quiet)
		printf("muster %s serves, %d running\n", version, running);
	return code;
}

int
verb_upgrade(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct opt none[] = {{0}};
	char program[PATH_MAX];
	json_t *reply, *st;
	int first, code = EXIT_OK;
	pid_t old;

	if (opts_parse(ctx, none, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (argc - first > 1)
		return verb_fail(ctx, EXIT_USAGE, "one program at most");
	if (first < argc && !realpath(argv[first], program))
		return verb_fail(ctx, EXIT_FAIL, "%s: %s", argv[first], strerror(errno));
	if (first == argc && !self_binary(program, sizeof program))
		return verb_fail(ctx, EXIT_FAIL, "where this program stands cannot be read");
	reply = verb_call(ctx, "upgrade", json_pack("{s:s}", "program", program), &code);
	if (!reply)
		return code;
	old = (pid_t)json_integer_value(json_object_get(reply, "pid"));
	json_decref(reply);
	if (!(st = successor(ctx, old, &code)))
		return code;
	json_clean(ctx, st);
	code = upgrade_result(ctx, st, program);
	json_decref(st);
	return code;
}

int
verb_server(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct verb_ctx *ctx, bool force);
	} what[] = {{"start", start}, {"stop", stop}, {"status", status}};
	bool force = false;
	const struct opt opts[] = {{0, "kill-sessions", false, NULL, NULL, &force}, {0}};
	int first;

	if (argc == 2 && !strcmp(argv[1], "run"))
		return serve();
	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	for (size_t i = 0; argc - first == 1 && i < ARRAY_LEN(what); i++)
		if (!strcmp(what[i].name, argv[first]))
			return what[i].run(ctx, force);
	return verb_fail(ctx, EXIT_USAGE, "muster server start, stop or status");
}
