#include "sessions/agent/usage.h"
#include <ctype.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TAIL_BYTES (512u << 10)
#define DAY_S 86400.0

/* Unix seconds of a number, or of "2031-02-03T04:05:06Z"; 0 it is neither. */
static double
time_of(const json_t *j)
{
	const char *s = json_string_value(j);
	struct tm tm = {0};

	if (json_is_number(j))
		return json_number_value(j);
	return s && strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) ? (double)timegm(&tm) : 0;
}

static double
first_number(const json_t *o, const char *const *keys)
{
	for (; *keys; keys++)
		if (json_is_number(json_object_get(o, *keys)))
			return json_number_value(json_object_get(o, *keys));
	return NAN;
}

static void
name_limit(struct usage_limit *l, const char *key, const json_t *o)
{
	double minutes = json_number_value(json_object_get(o, "window_minutes"));

	if (strcmp(key, "five_hour") == 0)
		minutes = 300;
	else if (strcmp(key, "seven_day") == 0)
		minutes = 7 * 1440;
	if (minutes >= 1440)
		snprintf(l->name, sizeof l->name, "%.0fd", minutes / 1440);
	else if (minutes >= 60)
		snprintf(l->name, sizeof l->name, "%.0fh", minutes / 60);
	else
		snprintf(l->name, sizeof l->name, "%.20s", key);
}

void
usage_take_limits(struct usage *u, const json_t *limits, double now)
{
	static const char *const used[] = {"used_percentage", "used_percent", "utilization", NULL};
	const char *key;
	json_t *o;
	int n = 0;

	json_object_foreach ((json_t *)limits, key, o) {
		double pct = first_number(o, used), in;
		struct usage_limit *l = &u->limit[n];

		if (isnan(pct) || n == USAGE_LIMITS_MAX)
			continue;
		memset(l, 0, sizeof *l);
		name_limit(l, key, o);
		l->used_pct = pct;
		l->resets_at = time_of(json_object_get(o, "resets_at"));
		in = json_number_value(json_object_get(o, "resets_in_seconds"));
		if (l->resets_at == 0 && in > 0)
			l->resets_at = now + in;
		n++;
	}
	if (n)
		u->n = n;
}

double
usage_limited_until(const struct usage *u, double now)
{
	double until = 0;

	for (int i = 0; i < u->n; i++)
		if (u->limit[i].used_pct >= 100 && u->limit[i].resets_at > now)
			until = MAX(until, u->limit[i].resets_at);
	return until;
}

/* Claude: of an answer in the main conversation. */
static uint64_t
claude_tokens(const json_t *j)
{
	static const char *const parts[] = {
		"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"};
	const json_t *usage = json_object_get(json_object_get(j, "message"), "usage");
	json_int_t sum = 0;

	if (json_is_true(json_object_get(j, "isSidechain")) ||
		json_is_true(json_object_get(j, "isApiErrorMessage")))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		sum += MAX(json_integer_value(json_object_get(usage, parts[i])), 0);
	return (uint64_t)sum;
}

/* A line of either's file; what was found already, later in it, stays. */
static void
take_line(const json_t *j, uint64_t *tokens, struct usage *limits)
{
	const json_t *p = json_object_get(j, "payload");
	const char *type = json_string_value(json_object_get(p, "type"));
	const json_t *last;

	if (type && strcmp(type, "token_count") == 0) {
		last = json_object_get(json_object_get(p, "info"), "last_token_usage");
		if (!*tokens)
			*tokens = (uint64_t)MAX(
				json_integer_value(json_object_get(last, "input_tokens")), 0);
		if (!limits->n) /* as of when it was written */
			usage_take_limits(limits, json_object_get(p, "rate_limits"),
				time_of(json_object_get(j, "timestamp")));
	} else if (!*tokens) {
		*tokens = claude_tokens(j);
	}
}

/* The end of the file, ended by a NUL; NULL when it cannot be read. */
static char *
read_tail(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t got = -1;
	char *buf = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		off_t from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;

		buf = xmalloc(TAIL_BYTES + 1);
		got = pread(fd, buf, TAIL_BYTES, from);
	}
	if (fd >= 0)
		close(fd);
	if (got < 0) {
		free(buf);
		return NULL;
	}
	buf[got] = 0;
	*n = (size_t)got;
	return buf;
}

bool
usage_read(const char *path, struct usage *u)
{
	struct usage limits = {0};
	uint64_t tokens = 0;
	size_t n;
	char *buf = read_tail(path, &n);

	/* from the last line back; most lines are spared the parser */
	while (buf && n && (!tokens || !limits.n)) {
		char *nl, *line;
		json_t *j;

		buf[n] = 0;
		nl = memrchr(buf, '\n', n);
		line = nl ? nl + 1 : buf;
		if (strstr(line, "_tokens\"") || strstr(line, "\"token_count\"")) {
			j = json_loads(line, 0, NULL);
			take_line(j, &tokens, &limits);
			json_decref(j);
		}
		n = (size_t)(line - buf);
		n -= n > 0;
		if (tokens && !strstr(path, "rollout-"))
			break;
	}
	free(buf);
	if (tokens)
		u->context_tokens = tokens;
	if (limits.n) {
		memcpy(u->limit, limits.limit, sizeof u->limit);
		u->n = limits.n;
	}
	return tokens || limits.n;
}

/* Times in words. */

/* "2 hours 5 minutes", "1h 3m", "45 min"; 0 it is none. */
static double
span_of(const char *s)
{
	double sum = 0;
	char *end;

	for (;;) {
		double v = strtod(s, &end), unit;

		if (end == s)
			return sum;
		end += strspn(end, " ");
		unit = *end == 'd'   ? DAY_S
		       : *end == 'h' ? 3600
		       : *end == 'm' ? 60
		       : *end == 's' ? 1
				     : 0;
		if (unit == 0)
			return sum;
		sum += v * unit;
		while (isalpha((unsigned char)*end))
			end++;
		s = end + strspn(end, " ,");
	}
}

/* "3pm", "3:05 PM", "14:00" into tm; where it ends, NULL it is none. */
static const char *
clock_of(const char *s, struct tm *tm)
{
	char *end;
	long h = strtol(s, &end, 10), m = 0;
	bool colon = *end == ':';

	if (end == s || h < 0 || h > 23)
		return NULL;
	if (colon)
		m = strtol(end + 1, &end, 10);
	s = end + strspn(end, " ");
	if (strncasecmp(s, "am", 2) == 0 || strncasecmp(s, "pm", 2) == 0) {
		if (h > 12)
			return NULL;
		h = h % 12 + (tolower((unsigned char)*s) == 'p' ? 12 : 0);
		end = (char *)s + 2;
	} else if (!colon) {
		return NULL;
	}
	tm->tm_hour = (int)h;
	tm->tm_min = (int)m;
	tm->tm_sec = 0;
	return m < 0 || m > 59 ? NULL : end;
}

/* "Oct 9", "Oct 12th, 2031" into tm; where it ends, NULL it is none. */
static const char *
date_of(const char *s, struct tm *tm)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char three[4] = {0};
	const char *at;
	char *end;
	long d, y;

	for (int i = 0; i < 3 && isalpha((unsigned char)s[i]); i++)
		three[i] = (char)tolower((unsigned char)s[i]);
	at = strlen(three) == 3 ? strstr(months, three) : NULL;
	if (!at || (at - months) % 3)
		return NULL;
	while (isalpha((unsigned char)*s))
		s++;
	d = strtol(s, &end, 10);
	if (d < 1 || d > 31)
		return NULL;
	tm->tm_mon = (int)(at - months) / 3;
	tm->tm_mday = (int)d;
	while (isalpha((unsigned char)*end))
		end++;
	end += strspn(end, ", ");
	y = strtol(end, (char **)&s, 10);
	if (y > 2000 && y < 3000) {
		tm->tm_year = (int)y - 1900;
		end = (char *)s;
	}
	end += strspn(end, ", ");
	return strncmp(end, "at ", 3) == 0 ? end + 3 : end;
}

static double
moment(const char *s, double now)
{
	time_t t = (time_t)now;
	const char *rest;
	double at = strtod(s, NULL);
	struct tm tm;
	bool dated;

	if (at > 1e9 && at < 1e11)
		return at > now ? at : 0;
	localtime_r(&t, &tm);
	rest = date_of(s, &tm);
	dated = rest != NULL;
	if (!clock_of(dated ? rest : s, &tm)) {
		if (!dated)
			return 0;
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	}
	tm.tm_isdst = -1;
	at = (double)mktime(&tm);
	if (dated)
		return at > now ? at : 0;
	at += at <= now ? DAY_S : 0;
	return at - now <= DAY_S / 2 ? at : 0; /* else it was over before it was read */
}

double
usage_time(const char *text, double now)
{
	static const struct {
		const char *words;
		bool span;
	} leads[] = {{"resets at ", false}, {"resets in ", true}, {"resets ", false},
		{"reset at ", false}, {"reset in ", true}, {"again at ", false},
		{"again in ", true}, {"limit reached|", false}};

	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		const char *s = strcasestr(text, leads[i].words);
		double t;

		if (!s)
			continue;
		s += strlen(leads[i].words);
		t = leads[i].span ? span_of(s) : moment(s, now);
		if (t > 0)
			return leads[i].span ? now + t : t;
	}
	return 0;
}
