/* What CLIs write about themselves: registry files, rollouts, hooks. */
#include "sessions/memory/footprint.h"
#include "sessions/proc/proctree.h"
#include "sessions/agent/hooks.h"
#include "sessions/agent/registry.h"
#include "sessions/agent/registry_look.h"
#include "tests/sessions/put_file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <jansson.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ID "aaaa1111-2222-4333-8444-555566667777"
#define ID2 "bbbb1111-2222-4333-8444-555566667777"
static char dir[128];
static uv_loop_t loop;

static struct {
	uint32_t num;
	enum activity activity;
	char conversation[64], detail[80];
	int statuses, conversations;
} seen;

static void
on_status(void *ctx, uint32_t num, enum activity v, const char *detail)
{
	(void)ctx;
	seen.num = num;
	seen.activity = v;
	snprintf(seen.detail, sizeof seen.detail, "%s", detail);
	seen.statuses++;
}

static void
on_conversation(void *ctx, uint32_t num, const char *id)
{
	(void)ctx;
	seen.num = num;
	snprintf(seen.conversation, sizeof seen.conversation, "%s", id);
	seen.conversations++;
}

static const struct registry_ops ops = {.status = on_status, .conversation = on_conversation};

static void
alarm_cb(uv_timer_t *t)
{
	(void)t;
}

/* Turns the loop until the counter moves on from `was`; false after 4 s. */
static bool
moved(const int *counter, int was)
{
	uv_timer_t t;
	uint64_t end;

	uv_timer_init(&loop, &t);
	uv_timer_start(&t, alarm_cb, 20, 20);
	uv_update_time(&loop);
	end = uv_now(&loop) + 4000;
	while (*counter == was && uv_now(&loop) < end)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	return *counter != was;
}

/* Until all looks that were asked for are through. */
static void
settle(void)
{
	do
		uv_run(&loop, UV_RUN_NOWAIT);
	while (loop.active_reqs.count && uv_run(&loop, UV_RUN_ONCE));
}

static void
poke(struct registry *r, uint32_t num, double enter)
{
	registry_poke(r, num, enter);
	settle();
}

static void
put_status(const char *live, pid_t pid, uint64_t start, const char *id, const char *rest)
{
	char path[300];

	snprintf(path, sizeof path, "%s/%d.json", live, (int)pid);
	put_file(path, "{\"pid\":%d,\"procStart\":\"%llu\",\"sessionId\":\"%s\",%s}", (int)pid,
		(unsigned long long)start, id, rest);
}

static void
files_are_decoded(void **state)
{
	static const struct {
		const char *json;
		enum activity want;
	} cases[] = {
		{"{\"pid\":5,\"status\":\"busy\"}", ACT_WORKING},
		{"{\"pid\":5,\"status\":\"idle\"}", ACT_IDLE},
		{"{\"pid\":5,\"status\":\"shell\"}", ACT_WORKING},
		{"{\"pid\":5,\"status\":\"waiting\",\"waitingFor\":\"permission prompt\"}",
			ACT_PERMISSION},
		{"{\"pid\":5,\"status\":\"waiting\",\"waitingFor\":\"a choice\"}", ACT_QUESTION},
		{"{\"pid\":5,\"status\":\"pondering\"}", ACT_UNKNOWN},
	};
	static const char *const bad[] = {
		"", "[]", "{\"pid\":", "{\"status\":\"idle\"}", "{\"pid\":-3}", "null"};
	static const char outside[] = "{\"pid\":5,\"sessionId\":\"../../../etc\"}";
	struct registry_record rec;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(registry_parse(cases[i].json, strlen(cases[i].json), &rec));
		assert_int_equal(rec.activity, cases[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(registry_parse(bad[i], strlen(bad[i]), &rec));
	assert_true(registry_parse(outside, strlen(outside), &rec));
	assert_string_equal(rec.conversation, "");
}

static struct registry_subject
me(const char *live, const char *rollouts)
{
	struct registry_subject s = {.num = 9,
		.pid = getpid(),
		.pid_start = proc_start(getpid()),
		.started = (double)time(NULL),
		.cwd = dir};

	snprintf(s.live_dir, sizeof s.live_dir, "%s", live);
	snprintf(s.rollout_dir, sizeof s.rollout_dir, "%s", rollouts);
	return s;
}

static void
status_and_rotation_are_seen(void **state)
{
	struct registry *r = registry_new(&loop, &ops);
	struct registry_subject s;
	char live[200], path[300];
	uint64_t start = proc_start(getpid());

	(void)state;
	snprintf(live, sizeof live, "%s/later/sessions",
		dir); /* the CLI makes it when it first runs */
	s = me(live, "");
	memset(&seen, 0, sizeof seen);
	registry_add(r, &s);
	settle();
	put_status(live, getpid(), start, ID, "\"status\":\"idle\"");
	assert_true(moved(&seen.statuses, 0));
	assert_int_equal(seen.activity, ACT_IDLE);
	assert_int_equal(seen.num, 9);
	assert_string_equal(seen.conversation, ID);
	put_status(live, getpid(), start, ID2,
		"\"status\":\"waiting\",\"waitingFor\":\"permission prompt\"");
	for (int i = 0; i < 5 && seen.activity != ACT_PERMISSION; i++)
		assert_true(moved(&seen.statuses, seen.statuses));
	assert_string_equal(seen.conversation, ID2);
	assert_string_equal(seen.detail, "permission prompt");
	snprintf(path, sizeof path, "%s/%d.json", live, (int)getpid());
	unlink(path);
	for (int i = 0; i < 5 && seen.activity != ACT_UNKNOWN; i++)
		assert_true(moved(&seen.statuses, seen.statuses));
	assert_int_equal(seen.activity, ACT_UNKNOWN);
	registry_close(r);
	settle();
}

static void
leftovers_and_strangers_are_not_believed(void **state)
{
	struct registry *r = registry_new(&loop, &ops);
	struct registry_subject s;
	char live[200];

	(void)state;
	snprintf(live, sizeof live, "%s/old/sessions", dir);
	put_status(live, getpid(), proc_start(getpid()) + 5, ID,
		"\"status\":\"idle\""); /* pid used again */
	put_status(live, getppid(), proc_start(getppid()), ID,
		"\"status\":\"idle\""); /* not below us */
	s = me(live, "");
	memset(&seen, 0, sizeof seen);
	registry_add(r, &s);
	settle();
	assert_int_equal(seen.statuses, 0);
	assert_int_equal(seen.conversations, 0);
	put_status(live, getpid(), proc_start(getpid()), ID, "\"status\":\"busy\"");
	assert_true(moved(&seen.statuses, 0));
	assert_int_equal(seen.activity, ACT_WORKING);
	registry_close(r);
	settle();
}

static void
an_open_rollout_names_the_conversation(void **state)
{
	struct registry *r = registry_new(&loop, &ops);
	struct registry_subject s;
	char rollouts[200], path[400], id[64];
	int fd;

	(void)state;
	snprintf(rollouts, sizeof rollouts, "%s/cx/sessions", dir);
	snprintf(path, sizeof path, "%s/2031/05/06/rollout-2031-05-06T01-02-03-" ID ".jsonl",
		rollouts);
	put_file(path, "{}\n"); /* newer, and nobody's */
	snprintf(path, sizeof path, "%s/2030/05/06/rollout-2030-05-06T01-02-03-" ID2 ".jsonl",
		rollouts);
	put_file(path, "{}\n");
	s = me("", rollouts);
	memset(&seen, 0, sizeof seen);
	registry_add(r, &s);
	settle();
	assert_int_equal(seen.conversations, 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	poke(r, 9, 0);
	close(fd);
	assert_string_equal(seen.conversation, ID2);
	poke(r, 9, 0);
	assert_int_equal(seen.conversations, 1);
	registry_close(r);
	settle();
	assert_true(registry_rollout_id("/x/rollout-2031-01-02T03-04-05-" ID ".jsonl", id));
	assert_false(registry_rollout_id("/x/rollout-" ID ".json", id));
	assert_false(registry_rollout_id("/x/history.jsonl", id));
}

static bool
all_shared(void *ctx, uint32_t num, const char *cmdline)
{
	(void)ctx;
	(void)num;
	(void)cmdline;
	return true;
}

/* A rollout of today that began at t. */
static void
put_rollout(const char *rollouts, const char *id, double t, const char *cwd)
{
	time_t when = (time_t)t;
	char path[400], day[40], stamp[40];
	struct tm tm;

	localtime_r(&when, &tm);
	strftime(day, sizeof day, "%Y/%m/%d", &tm);
	gmtime_r(&when, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(path, sizeof path, "%s/%s/rollout-%s-%s.jsonl", rollouts, day,
		"2031-01-01T00-00-00", id);
	put_file(path, "{\"timestamp\":\"%s.%03dZ\",\"payload\":{\"cwd\":\"%s\"}}\n", stamp,
		(int)((t - (double)when) * 1000), cwd);
}

static void
a_rollout_that_began_with_enter_is_its_own(void **state)
{
	struct registry_ops shared = ops;
	struct registry_subject s;
	struct registry *r;
	char rollouts[200], path[400], real[PATH_MAX];
	double now = (double)time(NULL);
	int fd;

	(void)state;
	shared.shared = all_shared;
	assert_non_null(realpath(dir, real));
	snprintf(rollouts, sizeof rollouts, "%s/daemon/sessions", dir);
	r = registry_new(&loop, &shared);
	s = me("", rollouts);
	memset(&seen, 0, sizeof seen);
	registry_add(r, &s);
	settle();
	/* open in a process that serves all: says nothing */
	snprintf(path, sizeof path, "%s/2030/05/06/rollout-2030-05-06T01-02-03-" ID2 ".jsonl",
		rollouts);
	put_file(path, "{}\n");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	poke(r, 9, 0);
	close(fd);
	assert_int_equal(seen.conversations, 0);
	/* of another folder, and begun at another time */
	put_rollout(rollouts, ID2, now, "/elsewhere");
	poke(r, 9, now);
	put_rollout(rollouts, ID2, now - 60, real);
	poke(r, 9, now);
	assert_int_equal(seen.conversations, 0);
	put_rollout(rollouts, ID, now + 0.5, real);
	/* another session of the folder sent something at the same time: whose is it? */
	s.num = 10;
	registry_add(r, &s);
	settle();
	poke(r, 10, now - 1);
	assert_int_equal(seen.conversations, 0);
	poke(r, 9, now);
	assert_int_equal(seen.conversations, 0);
	registry_remove(r, 10);
	poke(r, 9, now);
	assert_string_equal(seen.conversation, ID);
	assert_int_equal(seen.num, 9);
	registry_close(r);
	settle();
}

static void
hook_payloads(void **state)
{
	static const struct {
		const char *json;
		bool taken;
		enum activity want;
	} cases[] = {
		{"{\"hook_event_name\":\"SessionStart\",\"source\":\"clear\",\"session_id\":\"" ID
		 "\"}",
			true, ACT_IDLE},
		{"{\"hook_event_name\":\"SessionStart\",\"source\":\"compact\"}", false, 0},
		{"{\"hook_event_name\":\"UserPromptSubmit\",\"session_id\":\"" ID "\"}", true,
			ACT_WORKING},
		{"{\"hook_event_name\":\"PreToolUse\",\"tool_name\":\"Bash\"}", true, ACT_WORKING},
		{"{\"hook_event_name\":\"PreToolUse\",\"agent_id\":\"a1\"}", false, 0},
		{"{\"hook_event_name\":\"PermissionRequest\",\"tool_name\":\"Bash\"}", true,
			ACT_PERMISSION},
		{"{\"hook_event_name\":\"PermissionRequest\",\"tool_name\":\"AskUserQuestion\"}",
			true, ACT_QUESTION},
		{"{\"hook_event_name\":\"Notification\",\"notification_type\":\"permission_"
		 "prompt\"}",
			true, ACT_PERMISSION},
		{"{\"hook_event_name\":\"Notification\",\"notification_type\":\"idle_prompt\"}",
			false, 0},
		{"{\"hook_event_name\":\"Stop\"}", true, ACT_DONE},
		{"{\"hook_event_name\":\"StopFailure\"}", true, ACT_ERROR},
		{"{\"hook_event_name\":\"SessionEnd\",\"reason\":\"clear\"}", false, 0},
		{"{\"hook_event_name\":\"SessionEnd\",\"reason\":\"prompt_input_exit\"}", true,
			ACT_UNKNOWN},
		{"{\"hook_event_name\":\"Surprise\"}", false, 0},
		{"[]", false, 0},
		{"{", false, 0},
	};
	static const char stop[] = "{\"hook_event_name\":\"Stop\",\"background_tasks\":[1,2]}";
	struct hook_report rep;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool taken = hooks_decode(cases[i].json, strlen(cases[i].json), &rep);

		if (taken != cases[i].taken || (taken && rep.activity != cases[i].want))
			fail_msg("case %zu", i);
	}
	assert_true(hooks_decode(cases[0].json, strlen(cases[0].json), &rep));
	assert_string_equal(rep.conversation, ID);
	assert_true(hooks_decode(stop, strlen(stop), &rep));
	assert_int_equal(rep.background, 2);
	assert_int_equal(rep.activity, ACT_WORKING); /* what it began goes on */
}

static char token[HOOK_TOKEN_LEN + 1];
static struct hook_report reported;
static int reports;

static uint32_t
session_of(void *ctx, const char *t, pid_t pid)
{
	assert_int_equal(pid, getpid());
	(void)ctx;
	return strcmp(t, token) == 0 ? 5 : 0;
}

static void
on_report(void *ctx, uint32_t num, const struct hook_report *rep)
{
	(void)ctx;
	assert_int_equal(num, 5);
	reported = *rep;
	reports++;
}

static void
a_hook_reaches_its_session_only(void **state)
{
	const struct hooks_ops ho = {.session_of = session_of, .report = on_report};
	char sock[160], hdir[160], settings[256], key[256], other[HOOK_TOKEN_LEN + 1],
		read[HOOK_TOKEN_LEN + 1];
	char *big;
	struct hooks_files f;
	struct hooks *h;
	struct stat st;
	struct err e;
	size_t n;

	(void)state;
	snprintf(sock, sizeof sock, "%s/hook", dir);
	snprintf(hdir, sizeof hdir, "%s/hooks", dir);
	h = hooks_new(&loop, sock, &ho, &e);
	assert_non_null(h);
	assert_int_equal(stat(sock, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	hooks_token(token);
	f = (struct hooks_files){.dir = hdir,
		.num = 5,
		.token = token,
		.socket_path = sock,
		.muster = "/a b/muster",
		.events = "Stop SessionStart"};
	assert_int_equal(hooks_write(&f, settings, sizeof settings, &e), 0);
	assert_true(hooks_read_token(hdir, 5, read));
	assert_string_equal(read, token);
	snprintf(key, sizeof key, "%s/5.key", hdir);
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	/* a tool's whole output does not keep the report from arriving */
	n = 200000;
	big = malloc(n + 200);
	n = (size_t)sprintf(big,
		"{\"hook_event_name\":\"PostToolUse\",\"tool_name\":\"Bash\",\"session_id\":\"" ID
		"\",\"tool_response\":\"");
	memset(big + n, 'x', 150000);
	strcpy(big + n + 150000, "\"}");
	assert_int_equal(hooks_send(key, big, strlen(big)), 0);
	free(big);
	assert_true(moved(&reports, 0));
	assert_int_equal(reported.activity, ACT_WORKING);
	assert_string_equal(reported.conversation, ID);

	/* another token says nothing; the next good one proves that the bad one was read */
	hooks_token(other);
	f.num = 6;
	f.token = other;
	assert_int_equal(hooks_write(&f, settings, sizeof settings, &e), 0);
	snprintf(key, sizeof key, "%s/6.key", hdir);
	assert_int_equal(hooks_send(key, "{\"hook_event_name\":\"StopFailure\"}", 33), 0);
	snprintf(key, sizeof key, "%s/5.key", hdir);
	assert_int_equal(hooks_send(key, "{\"hook_event_name\":\"Stop\"}", 26), 0);
	assert_true(moved(&reports, 1));
	assert_int_equal(reports, 2);
	assert_int_equal(reported.activity, ACT_DONE);
	hooks_remove(hdir, 5);
	assert_int_equal(access(key, F_OK), -1);
	assert_true(hooks_send(key, "{}", 2) < 0);
	hooks_close(h);
	uv_run(&loop, UV_RUN_NOWAIT);
}

static bool
decode(const char *json, struct hook_report *rep)
{
	return hooks_decode(json, strlen(json), rep);
}

/* Ours hears what the user's status line hears, and runs theirs; without one there is none. */
static void
the_users_status_line_stays(void **state)
{
	json_t *line = json_pack(
		       "{s:s,s:s,s:i}", "type", "command", "command", "echo 'hi'", "padding", 2),
	       *all, *got;
	char hdir[300], settings[640];
	struct hooks_files f = {.dir = hdir,
		.num = 7,
		.token = "0123456789abcdef0123456789abcdef",
		.socket_path = "/s",
		.muster = "/m",
		.events = "Stop",
		.status_line = line};
	struct hook_report rep;
	struct err e;

	(void)state;
	snprintf(hdir, sizeof hdir, "%s/line", dir);
	assert_int_equal(hooks_write(&f, settings, sizeof settings, &e), 0);
	all = json_load_file(settings, 0, NULL);
	got = json_object_get(all, "statusLine");
	assert_int_equal(json_integer_value(json_object_get(got, "padding")), 2);
	assert_non_null(strstr(
		json_string_value(json_object_get(got, "command")), "--then 'echo '\\''hi'\\'''"));
	json_decref(all);
	f.status_line = NULL;
	assert_int_equal(hooks_write(&f, settings, sizeof settings, &e), 0);
	all = json_load_file(settings, 0, NULL);
	assert_null(json_object_get(all, "statusLine"));
	json_decref(all);
	json_decref(line);
	assert_true(decode("{\"hook_event_name\":\"Status\",\"rate_limits\":{\"five_hour\":{"
			   "\"used_percentage\":55,\"resets_at\":1796000000}}}",
		&rep));
	assert_true(rep.status_line);
	assert_int_equal(rep.usage.n, 1);
	assert_true(decode("{\"hook_event_name\":\"StopFailure\",\"error\":\"rate_limit\","
			   "\"last_assistant_message\":\"resets 3pm\"}",
		&rep));
	assert_string_equal(rep.limit, "resets 3pm");
	assert_true(decode("{\"hook_event_name\":\"StopFailure\",\"error\":\"unknown\","
			   "\"last_assistant_message\":\"resets 3pm\"}",
		&rep));
	assert_string_equal(rep.limit, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_decoded),
		cmocka_unit_test(status_and_rotation_are_seen),
		cmocka_unit_test(leftovers_and_strangers_are_not_believed),
		cmocka_unit_test(an_open_rollout_names_the_conversation),
		cmocka_unit_test(a_rollout_that_began_with_enter_is_its_own),
		cmocka_unit_test(hook_payloads),
		cmocka_unit_test(a_hook_reaches_its_session_only),
		cmocka_unit_test(the_users_status_line_stays),
	};
	const char *home = getenv("MUSTER_HOME");
	int rc;

	snprintf(dir, sizeof dir, "%s", home ? home : "/tmp");
	uv_loop_init(&loop);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	uv_loop_close(&loop);
	return rc;
}
