#ifndef TESTS_TUI_FIXTURE_DATA_H
#define TESTS_TUI_FIXTURE_DATA_H
/* The sessions of the fixed model. Sizes in MiB. */
#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include "core/base/base.h"

struct fixture_session {
	const char *id, *name, *cwd, *profile, *state, *act, *growth, *last;
	double idle_s, mb, mb_h;
	bool eligible, worth, pinned;
	const char *reason;
	int spark[8];
};
/* clang-format off */
static const struct fixture_session fixture[] = {
	{"a1", "api-refactor", "/srv/u/w/api", "claude", "running", "permission", "flat", "Bash: npm run migrate", 250, 612, 38, false, false, false, "activity: waiting for you", {300, 310, 330, 340, 380, 400, 480, 612}},
	{"a2", "docs-i18n", "/srv/u/w/docs", "claude", "running", "question", "flat", "\xe2\x80\x9cWhich locale first?\xe2\x80\x9d", 680, 540, 0, false, false, false, "activity: waiting for you", {530, 530, 540, 540, 540, 540, 540, 540}},
	{"b1", "flaky-ci", "/srv/u/w/api", "claude", "running", "working", "fast", "Edit src/queue.c", 1, 1331, 410, false, false, false, "activity: working", {330, 420, 610, 700, 820, 900, 1150, 1331}},
	{"b2", "parser-fuzz", "/srv/u/w/parse", "claude", "running", "working", "flat", "pytest -x  3m12s", 1, 744, 55, false, false, false, "activity: working", {590, 600, 600, 610, 700, 720, 740, 744}},
	{"b3", "bench-arena", "/srv/u/w/parse", "codex", "running", "working", "flat", "cargo bench -- arena", 1, 188, 2, false, false, false, "activity: working", {120, 160, 180, 188, 188, 188, 188, 188}},
	{"b4", "compose-up", "/srv/u/w/infra", "shell", "running", "working", "flat", "web_1  | GET /healthz 200", 1, 64, 0, false, false, false, "tool: docker", {64, 64, 64, 64, 64, 64, 64, 64}},
	{"b5", "migrate-vue3", "/srv/u/w/front", "claude", "running", "working", "flat", "Update(components/Nav.vue)", 1, 498, 12, false, false, false, "activity: working", {450, 460, 470, 470, 480, 490, 498, 498}},
	{"b6", "perf-trace", "/srv/u/w/api", "gemini", "running", "working", "unknown", "Reading trace.json", 1, 301, 0, false, false, false, "activity: working", {0, 0, 0, 0, 0, 240, 290, 301}},
	{"c1", "old-spike", "/srv/u/w/lab", "claude", "running", "done", "slow", "Spike finished", 187300, 1946, 220, true, true, false, "idle: done; nothing running; resumable", {1100, 1200, 1400, 1500, 1600, 1700, 1850, 1946}},
	{"c2", "readme-pass", "/srv/u/w/docs", "claude", "running", "done", "flat", "3 files changed", 69000, 803, 0, true, true, false, "idle: done; nothing running; resumable", {800, 800, 800, 801, 801, 802, 803, 803}},
	{"c3", "auth-review", "/srv/u/w/api", "claude", "running", "idle", "flat", "", 8100, 655, 2, false, false, true, "pinned: never put to sleep", {640, 640, 645, 645, 650, 650, 655, 655}},
	{"c4", "i18n-try2", "/srv/u/w/docs", "claude", "running", "idle", "flat", "No more strings to move.", 33000, 610, 4, true, true, false, "idle: resumable", {600, 600, 600, 605, 605, 608, 610, 610}},
	{"c5", "perf-notes", "/srv/u/w/lab", "claude", "running", "done", "flat", "Wrote NOTES.md", 18500, 522, 0, true, true, false, "idle: resumable", {522, 522, 522, 522, 522, 522, 522, 522}},
	{"c6", "todo-sweep", "/srv/u/w/front", "codex", "running", "idle", "flat", "14 of 14 done", 2700, 398, 0, true, true, false, "idle: resumable", {398, 398, 398, 398, 398, 398, 398, 398}},
	{"c7", "lint-all", "/srv/u/w/api", "claude", "running", "idle", "flat", "> fix the", 11000, 344, 0, false, false, false, "draft: unsent text in its prompt", {344, 344, 344, 344, 344, 344, 344, 344}},
	{"c8", "nightly", "/srv/u/w/infra", "claude", "running", "idle", "flat", "make soak", 7300, 702, 11, false, true, false, "tool: make", {660, 670, 680, 680, 690, 695, 700, 702}},
	{"c9", "sql-notes", "/srv/u/w/db", "claude", "running", "idle", "flat", "EXPLAIN ANALYZE pasted above", 5400, 287, 0, false, false, false, "small: 287M", {287, 287, 287, 287, 287, 287, 287, 287}},
	{"ca", "shell", "/srv/u", "shell", "running", "idle", "flat", "u@box:~$", 930, 6, 0, false, false, false, "small: 6M", {6, 6, 6, 6, 6, 6, 6, 6}},
	{"cb", "release-2.4", "/srv/u/w/front", "claude", "running", "done", "flat", "Tagged v2.4.0", 3900, 471, 1, false, false, false, "idle: 1.1h of 2h", {470, 470, 470, 470, 470, 471, 471, 471}},
	{"d1", "auth-spike", "/srv/u/w/api", "claude", "asleep", "idle", "unknown", "Login works with passkeys", 260000, 0, 0, false, false, false, NULL, {0}},
	{"d2", "css-grid", "/srv/u/w/front", "claude", "asleep", "idle", "unknown", "Grid done", 400000, 0, 0, false, false, false, NULL, {0}},
	{"d3", "lost-one", "/srv/u/w/lab", "claude", "lost", "unknown", "unknown", "", 90000, 0, 0, false, false, false, NULL, {0}},
	{"d4", "wasm-try", "/srv/u/w/lab", "codex", "asleep", "idle", "unknown", "Stopped at linker errors", 300000, 0, 0, false, false, false, NULL, {0}},
};
/* clang-format on */

static json_t *
fixture_json(const struct fixture_session *f)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:i, s:i, s:b}", "id",
		f->id, "name", f->name, "cwd", f->cwd, "profile", f->profile, "state", f->state,
		"activity", f->act, "growth", f->growth, "last_line", f->last, "idle_s", f->idle_s,
		"pid", 4711, "processes", 3, "pinned", f->pinned);
	json_t *spark = json_array();
	for (int i = 0; i < 8; i++)
		json_array_append_new(spark, json_integer((json_int_t)f->spark[i] << 20));
	json_object_set_new(o, "spark", spark);
	json_object_set_new(o, "size", json_pack("{s:i, s:i}", "cols", 120, "rows", 40));
	json_object_set_new(o, "argv", json_pack("[s, s]", f->profile, "--verbose"));
	if (f->mb > 0) {
		json_object_set_new(o, "footprint_bytes", json_real(f->mb * 1048576));
		json_object_set_new(o, "growth_bytes_per_h", json_real(f->mb_h * 1048576));
	}
	if (strcmp(f->profile, "shell") != 0)
		json_object_set_new(o, "conversation", json_sprintf("talk-%s", f->id));
	if (!strcmp(f->act, "permission") || !strcmp(f->act, "question"))
		json_object_set_new(o, "prompt", json_string("9f31c0de"));
	json_object_set_new(o, "reap",
		json_pack("{s:b, s:b, s:[s]}", "eligible", f->eligible, "worth", f->worth,
			"reasons", f->reason ? f->reason : "idle: -"));
	return o;
}

static json_t *
fixture_ls(size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n && i < ARRAY_LEN(fixture); i++)
		json_array_append_new(list, fixture_json(&fixture[i]));
	return json_pack("{s:i, s:s, s:o, s:{s:f, s:f, s:i}}", "v", 1, "host", "box", "sessions",
		list, "pressure", "mem_total_bytes", 31.2 * 1073741824, "mem_available_bytes",
		12.8 * 1073741824, "level", 0);
}
#endif
