#include "sessions/client/host.h"
#include "core/os/os.h"
#include "core/text/width.h"
#include "sessions/config/config.h"
#include "sessions/config/sections.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SSH_SOCKET_BYTES 64 /* "/ssh-", a hash, and what ssh puts behind it while it binds */

static struct sections *
hosts(struct err *e)
{
	struct paths p;

	if (paths_init(&p, e) < 0)
		return NULL;
	return sections_load(paths()->config, e);
}

bool
host_known(const char *name)
{
	struct sections *s = hosts(NULL);
	bool yes = s && sections_has(s, "host", name);

	sections_free(s);
	return yes;
}

size_t
host_names(char (*names)[HOST_NAME_MAX_BYTES], size_t cap)
{
	struct sections *s = hosts(NULL);
	const char *name;
	size_t n = 0;

	while (s && n < cap && (name = sections_name(s, "host", n)))
		snprintf(names[n++], HOST_NAME_MAX_BYTES, "%s", name);
	sections_free(s);
	return n;
}

struct line {
	struct buf text; /* words, each with its NUL */
	size_t n;
};

static void
put(struct line *l, const char *word)
{
	buf_put(&l->text, word, strlen(word) + 1);
	l->n++;
}

/* ssh joins its words with blanks for a shell there. */
static void
put_quoted(struct line *l, const char *word)
{
	words_quote(&l->text, word);
	buf_putc(&l->text, 0);
	l->n++;
}

/* The file for ssh -F: what the user has set comes first and so holds, a shared connection of theirs too;
 * where they say nothing, one connection a machine is kept for a minute after its last use. NULL: it is not
 * to be; ssh then does as it is used to. */
static const char *
ssh_config(void)
{
	static const char form[] =
		"Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\nMatch all\n\tControlMaster "
		"auto\n\tControlPath \"%s/ssh-%%C\"\n\tControlPersist 60\n";
	const char *dir = paths()->runtime, *path = paths()->ssh_config;
	char want[800], is[800] = "", fresh[640];
	struct sockaddr_un a;
	FILE *f;
	size_t n;

	if (strlen(dir) + SSH_SOCKET_BYTES > sizeof a.sun_path || strpbrk(dir, "%\"\\$"))
		return NULL;
	snprintf(want, sizeof want, form, dir);
	if ((f = fopen(path, "re"))) {
		n = fread(is, 1, sizeof is - 1, f);
		is[n] = 0;
		fclose(f);
	}
	if (!strcmp(is, want))
		return path;
	snprintf(fresh, sizeof fresh, "%s.%d", path, (int)getpid());
	f = fopen(fresh, "we");
	n = f && fputs(want, f) >= 0;
	if (f && fclose(f) == 0 && n && rename(fresh, path) == 0)
		return path;
	unlink(fresh);
	return NULL;
}

/* A link that is cut is noticed within fifteen seconds, and a machine that is off within ten. */
static void
put_ssh(struct line *l, const char *to, struct host_way way)
{
	static const char *const options[] = {"-o", "ServerAliveInterval=5", "-o",
		"ServerAliveCountMax=2", "-o", "ConnectTimeout=10", "-e", "none"};

	const char *config = ssh_config();

	put(l, "ssh");
	put(l, way.tty ? "-t" : "-T");
	if (config) {
		put(l, "-F");
		put(l, config);
	}
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		put(l, options[i]);
	if (!way.asks) {
		put(l, "-o");
		put(l, "BatchMode=yes");
	}
	put(l, to);
}

static bool
is_ssh(const char *program)
{
	const char *base = strrchr(program, '/');

	return !strcmp(base ? base + 1 : program, "ssh");
}

char **
host_argv(const char *name, struct host_way way, char *const *args, struct err *e)
{
	struct sections *s = hosts(e);
	const char *ssh = s ? sections_get(s, "host", name, "ssh") : NULL,
		   *muster = s ? sections_get(s, "host", name, "muster") : NULL;
	struct line l = {0};
	bool quote = true;
	char **words, **v = NULL;

	if (!s)
		return NULL;
	words = words_split(ssh ? ssh : "");
	if (!words[0]) {
		err_set(e, 2, "no host %.40s (muster host add %.40s USER@HOST)", name, name);
	} else {
		if (words[1])
			quote = is_ssh(words[0]);
		else
			put_ssh(&l, words[0], way);
		for (size_t i = 0; words[1] && words[i]; i++)
			put(&l, words[i]);
		if (!way.whole)
			put(&l, muster ? muster : "muster");
		for (size_t i = 0; args[i]; i++)
			if (quote && !way.whole)
				put_quoted(&l, args[i]);
			else
				put(&l, args[i]);
		v = words_vector(&l.text, l.n);
		buf_free(&l.text);
	}
	free(words);
	sections_free(s);
	return v;
}

/* In a process between us and it, which ends at once: nobody has to wait for ssh itself. */
static void
become(char *const *argv, bool asks, int fd, int said)
{
	if (fork() != 0)
		_exit(0);
	if (!asks)
		setsid();
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(said, 2);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	signal(SIGHUP, SIG_IGN); /* what was typed last goes its way when the terminal closes */
	execvp(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int
host_socket(const char *name, bool asks, int *said, struct err *e)
{
	char **argv =
		host_argv(name, (struct host_way){.asks = asks}, (char *[]){"proxy", NULL}, e);
	int p[2], err = os_memfd("muster-ssh"), status;
	pid_t pid;

	if (!argv || err < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) < 0) {
		if (argv)
			err_set(e, 4, "cannot reach %.40s: %s", name, strerror(errno));
		if (err >= 0)
			close(err);
		free(argv);
		return -1;
	}
	if ((pid = fork()) == 0) {
		become(argv, asks, p[1], err);
		_exit(1);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(p[1]);
	free(argv);
	*said = err;
	return p[0];
}

const char *
host_said(int said, char *buf, size_t cap)
{
	char text[2048], *line;
	ssize_t n = said >= 0 ? pread(said, text, sizeof text - 1, 0) : 0;

	if (said >= 0)
		close(said);
	text[MAX(n, 0)] = 0;
	while (n > 0 && strchr("\r\n ", text[n - 1]))
		text[--n] = 0;
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	sanitize(buf, cap, line, strlen(line));
	return buf;
}
