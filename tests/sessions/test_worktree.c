/* Sessions in git worktrees of their own (sessions/life/worktree.h), from the command line. */
#include "tests/sessions/run_muster.h"

/* A repository with one commit and a directory src, at MUSTER_HOME/repo; its branch is main. */
static void
make_repo(void)
{
	char cmd[2048];

	snprintf(cmd, sizeof cmd,
		"cd '%s' && git init -q -b main repo && cd repo && mkdir src && echo 1 >src/a && "
		"git add . && git -c user.name=t -c user.email=t@t commit -q -m one",
		getenv("MUSTER_HOME"));
	assert_int_equal(system(cmd), 0);
}

static int PRINTF_LIKE(1, 2) shell(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof cmd, fmt, ap);
	va_end(ap);
	return system(cmd);
}

static bool
there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Its worktree as `ls` has it, "none" without. */
struct wanted {
	const char *name, *branch;
	bool dirty;
	int unpushed;
};

static bool
tree_is(void *ctx)
{
	const struct wanted *w = ctx;
	const char *name, *branch = "";
	int dirty = -1, unpushed = -1;
	json_t *j, *s, *t;
	size_t i;
	bool yes = false;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s) {
		t = json_object_get(s, "worktree");
		name = json_string_value(json_object_get(s, "name"));
		if (!strcmp(name, w->name) && json_unpack(t, "{s:s,s:b,s:i}", "branch", &branch,
						      "dirty", &dirty, "unpushed", &unpushed) == 0)
			yes = !strcmp(branch, w->branch) && dirty == w->dirty &&
			      unpushed == w->unpushed;
	}
	json_decref(j);
	return yes;
}

static void
assert_tree(const char *name, const char *branch, bool dirty, int unpushed)
{
	struct wanted w = {name, branch, dirty, unpushed};

	if (!until(tree_is, &w, 30))
		fail_msg("%s: not on %s, dirty %d, unpushed %d: %s", name, branch, dirty, unpushed,
			out_text);
}

static void
assert_said(const char *part)
{
	char err[4096];

	err_text(err, sizeof err);
	if (!strstr(err, part))
		fail_msg("'%s' was not said: %s", part, err);
}

static int
begin(void **state)
{
	static unsigned n;
	char name[16];

	(void)state;
	if (n)
		*strrchr(getenv("MUSTER_HOME"), '/') = 0;
	snprintf(name, sizeof name, "w%u", n++);
	own_home(name);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	make_repo();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	muster("server stop --kill-sessions");
	return 0;
}

/* Made beside the repository, in the same directory below; seen to change; gone once nothing is lost. */
static void
test_made_and_removed(void **state)
{
	(void)state;
	assert_int_equal(
		muster("new -d -n fix -c '%s' --worktree fix/login -- sh", in_home("repo/src")), 0);
	assert_true(there(in_home("repo.worktrees/fix/login/src/a")));
	muster("send fix 'echo at $PWD.'");
	until_shows("fix", "repo.worktrees/fix/login/src.");
	assert_tree("fix", "fix/login", false, 0);
	muster("send fix 'echo 2 >b; echo made'");
	assert_tree("fix", "fix/login", true, 0);
	assert_int_equal(muster("ls"), 0);
	assert_non_null(strstr(out_text, "[fix/login*]"));

	muster("send fix 'git add . && git -c user.name=t -c user.email=t@t commit -q -m two'");
	assert_tree("fix", "fix/login", false, 1);
	assert_int_equal(muster("ls"), 0);
	assert_non_null(strstr(out_text, "[fix/login]"));

	assert_int_equal(muster("kill fix"), 0);
	assert_int_equal(shell("cd '%s' && git merge -q fix/login", in_home("repo")), 0);
	assert_int_equal(muster("forget fix"), 0);
	assert_said("removed the worktree");
	assert_false(there(in_home("repo.worktrees")));
	assert_int_equal(
		shell("cd '%s' && git show-ref -q refs/heads/fix/login", in_home("repo")), 0);
}

/* Not while something would be lost, and the reason is said. */
static void
test_kept(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {"a", "b", "c", "d"};

		assert_int_equal(muster("new -d -n %s -c '%s' --worktree %s -- sh", names[i],
					 in_home("repo"), names[i]),
			0);
	}
	muster("send a 'echo 2 >new; echo made'");
	muster("send b 'git -c user.name=t -c user.email=t@t commit -q --allow-empty -m x'");
	assert_tree("a", "a", true, 0);
	assert_tree("b", "b", false, 1);
	assert_int_equal(muster("new -d -n guest -c '%s' -- sh", in_home("repo.worktrees/c")), 0);
	/* of which nothing else has a copy */
	assert_int_equal(shell("cd '%s' && echo .env >>repo/.git/info/exclude && echo secret "
			       ">repo.worktrees/d/.env",
				 getenv("MUSTER_HOME")),
		0);
	assert_int_equal(muster("kill a b c d"), 0);
	assert_int_equal(muster("forget a"), 0);
	assert_said("a stays: it has changes that are not committed");
	assert_int_equal(muster("forget b"), 0);
	assert_said("b stays: 1 of its commits are not pushed");
	assert_int_equal(muster("forget c --json"), 0);
	assert_non_null(strstr(out_text, "guest works in it"));
	assert_true(there(in_home("repo.worktrees/a/new")));
	assert_true(there(in_home("repo.worktrees/b/src")));
	assert_true(there(in_home("repo.worktrees/c/src")));
	assert_int_equal(muster("forget d"), 0);
	assert_said("d stays: it has files that git ignores (.env)");
	assert_true(there(in_home("repo.worktrees/d/.env")));
}

/* A worktree that is there is used again, also by a server that is another; a wrong one is refused. */
static void
test_again(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d -n one -c '%s' --worktree old -- sh", in_home("repo")), 0);
	assert_int_equal(muster("kill one"), 0);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_int_equal(muster("new -d -n two -c '%s' --worktree old -- sh", in_home("repo")), 0);
	assert_tree("two", "old", false, 0);
	assert_tree("one", "old", false, 0);

	assert_int_equal(muster("new -d -c '%s' --worktree main -- sh", in_home("repo")), 1);
	assert_said("already checked out");
	assert_int_equal(muster("new -d -c '%s' --worktree ../x -- sh", in_home("repo")), 2);
	assert_said("cannot be a branch's name");
	assert_int_equal(muster("new -d -c / --worktree x -- sh"), 1);
	assert_said("not a git repository");
	assert_true(there(in_home("repo.worktrees/old")));
}

static bool
is_gone(void *path)
{
	return !there(path);
}

/* As a line of a fleet's file: made once, and known again. */
static void
test_fleet(void **state)
{
	FILE *f = fopen(in_home("fleet.ini"), "w");

	(void)state;
	assert_non_null(f);
	fputs("directory = repo\ncommand = cat\n[one]\nworktree = b1\n[two]\nworktree = b2\n", f);
	fclose(f);
	assert_int_equal(muster("up '%s'", in_home("fleet.ini")), 0);
	assert_true(there(in_home("repo.worktrees/b1/src")));
	assert_true(there(in_home("repo.worktrees/b2/src")));
	assert_int_equal(muster("up '%s'", in_home("fleet.ini")), 0);
	assert_string_equal(out_text, "one is running\ntwo is running\n");
	assert_int_equal(muster("down --kill '%s'", in_home("fleet.ini")), 0);
	assert_non_null(strstr(out_text, "two has ended"));
}

static void
test_cannot_start(void **state)
{
	(void)state;
	assert_int_equal(
		muster("new -d -c '%s' --worktree none -- /nothing/there", in_home("repo")), 1);
	assert_true(until(is_gone, (void *)in_home("repo.worktrees"), 30));
	/* one that was made for nothing goes, whatever it failed by; one that was there stays */
	assert_int_equal(muster("new -d -n only -- cat"), 0);
	assert_int_equal(
		muster("new -d -c '%s' --worktree mine -n tree -- sh", in_home("repo")), 0);
	assert_int_equal(muster("kill --now tree"), 0);
	assert_int_equal(
		muster("new -d -c '%s' --worktree mine -- /nothing/there", in_home("repo")), 1);
	assert_int_equal(
		muster("new -d -n only -c '%s' --worktree none -- sh", in_home("repo")), 1);
	assert_true(until(is_gone, (void *)in_home("repo.worktrees/none"), 30));
	assert_true(there(in_home("repo.worktrees/mine/src")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_made_and_removed, begin, end),
		cmocka_unit_test_setup_teardown(test_kept, begin, end),
		cmocka_unit_test_setup_teardown(test_again, begin, end),
		cmocka_unit_test_setup_teardown(test_cannot_start, begin, end),
		cmocka_unit_test_setup_teardown(test_fleet, begin, end),
	};

	if (system("git --version >/dev/null 2>&1") != 0) {
		puts("skipped: git is not installed");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
