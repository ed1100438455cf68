/* Footprint against processes whose memory is known: what they dirtied, shared, gave up, held. */
#include "sessions/memory/footprint.h"
#include "sessions/proc/proctree.h"
#include "sessions/memory/footprint_inodes.h"
#include "tests/sessions/hog.h"
#include "tests/sessions/put_file.h"
#include <errno.h>
#include <fcntl.h>

#define MB (1024.0 * 1024)
static int
end_all(void **state)
{
	(void)state;
	hogs_end();
	return 0;
}

static bool
have_swap(void)
{
	char line[256];
	FILE *f = fopen("/proc/swaps", "re");
	int n = 0;

	while (f && fgets(line, sizeof line, f))
		n++;
	if (f)
		fclose(f);
	if (n < 2)
		print_message("  no swap on this machine: paged-out memory not tried\n");
	return n >= 2;
}

static void
assert_near(double got, double want_mb, double tolerance_mb)
{
	tolerance_mb += SLACK_MB;
	if (got / MB < want_mb - tolerance_mb || got / MB > want_mb + tolerance_mb) {
		print_error("got %.1f MB, want %.1f +- %.1f\n", got / MB, want_mb, tolerance_mb);
		fail();
	}
}

static void
test_dirty_and_lazy(void **state)
{
	struct proc_info p = {0};

	(void)state;
	struct hog h = hog_start(false);
	hog_do(&h, "dirty 64");
	assert_int_equal(footprint_of(h.pid, &p), 0);
	assert_false(p.estimated);
	assert_near((double)p.footprint, 64, 1.3);
	assert_near((double)p.rss, 65.5, 3);
	assert_int_equal(footprint_cheap(h.pid, &p), 0);
	assert_true(p.estimated);
	assert_near((double)p.footprint, 64, 1.3);
	hog_do(&h, "lazy");
	assert_int_equal(footprint_of(h.pid, &p), 0);
	assert_near((double)p.footprint, 0.3, 0.6); /* the kernel may take it back at any time */
	hog_end(&h);
	assert_int_equal(footprint_of(h.pid, &p), -ESRCH);
	assert_int_equal(footprint_cheap(h.pid, &p), -ESRCH);
	assert_true(proc_start(h.pid) == 0);
}

static void
test_swap_keeps_footprint(void **state)
{
	struct proc_info p = {0};
	double before;

	(void)state;
	if (!have_swap())
		skip();
	struct hog h = hog_start(false);
	hog_do(&h, "dirty 64");
	footprint_of(h.pid, &p);
	before = (double)p.footprint;
	hog_do(&h, "pageout");
	footprint_of(h.pid, &p);
	assert_true(p.rss < 16 * MB);
	assert_near((double)p.footprint, before / MB, before / MB * 0.02);
	hog_do(&h, "touch 32");
	footprint_of(h.pid, &p);
	assert_near((double)p.footprint, before / MB, before / MB * 0.02);
	hog_end(&h);
}

static void
test_shared_counts_once(void **state)
{
	struct footprint_report r;

	(void)state;
	struct hog h = hog_start(true);
	hog_do(&h, "share 40");
	for (int i = 0; i < 3; i++)
		hog_do(&h, "fork");
	assert_int_equal(footprint_report(h.pid, NULL, NULL, &r), 0);
	assert_int_equal(r.n_procs, 4);
	assert_int_equal(r.procs[0].pid, h.pid);
	assert_near((double)r.total, 40, 2);
	assert_true(r.total + 30 * MB < r.rss || r.rss >= 40 * MB);
	footprint_report_free(&r);
	/* private memory is shared by forks until written: PSS divides it */
	hog_end(&h);
	h = hog_start(false);
	hog_do(&h, "dirty 40");
	hog_do(&h, "fork");
	hog_do(&h, "fork");
	assert_int_equal(footprint_report(h.pid, NULL, NULL, &r), 0);
	assert_int_equal(r.n_procs, 3);
	assert_near((double)r.total, 40, 2);
	assert_true(r.rss > 110 * MB);
	footprint_report_free(&r);
	hog_end(&h);
}

static void
test_shared_and_swapped(void **state)
{
	struct footprint_report r;

	(void)state;
	if (!have_swap())
		skip();
	struct hog h = hog_start(false);
	hog_do(&h, "share 48");
	hog_do(&h, "fork");
	hog_do(&h, "pageout");
	assert_int_equal(footprint_report(h.pid, NULL, NULL, &r), 0);
	assert_near((double)r.total, 48, 2);
	assert_true(r.extra.swapped > 40 * MB);
	assert_true(r.swap > 40 * MB); /* once, though two have it mapped */
	assert_true(r.swap < 60 * MB);
	footprint_report_free(&r);
	hog_end(&h);
}

static void
test_held_memfd(void **state)
{
	struct footprint_report r;
	struct proc_info p[2] = {0};
	struct shared_extra extra;
	struct shm_list list;

	(void)state;
	struct hog h = hog_start(false);
	hog_do(&h, "memfd 24");
	p[0].pid = h.pid;
	p[1].pid = hog_do(&h, "fork"); /* holds it too: still once */
	list = footprint_inodes(p, 2);
	extra = footprint_shared(&list, &(const struct shm_list *){&list}, 1);
	free(list.e);
	assert_near((double)footprint_with(0, &extra), 24, 0.1);
	assert_near((double)extra.held, 24, 0.1);
	assert_int_equal(footprint_report(h.pid, NULL, NULL, &r), 0);
	assert_near((double)r.total, 24.3, 1);
	assert_string_equal(r.cats[0].name, "held, not mapped");
	footprint_report_free(&r);
	hog_end(&h);
}

static void
test_categories_add_up(void **state)
{
	struct footprint_report r;
	uint64_t sum = 0;
	bool big = false;

	(void)state;
	struct hog h = hog_start(false);
	hog_do(&h, "dirty 40");
	hog_do(&h, "share 9");
	assert_int_equal(footprint_report(h.pid, NULL, NULL, &r), 0);
	for (size_t i = 0; i < r.n_cats; i++) {
		sum += r.cats[i].bytes;
		big = big || strcmp(r.cats[i].name, "anonymous 16-128M") == 0;
		if (strcmp(r.cats[i].name, "shared memory") == 0)
			assert_near((double)r.cats[i].bytes, 9, 0.1);
	}
	assert_true(big);
	assert_near((double)sum, (double)r.total / MB, 0.3);
	footprint_report_free(&r);
	hog_end(&h);
}

static bool
has(const struct proc_info *p, size_t n, pid_t pid, const char *rule)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].pid == pid)
			return strcmp(p[i].rule, rule) == 0;
	return false;
}

static void
test_tree_rules(void **state)
{
	struct proc_info *p;
	size_t n;
	pid_t child, stray, bare;

	(void)state;
	struct hog h = hog_start(true);
	child = hog_do(&h, "fork");
	stray = hog_do(&h, "daemon");
	bare = hog_do(&h, "setsid");
	p = proctree(h.pid, h.marker, &n);
	assert_true(has(p, n, h.pid, "root"));
	assert_true(has(p, n, child, "child"));
	assert_true(has(p, n, stray, "marker"));
	assert_false(has(p, n, bare, "marker"));
	assert_int_equal(n, 3);
	free(p);
	/* another session's marker is not ours; without a marker only ancestry counts */
	p = proctree(h.pid, "tree7b", &n);
	assert_int_equal(n, 2);
	free(p);
	p = proctree(h.pid, NULL, &n);
	assert_int_equal(n, 2);
	free(p);
	hog_end(&h);
	p = proctree(h.pid, h.marker, &n); /* the marker finds strays of a child that is gone */
	assert_int_equal(n, 2);
	assert_true(has(p, n, stray, "marker") && has(p, n, child, "marker"));
	free(p);
	assert_null(proctree(h.pid, NULL, &n));
}

static int
remembers(void *ctx, const struct proc_node *p)
{
	return p->pid == *(pid_t *)ctx ? 1 : -1;
}

static void
test_rules_over_several_roots(void **state)
{
	struct hog a, b;
	struct proc_table t = {0};
	pid_t bare, mine;

	(void)state;
	a = hog_start(true);
	b = hog_start(true);
	mine = hog_do(&a, "fork");
	bare = hog_do(&b, "setsid");
	struct proc_root roots[] = {{a.pid, a.marker}, {b.pid, b.marker}};
	struct proc_hints h = {.seen = remembers, .ctx = &bare, .skip = {getpid(), getppid()}};

	assert_int_equal(proc_table_update(&t, true), 0);
	proc_table_assign(&t, roots, 2, &h);
	assert_int_equal(proc_table_find(&t, a.pid)->owner, 0);
	assert_int_equal(proc_table_find(&t, mine)->owner, 0);
	assert_int_equal(proc_table_find(&t, b.pid)->owner, 1);
	assert_int_equal(proc_table_find(&t, bare)->owner, 1);
	assert_string_equal(proc_table_find(&t, bare)->rule, "seen");
	assert_int_equal(proc_table_find(&t, getpid())->owner, -1);
	assert_null(proc_table_find(&t, -5));
	proc_table_free(&t);
	hog_end(&b);
	hog_end(&a);
}

static void
test_roles(void **state)
{
	static const struct {
		const char *comm, *cmdline, *role;
	} cases[] = {
		{"claude", "claude --session-id 1234", "claude"},
		{"node", "/usr/bin/node /opt/lib/claude-code/cli.js --resume x", "claude-code"},
		{"node", "node --max-old-space-size=4096 /x/bin/gemini", "gemini"},
		{"MainThread", "python3.11 /usr/bin/aider --model m", "aider"},
		{"bash", "-bash", "shell: bash"},
		{"zsh", "/bin/zsh -l", "shell: zsh"},
		{"node", "node /n/@modelcontextprotocol/server-github/dist/index.js",
			"mcp: github"},
		{"npm", "npx playwright-mcp", "mcp: playwright"},
		{"python3", "/usr/bin/python3 /v/bin/mcp-server-git --repo .", "mcp: git"},
		{"gopls", "/go/bin/gopls serve", "language server: gopls"},
		{"node", "node /x/typescript-language-server --stdio",
			"language server: typescript-language-server"},
		{"rg", "rg mcp src", "rg"},
		{"kworker", NULL, "kworker"},
		{"uv", "uv tool run aider", "aider"},
	};
	char role[48];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		proc_role(cases[i].comm, cases[i].cmdline, role, sizeof role);
		assert_string_equal(role, cases[i].role);
	}
}

static void
put_fd(const char *proc, int pid, int fd, const char *device, const char *info)
{
	char path[600];

	snprintf(path, sizeof path, "%s/%d/fdinfo/%d", proc, pid, fd);
	put_file(path, "%s", info);
	snprintf(path, sizeof path, "%s/%d/fd/x", proc, pid);
	put_file(path, "x");
	snprintf(path, sizeof path, "%s/%d/fd/%d", proc, pid, fd);
	assert_int_equal(symlink(device, path), 0);
}

/* Two processes with one client between them, another client, another device, an old driver. */
static void
test_graphics(void **state)
{
	static const char one[] = "pos:\t0\ndrm-driver:\tamdgpu\ndrm-pdev:\t0000:03:00.0\n"
				  "drm-client-id:\t7\ndrm-total-vram0:\t900 MiB\n"
				  "drm-resident-vram0:\t100 MiB\ndrm-resident-gtt:\t2048 KiB\n"
				  "drm-memory-vram:\t900 MiB\n";
	static const char two[] = "drm-pdev:\t0000:03:00.0\ndrm-client-id:\t8\n"
				  "drm-resident-vram0:\t10 MiB\n";
	static const char other[] = "drm-pdev:\t0000:00:02.0\ndrm-client-id:\t7\n"
				    "drm-resident-system0:\t3 MiB\ndrm-resident-local0:\t1 MiB\n";
	static const char old[] = "drm-pdev:\t0000:04:00.0\ndrm-client-id:\t1\n"
				  "drm-memory-vram:\t4096 KiB\ndrm-memory-gtt: 1024 KiB\n";
	const pid_t pid[] = {10, 11, 12};
	char proc[400];
	struct gpu_memory g;

	(void)state;
	snprintf(proc, sizeof proc, "%s/proc", getenv("MUSTER_HOME"));
	put_fd(proc, 10, 3, "/dev/dri/renderD128", one);
	put_fd(proc, 10, 4, "/dev/dri/renderD128", two);
	put_fd(proc, 10, 5, "/tmp/file", two); /* no device: not read */
	put_fd(proc, 11, 9, "/dev/dri/renderD128", one);
	put_fd(proc, 11, 10, "/dev/dri/renderD129", other);
	put_fd(proc, 12, 3, "/dev/dri/card2", old);
	g = footprint_gpu(proc, pid, 1);
	assert_int_equal(g.clients, 2);
	assert_near((double)g.vram_bytes, 110, 0.01);
	assert_near((double)g.system_bytes, 2, 0.01);
	g = footprint_gpu(proc, pid, 3);
	assert_int_equal(g.clients, 4);
	assert_near((double)g.vram_bytes, 115, 0.01);
	assert_near((double)g.system_bytes, 6, 0.01);
	g = footprint_gpu(proc, (pid_t[]){99}, 1);
	assert_int_equal(g.clients, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_dirty_and_lazy, end_all),
		cmocka_unit_test_teardown(test_swap_keeps_footprint, end_all),
		cmocka_unit_test_teardown(test_shared_counts_once, end_all),
		cmocka_unit_test_teardown(test_shared_and_swapped, end_all),
		cmocka_unit_test_teardown(test_held_memfd, end_all),
		cmocka_unit_test_teardown(test_categories_add_up, end_all),
		cmocka_unit_test_teardown(test_tree_rules, end_all),
		cmocka_unit_test_teardown(test_rules_over_several_roots, end_all),
		cmocka_unit_test_teardown(test_roles, end_all),
		cmocka_unit_test(test_graphics),
	};

	hogs_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
