/* Footprint against processes whose memory is known: what they dirtied, shared, gave up, held. */
#include "sessions/footprint.h"
#include "sessions/proctree.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define MB (1024.0 * 1024)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#ifdef SANITIZED
#define SLACK_MB 16 /* the sanitizer's own memory in the processes looked at */
#else
#define SLACK_MB 0
#endif

struct hog {
	pid_t pid;
	FILE *in, *out;
};
static pid_t started[32]; /* ended after each test, passed or failed */
static size_t n_started;

static void
hog_start(struct hog *h, const char *marker)
{
	int to[2], from[2];
	char path[512], env[64];

	snprintf(path, sizeof path, "%s/tests/tools/memhog", getenv("MUSTER_BIN"));
	snprintf(env, sizeof env, "MUSTER_SESSION=%s", marker ? marker : "");
	assert_int_equal(pipe(to) | pipe(from), 0);
	h->pid = fork();
	if (h->pid == 0) {
		setsid();
		dup2(to[0], 0);
		dup2(from[1], 1);
		for (int i = 3; i < 64; i++)
			close(i);
		execle(path, "memhog", (char *)NULL, (char *[]){marker ? env : NULL, NULL});
		_exit(127);
	}
	started[n_started++] = h->pid;
	close(to[0]);
	close(from[1]);
	h->in = fdopen(to[1], "w");
	h->out = fdopen(from[0], "r");
}

/* Sends a command; returns the pid it answered, 0, or -1 if the kernel refused. */
static pid_t
hog_do(struct hog *h, const char *cmd)
{
	char line[128] = "";
	int pid = 0;

	fprintf(h->in, "%s\n", cmd);
	fflush(h->in);
	assert_non_null(fgets(line, sizeof line, h->out));
	if (strncmp(line, "ok", 2) != 0)
		return -1;
	if (sscanf(line, "ok %d", &pid) == 1)
		started[n_started++] = pid;
	return pid;
}

static void
hog_end(struct hog *h)
{
	fclose(h->in);
	fclose(h->out);
	kill(h->pid, SIGKILL);
	waitpid(h->pid, NULL, 0);
}

static int
end_all(void **state)
{
	(void)state;
	while (n_started)
		kill(started[--n_started], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0) /* strays come to us: we are their subreaper */
		;
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
	struct hog h;
	struct proc_info p = {0};

	(void)state;
	hog_start(&h, NULL);
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
	struct hog h;
	struct proc_info p = {0};
	double before;

	(void)state;
	if (!have_swap())
		skip();
	hog_start(&h, NULL);
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
	struct hog h;
	struct footprint_report r;

	(void)state;
	hog_start(&h, "shr1");
	hog_do(&h, "share 40");
	for (int i = 0; i < 3; i++)
		hog_do(&h, "fork");
	assert_int_equal(footprint_report(h.pid, NULL, &r), 0);
	assert_int_equal(r.n_procs, 4);
	assert_int_equal(r.procs[0].pid, h.pid);
	assert_near((double)r.total, 40, 2);
	assert_true(r.total + 30 * MB < r.rss || r.rss >= 40 * MB);
	footprint_report_free(&r);
	/* private memory is shared by forks until written: PSS divides it */
	hog_end(&h);
	hog_start(&h, NULL);
	hog_do(&h, "dirty 40");
	hog_do(&h, "fork");
	hog_do(&h, "fork");
	assert_int_equal(footprint_report(h.pid, NULL, &r), 0);
	assert_int_equal(r.n_procs, 3);
	assert_near((double)r.total, 40, 2);
	assert_true(r.rss > 110 * MB);
	footprint_report_free(&r);
	hog_end(&h);
}

static void
test_shared_and_swapped(void **state)
{
	struct hog h;
	struct footprint_report r;

	(void)state;
	if (!have_swap())
		skip();
	hog_start(&h, NULL);
	hog_do(&h, "share 48");
	hog_do(&h, "fork");
	hog_do(&h, "pageout");
	assert_int_equal(footprint_report(h.pid, NULL, &r), 0);
	assert_near((double)r.total, 48, 2);
	assert_true(r.shared_extra > 40 * MB);
	footprint_report_free(&r);
	hog_end(&h);
}

static void
test_held_memfd(void **state)
{
	struct hog h;
	struct footprint_report r;
	struct proc_info p[2] = {0};

	(void)state;
	hog_start(&h, NULL);
	hog_do(&h, "memfd 24");
	p[0].pid = h.pid;
	p[1].pid = hog_do(&h, "fork"); /* holds it too: still once */
	assert_near((double)footprint_shared_extra(p, 2), 24, 0.1);
	assert_int_equal(footprint_report(h.pid, NULL, &r), 0);
	assert_near((double)r.total, 24.3, 1);
	assert_string_equal(r.cats[0].name, "memfd, not mapped");
	footprint_report_free(&r);
	hog_end(&h);
}

static void
test_categories_add_up(void **state)
{
	struct hog h;
	struct footprint_report r;
	uint64_t sum = 0;
	bool big = false;

	(void)state;
	hog_start(&h, NULL);
	hog_do(&h, "dirty 40");
	hog_do(&h, "share 9");
	assert_int_equal(footprint_report(h.pid, NULL, &r), 0);
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
	struct hog h;
	struct proc_info *p;
	size_t n;
	pid_t child, stray, bare;

	(void)state;
	hog_start(&h, "tree7a");
	child = hog_do(&h, "fork");
	stray = hog_do(&h, "daemon");
	bare = hog_do(&h, "setsid");
	p = proctree(h.pid, "tree7a", &n);
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
	p = proctree(h.pid, "tree7a", &n); /* the marker finds strays of a child that is gone */
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
	struct proc_table t;
	pid_t bare, mine;

	(void)state;
	hog_start(&a, "two1");
	hog_start(&b, "two2");
	mine = hog_do(&a, "fork");
	bare = hog_do(&b, "setsid");
	struct proc_root roots[] = {{a.pid, "two1"}, {b.pid, "two2"}};
	struct proc_hints h = {.seen = remembers, .ctx = &bare, .skip = {getpid(), getppid()}};

	assert_int_equal(proc_table_scan(&t), 0);
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
	};

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
