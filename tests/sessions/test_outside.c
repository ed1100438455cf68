/* Daemons that several sessions share: outside all trees, with who uses them; once nobody does, they
 * can be stopped. And what the metrics say of it all. */
#include "tests/sessions/hog.h"
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"

#define MB 1048576.0

static double
number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static const json_t *
daemon_of(const json_t *reply)
{
	return json_array_get(json_object_get(reply, "outside"), 0);
}

static bool
is_shared(const json_t *reply)
{
	const json_t *o = daemon_of(reply);

	return o && json_is_true(json_object_get(o, "shared")) &&
	       json_array_size(json_object_get(o, "sessions")) == 2 &&
	       json_is_false(json_object_get(o, "orphaned"));
}

static bool
is_orphaned(const json_t *reply)
{
	return json_is_true(json_object_get(daemon_of(reply), "orphaned"));
}

static bool
is_gone(const json_t *reply)
{
	return json_array_size(json_object_get(reply, "outside")) == 0;
}

static bool
has_its_part(const json_t *reply)
{
	json_t *list = json_object_get(reply, "sessions");

	return json_array_size(list) == 2 && number(json_array_get(list, 0), "shared_bytes") > 0 &&
	       number(json_array_get(list, 1), "shared_bytes") > 0;
}

static void
test_shared_daemon(void **state)
{
	json_t *j;
	pid_t pid;

	(void)state;
	put_file(in_home("config.ini"),
		"[sampling]\ntick = 1s\n[profile.hog]\ncommand = %s/tests/tools/memhog\n"
		"conversation = no\nshared = ^memhog [0-9]\n",
		getenv("MUSTER_BIN"));
	assert_int_equal(muster("new -d -p hog -n a"), 0);
	assert_int_equal(muster("new -d -p hog -n b"), 0);
	assert_int_equal(muster("send a daemon"), 0);
	j = asked_until("footprint --outside --json", is_shared);
	pid = (pid_t)number(daemon_of(j), "pid");
	assert_true(pid > 1 && number(daemon_of(j), "footprint_bytes") > 0);
	assert_true(number(j, "outside_bytes") > 0);
	json_decref(j);
	json_decref(asked_until("ls --json", has_its_part));
	assert_int_equal(muster("footprint --outside"), 0);
	assert_non_null(strstr(out_text, "memhog"));
	assert_int_equal(muster("metrics"), 0);
	assert_non_null(strstr(out_text, "muster_outside_bytes "));
	assert_non_null(strstr(out_text, "muster_session_role_footprint_bytes{id=\""));
	assert_non_null(strstr(out_text, "role=\"hog\"} "));
	assert_non_null(strstr(out_text, "_total counter\n"));
	/* in use: it stays, whoever asks */
	assert_int_equal(muster("footprint --outside --stop --yes"), 0);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(muster("kill --now a b"), 0);
	assert_int_equal(kill(pid, 0), 0);
	json_decref(asked_until("footprint --outside --json", is_orphaned));
	assert_int_equal(muster("footprint --outside --stop"), 1); /* nobody to ask */
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(muster("footprint --outside --stop --yes --json"), 0);
	j = out_json();
	assert_true(json_is_true(
		json_object_get(json_array_get(json_object_get(j, "results"), 0), "ok")));
	json_decref(j);
	json_decref(asked_until("footprint --outside --json", is_gone));
	assert_int_equal(muster("footprint --stop"), 2);
	assert_int_equal(muster("footprint --outside --yes"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_shared_daemon)};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	muster("server stop --kill-sessions");
	return rc;
}
