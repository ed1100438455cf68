#include "tui/draw/fmt.h"
#include "core/base/base.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *
fmt_mem(char *buf, double bytes)
{
	double m = bytes / 1048576;
	if (bytes > 0 && m < 0.995)
		snprintf(buf, 16, "%.0fK", bytes / 1024);
	else if (m < 999.5)
		snprintf(buf, 16, "%.0fM", m);
	else if (m / 1024 < 9.95)
		snprintf(buf, 16, "%.1fG", m / 1024);
	else if (m / 1024 < 999.5)
		snprintf(buf, 16, m / 1024 < 99.95 ? "%.1fG" : "%.0fG", m / 1024);
	else
		snprintf(buf, 16, "%.1fT", m / 1048576);
	return buf;
}

const char *
fmt_idle(char *buf, double s)
{
	if (s < 60)
		snprintf(buf, 16, "<1m");
	else if (s < 3600)
		snprintf(buf, 16, "%dm", (int)(s / 60));
	else if (s < 86400)
		snprintf(buf, 16, "%dh", (int)(s / 3600));
	else if (s < 10 * 86400 && (int)(s / 3600) % 24)
		snprintf(buf, 16, "%dd %dh", (int)(s / 86400), (int)(s / 3600) % 24);
	else
		snprintf(buf, 16, "%dd", (int)MIN(s / 86400, 99999));
	return buf;
}

const char *
fmt_rate(char *buf, double bytes_per_h)
{
	double m = bytes_per_h / 1048576;
	if (fabs(m) < 0.5)
		snprintf(buf, 16, "0");
	else if (fabs(m) < 9999.5)
		snprintf(buf, 16, "%+.0f", m);
	else
		snprintf(buf, 16, "%+.0fG", m / 1024);
	return buf;
}

const char *
fmt_dir(const char *home, char *buf, size_t cap, const char *path)
{
	size_t n = strlen(home);
	if (n > 1 && !strncmp(path, home, n) && (path[n] == '/' || !path[n]))
		snprintf(buf, cap, "~%s", path + n);
	else
		snprintf(buf, cap, "%s", path);
	return buf;
}
