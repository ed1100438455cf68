#include "tui/cli/choice.h"
#include "core/text/width.h"
#include "sessions/config/config.h"
#include "sessions/wire/json.h"
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define NAMES_SHOWN 8

bool
choice_made(const struct choice *c)
{
	return c->all || c->tag || c->state || c->older;
}

bool
user_agrees(const char *fmt, ...)
{
	char text[512], clean[600], answer[16];
	va_list ap;

	if (!isatty(0) || !isatty(1))
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	sanitize(clean, sizeof clean, text, strlen(text));
	printf("%s [y/N] ", clean);
	fflush(stdout);
	return fgets(answer, sizeof answer, stdin) && tolower((unsigned char)answer[0]) == 'y';
}

/* Is this state among them? */
static bool
has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; n && (p = strstr(p, word)); p += n)
		if ((p == words || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

json_t *
choice_list(const struct verb_ctx *ctx, const struct choice *c, bool all, int *code)
{
	json_t *args = json_pack("{s:b}", "all", all);
	double s;

	if (c->tag)
		obj_put_text(args, "tag", c->tag);
	if (c->state)
		obj_put_text(args, "state", c->state);
	if (!c->older)
		return args;
	if (parse_duration(c->older, &s)) {
		json_object_set_new(args, "older_s", json_real(s));
		return args;
	}
	*code = verb_fail(ctx, EXIT_USAGE, "--older %.40s: a duration such as 2h or 7d", c->older);
	json_decref(args);
	return NULL;
}

static bool
agreed(const struct choice *c, const json_t *list)
{
	struct buf names = {0};
	size_t n = json_array_size(list);
	bool yes;

	if (!c->ask || c->yes || !isatty(0) || !isatty(1))
		return true;
	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
		buf_printf(
			&names, "%s%s", i ? ", " : "", obj_text(json_array_get(list, i), "name"));
	yes = user_agrees(
		"%s %zu: %s%s?", c->ask, n, buf_cstr(&names), n > NAMES_SHOWN ? " and others" : "");
	buf_free(&names);
	return yes;
}

static json_t *
chosen(struct verb_ctx *ctx, const struct choice *c, int *code)
{
	json_t *args = choice_list(ctx, c, true, code), *reply, *s;
	json_t *list = NULL, *ids = NULL;
	size_t i;

	if (!args || !(reply = verb_call(ctx, "ls", args, code)))
		return NULL;
	list = json_array();
	json_array_foreach (json_object_get(reply, "sessions"), i, s)
		if (c->state || !c->apt || has_word(c->apt, obj_text(s, "state")))
			json_array_append(list, s);
	if (!json_array_size(list))
		*code = verb_fail(ctx, EXIT_NO_SESSION, "no session is like that");
	else if (!agreed(c, list))
		*code = EXIT_FAIL;
	else
		ids = json_array();
	for (i = 0; ids && i < json_array_size(list); i++)
		json_array_append(ids, json_object_get(json_array_get(list, i), "id"));
	json_decref(list);
	json_decref(reply);
	return ids;
}

json_t *
choice_args(struct verb_ctx *ctx, const struct choice *c, char **words, int n, int *code)
{
	json_t *ids = NULL;

	if (n && choice_made(c))
		*code = verb_fail(ctx, EXIT_USAGE,
			"give sessions, or choose them by --all, --tag, --state, --older: not "
			"both");
	else if (!n && !choice_made(c))
		*code = verb_fail(ctx, EXIT_USAGE, "which session? (muster %s ID…)", ctx->verb);
	else if (!n)
		ids = chosen(ctx, c, code);
	else
		ids = json_array();
	for (int i = 0; i < n && ids; i++)
		json_array_append_new(ids, json_string(words[i]));
	if (!ids)
		return NULL;
	if (json_array_size(ids) >= (size_t)n)
		return json_pack("{s:o,s:b}", "ids", ids, "whole", c->ask != NULL);
	*code = verb_fail(ctx, EXIT_USAGE, "argument is not valid UTF-8");
	json_decref(ids);
	return NULL;
}

/* Results of names that were only the beginning of one: the ids of those that the user means. */
static json_t *
meant(const struct choice *c, json_t *results)
{
	json_t *ids = json_array(), *r;

	for (size_t i = json_array_size(results); i-- > 0;) {
		r = json_array_get(results, i);
		if (obj_true(r, "beginning") &&
			user_agrees("%s %s?", c->ask, obj_text(r, "name"))) {
			json_array_insert(ids, 0, json_object_get(r, "id"));
			json_array_remove(results, i);
		}
	}
	return ids;
}

json_t *
choice_call(struct verb_ctx *ctx, const struct choice *c, const char *verb, json_t *take_args,
	int *code)
{
	json_t *reply = verb_call(ctx, verb, json_incref(take_args), code), *results, *more;

	results = json_object_get(reply, "results");
	json_object_set_new(take_args, "ids", meant(c, results));
	if (json_array_size(json_object_get(take_args, "ids")) &&
		(more = verb_call(ctx, verb, json_incref(take_args), code))) {
		json_array_extend(results, json_object_get(more, "results"));
		json_decref(more);
	}
	json_decref(take_args);
	return reply;
}
