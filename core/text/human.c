#include "core/text/human.h"

#include <math.h>
#include <stdio.h>

const char *
human_bytes(char buf[HUMAN_MAX], double bytes)
{
	static const char unit[] = "BKMGTP";
	size_t u = 0;

	while (fabs(bytes) >= 999.5 && u + 1 < sizeof(unit) - 1) {
		bytes /= 1024;
		u++;
	}
	snprintf(buf, HUMAN_MAX, u >= 3 && fabs(bytes) < 99.95 ? "%.1f%c" : "%.0f%c", bytes,
		unit[u]);
	return buf;
}

const char *
human_count(char buf[HUMAN_MAX], double n)
{
	if (n < 999.5)
		snprintf(buf, HUMAN_MAX, "%.0f", n);
	else if (n < 999500)
		snprintf(buf, HUMAN_MAX, "%.0fk", n / 1e3);
	else
		snprintf(buf, HUMAN_MAX, "%.1fM", n / 1e6);
	return buf;
}

const char *
human_time(char buf[HUMAN_MAX], double s)
{
	unsigned t = s > 0 ? (unsigned)MIN(s, 999e6) : 0;

	if (t < 60)
		snprintf(buf, HUMAN_MAX, "%us", t);
	else if (t < 3600)
		snprintf(buf, HUMAN_MAX, "%um", t / 60);
	else if (t < 86400)
		snprintf(buf, HUMAN_MAX, "%uh", t / 3600);
	else if (t % 86400 >= 3600)
		snprintf(buf, HUMAN_MAX, "%ud %uh", t / 86400, t % 86400 / 3600);
	else
		snprintf(buf, HUMAN_MAX, "%ud", t / 86400);
	return buf;
}
