/* Does one more fit? The verdict on figures, what a session will need by its like, and a stampede of
 * wakes by the built muster. */
#include "sessions/lifecycle/spawn_guard.h"
#include "tests/sessions/house.h"
#include "tests/sessions/run_muster.h"

#define MB 1048576ull

static void
test_verdict(void **state)
{
	static const struct {
		uint64_t needs, available;
		double some60, full10;
		enum spawn_verdict verdict;
	} cases[] = {
		/* of 10,000 MB */
		{0, 5000, 0, 0, SPAWN_OK},
		{400, 5000, 0, 0, SPAWN_OK},
		{400, 2500, 0, 0, SPAWN_OK},
		{600, 2500, 0, 0, SPAWN_WARN},
		{0, 1500, 0, 0, SPAWN_WARN},
		{400, 1500, 0, 0, SPAWN_WARN},
		{600, 1500, 0, 0, SPAWN_HOLD},
		{6000, 5000, 0, 0, SPAWN_HOLD},
		{10, 9000, 6, 11, SPAWN_OK},
		{10, 4000, 6, 0, SPAWN_WARN},
		{10, 4000, 6, 11, SPAWN_HOLD},
		{10, 9000, -1, -1, SPAWN_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pressure p = {.mem_total = 10000 * MB,
			.mem_available = cases[i].available * MB,
			.psi.some_avg60 = cases[i].some60,
			.psi.full_avg10 = cases[i].full10};

		assert_int_equal(spawn_verdict(cases[i].needs * MB, &p), cases[i].verdict);
	}
}

static struct session *
asleep(const char *name, const char *profile, uint64_t mb)
{
	struct session *s = sessions_new(&house.ss, SS_ASLEEP);
	struct err e;

	snprintf(s->name, sizeof(s->name), "%s", name);
	s->cwd = xstrdup("/");
	s->argv = xcalloc(1, sizeof(char *));
	s->profile = profile_find(house.ss.profiles, profile);
	s->past.freed_bytes = mb * MB;
	assert_int_equal(sessions_add(&house.ss, s, &e), 0);
	return s;
}

static void
test_needs(void **state)
{
	const struct profile *claude, *codex;
	struct session *s[4];
	json_t *ids;

	(void)state;
	house_begin();
	claude = profile_find(house.ss.profiles, "claude");
	codex = profile_find(house.ss.profiles, "codex");
	assert_true(spawn_needs(&house.ss, claude, NULL) == 0); /* nothing is known */
	s[0] = asleep("a", "claude", 400);
	s[1] = asleep("b", "claude", 900);
	s[2] = asleep("c", "claude", 500);
	s[3] = asleep("d", "claude", 0);
	assert_true(spawn_needs(&house.ss, claude, NULL) == 500 * MB);
	assert_true(spawn_needs(&house.ss, codex, NULL) == 0);
	assert_true(spawn_needs(&house.ss, NULL, s[1]) == 900 * MB); /* its own */
	assert_true(spawn_needs(&house.ss, NULL, s[3]) == 500 * MB); /* its like's */
	ids = json_pack("[s,s,s]", "a", "d", "nobody");
	assert_true(spawn_needs_all(&house.ss, ids) == 900 * MB);
	json_decref(ids);
	for (int i = 0; i < 4; i++)
		sessions_forget(s[i]);
	house_end();
}

static const char *
string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* When each of them was woken. */
static size_t
woken(double *t, size_t max)
{
	size_t n = 0;

	assert_int_equal(muster("events --json"), 0);
	for (char *line = out_text, *end; (end = strchr(line, '\n')); line = end + 1) {
		json_t *ev;

		*end = '\0';
		ev = json_loads(line, 0, NULL);
		if (n < max && strcmp(string(ev, "event"), "resumed") == 0)
			t[n++] = json_number_value(json_object_get(ev, "t"));
		json_decref(ev);
	}
	return n;
}

/* What was never measured predicts nothing. */
static void
wait_until_measured(size_t sessions)
{
	uint64_t deadline = os_mono_ns() + 60 * 1000000000ull;
	size_t known, i;

	do {
		const json_t *s;
		json_t *j;

		assert_int_equal(muster("ls --json"), 0);
		j = out_json();
		known = 0;
		json_array_foreach (json_object_get(j, "sessions"), i, s)
			known += json_integer_value(json_object_get(s, "footprint_bytes")) > 0;
		json_decref(j);
	} while (known < sessions && os_mono_ns() < deadline);
	assert_int_equal(known, sessions);
}

static void
test_two_at_a_time(void **state)
{
	const json_t *guard;
	double t[8];
	json_t *j;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			muster("new -d -n s%d -- '%s/tests/tools/memhog'", i, getenv("MUSTER_BIN")),
			0);
	assert_int_equal(
		muster("new --json -d -n s4 -- '%s/tests/tools/memhog'", getenv("MUSTER_BIN")), 0);
	j = out_json();
	guard = json_object_get(j, "guard");
	assert_true(*string(guard, "verdict") && json_object_get(guard, "available_bytes") &&
		    json_object_get(guard, "needs_bytes"));
	json_decref(j);
	wait_until_measured(5);
	assert_int_equal(muster("hibernate --force s0 s1 s2 s3"), 0);
	assert_int_equal(muster("resume --json s0 s1 s2 s3"), 0);
	j = out_json();
	assert_int_equal(json_array_size(json_object_get(j, "results")), 4);
	guard = json_object_get(j, "guard");
	assert_true(json_number_value(json_object_get(guard, "needs_bytes")) > 0);
	json_decref(j);
	assert_int_equal(woken(t, 8), 4);
	for (int k = 0; k < 4; k++) { /* the third not before the first had its time */
		int near = 0;

		for (int x = 0; x < 4; x++)
			near += t[x] >= t[k] && t[x] < t[k] + 1.5;
		assert_true(near <= 2);
	}
	assert_int_equal(muster("resume nobody"), 3);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_two_at_a_time),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	muster("server stop --kill-sessions");
	return rc;
}
