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
keymap_name(const struct action *act, char out[32], const char **words)
{
	const char *dots = strstr(act->palette, "…");
	snprintf(out, 32, "%.*s", dots ? (int)(dots - act->palette) : 31, act->palette);
	if (words)
		*words = dots ? dots + strlen("…") : "";
	return out;
}
