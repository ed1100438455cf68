/* Sessions that run elsewhere (sessions/session/runner.h), by stand-ins that deal with the program as the real
 * ones do: docker's has another session, another environment and, where this user may, processes of its
 * own; ssh's has a shell that reads the words again. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"

static const char docker[] =
	"#!/bin/sh\n"
	"[ \"$1 $2 $3\" = 'exec -it box' ] || { echo \"docker: $*\" >&2; exit 125; }\n"
	"shift 3\n"
	"own='unshare --pid --fork --mount-proc'\n"
	"$own true 2>/dev/null || own=\n"
	"exec env -i PATH=\"$PATH\" TERM=xterm BOX=box setsid -w $own \"$@\"\n";
static const char ssh[] = "#!/bin/sh\n"
			  "[ \"$1 $2\" = '-t far' ] || exit 255\n"
			  "shift 2\n"
			  "exec env -i PATH=\"$PATH\" TERM=xterm BOX=far setsid -w sh -c \"$*\"\n";
/* Another machine's: nothing of here but the words and the terminal. */
static const char kubectl[] =
	"#!/bin/sh\n"
	"[ \"$1 $2 $3 $4\" = 'exec -it pod --' ] || { echo \"error: $*\" >&2; exit 1; }\n"
	"shift 4\n"
	"own='unshare --pid --fork --mount-proc'\n"
	"$own true 2>/dev/null || own=\n"
	"exec env -i PATH=\"$PATH\" TERM=xterm BOX=pod setsid -w $own \"$@\"\n";
/* A job's step on a node, which has the environment of here, too. */
static const char srun[] = "#!/bin/sh\n"
			   "[ \"$1\" = --pty ] || { echo \"srun: $*\" >&2; exit 1; }\n"
			   "shift\n"
			   "own='unshare --pid --fork --mount-proc'\n"
			   "$own true 2>/dev/null || own=\n"
			   "BOX=node SLURM_JOB_ID=7 exec setsid -w $own \"$@\"\n";
/* Says its unit's name and becomes the program. */
static const char systemd_run[] =
	"#!/bin/sh\n"
	"[ \"$1 $2 $3 $4\" = '--user --scope -p MemoryMax=4G' ] || exit 1\n"
	"shift 4\n"
	"echo 'Running scope as unit: run-r7.scope' >&2\n"
	"BOX=scope exec \"$@\"\n";
static const char config[] =
	"[runner.box]\ncommand = docker exec -it box\n"
	"[runner.far]\ncommand = ssh -t far cd {cwd} '&&' exec\n"
	"[runner.polite]\ncommand = nice -n 1\n"
	"[runner.pod]\ncommand = kubectl exec -it pod --\n"
	"[runner.node]\ncommand = srun --pty\n"
	"[runner.scope]\ncommand = systemd-run --user --scope -p MemoryMax=4G\n"
	"[runner.none]\ncommand = /nothing/there\n"
	"[profile.boxed]\ncommand = sh\nrunner = box\n";

static void
put_program(const char *name, const char *text)
{
	put_file(in_home("bin/%s", name), text);
	assert_int_equal(chmod(in_home("bin/%s", name), 0755), 0);
}

static int
begin(void **state)
{
	static unsigned n;
	char name[16], path[4096];

	(void)state;
	setenv("MUSTER_HOME", getenv("TEST_HOME"), 1);
	snprintf(name, sizeof name, "r%u", n++);
	own_home(name);
	assert_int_equal(mkdir(in_home("bin"), 0700), 0);
	put_program("docker", docker);
	put_program("ssh", ssh);
	put_program("kubectl", kubectl);
	put_program("srun", srun);
	put_program("systemd-run", systemd_run);
	put_file(in_home("config.ini"), config);
	snprintf(path, sizeof path, "%s:%s", in_home("bin"), getenv("TEST_PATH"));
	setenv("PATH", path, 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	muster("server stop --kill-sessions");
	return 0;
}

static void
assert_said(const char *part)
{
	char err[4096];

	err_text(err, sizeof err);
	if (!strstr(err, part))
		fail_msg("'%s' was not said: %s", part, err);
}

/* Member of a session in `ls -a`; NULL none. New reference. */
static json_t *
member(const char *name, const char *key)
{
	json_t *j, *s, *found = NULL;
	size_t i;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s)
		if (!strcmp(json_string_value(json_object_get(s, "name")), name))
			found = json_incref(json_object_get(s, key));
	json_decref(j);
	return found;
}

static void
assert_member(const char *name, const char *key, const char *text)
{
	json_t *v = member(name, key);

	if (!v || strcmp(json_string_value(v), text) != 0)
		fail_msg("%s of %s is not %s: %s", key, name, text, out_text);
	json_decref(v);
}

static bool
is_measured(void *name)
{
	json_t *v = member(name, "footprint_bytes");
	bool yes = json_integer_value(v) > 0;

	json_decref(v);
	return yes;
}

/* Its program runs there, also when it is woken, with its words whole; none of our variables follow. */
static void
test_runs_there(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d -n in --runner box -- sh -c 'echo \"at $BOX: $1, "
				"[$MUSTER_SESSION]\"; exec cat' x 'two  words'"),
		0);
	until_shows("in", "at box: two  words, []");
	muster("send in 'and back'");
	until_shows("in", "and back");
	assert_int_equal(muster("kill in"), 0);
	assert_int_equal(muster("resume in"), 0);
	until_shows("in", "at box: two  words, []");
	assert_member("in", "runner", "box");

	assert_int_equal(muster("new -d -n by -p boxed"), 0);
	assert_member("by", "runner", "box");
	muster("send by 'echo it is $BOX.'");
	until_shows("by", "it is box.");

	assert_int_equal(
		muster("new -d -n far -c / --runner far -- sh -c 'echo \"$BOX: $1 in $PWD.\"; exec "
		       "cat' x \"it's;  two\""),
		0);
	until_shows("far", "far: it's;  two in /.");
}

/* No figure stands for memory that cannot be seen; where it can, it is shown. */
static void
test_memory_is_away(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d -n in --runner box -- cat"), 0);
	assert_int_equal(muster("new -d -n near --runner polite -- cat"), 0);
	assert_true(until(is_measured, "near", 60));
	assert_int_equal(muster("explain in"), 0);
	assert_non_null(strstr(out_text, "not visible from here: it runs behind docker"));
	assert_member("in", "memory_behind", "docker");
	assert_null(member("near", "memory_behind"));
	assert_null(member("in", "footprint_bytes"));
	assert_null(member("in", "rss_bytes"));
	assert_int_equal(muster("ls"), 0);
	assert_non_null(strstr(out_text, " away "));
	assert_int_equal(muster("footprint in"), 1);
	assert_said("not visible from here: it runs behind docker");
	assert_int_equal(muster("history in"), 1);
	assert_said("not visible from here: it runs behind docker");
	assert_int_equal(muster("metrics"), 0);
	for (char *line = strtok(out_text, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, "name=\"in\"") && strstr(line, "bytes"))
			fail_msg("%s", line);
}

/* Engines of other kinds: the program gets its words and what is typed, and where its memory cannot be seen
 * that is said, with whose runner it is. */
static void
test_engines(void **state)
{
	static const struct {
		const char *runner, *behind; /* NULL: it is seen */
	} engines[] = {{"pod", "kubectl"}, {"node", "srun"}, {"scope", NULL}};
	char text[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
		const char *name = engines[i].runner;

		assert_int_equal(muster("new -d -n %s --runner %s -- sh -c 'echo \"at $BOX: $1\"; "
					"exec cat' x 'two  words'",
					 name, name),
			0);
		snprintf(text, sizeof text, "at %s: two  words", name);
		until_shows(name, text);
		assert_int_equal(muster("send %s 'typed there'", name), 0);
		until_shows(name, "typed there\ntyped there");
		assert_int_equal(muster("explain %s", name), 0);
		if (engines[i].behind) {
			snprintf(text, sizeof text, "not visible from here: it runs behind %s",
				engines[i].behind);
			assert_non_null(strstr(out_text, text));
			assert_member(name, "memory_behind", engines[i].behind);
		} else {
			assert_null(strstr(out_text, "not visible"));
			assert_true(until(is_measured, (void *)name, 60));
		}
		assert_int_equal(muster("kill --now %s", name), 0);
	}
}

/* It is stored with the session; without its section nothing is begun. */
static void
test_known(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d --runner nobody -- cat"), 2);
	assert_said("no runner nobody");
	assert_int_equal(muster("new -d --runner none -- cat"), 1);
	assert_said("/nothing/there");
	assert_int_equal(muster("new -d -n in --runner box -- cat"), 0);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	put_file(in_home("config.ini"), "");
	assert_member("in", "runner", "box");
	assert_int_equal(muster("resume in"), 1);
	assert_int_equal(muster("resume in --json"), 1);
	assert_non_null(strstr(out_text, "no runner box"));

	put_file(in_home("config.ini"), "[runner.x]\ncommand = a\nmemory = somewhere\n");
	assert_int_equal(muster("config check"), 1);
	assert_said("config.ini:3: memory: bad value somewhere (auto|here|away)");
	put_file(in_home("config.ini"), "[runner.x]\ncolour = red\n");
	assert_int_equal(muster("config check"), 1);
	assert_said("unknown key colour in [runner.x]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_runs_there, begin, end),
		cmocka_unit_test_setup_teardown(test_memory_is_away, begin, end),
		cmocka_unit_test_setup_teardown(test_engines, begin, end),
		cmocka_unit_test_setup_teardown(test_known, begin, end),
	};

	setenv("TEST_HOME", getenv("MUSTER_HOME"), 1);
	setenv("TEST_PATH", getenv("PATH"), 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
