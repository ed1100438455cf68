#ifndef CORE_BASE_H
#define CORE_BASE_H
/* What every file may use: checks, small helpers, errors, small allocations.
 * CHECK is always on; DCHECK only in debug builds. Small allocations end the process when memory is out;
 * pages and frames come from core/page/page.h, which reports failure instead. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CLAMP(x, lo, hi) MAX(lo, MIN(x, hi))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

#define CHECK(cond)                                             \
	do {                                                    \
		if (unlikely(!(cond)))                          \
			panic(__FILE__, __LINE__, "%s", #cond); \
	} while (0)
#ifdef MUSTER_DEBUG
#define DCHECK(cond) CHECK(cond)
#else
#define DCHECK(cond) ((void)0)
#endif

/* Prints "file:line: message", the objects of who asked for that, and the log's last lines to
 * stderr, then aborts. */
_Noreturn void panic(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* dump is called once by a panic, on whatever thread; it may find anything. NULL: nobody. */
void panic_dumps(void (*dump)(void *ctx, FILE *out), void *ctx);

/* A user-facing failure: an exit code of cli.md and one line for a person. */
struct err {
	int code;
	char msg[256];
};
/* Fills *e (NULL ok) and returns -1, so that `return err_set(e, 1, "…")` reads well. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Never NULL: out of memory, a process that is looked after panics, another one says so and exits
 * with 1. Free with free(). */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* n * size, aborting on overflow. */
size_t mul_sat(size_t n, size_t size);
#endif
