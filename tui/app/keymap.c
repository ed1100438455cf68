#include "tui/app/keymap.h"
#include <stdio.h>
#include <string.h>

const struct action actions[ACTION_COUNT] = {
#define X(name, palette, ctx, keys, help, hint, rank, fn, group) \
	{#name, palette, ctx, keys, help, hint, rank, fn, group},
#include "tui/app/actions.def"
#undef X
};

const struct action *
keymap_find(unsigned context, const struct input_event *ev)
{
	for (size_t i = 0; i < ACTION_COUNT; i++)
		if (actions[i].contexts & context && keys_match(actions[i].keys, ev))
			return &actions[i];
	return NULL;
}

const char *
keymap_label(const struct action *act, bool ascii, char out[16])
{
	char word[16];
	const char *p = act->keys;
	out[0] = 0;
	if (keys_next(&p, word, sizeof word))
		key_label(word, ascii, out, 16);
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
		while (keys_next(&p, a, sizeof a)) {
			if (strcmp(a, "1-9") && !key_parse(a, &ev)) {
				snprintf(msg, sizeof msg, "%s: no key \"%s\"", actions[i].name, a);
				return msg;
			}
			for (size_t k = i + 1; k < ACTION_COUNT; k++) {
				const char *q = actions[k].keys;
				while (actions[i].contexts & actions[k].contexts &&
					keys_next(&q, b, sizeof b))
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
