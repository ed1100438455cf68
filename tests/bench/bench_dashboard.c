/* What a frame of the dashboard costs the processor: sessions that change, the selected one's screen
 * live beside them, from what came of the server to the bytes for the terminal. 200x50. */
#include "core/os/os.h"
#include "core/paint/frame.h"
#include "core/paint/render.h"
#include "tests/tui/fixture_asked.h"
#include "tests/tui/fixture_data.h"
#include "tui/app/app.h"
#include <stdio.h>
#include <time.h>

#define FRAMES 500

static uint64_t
cpu_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static struct app *
dashboard(size_t sessions)
{
	const struct app_config c = {
		.cols = 200, .rows = 50, .color = true, .prefix = "C-\\", .base = &view_list};
	struct app *a = app_new(&c, &fake_ops);
	json_t *list = json_array();
	CHECK(a);
	a->now = 1763762400;
	for (size_t i = 0; i < sessions; i++) {
		char id[16];
		json_t *o = fixture_json(&fixture[i % ARRAY_LEN(fixture)]);
		snprintf(id, sizeof id, "s%zu", i);
		json_object_set_new(o, "id", json_string(id));
		json_array_append_new(list, o);
	}
	json_t *ls = json_pack("{s:o}", "sessions", list);
	app_watch(a);
	asked[(n_asked - 1) % 32].cb(a, ls, NULL, "");
	json_decref(ls);
	return a;
}

static void
measure(size_t sessions, bool events)
{
	struct app *a = dashboard(sessions);
	struct render_caps caps = {.sync = true, .truecolor = true};
	struct render *r = render_new(app_arena(a), 9, &caps);
	struct canvas *screen = canvas_new(app_arena(a), 8, 120, 45);
	struct frame_view *v = frame_view_new();
	struct buf out = {0}, frame = {0};
	struct grid g;
	json_t *o = fixture_json(&fixture[2]);
	json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
	uint64_t spent = 0, bytes = 0;
	app_paint(a, &g);
	for (int i = 0; i < FRAMES; i++) {
		char line[140], id[16];
		snprintf(line, sizeof line, "%d: tests/queue_test.go ok %d.%03ds", i, i % 7,
			i % 1000);
		canvas_text(screen, i % 45, 0, 120, line, NULL);
		g = canvas_grid(screen);
		frame.len = out.len = 0;
		frame_encode(v, &g, &frame);
		snprintf(id, sizeof id, "s%zu", (size_t)i % sessions);
		json_object_set_new(o, "id", json_string(id));
		json_object_set_new(o, "last_line", json_string(line));
		uint64_t from = cpu_ns();
		a->now += 0.05;
		if (events)
			app_event(a, ev);
		app_frame(a, a->preview_pane->view, frame.data, frame.len);
		app_paint(a, &g);
		render_frame(r, &g, &out);
		spent += cpu_ns() - from;
		bytes += out.len;
	}
	printf("dashboard 200x50 of %3zu sessions, live preview%s: %5.3f ms of CPU and %5.0f B a "
	       "frame\n",
		sessions, events ? ", one event each" : "", (double)spent / FRAMES / 1e6,
		(double)bytes / FRAMES);
	json_decref(ev);
	buf_free(&out);
	buf_free(&frame);
	frame_view_free(v);
	canvas_free(screen);
	render_free(r);
	app_free(a);
}

int
main(void)
{
	(void)fixture_ls;
	for (size_t i = 0; i < 4; i++)
		measure(i < 2 ? 25 : 200, i % 2);
	return 0;
}
