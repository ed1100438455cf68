/* record: text that was kept elsewhere becomes a session's, part by part, as if a program had printed it
 * then. The session was made for it (new, with "exited") and never had a program. Of what fills large
 * screens over and over only some is taken at a time: the reply says how much, and other sessions get
 * their turns. */
#include "core/os/os.h"
#include "sessions/display/checkpoint.h"
#include "sessions/display/display.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"

#define RECORD_CELLS (1 << 22) /* that a request may fill or move: some milliseconds */

static void
finish(struct session *s)
{
	s->past.started = s->past.created;
	s->past.ended = os_wall_s(); /* it is kept as long from here as one that ends */
	checkpoint_save(s);
	session_event(s, "imported", json_pack("{s:s}", "what", "archive"));
	session_unsaved(s);
	session_changed(s);
}

void
cmd_record(struct request *r)
{
	const json_t *a = request_args(r), *text = json_object_get(a, "text");
	struct session *s = request_session(r);
	double t = json_number_value(json_object_get(a, "t"));
	const char *p = json_string_value(text);
	size_t n = json_string_length(text), took = 0;
	int64_t cells = RECORD_CELLS;
	struct term *term;
	struct err e;

	if (!s)
		return;
	if (s->state != SS_EXITED || s->past.started > 0) {
		err_set(&e, 2, "%s has a program's text", s->name);
		request_fail(r, &e);
		return;
	}
	term = display_term(s);
	if (t > 0 && t < UINT32_MAX) {
		term_stamp(term, (uint32_t)t);
		if (s->past.last_output <= 0)
			s->past.created = t;
		s->past.last_output = t;
	}
	term_set_silent(term, true); /* nobody is there to be answered, or to hear a bell */
	while (took < n && (cells > 0 || (p[took] & 0xc0) == 0x80)) /* whole characters */
		took += term_feed_some(term, p + took, n - took, &cells);
	term_set_silent(term, false);
	s->display->output_ns = os_mono_ns();
	s->display->unsettled = true;
	s->of->ops->unsettled(s->of->ctx, s);
	if (obj_true(a, "done") && took == n)
		finish(s);
	request_reply(r, json_pack("{s:i,s:s,s:s,s:I}", "v", 1, "id", s->id, "name", s->name,
				 "took", (json_int_t)took));
}
