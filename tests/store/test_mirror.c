/* The mirror between the server and two copies on the disk: what the list lost comes from the
 * cards, what the cards do not say from the list, and no session takes another's place. */
#include "store/card.h"
#include "store/mirror.h"
#include "store/segfile.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static char home[400], path[512];
static uint32_t next_num;

static int
fresh(void **state)
{
	static int n;

	(void)state;
	snprintf(home, sizeof home, "%s/mirror%d", getenv("MUSTER_HOME"), n++);
	snprintf(path, sizeof path, "%s/meta.db", home);
	next_num = 1000;
	return mkdir(home, 0700);
}

static uint32_t
new_num(void *ctx)
{
	(void)ctx;
	return next_num++;
}

static struct meta_db *
open_list(void)
{
	char banner[160];
	struct err e;

	return meta_open(path, banner, sizeof banner, &e);
}

static struct mirror
mirror_new(void)
{
	struct mirror mi = {0};

	snprintf(mi.text_dir, sizeof mi.text_dir, "%s/text", home);
	return mi;
}

static void
put(struct mirror *mi, uint32_t num, const char *id, bool no_store)
{
	struct meta_session s = {.num = num,
				    .cwd = "/",
				    .argv_json = "[\"a\"]",
				    .no_store = no_store},
			    copy;

	snprintf(s.id, sizeof s.id, "%s", id);
	snprintf(s.name, sizeof s.name, "n-%s", id);
	snprintf(s.conversation, sizeof s.conversation, "c-%s", id);
	copy = meta_session_copy(&s);
	mirror_put(mi, &copy);
}

/* The list and the cards read by somebody new; ids by number as "num:id,…". */
static const char *
found(struct meta_db *db, size_t *salvaged)
{
	static char out[400];
	struct mirror mi = mirror_new();
	struct meta_list l = {0}, all;

	if (db)
		assert_int_equal(mirror_read(&mi, db, &l), 0);
	*salvaged = mirror_salvage(&mi, db != NULL, new_num, NULL, &l);
	all = mirror_all(&mi);
	assert_int_equal(all.n, l.n);
	out[0] = '\0';
	for (size_t i = 0; i < all.n; i++)
		snprintf(out + strlen(out), sizeof out - strlen(out), "%u:%s,", all.s[i].num,
			all.s[i].id);
	meta_sessions_free(all.s, all.n);
	meta_sessions_free(l.s, l.n);
	if (db)
		assert_int_equal(mirror_write(&mi, db), 0);
	mirror_free(&mi);
	return out;
}

/* Sessions 3, 1 and 2 (not to be stored) are written; 4 came and went. */
static struct meta_db *
a_list(void)
{
	struct meta_db *db = open_list();
	struct mirror mi = mirror_new();

	put(&mi, 3, "aaa3", false);
	put(&mi, 1, "aaa1", false);
	put(&mi, 4, "aaa4", false);
	put(&mi, 2, "aaa2", true);
	assert_int_equal(mirror_write(&mi, db), 0);
	mirror_delete(&mi, 4);
	assert_int_equal(mirror_write(&mi, db), 0);
	mirror_free(&mi);
	return db;
}

static void
test_both_copies(void **state)
{
	struct meta_db *db = a_list();
	struct meta_session m;
	struct stat st;
	size_t n;

	(void)state;
	assert_string_equal(found(db, &n), "1:aaa1,2:aaa2,3:aaa3,");
	assert_int_equal(n, 0);
	meta_close(db);
	/* of one that is not to be stored there is no card */
	assert_string_equal(found(NULL, &n), "1:aaa1,3:aaa3,");
	assert_int_equal(n, 2);
	snprintf(path, sizeof path, "%s/text", home);
	assert_true(card_get(path, 3, &m));
	assert_string_equal(m.conversation, "c-aaa3");
	assert_string_equal(m.argv_json, "[\"a\"]");
	meta_session_clear(&m);
	snprintf(path, sizeof path, "%s/text/3/session.json", home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* Session 1 of the list is another one than that of directory 1: both are there in the end, and the
 * next one to look finds them so. */
static void
test_another_in_its_place(void **state)
{
	struct mirror mi = mirror_new();
	struct meta_db *db;
	size_t n;

	(void)state;
	meta_close(a_list());
	assert_int_equal(unlink(path), 0);
	db = open_list();
	put(&mi, 1, "bbb1", true); /* it has no directory of its own to write */
	assert_int_equal(mirror_write(&mi, db), 0);
	mirror_free(&mi);
	assert_string_equal(found(db, &n), "1:bbb1,3:aaa3,1000:aaa1,");
	assert_int_equal(n, 2);
	assert_string_equal(found(db, &n), "1:bbb1,3:aaa3,1000:aaa1,");
	assert_int_equal(n, 0);
	meta_close(db);
}

/* The list comes late, and has another session under a number that is taken: neither is lost. */
static void
test_refused(void **state)
{
	struct mirror mi = mirror_new();
	struct meta_list l = {0};
	struct meta_db *db = open_list();
	size_t n;

	(void)state;
	put(&mi, 5, "aaa5", true);
	assert_int_equal(mirror_write(&mi, db), 0);
	mirror_free(&mi);
	mi = mirror_new();
	put(&mi, 5, "bbb5", false);
	assert_int_equal(mirror_read(&mi, db, &l), 0);
	assert_int_equal(l.n, 0);
	assert_int_equal(mirror_write(&mi, db), 0);
	mirror_free(&mi);
	assert_string_equal(found(db, &n), "5:aaa5,1000:bbb5,");
	assert_int_equal(n, 1);
	meta_close(db);
}

/* Text of before there were cards: shown under its number, once nobody else can be meant. */
static void
test_no_card(void **state)
{
	struct meta_db *db = open_list();
	struct segfile *f;
	char dir[600];
	uint64_t off;
	size_t n;

	(void)state;
	snprintf(dir, sizeof dir, "%s/text/7", home);
	f = segfile_new(dir);
	snprintf(dir, sizeof dir, "%s/text", home);
	mkdir(dir, 0700);
	assert_int_equal(segfile_append(f, "words", 5, &off), 0);
	segfile_free(f);
	assert_string_equal(found(NULL, &n), "");
	assert_int_equal(strncmp(found(db, &n), "7:a", 3), 0);
	assert_int_equal(n, 1);
	assert_int_equal(strncmp(found(NULL, &n), "7:a", 3), 0); /* it has a card by then */
	meta_close(db);
}

/* Ten thousand ended sessions are nothing special. */
static void
test_many(void **state)
{
	enum { MANY = 10000 };
	struct mirror mi = mirror_new();
	struct timespec a, b;
	struct meta_list l;

	(void)state;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (uint32_t i = 0; i < MANY; i++)
		put(&mi, (i * 7919) % MANY + 1, "x", true);
	for (uint32_t i = 0; i < MANY; i++)
		put(&mi, (i * 104729) % MANY + 1, "y", true);
	l = mirror_all(&mi);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	assert_int_equal(l.n, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(l.s[i].num, i + 1);
		assert_string_equal(l.s[i].id, "y");
	}
	meta_sessions_free(l.s, l.n);
	mirror_free(&mi);
	print_message("  %.0f ms\n",
		(double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_both_copies, fresh),
		cmocka_unit_test_setup(test_another_in_its_place, fresh),
		cmocka_unit_test_setup(test_refused, fresh),
		cmocka_unit_test_setup(test_no_card, fresh),
		cmocka_unit_test_setup(test_many, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
