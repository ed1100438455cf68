/* A small program that behaves like an AI CLI towards its terminal and its files, for tests that
 * need one: asks for OSC 7501 and reports through it once it was answered; keeps a transcript per
 * conversation and a registry file per process where Claude Code does; takes --session-id and
 * --resume with the same refusals. What it is sent:
 *
 *   /exit  /clear       leave; go on under another conversation id
 *   TOOL CMD            asks for permission; 1 runs CMD in a session of its own, anything else not
 *   GROW MB             dirties memory
 *   RECALL              how many turns its transcript holds
 *   HELPER              starts a child that looks like an MCP server
 *   LATE                before the next key arrives, something else puts an x into the prompt
 *   LINGER              from then on takes a while to go when it is told to
 *   SLOW                takes a while before it says that it works
 *   /list               shows a list in the prompt's place, with no word; Enter takes the first
 *   DEAF N              does not take the next N Enters
 *   anything            "ok: anything"
 *
 * Up brings the last text back into the prompt. --wait-for FILE: loses what is typed before that
 * file is there, and begins then. --asks: wants a 1 before it begins, and says so.
 * A last word with a blank in it is its first prompt.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char id[64], transcript[600], registry[600];
static bool speaks, asking, late, listing;
static char tool[512], line[512], last[512];
static size_t line_n;
static int deaf;
static struct termios cooked;

static void
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
}

static unsigned long long
own_start(void)
{
	char buf[1024] = "", *p;
	FILE *f = fopen("/proc/self/stat", "r");
	unsigned long long start = 0;

	if (f && fgets(buf, sizeof buf, f) && (p = strrchr(buf, ')')))
		sscanf(p + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
			"%*d %llu",
			&start);
	if (f)
		fclose(f);
	return start;
}

static void
put_registry(const char *status, const char *waiting)
{
	char tmp[640];
	FILE *f;

	snprintf(tmp, sizeof tmp, "%s.tmp", registry);
	if (!(f = fopen(tmp, "w")))
		return;
	fprintf(f,
		"{\"pid\":%d,\"procStart\":\"%llu\",\"sessionId\":\"%s\",\"status\":\"%s\"%s%s%s}",
		(int)getpid(), own_start(), id, status, waiting ? ",\"waitingFor\":\"" : "",
		waiting ? waiting : "", waiting ? "\"" : "");
	fclose(f);
	rename(tmp, registry);
}

/* state of OSC 7501, and the registry's word for it */
static void
report(const char *state, const char *status, const char *waiting)
{
	if (speaks)
		say("\033]7501;state=%s:app=fake-agent\033\\", state);
	put_registry(status, waiting);
}

static void
make_dirs(const char *path)
{
	char part[600];

	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		snprintf(part, sizeof part, "%.*s", (int)i, path);
		mkdir(part, 0700);
	}
}

static void
set_conversation(const char *new_id)
{
	char cwd[300];
	const char *home = getenv("HOME");

	snprintf(id, sizeof id, "%s", new_id);
	if (!getcwd(cwd, sizeof cwd))
		exit(3);
	for (char *s = cwd; *s; s++)
		if (*s == '/' || *s == '.')
			*s = '-';
	snprintf(transcript, sizeof transcript, "%s/.claude/projects/%s/%s.jsonl", home, cwd, id);
	snprintf(registry, sizeof registry, "%s/.claude/sessions/%d.json", home, (int)getpid());
	make_dirs(transcript);
	make_dirs(registry);
}

static int
turns(void)
{
	FILE *f = fopen(transcript, "r");
	int n = 0, c;

	while (f && (c = fgetc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

static void
remember(const char *text)
{
	FILE *f = fopen(transcript, "a");

	if (!f)
		exit(3);
	fprintf(f, "{\"turn\":\"%.100s\"}\n", text);
	fclose(f);
}

/* Between two lines, as Claude Code draws it; the cursor stands in it. */
static void
prompt(void)
{
	say("\r\n\u2500\u2500\u2500\u2500\r\n\u276f\u00a0\r\n\u2500\u2500\u2500\u2500"
	    "\033[A\033[3G");
}

static void
leave(void)
{
	if (speaks)
		say("\033]7501;state=clear\033\\");
	unlink(registry);
	tcsetattr(0, TCSANOW, &cooked);
	exit(0);
}

/* A program of that name, in a session of its own. */
static pid_t
spawn(const char *program, const char *name, const char *arg, const char *arg2)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		execlp(program, name, arg, arg2, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void
run_tool(void)
{
	pid_t pid;

	report("working", "busy", NULL);
	pid = spawn("sh", "sh", "-c", tool);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	say("tool finished");
	report("done", "idle", NULL);
}

static void
grow(const char *mb)
{
	size_t n = strtoul(mb, NULL, 10) << 20;
	char *p = malloc(n);

	for (size_t i = 0; p && i < n; i += 4096)
		p[i] = (char)(i >> 12 | 1);
	say("grown");
}

static void
clear(void)
{
	char next[64];

	snprintf(next, sizeof next, "%s", id);
	next[0] = next[0] == 'f' ? 'e' : 'f';
	set_conversation(next);
	say("cleared");
}

static void
go_slowly(int sig)
{
	(void)sig;
	poll(NULL, 0, 1500);
	_exit(0);
}

static void
obey(const char *text)
{
	if (strcmp(text, "SLOW") == 0)
		poll(NULL, 0, 700);
	report("working", "busy", NULL);
	if (strcmp(text, "/clear") == 0) {
		clear();
	} else if (strncmp(text, "TOOL ", 5) == 0) {
		remember(text);
		snprintf(tool, sizeof tool, "%s", text + 5);
		say("Do you want to proceed?\r\n 1. Yes\r\n 2. No");
		asking = true;
		report("blocked:kind=permission:msg=cnVuIGl0", "waiting", "permission prompt");
		return;
	} else if (strncmp(text, "GROW ", 5) == 0) {
		grow(text + 5);
	} else if (strcmp(text, "LINGER") == 0) {
		signal(SIGTERM, go_slowly);
		remember(text);
		say("ok: LINGER");
	} else if (strcmp(text, "RECALL") == 0) {
		say("turns: %d", turns());
	} else if (strcmp(text, "HELPER") == 0) {
		spawn("sleep", "mcp-server", "600", NULL);
		say("helping");
	} else if (strncmp(text, "DEAF ", 5) == 0) {
		deaf = atoi(text + 5);
		say("deaf");
	} else if (strcmp(text, "LATE") == 0) {
		late = true;
		say("waiting for it");
	} else {
		remember(text);
		say("ok: %s", text);
	}
	report("done", "idle", NULL);
}

static void
put_char(char c)
{
	if (line_n == sizeof line - 1)
		return;
	line[line_n++] = c;
	say("%c", c);
}

static void
key(char c)
{
	if (late && c >= ' ') {
		late = false;
		put_char('x');
	}
	if (asking) {
		asking = false;
		if (c == '1')
			run_tool();
		else
			report("idle", "idle", NULL);
		prompt();
	} else if (c == '\r' && listing) {
		listing = false;
		say("\r\033[A\033[Jtook the first");
		prompt();
	} else if (c == '\r' && deaf) {
		deaf--;
	} else if (c == '\r') {
		line[line_n] = 0;
		line_n = 0;
		if (strcmp(line, "/exit") == 0)
			leave();
		say("\r\033[A\033[J\u276f %s\r\n", line); /* the box goes, what was sent stays */
		listing = strcmp(line, "/list") == 0;
		if (line[0] && !listing) {
			memcpy(last, line, sizeof last);
			obey(line);
		}
		if (!asking)
			prompt();
		if (listing)
			say("1. first");
	} else if (c == 127 && line_n) {
		line_n--;
		say("\b \b");
	} else if (c >= ' ') {
		put_char(c);
	}
}

/* Answers of the terminal are OSC 7501 and CSI; keys are everything else. */
static void
input(const char *s, ssize_t n)
{
	static enum { GROUND, ESCAPE, STRING, SEQUENCE } state;

	for (ssize_t i = 0; i < n; i++) {
		if (state == GROUND && s[i] == '\033') {
			state = ESCAPE;
		} else if (state == ESCAPE) {
			state = s[i] == ']' ? STRING : s[i] == '[' ? SEQUENCE : GROUND;
		} else if (state == STRING) {
			if (s[i] != '\a' && s[i] != '\\')
				continue;
			state = GROUND;
			if (!speaks) {
				speaks = true;
				report("idle", "idle", NULL);
			}
		} else if (state == SEQUENCE) {
			if (s[i] >= '@' && s[i] <= '~')
				state = GROUND;
			for (const char *t = last; s[i] == 'A' && *t; t++)
				put_char(*t);
		} else {
			key(s[i]);
		}
	}
}

static void
start(int argc, char **argv)
{
	const char *chosen = "00000000-0000-4000-8000-000000000000";
	bool resume = false, given = false;
	struct stat st;

	for (int i = 1; i + 1 < argc; i++) {
		resume |= strcmp(argv[i], "--resume") == 0;
		given |= strcmp(argv[i], "--session-id") == 0;
		if (strcmp(argv[i], "--resume") == 0 || strcmp(argv[i], "--session-id") == 0)
			chosen = argv[i + 1];
	}
	set_conversation(chosen);
	if (resume && stat(transcript, &st) < 0) {
		say("No conversation found with session ID: %s\r\n", id);
		exit(1);
	}
	if (given && stat(transcript, &st) == 0) {
		say("Session ID %s is already in use\r\n", id);
		exit(1);
	}
}

/* Only a 1 answers; the rest is lost, as keys of text would answer a dialog by chance. */
static void
ask_trust(void)
{
	char s[512] = "";
	ssize_t n = 0;

	say("\033]7501;state=blocked:kind=question\033\\Do you trust it?\r\n"
	    "\u276f 1. Yes\r\n  2. No\r\n");
	/* the terminal's answers come here too: many bytes in one */
	while (!(n == 1 && s[0] == '1') && (n = read(0, s, sizeof s)) > 0)
		if (s[n - 1] == '\r')
			leave();
	say("\033[2J\033[H");
	speaks = true;
	report("idle", "idle", NULL);
}

int
main(int argc, char **argv)
{
	struct termios raw;
	char buf[512];
	ssize_t n;

	start(argc, argv);
	tcgetattr(0, &cooked);
	raw = cooked;
	cfmakeraw(&raw);
	tcsetattr(0, TCSANOW, &raw);
	if (argc > 2 && strcmp(argv[argc - 2], "--wait-for") == 0) {
		while (access(argv[argc - 1], F_OK) < 0)
			poll(NULL, 0, 20);
		tcflush(0, TCIFLUSH);
	}
	say("fake agent %s\r\n\033]7501;?\033\\\033[c", id);
	put_registry("idle", NULL);
	if (strcmp(argv[argc - 1], "--asks") == 0)
		ask_trust();
	prompt();
	if (argc > 1 && strchr(argv[argc - 1], ' '))
		input(buf, snprintf(buf, sizeof buf, "%s\r", argv[argc - 1]));
	while ((n = read(0, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			input(buf, n);
	leave();
}
