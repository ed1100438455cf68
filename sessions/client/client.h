#ifndef SESSIONS_CLIENT_H
#define SESSIONS_CLIENT_H
/* Client side of the protocol (share/doc/protocol.md). Two ways in, one code: a blocking call for
 * verbs, and a uv-driven connection for the TUI and attach. Starts keeper and server on demand. */
#include "core/base/buf.h"
#include "core/keys/keys.h"
#include "sessions/wire/proto.h"
#include <jansson.h>
#include <uv.h>

struct client;
/* Connects to the server on this machine (host NULL; start_server: start one if none answers), or
 * through ssh to that of [host.NAME]. NULL and *e (code 4). */
struct client *client_connect(const char *host, bool start_server, struct err *e);
/* The same for client_start: a host may answer later (back), or be away (lost). */
struct client *client_open(const char *host, struct err *e);
int client_socket(bool start_server, struct err *e); /* to this machine's server; -1 and *e */
void client_free(struct client *c);
/* Of what a server left on its stderr, n bytes with room for one more: the last line, bare. */
const char *client_last_words(char *text, ssize_t n);
/* One request, blocking. Takes args (an object; "verb" is added). Parts (request_part) go to
 * part(ctx, json) until the final reply, which is returned (new reference); NULL and *e, where
 * e->code is the exit code of cli.md. timeout_s 0 = none. */
json_t *client_call(struct client *c, const char *verb, json_t *take_args,
	void (*part)(void *ctx, json_t *j), void *ctx, double timeout_s, struct err *e);

/* To args of "new" and "resume": what the child inherits of this process ("env", "umask", "limits")
 * where they are not given, and "cwd" as it really is. Requests to this machine do it by themselves. */
void client_add_caller(json_t *args);

/* Asynchronous use, on a loop. Callbacks run on it. JSON given to them is borrowed.
 *
 * Events come after request "watch", whose reply is that of "ls" with all sessions:
 *   {"ev":"session","session":S}       added or changed (at most 10 a second each)
 *   {"ev":"gone","id"}                 forgotten
 *   {"ev":"event","t","id","name","event","detail"}  as in `muster events`
 *   {"ev":"totals","totals","pressure","banner"}     every few seconds, when changed
 * S has, beside cli.md: "wants" (what it asks, ""), "recent":[bytes…] (the last hour in 8 steps,
 * oldest first, 0 = no sample), "viewers", "prompt" (names the prompt on screen, for "answer").
 * Events of a view:
 *   {"ev":"open","id","name","state","cols","rows","exit_code","exit_signal"}  the session's own
 *     size; again when it changes
 *   {"ev":"modes","mouse":1000,"mouse_encoding":1006,"bracketed_paste":bool,"focus":bool,
 *     "alt":bool,"alt_scroll":bool,"app_cursor":bool,"kitty":flags,"modify_other":0..2}
 *   {"ev":"title","title"} {"ev":"bell"} {"ev":"notify","title","text"}
 *   {"ev":"clipboard","text"}          an OSC 52 write (attached views only)
 *   {"ev":"scroll","back","rows"}      rows scrolled back really, of how many there are
 *   {"ev":"marks","at":[[y,x0,x1,line,start]…]}  cells [x0,x1) of the next frame's row y belong to
 *     a match of the view's pattern (request "look"), which begins at byte `start` of the line
 *   {"ev":"state","state","exit_code","exit_signal"}  ended, asleep …
 *   {"ev":"error","code","message"}    the view could not be opened; it does not exist then */
/* The terminal lent is the client's again; `unsent` is to be written to it, `input` was read from
 * it and is still to be handled. */
struct client_return {
	enum returned how;
	const uint8_t *unsent, *input; /* borrowed */
	size_t n_unsent, n_input;
};
struct client_ops {
	void (*event)(void *ctx, json_t *ev); /* server's events ("session", "gone", …) */
	void (*frame)(
		void *ctx, uint32_t view, const void *p, size_t n); /* payload for frame_apply */
	void (*view_event)(void *ctx, uint32_t view, json_t *ev);   /* title, bell, modes, ended */
	void (*acked)(void *ctx, uint32_t view); /* after frame(): the place for client_view_lend */
	void (*returned)(void *ctx, uint32_t view, const struct client_return *r);
	void (*lost)(void *ctx); /* server went (client_bye: why); reconnecting by itself */
	void (*back)(void *ctx); /* connected again: open views anew */
	void *ctx;
};
void client_start(struct client *c, uv_loop_t *loop, const struct client_ops *ops);
void client_loop_end(uv_loop_t *loop);		/* what is left on a loop, then the loop itself */
const char *client_bye(const struct client *c); /* what the server said as it hung up, or "" */
/* The server was stopped on purpose and nobody has started one since: this client does not by
 * itself. */
bool client_was_stopped(const struct client *c);
bool client_begin_again(struct client *c); /* it does after all; false: there was no need */
typedef void (*client_reply_cb)(void *ctx, json_t *reply, const struct err *e); /* one is NULL */
void client_request(
	struct client *c, const char *verb, json_t *take_args, client_reply_cb cb, void *ctx);
/* The same for answers that come in parts: part (NULL: dropped) for each, borrowed, until cb ends
 * it. Returns its number for client_cancel; 0: it has failed already, cb was called. */
uint32_t client_stream(struct client *c, const char *verb, json_t *take_args,
	void (*part)(void *ctx, json_t *j), client_reply_cb cb, void *ctx);
/* The answer is not wanted any more: neither part nor cb is called again, and the server stops
 * working on it. A number that has been answered is ignored. */
void client_cancel(struct client *c, uint32_t request);
/* A view of a session's screen. attach: this client's size becomes the session's when it is the
 * last active; preview: never resizes. With attach: read only, its input is dropped and its size is
 * nobody's; no resize: only the latter. Frames are acked by client.c once frame() returns. */
enum view_mode { VIEW_PREVIEW = 0, VIEW_ATTACH = 1, VIEW_READ_ONLY = 2, VIEW_NO_RESIZE = 4 };
uint32_t client_view_open(
	struct client *c, const char *id, unsigned mode, int cols, int rows); /* of view_mode */
void client_view_resize(struct client *c, uint32_t view, int cols, int rows);
void client_view_close(struct client *c, uint32_t view);
void client_view_input(struct client *c, uint32_t view, const struct input_event *ev);
/* Lends the terminal of an attached view to the server, which then reads plain keys from it and
 * paints on it by itself (sessions/view/lent.c). It shows the view's last frame; the client leaves it
 * alone until returned() or lost(). fd: non-blocking, an open file of this process's own; stays
 * the caller's. caps: render_caps_bits. false: not at this moment. */
bool client_lends(const struct client *c); /* this server takes terminals */
bool client_view_lend(
	struct client *c, uint32_t view, int fd, unsigned caps, const struct input_event *prefix);
void client_view_reclaim(struct client *c, uint32_t view); /* returned() follows */
/* Scrolled back by n visual rows (0 = live): the server sends frames of that place. */
void client_view_scroll(struct client *c, uint32_t view, uint64_t rows_back);
int client_fd(const struct client *c); /* of its socket, borrowed; -1 while there is none */
#endif
