/* Requests about the server itself. */
#include "core/os/os.h"
#include "core/page/page.h"
#include "sessions/server/server.h"
#include "sessions/display/display.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <stdlib.h>
#include <unistd.h>

void
cmd_status(struct request *r)
{
	struct server *sv = request_server(r);
	struct sessions *ss = request_sessions(r);
	struct arena_stats a = arena_stats(ss->arena);
	int n[SS_COUNT] = {0};
	json_t *count = json_object();
	char program[4096] = "";
	uint64_t bytes = 0;

	for (struct session *s = ss->first; s; s = s->next) {
		n[s->state]++;
		struct pagelist_stats h = pagelist_stats(term_pagelist(s->display->term));
		bytes += h.hot_bytes + h.packed_bytes + h.spilled_bytes;
	}
	for (int i = 0; i < SS_COUNT; i++)
		json_object_set_new(
			count, session_state_name((enum session_state)i), json_integer(n[i]));
	if (!self_binary(program, sizeof(program)))
		program[0] = 0;
	request_reply(r, json_pack("{s:i,s:i,s:i,s:s,s:o?,s:b,s:f,s:f,s:o,s:i,s:{s:I,s:I,s:I,s:I},"
				   "s:I,s:I,s:s}",
				 "v", 1, "pid", (int)getpid(), "keeper_pid",
				 (int)keeper_link_pid(ss->keeper), "version", MUSTER_VERSION,
				 "program", json_string(program), "replaced", server_replaced(sv),
				 "started", server_started(sv), "up_s",
				 os_wall_s() - server_started(sv), "sessions", count, "clients",
				 (int)server_clients(sv), "arena", "mapped", (json_int_t)a.mapped,
				 "live", (json_int_t)a.live, "cached", (json_int_t)a.cached, "free",
				 (json_int_t)a.free, "store_bytes", (json_int_t)bytes, "heap_bytes",
				 (json_int_t)os_heap_bytes(), "banner", server_banner(sv)));
}

/* The request may be gone before the answer is there. */
struct upgrading {
	struct request *r; /* NULL once cancelled */
};

static void
upgrade_cancelled(void *ctx)
{
	((struct upgrading *)ctx)->r = NULL;
}

static void
upgraded(void *ctx, const char *why)
{
	struct upgrading *u = ctx;
	struct err e;

	if (u->r && *why) {
		err_set(&e, 1, "the other muster cannot take over, this one goes on: %s", why);
		request_fail(u->r, &e);
	} else if (u->r)
		request_reply(u->r, json_pack("{s:i,s:i,s:s}", "v", 1, "pid", (int)getpid(),
					    "version", MUSTER_VERSION));
	free(u);
}

void
cmd_upgrade(struct request *r)
{
	const char *program = obj_text(request_args(r), "program");
	struct upgrading *u;
	struct err e;

	if (!program) {
		err_set(&e, 2, "to which program?");
		request_fail(r, &e);
		return;
	}
	u = xcalloc(1, sizeof(*u));
	u->r = r;
	request_on_cancel(r, upgrade_cancelled, u);
	server_upgrade(request_server(r), program, upgraded, u);
}

void
cmd_stop(struct request *r)
{
	unsigned live = sessions_live(request_sessions(r));
	struct server *sv = request_server(r);
	struct err e;

	if (live && !obj_true(request_args(r), "kill_sessions")) {
		err_set(&e, 1, "%u session%s running (add --kill-sessions to end them)", live,
			live > 1 ? "s are" : " is");
		request_fail(r, &e);
		return;
	}
	request_reply(r, json_pack("{s:i,s:i,s:i}", "v", 1, "pid", (int)getpid(), "keeper_pid",
				 (int)keeper_link_pid(request_sessions(r)->keeper)));
	server_stop(sv);
}

/* What a client's terminal looks like: programs ask for it, also while nobody is attached. */
void
cmd_colors(struct request *r)
{
	struct sessions *ss = request_sessions(r);
	int64_t fg = obj_int(request_args(r), "fg", -1), bg = obj_int(request_args(r), "bg", -1);
	struct err e;

	if (fg < 0 || bg < 0 || fg > 0xffffff || bg > 0xffffff) {
		err_set(&e, 2, "fg and bg are colours, 0 to 16777215");
		request_fail(r, &e);
		return;
	}
	if (!ss->colors.known || ss->colors.fg != fg || ss->colors.bg != bg) {
		ss->colors.fg = (uint32_t)fg;
		ss->colors.bg = (uint32_t)bg;
		ss->colors.known = true;
		for (struct session *s = ss->first; s; s = s->next)
			display_colors(s);
	}
	request_reply(r, json_object());
}
