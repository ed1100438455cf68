/* Profiles are data: what is compiled in is share/profiles as it was at build time, so that the
 * binary knows its CLIs wherever it stands; the user's own [profile.NAME] sections come after and
 * replace key by key, or make profiles of their own. */
#include "sessions/config/ini_file.h"
#include "sessions/agent/profile_priv.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *file, *ini;
} built_in[] = {
#include "profiles.inc"
};

#define PROFILES_MAX 64
struct profiles {
	struct profile *at[PROFILES_MAX];
	size_t n;
};

static const struct key {
	const char *key;
	int text, rule; /* one is -1 */
} keys[] = {
#define T(name, key, help) {key, PT_##name, -1},
#define R(name, key, help) {key, -1, PR_##name},
#include "sessions/agent/profile_keys.def"
#undef T
#undef R
};

const char *
profile_text(const struct profile *p, enum profile_text t)
{
	return p->text[t] ? p->text[t] : "";
}

const char *
profile_runner(const struct profile *p)
{
	return profile_text(p, PT_RUNNER);
}

const char *
profile_mem_max(const struct profile *p)
{
	return profile_text(p, PT_MEM_MAX);
}

size_t
word_next(const char **s, const char **word)
{
	size_t n;

	*s += strspn(*s, " \t");
	*word = *s;
	n = strcspn(*s, " \t");
	*s += n;
	return n;
}

bool
words_have(const char *list, const char *word, size_t len)
{
	const char *w;
	size_t n;

	while ((n = word_next(&list, &w)))
		if (n == len && memcmp(w, word, n) == 0)
			return true;
	return false;
}

static struct profile *
find(const struct profiles *ps, const char *name)
{
	for (size_t i = 0; i < ps->n; i++)
		if (strcmp(ps->at[i]->name, name) == 0)
			return ps->at[i];
	return NULL;
}

static void
profile_free(struct profile *p)
{
	profile_rules_free(p);
	for (size_t i = 0; i < PT_COUNT; i++)
		free(p->text[i]);
	for (size_t i = 0; i < p->n_env; i++)
		free(p->env[i]);
	free(p->env);
	free(p);
}

static void
set_env(struct profile *p, const char *name, const char *value)
{
	size_t n = strlen(name);
	char *kv = xasprintf("%s=%s", name, value);

	for (size_t i = 0; i < p->n_env; i++) {
		if (strncmp(p->env[i], name, n) == 0 && p->env[i][n] == '=') {
			free(p->env[i]);
			p->env[i] = kv;
			return;
		}
	}
	p->env = xrealloc(p->env, mul_sat(p->n_env + 1, sizeof *p->env));
	p->env[p->n_env++] = kv;
}

/* Only the user's section of an unknown name makes a profile; it must then say what it starts. */
static struct profile *
find_or_add(struct profiles *ps, const char *name, char *why, size_t cap)
{
	struct profile *p = find(ps, name);

	if (p)
		return p;
	if (!*name || strlen(name) >= sizeof p->name || strpbrk(name, " \t/")) {
		snprintf(why, cap, "bad profile name (one word, at most %zu bytes)",
			sizeof p->name - 1);
		return NULL;
	}
	if (ps->n == PROFILES_MAX) {
		snprintf(why, cap, "too many profiles (at most %d)", PROFILES_MAX);
		return NULL;
	}
	p = ps->at[ps->n++] = xcalloc(1, sizeof *p);
	snprintf(p->name, sizeof p->name, "%s", name);
	return p;
}

static bool
on_key(void *ctx, const char *section, const char *key, const char *value, char *why, size_t cap)
{
	struct profile *p;

	if (strncmp(section, "profile.", 8) != 0)
		return true;
	if (!(p = find_or_add(ctx, section + 8, why, cap)))
		return false;
	if (strncmp(key, "env.", 4) == 0 && key[4]) {
		set_env(p, key + 4, value);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(keys[i].key, key) != 0)
			continue;
		if (keys[i].text < 0)
			return profile_rule_set(
				p, (enum profile_rule)keys[i].rule, value, why, cap);
		free(p->text[keys[i].text]);
		p->text[keys[i].text] = xstrdup(value);
		return true;
	}
	snprintf(why, cap, "unknown key %.40s in [%.40s]", key, section);
	return false;
}

struct profiles *
profiles_load(const char *config_path, struct err *e)
{
	struct profiles *ps = xcalloc(1, sizeof *ps);

	for (size_t i = 0; i < ARRAY_LEN(built_in); i++)
		if (ini_read_text(built_in[i].file, built_in[i].ini, on_key, ps, e) < 0)
			goto bad;
	if (config_path && ini_read_file(config_path, on_key, ps, e) < 0)
		goto bad;
	for (size_t i = 0; i < ps->n; i++) {
		if (*profile_text(ps->at[i], PT_COMMAND))
			continue;
		err_set(e, 1, "[profile.%s] has no command (add command=…)", ps->at[i]->name);
		goto bad;
	}
	CHECK(find(ps, "shell"));
	return ps;
bad:
	profiles_free(ps);
	return NULL;
}

void
profiles_free(struct profiles *ps)
{
	if (!ps)
		return;
	for (size_t i = 0; i < ps->n; i++)
		profile_free(ps->at[i]);
	free(ps);
}

const struct profile *
profile_find(const struct profiles *ps, const char *name)
{
	return find(ps, name);
}

/* A profile without `names` goes by the first word of its command. */
static bool
goes_by(const struct profile *p, const char *base)
{
	const char *names = profile_text(p, PT_NAMES);

	return words_have(*names ? names : p->name, base, strlen(base));
}

bool
profile_goes_by(const struct profile *p, const char *word)
{
	char base[64];
	const char *s = strrchr(word, '/');
	char *dot;

	s = s ? s + 1 : word;
	snprintf(base, sizeof base, "%s", *s == '-' ? s + 1 : s);
	dot = strrchr(base, '.');
	if (dot && (strcmp(dot, ".js") == 0 || strcmp(dot, ".mjs") == 0 || strcmp(dot, ".py") == 0))
		*dot = 0;
	return goes_by(p, base);
}

int
profile_program_at(const struct profile *p, char *const *argv)
{
	/* what starts the program that it is given, and which of their options have a value */
	static const char carriers[] =
		"env nice ionice nohup setsid stdbuf time timeout command exec npx bunx node bun "
		"deno python python3 uv uvx run";
	static const char valued[] = "-u -C -n -k -s -p -c -o -e";

	for (int i = 0; argv[i]; i++) {
		const char *word = argv[i], *base = strrchr(word, '/');

		base = base ? base + 1 : word;
		if (profile_goes_by(p, word))
			return i;
		if (words_have(carriers, base, strlen(base)))
			continue;
		if (i == 0)
			return -1;
		if (words_have(valued, word, strlen(word)))
			i += argv[i + 1] != NULL;
		else if (*word != '-' && !strchr(word, '=') && !strchr("0123456789", *word))
			return -1;
	}
	return -1;
}

const struct profile *
profile_of_command(const struct profiles *ps, char *const *argv)
{
	for (size_t i = 0; i < ps->n; i++)
		if (profile_program_at(ps->at[i], argv) >= 0)
			return ps->at[i];
	return find(ps, "shell");
}

const struct profile *
profile_at(const struct profiles *ps, size_t i)
{
	return i < ps->n ? ps->at[i] : NULL;
}

const char *
profile_name(const struct profile *p)
{
	return p->name;
}

const char *
profile_quit(const struct profile *p)
{
	return profile_text(p, PT_QUIT);
}

int
profile_end_signal(const struct profile *p)
{
	static const struct {
		const char *word;
		int sig;
	} words[] = {{"term", SIGTERM}, {"hup", SIGHUP}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(profile_text(p, PT_END), words[i].word) == 0)
			return words[i].sig;
	return 0;
}

const char *
profile_env(const struct profile *p, size_t i)
{
	return i < p->n_env ? p->env[i] : NULL;
}

const char *
profile_hook_events(const struct profile *p)
{
	return profile_text(p, PT_HOOK_EVENTS);
}

bool
profile_needs_conversation(const struct profile *p)
{
	return strcmp(profile_text(p, PT_CONVERSATION), "no") != 0;
}

bool
profile_says_status(const struct profile *p)
{
	return strcmp(profile_text(p, PT_SAYS_STATUS), "yes") == 0;
}

bool
profile_chooses_id(const struct profile *p)
{
	return *profile_text(p, PT_START_ID) != 0;
}

bool
profile_can_resume(const struct profile *p)
{
	return p->text[PT_RESUME] != NULL;
}
