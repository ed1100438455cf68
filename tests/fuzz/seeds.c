/* seeds TARGET DIRECTORY: starting inputs of a fuzz target, as files. Targets whose input is no
 * terminal output start from a few bytes of their own kind. */
#include "tests/bench/corpus.h"
#include <stdio.h>
#include <string.h>

static int
put(const char *dir, const char *name, const void *p, size_t n)
{
	char path[512];

	snprintf(path, sizeof path, "%s/seed-%s", dir, name);
	FILE *f = fopen(path, "wb");
	if (!f)
		return -1;
	size_t w = fwrite(p, 1, n, f);
	return fclose(f) == 0 && w == n ? 0 : -1;
}

struct text_seed {
	const char *target, *name, *text;
};
static const struct text_seed texts[] = {
	{"keys", "legacy", "\033[A\033OP\033[3~\033[1;5C\033\033[Bx\x7f\r\t"},
	{"keys", "kitty", "\033[97;5u\033[97:65:97;2:1;65u\033[57399u\033[27;5;97~"},
	{"keys", "mouse", "\033[<0;10;20M\033[<0;10;20m\033[I\033[O\033[M !!"},
	{"keys", "paste", "\033[200~hello\033[A world\r\n\033[201~"},
	{"keys", "reply", "\033[?62;22c\033]11;rgb:00/11/22\033\\\033P>|x(1)\033\\\033[?31u"},
	{"config", "plain", "[server]\nscrollback_lines=100\n[reap]\nidle=2h\nmin=400M\n"},
	{"config", "bad", "[nope]\nx=1\n[ui]\nprefix=C-\\\n"},
	{"utf8", "mixed",
		"a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xff\xc0"},
};

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: seeds TARGET DIRECTORY\n");
		return 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(texts[i].target, argv[1]) == 0 &&
			put(argv[2], texts[i].name, texts[i].text, strlen(texts[i].text)) < 0)
			return 1;
	if (strcmp(argv[1], "vt") != 0 && strcmp(argv[1], "render") != 0)
		return 0;
	for (const struct corpus *c = corpora; c->name; c++) {
		struct buf b = {0};

		buf_put(&b, "\x18\x50\x10\x00", 4);
		corpus_fill(c, &b, 1500);
		if (put(argv[2], c->name, b.data, MIN(b.len, 4000)) < 0)
			return 1;
		buf_free(&b);
	}
	return 0;
}
