#include "sessions/config/ini_file.h"
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define INI_LINE_BYTES 8192

struct reader {
	ini_key_cb cb;
	void *ctx;
	bool refused;
	char why[160];
};

static int
on_key(void *ctx, const char *section, const char *key, const char *value)
{
	struct reader *r = ctx;

	if (r->refused)
		return 0;
	if (r->cb(r->ctx, section, key, value, r->why, sizeof r->why))
		return 1;
	r->refused = true;
	return 0;
}

/* inih keeps these as globals of the library; regexes need more than its 200 bytes a line. */
static void
allow_long_lines(void)
{
	ini_use_stack = false;
	ini_allow_realloc = true;
	ini_max_line = INI_LINE_BYTES;
	ini_stop_on_first_error = true;
}

static int
report(const struct reader *r, const char *name, int line, struct err *e)
{
	const char *base = strrchr(name, '/');

	if (line == 0)
		return 0;
	base = base ? base + 1 : name;
	if (line < 0)
		return err_set(
			e, 1, "cannot read %s (%s)", name, strerror(line == -2 ? ENOMEM : EIO));
	return err_set(e, 1, "%s:%d: %s", base, line,
		r->refused ? r->why : "not a section and not key = value");
}

int
ini_read_file(const char *path, ini_key_cb cb, void *ctx, struct err *e)
{
	struct reader r = {.cb = cb, .ctx = ctx};
	struct stat st;
	FILE *f;
	int line;

	f = fopen(path, "re");
	if (!f && errno == ENOENT)
		return 0;
	if (!f)
		return err_set(e, 1, "cannot read %s (%s)", path, strerror(errno));
	if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
		fclose(f);
		return err_set(e, 1, "cannot read %s (%s)", path, strerror(EISDIR));
	}
	allow_long_lines();
	line = ini_parse_file(f, on_key, &r);
	fclose(f);
	return report(&r, path, line, e);
}

int
ini_read_text(const char *name, const char *text, ini_key_cb cb, void *ctx, struct err *e)
{
	struct reader r = {.cb = cb, .ctx = ctx};

	allow_long_lines();
	return report(&r, name, ini_parse_string(text, on_key, &r), e);
}
