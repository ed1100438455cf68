/* up, down, save: the sessions of a project as a file. A section is a session, and its keys are options
 * of `new`, whose words up makes of them: what new can, a fleet can. */
#include "core/base/buf.h"
#include "sessions/config/ini_file.h"
#include "sessions/config/sections.h"
#include "sessions/wire/json.h"
#include "tui/verb/new.h"
#include "tui/cli/choice.h"
#include "tui/cli/print.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 250, PROMPT_MAX = 512 << 10 };

struct member {
	char *name, *dir, *prompt;
	json_t *words;	 /* options of new */
	json_t *command; /* what comes after -- */
};
struct fleet {
	struct verb_ctx *ctx;
	char *base; /* directory of the file: its paths are relative to it */
	struct member *m;
	size_t n;
	char last[160]; /* section and key before: a prompt goes on over several lines */
};

static struct member *
member_of(struct fleet *f, const char *name)
{
	struct member *m;

	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->m[i].name, name))
			return &f->m[i];
	f->m = xrealloc(f->m, (f->n + 1) * sizeof *f->m);
	m = &f->m[f->n++];
	*m = (struct member){.name = xstrdup(name), .words = json_array(), .command = json_array()};
	if (f->n > 1) { /* as for all */
		m->dir = f->m[0].dir ? xstrdup(f->m[0].dir) : NULL;
		m->prompt = f->m[0].prompt ? xstrdup(f->m[0].prompt) : NULL;
		json_array_extend(m->words, f->m[0].words);
		json_array_extend(m->command, f->m[0].command);
	}
	return m;
}

static void
fleet_free(struct fleet *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->m[i].name);
		free(f->m[i].dir);
		free(f->m[i].prompt);
		json_decref(f->m[i].words);
		json_decref(f->m[i].command);
	}
	free(f->m);
	free(f->base);
}

static json_t *
split(const char *text)
{
	char **words = words_split(text);
	json_t *a = words_json(words, -1);

	free(words);
	return a;
}

static void
put_word(struct buf *b, const char *word)
{
	if (*word && !strpbrk(word, " \t'\"\\;#$")) {
		buf_puts(b, word);
		return;
	}
	buf_putc(b, '\'');
	for (; *word; word++)
		if (*word == '\'' || *word == ';') /* one that begins no comment */
			buf_printf(b, "'\\%c'", *word);
		else
			buf_putc(b, (uint8_t)*word);
	buf_putc(b, '\'');
}

static char *
path_in(const struct fleet *f, const char *path)
{
	const char *home = getenv("HOME");

	if (path[0] == '~' && (path[1] == '/' || !path[1]) && home)
		return xasprintf("%s%s", home, path + 1);
	return *path == '/' ? xstrdup(path) : xasprintf("%s/%s", f->base, path);
}

/* Keys, each with what it does. false: the value cannot be. */

typedef bool (*key_fn)(struct fleet *f, struct member *m, const char *option, const char *value);

static void
add_option(struct member *m, const char *option, const char *value)
{
	json_array_append_new(m->words, json_string(option));
	if (value)
		json_array_append_new(m->words, json_string(value));
}

static bool
on_value(struct fleet *f, struct member *m, const char *option, const char *value)
{
	(void)f;
	add_option(m, option, value);
	return *value != 0;
}

static bool
on_flag(struct fleet *f, struct member *m, const char *option, const char *value)
{
	bool yes = !strcmp(value, "yes");

	(void)f;
	if (yes)
		add_option(m, option, NULL);
	return yes || !strcmp(value, "no");
}

static bool
on_tags(struct fleet *f, struct member *m, const char *option, const char *value)
{
	json_t *tags = split(value), *tag;
	size_t i;

	(void)f;
	json_array_foreach (tags, i, tag)
		add_option(m, option, json_string_value(tag));
	json_decref(tags);
	return true;
}

static bool
on_directory(struct fleet *f, struct member *m, const char *option, const char *value)
{
	(void)option;
	free(m->dir);
	m->dir = path_in(f, value);
	return *value != 0;
}

static bool
on_command(struct fleet *f, struct member *m, const char *option, const char *value)
{
	(void)f;
	(void)option;
	json_decref(m->command);
	m->command = split(value);
	return json_array_size(m->command) > 0;
}

/* Lines that go on come as the same key again. */
static bool
on_prompt(struct fleet *f, struct member *m, const char *option, const char *value)
{
	char here[160], *was = m->prompt;
	bool on;

	(void)option;
	snprintf(here, sizeof here, "%.100s prompt", m->name);
	on = !strcmp(f->last, here);
	m->prompt = on && was ? xasprintf("%s\n%s", was, value) : xstrdup(value);
	free(was);
	snprintf(f->last, sizeof f->last, "%s", here);
	return true;
}

static bool
on_prompt_file(struct fleet *f, struct member *m, const char *option, const char *value)
{
	char *path = path_in(f, value), *text = xcalloc(1, PROMPT_MAX + 1);
	FILE *in = fopen(path, "re");
	size_t n = in ? fread(text, 1, PROMPT_MAX + 1, in) : 0;
	bool ok = in && !ferror(in) && n <= PROMPT_MAX;

	(void)option;
	if (in)
		fclose(in);
	free(path);
	while (n && text[n - 1] == '\n' && ok)
		text[--n] = 0;
	free(m->prompt);
	m->prompt = ok ? text : NULL;
	if (!ok)
		free(text);
	return ok;
}

static bool
on_env(struct fleet *f, struct member *m, const char *option, const char *value)
{
	(void)f;
	add_option(m, option, value);
	return true;
}

static const struct {
	const char *key, *option;
	key_fn fn;
	const char *takes;
} keys[] = {
	{"directory", NULL, on_directory, "a path"},
	{"profile", "-p", on_value, "the name of a profile"},
	{"command", NULL, on_command, "a program and its arguments"},
	{"prompt", NULL, on_prompt, "text"},
	{"prompt_file", NULL, on_prompt_file, "a file that can be read, of up to 512 KiB"},
	{"tags", "-t", on_tags, "words"},
	{"size", "--size", on_value, "COLUMNSxROWS"},
	{"mem_max", "--mem-max", on_value, "a size such as 2G"},
	{"worktree", "--worktree", on_value, "a branch"},
	{"runner", "--runner", on_value, "the name of a runner"},
	{"pin", "--pin", on_flag, "yes or no"},
	{"no_store", "--no-store", on_flag, "yes or no"},
};

static bool
on_key(void *ctx, const char *section, const char *key, const char *value, char *why, size_t cap)
{
	struct fleet *f = ctx;
	struct member *m = member_of(f, section);
	char var[1200];

	if (strcmp(key, "prompt") != 0)
		f->last[0] = 0;
	if (!strncmp(key, "env.", 4)) {
		snprintf(var, sizeof var, "%s=%s", key + 4, value);
		return on_env(f, m, "-e", var);
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!strcmp(keys[i].key, key)) {
			if (keys[i].fn(f, m, keys[i].option, value))
				return true;
			snprintf(why, cap, "%s takes %s", key, keys[i].takes);
			return false;
		}
	snprintf(why, cap, "no key %.60s (muster help up)", key);
	return false;
}

/* 0, or an exit code. */
static int
fleet_read(struct fleet *f, const char *path)
{
	char *full = realpath(path, NULL);
	struct err e = {0};
	int code = EXIT_OK;

	if (!full)
		return verb_fail(f->ctx, EXIT_FAIL, "%.200s: %s", path, strerror(errno));
	f->base = xasprintf("%.*s", (int)MAX(strrchr(full, '/') - full, 1), full);
	member_of(f, ""); /* what is for all comes first */
	if (ini_read_file(full, on_key, f, &e) < 0)
		code = verb_fail(f->ctx, EXIT_USAGE, "%s", e.msg);
	else if (f->n == 1)
		code = verb_fail(f->ctx, EXIT_USAGE, "%.200s names no session", path);
	for (size_t i = 1; i < f->n; i++)
		if (!f->m[i].dir)
			f->m[i].dir = xstrdup(f->base);
	free(full);
	return code;
}

/* Of the sessions with this name the one that runs or sleeps, else the last one; NULL none. */
static json_t *
session_of(const json_t *list, const char *name)
{
	json_t *s, *found = NULL;
	size_t i;

	json_array_foreach (json_object_get(list, "sessions"), i, s)
		if (!strcmp(obj_str(s, "name"), name) &&
			(!found || !strcmp(obj_str(found, "state"), "exited") ||
				!strcmp(obj_str(found, "state"), "lost")))
			found = s;
	return found;
}

static bool
is_live(const json_t *s)
{
	return strcmp(obj_str(s, "state"), "running") == 0 ||
	       strcmp(obj_str(s, "state"), "starting") == 0 ||
	       strcmp(obj_str(s, "state"), "closing") == 0;
}

static bool
has_option(const struct member *m, const char *option)
{
	json_t *w;
	size_t i;

	json_array_foreach (m->words, i, w)
		if (!strcmp(json_string_value(w), option))
			return true;
	return false;
}

/* Another one that only has the name is not touched. */
static bool
elsewhere(const struct member *m, const json_t *s, char *why, size_t cap)
{
	char *dir = realpath(m->dir, NULL);
	/* with a worktree it is elsewhere, and where follows from the branch */
	bool tree = json_object_get(s, "worktree") && has_option(m, "--worktree");
	bool other = s && !tree && strcmp(obj_str(s, "cwd"), dir ? dir : m->dir) != 0;

	if (other)
		snprintf(why, cap, "another session has this name, in %.200s", obj_str(s, "cwd"));
	free(dir);
	return other;
}

static json_t *
start(struct verb_ctx *ctx, const struct member *m, int *code)
{
	char *argv[WORDS_MAX + 16] = {"new", "-d", "-n", m->name, "-c", m->dir};
	int n = 6;
	bool attach;
	json_t *w;
	size_t i;

	if (m->prompt) {
		argv[n++] = "--prompt";
		argv[n++] = m->prompt;
	}
	json_array_foreach (m->words, i, w)
		if (n < WORDS_MAX)
			argv[n++] = (char *)json_string_value(w);
	argv[n++] = "--";
	json_array_foreach (m->command, i, w)
		if (n < WORDS_MAX + 8)
			argv[n++] = (char *)json_string_value(w);
	return new_session(ctx, n, argv, &attach, code);
}

static json_t *
wake(struct verb_ctx *ctx, const json_t *s, int *code)
{
	json_t *reply =
		verb_call(ctx, "resume", json_pack("{s:[s]}", "ids", obj_str(s, "id")), code);
	json_t *r = json_array_get(json_object_get(reply, "results"), 0);

	if (!reply || json_is_true(json_object_get(r, "ok")))
		return reply;
	*code = verb_fail(ctx, EXIT_FAIL, "%s: %s", obj_str(s, "name"), obj_str(r, "error"));
	json_decref(reply);
	return NULL;
}

static json_t *
up_one(struct verb_ctx *ctx, const struct member *m, const json_t *list, int *code)
{
	const json_t *s = session_of(list, m->name);
	const char *did = !s ? "started" : is_live(s) ? "running" : "woken";
	json_t *reply = NULL, *o;
	char why[256];

	*code = EXIT_OK;
	if (elsewhere(m, s, why, sizeof why))
		*code = verb_fail(ctx, EXIT_FAIL, "%s: %s", m->name, why);
	else if (!s)
		reply = start(ctx, m, code);
	else if (!is_live(s))
		reply = wake(ctx, s, code);
	o = json_pack("{s:s,s:b,s:s}", "name", m->name, "ok", *code == EXIT_OK, "did",
		*code == EXIT_OK ? did : "failed");
	if (s || reply)
		json_object_set(o, "id", json_object_get(s ? s : reply, "id"));
	if (*code == EXIT_OK && !ctx->json && !ctx->quiet)
		printf("%s %s\n", m->name,
			!s	     ? "is started"
			: is_live(s) ? "is running"
				     : "is awake");
	json_decref(reply);
	return o;
}

int
verb_up(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct opt none[] = {{0}};
	struct fleet f = {.ctx = ctx};
	json_t *list = NULL, *results = json_array();
	int first, code = EXIT_USAGE, one;

	if (opts_parse(ctx, none, NULL, argc, argv, &first) < 0)
		goto out;
	if (argc - first != 1) {
		verb_fail(ctx, EXIT_USAGE, "which file? (muster up FILE)");
		goto out;
	}
	code = fleet_read(&f, argv[first]);
	if (!code)
		list = verb_call(ctx, "ls", json_pack("{s:b}", "all", true), &code);
	for (size_t i = 1; list && i < f.n; i++) {
		json_array_append_new(results, up_one(ctx, &f.m[i], list, &one));
		code = one ? one : code;
	}
	if (list && ctx->json)
		print_json(json_pack("{s:i,s:O}", "v", 1, "results", results));
out:
	json_decref(list);
	json_decref(results);
	fleet_free(&f);
	return code;
}

/* The ids of its sessions that run; NULL: none does. */
static json_t *
running_ids(const struct fleet *f, const json_t *list)
{
	json_t *ids = json_array();
	char why[256];

	for (size_t i = 1; i < f->n; i++) {
		const json_t *s = session_of(list, f->m[i].name);

		if (s && is_live(s) && !elsewhere(&f->m[i], s, why, sizeof why))
			json_array_append(ids, json_object_get(s, "id"));
	}
	if (json_array_size(ids))
		return ids;
	json_decref(ids);
	return NULL;
}

int
verb_down(struct verb_ctx *ctx, int argc, char **argv)
{
	bool force = false, kills = false;
	const struct opt opts[] = {
		{.l = "force", .flag = &force}, {.l = "kill", .flag = &kills}, {0}};
	struct fleet f = {.ctx = ctx};
	json_t *list = NULL, *ids = NULL, *reply = NULL;
	int first, code = EXIT_USAGE;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		goto out;
	if (argc - first != 1) {
		verb_fail(ctx, EXIT_USAGE, "which file? (muster down FILE)");
		goto out;
	}
	code = fleet_read(&f, argv[first]);
	if (!code && (list = verb_call(ctx, "ls", json_pack("{s:b}", "all", true), &code)))
		ids = running_ids(&f, list);
	if (list && !ids && !ctx->quiet)
		fputs("none of them is running\n", stderr);
	if (ids)
		reply = verb_call(ctx, kills ? "kill" : "hibernate",
			json_pack("{s:O,s:b}", "ids", ids, "force", force), &code);
	if (reply)
		code = print_results(
			ctx, json_object_get(reply, "results"), kills ? "has ended" : "is asleep");
	if (reply && ctx->json)
		print_json(json_incref(reply));
out:
	json_decref(list);
	json_decref(ids);
	json_decref(reply);
	fleet_free(&f);
	return code;
}

static void
put_session(struct buf *b, const json_t *s)
{
	json_t *argv = json_object_get(s, "argv"), *tags = json_object_get(s, "tags"), *w;
	double limit = json_number_value(json_object_get(s, "mem_max_bytes"));
	size_t i;

	buf_printf(b, "[%s]\ndirectory = %s\nprofile = %s\n", obj_str(s, "name"), obj_str(s, "cwd"),
		obj_str(s, "profile"));
	if (json_array_size(argv) > 1 ||
		strcmp(json_string_value(json_array_get(argv, 0)), obj_str(s, "profile")) != 0) {
		buf_puts(b, "command =");
		json_array_foreach (argv, i, w) {
			buf_putc(b, ' ');
			put_word(b, json_string_value(w));
		}
		buf_putc(b, '\n');
	}
	if (json_array_size(tags))
		buf_puts(b, "tags =");
	json_array_foreach (tags, i, w) {
		buf_putc(b, ' ');
		put_word(b, json_string_value(w));
	}
	buf_puts(b, json_array_size(tags) ? "\n" : "");
	if (*obj_str(s, "runner"))
		buf_printf(b, "runner = %s\n", obj_str(s, "runner"));
	if (json_is_true(json_object_get(s, "pinned")))
		buf_puts(b, "pin = yes\n");
	if (limit > 0)
		buf_printf(b, "mem_max = %.0f\n", limit);
	buf_putc(b, '\n');
}

/* INI has no way to write these. */
static bool
can_be_saved(const json_t *s)
{
	const char *cwd = obj_str(s, "cwd"), *name = obj_str(s, "name");

	return !strpbrk(name, "];\n") && !strpbrk(cwd, ";\n") && *cwd == '/' &&
	       json_array_size(json_object_get(s, "argv")) > 0 && cwd[strlen(cwd) - 1] != ' ';
}

static int
write_new(struct verb_ctx *ctx, const char *path, const struct buf *b)
{
	int fd = strcmp(path, "-") ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
	ssize_t n;

	if (!strcmp(path, "-"))
		return fwrite(b->data, 1, b->len, stdout) == b->len ? EXIT_OK : EXIT_FAIL;
	if (fd < 0)
		return verb_fail(ctx, EXIT_FAIL, "%.200s: %s", path, strerror(errno));
	n = write(fd, b->data, b->len);
	if (close(fd) < 0 || n != (ssize_t)b->len) {
		unlink(path);
		return verb_fail(
			ctx, EXIT_FAIL, "%.200s cannot be written: %s", path, strerror(errno));
	}
	return EXIT_OK;
}

int
verb_save(struct verb_ctx *ctx, int argc, char **argv)
{
	struct choice c = {0};
	const struct opt opts[] = {CHOICE_OPTS(c), {0}};
	struct buf b = {0};
	json_t *args, *list, *s;
	int first, code = EXIT_USAGE, saved;
	size_t i, n = 0;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (argc - first != 1)
		return verb_fail(ctx, EXIT_USAGE, "to which file? (muster save FILE)");
	if (!(args = choice_list(ctx, &c, c.state != NULL, &code)) ||
		!(list = verb_call(ctx, "ls", args, &code)))
		return code;
	code = EXIT_OK;
	json_array_foreach (json_object_get(list, "sessions"), i, s) {
		if (can_be_saved(s)) {
			put_session(&b, s);
			n++;
		} else {
			code = verb_fail(ctx, EXIT_FAIL,
				"%s cannot be written to a file of this form", obj_str(s, "name"));
		}
	}
	saved = n ? write_new(ctx, argv[first], &b)
		  : verb_fail(ctx, EXIT_NO_SESSION, "no session is like that");
	buf_free(&b);
	json_decref(list);
	return saved ? saved : code;
}
