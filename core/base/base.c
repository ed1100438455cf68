#include "core/base/base.h"
#include "core/base/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*dumper)(void *ctx, FILE *out);
static dumper dump;
static void *dump_ctx;

void
panic_dumps(void (*fn)(void *ctx, FILE *out), void *ctx)
{
	dump = fn;
	dump_ctx = ctx;
}

void
panic(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "muster: panic at %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (dump) {
		dumper now = dump;

		dump = NULL; /* it may panic, too */
		now(dump_ctx, stderr);
	}
	log_dump(stderr);
	abort();
}

int
err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return -1;
}

void *
xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	CHECK(p);
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	CHECK(p);
	return p;
}

void *
xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	CHECK(p);
	return p;
}

char *
xstrdup(const char *s)
{
	char *p = strdup(s);

	CHECK(p);
	return p;
}

char *
xasprintf(const char *fmt, ...)
{
	char *p;
	va_list ap;

	va_start(ap, fmt);
	CHECK(vasprintf(&p, fmt, ap) >= 0);
	va_end(ap);
	return p;
}

size_t
mul_sat(size_t n, size_t size)
{
	size_t r;

	CHECK(!__builtin_mul_overflow(n, size, &r));
	return r;
}
