/* host list|add|check|install; and what --host and box:api mean to other verbs. */
#include "tui/cli/host.h"
#include "core/os/os.h"
#include "sessions/client/host.h"
#include "sessions/config/config.h"
#include "sessions/config/sections.h"
#include "sessions/wire/json.h"
#include "tui/cli/choice.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

int
host_word(struct verb_ctx *ctx, char **word)
{
	char *colon = strchr(*word, ':');

	if (!colon)
		return 0;
	*colon = 0;
	if (!host_known(*word)) {
		*colon = ':';
		return 0;
	}
	if (ctx->host && strcmp(ctx->host, *word) != 0)
		return verb_fail(
			ctx, -1, "%s and %s: sessions of one machine at a time", ctx->host, *word);
	ctx->host = *word;
	*word = colon + 1;
	return 0;
}

int
host_words(struct verb_ctx *ctx, char **words, int n)
{
	const struct verb *v = verb_find(ctx->verb);
	const char *id = v ? strstr(v->args, "ID") : NULL;
	bool last_is_no_session = !strcmp(ctx->verb, "tag") || !strcmp(ctx->verb, "untag");

	if (!id)
		return 0;
	if (strncmp(id, "ID\xe2\x80\xa6", 5) != 0)
		n = MIN(n, 1);
	else if (last_is_no_session)
		n--;
	for (int i = 0; i < n; i++) {
		const char *was = ctx->host;

		if (host_word(ctx, &words[i]) < 0)
			return -1;
		if (i && !was && ctx->host)
			return verb_fail(ctx, -1, "sessions of one machine at a time");
	}
	return 0;
}

bool
host_runs(const char *verb)
{
	static const char *const list[] = {
		"doctor", "import", "server", "upgrade", "config", "debug", "version", "top"};

	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (!strcmp(list[i], verb))
			return true;
	return false;
}

int
host_run(struct verb_ctx *ctx, int argc, char **argv)
{
	bool tty = isatty(0) && isatty(1);
	char **args = xcalloc((size_t)argc + 1, sizeof *args), **words;
	struct err e = {0};
	int n = 0;

	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], "--host"))
			i++;
		else if (strncmp(argv[i], "--host=", 7) != 0)
			args[n++] = argv[i];
	if (ctx->json && n && strcmp(args[n - 1], "--json") != 0)
		args[n++] = "--json"; /* it may have stood before the verb */
	words = host_argv(ctx->host, (struct host_way){.tty = tty, .asks = tty}, args, &e);
	free(args);
	if (!words)
		return verb_fail(ctx, e.code, "%s", e.msg);
	execvp(words[0], words);
	verb_fail(ctx, EXIT_NO_SERVER, "%s: %s", words[0], strerror(errno));
	free(words);
	return EXIT_NO_SERVER;
}

static struct sections *
load(struct verb_ctx *ctx, struct paths *p)
{
	struct err e = {0};
	struct sections *s = paths_init(p, &e) < 0 ? NULL : sections_load(p->config, &e);

	if (!s)
		verb_fail(ctx, EXIT_FAIL, "%s", e.msg);
	return s;
}

static int
list(struct verb_ctx *ctx, char **words, int n)
{
	struct paths p;
	struct sections *s = n ? NULL : load(ctx, &p);
	json_t *hosts = json_array();
	const char *name;

	if (!s) {
		json_decref(hosts);
		return n ? verb_fail(ctx, EXIT_USAGE, "list takes nothing, not '%.40s'", words[0])
			 : EXIT_FAIL;
	}
	for (size_t i = 0; (name = sections_name(s, "host", i)); i++) {
		const char *ssh = sections_get(s, "host", name, "ssh");

		if (ctx->json)
			json_array_append_new(
				hosts, json_pack("{s:s,s:s}", "name", name, "ssh", ssh ? ssh : ""));
		else
			printf("%-16s  %s\n", name, ssh ? ssh : "");
	}
	if (ctx->json)
		print_json(json_pack("{s:i,s:O}", "v", 1, "hosts", hosts));
	else if (!sections_name(s, "host", 0))
		puts("no other machines (muster host add adds one)");
	json_decref(hosts);
	sections_free(s);
	return EXIT_OK;
}

/* A section, or a key of the last one, at the end of the file. */
static int
append(struct verb_ctx *ctx, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd < 0 || n != (ssize_t)strlen(text) || close(fd) < 0)
		return verb_fail(ctx, EXIT_FAIL, "%s: %s", path, strerror(errno));
	return EXIT_OK;
}

static int
add(struct verb_ctx *ctx, char **words, int n)
{
	char text[1024], section[80], why[160] = "";
	struct paths p;
	struct sections *s;
	bool known, ok;

	if (n != 2)
		return verb_fail(ctx, EXIT_USAGE, "muster host add NAME [USER@]HOST");
	snprintf(section, sizeof section, "host.%.60s", words[0]);
	section_named(section, "ssh", words[1], &ok, why, sizeof why);
	if (!ok || strpbrk(words[1], "\n\r;#") || *words[1] == '-')
		return verb_fail(ctx, EXIT_USAGE, "%s", *why ? why : "no host can be called so");
	if (!(s = load(ctx, &p)))
		return EXIT_FAIL;
	known = sections_has(s, "host", words[0]);
	sections_free(s);
	if (known)
		return verb_fail(ctx, EXIT_FAIL, "%s is there already (%s)", words[0], p.config);
	snprintf(text, sizeof text, "\n[%s]\nssh = %.800s\n", section, words[1]);
	return append(ctx, p.config, text);
}

/* Whether it answers, and how fast. */
static int
check_one(struct verb_ctx *ctx, const char *name, json_t *out)
{
	uint64_t t0;
	struct err e = {0};
	struct client *c = client_connect(name, true, &e);
	json_t *st = NULL, *o = json_pack("{s:s}", "name", name);
	double ms = 0;

	if (c) {
		t0 = os_mono_ns();
		st = client_call(c, "status", json_object(), NULL, NULL, 20, &e);
		ms = (double)(os_mono_ns() - t0) / 1e6;
	}
	client_free(c);
	json_object_set_new(o, "ok", json_boolean(st));
	if (st) {
		json_t *n = json_object_get(st, "sessions");

		json_object_set(o, "version", json_object_get(st, "version"));
		json_object_set_new(o, "answer_ms", json_real(ms));
		if (!ctx->json)
			printf("%-16s  muster %s, %lld running, %lld asleep, answers in %.0f ms\n",
				name, obj_text(st, "version"), (long long)obj_int(n, "running", 0),
				(long long)obj_int(n, "asleep", 0), ms);
	} else {
		obj_put_text(o, "error", e.msg);
		if (!ctx->json)
			verb_fail(ctx, EXIT_FAIL, "%s", e.msg);
	}
	json_array_append_new(out, o);
	json_decref(st);
	return st ? EXIT_OK : e.code == EXIT_USAGE ? EXIT_USAGE : EXIT_FAIL;
}

static int
check(struct verb_ctx *ctx, char **words, int n)
{
	json_t *out = json_array();
	char names[HOSTS_MAX][HOST_NAME_MAX_BYTES];
	size_t all = n ? 0 : host_names(names, HOSTS_MAX);
	int code = EXIT_OK, r;

	for (int i = 0; i < n; i++)
		code = (r = check_one(ctx, words[i], out)) ? r : code;
	for (size_t i = 0; i < all; i++)
		code = (r = check_one(ctx, names[i], out)) ? r : code;
	if (ctx->json)
		print_json(json_pack("{s:i,s:O}", "v", 1, "hosts", out));
	json_decref(out);
	return code;
}

/* Runs a shell's text there, with a file (NULL: nothing) as its input; what it prints is in out. Its exit
 * code, or -1 after the error. */
static int
there(struct verb_ctx *ctx, const char *name, const char *shell, const char *input, char *out,
	size_t cap)
{
	struct err e = {0};
	char **argv = host_argv(name, (struct host_way){.asks = true, .whole = true},
		(char *[]){(char *)shell, NULL}, &e);
	int p[2], status = -1, in = open(input ? input : "/dev/null", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (!argv || in < 0 || pipe2(p, O_CLOEXEC) < 0) {
		verb_fail(ctx, EXIT_FAIL, "%s", argv ? strerror(errno) : e.msg);
		free(argv);
		return -1;
	}
	if ((pid = fork()) == 0) {
		dup2(in, 0);
		dup2(p[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(p[1]);
	close(in);
	while (len + 1 < cap && (n = read(p[0], out + len, cap - 1 - len)) > 0)
		len += (size_t)n;
	close(p[0]);
	while (len && out[len - 1] == '\n')
		len--;
	out[len] = 0;
	free(argv);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return verb_fail(ctx, -1, "%s cannot be reached", name);
	return WEXITSTATUS(status);
}

static int
copy(struct verb_ctx *ctx, const char *name, const char *path, const char *as)
{
	char shell[300], out[256];

	snprintf(shell, sizeof shell,
		"umask 022; mkdir -p ~/.local/bin && cat >~/.local/bin/%s.new && chmod 755 "
		"~/.local/bin/%s.new && mv ~/.local/bin/%s.new ~/.local/bin/%s",
		as, as, as, as);
	return there(ctx, name, shell, path, out, sizeof out);
}

/* Programs of this machine run on one of its kind. */
static int
install(struct verb_ctx *ctx, char **words, int n, bool yes)
{
	char out[256], mine[256], self[PATH_MAX], keeper[PATH_MAX + 16];
	struct utsname u;
	int code;
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n != 1)
		return verb_fail(ctx, EXIT_USAGE, "on which machine? (muster host install NAME)");
	if (len <= 0 || uname(&u) < 0)
		return verb_fail(ctx, EXIT_FAIL, "%s", strerror(errno));
	self[len] = 0;
	snprintf(keeper, sizeof keeper, "%s-keeper", self);
	if ((code = there(ctx, words[0], "uname -sm", NULL, out, sizeof out)) != 0)
		return code < 0 ? EXIT_FAIL
				: verb_fail(ctx, EXIT_FAIL, "%s cannot be reached", words[0]);
	snprintf(mine, sizeof mine, "%.60s %.60s", u.sysname, u.machine);
	if (strcmp(out, mine) != 0)
		return verb_fail(ctx, EXIT_FAIL,
			"%s is %.60s, and this muster is for %s (make deb ARCH=… builds another)",
			words[0], out, mine);
	if (!yes &&
		!user_agrees("Copy muster and muster-keeper to %s, into ~/.local/bin?", words[0]))
		return verb_fail(ctx, EXIT_FAIL, "nothing was copied (--yes does not ask)");
	if (copy(ctx, words[0], self, "muster") != 0 ||
		copy(ctx, words[0], keeper, "muster-keeper") != 0)
		return verb_fail(ctx, EXIT_FAIL, "it could not be copied to %s", words[0]);
	if (!ctx->quiet)
		fprintf(stderr,
			"muster: host: it is in ~/.local/bin of %s; where that is not on ssh's "
			"PATH "
			"there: muster = .local/bin/muster in [host.%s]\n",
			words[0], words[0]);
	return EXIT_OK;
}

int
verb_host(struct verb_ctx *ctx, int argc, char **argv)
{
	bool yes = false;
	const struct opt opts[] = {{.s = 'y', .l = "yes", .flag = &yes}, {0}};
	const char *what;
	int first, n;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	what = first < argc ? argv[first++] : "list";
	n = argc - first;
	if (!strcmp(what, "list"))
		return list(ctx, argv + first, n);
	if (!strcmp(what, "add"))
		return add(ctx, argv + first, n);
	if (!strcmp(what, "check"))
		return check(ctx, argv + first, n);
	if (!strcmp(what, "install"))
		return install(ctx, argv + first, n, yes);
	return verb_fail(ctx, EXIT_USAGE, "takes list, add, check or install");
}
