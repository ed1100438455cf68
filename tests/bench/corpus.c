#include "tests/bench/corpus.h"
#include <string.h>

uint64_t
corpus_rand(uint64_t *rng)
{
	uint64_t z = *rng += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static unsigned
below(uint64_t *rng, unsigned n)
{
	return (unsigned)(corpus_rand(rng) % n);
}

static const char *const words[] = {"the", "server", "opened", "a", "file", "in", "read", "path",
	"value", "cannot", "request", "session", "of", "with", "buffer", "function", "return",
	"error", "timeout", "while", "handling", "src/main.rs", "index", "client", "from", "to",
	"and", "is", "not", "found", "cache", "build", "test", "passed", "node", "update", "commit",
	"merge", "branch", "line", "token", "parse", "config", "user", "module", "import", "class"};

static void
some_words(struct buf *out, uint64_t *rng, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(out, "%s%s", i ? " " : "", words[below(rng, ARRAY_LEN(words))]);
}

static void
line_ascii(struct buf *out, uint64_t *rng, unsigned n)
{
	(void)n;
	for (unsigned left = 20 + below(rng, 160); left > 0; left--)
		buf_putc(out, (uint8_t)(' ' + below(rng, 95)));
	buf_puts(out, "\r\n");
}

/* Every cell in its own colours, the whole screen painted over and over. */
static void
line_dense(struct buf *out, uint64_t *rng, unsigned n)
{
	buf_printf(out, "\033[%u;%uH", 1 + n % 50, 1 + below(rng, 40));
	for (int i = 0; i < 40; i++) {
		buf_printf(out, "\033[38;5;%u;48;5;%um%c", below(rng, 256), below(rng, 256),
			'a' + (int)below(rng, 26));
		if (below(rng, 8) == 0)
			buf_puts(out, "\033[1;4m");
	}
	buf_puts(out, "\033[0m");
}

static void
line_scroll(struct buf *out, uint64_t *rng, unsigned n)
{
	(void)n;
	if (below(rng, 4))
		buf_puts(out, "y");
	buf_puts(out, "\n\n\r\n");
}

/* A pager's or editor's scrolling inside margins. */
static void
line_region(struct buf *out, uint64_t *rng, unsigned n)
{
	if (n % 64 == 0)
		buf_printf(out, "\033[%u;%ur", 2 + below(rng, 5), 30 + below(rng, 20));
	buf_printf(out, "\033[%u;1H", 10 + below(rng, 20));
	buf_puts(out, below(rng, 2) ? "\033M" : "\n");
	buf_puts(out, "\033[K");
	some_words(out, rng, 4 + below(rng, 8));
}

static void
line_unicode(struct buf *out, uint64_t *rng, unsigned n)
{
	static const char *const bits[] = {"naïve ", "Größe ", "日本語", "漢字かな", "한국어 ",
		"Привет ", "été ", "👍", "🎉", "👩‍💻", "🇩🇪", "❤️", "e\xcc\x81", "→", "✓ ",
		"█▓▒░", "─┼─", "हिन्दी ", "العربية "};

	(void)n;
	for (unsigned i = 8 + below(rng, 24); i > 0; i--)
		buf_puts(out, bits[below(rng, ARRAY_LEN(bits))]);
	buf_puts(out, "\r\n");
}

/* What an AI CLI does all day: a synchronised repaint of the last rows, a spinner, some truecolor.
 */
static void
line_claude(struct buf *out, uint64_t *rng, unsigned n)
{
	static const char *const spin[] = {"✻", "✶", "✳", "✢", "·", "✽"};

	buf_puts(out, "\033[?2026h\033[6A\r\033[J");
	if (n % 4 == 0) {
		buf_puts(out, "\033[38;2;215;119;87m⏺\033[39m ");
		some_words(out, rng, 8 + below(rng, 16));
		buf_puts(out, "\r\n");
	}
	buf_printf(out,
		"\033[38;2;%u;%u;87m%s \033[1mThinking…\033[22m\033[2m (%us · esc to interrupt)"
		"\033[22m\033[39m\r\n\r\n",
		200 + below(rng, 55), 100 + below(rng, 50), spin[n % ARRAY_LEN(spin)], n / 10);
	buf_puts(out, "\033[2m╭");
	for (int i = 0; i < 96; i++)
		buf_puts(out, "─");
	buf_puts(out, "╮\033[22m\r\n\033[2m│\033[22m > \033[7m \033[27m");
	buf_puts(out, "\033[99G\033[2m│\033[22m\r\n\033[2m╰");
	for (int i = 0; i < 96; i++)
		buf_puts(out, "─");
	buf_puts(out, "╯\033[22m\r\n  \033[38;5;246m? for shortcuts\033[39m\r\n\033[?2026l");
}

static void
line_longwrap(struct buf *out, uint64_t *rng, unsigned n)
{
	(void)n;
	some_words(out, rng, 400 + below(rng, 1200));
	buf_puts(out, "\r\n");
}

/* A full-screen program on the alternate screen. */
static void
line_alt(struct buf *out, uint64_t *rng, unsigned n)
{
	if (n == 0)
		buf_puts(out, "\033[?1049h\033[2J");
	buf_printf(out, "\033[%u;1H\033[K\033[3%um%5u\033[39m ", 1 + n % 49, 1 + below(rng, 7),
		below(rng, 99999));
	some_words(out, rng, 6 + below(rng, 14));
	if (n % 49 == 48)
		buf_puts(out, "\033[50;1H\033[7m-- status --\033[27m\033[K");
}

static void
line_log(struct buf *out, uint64_t *rng, unsigned n)
{
	static const char *const level[] = {"\033[32mINFO\033[0m ", "\033[33mWARN\033[0m ",
		"\033[34mDEBUG\033[0m", "\033[31mERROR\033[0m"};

	buf_printf(out, "2026-03-%02u %02u:%02u:%02u.%03u %s [worker-%u] ", 1 + n / 86400 % 28,
		n / 3600 % 24, n / 60 % 60, n % 60, below(rng, 1000), level[below(rng, 4)],
		below(rng, 8));
	some_words(out, rng, 4 + below(rng, 5));
	buf_printf(out, " id=%u took=%ums\r\n", below(rng, 100000), below(rng, 900));
}

static void
line_agent(struct buf *out, uint64_t *rng, unsigned n)
{
	switch (n % 6) {
	case 0:
		buf_puts(
			out, "\033[38;2;215;119;87m⏺\033[39m \033[1mBash\033[22m(make test)\r\n");
		break;
	case 1:
		buf_puts(out, "  \033[2m⎿\033[22m  ");
		some_words(out, rng, 3 + below(rng, 6));
		buf_puts(out, "\r\n");
		break;
	case 5:
		buf_puts(out, "\r\n");
		break;
	default:
		buf_puts(out, "  ");
		some_words(out, rng, 6 + below(rng, 8));
		buf_puts(out, ".\r\n");
	}
}

static void
line_diff(struct buf *out, uint64_t *rng, unsigned n)
{
	static const char *const mark[] = {"\033[32m+", "\033[31m-", " ", " ", " "};

	if (n % 40 == 0)
		buf_printf(out,
			"\033[1mdiff --git a/src/x%u.c b/src/x%u.c\033[m\r\n\033[36m@@ -%u,7 +%u,9 "
			"@@"
			"\033[m static int\r\n",
			n / 40, n / 40, below(rng, 900), below(rng, 900));
	buf_puts(out, mark[below(rng, 5)]);
	for (unsigned i = below(rng, 4); i > 0; i--)
		buf_puts(out, "\t");
	some_words(out, rng, 2 + below(rng, 7));
	buf_puts(out, ";\033[m\r\n");
}

static void
line_ls(struct buf *out, uint64_t *rng, unsigned n)
{
	static const char *const color[] = {"", "\033[01;34m", "\033[01;32m", "\033[01;36m"};

	buf_printf(out, "-rw-r--r--  1 user users %8u Mar %2u %02u:%02u %s%s-%u.%s\033[0m\r\n",
		below(rng, 10000000), 1 + below(rng, 28), below(rng, 24), below(rng, 60),
		color[below(rng, 4)], words[below(rng, ARRAY_LEN(words))], n % 1000,
		below(rng, 2) ? "c" : "txt");
}

const struct corpus corpora[] = {
	{"ascii", "random printable lines", line_ascii, false},
	{"dense", "each cell in its own colours", line_dense, false},
	{"scroll", "almost only line feeds", line_scroll, false},
	{"region", "scrolling inside margins", line_region, false},
	{"unicode", "scripts, emoji, combining marks", line_unicode, false},
	{"claude", "repaints of an AI CLI", line_claude, false},
	{"longwrap", "lines of several screens' width", line_longwrap, false},
	{"alt", "a full-screen program", line_alt, false},
	{"log", "a service's log", line_log, true},
	{"agent", "an AI CLI's transcript", line_agent, true},
	{"diff", "git diff", line_diff, true},
	{"ls", "ls -l", line_ls, true},
	{NULL, NULL, NULL, false},
};

const struct corpus *
corpus_find(const char *name)
{
	for (const struct corpus *c = corpora; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

void
corpus_fill(const struct corpus *c, struct buf *out, size_t bytes)
{
	uint64_t rng = 20;

	for (unsigned n = 0; out->len < bytes; n++)
		c->line(out, &rng, n);
}
