/* What sessions' memory is made of: when it is looked at, slabs, versions; and by the verbs of the
 * built muster. */
#include "sessions/memory/census.h"
#include "sessions/proc/program_version.h"
#include "tests/sessions/hog.h"
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include <math.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define MB 1048576ull
enum { DEADLINE_S = 15 };

/* ---- when ---- */

static void
test_when(void **state)
{
	static const struct {
		double last, now;
		uint64_t before_mb, mb;
		enum growth_verdict growth;
		bool grew, at_work;
		int why; /* -1: not */
	} cases[] = {
		{0, 30, 0, 400, GROWTH_UNKNOWN, false, false, -1},
		{0, 61, 0, 400, GROWTH_UNKNOWN, false, false, COMPOSED_START},
		{100, 130, 400, 400, GROWTH_FLAT, false, false, -1},
		{100, 130, 400, 400, GROWTH_FAST, false, false, COMPOSED_VERDICT},
		{100, 130, 400, 400, GROWTH_UNKNOWN, false, true, COMPOSED_VERDICT},
		{100, 130, 400, 400, GROWTH_SLOW, true, false, -1},
		{100, 3600, 400, 400, GROWTH_SLOW, true, false, -1},
		{100, 3701, 400, 400, GROWTH_SLOW, true, false, COMPOSED_AGE},
		{100, 3701, 400, 400, GROWTH_FLAT, true, false, -1},
		{100, 1899, 400, 600, GROWTH_FLAT, false, false, -1},
		{100, 1901, 400, 600, GROWTH_FLAT, false, false, COMPOSED_ROSE},
		{100, 1901, 400, 460, GROWTH_FLAT, false, false, -1},
		{100, 1901, 4000, 4390, GROWTH_FLAT, false, false, -1},
		{100, 1901, 4000, 300, GROWTH_FLAT, false, false, -1},
		{100, 6 * 3600 + 101, 400, 400, GROWTH_FLAT, false, false, COMPOSED_AGE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct census_state s = {
			0.001, cases[i].last, cases[i].before_mb * MB, cases[i].grew};
		struct memstat m = {.footprint = cases[i].mb * MB,
			.growth = cases[i].growth,
			.growth_while_working = cases[i].at_work};
		enum composition_why why;
		bool due = census_due(&s, &m, cases[i].now, &why);

		if (due != (cases[i].why >= 0) || (due && (int)why != cases[i].why))
			fail_msg("case %zu: due %d, why %d", i, due, (int)why);
	}
}

/* ---- slabs ---- */

static struct mapping
mapping(uint64_t start_mb, uint64_t size_mb, uint64_t used_mb, uint64_t swapped_mb)
{
	return (struct mapping){.start = start_mb * MB,
		.end = (start_mb + size_mb) * MB,
		.perms = "rw-p",
		.anonymous = (used_mb - swapped_mb) * 1024,
		.swap = swapped_mb * 1024};
}

static void
test_slabs_by_size(void **state)
{
	const struct mapping one[] = {mapping(1000, 128, 128, 0), mapping(2000, 64, 40, 0),
		mapping(3000, 64, 20, 0), mapping(4000, 33, 32, 0), mapping(5000, 16, 16, 0)};
	struct mapping molten = mapping(6000, 512, 512, 256), code = mapping(7000, 64, 64, 0),
		       file = mapping(8000, 64, 64, 0);
	struct slabs s = {0}, later = {0};
	struct slab_sum sum[SLAB_SIZES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(one); i++)
		slabs_add(&s, 1, &one[i]);
	code.perms[2] = 'x';
	code.perms[1] = '-';
	file.ino = 7;
	slabs_add(&s, 1, &code);
	slabs_add(&s, 1, &file);
	assert_int_equal(slabs_sum(&s, NULL, sum), 3);
	assert_true(sum[0].size == 128 * MB && sum[0].n == 1 && sum[0].bytes == 128 * MB);
	assert_true(sum[1].size == 64 * MB && sum[1].n == 1 && sum[1].bytes == 40 * MB);
	assert_true(sum[2].size == 32 * MB && sum[2].n == 1);
	/* neighbours are one mapping to the kernel */
	slabs_add(&s, 1, &molten);
	assert_int_equal(slabs_sum(&s, NULL, sum), 3);
	assert_true(sum[0].n == 5 && sum[0].swapped == 256 * MB && sum[0].bytes == 640 * MB);
	/* the same a moment later: one more below, one of its own gone */
	molten = mapping(5872, 640, 640, 256);
	slabs_add(&later, 1, &molten);
	assert_int_equal(slabs_sum(&later, &s, sum), 3);
	assert_true(sum[0].n == 5 && sum[0].freed == 1);
	assert_true(sum[1].n == 0 && sum[1].freed == 1 && sum[2].freed == 1);
	free(s.s);
	free(later.s);
}

static void
slab_of_self(void *ctx, const struct mapping *m)
{
	slabs_add(ctx, getpid(), m);
}

/* A region that is reserved whole and filled from above: only what is full counts. */
static void
test_slabs_in_use(void **state)
{
	size_t size = 300 * MB, used = 80 * MB;
	struct slabs before = {0}, s = {0};
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned n;

	(void)state;
	assert_true(p != MAP_FAILED);
	madvise(p, size, MADV_NOHUGEPAGE);
	assert_int_equal(smaps_each(getpid(), slab_of_self, &before), 0);
	n = (unsigned)before.n;
	for (size_t i = size - used; i < size; i += 4096)
		p[i] = 1;
	for (size_t i = 0; i < size - used; i += 4 * MB)
		p[i] = 1; /* here and there is not full */
	assert_int_equal(smaps_each(getpid(), slab_of_self, &s), 0);
	assert_int_equal(s.n, n + 1);
	munmap(p, size);
	free(before.s);
	free(s.s);
}

static void
test_trend(void **state)
{
	static const struct slab_look up[] = {{0, 3, 0}, {3600, 3, 0}, {7200, 4, 0}, {10800, 4, 0}};
	static const struct slab_look fast[] = {{0, 1, 0}, {1200, 2, 0}, {2000, 3, 0}};
	static const struct slab_look soon[] = {{0, 1, 0}, {1200, 4, 0}};
	static const struct slab_look down[] = {{0, 4, 9}, {7200, 3, 2}, {14400, 5, 0}};
	char text[64];
	struct slab_trend t;

	(void)state;
	t = slabs_trend(up, 4);
	slabs_text(&t, "128M", text, sizeof text);
	assert_string_equal(text, "4 x 128M, +1 in 3 h, none freed");
	assert_false(t.grows);
	t = slabs_trend(fast, 3);
	slabs_text(&t, "64M", text, sizeof text);
	assert_string_equal(text, "3 x 64M, +2 in 33 min, none freed");
	assert_true(t.grows);
	assert_false(slabs_trend(soon, 2).grows);
	t = slabs_trend(down, 3);
	slabs_text(&t, "64M", text, sizeof text);
	assert_string_equal(text, "5 x 64M, +1 in 4 h, 2 freed");
	assert_false(t.grows);
	t = slabs_trend(up, 1);
	slabs_text(&t, "128M", text, sizeof text);
	assert_string_equal(text, "3 x 128M");
}

/* ---- versions ---- */

static void
test_version(void **state)
{
	static const struct {
		const char *file, *text, *version;
	} cases[] = {
		{"pkg/cli.js", "", "2.0.31"},
		{"share/versions/2.1.3", "", "2.1.3"},
		{"share/versions/v4.0.0-rc.1/bin/tool", "", "v4.0.0-rc.1"},
		{"plain/tool", "", ""},
		{"odd/1.2/tool", "", ""},
	};
	char dir[300], path[600], version[24];

	(void)state;
	snprintf(dir, sizeof dir, "%s/version", getenv("MUSTER_HOME"));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(path, sizeof path, "mkdir -p '%s/%.*s'", dir,
			(int)(strrchr(cases[i].file, '/') - cases[i].file), cases[i].file);
		assert_int_equal(system(path), 0);
		snprintf(path, sizeof path, "%s/%s", dir, cases[i].file);
		put_file(path, cases[i].text);
	}
	snprintf(path, sizeof path, "%s/pkg/package.json", dir);
	put_file(path, "{\"name\": \"x\",\n \"version\" : \"2.0.31\", \"bin\": {}}");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, cases[i].file);
		assert_int_equal(
			version_of_path(path, version, sizeof version), *cases[i].version != 0);
		assert_string_equal(version, cases[i].version);
	}
	assert_false(version_of_path("relative/2.0.0/x", version, sizeof version));
	assert_false(version_of_path("/no/such/2.0.0", version, sizeof version));
}

/* ---- by verbs ---- */

static const char *
string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static double
number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static const json_t *
first(const json_t *o, const char *list)
{
	return json_array_get(json_object_get(o, list), 0);
}

static json_t *
asked(const char *command)
{
	assert_int_equal(muster("%s", command), 0);
	return out_json();
}

static void
until_mb(const char *name, double mb)
{
	uint64_t deadline = os_mono_ns() + DEADLINE_S * 1000000000ull;
	char command[80];
	double have;

	snprintf(command, sizeof command, "footprint --json %s", name);
	do {
		json_t *j = asked(command);

		have = number(j, "total_bytes") / MB;
		json_decref(j);
		assert_true(os_mono_ns() < deadline);
	} while (have < mb);
}

static void
test_verbs(void **state)
{
	const json_t *c, *part;
	json_t *j;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(muster("new -d -n %s -- '%s/tests/tools/memhog'",
					 i ? "big" : "small", getenv("MUSTER_BIN")),
			0);
	assert_int_equal(muster("send small 'dirty 8'"), 0);
	assert_int_equal(muster("send big 'dirty 130'"), 0);
	until_mb("small", 8);
	until_mb("big", 130);
	j = asked("footprint --json big");
	assert_string_equal(string(first(j, "slabs"), "text"), "1 x 128M");
	json_decref(j);
	j = asked("footprint --json small big");
	assert_true(fabs(number(j, "bytes") / MB - 122) < 2 + SLACK_MB);
	part = first(j, "categories");
	assert_string_equal(string(part, "name"), "anonymous > 128M");
	assert_true(number(part, "from_bytes") < 1 && number(part, "bytes") > 129 * MB);
	assert_string_equal(string(first(j, "roles"), "name"), "memhog");
	json_decref(j);
	assert_int_equal(muster("footprint small big"), 0);
	assert_non_null(strstr(out_text, "small -> big: +1"));
	assert_int_equal(muster("footprint --since 1h big"), 1); /* not looked at yet */
	assert_int_equal(muster("hibernate --force big"), 0);
	j = asked("history --json --categories big");
	c = first(j, "compositions");
	assert_string_equal(string(c, "why"), "sleep");
	assert_true(number(c, "total_bytes") > 129 * MB && number(c, "age_s") < 600);
	assert_string_equal(string(first(c, "categories"), "name"), "anonymous > 128M");
	assert_true(number(first(c, "roles"), "footprint_bytes") > 129 * MB);
	assert_string_equal(string(first(c, "slabs"), "size"), "128M");
	json_decref(j);
	assert_int_equal(muster("history --roles big"), 0);
	assert_non_null(strstr(out_text, "memhog"));
	j = asked("history --json --ages");
	c = first(j, "ages");
	assert_true(number(c, "sessions") == 1 && number(c, "total_bytes") > 129 * MB);
	assert_true(number(c, "from_s") < 1 && number(c, "to_s") == 3600);
	json_decref(j);
	assert_int_equal(muster("history --ages"), 0);
	assert_non_null(strstr(out_text, "anonymous > 128M"));
	/* woken, what it had before it slept is what it is compared with */
	assert_int_equal(muster("resume big"), 0);
	j = asked("footprint --json --since 1h big");
	assert_true(number(j, "bytes") < -100.0 * MB);
	json_decref(j);
	assert_int_equal(muster("history --categories"), 2);
	assert_int_equal(muster("history --ages big"), 2);
	assert_int_equal(muster("history --roles --csv big"), 2);
	assert_int_equal(muster("footprint small big --since 1h"), 2);
	assert_int_equal(muster("footprint --since nonsense big"), 2);
	assert_int_equal(muster("kill --now big"), 0);
	assert_int_equal(muster("forget big"), 0);
	j = asked("history --json --ages"); /* with its session it is gone */
	assert_int_equal(json_array_size(json_object_get(j, "ages")), 0);
	json_decref(j);
}

static void
test_top_fits(void **state)
{
	(void)state;
	assert_int_equal(muster("top --sort n"), 0);
	assert_non_null(strstr(out_text, "small"));
	assert_int_equal(muster("top --sort x"), 2);
	assert_int_equal(muster("top --sort"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_slabs_by_size),
		cmocka_unit_test(test_slabs_in_use),
		cmocka_unit_test(test_trend),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_top_fits),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	muster("server stop --kill-sessions");
	return rc;
}
