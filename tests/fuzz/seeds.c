/* seeds TARGET DIRECTORY: starting inputs of a fuzz target, as files: the scripts of tests/vt and
 * pieces of the benchmark's corpora for what reads terminal output, a few bytes of their own kind
 * for the others. Runs in the repository's root. */
#include "tests/bench/corpus.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
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
	{"hook", "stop",
		"{\"hook_event_name\":\"Stop\",\"session_id\":\"a-b\",\"background_tasks\":[{}]}"},
	{"hook", "asks",
		"{\"hook_event_name\":\"Notification\",\"notification_type\":\"permission_prompt\","
		"\"message\":\"May I?\"}"},
	{"hook", "status",
		"{\"workspace\":{},\"rate_limits\":{\"five_hour\":{\"used_percentage\":7,"
		"\"resets_at\":1795951672}}}"},
	{"records", "replay", "A!\4\4\4\4\4\4\5\2\1\1\1\1\1\1\4\3\1\1\1\1\1\1"},
	{"records", "hold", "B!\5\41\1\1\1\1\1\5\43\1\2\1\2\1\4\42\1\1\1\1\1"},
	{"ring", "print", "\40line one\r\nline two\033[31mred\r\n\2\2\0\1\1\1\3more\r\n"},
	{"db", "page", "\4\41\202\1\2\3\4\5\101\3\7"},
	{"utf8", "mixed",
		"a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\xff\xc0"},
};

/* A line of a script behind "> ", its escapes resolved. */
static void
unescape(const char *in, struct buf *out)
{
	static const char from[] = "ernt0ba\\", to[] = "\033\r\n\t\0\b\a\\";

	for (; *in && *in != '\n'; in++) {
		const char *k = *in == '\\' && in[1] ? strchr(from, in[1]) : NULL;

		if (k) {
			buf_putc(out, (uint8_t)to[k - from]);
			in++;
		} else if (*in == '\\' && in[1] == 'x' && in[2] && in[3]) {
			char hex[3] = {in[2], in[3], 0};

			buf_putc(out, (uint8_t)strtoul(hex, NULL, 16));
			in += 3;
		} else {
			buf_putc(out, (uint8_t)*in);
		}
	}
}

/* Each case of a script: its size and its bytes; resize stands for the operation that resizes. */
static int
put_script(const char *dir, const char *path, const char *file, const char *resize)
{
	FILE *f = fopen(path, "r");
	char line[4096], name[300];
	struct buf b = {0};
	int cols = 20, rows = 4, n = 0, r = 0;

	if (!f)
		return -1;
	while (r == 0 && fgets(line, sizeof line, f)) {
		if (!strncmp(line, "== ", 3)) {
			snprintf(name, sizeof name, "%s-%d", file, n++);
			r = b.len > 3 ? put(dir, name, b.data, b.len) : 0;
			b.len = 0;
			cols = 20;
			rows = 4;
		} else if (sscanf(line, "size %dx%d", &cols, &rows) == 2) {
			continue;
		} else if (!strncmp(line, "> ", 2)) {
			if (!b.len)
				buf_put(&b,
					(uint8_t[]){(uint8_t)(cols - 1), (uint8_t)(rows - 1), 0},
					3);
			unescape(line + 2, &b);
		} else if (b.len && sscanf(line, "resize %dx%d", &cols, &rows) == 2) {
			buf_puts(&b, resize);
			buf_put(&b, (uint8_t[]){(uint8_t)(cols - 1), (uint8_t)(rows - 1)}, 2);
		}
	}
	if (r == 0 && b.len > 3)
		r = put(dir, file, b.data, b.len);
	buf_free(&b);
	fclose(f);
	return r;
}

static int
put_scripts(const char *dir, const char *resize)
{
	DIR *d = opendir("tests/vt");
	struct dirent *e;
	char path[300];
	int r = d ? 0 : -1;

	while (r == 0 && (e = readdir(d))) {
		if (!strstr(e->d_name, ".vt"))
			continue;
		snprintf(path, sizeof path, "tests/vt/%s", e->d_name);
		r = put_script(dir, path, e->d_name, resize);
	}
	if (d)
		closedir(d);
	return r;
}

static int
put_corpora(const char *dir, size_t max)
{
	int r = 0;

	for (const struct corpus *c = corpora; c->name && r == 0; c++) {
		struct buf b = {0};

		buf_put(&b, "\x50\x18\x00", 3);
		corpus_fill(c, &b, max);
		r = put(dir, c->name, b.data, MIN(b.len, max));
		buf_free(&b);
	}
	return r;
}

/* Targets that read terminal output, and how each resizes. */
static const struct {
	const char *target, *resize;
} terminals[] = {{"vt", "\xff\x01"}, {"ops", "\xff\x0b"}, {"render", "\xff\x01"}};

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
	for (size_t i = 0; i < ARRAY_LEN(terminals); i++)
		if (strcmp(terminals[i].target, argv[1]) == 0 &&
			(put_scripts(argv[2], terminals[i].resize) < 0 ||
				put_corpora(argv[2], 1000) < 0))
			return 1;
	return 0;
}
