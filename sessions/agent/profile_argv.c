/* Command lines of a CLI, read and written by its profile's lists of flags. A word is the program,
 * a flag, a flag's value, or free text: a prompt or a subcommand. A prompt must not be sent again
 * by a resume, and the lists are what tells it from a value. */
#include "core/base/buf.h"
#include "core/os/os.h"
#include "sessions/agent/profile_priv.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum word_kind { WORD_PROGRAM, WORD_FLAG, WORD_VALUE, WORD_FREE };

struct words {
	const struct profile *p;
	char *const *argv;
	size_t i;
	size_t program; /* index; what is before it starts it (env, npx) */
	enum word_kind kind;
	const char *flag; /* the flag this word is, or belongs to; NULL */
	size_t flag_len;
	bool literal; /* behind "--" */
	enum { TAKES_NONE, TAKES_ONE, TAKES_OPTIONAL, TAKES_MANY } takes;
};

static struct words
words_of(const struct profile *p, char *const *argv)
{
	int at = profile_program_at(p, argv);

	return (struct words){.p = p, .argv = argv, .program = (size_t)MAX(at, 0)};
}

static void
enter_flag(struct words *w, const char *word)
{
	size_t n = strcspn(word, "=");

	w->kind = WORD_FLAG;
	w->flag = word;
	w->flag_len = n;
	w->takes = TAKES_NONE;
	if (word[n] == '=')
		return;
	if (words_have(profile_text(w->p, PT_FLAGS_VALUE), word, n))
		w->takes = TAKES_ONE;
	else if (words_have(profile_text(w->p, PT_FLAGS_OPTIONAL), word, n))
		w->takes = TAKES_OPTIONAL;
	else if (words_have(profile_text(w->p, PT_FLAGS_MANY), word, n))
		w->takes = TAKES_MANY;
}

static bool
words_step(struct words *w)
{
	const char *word = w->argv[w->i];

	if (!word)
		return false;
	if (w->i++ <= w->program) {
		w->kind = WORD_PROGRAM;
		return true;
	}
	if (!w->literal && w->takes != TAKES_NONE && (word[0] != '-' || w->takes == TAKES_ONE)) {
		w->kind = WORD_VALUE;
		if (w->takes != TAKES_MANY)
			w->takes = TAKES_NONE;
		return true;
	}
	w->takes = TAKES_NONE;
	w->flag = NULL;
	if (!w->literal && strcmp(word, "--") == 0) {
		w->literal = true;
		w->kind = WORD_FREE;
	} else if (!w->literal && word[0] == '-' && word[1]) {
		enter_flag(w, word);
	} else {
		w->kind = WORD_FREE;
	}
	return true;
}

static const char *
current(const struct words *w)
{
	return w->argv[w->i - 1];
}

/* What an argv says about the conversation. */
struct meaning {
	char id[CONVERSATION_MAX]; /* given by the user */
	bool chosen;		   /* a flag that settles the conversation is there */
	bool subcommand;	   /* it is no conversation at all */
	bool forks;		   /* the id is that of another one, which stays as it is */
};

static void
take_id(struct meaning *m, const char *s)
{
	if (profile_conversation_valid(s))
		snprintf(m->id, sizeof m->id, "%s", s);
}

static struct meaning
argv_meaning(const struct profile *p, char *const *argv)
{
	const char *drop = profile_text(p, PT_FLAGS_DROP), *ids = profile_text(p, PT_FLAGS_ID);
	struct words w = words_of(p, argv);
	struct meaning m = {0};
	bool first = true, id_next = false;

	while (words_step(&w)) {
		const char *word = current(&w);

		if (w.kind == WORD_FLAG && words_have(drop, w.flag, w.flag_len)) {
			m.chosen = true;
			m.forks |= words_have(profile_text(p, PT_FLAGS_FORK), w.flag, w.flag_len);
			if (word[w.flag_len] == '=' && words_have(ids, w.flag, w.flag_len))
				take_id(&m, word + w.flag_len + 1);
		} else if (w.kind == WORD_VALUE && words_have(ids, w.flag, w.flag_len)) {
			take_id(&m, word);
		} else if (w.kind == WORD_FREE) {
			if (id_next)
				take_id(&m, word);
			id_next = words_have(ids, word, strlen(word));
			m.chosen |= id_next;
			m.subcommand |=
				first && !w.literal &&
				words_have(profile_text(p, PT_SUBCOMMANDS), word, strlen(word));
			first = false;
		}
	}
	return m;
}

bool
profile_conversation_valid(const char *id)
{
	size_t n = strlen(id);

	if (n < 8 || n >= CONVERSATION_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)id[i]) && id[i] != '-' && id[i] != '_')
			return false;
	return id[0] != '-';
}

static void
uuid4(char out[CONVERSATION_MAX])
{
	uint8_t b[16];
	char *o = out;

	os_random(b, sizeof b);
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof b; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*o++ = '-';
		o += snprintf(o, 3, "%02x", b[i]);
	}
}

void
profile_pick_conversation(const struct profile *p, char *const *argv, char out[CONVERSATION_MAX])
{
	struct meaning m = {0};

	out[0] = 0;
	if (argv && argv[0])
		m = argv_meaning(p, argv);
	if (m.id[0] && !m.forks)
		memcpy(out, m.id, CONVERSATION_MAX);
	else if (profile_chooses_id(p) && !m.chosen && !m.subcommand)
		uuid4(out);
}

/* A growing vector; packed into one block at the end. */
struct vec {
	char **at;
	size_t n;
};

static void
vec_add(struct vec *v, const char *s, size_t len)
{
	v->at = xrealloc(v->at, mul_sat(v->n + 1, sizeof *v->at));
	v->at[v->n] = xmalloc(len + 1);
	memcpy(v->at[v->n], s, len);
	v->at[v->n++][len] = 0;
}

/* The words of a template, {id} and {file} replaced by value. */
static void
vec_add_template(struct vec *v, const char *tmpl, const char *value)
{
	const char *word;
	size_t n;

	while ((n = word_next(&tmpl, &word))) {
		if ((n == 4 && memcmp(word, "{id}", n) == 0) ||
			(n == 6 && memcmp(word, "{file}", n) == 0) ||
			(n == 8 && memcmp(word, "{prompt}", n) == 0))
			vec_add(v, value, strlen(value));
		else
			vec_add(v, word, n);
	}
}

static char **
vec_pack(struct vec *v)
{
	size_t bytes = (v->n + 1) * sizeof(char *);
	char **out, *o;

	for (size_t i = 0; i < v->n; i++)
		bytes += strlen(v->at[i]) + 1;
	out = xmalloc(bytes);
	o = (char *)(out + v->n + 1);
	for (size_t i = 0; i < v->n; i++) {
		out[i] = o;
		o = stpcpy(o, v->at[i]) + 1;
		free(v->at[i]);
	}
	out[v->n] = NULL;
	free(v->at);
	return out;
}

/* A word of a command line as a shell reads it, its quotes off, into b; 0 at the end. */
static bool
command_word(const char **s, struct buf *b)
{
	char quote = 0;

	*s += strspn(*s, " \t");
	if (!**s)
		return false;
	for (b->len = 0; **s && (quote || !strchr(" \t", **s)); (*s)++) {
		if (quote ? **s == quote : **s == '\'' || **s == '"')
			quote = quote ? 0 : **s;
		else if (**s == '\\' && quote != '\'' && (*s)[1])
			buf_putc(b, (uint8_t) * ++(*s));
		else
			buf_putc(b, (uint8_t) * *s);
	}
	return true;
}

/* The profile's command; ${SHELL:-/bin/sh} as a word is the one variable it may name. */
static void
vec_add_command(struct vec *v, const struct profile *p)
{
	const char *cmd = profile_text(p, PT_COMMAND), *word, *shell = getenv("SHELL");
	struct buf b = {0};

	while (command_word(&cmd, &b)) {
		word = buf_cstr(&b);
		if (strcmp(word, "${SHELL:-/bin/sh}") == 0)
			word = shell && shell[0] == '/' ? shell : "/bin/sh";
		vec_add(v, word, strlen(word));
	}
	buf_free(&b);
}

char **
profile_start_argv(const struct profile *p, char *const *argv, const char *conversation)
{
	struct vec own = {0}, out = {0};
	char **command = NULL;
	struct meaning m;
	size_t program;

	if (!argv || !argv[0]) {
		vec_add_command(&own, p);
		argv = command = vec_pack(&own);
	}
	m = argv_meaning(p, argv);
	program = words_of(p, argv).program;
	for (size_t i = 0; argv[i]; i++) {
		vec_add(&out, argv[i], strlen(argv[i]));
		if (i == program && *conversation && !m.chosen && !m.subcommand)
			vec_add_template(&out, profile_text(p, PT_START_ID), conversation);
	}
	free(command);
	return vec_pack(&out);
}

char **
profile_resume_argv(const struct profile *p, char *const *argv, const char *conversation)
{
	struct vec own = {0}, out = {0};
	struct words w;
	char **command = NULL;
	bool dropping = false;

	if (!profile_can_resume(p) ||
		(profile_has_ids(p) && !profile_conversation_valid(conversation)))
		return NULL;
	if (!argv || !argv[0]) {
		vec_add_command(&own, p);
		argv = command = vec_pack(&own);
	}
	if (!profile_needs_conversation(p)) {
		for (size_t i = 0; argv[i]; i++)
			vec_add(&out, argv[i], strlen(argv[i]));
		free(command);
		return vec_pack(&out);
	}
	w = words_of(p, argv);
	while (words_step(&w)) {
		if (w.kind == WORD_FLAG)
			dropping = words_have(profile_text(p, PT_FLAGS_DROP), w.flag, w.flag_len);
		if (w.kind == WORD_FREE || (w.kind != WORD_PROGRAM && dropping))
			continue;
		vec_add(&out, current(&w), strlen(current(&w)));
	}
	vec_add_template(&out, profile_text(p, PT_RESUME), conversation);
	free(command);
	return vec_pack(&out);
}

char **
profile_prompt_argv(const struct profile *p, char *const *argv, const char *prompt)
{
	const char *tmpl = profile_text(p, PT_START_PROMPT), *flag, *rest = tmpl;
	struct words w = words_of(p, argv);
	size_t n = word_next(&rest, &flag);
	struct vec out = {0};

	if (!n || !*prompt)
		return NULL;
	while (words_step(&w))
		if (w.kind == WORD_FREE || strcmp(current(&w), "--") == 0 ||
			(w.kind == WORD_FLAG && w.flag_len == n && memcmp(w.flag, flag, n) == 0))
			return NULL;
	for (size_t i = 0; argv[i]; i++)
		vec_add(&out, argv[i], strlen(argv[i]));
	vec_add_template(&out, tmpl, prompt);
	return vec_pack(&out);
}

char **
profile_settings_argv(const struct profile *p, char *const *argv, const char *file)
{
	const char *tmpl = profile_text(p, PT_SETTINGS), *flag;
	struct words w = words_of(p, argv);
	const char *rest = tmpl;
	size_t n = word_next(&rest, &flag);
	struct vec out = {0};

	if (!n || argv_meaning(p, argv).subcommand)
		return NULL;
	while (words_step(&w))
		if (w.kind == WORD_FLAG && w.flag_len == n && memcmp(w.flag, flag, n) == 0)
			return NULL;
	for (size_t i = 0; argv[i]; i++) {
		vec_add(&out, argv[i], strlen(argv[i]));
		if (i == w.program)
			vec_add_template(&out, tmpl, file);
	}
	return vec_pack(&out);
}
