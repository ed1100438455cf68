/* search: hits of all sessions, printed as they come. */
#include "core/os/os.h"
#include "core/text/width.h"
#include "sessions/config/config.h"
#include "tui/cli/verb.h"
#include "tui/cli/print.h"
#include <stdlib.h>
#include <string.h>

/* Up to n bytes, fit for a terminal. */
static void
put_text(const char *text, size_t n)
{
	size_t len = strnlen(text, n);
	char *clean = xmalloc(len + 1);

	fwrite(clean, 1, sanitize(clean, len + 1, text, len), stdout);
	free(clean);
}

static void
put_hit(const struct verb_ctx *ctx, json_t *h)
{
	const char *text = json_string_value(json_object_get(h, "text"));
	size_t n = strlen(text), start = (size_t)json_integer_value(json_object_get(h, "start"));
	size_t end = MIN((size_t)json_integer_value(json_object_get(h, "end")), n);
	const char *on = ctx->color ? "\033[1;33m" : "", *off = ctx->color ? "\033[m" : "";

	if (ctx->json) {
		print_json(json_incref(h));
		return;
	}
	start = MIN(start, end);
	put_text(jstr(h, "name"), SIZE_MAX);
	printf(":%lld: ", (long long)json_integer_value(json_object_get(h, "line")));
	put_text(text, start);
	fputs(on, stdout);
	put_text(text + start, end - start);
	fputs(off, stdout);
	put_text(text + end, SIZE_MAX);
	putchar('\n');
}

static void
on_part(void *ctx, json_t *part)
{
	json_t *h;
	size_t i;

	json_array_foreach (json_object_get(part, "hits"), i, h)
		put_hit(ctx, h);
	fflush(stdout);
}

int
verb_search(struct verb_ctx *ctx, int argc, char **argv)
{
	bool regex = false;
	const char *session = NULL, *since = NULL;
	const struct opt opts[] = {{'r', "regex", false, NULL, NULL, &regex},
		{'s', "session", true, NULL, &session, NULL},
		{0, "since", true, NULL, &since, NULL}, {0}};
	struct err e = {0};
	struct client *c;
	json_t *args, *reply = NULL;
	double ago;
	int first;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (first < argc && !strcmp(argv[first], "--"))
		first++;
	if (argc - first != 1)
		return verb_fail(
			ctx, EXIT_USAGE, "one pattern, please (quote it if it has spaces)");
	args = json_pack("{s:s,s:b}", "pattern", argv[first], "regex", regex);
	if (!args)
		return verb_fail(ctx, EXIT_USAGE, "the pattern is not valid UTF-8");
	if (session)
		json_object_set_new(args, "id", json_string(session));
	if (since) {
		if (!parse_duration(since, &ago)) {
			json_decref(args);
			return verb_fail(ctx, EXIT_USAGE,
				"--since takes a time such as 24h, not '%.20s'", since);
		}
		json_object_set_new(args, "since", json_real(os_wall_s() - ago));
	}
	c = client_connect(ctx->host, true, &e);
	if (c)
		reply = client_call(c, "search", args, on_part, ctx, 0, &e);
	else
		json_decref(args);
	client_free(c);
	if (!reply)
		return verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	if (json_is_true(json_object_get(reply, "truncated")) && !ctx->quiet)
		fprintf(stderr, "muster: search: stopped after %lld hits\n",
			(long long)json_integer_value(json_object_get(reply, "hits")));
	json_decref(reply);
	return EXIT_OK;
}
