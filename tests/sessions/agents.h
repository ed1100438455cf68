#ifndef TESTS_AGENTS_H
#define TESTS_AGENTS_H
/* Sessions of a real server with agents (tests/tools/fake_agent.c) on their ptys, by the command
 * line alone. Header-only: each test is one program, and sets muster, agent and home. */
#include "core/os/os.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEADLINE_NS 15000000000ull
static char muster[400], agent[400], home[128];
static int exit_code;

/* Standard output of a shell command, malloc'ed; its exit code in exit_code. */
static char *__attribute__((format(printf, 1, 2))) sh(const char *fmt, ...)
{
	char command[2048], *out = NULL;
	size_t n = 0, cap = 0, got;
	va_list ap;
	FILE *f;
	int status;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	f = popen(command, "r");
	assert_non_null(f);
	do {
		out = realloc(out, cap = n + 65536);
		got = fread(out + n, 1, cap - n - 1, f);
		n += got;
	} while (got);
	out[n] = 0;
	status = pclose(f);
	exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	return out;
}

static void __attribute__((format(printf, 1, 2))) run(const char *fmt, ...)
{
	char words[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	free(sh("%s %s 2>&1", muster, words));
}

static void
must(const char *words)
{
	char *out = sh("%s %s 2>&1", muster, words);

	if (exit_code)
		fail_msg("muster %s: %s", words, out);
	free(out);
}

static json_t *__attribute__((format(printf, 1, 2))) ask(const char *fmt, ...)
{
	char words[1024], *out;
	va_list ap;
	json_t *j;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	out = sh("%s %s --json", muster, words);
	j = json_loads(out, JSON_DISABLE_EOF_CHECK, NULL);
	if (!j)
		fail_msg("%s: no JSON in: %s", words, out);
	free(out);
	return j;
}

/* The object of that name in an array; borrowed. */
static json_t *
named(const json_t *list, const char *name)
{
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o)
		if (strcmp(json_string_value(json_object_get(o, "name")), name) == 0)
			return o;
	fail_msg("%s is not listed", name);
	return NULL;
}

/* Polls until a member of a session in `ls -a` has the value. */
static void
until(const char *name, const char *key, const char *want)
{
	uint64_t end = os_mono_ns() + DEADLINE_NS;
	char seen[100] = "";

	while (os_mono_ns() < end) {
		json_t *j = ask("ls -a");
		const char *v = json_string_value(
			json_object_get(named(json_object_get(j, "sessions"), name), key));

		snprintf(seen, sizeof seen, "%s", v ? v : "");
		json_decref(j);
		if (strcmp(seen, want) == 0)
			return;
		poll(NULL, 0, 30);
	}
	fail_msg("%s of %s is '%s', not '%s'", key, name, seen, want);
}

/* Polls until the first reason against closing begins so ("" none at all). */
static void
until_reason(const char *name, const char *prefix)
{
	uint64_t end = os_mono_ns() + DEADLINE_NS;
	char seen[200] = "";

	while (os_mono_ns() < end) {
		json_t *j = ask("reap");
		json_t *o = named(json_object_get(j, "candidates"), name);
		const char *r = json_string_value(json_array_get(json_object_get(o, "reasons"), 0));
		bool eligible = json_is_true(json_object_get(o, "eligible"));

		snprintf(seen, sizeof seen, "%s", r ? r : "");
		json_decref(j);
		/* no reason at all: then it is also worth it, so its footprint is known */
		if (*prefix ? !eligible && strncmp(seen, prefix, strlen(prefix)) == 0
			    : eligible && !*seen)
			return;
		poll(NULL, 0, 30);
	}
	fail_msg("%s: reason '%s', not '%s'", name, seen, prefix);
}

static void
until_on_screen(const char *name, const char *text)
{
	uint64_t end = os_mono_ns() + DEADLINE_NS;
	char *out = NULL;

	while (os_mono_ns() < end) {
		free(out);
		out = sh("%s peek %s", muster, name);
		if (strstr(out, text)) {
			free(out);
			return;
		}
		poll(NULL, 0, 30);
	}
	fail_msg("no '%s' on the screen of %s: %s", text, name, out);
}

static void
say(const char *name, const char *text)
{
	run("send %s '%s'", name, text);
	run("wait %s --for idle --timeout 15", name);
	assert_int_equal(exit_code, 0);
}

static void
start(const char *name)
{
	run("new -d -n %s -c %s/work -p claude -- %s --model fake", name, home, agent);
	assert_int_equal(exit_code, 0);
	until(name, "activity", "idle");
}
#endif
