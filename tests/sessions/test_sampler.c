/* The sampler on a real loop over real processes, and the series it keeps. */
#include "core/os/os.h"
#include "sessions/memory/memseries.h"
#include "sessions/memory/sampler.h"
#include "sessions/memory/sampler_scan.h"
#include "sessions/store_thread/store_worker.h"
#include "tests/sessions/hog.h"
#include "tests/sessions/put_file.h"
#include <math.h>
#include <poll.h>
#include <sys/stat.h>

#define MB 1048576.0
enum { DEADLINE_S = 300 }; /* a walk that a busy machine made costly is repeated after 30 s */

static uv_loop_t loop;
static int helper_answer, samples;

static int
begin(void **state)
{
	(void)state;
	samples = helper_answer = 0;
	return uv_loop_init(&loop);
}

static int
end(void **state)
{
	(void)state;
	hogs_end();
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static void
on_sampled(void *ctx, uint32_t num, const struct memstat *m)
{
	(void)ctx;
	(void)num;
	assert_true(m->known);
	samples++;
}

static bool
is_helper(void *ctx, uint32_t num, const char *comm, const char *cmdline)
{
	(void)ctx;
	(void)num;
	assert_true(comm[0]);
	assert_true(
		!cmdline[0] || strstr(cmdline, "memhog")); /* "": it ended as it was looked at */
	return helper_answer;
}

static const struct sampler_ops ops = {.sampled = on_sampled, .is_helper = is_helper};

static void
nothing(uv_timer_t *t)
{
	(void)t;
}

/* Runs the loop until a condition holds. */
#define UNTIL(cond)                                                             \
	do {                                                                    \
		uint64_t deadline_ = os_mono_ns() + DEADLINE_S * 1000000000ull; \
		uv_timer_t beat_;                                               \
		uv_timer_init(&loop, &beat_);                                   \
		uv_timer_start(&beat_, nothing, 5, 5);                          \
		while (!(cond) && os_mono_ns() < deadline_)                     \
			uv_run(&loop, UV_RUN_ONCE);                             \
		uv_close((uv_handle_t *)&beat_, NULL);                          \
		uv_run(&loop, UV_RUN_NOWAIT);                                   \
		assert_true(cond);                                              \
	} while (0)

struct answer {
	int n;
	bool gone;
	struct memstat m;
};

static void
answered(void *ctx, const struct memstat *m)
{
	struct answer *a = ctx;

	a->n++;
	a->gone = !m;
	if (m)
		a->m = *m;
}

static void
test_footprint_of_a_session(void **state)
{
	struct sampler *s = sampler_new(&loop, &ops, 0.05, 1000, NULL);
	struct hog h = hog_start(true);
	struct answer a = {0};
	const struct memstat *m;

	(void)state;
	assert_true(hog_do(&h, "dirty 32") >= 0);
	sampler_add(s, 1, h.marker, h.pid);
	m = sampler_get(s, 1);
	assert_non_null(m);
	assert_false(m->known);
	assert_true(isnan(m->growth_bytes_per_h));
	UNTIL(m->known);
	assert_true(fabs((double)m->footprint / MB - 32) < 1 + SLACK_MB);
	assert_int_equal(m->processes, 1);
	assert_string_equal(m->tool, "");
	/* a stray with the marker and a change of size show by themselves */
	assert_true(hog_do(&h, "daemon") >= 0);
	UNTIL(m->processes == 2);
	assert_true(m->tool[0]);
	helper_answer = 1;
	assert_true(hog_do(&h, "dirty 64") >= 0);
	UNTIL(m->footprint > 90 * MB && !m->tool[0]);
	assert_true(m->peak >= m->footprint);
	/* asked for: exact */
	sampler_now(s, 1, answered, &a);
	UNTIL(a.n == 1);
	assert_false(a.m.estimated);
	assert_true(fabs((double)a.m.footprint / MB - 96) < 2 + SLACK_MB);
	assert_true(a.m.rss >= 96 * MB);
	assert_true(a.m.cpu_ticks > 0);
	assert_int_equal(a.m.growth, GROWTH_UNKNOWN);
	assert_true(sampler_pressure(s).mem_total > 0);
	assert_true(samples > 2);
	sampler_close(s);
}

/* Milliseconds until the loop wakes by itself, as if something else kept it running. */
static int
sleeps_ms(void)
{
	uv_timer_t far;
	int ms;

	uv_timer_init(&loop, &far);
	uv_timer_start(&far, nothing, 1000000, 0);
	uv_run(&loop, UV_RUN_NOWAIT);
	ms = uv_backend_timeout(&loop);
	uv_close((uv_handle_t *)&far, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	return ms;
}

static void
test_sleeps_between_ticks(void **state)
{
	struct sampler *s = sampler_new(&loop, &ops, 15, 1000, NULL);
	struct hog h = hog_start(false);
	struct answer a = {0};
	uint64_t deadline = os_mono_ns() + DEADLINE_S * 1000000000ull;

	(void)state;
	assert_true(sleeps_ms() > 900000); /* nobody to look at */
	sampler_add(s, 1, "quiet", h.pid);
	assert_true(sleeps_ms() <= 500);
	sampler_now(s, 1, answered, &a);
	UNTIL(a.n == 1);
	/* the tick of a young one; a sample shortly before a tick counts for that one */
	assert_true(sleeps_ms() <= 5000 + 250);
	sampler_remove(s, 1);
	while (sleeps_ms() < 900000) /* until the worker forgot the session */
		assert_true(os_mono_ns() < deadline);
	sampler_close(s);
}

static void
test_gone_sessions_are_answered(void **state)
{
	struct sampler *s = sampler_new(&loop, &ops, 0.05, 1000, NULL);
	struct hog h = hog_start(false);
	struct answer a = {0}, b = {0}, c = {0};

	(void)state;
	sampler_now(s, 77, answered, &a); /* never heard of */
	UNTIL(a.n == 1 && a.gone);
	sampler_add(s, 1, "gone", h.pid);
	sampler_now(s, 1, answered, &b);
	sampler_remove(s, 1); /* while it is being sampled */
	UNTIL(b.n == 1 && b.gone);
	assert_null(sampler_get(s, 1));
	sampler_add(s, 2, "gone", h.pid);
	sampler_now(s, 2, answered, &c);
	sampler_close(s);
	assert_true(c.n == 1 && c.gone);
}

static void
test_orphans_are_remembered(void **state)
{
	struct sampler *s = sampler_new(&loop, &ops, 0.05, 1000, NULL);
	struct hog h = hog_start(false); /* no marker, no tty */
	const struct memstat *m;

	(void)state;
	helper_answer = 1;
	assert_true(hog_do(&h, "dirty 8") >= 0);
	assert_true(hog_do(&h, "fork") >= 0);
	sampler_add(s, 1, "orph", h.pid);
	m = sampler_get(s, 1);
	UNTIL(m->known && m->processes == 2 && !m->estimated);
	assert_true(m->footprint < (10 + SLACK_MB) * MB);
	kill(h.pid, SIGKILL);
	waitpid(h.pid, NULL, 0);
	UNTIL(m->processes == 1);
	samples = 0;
	UNTIL(samples > 3);
	assert_int_equal(m->processes, 1);
	/* what it shared with its parent is its own: walked again, though its counters stood still
	 */
	UNTIL(m->footprint > 7 * MB);
	sampler_close(s);
}

/* Another session's turn sees it end: its family hears of it all the same. */
static void
test_an_end_between_turns(void **state)
{
	struct sampler *s = sampler_new(&loop, &ops, 2, 1000, NULL);
	struct hog h = hog_start(false), other = hog_start(false);
	struct answer a = {0};
	const struct memstat *m;

	(void)state;
	helper_answer = 1;
	assert_true(hog_do(&h, "dirty 32") >= 0);
	assert_true(hog_do(&h, "fork") >= 0);
	sampler_add(s, 1, "orph", h.pid);
	sampler_add(s, 2, "other", other.pid);
	m = sampler_get(s, 1);
	UNTIL(m->known && m->processes == 2 && !m->estimated);
	kill(h.pid, SIGKILL);
	waitpid(h.pid, NULL, 0);
	sampler_now(s, 2, answered, &a);
	UNTIL(a.n == 1);
	UNTIL(m->processes == 1);
	assert_true(m->estimated || m->footprint > 30 * MB);
	UNTIL(m->footprint > 30 * MB && !m->estimated);
	sampler_close(s);
}

static void
test_samples_reach_the_store_and_return(void **state)
{
	char dir[512], banner[STORE_BANNER];
	struct store_worker *w;
	struct sampler *s;
	struct hog h = hog_start(false);
	uint64_t recent[8];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/sampler", getenv("MUSTER_HOME"));
	mkdir(dir, 0700);
	w = store_worker_new(&loop, dir, banner);
	s = sampler_new(&loop, &ops, 0.05, 1000, w);
	assert_true(hog_do(&h, "dirty 16") >= 0);
	sampler_add(s, 5, "hist", h.pid);
	UNTIL(samples >= 4);
	assert_true(sampler_recent(s, 5, 0.05, recent, 8) >= 2);
	assert_true(recent[1] > 15 * MB);
	sampler_close(s);
	store_worker_close(w);
	/* the next server knows what was */
	w = store_worker_new(&loop, dir, banner);
	s = sampler_new(&loop, &ops, 1000, 1000, w);
	sampler_add(s, 5, "hist", 0);
	UNTIL(sampler_recent(s, 5, 1, recent, 8) > 0);
	assert_true(recent[0] > 15 * MB);
	assert_true(sampler_get(s, 5)->peak > 15 * MB);
	sampler_close(s);
	store_worker_close(w);
}

static double
ten_hours(void *ctx, uint32_t num)
{
	(void)ctx;
	(void)num;
	return 36000;
}

/* A leak at rest is known to the next server by what the store holds, and by nothing less. */
static void
test_growth_outlives_a_server(void **state)
{
	struct sampler_ops rests = {.sampled = on_sampled, .idle_s = ten_hours};
	char dir[512], banner[STORE_BANNER];
	struct mem_sample past[540];
	struct store_worker *w;
	struct sampler *s;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/growth", getenv("MUSTER_HOME"));
	mkdir(dir, 0700);
	w = store_worker_new(&loop, dir, banner);
	for (int i = 0; i < 540; i++) {
		uint64_t bytes = (uint64_t)((400 + 40 * i / 60.0) * MB);

		past[i] = (struct mem_sample){os_wall_s() - 60 * (540 - i), bytes, bytes, 0, 0};
	}
	store_put_samples(w, 6, past, 540);
	store_put_samples(w, 7, past, 240);
	store_worker_close(w);
	w = store_worker_new(&loop, dir, banner);
	s = sampler_new(&loop, &rests, 1000, 1000, w);
	sampler_add(s, 6, "leaks", 0);
	sampler_add(s, 7, "early", 0);
	UNTIL(sampler_growth(s, 6).floors > 0 && sampler_growth(s, 7).floors > 0);
	assert_int_equal(sampler_growth(s, 6).lack, GROWTH_LACK_NONE);
	assert_true(fabs(sampler_growth(s, 6).slope_bytes_per_h / MB - 40) < 2);
	assert_int_equal(sampler_growth(s, 7).lack, GROWTH_LACK_TIME);
	assert_int_equal(sampler_growth(s, 8).floors, 0);
	sampler_close(s);
	store_worker_close(w);
}

static void
test_budget_makes_estimates(void **state)
{
	struct scan *sc = scan_new(0.0); /* nothing to spend */
	struct scan_session v = {.num = 1, .due = true, .id = "x"};
	struct hog h = hog_start(false);

	(void)state;
	assert_true(hog_do(&h, "dirty 24") >= 0);
	v.pid = h.pid;
	scan_run(sc, &v, 1, NULL);
	assert_true(v.known && v.estimated);
	assert_true(fabs((double)v.footprint / MB - 24) < 1 + SLACK_MB);
	assert_int_equal(scan_cost(sc).walks, 0);
	v = (struct scan_session){.num = 1, .due = true, .id = "x", .pid = h.pid, .force = true};
	scan_run(sc, &v, 1, NULL);
	assert_true(v.known && !v.estimated);
	assert_int_equal(scan_cost(sc).walks, 1);
	/* carried on from the walk by the counters */
	assert_true(hog_do(&h, "dirty 40") >= 0);
	v = (struct scan_session){.num = 1, .due = true, .id = "x", .pid = h.pid};
	scan_run(sc, &v, 1, NULL);
	assert_true(v.estimated);
	assert_true(fabs((double)v.footprint / MB - 64) < 1.5 + SLACK_MB);
	assert_int_equal(scan_cost(sc).walks, 1);
	scan_free(sc);
}

/* A daemon of several sessions, what an ended session left, and an orphan that has no mark. */
static void
test_outside_of_all_sessions(void **state)
{
	struct scan *sc = scan_new(1000.0);
	struct hog h = hog_start(true), old = hog_start(true), bare = hog_start(false);
	char ended[1][12];
	struct scan_outside out = {(const char(*)[12])ended, 1, 0};
	struct scan_session v[2];

	(void)state;
	memcpy(ended[0], old.marker, sizeof(ended[0]));
	assert_true(hog_do(&h, "dirty 16") >= 0 && hog_do(&h, "daemon") > 0);
	assert_true(hog_do(&old, "dirty 24") >= 0 && hog_do(&bare, "dirty 40") >= 0);
	for (int round = 0; round < 3; round++) {
		out.reaper = round == 2 ? getpid() : 0;
		v[0] = (struct scan_session){.num = 1, .due = true, .pid = h.pid};
		v[1] = (struct scan_session){.num = SCAN_OUTSIDE, .due = true};
		memcpy(v[0].id, h.marker, sizeof(v[0].id));
		scan_run(sc, v, 2, &out);
		assert_int_equal(v[0].processes, round == 0 ? 2 : 1);
		assert_int_equal(v[0].strays, round == 0 ? 1 : 0);
		assert_int_equal(v[1].processes, 1 + (round > 0) + (round == 2));
		if (round == 0) {
			assert_string_equal(v[1].member[0].marker, old.marker);
			assert_int_equal(v[1].member[0].pid, old.pid);
			assert_int_equal(v[0].n_members, 1);
			*v[0].member[0].shared = true;
		}
		assert_true(fabs((double)v[0].footprint / MB - 16) < 2 + SLACK_MB);
		assert_true(
			fabs((double)v[1].footprint / MB - (round == 2 ? 64 : 24)) < 2 + SLACK_MB);
		free(v[0].member);
		free(v[1].member);
	}
	scan_free(sc);
	hog_end(&bare);
	hog_end(&old);
	hog_end(&h);
}

/* It grows while it is walked: soon after it stands still the footprint is what it has. */
static void
test_growth_during_walks(void **state)
{
	struct scan *sc = scan_new(1000.0);
	struct hog h = hog_start(false);
	char line[16];

	(void)state;
	for (int round = 1; round <= 8; round++) {
		struct pollfd p = {fileno(h.out), POLLIN, 0};
		struct scan_session v;
		uint64_t deadline = os_mono_ns() + DEADLINE_S * 1000000000ull;

		fputs("dirty 16\n", h.in);
		fflush(h.in);
		do {
			assert_true(os_mono_ns() < deadline);
			v = (struct scan_session){.num = 1, .due = true, .id = "x", .pid = h.pid};
			scan_run(sc, &v, 1, NULL);
		} while (!poll(&p, 1, 0) ||
			 fabs((double)v.footprint / MB - 16 * round) > 2 + SLACK_MB);
		assert_non_null(fgets(line, sizeof(line), h.out));
	}
	scan_free(sc);
}

static void
test_scan_forgets(void **state)
{
	struct scan *sc = scan_new(100.0);
	struct hog h = hog_start(false);

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct scan_session v = {.num = 1, .due = true, .id = "x", .pid = h.pid};

		scan_run(sc, &v, 1, NULL);
		assert_true(v.known && scan_cost(sc).remembered > 0);
		free(v.member);
		scan_run(sc, NULL, 0, NULL);
		assert_int_equal(scan_cost(sc).remembered, 0);
	}
	scan_free(sc);
}

static void
test_series(void **state)
{
	struct memseries *s = xcalloc(1, sizeof(*s));
	struct growth_point *p = xmalloc(sizeof(*p) * (SERIES_RAW + SERIES_FLOORS));
	struct growth_point old[3] = {{.t = 1000, .bytes = 50 << 10},
		{.t = 1400, .bytes = 60 << 10}, {.t = 999999999, .bytes = 1 << 10}};
	uint64_t out[6];
	double t0 = 300000;
	size_t n;

	(void)state;
	assert_int_equal(memseries_recent(s, 60, out, 6), 0);
	for (int i = 0; i < 100; i++)
		memseries_push(s, t0 + i * 15, (1000 + (uint64_t)i) << 10);
	memseries_push(s, t0, 5 << 10); /* the clock went back: dropped */
	assert_int_equal(memseries_recent(s, 60, out, 6), 6);
	assert_int_equal(out[5] >> 10, 1099);
	assert_int_equal(out[4] >> 10, 1095);
	assert_int_equal(memseries_recent(s, 3600, out, 6), 1);
	assert_int_equal(memseries_since(s, t0 + 600, p), 60);
	memseries_prepend(s, old, 3);
	assert_int_equal(memseries_since(s, 0, p), 102);
	assert_true(p[0].t == 1000 && p[0].bytes == 50 << 10 && p[2].t == t0);
	/* a gap repeats what was last known */
	assert_int_equal(memseries_recent(s, 100000, out, 6), 4);
	assert_int_equal(out[3] >> 10, 1099);
	assert_int_equal(out[2] >> 10, 60);
	/* days later: raw ones and minima, without a seam */
	for (int i = 100; i < 40000; i++)
		memseries_push(s, t0 + i * 15, (1000 + (uint64_t)i % 7) << 10);
	n = memseries_since(s, 0, p);
	assert_true(n > 1300);
	for (size_t i = 1; i < n; i++)
		assert_true(p[i].t > p[i - 1].t);
	assert_int_equal(p[n - 600].bytes >> 10, 1000); /* a minimum */
	free(p);
	free(s);
}

static void
test_pressure_levels(void **state)
{
	struct pressure p = {
		.mem_total = 100, .mem_available = 50, .psi.some_avg60 = 1, .psi.full_avg10 = 1};

	(void)state;
	assert_int_equal(pressure_level(&p), 0);
	p.psi.some_avg60 = 6;
	assert_int_equal(pressure_level(&p), 1);
	p.psi.full_avg10 = 11;
	assert_int_equal(pressure_level(&p), 2);
	p = (struct pressure){.mem_total = 100, .mem_available = 19};
	assert_int_equal(pressure_level(&p), 1);
	p.mem_available = 9;
	assert_int_equal(pressure_level(&p), 2);
	p = (struct pressure){0};
	assert_int_equal(pressure_level(&p), 0);
}

static const char *
in_root(const char *root, const char *name)
{
	static char path[500];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static void
test_pressure_is_read(void **state)
{
	char root[400], text[256];
	struct pressure a, b;
	long page = sysconf(_SC_PAGESIZE);

	(void)state;
	snprintf(root, sizeof(root), "%s/machine", getenv("MUSTER_HOME"));
	put_file(in_root(root, "proc/meminfo"),
		"MemTotal: 1000 kB\nMemAvailable: 150 kB\nSwapTotal: 64 kB\nSwapFree: 60 kB\n"
		"Zswap: 11 kB\nZswapped: 30 kB\n");
	put_file(in_root(root, "proc/pressure/memory"),
		"some avg10=1.50 avg60=2.50 avg300=0.00 total=1\n"
		"full avg10=0.25 avg60=0.75 avg300=0.00 total=1\n");
	put_file(in_root(root, "proc/vmstat"), "nr_free_pages 1\npswpin 100\npswpout 200\n");
	put_file(in_root(root, "sys/block/zram0/mm_stat"), "4096 1000 2048 0 0\n");
	put_file(in_root(root, "sys/block/zram1/mm_stat"), "4096 1000 1024 0 0\n");
	put_file(in_root(root, "sys/block/sda/mm_stat"), "9 9 9\n");
	a = pressure_read_at(root, NULL);
	assert_true(a.mem_total == 1000 << 10 && a.swap_free == 60 << 10);
	assert_true(a.zswap_used == 11 << 10 && a.zswap_stored == 30 << 10);
	assert_true(a.zram_stored == 8192 && a.zram_used == 3072);
	assert_true(a.psi.some_avg10 == 1.5 && a.psi.some_avg60 == 2.5);
	assert_true(a.psi.full_avg10 == 0.25 && a.psi.full_avg60 == 0.75);
	assert_true(a.swap_in_per_s == -1 && a.swap_out_per_s == -1);
	assert_int_equal(a.level, 1);
	a.at -= 10; /* it was ten seconds ago */
	snprintf(text, sizeof(text), "nr_free_pages 1\npswpin 150\npswpout 1200\n");
	put_file(in_root(root, "proc/vmstat"), "%s", text);
	b = pressure_read_at(root, &a);
	assert_true(fabs(b.swap_in_per_s - 5.0 * (double)page) < (double)page);
	assert_true(fabs(b.swap_out_per_s - 100.0 * (double)page) < 10.0 * (double)page);
	snprintf(root, sizeof(root), "%s/nothing", getenv("MUSTER_HOME"));
	b = pressure_read_at(root, &a); /* a kernel that tells none of it */
	assert_true(b.psi.some_avg60 == -1 && b.swap_in_per_s == -1 && b.level == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_growth_during_walks, begin, end),
		cmocka_unit_test_setup_teardown(test_scan_forgets, begin, end),
		cmocka_unit_test_setup_teardown(test_outside_of_all_sessions, begin, end),
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_pressure_levels),
		cmocka_unit_test(test_pressure_is_read),
		cmocka_unit_test_setup_teardown(test_footprint_of_a_session, begin, end),
		cmocka_unit_test_setup_teardown(test_sleeps_between_ticks, begin, end),
		cmocka_unit_test_setup_teardown(test_gone_sessions_are_answered, begin, end),
		cmocka_unit_test_setup_teardown(test_orphans_are_remembered, begin, end),
		cmocka_unit_test_setup_teardown(test_an_end_between_turns, begin, end),
		cmocka_unit_test_setup_teardown(
			test_samples_reach_the_store_and_return, begin, end),
		cmocka_unit_test_setup_teardown(test_growth_outlives_a_server, begin, end),
		cmocka_unit_test_setup_teardown(test_budget_makes_estimates, begin, end),
	};

	hogs_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
