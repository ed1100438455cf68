/* peek, send, wait: what scripts do with a session. */
#include "core/base/buf.h"
#include "sessions/config/config.h"
#include "tui/cli/verb.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX (768u << 10) /* of a send: the request must stay below 1 MiB */

static void
put_part(void *ctx, json_t *j)
{
	const json_t *t = json_object_get(j, "text");

	(void)ctx;
	if (json_is_string(t))
		fwrite(json_string_value(t), 1, json_string_length(t), stdout);
}

static void
keep_part(void *ctx, json_t *j)
{
	const json_t *t = json_object_get(j, "text");

	if (json_is_string(t))
		buf_put(ctx, json_string_value(t), json_string_length(t));
}

int
verb_peek(struct verb_ctx *ctx, int argc, char **argv)
{
	bool history = false, ansi = false;
	const char *lines = NULL;
	const struct opt opts[] = {{0, "history", false, NULL, NULL, &history},
		{0, "lines", true, NULL, &lines, NULL}, {0, "ansi", false, NULL, NULL, &ansi}, {0}};
	struct buf all = {0};
	json_t *args, *reply;
	int first, code;
	char *end = NULL;
	long n = lines ? 0 : -1;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (lines && ((n = strtol(lines, &end, 10)) < 0 || *end || end == lines))
		return verb_fail(ctx, EXIT_USAGE, "--lines %.40s: a number", lines);
	if (argc - first != 1)
		return verb_fail(ctx, EXIT_USAGE, "which session? (muster peek ID)");
	args = json_pack("{s:s,s:b,s:b}", "id", argv[first], "history", history, "ansi", ansi);
	if (n >= 0)
		json_object_set_new(args, "lines", json_integer(n));
	reply = verb_call_as(ctx,
		&(struct call_as){.part = ctx->json ? keep_part : put_part, .ctx = &all}, "peek",
		args, &code);
	if (reply && ctx->json) {
		json_t *t = json_stringn(all.len ? (char *)all.data : "", all.len);
		json_object_set_new(reply, "text", t);
		print_json(json_incref(reply));
	}
	buf_free(&all);
	json_decref(reply);
	return reply ? EXIT_OK : code;
}

struct send_opts {
	json_t *keys;
	const char *tag;
	bool no_enter, when_idle, no_wait;
};

static void
add_key(void *ctx, const char *value)
{
	json_array_append_new(((struct send_opts *)ctx)->keys, json_string(value));
}

/* The words as one text; "-" alone reads standard input. NULL: none. */
static json_t *
send_text(struct verb_ctx *ctx, char **words, int n, int *code)
{
	struct buf b = {0};
	json_t *j;
	char chunk[65536];
	ssize_t k;

	*code = 0;
	if (n == 1 && !strcmp(words[0], "-")) {
		while (b.len <= TEXT_MAX && (k = read(0, chunk, sizeof(chunk))) > 0)
			buf_put(&b, chunk, (size_t)k);
		while (b.len && (b.data[b.len - 1] == '\n' || b.data[b.len - 1] == '\r'))
			b.len--;
	}
	for (int i = 0; i < n && !(n == 1 && !strcmp(words[0], "-")); i++) {
		if (i)
			buf_putc(&b, ' ');
		buf_puts(&b, words[i]);
	}
	if (b.len > TEXT_MAX)
		*code = verb_fail(ctx, EXIT_FAIL, "the text is too large (768 KiB)");
	j = n ? json_stringn(b.len ? (char *)b.data : "", b.len) : NULL;
	if (n && !j && !*code)
		*code = verb_fail(ctx, EXIT_FAIL, "the text is not valid UTF-8");
	buf_free(&b);
	return j;
}

int
verb_send(struct verb_ctx *ctx, int argc, char **argv)
{
	struct send_opts o = {.keys = json_array()};
	const struct opt opts[] = {{0, "key", true, add_key, NULL, NULL},
		{0, "tag", true, NULL, &o.tag, NULL},
		{0, "no-enter", false, NULL, NULL, &o.no_enter},
		{0, "when-idle", false, NULL, NULL, &o.when_idle},
		{0, "no-wait", false, NULL, NULL, &o.no_wait}, {0}};
	json_t *args = json_object(), *reply = NULL, *text;
	int first, code = EXIT_USAGE;

	if (opts_parse(ctx, opts, &o, argc, argv, &first) < 0)
		goto out;
	if (!o.tag && (first == argc || !strcmp(argv[first], "--"))) {
		code = verb_fail(ctx, EXIT_USAGE, "to which session? (muster send ID TEXT)");
		goto out;
	}
	if (o.tag)
		json_object_set_new(args, "tag", json_string(o.tag));
	else
		json_object_set_new(args, "id", json_string(argv[first++]));
	if (first < argc && !strcmp(argv[first], "--"))
		first++;
	text = send_text(ctx, argv + first, argc - first, &code);
	if (code) {
		json_decref(text);
		goto out;
	}
	code = EXIT_USAGE;
	if (!text && !json_array_size(o.keys)) {
		verb_fail(ctx, EXIT_USAGE, "nothing to send (give a text or --key)");
		goto out;
	}
	json_object_set_new(args, "enter", json_boolean(text && !o.no_enter));
	json_object_set(args, "keys", o.keys);
	json_object_set_new(args, "when_idle", json_boolean(o.when_idle));
	json_object_set_new(args, "no_wait", json_boolean(o.no_wait));
	if (text)
		json_object_set_new(args, "text", text);
	reply = verb_call(ctx, "send", json_incref(args), &code);
	if (reply && ctx->json)
		print_json(json_incref(reply));
	code = reply ? EXIT_OK : code;
out:
	json_decref(reply);
	json_decref(args);
	json_decref(o.keys);
	return code;
}

static bool
wait_word(const char *what)
{
	static const char *const words[] = {"idle", "ready", "blocked", "exit"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(words[i], what))
			return true;
	return false;
}

int
verb_wait(struct verb_ctx *ctx, int argc, char **argv)
{
	const char *what = "idle", *timeout = NULL;
	const struct opt opts[] = {{0, "for", true, NULL, &what, NULL},
		{0, "timeout", true, NULL, &timeout, NULL}, {0}};
	json_t *reply;
	double s = 0;
	int first, code;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (timeout && !parse_duration(timeout, &s))
		return verb_fail(ctx, EXIT_USAGE, "--timeout %.40s: seconds, or 2m, 1h", timeout);
	if (argc - first != 1)
		return verb_fail(ctx, EXIT_USAGE, "which session? (muster wait ID)");
	if (!wait_word(what))
		return verb_fail(
			ctx, EXIT_USAGE, "--for %.40s: idle, ready, blocked or exit", what);
	if (timeout && s <= 0)
		s = 0.001;
	reply = verb_call_as(ctx, &(struct call_as){.timeout_s = s}, "wait",
		json_pack("{s:s,s:s}", "id", argv[first], "for", what), &code);
	if (reply && ctx->json)
		print_json(json_incref(reply));
	json_decref(reply);
	return reply ? EXIT_OK : code;
}
