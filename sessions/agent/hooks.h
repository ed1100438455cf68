#ifndef SESSIONS_HOOKS_H
#define SESSIONS_HOOKS_H
/* Reports from a CLI's own hooks. Each session gets a settings file of ours (`claude --settings
 * FILE`; the user's files are never touched) whose hooks run `muster hook --key KEYFILE`. That
 * sends one datagram to a socket of its own, which can do nothing but report the status of the
 * session whose token it carries: a program in a session must not reach the control socket through
 * it. The token alone is not believed: a program of the same user can read it. The sender, whom the
 * kernel names, must be one of that session's processes. */
#include "sessions/agent/activity.h"
#include "sessions/agent/usage.h"
#include <uv.h>

#define HOOK_TOKEN_LEN 32
struct hook_report {
	char event[40];
	enum activity activity; /* ACT_UNKNOWN: the event says nothing about it */
	bool ended;		/* what hooks said before is void */
	bool background_known;
	unsigned background;   /* tasks that go on after Stop */
	bool status_line;      /* nothing but usage is said */
	struct usage usage;    /* limits; n 0: not said */
	char limit[200];       /* the turn ended by a limit: in its words; "" it did not */
	char conversation[64]; /* "" not said */
	char detail[80];
};
/* Pure: a hook's JSON (of Claude or Codex) to a report; false when it is to be ignored (sub-agents,
 * compaction, unknown events). */
bool hooks_decode(const char *json, size_t n, struct hook_report *out);

struct hooks;
struct hooks_ops { /* on the loop thread */
	/* 0 when no session has this token, or the process that sends is another one's */
	uint32_t (*session_of)(void *ctx, const char *token, pid_t pid);
	void (*report)(void *ctx, uint32_t num, const struct hook_report *rep);
	void *ctx;
};
/* Binds the socket (an old one is replaced). NULL and *e: sessions then go without hooks. */
struct hooks *hooks_new(
	uv_loop_t *loop, const char *socket_path, const struct hooks_ops *ops, struct err *e);
bool hooks_named(const struct hooks *h); /* the socket has its name yet; NULL: no */
void hooks_close(struct hooks *h);	 /* NULL ok */

void hooks_token(char out[HOOK_TOKEN_LEN + 1]);
struct hooks_files {
	const char *dir; /* made 0700 */
	uint32_t num;
	const char *token, *socket_path, *muster, *events;
	const json_t *status_line; /* the user's own; NULL none: then we have none either */
};
/* Writes dir/NUM.key and dir/NUM.json (0600). settings gets the path of the latter. 0, or -1 and
 * *e. */
int hooks_write(const struct hooks_files *f, char *settings, size_t cap, struct err *e);
/* The token that a key file of this session holds, for a server that succeeds another. */
bool hooks_read_token(const char *dir, uint32_t num, char out[HOOK_TOKEN_LEN + 1]);
void hooks_remove(const char *dir, uint32_t num);

/* The hook's side: JSON as it came, with the key file's token, to the socket. 0 or -errno.
 * Waits until it was looked at, for a moment at most: one that is gone cannot be told. */
int hooks_send(const char *key_path, const char *json, size_t n);
#endif
