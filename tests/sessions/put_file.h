#ifndef TESTS_SESSIONS_PUT_FILE_H
#define TESTS_SESSIONS_PUT_FILE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

/* Writes a file of that text, and the folders above it. */
static inline void
put_file(const char *path, const char *fmt, ...)
{
	char part[512];
	va_list ap;
	FILE *f;

	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		snprintf(part, sizeof part, "%.*s", (int)i, path);
		mkdir(part, 0700);
	}
	f = fopen(path, "w");
	assert_non_null(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
}
#endif
