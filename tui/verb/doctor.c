/* doctor: what a person would check by hand when something looks wrong. Checks on this side (the
 * terminal, files, the machine) are a table here; the server adds its own (sessions/verb/cmd_doctor.c).
 * A check says ok or not and one line of detail; what cannot be known is ok and says so. */
#include "tui/cli/verb.h"
#include "core/os/os.h"
#include "sessions/config/config.h"
#include "sessions/config/place.h"
#include "sessions/memory/footprint.h"
#include "sessions/proc/proc_read.h"
#include "sessions/agent/profile.h"
#include "store/db.h"
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DETAIL_MAX 400

struct doctor {
	struct verb_ctx *ctx;
	json_t *checks;
	char detail[DETAIL_MAX];
	bool failed;
};
typedef bool (*check_fn)(struct doctor *d);

static bool say(struct doctor *d, bool ok, const char *fmt, ...) PRINTF_LIKE(3, 4);

static bool
say(struct doctor *d, bool ok, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->detail, sizeof d->detail, fmt, ap);
	va_end(ap);
	return ok;
}

static void
add(struct doctor *d, const char *name, bool ok, const char *detail)
{
	d->failed |= !ok;
	json_array_append_new(
		d->checks, json_pack("{s:s, s:b, s:s}", "name", name, "ok", ok, "detail", detail));
}

static bool
check_terminal(struct doctor *d)
{
	const char *term = getenv("TERM"), *colour = getenv("COLORTERM");
	struct winsize ws = {0};

	if (!isatty(0) || !isatty(1))
		return say(d, true, "not on a terminal; skipped");
	if (!term || !*term)
		return say(d, false, "TERM is not set (the dashboard needs a terminal's name)");
	if (strcmp(term, "dumb") == 0)
		return say(d, false, "TERM=dumb cannot show the dashboard (use muster ls)");
	if (ioctl(1, TIOCGWINSZ, &ws) < 0 || ws.ws_col == 0 || ws.ws_row == 0)
		return say(d, true, "TERM=%.40s reports no size; 80x24 is taken", term);
	return say(d, true, "TERM=%.40s %ux%u, %s colours", term, ws.ws_col, ws.ws_row,
		colour && *colour ? "24-bit" : "at least 16");
}

static bool
check_locale(struct doctor *d)
{
	locale_t loc = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

	if (!loc)
		return say(d, true,
			"the locale named in the environment is not installed: ASCII glyphs");
	const char *codeset = nl_langinfo_l(CODESET, loc);
	bool utf8 = strcmp(codeset, "UTF-8") == 0;

	say(d, true, "%.40s%s", codeset, utf8 ? "" : ": the dashboard draws with ASCII");
	freelocale(loc);
	return true;
}

static bool
check_config(struct doctor *d)
{
	struct config c;
	struct err e = {0};
	struct stat st;

	if (stat(paths()->config, &st) < 0)
		return say(d, true, "no file at %.300s: defaults", paths()->config);
	if (config_load(&c, paths()->config, &e) < 0)
		return say(d, false, "%.300s", e.msg);
	return say(d, true, "%.300s", paths()->config);
}

/* Who else could reach it: owner, mode. Missing is fine where the server makes it. */
static bool
private_path(struct doctor *d, const char *what, const char *path, bool dir)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? say(d, true, "%s does not exist yet", what)
				       : say(d, false, "%.300s: %s", path, strerror(errno));
	if (dir && !S_ISDIR(st.st_mode))
		return say(d, false, "%.300s is no directory", path);
	if (!dir && !S_ISSOCK(st.st_mode))
		return say(d, false, "%.300s is no socket", path);
	if (st.st_uid != geteuid())
		return say(d, false, "%.300s belongs to user %u", path, (unsigned)st.st_uid);
	if (st.st_mode & 077)
		return say(d, false, "%.300s has mode %03o (others may reach it: chmod go= it)",
			path, st.st_mode & 0777u);
	return say(d, true, "%.300s %03o", path, st.st_mode & 0777u);
}

static bool
check_state_dir(struct doctor *d)
{
	return private_path(d, "the state directory", paths()->state, true);
}

static bool
check_runtime_dir(struct doctor *d)
{
	return private_path(d, "the runtime directory", paths()->runtime, true);
}

static bool
check_socket(struct doctor *d)
{
	struct place p;

	return private_path(
		d, "the socket", place_held(&p) && *p.socket ? p.socket : paths()->socket, false);
}

static bool
check_hook_socket(struct doctor *d)
{
	return private_path(d, "the socket for hooks", paths()->hook_socket, false);
}

static bool
check_disk(struct doctor *d)
{
	struct statvfs v;
	char free_s[32], total_s[32];

	if (statvfs(paths()->state, &v) < 0)
		return say(d, false, "%.300s: %s", paths()->state, strerror(errno));
	double bytes = (double)v.f_bavail * (double)v.f_frsize;
	double total = (double)v.f_blocks * (double)v.f_frsize;
	bool ok = !db_space_low(paths()->state);

	fmt_bytes(free_s, bytes);
	fmt_bytes(total_s, total);
	return say(d, ok, "%s of %s free for history%s", free_s, total_s,
		ok ? "" : " (too little: history stays in memory)");
}

/* Footprints are read from /proc; without smaps_rollup they are estimates. */
static bool
check_proc(struct doctor *d)
{
	struct proc_info p = {0};
	int r = footprint_of(getpid(), &p);
	char b[32];

	if (r < 0)
		return say(
			d, false, "the footprint of this process cannot be read: %s", strerror(-r));
	if (access("/proc/pressure/memory", R_OK) < 0)
		return say(d, true, "footprints are %s (this one %s); no pressure figures here",
			p.estimated ? "estimated" : "exact", fmt_bytes(b, (double)p.footprint));
	return say(d, true, "footprints are %s (this one %s), pressure is known",
		p.estimated ? "estimated" : "exact", fmt_bytes(b, (double)p.footprint));
}

static bool
check_kernel(struct doctor *d)
{
	int memfd = os_memfd("doctor");
	long pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	bool ok = memfd >= 0 && pidfd >= 0;

	say(d, ok, "memfd %s, pidfd %s", memfd >= 0 ? "yes" : "missing",
		pidfd >= 0 ? "yes" : "missing (Linux 5.3 or later is needed)");
	if (memfd >= 0)
		close(memfd);
	if (pidfd >= 0)
		close((int)pidfd);
	return ok;
}

/* What a logout does to the processes of this user: systemd's user manager ends with the last login,
 * and its units with it. */
static bool
check_logout(struct doctor *d)
{
	struct passwd *pw = getpwuid(geteuid());
	char path[300], groups[4096] = "";
	struct place p = {0};

	if (access("/run/systemd/system", F_OK) < 0)
		return say(d, true, "sessions live on: there is no systemd that would end them");
	snprintf(path, sizeof path, "/var/lib/systemd/linger/%.200s", pw ? pw->pw_name : "?");
	if (access(path, F_OK) == 0)
		return say(d, true, "sessions live on: lingering is on");
	if (place_held(&p) && proc_read(p.keeper, "cgroup", groups, sizeof groups) > 0 &&
		strstr(groups, "/user@"))
		return say(d, false,
			"sessions end with the last login: muster runs as a user unit, and "
			"lingering "
			"is off (loginctl enable-linger)");
	return say(d, true,
		"sessions live on, unless logind kills a user's processes "
		"(KillUserProcesses=yes; loginctl enable-linger keeps them)");
}

static bool
check_clis(struct doctor *d)
{
	struct err e = {0};
	struct stat st;
	const char *config = stat(paths()->config, &st) == 0 ? paths()->config : NULL;
	struct profiles *ps = profiles_load(config, &e);
	char found[160] = "", missing[160] = "";

	if (!ps)
		return say(d, false, "%.300s", e.msg);
	for (size_t i = 0; profile_at(ps, i); i++) {
		const struct profile *p = profile_at(ps, i);
		char **argv = profile_start_argv(p, NULL, "");
		char *list = argv && argv[0] && path_finds(getenv("PATH"), NULL, argv[0]) ? found
											  : missing;
		size_t n = strlen(list);

		snprintf(list + n, sizeof found - n, "%s%s", n ? ", " : "", profile_name(p));
		free(argv);
	}
	profiles_free(ps);
	return say(d, true, "found: %s; not here: %s", *found ? found : "none",
		*missing ? missing : "none");
}

static bool
check_version(struct doctor *d)
{
	return say(d, true, "muster %s", MUSTER_VERSION);
}

static const struct {
	const char *name;
	check_fn run;
} local_checks[] = {
	{"version", check_version},
	{"terminal", check_terminal},
	{"locale", check_locale},
	{"config", check_config},
	{"state directory", check_state_dir},
	{"runtime directory", check_runtime_dir},
	{"disk", check_disk},
	{"kernel", check_kernel},
	{"footprint", check_proc},
	{"programs", check_clis},
	{"after a logout", check_logout},
};

/* Looked at after the server had its chance to make them. */
static const struct {
	const char *name;
	check_fn run;
} socket_checks[] = {
	{"socket", check_socket},
	{"hook socket", check_hook_socket},
};

/* It looks at its databases behind all that is to be written: a disk may take its time. */
enum { ANSWER_S = 30 };

/* The server's own checks; that it answers is one of them. */
static void
ask_server(struct doctor *d)
{
	struct err e = {0};
	struct client *c = client_connect(NULL, true, &e);
	json_t *reply = NULL, *v;
	uint64_t t0 = os_mono_ns();
	size_t i;

	if (c)
		reply = client_call(c, "doctor", json_object(), NULL, NULL, ANSWER_S, &e);
	if (!reply) {
		say(d, false, "%s",
			strcmp(e.msg, "timeout")
				? e.msg
				: "no answer in 30 s: it, or its disk, stands still");
		add(d, "server", false, d->detail);
		client_free(c);
		return;
	}
	const char *version = json_string_value(json_object_get(reply, "version"));

	say(d, version && strcmp(version, MUSTER_VERSION) == 0,
		"version %.40s answered in %.1f ms%s", version ? version : "unknown",
		(double)(os_mono_ns() - t0) / 1e6,
		version && strcmp(version, MUSTER_VERSION) == 0 ? "" : " (another one than this)");
	add(d, "server", version && strcmp(version, MUSTER_VERSION) == 0, d->detail);
	json_array_foreach (json_object_get(reply, "checks"), i, v) {
		const char *name = json_string_value(json_object_get(v, "name"));
		const char *detail = json_string_value(json_object_get(v, "detail"));

		add(d, name ? name : "?", json_is_true(json_object_get(v, "ok")),
			detail ? detail : "");
		json_object_set(json_array_get(d->checks, json_array_size(d->checks) - 1),
			"counter", json_object_get(v, "counter"));
	}
	json_decref(reply);
	client_free(c);
}

static void
print_checks(const struct doctor *d, bool verbose)
{
	json_t *v;
	size_t i, fine = 0;

	json_clean(d->ctx, d->checks);
	json_array_foreach (d->checks, i, v) {
		bool ok = json_is_true(json_object_get(v, "ok"));

		if (!verbose && ok && json_is_true(json_object_get(v, "counter"))) {
			fine++;
			continue;
		}
		printf("%s%-4s%s %-18s %s\n",
			!d->ctx->color ? ""
			: ok	       ? "\033[32m"
				       : "\033[31m",
			ok ? "ok" : "FAIL", d->ctx->color ? "\033[0m" : "",
			json_string_value(json_object_get(v, "name")),
			json_string_value(json_object_get(v, "detail")));
	}
	if (fine && !d->ctx->quiet)
		printf("%zu counters are right (doctor -v shows them)\n", fine);
}

int
verb_doctor(struct verb_ctx *ctx, int argc, char **argv)
{
	bool verbose = false;
	const struct opt opts[] = {{.s = 'v', .l = "verbose", .flag = &verbose}, {0}};
	struct doctor d = {
		.ctx = ctx,
	};
	struct err e = {0};
	struct paths p;
	int w;

	if (opts_parse(ctx, opts, NULL, argc, argv, &w) < 0)
		return EXIT_USAGE;
	if (w < argc)
		return verb_fail(ctx, EXIT_USAGE, "takes no arguments");
	d.checks = json_array();
	if (paths_init(&p, &e) < 0) {
		add(&d, "directories", false, e.msg);
	} else {
		for (size_t i = 0; i < ARRAY_LEN(local_checks); i++)
			add(&d, local_checks[i].name, local_checks[i].run(&d), d.detail);
		ask_server(&d);
		for (size_t i = 0; i < ARRAY_LEN(socket_checks); i++)
			add(&d, socket_checks[i].name, socket_checks[i].run(&d), d.detail);
	}
	bool failed = d.failed;

	if (ctx->json) {
		print_json(json_pack("{s:i, s:o}", "v", 1, "checks", d.checks));
	} else {
		print_checks(&d, verbose);
		json_decref(d.checks);
	}
	return failed ? EXIT_FAIL : EXIT_OK;
}
