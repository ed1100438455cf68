#ifndef SESSIONS_PROFILE_PRIV_H
#define SESSIONS_PROFILE_PRIV_H
/* Innards shared by profile.c (loading), profile_argv.c (command lines), profile_path.c (files) and
 * profile_rules.c (patterns). */
#include "core/text/search.h"
#include "sessions/agent/profile.h"

enum profile_text {
#define T(name, key, help) PT_##name,
#define R(name, key, help)
#include "sessions/agent/profile_keys.def"
#undef T
#undef R
	PT_COUNT
};
enum profile_rule {
#define T(name, key, help)
#define R(name, key, help) PR_##name,
#include "sessions/agent/profile_keys.def"
#undef T
#undef R
	PR_COUNT
};
struct profile {
	char name[32];
	char *text[PT_COUNT]; /* NULL: never given */
	char *pattern[PR_COUNT];
	struct search *rule[PR_COUNT]; /* NULL: none */
	char **env;		       /* "K=V" */
	size_t n_env;
};

const char *profile_text(const struct profile *p, enum profile_text t); /* "" for NULL */
/* Index of the word that is its program; -1: it is another one. */
int profile_program_at(const struct profile *p, char *const *argv);
/* Next word of a list with blanks between: its length, *s moved behind it; 0 at the end. */
size_t word_next(const char **s, const char **word);
bool words_have(const char *list, const char *word, size_t len);
/* Compiles and takes the place of what was there; false with the compiler's words in why. */
bool profile_rule_set(
	struct profile *p, enum profile_rule r, const char *pattern, char *why, size_t cap);
void profile_rules_free(struct profile *p);
#endif
