/* The configuration: one table (config.def) holds section, key, kind, field and default, and yields
 * parsing, defaults, errors and `config default`. A value is read by the parse function of its
 * kind, so a default that does not parse fails the first load, not a user. */
#include "sessions/config/config.h"
#include "sessions/config/ini_file.h"
#include "sessions/config/sections.h"
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DURATION_MAX_S 1e10 /* in nanoseconds it still is a number */
#define PERIOD_MIN_S 0.1

bool
parse_size(const char *s, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	const char *u;
	char *end;
	double v;

	if (!isdigit((unsigned char)s[0]) && s[0] != '.')
		return false;
	v = strtod(s, &end);
	if (end == s)
		return false;
	if (*end && (u = strchr(units, tolower((unsigned char)*end)))) {
		for (ptrdiff_t i = u - units; i >= 0; i--)
			v *= 1024;
		end++;
		if (end[0] == 'i' && end[1] == 'B')
			end++;
	}
	if (*end == 'B')
		end++;
	if (*end || !isfinite(v) || v < 0 || v >= 0x1p63)
		return false;
	*bytes = (uint64_t)v;
	return true;
}

bool
parse_duration(const char *s, double *sec)
{
	static const struct {
		const char *unit;
		double s;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400},
		{"w", 604800}, {"ms", .001}};
	char *end;
	double v;

	if (!isdigit((unsigned char)s[0]) && s[0] != '.')
		return false;
	v = strtod(s, &end);
	if (end == s || !isfinite(v))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(end, units[i].unit) == 0) {
			*sec = v * units[i].s;
			return *sec <= DURATION_MAX_S;
		}
	}
	return false;
}

/* Kinds: each parses text into the field at p (cap its size); NULL, or what would have been right.
 */
static const char *
parse_count(const char *s, void *p, size_t cap)
{
	char *end;
	unsigned long long v = strtoull(s, &end, 10);

	(void)cap;
	if (!isdigit((unsigned char)s[0]) || *end || v > (1ull << 40))
		return "a whole number";
	*(uint64_t *)p = v;
	return NULL;
}

static const char *
parse_whole(const char *s, void *p, size_t cap)
{
	char *end;
	long v = strtol(s, &end, 10);

	(void)cap;
	if (!isdigit((unsigned char)s[0]) || *end || v > 1000000)
		return "a whole number";
	*(int *)p = (int)v;
	return NULL;
}

static const char *
parse_real(const char *s, void *p, size_t cap)
{
	char *end;
	double v = strtod(s, &end);

	(void)cap;
	if (end == s || *end || !isfinite(v) || v < 0)
		return "a number";
	*(double *)p = v;
	return NULL;
}

static const char *
parse_days(const char *s, void *p, size_t cap)
{
	double sec;

	if (!parse_real(s, p, cap))
		return NULL;
	if (!parse_duration(s, &sec))
		return "a number of days";
	*(double *)p = sec / 86400;
	return NULL;
}

static const char *
parse_size_key(const char *s, void *p, size_t cap)
{
	(void)cap;
	return parse_size(s, p) ? NULL : "a size such as 400M or 2G";
}

static const char *
parse_duration_key(const char *s, void *p, size_t cap)
{
	(void)cap;
	return parse_duration(s, p) ? NULL : "a duration such as 15s, 30m or 2h";
}

static const char *
parse_period(const char *s, void *p, size_t cap)
{
	const char *want = parse_duration_key(s, p, cap);

	if (!want && *(double *)p < PERIOD_MIN_S)
		want = "at least 100ms";
	return want;
}

static const char *
parse_flag(const char *s, void *p, size_t cap)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};

	(void)cap;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(s, words[i]) == 0) {
			*(bool *)p = i & 1;
			return NULL;
		}
	}
	return "yes or no";
}

/* Index of one of n words into an enum at p; else what would have been right. */
static const char *
parse_choice(const char *s, void *p, const char *const *words, size_t n, const char *want)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, words[i]) == 0) {
			*(unsigned *)p = (unsigned)i;
			return NULL;
		}
	return want;
}

static const char *
parse_reap_mode(const char *s, void *p, size_t cap)
{
	static const char *const words[] = {
		[REAP_OFF] = "off", [REAP_OFFER] = "offer", [REAP_AUTO] = "auto"};

	(void)cap;
	return parse_choice(s, p, words, ARRAY_LEN(words), "offer, auto or off");
}

static const char *
parse_after_limit(const char *s, void *p, size_t cap)
{
	static const char *const words[] = {[AFTER_LIMIT_OFF] = "off", [AFTER_LIMIT_WAKE] = "wake"};

	(void)cap;
	return parse_choice(s, p, words, ARRAY_LEN(words), "wake or off");
}

static const char *
parse_layout(const char *s, void *p, size_t cap)
{
	static const char *const words[] = {[LAYOUT_AUTO] = "auto",
		[LAYOUT_STACKED] = "stacked",
		[LAYOUT_SIDE] = "side",
		[LAYOUT_LIST] = "list",
		[LAYOUT_WALL] = "wall"};

	(void)cap;
	return parse_choice(s, p, words, ARRAY_LEN(words), "auto, stacked, side, list or wall");
}

static const char *
parse_status(const char *s, void *p, size_t cap)
{
	static const char *const words[] = {
		[STATUS_OFF] = "off", [STATUS_TOP] = "top", [STATUS_BOTTOM] = "bottom"};

	(void)cap;
	return parse_choice(s, p, words, ARRAY_LEN(words), "off, top or bottom");
}

#define NOTIFY_WANTS                                                        \
	"bell, osc or off, or KIND:WAY … of permission, question, done, " \
	"error, limited, growing"

const char *
notify_kind_name(enum notify_kind k)
{
	static const char *const names[] = {[NOTIFY_PERMISSION] = "permission",
		[NOTIFY_QUESTION] = "question",
		[NOTIFY_DONE] = "done",
		[NOTIFY_ERROR] = "error",
		[NOTIFY_LIMITED] = "limited",
		[NOTIFY_GROWING] = "growing"};

	static_assert(ARRAY_LEN(names) == NOTIFY_KINDS, "a name for each");
	return names[k];
}

static const char *
parse_way(const char *s, enum ui_notify *way)
{
	static const char *const words[] = {
		[NOTIFY_OFF] = "off", [NOTIFY_BELL] = "bell", [NOTIFY_OSC] = "osc"};

	return parse_choice(s, way, words, ARRAY_LEN(words), NOTIFY_WANTS);
}

/* "bell": what needs its user; "question:osc done:bell": these kinds, and no others. */
static const char *
parse_notify(const char *s, void *p, size_t cap)
{
	enum ui_notify by[NOTIFY_KINDS] = {NOTIFY_OFF}, way;
	char kind[16], word[8];
	int n = 0;

	if (!parse_way(s, &way)) {
		by[NOTIFY_PERMISSION] = by[NOTIFY_QUESTION] = by[NOTIFY_ERROR] = way;
		s = "";
	} else if (!*s)
		return NOTIFY_WANTS;
	for (; *s; s += n) {
		size_t k = 0;

		n = 0;
		if (sscanf(s, "%15[a-z]:%7[a-z]%*[ ,]%n", kind, word, &n) != 2 ||
			parse_way(word, &way))
			return NOTIFY_WANTS;
		while (k < NOTIFY_KINDS && strcmp(kind, notify_kind_name((enum notify_kind)k)) != 0)
			k++;
		if (k == NOTIFY_KINDS)
			return NOTIFY_WANTS;
		by[k] = way;
		if (!n)
			n = (int)(strlen(kind) + 1 + strlen(word));
	}
	memcpy(p, by, MIN(cap, sizeof(by)));
	return NULL;
}

static const char *
parse_mem_action(const char *s, void *p, size_t cap)
{
	static const char *const words[] = {
		[MEM_NOTICE] = "notice", [MEM_STOP] = "stop", [MEM_KILL] = "kill"};

	(void)cap;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(s, words[i]) == 0) {
			*(enum mem_action *)p = (enum mem_action)i;
			return NULL;
		}
	}
	return "notice, stop or kill";
}

static const char *
parse_from_sessions(const char *s, void *p, size_t cap)
{
	static const char *const words[] = {[FROM_SESSIONS_REFUSE] = "refuse",
		[FROM_SESSIONS_READ] = "read",
		[FROM_SESSIONS_ALLOW] = "allow"};

	(void)cap;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(s, words[i]) == 0) {
			*(enum from_sessions *)p = (enum from_sessions)i;
			return NULL;
		}
	}
	return "refuse, read or allow";
}

static const char *
parse_text(const char *s, void *p, size_t cap)
{
	if (strlen(s) >= cap)
		return "a shorter text";
	memcpy(p, s, strlen(s) + 1);
	return NULL;
}

static const char *
parse_word(const char *s, void *p, size_t cap)
{
	if (!*s || strpbrk(s, " \t"))
		return "one word";
	return parse_text(s, p, cap);
}

#define parse_size parse_size_key
#define parse_duration parse_duration_key
static const struct key {
	const char *section, *name;
	const char *(*parse)(const char *s, void *p, size_t cap);
	size_t offset, cap;
	const char *preset, *help;
} keys[] = {
#define X(section, name, kind, field, preset, help)                    \
	{section, #name, parse_##kind, offsetof(struct config, field), \
		sizeof(((struct config *)0)->field), preset, help},
#include "sessions/config/config.def"
#undef X
};
#undef parse_size
#undef parse_duration

static void
config_defaults(struct config *c)
{
	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct key *k = &keys[i];

		CHECK(!k->parse(k->preset, (char *)c + k->offset, k->cap));
	}
}

static bool
on_key(void *ctx, const char *section, const char *key, const char *value, char *why, size_t cap)
{
	struct config *c = ctx;
	bool section_known = false;

	if (strncmp(section, "profile.", 8) == 0)
		return true;
	if (section_named(section, key, value, &section_known, why, cap))
		return section_known;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct key *k = &keys[i];
		const char *want;

		if (strcmp(k->section, section) != 0)
			continue;
		section_known = true;
		if (strcmp(k->name, key) != 0)
			continue;
		want = k->parse(value, (char *)c + k->offset, k->cap);
		if (want)
			snprintf(why, cap, "%s: bad value %.40s (%s)", key, value, want);
		return !want;
	}
	if (section_known)
		snprintf(why, cap, "unknown key %.40s in [%.20s] (see muster config default)", key,
			section);
	else
		snprintf(why, cap, "unknown section [%.40s] (see muster config default)", section);
	return false;
}

int
config_load(struct config *c, const char *path, struct err *e)
{
	struct config read;

	config_defaults(c);
	if (!path)
		return 0;
	read = *c;
	if (ini_read_file(path, on_key, &read, e) < 0)
		return -1;
	*c = read;
	return 0;
}

static const struct {
	const char *kind, *name, *values, *help;
} named[] = {
#define X(kind, name, values, help) {kind, #name, values, help},
#include "sessions/config/sections.def"
#undef X
};

void
config_print_default(FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct key *k = &keys[i];

		if (strcmp(section, k->section) != 0)
			fprintf(out, "%s[%s]\n", *section ? "\n" : "", k->section);
		section = k->section;
		fprintf(out, "# %s\n%s = %s\n", k->help, k->name, k->preset);
	}
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		if (!i || strcmp(named[i].kind, named[i - 1].kind) != 0)
			fprintf(out, "\n# [%s.NAME]\n", named[i].kind);
		fprintf(out, "# %s = %s: %s\n", named[i].name,
			*named[i].values ? named[i].values : "…", named[i].help);
	}
	fputs("\n# What muster knows of a CLI can be changed or added, e.g.\n"
	      "# [profile.claude]\n# command = claude --permission-mode default\n",
		out);
}
