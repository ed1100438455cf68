/* search: hits of all sessions, printed as they come. */
#include "core/os/os.h"
#include "core/text/width.h"
#include "sessions/config/config.h"
#include "tui/cli/everywhere.h"
#include "tui/cli/host.h"
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
	put_text(obj_str(h, "name"), SIZE_MAX);
	printf(":%lld: ", (long long)json_integer_value(json_object_get(h, "line")));
	put_text(text, start);
	fputs(on, stdout);
	put_text(text + start, end - start);
	fputs(off, stdout);
	put_text(text + end, SIZE_MAX);
	putchar('\n');
}

static void
on_part(void *ctx, const char *host, json_t *part)
{
	json_t *h;
	size_t i;

	json_array_foreach (json_object_get(part, "hits"), i, h) {
		place_mark(ctx, host, h);
		put_hit(ctx, h);
	}
	fflush(stdout);
}

/* Of the words; NULL: said what is wrong. */
static json_t *
search_args(struct verb_ctx *ctx, const char *pattern, bool regex, char *session, const char *since)
{
	json_t *args;
	double ago = 0;

	if (since && !parse_duration(since, &ago)) {
		verb_fail(ctx, EXIT_USAGE, "--since takes a time such as 24h, not '%.20s'", since);
		return NULL;
	}
	if (session && host_word(ctx, &session) < 0)
		return NULL;
	args = json_pack("{s:s,s:b}", "pattern", pattern, "regex", regex);
	if (!args)
		verb_fail(ctx, EXIT_USAGE, "the pattern is not valid UTF-8");
	if (args && session)
		json_object_set_new(args, "id", json_string(session));
	if (args && since)
		json_object_set_new(args, "since", json_real(os_wall_s() - ago));
	return args;
}

static void
say_truncated(const struct verb_ctx *ctx, const char *host, const json_t *reply)
{
	if (json_is_true(json_object_get(reply, "truncated")) && !ctx->quiet)
		fprintf(stderr, "muster: search: %s%sstopped after %lld hits\n", host,
			*host ? ": " : "",
			(long long)json_integer_value(json_object_get(reply, "hits")));
}

int
verb_search(struct verb_ctx *ctx, int argc, char **argv)
{
	bool regex = false;
	const char *session = NULL, *since = NULL;
	const struct opt opts[] = {{'r', "regex", false, NULL, NULL, &regex},
		{'s', "session", true, NULL, &session, NULL},
		{0, "since", true, NULL, &since, NULL}, {0}};
	struct places *p;
	json_t *args;
	int first, code = EXIT_FAIL;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (first < argc && !strcmp(argv[first], "--"))
		first++;
	if (argc - first != 1)
		return verb_fail(
			ctx, EXIT_USAGE, "one pattern, please (quote it if it has spaces)");
	if (!(args = search_args(ctx, argv[first], regex, (char *)session, since)))
		return EXIT_USAGE;
	if (!(p = everywhere(ctx, "search", args, !session, on_part, ctx, &code)))
		return code;
	for (size_t i = 0; i < p->n; i++)
		say_truncated(ctx, p->place[i].host, p->place[i].reply);
	places_free(p);
	return EXIT_OK;
}
