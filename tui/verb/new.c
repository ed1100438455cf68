#include "sessions/config/config.h"
#include "tui/verb/new.h"
#include "tui/cli/choice.h"
#include "tui/cli/print.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct new_opts {
	json_t *tags, *env;
	const char *name, *dir, *profile, *size, *mem_max, *prompt, *worktree, *runner;
	bool pin, no_store, detached;
};

static void
add_tag(void *ctx, const char *value)
{
	json_array_append_new(((struct new_opts *)ctx)->tags, json_string(value));
}

static void
add_env(void *ctx, const char *value)
{
	json_array_append_new(((struct new_opts *)ctx)->env, json_string(value));
}

static int
take_size(struct verb_ctx *ctx, const char *text, json_t *args)
{
	struct winsize ws;
	int cols = 80, rows = 24;
	char end;

	if (text) {
		if (sscanf(text, "%dx%d%c", &cols, &rows, &end) != 2 || cols < 1 || rows < 1 ||
			cols > 4096 || rows > 1000)
			return verb_fail(ctx, -1,
				"--size %.40s: columns x rows, such as 120x40 (up to 4096x1000)",
				text);
	} else
		for (int fd = 0; fd < 3; fd++)
			if (ioctl(fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col && ws.ws_row) {
				cols = ws.ws_col;
				rows = ws.ws_row;
				break;
			}
	json_object_set_new(args, "cols", json_integer(cols));
	json_object_set_new(args, "rows", json_integer(rows));
	return 0;
}

/* -e, on top of the caller's environment, or of that on the other machine. */
static int
take_env(struct verb_ctx *ctx, json_t *over, json_t *args)
{
	json_t *kv;
	size_t i;

	json_array_foreach (over, i, kv) {
		const char *s = json_string_value(kv);
		size_t n = s ? strcspn(s, "=") : 0;
		if (!n || s[n] != '=')
			return verb_fail(ctx, -1, "-e %.60s: NAME=VALUE", s ? s : "?");
	}
	if (json_array_size(over))
		json_object_set(args, "env_over", over);
	return 0;
}

static void
take_text(json_t *args, const char *key, const char *value)
{
	json_t *j = value ? json_string(value) : NULL;

	if (j)
		json_object_set_new(args, key, j);
}

static int
take_dir(struct verb_ctx *ctx, const char *dir, json_t *args)
{
	struct stat st;
	json_t *j;

	if (ctx->host) { /* a directory there; without, the home directory */
		if (dir && *dir != '/' && *dir != '~')
			return verb_fail(ctx, -1, "-c %.200s: a full path on %s", dir, ctx->host);
		take_text(args, "cwd", dir);
		return 0;
	}
	dir = dir ? dir : ".";
	j = stat(dir, &st) == 0 && S_ISDIR(st.st_mode) ? json_string(dir) : NULL;

	if (!j)
		return verb_fail(ctx, -1, "-c %.200s: no such directory", dir);
	json_object_set_new(args, "cwd", j);
	return 0;
}

static int
fill(struct verb_ctx *ctx, struct new_opts *o, char **words, json_t *args)
{
	json_t *argv = json_array();
	uint64_t bytes;

	if (*words && !strcmp(*words, "--"))
		words++;
	for (; *words; words++)
		if (json_array_append_new(argv, json_string(*words)) < 0) {
			json_decref(argv);
			return verb_fail(ctx, -1, "argument is not valid UTF-8");
		}
	json_object_set_new(args, "argv", argv);
	take_text(args, "name", o->name);
	take_text(args, "profile", o->profile);
	take_text(args, "prompt", o->prompt);
	take_text(args, "worktree", o->worktree);
	if (o->worktree && ctx->host && !o->dir)
		return verb_fail(
			ctx, -1, "--worktree: of which repository on %s? (-c DIR)", ctx->host);
	take_text(args, "runner", o->runner);
	json_object_set(args, "tags", o->tags);
	json_object_set_new(args, "pin", json_boolean(o->pin));
	json_object_set_new(args, "no_store", json_boolean(o->no_store));
	if (o->mem_max) {
		if (!parse_size(o->mem_max, &bytes))
			return verb_fail(ctx, -1, "--mem-max %.40s: a size such as 2G", o->mem_max);
		json_object_set_new(args, "mem_max", json_integer((json_int_t)bytes));
	}
	return take_dir(ctx, o->dir, args) < 0 || take_size(ctx, o->size, args) < 0 ||
			       take_env(ctx, o->env, args) < 0
		       ? -1
		       : 0;
}

/* Memory would be short: what there is to say of it, "" nothing. */
static const char *
guard_words(char *buf, size_t cap, const json_t *guard)
{
	char needs[32], has[32];

	buf[0] = '\0';
	if (strcmp(obj_str(guard, "verdict"), "ok") == 0 || !json_is_object(guard))
		return buf;
	fmt_bytes(has, jnum(guard, "available_bytes"));
	if (jnum(guard, "needs_bytes") > 0)
		snprintf(buf, cap,
			"memory is under pressure: it will need about %s, %s are available",
			fmt_bytes(needs, jnum(guard, "needs_bytes")), has);
	else
		snprintf(buf, cap, "memory is under pressure: %s are available", has);
	return buf;
}

/* The sessions whose sleep would help: "a and b". */
static const char *
sleeper_names(char *buf, size_t cap, const json_t *guard, const char *between)
{
	json_t *list = json_object_get(guard, "sleep"), *v;
	size_t n = 0, i;

	buf[0] = '\0';
	json_array_foreach (list, i, v)
		if (n < cap)
			n += (size_t)snprintf(
				buf + n, cap - n, "%s%.60s", i ? between : "", obj_str(v, "name"));
	return buf;
}

void
guard_warn(const struct verb_ctx *ctx, const json_t *guard)
{
	char words[160], names[300], frees[32];

	if (ctx->quiet || !*guard_words(words, sizeof(words), guard))
		return;
	if (*sleeper_names(names, sizeof(names), guard, " "))
		verb_fail(ctx, 0, "%s (muster hibernate %s frees about %s)", words, names,
			fmt_bytes(frees, jnum(guard, "would_free_bytes")));
	else
		verb_fail(ctx, 0, "%s", words);
}

/* A person is asked before; false: not to be started. */
static bool
guard_lets(struct verb_ctx *ctx, json_t *args)
{
	char words[160], names[300], buf[32];
	int code = EXIT_OK;
	json_t *reply = verb_call(ctx, "guard", json_incref(args), &code), *ids, *v;
	json_t *guard = json_object_get(reply, "guard");
	bool lets = strcmp(obj_str(guard, "verdict"), "hold") != 0;
	size_t i;

	if (!lets) {
		verb_fail(ctx, 0, "%s", guard_words(words, sizeof(words), guard));
		if (*sleeper_names(names, sizeof(names), guard, " and ") &&
			user_agrees("Put %s to sleep first, and free about %s?", names,
				fmt_bytes(buf, jnum(guard, "would_free_bytes")))) {
			ids = json_array();
			json_array_foreach (json_object_get(guard, "sleep"), i, v)
				json_array_append(ids, json_object_get(v, "id"));
			json_decref(
				verb_call(ctx, "hibernate", json_pack("{s:o}", "ids", ids), &code));
			lets = code == EXIT_OK;
		} else {
			lets = user_agrees("Start it all the same?");
		}
	}
	json_decref(reply);
	return lets;
}

json_t *
new_session(struct verb_ctx *ctx, int argc, char **argv, bool *attach, int *code)
{
	struct new_opts o = {.tags = json_array(), .env = json_array()};
	const struct opt opts[] = {{'n', "name", true, NULL, &o.name, NULL},
		{'c', "cwd", true, NULL, &o.dir, NULL},
		{'p', "profile", true, NULL, &o.profile, NULL},
		{'t', "tag", true, add_tag, NULL, NULL}, {'e', "env", true, add_env, NULL, NULL},
		{0, "size", true, NULL, &o.size, NULL}, {0, "pin", false, NULL, NULL, &o.pin},
		{0, "mem-max", true, NULL, &o.mem_max, NULL},
		{0, "no-store", false, NULL, NULL, &o.no_store},
		{0, "prompt", true, NULL, &o.prompt, NULL},
		{0, "worktree", true, NULL, &o.worktree, NULL},
		{0, "runner", true, NULL, &o.runner, NULL},
		{'d', "detach", false, NULL, NULL, &o.detached}, {0}};
	json_t *args = json_object(), *reply = NULL;
	int first;

	*code = EXIT_USAGE;
	if (opts_parse(ctx, opts, &o, argc, argv, &first) == 0 &&
		fill(ctx, &o, argv + first, args) == 0) {
		*attach = !o.detached && isatty(0) && isatty(1) && !ctx->json;
		*code = EXIT_FAIL;
		if (!*attach || guard_lets(ctx, args))
			reply = verb_call(ctx, "new", json_incref(args), code);
		*code = reply ? EXIT_OK : *code;
	}
	json_decref(args);
	json_decref(o.tags);
	json_decref(o.env);
	return reply;
}

int
verb_new(struct verb_ctx *ctx, int argc, char **argv)
{
	bool attach = false;
	int code;
	json_t *reply = new_session(ctx, argc, argv, &attach, &code);
	char id[16] = "";

	if (!reply)
		return code;
	snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(reply, "id")));
	if (attach) {
		json_decref(reply);
		return attach_run(ctx, id);
	}
	if (ctx->json)
		print_json(json_incref(reply));
	else {
		printf("%s\n", id);
		guard_warn(ctx, json_object_get(reply, "guard"));
	}
	json_decref(reply);
	return EXIT_OK;
}
