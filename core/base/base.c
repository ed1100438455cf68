#include "core/base/base.h"
#include "core/base/log.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Whom somebody looks after (a server, a terminal that is to be put back) panics; a verb says it. */
static void *
got(void *p)
{
	static const char line[] = "muster: out of memory\n";
	struct sigaction abort_action;

	if (likely(p))
		return p;
	if (dump || (sigaction(SIGABRT, NULL, &abort_action) == 0 &&
			    abort_action.sa_handler != SIG_DFL))
		panic(__FILE__, __LINE__, "out of memory");
	_exit(write(STDERR_FILENO, line, sizeof(line) - 1) > 0 ? 1 : 2);
}

void *
xmalloc(size_t n)
{
	return got(malloc(n ? n : 1));
}

void *
xcalloc(size_t n, size_t size)
{
	return got(calloc(n ? n : 1, size ? size : 1));
}

void *
xrealloc(void *p, size_t n)
{
	return got(realloc(p, n ? n : 1));
}

char *
xstrdup(const char *s)
{
	return got(strdup(s));
}

char *
xasprintf(const char *fmt, ...)
{
	char *p;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) < 0)
		p = NULL;
	va_end(ap);
	return got(p);
}

size_t
mul_sat(size_t n, size_t size)
{
	size_t r;

	CHECK(!__builtin_mul_overflow(n, size, &r));
	return r;
}
