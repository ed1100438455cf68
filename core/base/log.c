#include "core/base/log.h"
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINES 64
#define LOG_LINE_BYTES 240

static struct {
	char line[LOG_LINES][LOG_LINE_BYTES];
	unsigned next;
	int fd;
	enum log_level level;
} lg = {.fd = -1, .level = LOG_INFO};

void
log_open(const char *path, enum log_level level)
{
	if (lg.fd >= 0)
		close(lg.fd);
	lg.fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	lg.level = level;
}

void
log_msg(enum log_level level, const char *fmt, ...)
{
	static const char *const name[] = {"error", "warn", "info", "debug"};
	struct timespec ts;
	struct tm tm;
	char *l, text[LOG_LINE_BYTES];
	size_t n;
	va_list ap;

	if (level > lg.level)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 32 || *p == 127)
			*p = '?';
	l = lg.line[lg.next++ % LOG_LINES];
	n = strftime(l, LOG_LINE_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(
		l + n, LOG_LINE_BYTES - n, ".%03dZ %s ", (int)(ts.tv_nsec / 1000000), name[level]);
	snprintf(l + n, LOG_LINE_BYTES - n, "%s", text);
	if (lg.fd >= 0) {
		char out[LOG_LINE_BYTES + 1];
		int len = snprintf(out, sizeof(out), "%s\n", l);

		if (write(lg.fd, out, (size_t)len) < 0)
			lg.level = LOG_ERROR; /* disk full: memory only from here */
	}
}

void
log_dump(FILE *out)
{
	unsigned from = lg.next > LOG_LINES ? lg.next - LOG_LINES : 0;

	for (unsigned i = from; i < lg.next; i++)
		fprintf(out, "%s\n", lg.line[i % LOG_LINES]);
}
