#include "tui/keymap.h"
#include <stdio.h>
#include <string.h>

const struct action actions[ACTION_COUNT] = {
#define X(name, palette, ctx, keys, help, hint, rank, fn, group) \
	{#name, palette, ctx, keys, help, hint, rank, fn, group},
#include "tui/actions.def"
#undef X
};

/* The next word of a key list; NULL at the end. */
static const char *
next_word(const char **p, char *out, size_t cap)
{
	*p += strspn(*p, " ");
	size_t n = strcspn(*p, " ");
	if (n == 0 || n >= cap)
		return NULL;
	memcpy(out, *p, n);
	out[n] = 0;
	*p += n;
	return out;
}

bool
key_is(const struct input_event *ev, const char *name)
{
	struct input_event want = {0};
	if (ev->type != INPUT_KEY)
		return false;
	if (!strcmp(name, "1-9"))
		return ev->key >= '1' && ev->key <= '9' && !(ev->mods & ~(MOD_CAPS | MOD_NUM));
	return key_parse(name, &want) && key_matches(ev, &want);
}

const struct action *
keymap_find(unsigned context, const struct input_event *ev)
{
	char word[16];
	for (size_t i = 0; i < ACTION_COUNT; i++) {
		const char *p = actions[i].keys;
		while (actions[i].contexts & context && next_word(&p, word, sizeof word))
			if (key_is(ev, word))
				return &actions[i];
	}
	return NULL;
}

static void
label(const char *key, bool ascii, char *out, size_t cap)
{
	static const char *const names[][3] = {{"Enter", "⏎", "enter"}, {"Escape", "esc", "esc"},
		{"Space", "space", "space"}, {"Tab", "tab", "tab"}, {"BTab", "⇧tab", "S-tab"},
		{"Up", "↑", "up"}, {"Down", "↓", "down"}, {"Left", "←", "left"},
		{"Right", "→", "right"}, {"Home", "home", "home"}, {"End", "end", "end"}};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(key, names[i][0])) {
			snprintf(out, cap, "%s", names[i][1 + ascii]);
			return;
		}
	if (!strncmp(key, "C-", 2))
		snprintf(out, cap, "^%c", key[2] >= 'a' && key[2] <= 'z' ? key[2] - 32 : key[2]);
	else
		snprintf(out, cap, "%s", key);
}

const char *
keymap_label(const struct action *act, bool ascii, char out[16])
{
	char word[16];
	const char *p = act->keys;
	out[0] = 0;
	if (next_word(&p, word, sizeof word))
		label(word, ascii, out, 16);
	return out;
}

const char *
keymap_labels(const struct action *act, bool ascii, char out[64])
{
	char word[16], one[16];
	const char *p = act->keys;
	size_t len = 0;
	out[0] = 0;
	while (next_word(&p, word, sizeof word)) {
		label(word, ascii, one, sizeof one);
		if (len + strlen(one) + 2 < 64)
			len += (size_t)snprintf(out + len, 64 - len, "%s%s", len ? " " : "", one);
	}
	return out;
}

const char *
keymap_name(const struct action *act, char out[32], bool *words)
{
	const char *dots = strstr(act->palette, "…");
	snprintf(out, 32, "%.*s", dots ? (int)(dots - act->palette) : 31, act->palette);
	if (words)
		*words = dots;
	return out;
}

const char *
keymap_clash(void)
{
	static char msg[160];
	char a[16], b[16];
	for (size_t i = 0; i < ACTION_COUNT; i++) {
		const char *p = actions[i].keys;
		struct input_event ev;
		while (next_word(&p, a, sizeof a)) {
			if (strcmp(a, "1-9") && !key_parse(a, &ev)) {
				snprintf(msg, sizeof msg, "%s: no key \"%s\"", actions[i].name, a);
				return msg;
			}
			for (size_t k = i + 1; k < ACTION_COUNT; k++) {
				const char *q = actions[k].keys;
				while (actions[i].contexts & actions[k].contexts &&
					next_word(&q, b, sizeof b))
					if (!strcmp(a, b)) {
						snprintf(msg, sizeof msg, "%s and %s: %s",
							actions[i].name, actions[k].name, a);
						return msg;
					}
			}
		}
	}
	return NULL;
}
