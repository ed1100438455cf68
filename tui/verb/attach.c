/* muster attach: a session in this terminal, and a word on the way out. */
#include "sessions/config/config.h"
#include "tui/attach/attach.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int
attach_here(const struct verb_ctx *ctx, const char *id, const struct text_place *at)
{
	struct attach_result res;
	uv_loop_t loop;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return verb_fail(
			ctx, EXIT_FAIL, "needs a terminal (use peek and send without one)");
	uv_loop_init(&loop);
	attach_on(ctx, id, &loop, NULL, at, &res);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	if (res.why == ATTACH_ERROR)
		return verb_fail(ctx, res.e.code, "%s", res.e.msg);
	if (res.why == ATTACH_GONE)
		return EXIT_FAIL;
	if (res.why == ATTACH_MEMORY)
		return dashboard_run(ctx);
	if (!ctx->quiet)
		fprintf(stderr, "left %s (muster attach %s)\n", res.name, res.name);
	return EXIT_OK;
}

int
attach_run(const struct verb_ctx *ctx, const char *id)
{
	return attach_here(ctx, id, NULL);
}

int
verb_attach(struct verb_ctx *ctx, int argc, char **argv)
{
	const char *line = NULL;
	const struct opt opts[] = {{'l', "line", true, NULL, &line, NULL}, {0}};
	struct text_place at = {0};
	char *end;
	int first;
	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (argc - first > 1)
		return verb_fail(ctx, EXIT_USAGE, "one session at a time (muster attach [ID])");
	if (line) {
		at.at.line = strtoull(line, &end, 10);
		if (!isdigit((unsigned char)*line) || *end)
			return verb_fail(ctx, EXIT_USAGE,
				"--line takes a number as search tells it, not '%.20s'", line);
	}
	return attach_here(ctx, argc > first ? argv[first] : "-", line ? &at : NULL);
}
