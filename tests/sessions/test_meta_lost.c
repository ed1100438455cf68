/* The list of sessions (meta.db) gone, damaged, locked or of somebody else, under a real server:
 * the file goes only when it is corrupt, numbers are never given twice, text stays with its
 * session. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include <dirent.h>
#include <sqlite3.h>

#define OLD_TEXT "words of the old one"

static char top[512];

static void
home_with_config(const char *name)
{
	setenv("MUSTER_HOME", top, 1);
	own_home(name);
	put_file(in_home("config.ini"), "[server]\nstore_after=50ms\n");
}

static bool
stored(void *file)
{
	return access(in_home("state/%s", (char *)file), F_OK) == 0;
}

static bool
is_listed(void *name)
{
	json_t *j, *o;
	size_t i;
	bool yes = false;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, o) {
		yes |= !strcmp(json_string_value(json_object_get(o, "name")), name);
	}
	json_decref(j);
	return yes;
}

/* True when the session of that number is called so. Eight digits are no id's beginning. */
static bool
has_num(const char *name, int num)
{
	json_t *j;
	bool yes;

	/* so many digits are the beginning of no id */
	if (muster("explain %09d --json", num) != 0)
		return false;
	j = out_json();
	yes = !strcmp(json_string_value(json_object_get(j, "name")), name);
	json_decref(j);
	return yes;
}

/* Listed, and with a number beyond those given before. */
static bool
is_beyond(const char *name, int num)
{
	bool yes = is_listed((void *)name);

	for (int i = 1; i <= num; i++)
		yes &= !has_num(name, i);
	return yes;
}

static bool
shows_old_text(const char *name)
{
	return muster("peek %s --history", name) == 0 && strstr(out_text, OLD_TEXT);
}

/* How many files of the state directory were set aside. */
static int
set_aside(void)
{
	DIR *d = opendir(in_home("state"));
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += strstr(e->d_name, ".corrupt-") != NULL;
	closedir(d);
	return n;
}

/* Session 1, `old`, printed and ended; session 2, `more`, is forgotten; no process is left. */
static void
a_first_life(void)
{
	assert_int_equal(
		muster("new -d -n old -p shell -t work -- sh -c 'echo %s; seq 300'", OLD_TEXT), 0);
	assert_int_equal(muster("wait old --for exit --timeout 10"), 0);
	assert_int_equal(muster("new -d -n more -p shell -- true"), 0);
	assert_int_equal(muster("wait more --for exit --timeout 10"), 0);
	assert_true(has_num("more", 2));
	assert_int_equal(muster("forget more"), 0);
	assert_true(until(stored, "text/1/screen", 10));
	assert_int_equal(muster("server stop"), 0);
}

static void
lose(const char *how)
{
	unlink(in_home("state/meta.db-wal"));
	unlink(in_home("state/meta.db-shm"));
	if (!strcmp(how, "removed"))
		assert_int_equal(unlink(in_home("state/meta.db")), 0);
	else if (!strcmp(how, "emptied"))
		assert_int_equal(truncate(in_home("state/meta.db"), 0), 0);
	else if (!strcmp(how, "cut"))
		assert_int_equal(truncate(in_home("state/meta.db"), 4096 + 77), 0);
	else
		put_file(in_home("state/meta.db"), "%*s", 20000, "no database");
}

static void
test_list_lost(void **state)
{
	static const char *const how[] = {"removed", "emptied", "cut", "garbage"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(how); i++) {
		home_with_config(how[i]);
		a_first_life();
		lose(how[i]);
		assert_int_equal(
			muster("new -d -n fresh -p shell -- sh -c 'echo of now; exec cat'"), 0);
		assert_true(is_beyond("fresh", 2));
		until_shows("fresh", "of now");
		assert_false(shows_old_text("fresh"));
		/* the old one is there by itself: its name, its text; and all is said */
		assert_true(has_num("old", 1));
		assert_true(shows_old_text("old"));
		assert_int_equal(muster("search 'words of the old' --json"), 0);
		assert_non_null(strstr(out_text, "\"old\""));
		assert_true(banner_has("meta.db"));
		assert_int_equal(set_aside() != 0, i >= 2);
		/* and stays */
		assert_int_equal(muster("server stop --kill-sessions"), 0);
		assert_true(has_num("old", 1));
		assert_true(is_beyond("fresh", 2));
		assert_int_equal(muster("server stop"), 0);
	}
}

/* The list of another time in the place of ours: its numbers belong to others. */
static void
test_list_replaced(void **state)
{
	(void)state;
	home_with_config("replaced");
	a_first_life();
	lose("removed");
	assert_int_equal(rename(in_home("state/text"), in_home("state/kept")), 0);
	unlink(in_home("state/numbers"));
	assert_int_equal(muster("new -d -n other -p shell -- true"), 0);
	assert_int_equal(muster("wait other --for exit --timeout 10"), 0);
	assert_true(has_num("other", 1));
	assert_int_equal(muster("server stop"), 0);
	assert_true(until(stored, "text/1", 10));
	assert_int_equal(rename(in_home("state/text"), in_home("state/aside")), 0);
	assert_int_equal(rename(in_home("state/kept"), in_home("state/text")), 0);
	assert_true(has_num("other", 1));
	assert_false(shows_old_text("other"));
	assert_true(is_beyond("old", 1));
	assert_true(shows_old_text("old"));
	assert_int_equal(muster("server stop"), 0);
}

static sqlite3 *
lock_list(void)
{
	sqlite3 *h;

	assert_int_equal(sqlite3_open(in_home("state/meta.db"), &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h,
				 "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE;"
				 "SELECT count(*) FROM sqlite_schema",
				 NULL, NULL, NULL),
		SQLITE_OK);
	return h;
}

/* Text that can be stored tells the store that the disk is well: it looks again at once. */
static bool
is_listed_at_last(void *name)
{
	assert_int_equal(muster("send fresh word"), 0);
	return is_listed(name) && banner_has("");
}

static void
until_all_is_listed(void)
{
	if (until(is_listed_at_last, "unstored", 60))
		return;
	print_message("%s\n", is_listed("unstored") ? "listed" : "not listed");
	muster("server status --json");
	fail_msg("%s", out_text);
}

/* Sessions that are only in the list, as one not to be stored is, come when it can be read. */
static void
test_list_locked(void **state)
{
	sqlite3 *h;

	(void)state;
	home_with_config("locked");
	assert_int_equal(muster("new -d -n unstored -p shell --no-store -- true"), 0);
	assert_int_equal(muster("wait unstored --for exit --timeout 10"), 0);
	assert_int_equal(muster("new -d -n old -p shell -- sh -c 'echo %s; seq 300'", OLD_TEXT), 0);
	assert_int_equal(muster("wait old --for exit --timeout 10"), 0);
	assert_int_equal(muster("new -d -n more -p shell -- true"), 0);
	assert_int_equal(muster("wait more --for exit --timeout 10"), 0);
	assert_true(until(stored, "text/2/screen", 10));
	assert_int_equal(muster("server stop"), 0);
	h = lock_list();
	assert_true(is_listed("old"));
	assert_true(banner_has("meta.db"));
	assert_int_equal(muster("new -d -n fresh -p shell -- sh -c 'echo of now; exec cat'"), 0);
	assert_true(is_beyond("fresh", 3));
	until_shows("fresh", "of now");
	assert_false(shows_old_text("fresh"));
	assert_int_equal(set_aside(), 0);
	sqlite3_close(h);
	until_all_is_listed();
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_true(has_num("unstored", 1));
	assert_true(has_num("old", 2));
	assert_true(is_beyond("fresh", 3));
	assert_true(shows_old_text("old"));
	assert_int_equal(muster("server stop"), 0);
}

/* Nothing but the list knew the numbers, and it cannot be read. */
static void
test_locked_and_no_numbers(void **state)
{
	sqlite3 *h;

	(void)state;
	home_with_config("unnumbered");
	assert_int_equal(muster("new -d -n unstored -p shell --no-store -- true"), 0);
	assert_int_equal(muster("wait unstored --for exit --timeout 10"), 0);
	assert_int_equal(muster("server stop"), 0);
	unlink(in_home("state/numbers"));
	h = lock_list();
	assert_int_equal(muster("new -d -n fresh -p shell -- sh -c 'echo of now; exec cat'"), 0);
	sqlite3_close(h);
	until_all_is_listed();
	assert_true(has_num("unstored", 1));
	assert_true(is_beyond("fresh", 1));
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_true(has_num("unstored", 1));
	assert_true(is_beyond("fresh", 1));
	assert_int_equal(muster("server stop"), 0);
}

/* The list of a version to come: its sessions are shown, what begins here is found again. */
static void
test_list_newer(void **state)
{
	sqlite3 *h;

	(void)state;
	home_with_config("newer");
	a_first_life();
	assert_int_equal(sqlite3_open(in_home("state/meta.db"), &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
	assert_true(has_num("old", 1));
	assert_true(banner_has("newer muster"));
	assert_int_equal(muster("new -d -n fresh -p shell -- sh -c 'echo of now; exec cat'"), 0);
	until_shows("fresh", "of now");
	assert_true(is_beyond("fresh", 2));
	assert_true(banner_has("newer muster"));
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_true(is_listed("fresh"));
	assert_true(shows_old_text("old"));
	assert_int_equal(set_aside(), 0);
	assert_int_equal(muster("server stop"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_lost),
		cmocka_unit_test(test_list_replaced),
		cmocka_unit_test(test_list_locked),
		cmocka_unit_test(test_list_newer),
		cmocka_unit_test(test_locked_and_no_numbers),
	};

	snprintf(top, sizeof(top), "%s", getenv("MUSTER_HOME"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
