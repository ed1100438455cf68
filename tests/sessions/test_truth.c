/* The sampled figure against truth, where memory moves without moving resident and swapped sizes:
 * at any look it is right, or it says that it is an estimate; soon after all stands still it is
 * right and says so. */
#include "core/os/os.h"
#include "sessions/memory/footprint.h"
#include "sessions/memory/sampler_scan.h"
#include "tests/sessions/hog.h"
#include <errno.h>
#include <math.h>

#define MB 1048576.0
enum { DEADLINE_S = 60, HOGS = 3 };
static const char HUGE_PAGES[] = "/proc/sys/vm/nr_hugepages";

static struct scan *sc;
static struct hog hog[HOGS];
static struct scan_session row[HOGS];
static size_t n_hogs;
static char huge_before[32];

static int
begin(void **state)
{
	(void)state;
	sc = scan_new(1000.0);
	n_hogs = 0;
	return 0;
}

static bool
huge_pages(const char *n)
{
	FILE *f = fopen(HUGE_PAGES, "re+");
	bool ok = f && fputs(n, f) >= 0;

	if (f)
		ok = fclose(f) == 0 && ok;
	return ok;
}

static int
end(void **state)
{
	(void)state;
	if (huge_before[0])
		huge_pages(huge_before);
	huge_before[0] = '\0';
	for (size_t i = 0; i < n_hogs; i++)
		hog_end(&hog[i]);
	scan_free(sc);
	hogs_end();
	return 0;
}

static void
start(size_t n)
{
	for (; n_hogs < n; n_hogs++)
		hog[n_hogs] = hog_start(true);
}

/* One tick over all hogs, each a session. What they cost together; *flagged: one is an estimate. */
static double
look(bool *flagged)
{
	double sum = 0;

	for (size_t i = 0; i < n_hogs; i++) {
		row[i] = (struct scan_session){
			.num = (uint32_t)i + 1, .due = true, .pid = hog[i].pid};
		snprintf(row[i].id, sizeof(row[i].id), "%s", hog[i].marker);
	}
	scan_run(sc, row, n_hogs, NULL);
	*flagged = false;
	for (size_t i = 0; i < n_hogs; i++) {
		sum += (double)row[i].footprint / MB;
		*flagged = *flagged || !row[i].known || row[i].estimated;
		free(row[i].member);
	}
	return sum;
}

static bool
near(double got, double want)
{
	return fabs(got - want) < want * 0.02 + 1 + SLACK_MB;
}

static void
assert_right_or_flagged(double want)
{
	bool flagged;
	double got = look(&flagged);

	if (!flagged && !near(got, want)) {
		print_error("got %.1f MB and no flag, want %.1f\n", got, want);
		fail();
	}
}

/* Right and unflagged before long. */
static void
assert_settles(double want)
{
	uint64_t deadline = os_mono_ns() + DEADLINE_S * 1000000000ull;
	bool flagged;
	double got;

	do {
		got = look(&flagged);
		if (!flagged && near(got, want))
			return;
		if (!flagged) {
			print_error("got %.1f MB and no flag, want %.1f\n", got, want);
			fail();
		}
	} while (os_mono_ns() < deadline);
	print_error("still an estimate of %.1f MB, want %.1f (%u processes)\n", got, want,
		row[0].processes);
	fail();
}

static void
test_copies_broken_in_forks(void **state)
{
	(void)state;
	start(1);
	assert_true(hog_do(&hog[0], "dirty 48") >= 0);
	assert_true(hog_do(&hog[0], "fork") > 0 && hog_do(&hog[0], "fork") > 0);
	assert_settles(48);
	assert_true(hog_do(&hog[0], "cow 24") >= 0);
	assert_right_or_flagged(96);
	assert_settles(96);
}

/* What a session holds in inodes that nothing maps, or not all of it. */
static void
test_held_inodes(void **state)
{
	static const char *const how[] = {"memfd", "partly", "untouched", "unlinked", "tmpfile"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(how); i++) {
		char command[32];

		start(1);
		assert_settles(0);
		snprintf(command, sizeof(command), "%s 40", how[i]);
		assert_true(hog_do(&hog[0], command) >= 0);
		assert_right_or_flagged(40);
		assert_settles(40);
		hog_end(&hog[0]);
		n_hogs = 0;
		look(&(bool){false});
	}
}

/* What has a name stays when its processes end. Then it has none: nothing moves, but it is theirs. */
static void
test_names_come_and_go(void **state)
{
	static const struct {
		const char *keep, *give_up;
	} ways[] = {{"named 40", "unname"}, {"segment 40", "remove"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		start(1);
		assert_settles(0);
		assert_true(hog_do(&hog[0], ways[i].keep) >= 0);
		assert_right_or_flagged(0);
		assert_settles(0);
		assert_true(hog_do(&hog[0], ways[i].give_up) >= 0);
		assert_right_or_flagged(40);
		assert_settles(40);
		hog_end(&hog[0]);
		n_hogs = 0;
		look(&(bool){false});
	}
}

/* A footprint that is asked for, of one hog among the others. */
static void
assert_asked(size_t i, double want)
{
	struct footprint_other list[HOGS];
	struct footprint_others o = {list, 0};
	struct footprint_report r;

	for (size_t k = 0; k < n_hogs; k++)
		if (k != i)
			list[o.n++] = (struct footprint_other){hog[k].pid, (uint32_t)k + 1};
	assert_int_equal(footprint_report(hog[i].pid, NULL, &o, &r), 0);
	if (!near((double)r.total / MB, want)) {
		print_error("asked: %.1f MB, want %.1f\n", (double)r.total / MB, want);
		fail();
	}
	footprint_report_free(&r);
}

/* Two processes that tell of the same memory. */
static void
test_one_memory_of_two(void **state)
{
	(void)state;
	start(1);
	assert_true(hog_do(&hog[0], "dirty 40") >= 0);
	assert_settles(40);
	assert_true(hog_do(&hog[0], "twin") > 0);
	assert_right_or_flagged(40);
	assert_settles(40);
	assert_int_equal(row[0].processes, 2);
	assert_asked(0, 40);
}

static void
test_many_small_inodes(void **state)
{
	(void)state;
	start(1);
	assert_settles(0);
	assert_true(hog_do(&hog[0], "small 40") >= 0);
	assert_right_or_flagged(40);
	assert_settles(40);
}

static void
test_an_inode_counts_once_over_all_sessions(void **state)
{
	char command[32];

	(void)state;
	start(3);
	assert_settles(0);
	assert_true(hog_do(&hog[0], "mapped 48") >= 0);
	assert_right_or_flagged(48);
	snprintf(command, sizeof(command), "hold %d", (int)hog[0].pid);
	assert_int_equal(hog_do(&hog[1], command), 0);
	assert_int_equal(hog_do(&hog[2], command), 0);
	assert_settles(48);
	assert_asked(1, 0);
	assert_asked(0, 48);
	/* gone from where it was mapped: the two that hold it share it */
	hog_end(&hog[0]);
	hog[0] = hog[2];
	n_hogs = 2;
	assert_settles(48);
	if (!near((double)row[0].footprint / MB, 24)) {
		print_error("%.1f MB of 48 that two hold\n", (double)row[0].footprint / MB);
		fail();
	}
}

static void
test_huge_pages(void **state)
{
	FILE *f = fopen(HUGE_PAGES, "re");
	bool got = f && fgets(huge_before, sizeof(huge_before), f) && huge_pages("64");

	(void)state;
	if (f)
		fclose(f);
	if (!got) {
		print_message("  no right to make huge pages: not tried\n");
		skip();
	}
	start(2);
	assert_settles(0);
	got = hog_do(&hog[0], "huge 40") >= 0 && hog_do(&hog[1], "gethuge 40") >= 0 &&
	      hog_do(&hog[1], "fork") > 0 && hog_do(&hog[1], "cow 40") >= 0;
	if (got) {
		assert_right_or_flagged(80);
		assert_settles(80);
	} else
		print_message("  no huge pages to be had: not tried\n");
}

/* Walked at the very moment when something shares its pages that no look ever sees. */
static void
test_short_lived_forks(void **state)
{
	bool flagged;

	(void)state;
	start(1);
	assert_true(hog_do(&hog[0], "dirty 60") >= 0);
	assert_settles(60);
	assert_true(hog_do(&hog[0], "storm 5") > 0);
	for (int i = 0; i < 150; i++) {
		double got = look(&flagged);

		if ((!flagged && !near(got, 60)) || got < 55 || got > 130) {
			print_error("look %d: %.1f MB%s, want 60\n", i, got, flagged ? "~" : "");
			fail(); /* as an estimate, it has a page twice at most */
		}
	}
	for (int i = 0; i < 60; i++) { /* the same, asked for */
		struct footprint_report r;

		assert_int_equal(footprint_report(hog[0].pid, NULL, NULL, &r), 0);
		if (!r.estimated && !near((double)r.total / MB, 60)) {
			print_error("asked %d: %.1f MB, want 60\n", i, (double)r.total / MB);
			fail();
		}
		footprint_report_free(&r);
	}
	kill(started[1], SIGKILL);
	assert_settles(60);
	assert_asked(0, 60);
}

static void
test_threads_without_their_leader(void **state)
{
	(void)state;
	start(1);
	assert_true(hog_do(&hog[0], "dirty 40") >= 0);
	assert_true(hog_do(&hog[0], "leader") >= 0);
	assert_settles(40);
	assert_int_equal(row[0].processes, 1);
	assert_true(hog_do(&hog[0], "memfd 20") >= 0);
	assert_right_or_flagged(60);
	assert_settles(60);
}

static void
test_peak_between_looks(void **state)
{
	(void)state;
	start(1);
	assert_settles(0);
	assert_true(hog_do(&hog[0], "spike 80") >= 0);
	assert_right_or_flagged(0);
	if (!near((double)row[0].peak / MB, 80)) {
		print_error("peak %.1f MB, want 80\n", (double)row[0].peak / MB);
		fail();
	}
	assert_right_or_flagged(0);
	assert_true(row[0].peak < 10 * MB); /* of the time since the look before */
}

/* What was given up with MADV_FREE still counts as resident. */
static void
test_given_up(void **state)
{
	(void)state;
	start(1);
	assert_true(hog_do(&hog[0], "dirty 40") >= 0);
	assert_true(hog_do(&hog[0], "lazy") >= 0);
	assert_settles(0);
	assert_true(hog_do(&hog[0], "dirty 40") >= 0);
	assert_settles(40);
	assert_true(hog_do(&hog[0], "lazy") >= 0);
	assert_right_or_flagged(0);
	assert_settles(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_copies_broken_in_forks, begin, end),
		cmocka_unit_test_setup_teardown(test_held_inodes, begin, end),
		cmocka_unit_test_setup_teardown(
			test_an_inode_counts_once_over_all_sessions, begin, end),
		cmocka_unit_test_setup_teardown(test_names_come_and_go, begin, end),
		cmocka_unit_test_setup_teardown(test_many_small_inodes, begin, end),
		cmocka_unit_test_setup_teardown(test_one_memory_of_two, begin, end),
		cmocka_unit_test_setup_teardown(test_huge_pages, begin, end),
		cmocka_unit_test_setup_teardown(test_short_lived_forks, begin, end),
		cmocka_unit_test_setup_teardown(test_threads_without_their_leader, begin, end),
		cmocka_unit_test_setup_teardown(test_peak_between_looks, begin, end),
		cmocka_unit_test_setup_teardown(test_given_up, begin, end),
	};

	hogs_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
