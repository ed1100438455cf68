/* What every view sends to the terminal, read again: text, colours, the cursor, and the few modes that
 * are ours. Names, questions, titles, tags, notes and answers of the server are hostile. */
#include "core/base/utf8.h"
#include "core/paint/render.h"
#include "fixture.h"

/* Controls of both kinds, a sequence for the clipboard, directions, joiners, marks without end. */
#define BAD                                                        \
	"\033]52;c;aGk=\a\033[2J\033P+q\033\\\302\2332J\302\2350;" \
	"x\302\234\r\n\t\b\x7f\342\200\256"                        \
	"\342\201\246x\342\200\213y\357\273\277z\315\217\314\201\314\201\314\201e\314\201"
static struct arena *arena;

/* --- the reader ------------------------------------------------------------------------------- */

static size_t
csi(const uint8_t *p, size_t n)
{
	static const char *const modes[] = {"?2026h", "?2026l", "?25h", "?25l"};
	size_t i = 2;
	while (i < n && p[i] >= 0x20 && p[i] <= 0x3f)
		i++;
	if (i == n)
		fail_msg("a sequence without end");
	for (size_t k = 0; k < ARRAY_LEN(modes); k++)
		if (i - 1 == strlen(modes[k]) && !memcmp(p + 2, modes[k], i - 1))
			return i + 1;
	if (p[2] == '?' || p[2] == '>' || p[2] == '=' || p[2] == '<')
		fail_msg("mode %.*s is not ours", (int)(i - 1), p + 2);
	bool shape = p[i] == 'q' && i == 4 && p[3] == ' ';
	if (!strchr("mHKJrCGSTXLMP", p[i]) && !shape)
		fail_msg("CSI %.*s", (int)(i - 1), p + 2);
	return i + 1;
}

static size_t
link_of(const uint8_t *p, size_t n)
{
	const uint8_t *end = memmem(p, n, "\033\\", 2);
	if (n < 5 || memcmp(p, "\033]8;", 4) || !end)
		fail_msg("an operating system command that is no link: %.20s", p + 1);
	return (size_t)(end - p) + 2;
}

static bool
may_be_shown(uint32_t cp)
{
	return cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0) &&
	       !(cp >= 0x200b && cp <= 0x200c) && !(cp >= 0x200e && cp <= 0x200f) &&
	       !(cp >= 0x2028 && cp <= 0x202e) && !(cp >= 0x2060 && cp <= 0x206f) && cp != 0xfeff &&
	       cp != 0x61c;
}

static void
read_output(const char *where, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t used = utf8_next(p + i, n - i, &cp);
		if (p[i] == 0x1b && i + 1 < n && p[i + 1] == '[')
			used = csi(p + i, n - i);
		else if (p[i] == 0x1b)
			used = link_of(p + i, n - i);
		else if (p[i] != '\r' && p[i] != '\n' && p[i] != '\b' && !may_be_shown(cp))
			fail_msg("%s: U+%04X is sent", where, cp);
		else if (cp == 0xfffd && used != 3)
			fail_msg("%s: byte %02x is no text", where, p[i]);
		i += used;
	}
}

/* Paints with and without everything a terminal may have. */
static void
check(struct app *a, const char *where)
{
	static const struct render_caps caps[] = {{.sync = true,
							  .truecolor = true,
							  .links = true,
							  .styled_underline = true,
							  .overline = true},
		{.ascii = true, .no_color = true}, {0}};
	app_check(a);
	for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
		struct render *r = render_new(arena, 9, &caps[i]);
		struct buf out = {0};
		struct grid g;
		a->dirty = true;
		if (app_paint(a, &g))
			render_frame(r, &g, &out);
		read_output(where, out.data, out.len);
		buf_free(&out);
		render_free(r);
	}
}

/* --- the hostile server ----------------------------------------------------------------------- */

static json_t *
bad(const char *what)
{
	return json_sprintf("%s%s", what, BAD);
}

static void
spoil(struct app *a)
{
	for (size_t i = 0; i < 12; i++) {
		static const char *const texts[] = {
			"name", "cwd", "last_line", "title", "note", "host"};
		json_t *o = fixture_json(&fixture[i]);
		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			json_object_set_new(o, texts[k], bad(texts[k]));
		json_object_set_new(o, "wants", bad("wants"));
		json_object_set_new(o, "detail", bad("detail"));
		json_object_set_new(o, "tags", json_pack("[o, o]", bad("t"), bad("u")));
		json_object_set_new(o, "argv", json_pack("[o, o]", bad("v"), bad("w")));
		json_object_set_new(o, "options", json_pack("[o, o]", bad("yes"), bad("no")));
		json_object_set_new(o, "reap",
			json_pack("{s:b, s:b, s:[o]}", "eligible", 0, "worth", 0, "reasons",
				bad("draft: ")));
		json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
		app_event(a, ev);
		json_decref(ev);
	}
	json_t *ev = json_pack("{s:s, s:o, s:o}", "ev", "totals", "banner", bad("banner"), "totals",
		json_object());
	app_event(a, ev);
	json_decref(ev);
}

/* To whatever was asked last: one answer that fits all of it. */
static json_t *
any_answer(void)
{
	json_t *one = json_pack(
		"{s:f, s:o, s:o, s:s, s:o, s:{s:o, s:f}, s:o, s:o, s:o, s:b, s:o, s:o, s:i}", "t",
		NOW - 60, "event", bad("e"), "name", bad("n"), "id", "a1", "text", bad("line"),
		"detail", "wants", bad("d"), "freed_bytes", 1e9, "role", bad("r"), "comm", bad("c"),
		"rule", bad("u"), "ok", 0, "source", bad("s"), "value", bad("v"), "pid", 7);
	json_object_set_new(one, "footprint_bytes", json_real(1e8));
	json_object_set_new(one, "max", json_real(1e8));
	json_object_set_new(one, "bytes", json_real(1e8));
	json_object_set_new(one, "reasons", json_pack("[o]", bad("tool: ")));
	json_object_set_new(
		one, "roles", json_pack("[{s:o, s:f}]", "role", bad("q"), "footprint_bytes", 1e8));
	static const char *const lists[] = {"events", "points", "candidates", "hits", "processes",
		"categories", "compositions", "checks", "signals", "results", "sessions", "roles"};
	json_t *o = json_pack("{s:o, s:o, s:o, s:{s:o}, s:{s:[o]}}", "version", bad("v"),
		"activity", bad("a"), "name", bad("n"), "growth", "verdict", bad("g"), "reap",
		"reasons", bad("x: "));
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_object_set_new(o, lists[i], json_pack("[O]", one));
	json_decref(one);
	return o;
}

static void
answer_all(struct app *a, int from)
{
	for (int i = MAX(from, n_asked - 32); i < n_asked; i++) {
		struct asked q = asked[i % 32];
		json_t *o = any_answer();
		if (!strcmp(q.verb, "search") && stream_part)
			stream_part(a, o);
		if (q.cb)
			q.cb(a, o, NULL, q.id);
		json_decref(o);
	}
}

static void
every_view(void **state)
{
	static const char *const ways[] = {"", "w", "b", "b b", "a", "space", "/ 'x'", "e", "E",
		"m", "m Tab Tab Tab", "m Tab Tab Tab Tab", "m c Left", "m f", "m e", "R", "R d",
		"s 'err'", "n", "n Tab Tab Tab 'text'", ":", ": 'wake'", "?", "r", "X",
		": 'note x' Enter", ": 'doctor' Enter", ": 'footprint' Enter", ": 'status' Enter",
		": 'log' Enter", ": 'inspect' Enter", "1", "z", "# 'x' Enter", "c"};
	static const int at[][2] = {{100, 30}, {20, 5}, {40, 10}, {200, 60}, {400, 120}};
	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(at); s++)
		for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
			struct app *a = fixture_app(at[s][0], at[s][1], 23);
			struct err e = {.code = 1};
			spoil(a);
			n_asked = 0;
			char keys[64];
			snprintf(keys, sizeof keys, "%s", ways[i]);
			if (!strcmp(keys, "space"))
				snprintf(keys, sizeof keys, "Space");
			check(a, "list");
			press(a, keys);
			check(a, ways[i]);
			answer_all(a, 0);
			check(a, ways[i]);
			snprintf(e.msg, sizeof e.msg, "%.200s", BAD BAD);
			app_error(a, "what" BAD, &e);
			check(a, ways[i]);
			app_connection(a, false, "gone " BAD);
			check(a, ways[i]);
			app_free(a);
		}
}

/* An attached session's own words, its status line, its menu, its end. */
static void
around_a_session(void **state)
{
	static const enum ui_status lines[] = {STATUS_OFF, STATUS_TOP, STATUS_BOTTOM};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct app *a = fixture_app(100, 30, 23);
		a->status = lines[i];
		spoil(a);
		attach_show(a, "b1", NULL);
		json_t *ev = json_pack("{s:s, s:s, s:o, s:s}", "ev", "open", "id", "b1", "name",
			bad("n"), "state", "running");
		app_view_event(a, attached_view, ev);
		json_decref(ev);
		check(a, "attached");
		press(a, "C-\\");
		check(a, "menu");
		press(a, "/ 'x'");
		check(a, "find");
		press(a, "Escape q C-\\ c");
		check(a, "copy");
		press(a, "q");
		ev = json_pack("{s:s, s:s, s:i}", "ev", "state", "state", "exited", "exit_code", 3);
		app_view_event(a, attached_view, ev);
		json_decref(ev);
		check(a, "ended");
		app_free(a);
	}
}

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(1 << 28);
	return arena ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_view),
		cmocka_unit_test(around_a_session),
	};
	(void)click;
	(void)last_asked;
	(void)answer;
	(void)screen_is;
	(void)detach;
	return cmocka_run_group_tests(tests, setup, teardown);
}
