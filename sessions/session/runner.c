#include "sessions/session/runner.h"
#include "sessions/config/sections.h"
#include "sessions/session/house.h"
#include <stdlib.h>
#include <string.h>

/* These become, or are the parent of, what they run: all of its memory is seen. */
static const char *const here[] = {"systemd-run", "nice", "ionice", "chrt", "env", "taskset",
	"prlimit", "setpriv", "stdbuf", "timeout", "unshare", "bwrap", "firejail", "numactl",
	"nohup", "setsid", "direnv", "sh", "bash"};

static const char *
value(const struct session *s, const char *key)
{
	const char *v = sections_get(s->of->sections, "runner", s->runner, key);

	return v ? v : "auto";
}

/* Last part of its program's path, in the text of its command. */
static const char *
program(const struct session *s, size_t *n)
{
	const char *text = value(s, "command"), *p;

	text += strspn(text, " \t");
	*n = strcspn(text, " \t");
	for (p = text; p < text + *n; p++)
		if (*p == '/') {
			*n -= (size_t)(p + 1 - text);
			text = p + 1;
		}
	return text;
}

static bool
is_program(const struct session *s, const char *name)
{
	size_t n;
	const char *p = program(s, &n);

	return strlen(name) == n && !strncmp(p, name, n);
}

static bool
runs_here(const struct session *s)
{
	const char *v = value(s, "memory");

	if (strcmp(v, "auto") != 0)
		return !strcmp(v, "here");
	for (size_t i = 0; i < ARRAY_LEN(here); i++)
		if (is_program(s, here[i]))
			return true;
	return false;
}

bool
runner_hides(const struct session *s)
{
	return s->runner && !runs_here(s);
}

const char *
runner_program(const struct session *s, char buf[32])
{
	size_t n;
	const char *p = program(s, &n);

	if (sections_get(s->of->sections, "runner", s->runner, "command"))
		snprintf(buf, 32, "%.*s", (int)MIN(n, 31u), p);
	else
		snprintf(buf, 32, "%s", s->runner);
	return buf;
}

const char *
runner_unseen(const struct session *s, char *buf, size_t cap)
{
	char name[32];

	if (!runner_hides(s))
		return NULL;
	snprintf(buf, cap, "its memory is not visible from here: it runs behind %s",
		runner_program(s, name));
	return buf;
}

int
runner_known(const struct sessions *ss, const char *name, struct err *e)
{
	const char *command = sections_get(ss->sections, "runner", name, "command");

	if (!sections_has(ss->sections, "runner", name))
		return err_set(e, 2, "no runner %.40s ([runner.%.40s] in config.ini makes one)",
			name, name);
	if (!command || !command[strspn(command, " \t")])
		return err_set(e, 2, "[runner.%.40s] has no command", name);
	return 0;
}

/* A word of its command, with what stands in braces filled in. */
static void
put_filled(struct buf *b, const struct session *s, const char *word, bool quote)
{
	const struct {
		const char *what, *value;
	} places[] = {{"{cwd}", s->cwd ? s->cwd : "/"}, {"{id}", s->id}, {"{name}", s->name}};

	while (*word) {
		size_t i = 0;

		while (i < ARRAY_LEN(places) &&
			strncmp(word, places[i].what, strlen(places[i].what)) != 0)
			i++;
		if (i == ARRAY_LEN(places)) {
			buf_putc(b, (uint8_t)*word++);
			continue;
		}
		if (quote)
			words_quote(b, places[i].value);
		else
			buf_puts(b, places[i].value);
		word += strlen(places[i].what);
	}
	buf_putc(b, 0);
}

char **
runner_argv(const struct session *s, char *const *argv, struct err *e)
{
	const char *q = value(s, "quote");
	bool quote = !strcmp(q, "yes") || (!strcmp(q, "auto") && is_program(s, "ssh"));
	char **words, **v;
	struct buf b = {0};
	size_t n = 0;

	if (runner_known(s->of, s->runner, e) < 0)
		return NULL;
	words = words_split(value(s, "command"));
	for (; words[n]; n++)
		put_filled(&b, s, words[n], quote);
	free(words);
	for (size_t i = 0; argv[i]; i++) {
		if (!quote) {
			buf_put(&b, argv[i], strlen(argv[i]) + 1);
			n++;
			continue;
		}
		if (i)
			buf_putc(&b, ' ');
		words_quote(&b, argv[i]);
	}
	if (quote && argv[0]) {
		buf_putc(&b, 0);
		n++;
	}
	v = words_vector(&b, n);
	buf_free(&b);
	return v;
}
