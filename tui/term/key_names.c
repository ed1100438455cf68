#include "tui/term/key_names.h"
#include <stdio.h>
#include <string.h>

const char *
keys_next(const char **p, char *out, size_t cap)
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

bool
keys_match(const char *keys, const struct input_event *ev)
{
	char word[16];
	while (keys_next(&keys, word, sizeof word))
		if (key_is(ev, word))
			return true;
	return false;
}

void
key_label(const char *key, bool ascii, char *out, size_t cap)
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
keys_labels(const char *p, bool ascii, char out[64])
{
	char word[16], one[16];
	size_t len = 0;
	out[0] = 0;
	while (keys_next(&p, word, sizeof word)) {
		key_label(word, ascii, one, sizeof one);
		if (len + strlen(one) + 2 < 64)
			len += (size_t)snprintf(out + len, 64 - len, "%s%s", len ? " " : "", one);
	}
	return out;
}

bool
key_text(const struct input_event *ev, struct buf *out)
{
	size_t was = out->len;
	uint32_t cp = ev->key;
	if (ev->mods & (MOD_CTRL | MOD_ALT | MOD_SUPER))
		return false;
	if (ev->text[0]) {
		for (int i = 0; i < 8 && ev->text[i]; i++)
			buf_utf8(out, ev->text[i]);
	} else if (cp >= 0x20 && cp != 0x7f && cp < KEY_NONE) {
		if (ev->mods & MOD_SHIFT && ev->shifted)
			cp = ev->shifted;
		else if (ev->mods & MOD_SHIFT && cp >= 'a' && cp <= 'z')
			cp -= 32;
		buf_utf8(out, cp);
	}
	return out->len > was;
}
