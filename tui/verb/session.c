/* kill, forget, pin, unpin, rename, tag, untag, archive, unarchive, note. */
#include "tui/cli/choice.h"
#include <string.h>

#define LIVE "starting running closing"

/* What came of a worktree is said either way: it is a directory of its user's. */
static void
say_tree(const struct verb_ctx *ctx, const json_t *tree)
{
	const char *path = json_string_value(json_object_get(tree, "path"));
	const char *why = json_string_value(json_object_get(tree, "why"));

	if (!path || ctx->json || ctx->quiet)
		return;
	if (why)
		verb_fail(ctx, EXIT_OK, "the worktree %s stays: %s", path, why);
	else
		verb_fail(ctx, EXIT_OK, "removed the worktree %s; its branch stays", path);
}

/* One request over all of them; a line for each that failed. */
static int
many(struct verb_ctx *ctx, const struct choice *c, const char *verb, json_t *args)
{
	int code = EXIT_OK;
	json_t *reply = choice_call(ctx, c, verb, args, &code), *r;
	size_t i;

	if (!reply)
		return code;
	json_array_foreach (json_object_get(reply, "results"), i, r) {
		say_tree(ctx, json_object_get(r, "worktree"));
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
	struct choice c = {.apt = LIVE, .ask = "End"};
	bool now = false;
	const struct opt opts[] = {{.l = "now", .flag = &now}, CHOICE_ASK_OPTS(c), {0}};
	int first, code = EXIT_USAGE;
	json_t *args;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0 ||
		!(args = choice_args(ctx, &c, argv + first, argc - first, &code)))
		return code;
	json_object_set_new(args, "now", json_boolean(now));
	return many(ctx, &c, "kill", args);
}

int
verb_forget(struct verb_ctx *ctx, int argc, char **argv)
{
	struct choice c = {.apt = "exited lost", .ask = "Delete all that is stored of"};
	const struct opt opts[] = {CHOICE_ASK_OPTS(c), {0}};
	int first, code = EXIT_USAGE;
	json_t *args;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0 ||
		!(args = choice_args(ctx, &c, argv + first, argc - first, &code)))
		return code;
	return many(ctx, &c, "forget", args);
}

static int
switched(struct verb_ctx *ctx, int argc, char **argv, const char *verb, const char *key, bool on)
{
	struct choice c = {.apt = LIVE " asleep"};
	const struct opt opts[] = {CHOICE_OPTS(c), {0}};
	int first, code = EXIT_USAGE;
	json_t *args;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0 ||
		!(args = choice_args(ctx, &c, argv + first, argc - first, &code)))
		return code;
	json_object_set_new(args, key, json_boolean(on));
	return many(ctx, &c, verb, args);
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

/* Sessions, then a word for each of them: after -- that may begin with one. */
static int
with_word(struct verb_ctx *ctx, struct choice *c, int argc, char **argv, const char *key)
{
	int first, n = 0, code = EXIT_USAGE;
	struct opt opts[] = {CHOICE_OPTS(*c), {0}};
	bool several = !strcmp(key, "tag");
	json_t *args, *word;
	char **words;

	if (opts_parse(ctx, several ? opts : &opts[4], NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	words = argv + first;
	for (bool ended = false; first < argc; first++)
		if (ended || strcmp(argv[first], "--") != 0)
			words[n++] = argv[first];
		else
			ended = true;
	if (!n || (n == 1 && !choice_made(c)) || (n > 2 && !several))
		return verb_fail(
			ctx, EXIT_USAGE, "muster %s %s", ctx->verb, verb_find(ctx->verb)->args);
	word = json_string(words[--n]);
	if (choice_made(c) && !c->tag && !strcmp(ctx->verb, "untag"))
		c->tag = words[n]; /* of all those that have it */
	if (!word)
		return verb_fail(ctx, EXIT_USAGE, "argument is not valid UTF-8");
	if (!(args = choice_args(ctx, c, words, n, &code))) {
		json_decref(word);
		return code;
	}
	json_object_set_new(args, key, word);
	return many(ctx, c, ctx->verb, args);
}

int
verb_rename(struct verb_ctx *ctx, int argc, char **argv)
{
	struct choice c = {.apt = LIVE " asleep"};

	return with_word(ctx, &c, argc, argv, "name");
}

int
verb_tag(struct verb_ctx *ctx, int argc, char **argv)
{
	struct choice c = {.apt = LIVE " asleep"};

	return with_word(ctx, &c, argc, argv, "tag");
}

int
verb_untag(struct verb_ctx *ctx, int argc, char **argv)
{
	struct choice c = {.apt = LIVE " asleep"};

	return with_word(ctx, &c, argc, argv, "tag");
}

int
verb_note(struct verb_ctx *ctx, int argc, char **argv)
{
	struct choice c = {.apt = LIVE " asleep"};

	return with_word(ctx, &c, argc, argv, "note");
}
