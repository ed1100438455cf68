/* Patterns of a profile over titles, process names, and the last rows of a screen. Patterns come
 * from the user too, so each match is bounded; one that runs into the bound does not match. */
#include "core/text/width.h"
#include "sessions/agent/activity.h"
#include "sessions/agent/profile_priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_STEPS 200000u /* a millisecond */
#define SCREEN_ROWS 20	   /* from the last row that holds text upwards */

void
profile_rules_free(struct profile *p)
{
	for (int i = 0; i < PR_COUNT; i++) {
		search_free(p->rule[i]);
		free(p->pattern[i]);
	}
}

bool
profile_rule_set(struct profile *p, enum profile_rule r, const char *pattern, char *why, size_t cap)
{
	struct search *rule = NULL;
	struct err e;

	if (*pattern && !(rule = search_new(pattern, SEARCH_RULE, &e))) {
		snprintf(why, cap, "%s", e.msg);
		return false;
	}
	search_free(p->rule[r]);
	free(p->pattern[r]);
	p->rule[r] = rule;
	p->pattern[r] = xstrdup(pattern);
	return true;
}

/* Offsets of a group of what matched. */
static bool
find(const struct profile *p, enum profile_rule r, const char *text, size_t len, int group,
	size_t *from, size_t *to)
{
	if (!p->rule[r])
		return false;
	search_allow(p->rule[r], RULE_STEPS);
	return search_rule(p->rule[r], text, len, group, from, to) > 0;
}

/* detail (NULL ok): the first line of what matched. */
static bool
match(const struct profile *p, enum profile_rule r, const char *text, size_t len, char *detail,
	size_t cap)
{
	size_t from, to;
	const char *nl;

	if (!find(p, r, text, len, 0, &from, &to))
		return false;
	if (detail) {
		nl = memchr(text + from, '\n', to - from);
		sanitize(detail, cap - 1, text + from,
			nl ? (size_t)(nl - (text + from)) : to - from);
	}
	return true;
}

/* The last rows that hold text, without the blank rest of the screen: a question further up has
 * been answered. */
static const char *
last_rows(const char *text, size_t *len)
{
	const char *end = text + strlen(text), *s;
	int rows = 0;

	while (end > text && strchr(" \n\r\t", end[-1]))
		end--;
	for (s = end; s > text; s--)
		if (s[-1] == '\n' && ++rows == SCREEN_ROWS)
			break;
	*len = (size_t)(end - s);
	return s;
}

int
profile_match_title(const struct profile *p, const char *title)
{
	static const struct {
		enum profile_rule rule;
		enum activity says;
	} order[] = {{PR_TITLE_PERMISSION, ACT_PERMISSION}, {PR_TITLE_WORKING, ACT_WORKING},
		{PR_TITLE_IDLE, ACT_IDLE}};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (match(p, order[i].rule, title, strlen(title), NULL, 0))
			return order[i].says;
	return -1;
}

int
profile_match_screen(const struct profile *p, const char *text, char *detail, size_t cap)
{
	static const struct {
		enum profile_rule rule;
		enum activity says;
	} order[] = {{PR_MATCH_PERMISSION, ACT_PERMISSION}, {PR_MATCH_QUESTION, ACT_QUESTION},
		{PR_MATCH_ERROR, ACT_ERROR}, {PR_MATCH_WORKING, ACT_WORKING},
		{PR_MATCH_DONE, ACT_DONE}, {PR_MATCH_IDLE, ACT_IDLE}};
	size_t len;

	text = last_rows(text, &len);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (match(p, order[i].rule, text, len, detail, cap))
			return order[i].says;
	return -1;
}

bool
profile_screen_tool(const struct profile *p, const char *text, char *detail, size_t cap)
{
	size_t len;

	text = last_rows(text, &len);
	return match(p, PR_MATCH_TOOL, text, len, detail, cap);
}

bool
profile_screen_limit(const struct profile *p, const char *text, char *detail, size_t cap)
{
	size_t len;

	text = last_rows(text, &len);
	return match(p, PR_MATCH_LIMIT, text, len, detail, cap);
}

bool
profile_screen_stopped(const struct profile *p, const char *text)
{
	size_t len;

	text = last_rows(text, &len);
	return match(p, PR_MATCH_STOPPED, text, len, NULL, 0);
}

bool
profile_screen_draft(const struct profile *p, const char *text)
{
	size_t len;

	text = last_rows(text, &len);
	return match(p, PR_MATCH_DRAFT, text, len, NULL, 0);
}

bool
profile_has_prompt(const struct profile *p)
{
	return p->rule[PR_PROMPT] != NULL;
}

bool
profile_find_prompt(const struct profile *p, const char *text, size_t len, size_t *from, size_t *to)
{
	return find(p, PR_PROMPT, text, len, 1, from, to);
}

bool
profile_prompt_away(const struct profile *p, const char *text, size_t len, char *what, size_t cap)
{
	return match(p, PR_PROMPT_AWAY, text, len, what, cap);
}

bool
profile_is_placeholder(const struct profile *p, const char *text, size_t len)
{
	return match(p, PR_PROMPT_PLACEHOLDER, text, len, NULL, 0);
}

bool
profile_is_shared(const struct profile *p, const char *cmdline)
{
	return match(p, PR_SHARED, cmdline, strlen(cmdline), NULL, 0);
}

bool
profile_is_helper(const struct profile *p, const char *comm, const char *cmdline)
{
	const char *s = cmdline && *cmdline ? cmdline : comm;

	return match(p, PR_HELPERS, s, strlen(s), NULL, 0);
}
