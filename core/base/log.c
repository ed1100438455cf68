#include "core/base/log.h"
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINES 64
#define LOG_LINE_BYTES 240

static struct {
	char line[LOG_LINES][LOG_LINE_BYTES];
	unsigned next;
	int fd;
	off_t bytes; /* of the file */
	char path[600];
	enum log_level level;
} lg = {.fd = -1, .level = LOG_INFO};

void
log_open(const char *path, enum log_level level)
{
	struct stat st;

	if (lg.fd >= 0)
		close(lg.fd);
	lg.fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	lg.bytes = lg.fd >= 0 && fstat(lg.fd, &st) == 0 ? st.st_size : 0;
	snprintf(lg.path, sizeof(lg.path), "%s", path ? path : "");
	lg.level = level;
}

static void
rotate(void)
{
	char from[620], to[620];

	for (int i = LOG_FILES - 1; i > 0; i--) {
		snprintf(from, sizeof(from), "%s", lg.path);
		if (i > 1)
			snprintf(from, sizeof(from), "%s.%d", lg.path, i - 1);
		snprintf(to, sizeof(to), "%s.%d", lg.path, i);
		if (rename(from, to) < 0 && i == 1)
			lg.bytes = 0; /* it grows on; tried again a file's size later */
	}
	if (lg.bytes) {
		snprintf(from, sizeof(from), "%s", lg.path);
		log_open(from, lg.level);
	}
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

		if (lg.bytes + len > LOG_FILE_BYTES)
			rotate();
		if (write(lg.fd, out, (size_t)len) < 0)
			lg.level = LOG_ERROR; /* disk full: memory only from here */
		lg.bytes += len;
	}
}

void
log_dump(FILE *out)
{
	unsigned from = lg.next > LOG_LINES ? lg.next - LOG_LINES : 0;

	for (unsigned i = from; i < lg.next; i++)
		fprintf(out, "%s\n", lg.line[i % LOG_LINES]);
}
