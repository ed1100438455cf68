#include "store/age.h"
#include "store/segfile.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIVED_FILE "lived"

static bool
get(const char *dir, const char *name, double *v)
{
	struct segfile *f = segfile_new(dir);
	struct buf b = {0};
	bool ok = segfile_get(f, name, &b) == 0 && b.len;
	char *end;

	segfile_free(f);
	buf_putc(&b, '\0');
	*v = ok ? strtod((const char *)b.data, &end) : 0;
	ok = ok && *end == '\n' && isfinite(*v) && *v >= 0;
	buf_free(&b);
	return ok;
}

static bool
put(const char *dir, const char *name, double v)
{
	struct segfile *f = segfile_new(dir);
	char text[64];
	int n = snprintf(text, sizeof text, "%.0f\n", v),
	    rc = segfile_put(f, name, text, (size_t)n, true);

	segfile_free(f);
	return rc == 0;
}

double
age_lived_s(const char *state_dir)
{
	double v;

	return get(state_dir, LIVED_FILE, &v) ? v : 0;
}

void
age_add_lived(const char *state_dir, double seconds)
{
	put(state_dir, LIVED_FILE, age_lived_s(state_dir) + seconds);
}

double
age_of_text(const char *dir, bool ended, double lived_s)
{
	double since;
	char *mark;

	if (ended && get(dir, SEGFILE_ENDED, &since) && since <= lived_s)
		return lived_s - since;
	if (ended) {
		put(dir, SEGFILE_ENDED, lived_s);
		return 0;
	}
	mark = xasprintf("%s/" SEGFILE_ENDED, dir);
	unlink(mark);
	free(mark);
	return 0;
}
