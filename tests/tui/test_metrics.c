/* metrics by HTTP, and that dashboards and alerts ask for nothing that is not told. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"

static void
ask(const char *request)
{
	put_file(in_home("request"), "%s", request);
	muster("metrics --http <%s", in_home("request"));
}

static void
assert_status(const char *request, const char *status)
{
	ask(request);
	if (strncmp(out_text, "HTTP/1.1 ", 9) || strncmp(out_text + 9, status, strlen(status)))
		fail_msg("%s: %.200s", request, out_text);
}

static void
test_http(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d -n a -- cat"), 0);
	assert_status("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK\r\n");
	assert_non_null(strstr(out_text, "text/plain; version=0.0.4"));
	assert_non_null(strstr(out_text, "\r\n\r\n# HELP"));
	assert_non_null(strstr(out_text, "muster_sessions_running 1\n"));
	assert_status("GET /metrics?x=1 HTTP/1.0\n\n", "200 OK\r\n");
	assert_status("HEAD /metrics HTTP/1.1\r\n\r\n", "200 OK\r\n");
	assert_null(strstr(out_text, "# HELP"));
	assert_status("GET / HTTP/1.1\r\n\r\n", "404 ");
	assert_status("GET /metricsx HTTP/1.1\r\n\r\n", "404 ");
	assert_status("POST /metrics HTTP/1.1\r\n\r\n", "405 ");
	assert_status("GET /metrics HTTP/1.1\r\n", "400 ");
	assert_null(strstr(out_text, "muster_"));
}

/* Each muster_… word of the files in share/monitoring is the name of a metric. */
static void
test_names(void **state)
{
	char cmd[1200];

	(void)state;
	assert_int_equal(muster("metrics"), 0);
	snprintf(cmd, sizeof cmd,
		"cd '%s/share/monitoring' && grep -ohE 'muster_[a-z_0-9]+' * | sort -u >"
		"\"$MUSTER_HOME/asked\" && [ $(wc -l <\"$MUSTER_HOME/asked\") -ge 10 ] && sed -n "
		"'s/^# "
		"HELP \\([a-z_0-9]*\\) .*/\\1/p' \"$MUSTER_HOME/out\" | sort -u "
		">\"$MUSTER_HOME/told\" && "
		"comm -23 \"$MUSTER_HOME/asked\" \"$MUSTER_HOME/told\" >\"$MUSTER_HOME/missing\" "
		"&& ! "
		"grep . \"$MUSTER_HOME/missing\" >&2",
		getenv("MUSTER_SRC"));
	assert_int_equal(system(cmd), 0);
}

static int
end(void **state)
{
	(void)state;
	muster("server stop --kill-sessions");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
