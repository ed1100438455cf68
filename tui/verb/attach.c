/* The dashboard, or one session, in this terminal; and a word on the way out. */
#include "sessions/config/config.h"
#include "tui/run/front.h"
#include "tui/run/plain.h"
#include "tui/cli/verb.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What --ascii and NO_COLOR say; and a locale that is named and has no UTF-8, or a terminal that is
 * known to have none, needs no word. Where nothing names a locale, terminals have UTF-8 nowadays. */
static struct front_options
options(const struct verb_ctx *ctx)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"), *locale = NULL;
	for (size_t i = 0; i < ARRAY_LEN(names) && !(locale && *locale); i++)
		locale = getenv(names[i]);
	bool named = locale && *locale;
	bool utf8 = !named || strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
	bool poor = term && (!strcmp(term, "dumb") || !strcmp(term, "linux"));
	return (struct front_options){.host = ctx->host,
		.ascii = ctx->ascii || !utf8 || poor,
		.no_color = (no_color && *no_color) || (ctx->color_when && !ctx->color)};
}

static int
attach_here(const struct verb_ctx *ctx, const char *id, const struct text_place *at,
	struct front_options opt)
{
	struct err e = {0};
	const char *host = ctx->host ? ctx->host : "", *sep = ctx->host ? ":" : "";
	char name[64];
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return verb_fail(
			ctx, EXIT_FAIL, "needs a terminal (use peek and send without one)");
	if (front_attach(&opt, id, at, name, &e) < 0)
		return verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	if (!ctx->quiet)
		fprintf(stderr, "left %s%s%s (muster attach %s%s%s)\n", host, sep, name, host, sep,
			name);
	return EXIT_OK;
}

int
attach_run(const struct verb_ctx *ctx, const char *id)
{
	return attach_here(ctx, id, NULL, options(ctx));
}

int
dashboard_run(const struct verb_ctx *ctx)
{
	struct front_options opt = options(ctx);
	struct err e = {0};
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return verb_fail(ctx, EXIT_USAGE,
			"the dashboard needs a terminal (muster ls lists sessions, muster help all "
			"verbs)");
	if ((ctx->plain ? plain_run(&opt, &e) : front_dashboard(&opt, &e)) < 0)
		return verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	return EXIT_OK;
}

int
verb_attach(struct verb_ctx *ctx, int argc, char **argv)
{
	const char *line = NULL;
	struct front_options how = options(ctx);
	bool read_only = false, no_resize = false;
	const struct opt opts[] = {{'l', "line", true, NULL, &line, NULL},
		{'r', "read-only", false, NULL, NULL, &read_only},
		{0, "no-resize", false, NULL, NULL, &no_resize}, {0}};
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
	how.host = ctx->host;
	how.read_only = read_only;
	how.no_resize = no_resize;
	return attach_here(ctx, argc > first ? argv[first] : "-", line ? &at : NULL, how);
}
