#include "tui/model/reason.h"
#include "sessions/wire/json.h"
#include "core/base/base.h"
#include "core/text/human.h"
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
	double over, limit;
	if (sscanf(reason, "idle: %31s of %31s", a, b) == 2 && parse_duration(b, &limit))
		return MAX(limit - idle_s, 0);
	if (sscanf(reason, "recent: started or resumed %31s ago, less than %31s", a, b) == 2 &&
		parse_duration(a, &over) && parse_duration(b, &limit))
		return MAX(limit - over, 0);
	return INFINITY;
}

/* ---- a sentence ---- */

/* What the signal that decides says beside its value. */
static const char *
asked(const json_t *reply)
{
	json_t *o;
	size_t i;
	json_array_foreach (json_object_get(reply, "signals"), i, o)
		if (json_is_true(json_object_get(o, "used")))
			return obj_str(o, "detail");
	return "";
}

/* 12s, 4m, 1h 54m, 2d 4h */
static const char *
span(char *buf, double s)
{
	int min = (int)(s / 60);
	if (s >= 3600 && s < 86400 && min % 60)
		snprintf(buf, HUMAN_MAX, "%dh %dm", min / 60, min % 60);
	else
		human_time(buf, s);
	return buf;
}

/* By activity: what it does, with its name, for how long, and what it asks. */
static const struct doing {
	const char *is, *words; /* 1 name, 2 for how long, 3 ": " and what it asks */
	bool rests;
} doings[] = {
	{"idle", "%1$s has been idle for %2$s", true},
	{"done", "%1$s has been done for %2$s", true},
	{"working", "%1$s is working", false},
	{"permission", "%1$s has waited %2$s for your answer%3$s", false},
	{"question", "%1$s has waited %2$s for your answer%3$s", false},
	{"error", "%1$s has shown an error for %2$s", false},
	{"limited", "%1$s is over its limit", false},
	{"unknown", "muster cannot tell what %1$s does; it has been quiet for %2$s", false},
};

static const struct doing *
doing_of(const json_t *reply)
{
	const char *is = obj_str(reply, "activity");
	for (size_t i = 0; i < ARRAY_LEN(doings); i++)
		if (!strcmp(doings[i].is, is))
			return &doings[i];
	return NULL;
}

static int
does(const json_t *reply, const struct doing *d, char *out, size_t cap)
{
	char for_s[HUMAN_MAX], what[300] = "";
	const char *asks = asked(reply), *name = obj_str(reply, "name");
	span(for_s, obj_num(reply, "idle_s", 0));
	if (*asks)
		snprintf(what, sizeof what, ": %s", asks);
	if (json_is_true(json_object_get(reply, "stopped")))
		return snprintf(out, cap,
			"%s is stopped: the next key, a send or resume continues it", name);
	if (!d)
		return snprintf(
			out, cap, "%s: %s, for %s", name, obj_str(reply, "activity"), for_s);
	return snprintf(out, cap, d->words, name, for_s, what);
}

/* The first reason that time does not mend, what it does last, or NULL; *passes: when the others are over. little: is
 * there little to gain by its sleep? */
static const char *
decisive(const json_t *reasons, double idle_s, double *passes, bool *little)
{
	const char *first = NULL;
	json_t *o;
	size_t i;
	*passes = 0;
	json_array_foreach (reasons, i, o) {
		const char *reason = json_string_value(o);
		double t = reason ? reason_passes(reason, idle_s) : 0;
		if (reason && !strncmp(reason, "small:", 6))
			*little = true;
		else if (!isinf(t))
			*passes = MAX(*passes, t);
		else if (!first || !strncmp(first, "activity:", 9))
			first = reason;
	}
	return first;
}

void
explain_words(const json_t *reply, char *out, size_t cap)
{
	const json_t *reap = json_object_get(reply, "reap");
	double idle_s = obj_num(reply, "idle_s", 0), passes;
	bool worth = json_is_true(json_object_get(reap, "worth")), little = false;
	const struct doing *d = doing_of(reply);
	const char *why;
	char words[200];
	size_t n;
	if (strcmp(obj_str(reply, "state"), "running") != 0) {
		snprintf(out, cap, "%s is %s", obj_str(reply, "name"), obj_str(reply, "state"));
		return;
	}
	n = MIN((size_t)does(reply, d, out, cap), cap - 1);
	why = decisive(json_object_get(reap, "reasons"), idle_s, &passes, &little);
	if (json_is_true(json_object_get(reap, "eligible"))) {
		snprintf(out + n, cap - n, "; %s",
			worth ? "muster offers to put it to sleep"
			      : "it could sleep, with little to gain");
	} else if (why && !strncmp(why, "activity:", 9) && !(d && d->rests)) {
		return; /* that is said already */
	} else if (why) {
		reason_words(why, idle_s, words, sizeof words);
		snprintf(out + n, cap - n, "; not offered for sleep: %s", words);
	} else if (little || !worth) {
		snprintf(out + n, cap - n, "; little to gain by its sleep");
	} else {
		in_time(passes, words, sizeof words);
		snprintf(out + n, cap - n, "; muster will offer to put it to sleep %s", words);
	}
}
