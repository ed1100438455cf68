/* top: sessions by footprint, refreshing. metrics: the same figures in Prometheus' text format. */
#include "tui/verb/memory.h"
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { TOP_EVERY_MS = 2000, TOP_ROWS_DEFAULT = 40 };

static int
by_footprint(const void *a, const void *b)
{
	double x = jnum(*(json_t *const *)a, "footprint_bytes");
	double y = jnum(*(json_t *const *)b, "footprint_bytes");

	x = isnan(x) ? -1 : x;
	y = isnan(y) ? -1 : y;
	return (x < y) - (x > y);
}

static void
put_spark(const struct verb_ctx *ctx, const json_t *spark)
{
	double v[64];
	uint32_t cell[64];
	size_t n = MIN(json_array_size(spark), ARRAY_LEN(v));

	for (size_t i = 0; i < n; i++)
		v[i] = json_number_value(json_array_get(spark, i));
	plot_spark(v, n, 0, out_style(ctx), cell);
	for (size_t i = 0; i < n; i++)
		put_cp(cell[i]);
}

static void
put_top_row(const struct verb_ctx *ctx, const json_t *s)
{
	char a[32], b[32], c[32], d[32], idle[32] = "-";

	if (!isnan(jnum(s, "idle_s")))
		fmt_ago(idle, jnum(s, "idle_s"));
	put_clean(jstr(s, "name"), 18);
	printf(" %-10s %-7s %7s%s %8s %8s %8s %5.0f  ",
		*jstr(s, "activity") && strcmp(jstr(s, "state"), "running") == 0
			? jstr(s, "activity")
			: jstr(s, "state"),
		idle, fmt_size(a, jnum(s, "footprint_bytes")),
		json_is_true(json_object_get(s, "footprint_estimated")) ? "~" : " ",
		fmt_size(b, jnum(s, "rss_bytes")), fmt_size(c, jnum(s, "swap_bytes")),
		fmt_size(d, jnum(s, "growth_bytes_per_h")),
		isnan(jnum(s, "processes")) ? 0 : jnum(s, "processes"));
	put_spark(ctx, json_object_get(s, "spark"));
	printf("\n");
}

static void
put_top(const struct verb_ctx *ctx, const json_t *reply, size_t max)
{
	json_t *list = json_object_get(reply, "sessions"), **v, *s;
	json_t *totals = json_object_get(reply, "totals"), *p = json_object_get(reply, "pressure");
	size_t n = json_array_size(list), i;
	char a[32], b[32], c[32], d[32];

	v = xcalloc(n + 1, sizeof(json_t *));
	json_array_foreach (list, i, s)
		v[i] = s;
	qsort(v, n, sizeof(json_t *), by_footprint);
	printf("%s: %.0f running, %.0f asleep   footprint %s   resident %s   available %s of "
	       "%s\n\n",
		jstr(reply, "host"), jnum(totals, "running"), jnum(totals, "asleep"),
		fmt_size(a, jnum(totals, "footprint_bytes")),
		fmt_size(b, jnum(totals, "rss_bytes")), fmt_size(c, jnum(p, "mem_available_bytes")),
		fmt_size(d, jnum(p, "mem_total_bytes")));
	printf("%-18s %-10s %-7s %8s %8s %8s %8s %5s  %s\n", "NAME", "STATE", "IDLE", "MEM",
		"RESIDENT", "SWAPPED", "GROWTH/H", "PROCS", "LAST HOUR");
	for (i = 0; i < n && i < max; i++)
		put_top_row(ctx, v[i]);
	if (n > max)
		printf("%zu more\n", n - max);
	free(v);
}

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* Until q or a signal. False: it is time for the next picture. */
static bool
leave(bool keys)
{
	struct pollfd p = {.fd = keys ? 0 : -1, .events = POLLIN};
	char key;

	if (poll(&p, 1, TOP_EVERY_MS) > 0 && (read(0, &key, 1) != 1 || key == 'q' || key == 27))
		return true;
	return stop;
}

static int
top_loop(struct verb_ctx *ctx)
{
	struct termios old, raw;
	bool keys = isatty(0) && tcgetattr(0, &old) == 0;
	int code = EXIT_OK;
	json_t *reply;

	if (keys) {
		raw = old;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(0, TCSANOW, &raw);
	}
	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	fputs("\033[?1049h\033[?25l", stdout);
	do {
		struct winsize ws = {0};

		reply = verb_call(ctx, "ls", json_object(), &code);
		if (!reply)
			break;
		ioctl(1, TIOCGWINSZ, &ws);
		fputs("\033[H\033[J", stdout);
		put_top(ctx, reply, ws.ws_row > 6 ? ws.ws_row - 5u : TOP_ROWS_DEFAULT);
		fflush(stdout);
		json_decref(reply);
	} while (!leave(keys));
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	if (keys)
		tcsetattr(0, TCSANOW, &old);
	return reply ? EXIT_OK : code;
}

static bool
takes_nothing(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct opt none[] = {{0}};
	int first;

	if (opts_parse(ctx, none, NULL, argc, argv, &first) < 0)
		return false;
	if (argc > first)
		verb_fail(ctx, EXIT_USAGE, "takes no arguments");
	return argc <= first;
}

int
verb_top(struct verb_ctx *ctx, int argc, char **argv)
{
	json_t *reply;
	int code = EXIT_FAIL;

	if (!takes_nothing(ctx, argc, argv))
		return EXIT_USAGE;
	if (!ctx->json && isatty(1))
		return top_loop(ctx);
	reply = verb_call(ctx, "ls", json_object(), &code);
	if (!reply)
		return code;
	if (ctx->json)
		print_json(json_incref(reply));
	else
		put_top(ctx, reply, SIZE_MAX);
	json_decref(reply);
	return EXIT_OK;
}

/* ---- metrics ---- */

static const struct {
	const char *name, *key, *help;
} session_gauges[] = {
	{"muster_session_footprint_bytes", "footprint_bytes",
		"memory that comes back when the session ends"},
	{"muster_session_rss_bytes", "rss_bytes", "resident memory of its processes"},
	{"muster_session_swap_bytes", "swap_bytes", "swapped memory of its processes"},
	{"muster_session_peak_bytes", "peak_bytes", "highest footprint seen"},
	{"muster_session_growth_bytes_per_hour", "growth_bytes_per_h", "slope of the footprint"},
	{"muster_session_processes", "processes", "processes in its tree"},
	{"muster_session_idle_seconds", "idle_s", "since it came to rest or was last touched"},
};
static const struct {
	const char *name, *object, *key, *help;
} host_gauges[] = {
	{"muster_footprint_bytes", "totals", "footprint_bytes", "of all sessions"},
	{"muster_rss_bytes", "totals", "rss_bytes", "resident memory of all sessions"},
	{"muster_sessions_running", "totals", "running", "live sessions"},
	{"muster_sessions_asleep", "totals", "asleep", "hibernated sessions"},
	{"muster_memory_available_bytes", "pressure", "mem_available_bytes", "of the machine"},
	{"muster_memory_pressure_level", "pressure", "level", "0 none, 1 warn, 2 urgent"},
	{"muster_memory_psi_some_avg10", "pressure", "psi_some_avg10",
		"percent of 10 s in which some task waited for memory"},
	{"muster_memory_psi_some_avg60", "pressure", "psi_some_avg60", "the same of 60 s"},
	{"muster_memory_psi_full_avg10", "pressure", "psi_full_avg10",
		"percent of 10 s in which all tasks waited for memory"},
	{"muster_memory_psi_full_avg60", "pressure", "psi_full_avg60", "the same of 60 s"},
	{"muster_swap_in_bytes_per_second", "pressure", "swap_in_bytes_per_s", "read from swap"},
	{"muster_swap_out_bytes_per_second", "pressure", "swap_out_bytes_per_s", "written to swap"},
	{"muster_zswap_stored_bytes", "pressure", "zswap_stored_bytes", "swapped to zswap"},
	{"muster_zswap_used_bytes", "pressure", "zswap_used_bytes", "memory that zswap takes"},
	{"muster_zram_stored_bytes", "pressure", "zram_stored_bytes", "held by zram devices"},
	{"muster_zram_used_bytes", "pressure", "zram_used_bytes", "memory that they take"},
};

/* Label values: backslash and quote escaped; names hold no line breaks. */
static void
put_label(const char *key, const char *value)
{
	printf("%s=\"", key);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			putchar('\\');
		if ((unsigned char)*value >= 0x20)
			putchar(*value);
	}
	putchar('"');
}

static void
put_session_gauge(const json_t *list, size_t g)
{
	const json_t *s;
	size_t i;

	printf("# HELP %s %s\n# TYPE %s gauge\n", session_gauges[g].name, session_gauges[g].help,
		session_gauges[g].name);
	json_array_foreach (list, i, s) {
		double v = jnum(s, session_gauges[g].key);

		if (isnan(v))
			continue;
		printf("%s{", session_gauges[g].name);
		put_label("id", jstr(s, "id"));
		putchar(',');
		put_label("name", jstr(s, "name"));
		putchar(',');
		put_label("profile", jstr(s, "profile"));
		printf("} %.17g\n", v);
	}
}

int
verb_metrics(struct verb_ctx *ctx, int argc, char **argv)
{
	json_t *reply;
	int code = EXIT_FAIL;

	if (!takes_nothing(ctx, argc, argv))
		return EXIT_USAGE;
	reply = verb_call(ctx, "ls", json_object(), &code);
	if (!reply)
		return code;
	for (size_t i = 0; i < ARRAY_LEN(host_gauges); i++) {
		double v = jnum(json_object_get(reply, host_gauges[i].object), host_gauges[i].key);

		if (!isnan(v))
			printf("# HELP %s %s\n# TYPE %s gauge\n%s %.17g\n", host_gauges[i].name,
				host_gauges[i].help, host_gauges[i].name, host_gauges[i].name, v);
	}
	for (size_t i = 0; i < ARRAY_LEN(session_gauges); i++)
		put_session_gauge(json_object_get(reply, "sessions"), i);
	json_decref(reply);
	return EXIT_OK;
}
