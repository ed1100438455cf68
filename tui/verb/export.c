/* export: all of a session's text, as plain text, with its looks, or as asciicast v2, whose form is a
 * header and then [seconds, "o", text] a line. */
#include "core/base/buf.h"
#include "tui/cli/print.h"
#include <math.h>
#include <string.h>

/* A player waits no longer than this between two lines. */
enum { PAUSE_MAX_S = 2 };

struct export
{
	struct verb_ctx *ctx;
	bool cast;
	struct buf all;	 /* for --json, until the end */
	double from, at; /* of the cast: wall time of its beginning; seconds into it */
};

static void
put_rows(const char *text, size_t n, double at)
{
	json_t *line;
	size_t len;

	for (; n; text += len, n -= len) {
		const char *end = memchr(text, '\n', n);

		len = end ? (size_t)(end - text) + 1 : n;
		line = json_pack("[f,s,o]", at, "o",
			json_sprintf("%.*s\r\n", (int)(end ? len - 1 : len), text));
		if (line)
			print_json(line);
	}
}

static void
on_part(void *ctx, json_t *part)
{
	const json_t *text = json_object_get(part, "text");
	const char *s = json_string_value(text);
	struct export *x = ctx;
	double t = jnum(part, "t");

	if (!s)
		return;
	if (x->cast) {
		if (!isnan(t) && x->from <= 0)
			x->from = t;
		if (!isnan(t)) /* times never go back */
			x->at = MAX(x->at, t - x->from);
		put_rows(s, json_string_length(text), x->at);
	} else if (x->ctx->json)
		buf_put(&x->all, s, json_string_length(text));
	else
		fwrite(s, 1, json_string_length(text), stdout);
}

/* Of the session: {id, name, profile, created, size}. Borrowed from *list; NULL: it is not there. */
static const json_t *
find(const json_t *list, const char *id)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(list, "sessions"), i, s)
		if (!strcmp(obj_str(s, "id"), id))
			return s;
	return NULL;
}

static void
put_header(struct export *x, const json_t *s)
{
	const json_t *size = json_object_get(s, "size");

	x->from = jnum(s, "created");
	x->from = isnan(x->from) ? 0 : x->from;
	print_json(json_pack("{s:i,s:O,s:O,s:I,s:i,s:s,s:{s:s}}", "version", 2, "width",
		json_object_get(size, "cols"), "height", json_object_get(size, "rows"), "timestamp",
		(json_int_t)x->from, "idle_time_limit", PAUSE_MAX_S, "title", obj_str(s, "name"),
		"env", "TERM", "xterm-256color"));
}

/* One connection: what it is called, then its text. */
static json_t *
run(struct export *x, struct client *c, const char *id, bool ansi, struct err *e)
{
	json_t *who, *list, *reply = NULL;
	const json_t *s;

	who = client_call(
		c, "peek", json_pack("{s:s,s:i}", "id", id, "lines", 0), NULL, NULL, 0, e);
	if (!who)
		return NULL;
	list = client_call(c, "ls", json_pack("{s:b}", "all", true), NULL, NULL, 0, e);
	if (list && !(s = find(list, obj_str(who, "id"))))
		err_set(e, EXIT_NO_SESSION, "the session was deleted");
	else if (list) {
		if (x->cast)
			put_header(x, s);
		reply = client_call(c, "peek",
			json_pack("{s:s,s:b,s:b,s:b}", "id", obj_str(who, "id"), "history", true,
				"ansi", ansi, "times", x->cast),
			on_part, x, 0, e);
	}
	json_decref(who);
	json_decref(list);
	return reply;
}

int
verb_export(struct verb_ctx *ctx, int argc, char **argv)
{
	struct export x = {.ctx = ctx};
	bool ansi = false;
	const struct opt opts[] = {
		{.l = "ansi", .flag = &ansi}, {.l = "cast", .flag = &x.cast}, {0}};
	struct err e = {0};
	struct client *c;
	json_t *reply = NULL;
	int first, code = EXIT_OK;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (argc - first != 1)
		return verb_fail(ctx, EXIT_USAGE, "which session? (muster export ID)");
	if ((c = client_connect(ctx->host, true, &e)))
		reply = run(&x, c, argv[first], ansi || x.cast, &e);
	client_free(c);
	if (!reply)
		code = verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	else if (ctx->json && !x.cast)
		print_json(json_pack("{s:i,s:O,s:s%}", "v", 1, "id", json_object_get(reply, "id"),
			"text", x.all.len ? (char *)x.all.data : "", x.all.len));
	buf_free(&x.all);
	json_decref(reply);
	return code;
}
