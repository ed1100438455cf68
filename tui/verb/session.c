/* kill, forget, pin, unpin, rename, tag, untag, archive, unarchive, note. */
#include "tui/verb/verb.h"
#include <string.h>

static const struct opt none[] = {{0}};

/* One request over all the words; a line for each that failed. */
static int
many(struct verb_ctx *ctx, const char *verb, json_t *args, char **words, int n)
{
	json_t *ids = json_array(), *reply, *r;
	int code = EXIT_OK;
	size_t i;

	for (int k = 0; k < n; k++)
		json_array_append_new(ids, json_string(words[k]));
	json_object_set_new(args, "ids", ids);
	if (!n) {
		json_decref(args);
		return verb_fail(ctx, EXIT_USAGE, "which session? (muster %s ID…)", ctx->verb);
	}
	if (!(reply = verb_call(ctx, verb, args, &code)))
		return code;
	json_array_foreach (json_object_get(reply, "results"), i, r) {
		if (json_is_true(json_object_get(r, "ok")))
			continue;
		code = (int)json_integer_value(json_object_get(r, "code"));
		code = code ? code : EXIT_FAIL;
		if (!ctx->json)
			verb_fail(ctx, code, "%s", json_string_value(json_object_get(r, "error")));
	}
	if (ctx->json)
		print_json(json_incref(reply));
	json_decref(reply);
	return code;
}

int
verb_kill(struct verb_ctx *ctx, int argc, char **argv)
{
	bool now = false;
	const struct opt opts[] = {{0, "now", false, NULL, NULL, &now}, {0}};
	int first;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	return many(ctx, "kill", json_pack("{s:b}", "now", now), argv + first, argc - first);
}

int
verb_forget(struct verb_ctx *ctx, int argc, char **argv)
{
	int first;

	if (opts_parse(ctx, none, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	return many(ctx, "forget", json_object(), argv + first, argc - first);
}

static int
switched(struct verb_ctx *ctx, int argc, char **argv, const char *verb, const char *key, bool on)
{
	int first;

	if (opts_parse(ctx, none, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	return many(ctx, verb, json_pack("{s:b}", key, on), argv + first, argc - first);
}

int
verb_pin(struct verb_ctx *ctx, int argc, char **argv)
{
	return switched(ctx, argc, argv, "pin", "pinned", true);
}

int
verb_unpin(struct verb_ctx *ctx, int argc, char **argv)
{
	return switched(ctx, argc, argv, "pin", "pinned", false);
}

int
verb_archive(struct verb_ctx *ctx, int argc, char **argv)
{
	return switched(ctx, argc, argv, "archive", "archived", true);
}

int
verb_unarchive(struct verb_ctx *ctx, int argc, char **argv)
{
	return switched(ctx, argc, argv, "archive", "archived", false);
}

/* A session, and a word for it: after -- that may begin with one. */
static int
with_word(struct verb_ctx *ctx, int argc, char **argv, const char *key)
{
	char *words[3];
	json_t *word;
	int first, n = 0;

	if (opts_parse(ctx, none, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	for (bool ended = false; first < argc && n < 3; first++)
		if (ended || strcmp(argv[first], "--") != 0)
			words[n++] = argv[first];
		else
			ended = true;
	if (n != 2)
		return verb_fail(
			ctx, EXIT_USAGE, "muster %s %s", ctx->verb, verb_find(ctx->verb)->args);
	if (!(word = json_string(words[1])))
		return verb_fail(ctx, EXIT_USAGE, "argument is not valid UTF-8");
	return many(ctx, ctx->verb, json_pack("{s:o}", key, word), words, 1);
}

int
verb_rename(struct verb_ctx *ctx, int argc, char **argv)
{
	return with_word(ctx, argc, argv, "name");
}

int
verb_tag(struct verb_ctx *ctx, int argc, char **argv)
{
	return with_word(ctx, argc, argv, "tag");
}

int
verb_untag(struct verb_ctx *ctx, int argc, char **argv)
{
	return with_word(ctx, argc, argv, "tag");
}

int
verb_note(struct verb_ctx *ctx, int argc, char **argv)
{
	return with_word(ctx, argc, argv, "note");
}
