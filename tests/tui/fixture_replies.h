#ifndef TESTS_TUI_FIXTURE_REPLIES_H
#define TESTS_TUI_FIXTURE_REPLIES_H
/* What the server answers a view that asks for more than the list. */
#include "fixture.h"

static char *
reap_reply(void)
{
	json_t *list = json_array();
	for (size_t i = 0; i < ARRAY_LEN(fixture); i++) {
		const struct fixture_session *f = &fixture[i];
		if (!strcmp(f->state, "running"))
			json_array_append_new(list,
				json_pack("{s:s, s:s, s:f, s:b, s:b, s:[s]}", "id", f->id, "name",
					f->name, "footprint_bytes", f->mb * 1048576, "eligible",
					f->eligible, "worth", f->worth, "reasons", f->reason));
	}
	json_t *o = json_pack("{s:o}", "candidates", list);
	char *text = json_dumps(o, 0);
	json_decref(o);
	return text;
}

/* Six hours of one session: steady, a bump, then growth with a share in swap. */
static char *
history_reply(void)
{
	json_t *list = json_array();
	double v = 212;
	for (int i = 0; i < 360; i++) {
		double swap = i > 200 ? (i - 200) * 1.6 : 0;
		v += i > 250 ? 5 : (i > 130 && i < 150 ? 8 : (i > 150 && i < 160 ? -4 : 0.4));
		json_array_append_new(
			list, json_pack("{s:f, s:f, s:f, s:f, s:f}", "t", NOW - 21600 + i * 60,
				      "min", v * 1048576, "max", v * 1048576, "swap_max",
				      swap * 1048576, "rss", (v - swap) * 1048576));
	}
	json_t *o = json_pack("{s:f, s:o, s:[{s:f, s:s}, {s:f, s:s}]}", "step_s", 60.0, "points",
		list, "events", "t", NOW - 14200, "event", "asked", "t", NOW - 6000, "event",
		"attached");
	char *text = json_dumps(o, 0);
	json_decref(o);
	return text;
}

static void
answer_reap(struct app *a)
{
	char *text = reap_reply();
	answer(a, "reap", text);
	free(text);
}

static void
answer_history(struct app *a)
{
	char *text = history_reply();
	answer(a, "history", text);
	free(text);
	answer(a, "footprint",
		"{\"processes\":[{\"pid\":4711,\"role\":\"claude\",\"footprint_bytes\":1036000000,"
		"\"rss_bytes\":700000000,\"swap_bytes\":336000000},{\"pid\":4733,\"role\":"
		"\"mcp: playwright\",\"footprint_bytes\":252000000,\"rss_bytes\":240000000}]}");
}
#endif
