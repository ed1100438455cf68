#include "tui/draw/fmt.h"
#include "core/base/base.h"
#include "core/text/human.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *
fmt_mem(char *buf, double bytes)
{
	return human_bytes(buf, bytes);
}

const char *
fmt_idle(char *buf, double s)
{
	if (s >= 60)
		return human_time(buf, s);
	snprintf(buf, 16, "<1m");
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
