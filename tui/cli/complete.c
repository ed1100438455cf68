/* Completion. The shells' scripts hold no list: they ask `muster complete -- WORDS…`, the words of
 * the command line after "muster" as far as the cursor, the last one begun or empty. What may stand
 * there follows from verbs.def and verb_text.def: an argument's own word (ID, DIR, idle|ready) says
 * what it takes. Prints one candidate a line, a tab and what it is; a line ":files" or ":dirs" asks
 * the shell to complete those itself. Asks a server that runs, starts none. */
#include "tui/cli/verb.h"
#include "sessions/agent/profile.h"
#include "sessions/client/host.h"
#include "sessions/config/sections.h"
#include "sessions/config/config.h"
#include "sessions/session/session.h"
#include "core/text/width.h"
#include <stdlib.h>
#include <string.h>

struct line {
	const struct verb *verb;
	const char *begun; /* the word under the cursor; after --opt= its value */
	char before[64];   /* "--opt=" then */
	int words;	   /* arguments that are no options before it */
	const char *first; /* the first of them */
	char wanted[64];   /* the value that the option before it takes; "" none */
	bool command;	   /* after "--" */
};

/* Prints a candidate that goes on from what was begun. */
static void
offer(const struct line *l, const char *word, const char *what)
{
	char clean[512];

	if (strncmp(word, l->begun, strlen(l->begun)))
		return;
	sanitize(clean, sizeof clean, what, strlen(what));
	printf("%s%s\t%s\n", l->before, word, clean);
}

/* What the verb's option takes: "" nothing, NULL when it has no such option. */
static const char *
value_of(const struct verb *v, const char *option)
{
	size_t n = strcspn(option, "=");

	for (const struct verb_text *t = verb_texts; t->verb; t++)
		if (t->kind == VERB_OPTION && !strcmp(t->verb, v->name) &&
			!strncmp(t->what, option, n) && (t->what[n] == ' ' || !t->what[n]))
			return t->what[n] ? t->what + n + 1 : "";
	return NULL;
}

static void
set_wanted(struct line *l, const char *kind)
{
	snprintf(l->wanted, sizeof l->wanted, "%s", kind);
}

/* One word before the cursor. */
static void
take_word(struct line *l, const char *word)
{
	const char *value;

	if (l->command)
		return;
	if (*l->wanted) {
		set_wanted(l, "");
	} else if (!strcmp(word, "--")) {
		l->command = true;
	} else if (!strcmp(word, "--color")) {
		set_wanted(l, "auto|always|never");
	} else if (!strcmp(word, "--host")) {
		set_wanted(l, "HOST");
	} else if (*word == '-' && word[1]) {
		value = l->verb && !strchr(word, '=') ? value_of(l->verb, word) : NULL;
		set_wanted(l, value ? value : "");
	} else if (!l->verb) {
		l->verb = verb_find(word);
		l->command = !l->verb;
	} else if (!l->words++) {
		l->first = word;
	}
}

static void
take_last(struct line *l, const char *word)
{
	const char *eq = strchr(word, '='), *value;

	l->begun = word;
	if (*l->wanted || l->command || !eq || strncmp(word, "--", 2) || !l->verb)
		return;
	value = value_of(l->verb, word);
	if (!value)
		return;
	set_wanted(l, value);
	snprintf(l->before, sizeof l->before, "%.*s", (int)(eq + 1 - word), word);
	l->begun = eq + 1;
}

/* Sessions as `ls -a` has them; NULL without a server. */
static json_t *
sessions(void)
{
	struct err e = {0};
	struct client *c = client_connect(NULL, false, &e);
	json_t *reply = NULL;

	if (c)
		reply = client_call(c, "ls", json_pack("{s:b}", "all", true), NULL, NULL, 2, &e);
	client_free(c);
	return reply;
}

/* States in which a verb makes sense; the others take any. */
static const struct {
	const char *verb, *states;
} fits[] = {{"resume", "asleep exited lost"}, {"forget", "asleep exited lost"},
	{"kill", "starting running closing"}, {"hibernate", "starting running"},
	{"send", "starting running asleep"}, {"wait", "starting running closing"}};

static bool
verb_fits(const struct verb *v, const char *state)
{
	for (size_t i = 0; i < ARRAY_LEN(fits); i++)
		if (!strcmp(fits[i].verb, v->name))
			return strstr(fits[i].states, state) != NULL;
	return true;
}

static void
offer_sessions(const struct line *l)
{
	json_t *reply = sessions(), *s;
	const char *name, *state, *activity, *profile;
	char what[256];
	size_t i;

	json_array_foreach (json_object_get(reply, "sessions"), i, s) {
		activity = profile = "";
		if (json_unpack(s, "{s:s, s:s, s?s, s?s}", "name", &name, "state", &state,
			    "activity", &activity, "profile", &profile) < 0 ||
			!verb_fits(l->verb, state))
			continue;
		snprintf(what, sizeof what, "%s, %s", profile,
			strcmp(state, "running") ? state : activity);
		offer(l, name, what);
	}
	json_decref(reply);
}

static void
offer_tags(const struct line *l)
{
	json_t *reply = sessions(), *seen = json_object(), *s, *tag;
	const char *name;
	size_t i, k;
	void *tmp;

	json_array_foreach (json_object_get(reply, "sessions"), i, s)
		json_array_foreach (json_object_get(s, "tags"), k, tag)
			json_object_set_new(seen, json_string_value(tag), json_true());
	json_object_foreach_safe(seen, tmp, name, tag) offer(l, name, "tag");
	json_decref(seen);
	json_decref(reply);
}

static void
offer_profiles(const struct line *l)
{
	struct err e = {0};
	struct paths where;
	struct profiles *ps = paths_init(&where, &e) < 0 ? NULL : profiles_load(where.config, &e);

	for (size_t i = 0; ps && profile_at(ps, i); i++)
		offer(l, profile_name(profile_at(ps, i)), "profile");
	profiles_free(ps);
}

static void
offer_states(const struct line *l)
{
	static const char *const states[] = {
#define X(name, word, stored, to) word,
#include "sessions/session/state.def"
#undef X
	};

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (!i || strcmp(states[i], states[i - 1]))
			offer(l, states[i], "state");
}

static void
offer_keys(const struct line *l)
{
	static const char *const keys[] = {"Enter", "Escape", "Tab", "BTab", "Space", "BSpace",
		"Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDn", "Insert", "Delete",
		"C-c", "C-d", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11",
		"F12"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		offer(l, keys[i], "key");
}

static void
offer_verbs(const struct line *l)
{
	for (size_t i = 0; i < n_verbs; i++)
		if (strcmp(verbs[i].group, "developers") || *l->begun)
			offer(l, verbs[i].name, verbs[i].help);
}

static void
offer_hosts(const struct line *l)
{
	char names[HOSTS_MAX][HOST_NAME_MAX_BYTES];
	size_t n = host_names(names, HOSTS_MAX);

	for (size_t i = 0; i < n; i++)
		offer(l, names[i], "host");
}

static void
offer_runners(const struct line *l)
{
	struct err e = {0};
	struct paths where;
	struct sections *s = paths_init(&where, &e) < 0 ? NULL : sections_load(where.config, &e);
	const char *name;

	for (size_t i = 0; s && (name = sections_name(s, "runner", i)); i++)
		offer(l, name, "runner");
	sections_free(s);
}

static void
offer_dirs(const struct line *l)
{
	(void)l;
	puts(":dirs");
}

static void
offer_files(const struct line *l)
{
	(void)l;
	puts(":files");
}

/* An argument's word, and what may stand for it. */
static const struct {
	const char *word;
	void (*offer)(const struct line *l);
} kinds[] = {{"ID", offer_sessions}, {"T", offer_tags}, {"TAG", offer_tags},
	{"PROFILE", offer_profiles}, {"S", offer_states}, {"KEY", offer_keys},
	{"VERB", offer_verbs}, {"HOST", offer_hosts}, {"RUNNER", offer_runners},
	{"DIR", offer_dirs}, {"FILE", offer_files}, {"CMD", offer_files}};

/* kind: alternatives with | between them; capitals are a kind, the rest stand for themselves. A
 * state's S is not the S of seconds: only --state has it. */
static void
offer_kind(const struct line *l, const char *kind)
{
	char word[64];
	size_t n;

	for (; *kind; kind += n + (kind[n] == '|')) {
		bool known = false;

		n = strcspn(kind, "|");
		snprintf(word, sizeof word, "%.*s", (int)n, kind);
		if (strstr(word, "\xe2\x80\xa6")) /* … */
			*strstr(word, "\xe2\x80\xa6") = 0;
		for (size_t i = 0; i < ARRAY_LEN(kinds) && !known; i++)
			if ((known = !strcmp(kinds[i].word, word)))
				kinds[i].offer(l);
		if (!known && n && *word >= 'a' && *word <= 'z')
			offer(l, word, "");
	}
}

/* The word of the n-th argument that is no option in the verb's usage; the last one again where it
 * may be repeated; "" when there is none. */
static const char *
argument(const struct verb *v, int n, char buf[64])
{
	char usage[512], *save = NULL, *t, *out = usage;
	const char *value;
	bool again = false;

	for (const char *p = v->args; *p && out < usage + sizeof usage - 1; p++)
		if (*p != '[' && *p != ']')
			*out++ = *p;
	*out = 0;
	*buf = 0;
	for (t = strtok_r(usage, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		char *option = *t == '-' && t[1] ? t : strstr(t, "|--");

		if (!strcmp(t, "--"))
			break;
		if (option) {
			value = value_of(v, option + (*option == '|'));
			if (value && *value)
				strtok_r(NULL, " ", &save);
			if (option == t)
				continue;
			*option = 0;
		}
		again = strstr(t, "\xe2\x80\xa6") != NULL;
		snprintf(buf, 64, "%s", t);
		if (!n--)
			return buf;
	}
	if (!again)
		*buf = 0;
	return buf;
}

static void
offer_options(const struct line *l)
{
	static const char *const global[] = {"--json", "--color", "--host", "--help", "--version"};
	char word[64];

	for (const struct verb_text *t = verb_texts; l->verb && t->verb; t++) {
		if (t->kind != VERB_OPTION || strcmp(t->verb, l->verb->name))
			continue;
		snprintf(word, sizeof word, "%.*s", (int)strcspn(t->what, " "), t->what);
		offer(l, word, t->text);
	}
	for (size_t i = 0; i < ARRAY_LEN(global); i++)
		offer(l, global[i], "everywhere");
}

static void
complete(const struct line *l)
{
	char buf[64];

	if (*l->wanted)
		offer_kind(l, l->wanted);
	else if (l->command)
		offer_files(l);
	else if (*l->begun == '-')
		offer_options(l);
	else if (!l->verb)
		offer_verbs(l);
	else
		offer_kind(l, argument(l->verb, l->words, buf));
}

int
verb_complete(struct verb_ctx *ctx, int argc, char **argv)
{
	struct line l = {.begun = ""};
	int i = 1;

	(void)ctx;
	if (i < argc && !strcmp(argv[i], "--"))
		i++;
	for (; i < argc - 1; i++)
		take_word(&l, argv[i]);
	if (i < argc)
		take_last(&l, argv[i]);
	complete(&l);
	return EXIT_OK;
}
