#include "tui/run/versions.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

void
version_in(const char *text, char *out, size_t cap)
{
	out[0] = 0;
	for (const char *p = text; *p; p++) {
		if (!isdigit((unsigned char)*p) ||
			(p > text && isalnum((unsigned char)p[-1]) && p[-1] != 'v'))
			continue;
		size_t n = strspn(p, "0123456789.");
		if (n > 2 && memchr(p, '.', n - 1)) {
			snprintf(out, cap, "%.*s", (int)(p[n - 1] == '.' ? n - 1 : n), p);
			return;
		}
	}
}
