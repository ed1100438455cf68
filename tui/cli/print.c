/* Figures, names and events as the verbs print them. */
#include "tui/cli/print.h"
#include "core/text/width.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

enum { WIDTH_DEFAULT = 80, WIDTH_MIN = 24 };

double
jnum(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

const char *
fmt_size(char *buf, double n)
{
	return isnan(n) ? "-" : fmt_bytes(buf, n);
}

/* Of standard output; 80 when that is no terminal. */
int
out_width(void)
{
	struct winsize ws;

	if (ioctl(1, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= WIDTH_MIN)
		return MIN(ws.ws_col, OUT_WIDTH_MAX);
	return WIDTH_DEFAULT;
}

/* Blocks only where the user's own locale says UTF-8. */
enum plot_style
out_style(const struct verb_ctx *ctx)
{
	static const char *const vars[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; !ctx->ascii && i < ARRAY_LEN(vars); i++) {
		const char *v = getenv(vars[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8") ? PLOT_BLOCK
									       : PLOT_ASCII;
	}
	return PLOT_ASCII;
}

void
put_cp(uint32_t cp)
{
	if (cp < 0x80)
		putchar((int)cp);
	else
		printf("%c%c%c", (int)(0xe0 | cp >> 12), (int)(0x80 | (cp >> 6 & 0x3f)),
			(int)(0x80 | (cp & 0x3f)));
}

void
put_clean(const char *s)
{
	char clean[256];

	sanitize(clean, sizeof(clean), s, strlen(s));
	fputs(clean, stdout);
}

void
put_cell(const struct verb_ctx *ctx, const char *s, int cells)
{
	const char *more = out_style(ctx) == PLOT_ASCII ? "~" : "\u2026";
	int width = abs(cells), used = 0, fits_used = 0;
	char clean[256];
	size_t n, i = 0, fits = 0;

	sanitize(clean, sizeof(clean), s, strlen(s));
	n = strlen(clean);
	while (i < n) {
		int wide;
		size_t k = utf8_grapheme(clean + i, n - i, &wide);

		if (used + wide > width)
			break;
		i += k;
		used += wide;
		if (used < width) { /* there is room for the mark behind it */
			fits = i;
			fits_used = used;
		}
	}
	if (i < n) {
		fwrite(clean, 1, fits, stdout);
		fputs(more, stdout);
		used = fits_used + 1;
	} else {
		fputs(clean, stdout);
	}
	printf("%*s", MAX(cells - used, 0), "");
}

bool
memgroup_words(const json_t *o, char *out, size_t cap)
{
	const json_t *v = json_object_get(o, "mem_events");
	char kernel[32];
	size_t n = 0;

	if (!v)
		return false;
	if (!isnan(jnum(o, "psi_some_avg10")))
		n = (size_t)snprintf(out, cap, "waited for memory %.1f%% of 10 s, %.1f%% of 60 s; ",
			jnum(o, "psi_some_avg10"), jnum(o, "psi_some_avg60"));
	snprintf(out + MIN(n, cap), cap - MIN(n, cap),
		"held at its limit %.0f times, out of memory %.0f, ended %.0f; the kernel holds "
		"%s for it",
		jnum(v, "max"), jnum(v, "oom"), jnum(v, "oom_kill"),
		fmt_bytes(kernel, jnum(o, "unattributed_bytes")));
	return true;
}

static void
put_detail(const char *key, json_t *v)
{
	char mem[32];
	size_t n = strlen(key);
	char *s;

	printf("  %s ", key);
	if (json_is_string(v)) {
		put_clean(json_string_value(v));
		return;
	}
	if (json_is_number(v) && n > 6 && strcmp(key + n - 6, "_bytes") == 0) {
		fputs(fmt_bytes(mem, json_number_value(v)), stdout);
		return;
	}
	s = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	put_clean(s ? s : "?");
	free(s);
}

/* One line. */
void
put_event(const struct verb_ctx *ctx, const json_t *ev, bool with_name)
{
	time_t at = (time_t)jnum(ev, "t");
	struct tm tm;
	char when[32];
	const char *key;
	json_t *v;

	localtime_r(&at, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s  ", when);
	if (with_name) {
		put_cell(ctx, obj_str(ev, "name"), 18);
		putchar(' ');
	}
	put_cell(ctx, obj_str(ev, "event"), 12);
	json_object_foreach (json_object_get(ev, "detail"), key, v)
		put_detail(key, v);
	putchar('\n');
}
