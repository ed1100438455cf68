/* The log's files: a flood of lines leaves a few of bounded size, the newest lines among them. */
#include "core/base/log.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[200];

static off_t
size_of(const char *suffix)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof(path), "%s/log%s", dir, suffix);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void
test_files_are_bounded(void **state)
{
	char path[300], line[400], last[400] = "";
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/log", dir);
	log_open(path, LOG_INFO);
	for (int i = 0; i < 60000; i++) {
		log_info("line %d of a flood that says nothing but this, again and again", i);
		if (i == 30000) /* by a server after this one, too */
			log_open(path, LOG_INFO);
	}
	assert_true(size_of("") > 0 && size_of("") <= LOG_FILE_BYTES);
	assert_true(size_of(".1") > LOG_FILE_BYTES / 2 && size_of(".1") <= LOG_FILE_BYTES);
	assert_true(size_of(".2") > LOG_FILE_BYTES / 2 && size_of(".2") <= LOG_FILE_BYTES);
	assert_true(size_of(".3") < 0);
	assert_non_null(f = fopen(path, "r"));
	while (fgets(line, sizeof(line), f))
		strcpy(last, line);
	fclose(f);
	assert_non_null(strstr(last, "line 59999 of"));
	log_open(NULL, LOG_INFO);
	unlink(path);
	for (int i = 1; i < LOG_FILES; i++) {
		snprintf(line, sizeof(line), "%s.%d", path, i);
		unlink(line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_files_are_bounded)};

	snprintf(dir, sizeof(dir), "/tmp/muster-log-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
