/* Configuration and places of files. */
#include "sessions/config/config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[128];

static const char *
write_config(const char *text)
{
	static char path[160];
	FILE *f;

	snprintf(path, sizeof path, "%s/config.ini", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static void
sizes_and_durations(void **state)
{
	static const struct {
		const char *s;
		uint64_t want;
	} sizes[] = {{"4096", 4096}, {"400M", 400ull << 20}, {"1.5G", 3ull << 29}, {"64k", 65536},
		{"2GiB", 2ull << 30}, {"0", 0}};
	static const char *const bad_sizes[] = {"", "M", "-1", "4x", "1e400", "4 M", "nan"};
	static const struct {
		const char *s;
		double want;
	} durations[] = {{"90", 90}, {"15s", 15}, {"30m", 1800}, {"2h", 7200}, {"1d", 86400},
		{"1.5h", 5400}};
	static const char *const bad_durations[] = {"", "h", "2 h", "2y", "-5s"};
	uint64_t b;
	double d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		assert_true(parse_size(sizes[i].s, &b));
		assert_int_equal(b, sizes[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_sizes); i++)
		assert_false(parse_size(bad_sizes[i], &b));
	for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
		assert_true(parse_duration(durations[i].s, &d));
		assert_true(d == durations[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_durations); i++)
		assert_false(parse_duration(bad_durations[i], &d));
}

static void
values_replace_defaults(void **state)
{
	struct config c;
	struct err e;

	(void)state;
	assert_int_equal(config_load(&c, NULL, &e), 0);
	assert_int_equal(c.scrollback_lines, 10000);
	assert_true(c.reap.idle_s == 7200);
	assert_int_equal(c.reap.mode, REAP_OFFER);
	assert_string_equal(c.prefix, "C-\\");
	assert_int_equal(
		config_load(&c,
			write_config("[reap]\nmode = auto\nidle = 5s\nmin = 1M\n"
				     "[ui]\nmotion=off\nlayout=side\nnotify=osc\nstatus=top\n"
				     "[profile.claude]\ncommand = claude --model x\n"),
			&e),
		0);
	assert_int_equal(c.reap.mode, REAP_AUTO);
	assert_true(c.reap.idle_s == 5);
	assert_int_equal(c.reap.min_bytes, 1 << 20);
	assert_false(c.motion);
	assert_int_equal(c.layout, LAYOUT_SIDE);
	assert_int_equal(c.status, STATUS_TOP);
	assert_int_equal(c.notify[NOTIFY_PERMISSION], NOTIFY_OSC);
	assert_int_equal(c.notify[NOTIFY_QUESTION], NOTIFY_OSC);
	assert_int_equal(c.notify[NOTIFY_DONE], NOTIFY_OFF);
	assert_int_equal(
		config_load(
			&c, write_config("[ui]\nnotify = question:bell done:osc, error:off\n"), &e),
		0);
	assert_int_equal(c.notify[NOTIFY_PERMISSION], NOTIFY_OFF);
	assert_int_equal(c.notify[NOTIFY_QUESTION], NOTIFY_BELL);
	assert_int_equal(c.notify[NOTIFY_DONE], NOTIFY_OSC);
	assert_int_equal(c.notify[NOTIFY_ERROR], NOTIFY_OFF);
	assert_string_equal(c.notify_command, "");
	assert_int_equal(
		config_load(&c,
			write_config("[ui]\nnotify = limited:osc growing:bell\n[notify]\ncommand "
				     "= notify-send \"$MUSTER_NAME\" $MUSTER_NOTICE\n"),
			&e),
		0);
	assert_int_equal(c.notify[NOTIFY_LIMITED], NOTIFY_OSC);
	assert_int_equal(c.notify[NOTIFY_GROWING], NOTIFY_BELL);
	assert_int_equal(c.notify[NOTIFY_PERMISSION], NOTIFY_OFF);
	assert_string_equal(c.notify_command, "notify-send \"$MUSTER_NAME\" $MUSTER_NOTICE");
	assert_int_equal(c.scrollback_lines, 10000);
}

static void
errors_name_file_and_line(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"[reap]\n\nidel = 2h\n", "config.ini:3: unknown key idel in [reap]"},
		{"[reap]\nidle = soon\n", "config.ini:2: idle: bad value soon (a duration"},
		{"[reap]\nmode = maybe\n",
			"config.ini:2: mode: bad value maybe (offer, auto or off)"},
		{"# x\n[rep]\nidle = 2h\n", "config.ini:3: unknown section [rep]"},
		{"[reap]\nidle\n", "config.ini:2: not a section and not key = value"},
		{"[ui]\nlayout = wild\n", "config.ini:2: layout: bad value wild (auto, stacked"},
		{"[ui]\nnotify = /bin/x\n",
			"config.ini:2: notify: bad value /bin/x (bell, osc or off"},
		{"[ui]\nnotify = done:loud\n", "config.ini:2: notify: bad value done:loud"},
		{"[ui]\nnotify = lunch:bell\n", "config.ini:2: notify: bad value lunch:bell"},
		{"[ui]\nnotify =\n", "config.ini:2: notify: bad value "},
		{"[ui]\nstatus = left\n", "config.ini:2: status: bad value left (off, top or"},
		{"[ui]\nmotion = perhaps\n", "config.ini:2: motion: bad value perhaps (yes or no)"},
	};
	struct config c;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		memset(&e, 0, sizeof e);
		assert_int_equal(config_load(&c, write_config(cases[i].text), &e), -1);
		if (!strstr(e.msg, cases[i].want))
			fail_msg("%s is not in: %s", cases[i].want, e.msg);
		assert_int_equal(c.scrollback_lines, 10000);
	}
	assert_int_equal(config_load(&c, dir, &e), -1);
	assert_non_null(strstr(e.msg, "directory"));
}

static void
default_print_is_valid_config(void **state)
{
	struct config c, d;
	struct err e;
	char path[160];
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/printed.ini", dir);
	f = fopen(path, "w");
	config_print_default(f);
	fclose(f);
	assert_int_equal(config_load(&c, path, &e), 0);
	assert_int_equal(config_load(&d, NULL, &e), 0);
	assert_memory_equal(&c, &d, sizeof c);
}

static void
paths_are_private(void **state)
{
	char home[140], sub[160], linked[160];
	struct paths p;
	struct stat st;
	struct err e;

	(void)state;
	snprintf(home, sizeof home, "%s/h", dir);
	setenv("MUSTER_HOME", home, 1);
	assert_int_equal(paths_init(&p, &e), 0);
	assert_int_equal(stat(p.runtime, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(p.state, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_ptr_not_equal(strstr(p.socket, home), NULL);

	assert_int_equal(chmod(p.runtime, 0755), 0);
	assert_int_equal(paths_init(&p, &e), -1);
	assert_non_null(strstr(e.msg, "open to others"));
	assert_int_equal(e.code, 4);

	snprintf(sub, sizeof sub, "%s/run", home);
	snprintf(linked, sizeof linked, "%s/elsewhere", dir);
	assert_int_equal(rmdir(sub), 0);
	assert_int_equal(mkdir(linked, 0700), 0);
	assert_int_equal(symlink(linked, sub), 0);
	assert_int_equal(paths_init(&p, &e), -1);
	assert_non_null(strstr(e.msg, "symbolic link"));
	assert_int_equal(unlink(sub), 0);
	assert_int_equal(paths_init(&p, &e), 0);
}

static void
long_socket_path_is_one_clear_line(void **state)
{
	char home[260];
	struct paths p;
	struct stat st;
	struct err e;
	int n = snprintf(home, sizeof home, "%s/", dir);

	(void)state;
	memset(home + n, 'x', 110);
	home[n + 110] = 0;
	setenv("MUSTER_HOME", home, 1);
	assert_int_equal(paths_init(&p, &e), -1);
	assert_non_null(strstr(e.msg, "the system allows 107"));
	assert_int_equal(stat(home, &st), -1);
}

static void
xdg_folders(void **state)
{
	char state_dir[160], run[160];
	struct paths p;
	struct err e;

	(void)state;
	unsetenv("MUSTER_HOME");
	snprintf(state_dir, sizeof state_dir, "%s/s", dir);
	snprintf(run, sizeof run, "%s/r", dir);
	assert_int_equal(mkdir(run, 0700), 0);
	setenv("XDG_STATE_HOME", state_dir, 1);
	setenv("XDG_CONFIG_HOME", dir, 1);
	setenv("XDG_RUNTIME_DIR", run, 1);
	assert_int_equal(paths_init(&p, &e), 0);
	assert_ptr_equal(strstr(p.runtime, run), p.runtime);
	assert_ptr_equal(strstr(p.state, state_dir), p.state);
	assert_non_null(strstr(p.config, "/muster/config.ini"));
	assert_string_equal(paths()->socket, p.socket);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_and_durations),
		cmocka_unit_test(values_replace_defaults),
		cmocka_unit_test(errors_name_file_and_line),
		cmocka_unit_test(default_print_is_valid_config),
		cmocka_unit_test(paths_are_private),
		cmocka_unit_test(long_socket_path_is_one_clear_line),
		cmocka_unit_test(xdg_folders),
	};
	const char *home = getenv("MUSTER_HOME");

	snprintf(dir, sizeof dir, "%s", home ? home : "/tmp");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
