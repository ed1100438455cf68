#include "tui/model/reason.h"
#include "core/base/base.h"
#include "sessions/config/config.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void
in_time(double s, char *out, size_t cap)
{
	if (s < 90)
		snprintf(out, cap, "in %.0f s", MAX(s, 1));
	else if (s < 90 * 60)
		snprintf(out, cap, "in %.0f min", s / 60);
	else
		snprintf(out, cap, "in %.0f h", s / 3600);
}

/* Each: the text after "name: ", into out; false: it says something else. */
static bool
idle(const char *what, double idle_s, char *out, size_t cap)
{
	char a[32], b[32];
	double limit;
	if (sscanf(what, "%31s of %31s", a, b) != 2 || !parse_duration(b, &limit))
		return false;
	in_time(limit - idle_s, out, cap);
	return true;
}

static bool
activity(const char *what, double idle_s, char *out, size_t cap)
{
	static const struct {
		const char *begins, *words;
	} known[] = {{"it is not running", "not running"}, {"permission", "waits for your answer"},
		{"question", "waits for your answer"}, {"waiting", "waits for your answer"},
		{"working", "working"}, {"error", "shows an error"},
		{"limited", "goes on when its limit is over"},
		{"not seen to be at its prompt", "not at its prompt"},
		{"unknown", "muster cannot tell what it does"}};
	(void)idle_s;
	if (strstr(what, "a guess")) {
		snprintf(out, cap, "quiet, but muster cannot tell whether it is done");
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strncmp(what, known[i].begins, strlen(known[i].begins))) {
			snprintf(out, cap, "%s", known[i].words);
			return true;
		}
	return false;
}

static bool
revisited(const char *what, double idle_s, char *out, size_t cap)
{
	const char *last = strrchr(what, ' ');
	int n;
	(void)idle_s;
	if (sscanf(what, "attached %d times", &n) != 1 || !last)
		return false;
	snprintf(out, cap, "you came back %d times today: sleeps after%s", n, last);
	return true;
}

static bool
recent(const char *what, double idle_s, char *out, size_t cap)
{
	char a[32], b[32];
	double ago, limit;
	(void)idle_s;
	if (sscanf(what, "started or resumed %31s ago, less than %31s", a, b) != 2 ||
		!parse_duration(a, &ago) || !parse_duration(b, &limit))
		return false;
	in_time(limit - ago, out, cap);
	return true;
}

static bool
unsaved(const char *what, double idle_s, char *out, size_t cap)
{
	(void)idle_s;
	snprintf(out, cap, "could not be woken: its conversation is not %s",
		strstr(what, "disk") ? "saved yet" : "known");
	return true;
}

static bool
tool(const char *what, double idle_s, char *out, size_t cap)
{
	(void)idle_s;
	snprintf(out, cap, "%s%s", strchr(what, ' ') ? "" : "runs ", what);
	return true;
}

static bool
small(const char *what, double idle_s, char *out, size_t cap)
{
	(void)idle_s;
	snprintf(
		out, cap, strstr(what, "not known") ? "memory not measured yet" : "little to gain");
	return true;
}

static bool
pinned(const char *what, double idle_s, char *out, size_t cap)
{
	(void)what;
	(void)idle_s;
	snprintf(out, cap, "pinned");
	return true;
}

static bool
attached(const char *what, double idle_s, char *out, size_t cap)
{
	(void)what;
	(void)idle_s;
	snprintf(out, cap, "someone is viewing it");
	return true;
}

static bool
as_it_is(const char *what, double idle_s, char *out, size_t cap)
{
	(void)idle_s;
	snprintf(out, cap, "%s", what);
	return true;
}

static const struct {
	const char *name;
	bool (*words)(const char *what, double idle_s, char *out, size_t cap);
} kinds[] = {{"idle", idle}, {"activity", activity}, {"revisited", revisited}, {"recent", recent},
	{"tool", tool}, {"small", small}, {"pinned", pinned}, {"attached", attached},
	{"draft", as_it_is}, {"no-conversation", unsaved}};

bool
reason_words(const char *reason, double idle_s, char *out, size_t cap)
{
	size_t n = strcspn(reason, ":");
	const char *what = reason[n] ? reason + n + 1 + (reason[n + 1] == ' ') : reason;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (n == strlen(kinds[i].name) && !strncmp(kinds[i].name, reason, n) &&
			kinds[i].words(what, idle_s, out, cap))
			return true;
	snprintf(out, cap, "%s", what);
	return false;
}

double
reason_passes(const char *reason, double idle_s)
{
	char a[32], b[32];
	double limit;
	if (sscanf(reason, "idle: %31s of %31s", a, b) != 2 || !parse_duration(b, &limit))
		return INFINITY;
	return MAX(limit - idle_s, 0);
}
