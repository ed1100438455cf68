/* Memory as a user asks for it: the built muster, a server of its own, a session of known memory.
 */
#include "sessions/lifecycle/memlimit.h"
#include "sessions/proc/memgroup.h"
#include "tests/sessions/hog.h"
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include <math.h>

#define MB 1048576.0
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const double slack = 24;
#else
static const double slack = 1.5;
#endif

static double
number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static const char *
string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static bool
is_64(const json_t *j)
{
	return fabs(number(j, "total_bytes") / MB - 64) < slack;
}

static bool
sampled(const json_t *j)
{
	const json_t *s = json_array_get(json_object_get(j, "sessions"), 0);

	return number(s, "footprint_bytes") > 60 * MB;
}

static bool
has_points(const json_t *j)
{
	const json_t *points = json_object_get(j, "points");
	size_t n = json_array_size(points);

	return n && number(json_array_get(points, n - 1), "last") > 60 * MB;
}

static void
test_pid_needs_no_server(void **state)
{
	char text[256];
	json_t *j;

	(void)state;
	assert_int_equal(muster("footprint --json %d", (int)getpid()), 0);
	j = out_json();
	assert_true(number(j, "total_bytes") > 0);
	assert_int_equal(
		number(json_array_get(json_object_get(j, "processes"), 0), "pid"), getpid());
	json_decref(j);
	assert_int_equal(muster("server status"), 4);
	assert_int_equal(muster("footprint 999999999"), 3);
	err_text(text, sizeof(text));
	assert_non_null(strstr(text, "no process"));
	assert_int_equal(muster("footprint"), 2);
	assert_int_equal(muster("history --since nonsense"), 2);
	assert_int_equal(muster("history --csv"), 2);
}

static const char *
biggest(const json_t *j)
{
	return string(json_array_get(json_object_get(j, "categories"), 0), "name");
}

static bool
is_32_in_an_arena(const json_t *j)
{
	const json_t *c = json_array_get(json_object_get(j, "categories"), 0);

	return fabs(number(c, "bytes") / MB - 32) < 2 && strcmp(biggest(j), "glibc arenas") == 0;
}

/* What malloc has for a thread is known by where it is closed. */
static void
test_arena(void **state)
{
	(void)state;
	assert_int_equal(
		muster("new -d -n arena -- '%s/tests/tools/memhog'", getenv("MUSTER_BIN")), 0);
	assert_int_equal(muster("send arena 'arena 32'"), 0);
	json_decref(asked_until("footprint --json arena", is_32_in_an_arena));
	assert_int_equal(muster("kill --now arena"), 0);
	assert_int_equal(muster("forget arena"), 0);
}

static void
test_session(void **state)
{
	const json_t *p;
	json_t *j;

	(void)state;
	assert_int_equal(
		muster("new -d -n hog -- '%s/tests/tools/memhog'", getenv("MUSTER_BIN")), 0);
	assert_int_equal(muster("send hog 'aligned 64'"), 0);
	j = asked_until("footprint --json hog", is_64);
	p = json_array_get(json_object_get(j, "processes"), 0);
	assert_string_equal(string(p, "role"), "memhog");
	assert_string_equal(string(p, "rule"), "root");
	assert_true(fabs(number(p, "footprint_bytes") / MB - 64) < slack);
	/* 64 MB where an arena could be are no arena */
	assert_string_equal(biggest(j), "anonymous 16-128M");
	json_decref(j);
	json_decref(asked_until("ls --json", sampled));
	j = asked_until("history --json hog", has_points);
	p = json_array_get(
		json_object_get(j, "points"), json_array_size(json_object_get(j, "points")) - 1);
	assert_true(number(p, "rss_last") > 60 * MB && number(p, "max") >= number(p, "min"));
	assert_true(json_is_array(json_object_get(p, "flags")) && number(j, "step_s") > 0);
	assert_string_equal(
		string(json_array_get(json_object_get(j, "events"), 0), "event"), "started");
	json_decref(j);
	assert_int_equal(muster("history --csv hog"), 0);
	assert_int_equal(
		strncmp(out_text, "t,min,avg,max,last,swap_max,rss_min,rss_last\n", 44), 0);
	assert_int_equal(muster("history hog"), 0);
	assert_non_null(strstr(out_text, "hog: last"));
	assert_int_equal(muster("history --json"), 0);
	j = out_json();
	p = json_array_get(json_object_get(j, "sessions"), 0);
	assert_string_equal(string(p, "name"), "hog");
	assert_true(number(p, "now") > 60 * MB && number(p, "max") > 60 * MB);
	json_decref(j);
	assert_int_equal(muster("top"), 0);
	assert_non_null(strstr(out_text, "hog"));
	assert_int_equal(muster("metrics"), 0);
	assert_non_null(strstr(out_text, "muster_session_footprint_bytes{id=\""));
	assert_int_equal(muster("footprint nobody"), 3);
}

static bool
ran_into_it(const json_t *j)
{
	const json_t *e;
	size_t i;
	bool high = false, max = false;

	json_array_foreach (json_object_get(j, "events"), i, e) {
		high = high || strcmp(string(e, "event"), "mem-high") == 0;
		max = max || strcmp(string(e, "event"), "mem-max") == 0;
	}
	return high && max;
}

static bool
is_high(const json_t *j)
{
	const json_t *e;
	size_t i;

	json_array_foreach (json_object_get(j, "events"), i, e)
		if (strcmp(string(e, "event"), "mem-high") == 0)
			return number(json_object_get(e, "detail"), "mem_max_bytes") == 64 * MB;
	return false;
}

/* Held by a cgroup or watched: it is told at 90 and at 100 %. */
/* Where a cgroup holds "lim", all who tell of its memory tell what that one says. */
static void
check_group_is_told(void)
{
	static const char *const told[] = {"explain", "footprint"};
	json_t *j;
	bool held;

	assert_int_equal(muster("ls --json"), 0);
	j = out_json();
	const json_t *s = json_array_get(json_object_get(j, "sessions"), 1);

	held = json_is_true(json_object_get(s, "mem_held"));
	assert_int_equal(held, json_is_object(json_object_get(s, "mem_events")));
	json_decref(j);
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		assert_int_equal(muster("%s lim --json", told[i]), 0);
		j = out_json();
		assert_int_equal(held, json_is_object(json_object_get(j, "mem_events")));
		json_decref(j);
		assert_int_equal(muster("%s lim", told[i]), 0);
		assert_int_equal(held, strstr(out_text, "cgroup: ") != NULL);
	}
}

static void
test_limit(void **state)
{
	const json_t *s;
	json_t *j;

	(void)state;
	assert_int_equal(muster("new -d -n lim --mem-max 64M -- '%s/tests/tools/memhog'",
				 getenv("MUSTER_BIN")),
		0);
	assert_int_equal(muster("ls --json"), 0);
	j = out_json();
	s = json_array_get(json_object_get(j, "sessions"), 1);
	assert_true(number(s, "mem_max_bytes") == 64 * MB);
	assert_true(json_is_boolean(json_object_get(s, "mem_held")));
	json_decref(j);
	assert_int_equal(muster("send lim 'dirty 59'"), 0);
	json_decref(asked_until("history --json lim", is_high));
	check_group_is_told();
	assert_int_equal(muster("send lim 'dirty 40'"), 0);
	json_decref(asked_until("history --json lim", ran_into_it));
	muster("kill --now lim"); /* where a cgroup held it, it is gone already */
	assert_int_equal(muster("forget lim"), 0);
}

static bool
is_left_behind(const json_t *j)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(j, "sessions"), i, s)
		if (!strcmp(string(s, "name"), "leaver"))
			return number(s, "strays") == 1 && number(s, "footprint_bytes") > 0;
	return false;
}

/* A process that outlives its session's program is that session's all the same. */
static void
test_left_behind(void **state)
{
	json_t *j;
	const json_t *s;
	pid_t pid;

	(void)state;
	assert_int_equal(
		muster("new -d -n leaver -- '%s/tests/tools/memhog'", getenv("MUSTER_BIN")), 0);
	assert_int_equal(muster("send leaver daemon"), 0);
	assert_int_equal(muster("send leaver --key C-d"), 0);
	assert_int_equal(muster("wait leaver --for exit --timeout 15"), 0);
	json_decref(asked_until("ls -a --json", is_left_behind));
	assert_int_equal(muster("footprint leaver --json"), 0);
	j = out_json();
	s = json_array_get(json_object_get(j, "processes"), 0);
	pid = (pid_t)number(s, "pid");
	assert_true(pid > 1 && number(s, "footprint_bytes") > 0);
	json_decref(j);
	assert_int_equal(muster("kill leaver"), 0);
	assert_int_equal(muster("footprint leaver"), 1);
	assert_int_equal(muster("forget leaver"), 0);
}

/* A hog that the kernel holds to its limit ends there. */
static void
test_cgroup(void **state)
{
	struct hog h = hog_start(true);

	(void)state;
	if (!memgroup_hold("", h.marker, h.pid, 48 << 20)) {
		print_message("  no cgroup to be had: limits are watched here\n");
		hog_end(&h);
		skip();
	}
	assert_int_equal(hog_do(&h, "dirty 16"), 0);
	assert_int_equal(memgroup_read("", h.marker).kills, 0);
	fputs("dirty 2000\n", h.in);
	fflush(h.in);
	assert_int_equal(fgetc(h.out), EOF); /* swap may let it go on for a while, not for long */
	assert_true(memgroup_read("", h.marker).kills > 0);
	hog_end(&h);
	memgroup_release("", h.marker);
	assert_false(memgroup_read("", h.marker).there);
}

/* A file of the played machine below MUSTER_HOME. */
static bool
has(const char *name, const char *text)
{
	char have[256] = "";
	FILE *f = fopen(in_home("cg/%s", name), "re");

	if (f) {
		have[fread(have, 1, sizeof(have) - 1, f)] = '\0';
		fclose(f);
	}
	return f && strcmp(have, text) == 0;
}

/* Version 2, with files instead of a kernel: what is written where. */
static void
test_cgroup_2(void **state)
{
	static const char unit[] = "sys/fs/cgroup/user.slice/muster.service";
	struct memgroup g;
	char root[700];

	(void)state;
	snprintf(root, sizeof(root), "%s", in_home("cg"));
	put_file(in_home("cg/proc/self/cgroup"), "0::/user.slice/muster.service\n");
	put_file(in_home("cg/%s/cgroup.controllers", unit), "cpu memory pids");
	put_file(in_home("cg/%s/cgroup.subtree_control", unit), "\n");
	put_file(in_home("cg/%s/cgroup.procs", unit), "%d\n%d\n", (int)getpid(), 999999);
	/* others live in it: not ours to arrange */
	assert_false(memgroup_hold(root, "s1", 77, 1000));
	put_file(in_home("cg/%s/cgroup.procs", unit), "%d\n", (int)getpid());
	put_file(in_home("cg/%s/muster/cgroup.procs", unit), "%s", "");
	put_file(in_home("cg/%s/muster-s1/memory.max", unit), "max");
	put_file(in_home("cg/%s/muster-s1/cgroup.procs", unit), "%s", "");
	put_file(in_home("cg/%s/muster-s1/memory.events", unit),
		"low 0\nhigh 7\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n");
	put_file(in_home("cg/%s/muster-s1/memory.pressure", unit),
		"some avg10=1.50 avg60=0.50 avg300=0.00 total=9\nfull avg10=0.25 avg60=0.75 "
		"avg300=0.00 total=3\n");
	put_file(in_home("cg/%s/muster-s1/memory.stat", unit),
		"anon 9\nkernel 5000\nkernel_stack 7\npagetables 1200\nsec_pagetables 1\nsock "
		"300\n");
	assert_true(memgroup_hold(root, "s1", 77, 123456));
	assert_true(has("sys/fs/cgroup/user.slice/muster.service/muster-s1/memory.max", "123456"));
	assert_true(has("sys/fs/cgroup/user.slice/muster.service/muster-s1/cgroup.procs", "77"));
	g = memgroup_read(root, "s1");
	assert_true(g.there && g.kills == 2 && g.oom == 3 && g.max == 9 && g.high == 7);
	assert_int_equal(g.kernel, 4100);
	assert_true(g.psi.some_avg10 == 1.5 && g.psi.some_avg60 == 0.5);
	assert_true(g.psi.full_avg10 == 0.25 && g.psi.full_avg60 == 0.75);
	/* a group for its own sake */
	put_file(in_home("cg/%s/muster-s3/memory.max", unit), "%s", "");
	put_file(in_home("cg/%s/muster-s3/cgroup.procs", unit), "%s", "");
	assert_true(memgroup_hold(root, "s3", 78, 0));
	assert_true(has("sys/fs/cgroup/user.slice/muster.service/muster-s3/memory.max", "max"));
	assert_true(has("sys/fs/cgroup/user.slice/muster.service/muster-s3/cgroup.procs", "78"));
	/* a server that moved to the leaf finds its sessions beside it */
	put_file(in_home("cg/proc/self/cgroup"), "0::/user.slice/muster.service/muster\n");
	assert_int_equal(memgroup_read(root, "s1").kills, 2);
	/* the controller is handed down before a group is made */
	assert_false(memgroup_hold(root, "s2", 77, 1000)); /* a plain directory holds nobody */
	assert_true(
		has("sys/fs/cgroup/user.slice/muster.service/cgroup.subtree_control", "+memory"));
	assert_false(memgroup_read(root, "s2").there);
	/* a scope of the user's manager, wherever this process is */
	put_file(in_home("cg/sys/fs/cgroup/user.slice/user-%u.slice/user@%u.service/app.slice/"
			 "muster-s3.scope/memory.events",
			 getuid(), getuid()),
		"oom_kill 5\n");
	g = memgroup_read(root, "s3");
	assert_true(g.kills == 5 && g.max == 0 && g.psi.some_avg10 == -1);
}

static void
test_levels(void **state)
{
	static const struct {
		uint64_t footprint;
		int before, level;
	} cases[] = {{0, 0, 0}, {89, 0, 0}, {90, 0, 1}, {99, 1, 1}, {100, 1, 2}, {95, 2, 2},
		{86, 2, 2}, {84, 2, 0}, {84, 1, 0}, {86, 0, 0}, {1000, 0, 2}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
			memlimit_level(cases[i].footprint, 100, cases[i].before), cases[i].level);
	assert_int_equal(memlimit_level(1000, 0, 0), 0); /* none is set */
}

static void
test_after_its_end(void **state)
{
	char text[256];
	json_t *j;

	(void)state;
	assert_int_equal(muster("kill --now hog"), 0);
	assert_int_equal(muster("footprint hog"), 1);
	err_text(text, sizeof(text));
	assert_non_null(strstr(text, "muster history hog"));
	assert_int_equal(muster("events --json hog"), 0);
	assert_int_equal(strncmp(out_text, "{\"v\":1,", 7), 0);
	assert_non_null(strstr(out_text, "\"started\""));
	/* what the server knew is on disk for the next one */
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	j = asked_until("history --json hog", has_points);
	json_decref(j);
	assert_int_equal(muster("forget hog"), 0);
	assert_int_equal(muster("history --json hog"), 3);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pid_needs_no_server),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_cgroup_2),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_after_its_end),
		cmocka_unit_test(test_arena),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	muster("server stop --kill-sessions");
	return rc;
}
