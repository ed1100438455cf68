#include "sessions/agent/last_line.h"
#include "core/text/width.h"
#include <string.h>

#define PROMPT_ROWS 8 /* a prompt line is looked for in so many rows from the bottom */

static bool
starts(const char *line, size_t n, const char *with)
{
	size_t k = strlen(with);

	return n >= k && !memcmp(line, with, k);
}

static bool
typed(const char *line, size_t n)
{
	return starts(line, n, "❯") || starts(line, n, "›");
}

static bool
rule(const char *line, size_t n)
{
	return starts(line, n, "──") || starts(line, n, "╌╌") || starts(line, n, "╭──");
}

static bool
says_nothing(const char *line, size_t n)
{
	bool block_art = n > 2 && (uint8_t)line[0] == 0xe2 && (uint8_t)line[1] == 0x96;
	bool bullet = n == 1 && (line[0] == '-' || line[0] == '*'); /* its text is yet to come */

	return n == 0 || typed(line, n) || rule(line, n) || block_art || bullet;
}

/* The line that ends before *end, blanks at both its ends left out; *end moves above it. */
static const char *
line_above(const char *text, const char **end, size_t *n)
{
	const char *line, *last = *end;

	while (last > text && (last[-1] == '\n' || last[-1] == ' '))
		last--;
	for (line = last; line > text && line[-1] != '\n'; line--)
		;
	*end = line;
	while (line < last && *line == ' ')
		line++;
	*n = (size_t)(last - line);
	return line;
}

/* Where what it has to say ends: above the prompt line, if there is one near the bottom. */
static const char *
above_prompt(const char *text)
{
	const char *end = text + strlen(text), *from = end, *line;
	size_t n;

	for (int i = 0; i < PROMPT_ROWS && from > text; i++) {
		line = line_above(text, &from, &n);
		if (typed(line, n))
			return from;
	}
	return end;
}

void
last_line(const char *text, char *out, size_t cap)
{
	const char *end = above_prompt(text), *line;
	size_t n;

	do {
		line = line_above(text, &end, &n);
		sanitize(out, cap, line, says_nothing(line, n) ? 0 : n);
	} while (!*out && end > text);
}
