/* Hooks are the third signal: they say what OSC 7501 and the registry say where a CLI has neither,
 * and the conversation's id when it rotates. Their gaps (an interrupt fires none) are dealt with by
 * the freshness rules of activity.c.
 *
 * One datagram a report: "muster-hook 1\n" TOKEN "\n" JSON. The sender's uid is checked through
 * SCM_CREDENTIALS although the folder is 0700 already. A big payload (a tool's whole output travels
 * in PostToolUse) is cut down by the sender to the few members that matter. */
#include "sessions/agent/hooks.h"
#include "sessions/wire/json.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DATAGRAM_MAX 8192
#define MAGIC "muster-hook 1\n"
#define DATAGRAMS_A_TURN 64
#define LOOKED_AT_MS 500

static bool
decode_notification(const json_t *j, struct hook_report *out)
{
	const char *type = obj_str(j, "notification_type");

	if (strcmp(type, "permission_prompt") == 0)
		out->activity = ACT_PERMISSION;
	else if (strcmp(type, "elicitation_dialog") == 0)
		out->activity = ACT_QUESTION;
	snprintf(out->detail, sizeof out->detail, "%s", obj_str(j, "message"));
	return out->activity != ACT_UNKNOWN;
}

static bool
decode_start(const json_t *j, struct hook_report *out)
{
	(void)out;
	return strcmp(obj_str(j, "source"), "compact") != 0;
}

/* /clear and /resume end one conversation and go on with another. */
static bool
decode_end(const json_t *j, struct hook_report *out)
{
	const char *why = obj_str(j, "reason");

	out->ended = strcmp(why, "clear") != 0 && strcmp(why, "resume") != 0;
	out->conversation[0] = 0;
	return out->ended;
}

static bool
decode_status(const json_t *j, struct hook_report *out)
{
	out->status_line = true;
	usage_take_limits(&out->usage, json_object_get(j, "rate_limits"), os_wall_s());
	return true;
}

static bool
decode_turn(const json_t *j, struct hook_report *out)
{
	const json_t *tasks = json_object_get(j, "background_tasks");
	const char *tool = obj_str(j, "tool_name");

	if (json_is_array(tasks)) {
		out->background_known = true;
		out->background = (unsigned)json_array_size(tasks);
	}
	if (out->activity == ACT_DONE && out->background)
		out->activity = ACT_WORKING; /* its turn is over, what it began is not */
	if (out->activity == ACT_PERMISSION && strcmp(tool, "AskUserQuestion") == 0)
		out->activity = ACT_QUESTION;
	snprintf(out->detail, sizeof out->detail, "%s %s", out->event, tool);
	return true;
}

static bool
decode_failure(const json_t *j, struct hook_report *out)
{
	if (strcmp(obj_str(j, "error"), "rate_limit") == 0)
		snprintf(out->limit, sizeof out->limit, "%s", obj_str(j, "last_assistant_message"));
	return decode_turn(j, out);
}

static const struct {
	const char *event;
	enum activity says;
	bool (*rest)(const json_t *j, struct hook_report *out); /* false: it says nothing */
} events[] = {
	{"SessionStart", ACT_IDLE, decode_start},
	{"UserPromptSubmit", ACT_WORKING, decode_turn},
	{"PreToolUse", ACT_WORKING, decode_turn},
	{"PostToolUse", ACT_WORKING, decode_turn},
	{"PermissionRequest", ACT_PERMISSION, decode_turn},
	{"Notification", ACT_UNKNOWN, decode_notification},
	{"Stop", ACT_DONE, decode_turn},
	{"StopFailure", ACT_ERROR, decode_failure},
	{"SessionEnd", ACT_UNKNOWN, decode_end},
	{"Status", ACT_UNKNOWN, decode_status},
};

static bool
decode(const json_t *j, struct hook_report *out)
{
	const char *event = obj_str(j, "hook_event_name"), *id = obj_str(j, "session_id");

	memset(out, 0, sizeof *out);
	if (json_object_get(j, "agent_id"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (strcmp(events[i].event, event) != 0)
			continue;
		snprintf(out->event, sizeof out->event, "%s", event);
		out->activity = events[i].says;
		if (profile_conversation_valid(id))
			snprintf(out->conversation, sizeof out->conversation, "%s", id);
		return events[i].rest(j, out);
	}
	return false;
}

bool
hooks_decode(const char *json, size_t n, struct hook_report *out)
{
	json_t *j = json_loadb(json, n, 0, NULL);
	bool ok = json_is_object(j) && decode(j, out);

	json_decref(j);
	return ok;
}

struct hooks {
	uv_poll_t poll;
	struct hooks_ops ops;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t dev; /* of the name */
	ino_t ino;
	int fd;
};

static void
take(struct hooks *h, pid_t pid, char *msg, size_t n)
{
	const size_t head = strlen(MAGIC) + HOOK_TOKEN_LEN + 1;
	struct hook_report rep;
	uint32_t num;

	if (n <= head || memcmp(msg, MAGIC, strlen(MAGIC)) != 0 || msg[head - 1] != '\n')
		return;
	msg[head - 1] = 0;
	num = h->ops.session_of(h->ops.ctx, msg + strlen(MAGIC), pid);
	if (num && hooks_decode(msg + head, n - head, &rep))
		h->ops.report(h->ops.ctx, num, &rep);
}

/* The sender, if it is our user's; else 0. */
static pid_t
sender(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct ucred cred;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&cred, CMSG_DATA(c), sizeof cred);
		return cred.uid == geteuid() ? cred.pid : 0;
	}
	return 0;
}

static void
on_readable(uv_poll_t *poll, int status, int events_ready)
{
	struct hooks *h = poll->data;
	char msg[DATAGRAM_MAX], control[CMSG_SPACE(sizeof(struct ucred))];
	pid_t pid;

	(void)status;
	(void)events_ready;
	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		struct iovec iov = {.iov_base = msg, .iov_len = sizeof msg};
		struct msghdr m = {.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof control};
		/* while it is in the queue, its sender waits, and can be asked who it is */
		ssize_t n = recvmsg(h->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | MSG_PEEK);

		if (n < 0)
			return;
		pid = sender(&m);
		if (!(m.msg_flags & MSG_TRUNC) && pid > 0)
			take(h, pid, msg, (size_t)n);
		recv(h->fd, msg, 1, MSG_DONTWAIT);
	}
}

struct hooks *
hooks_new(uv_loop_t *loop, const char *socket_path, const struct hooks_ops *ops, struct err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct hooks *h = xcalloc(1, sizeof *h);
	struct stat st;
	int on = 1;

	h->ops = *ops;
	snprintf(h->path, sizeof h->path, "%s", socket_path);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", socket_path);
	h->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->fd < 0)
		goto bad;
	unlink(h->path);
	if (setsockopt(h->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
		bind(h->fd, (struct sockaddr *)&a, sizeof a) < 0 || chmod(h->path, 0600) < 0 ||
		lstat(h->path, &st) < 0)
		goto bad;
	h->dev = st.st_dev;
	h->ino = st.st_ino;
	uv_poll_init(loop, &h->poll, h->fd);
	h->poll.data = h;
	uv_poll_start(&h->poll, UV_READABLE, on_readable);
	uv_unref((uv_handle_t *)&h->poll);
	return h;
bad:
	err_set(e, 1, "no hook socket at %s (%s)", h->path, strerror(errno));
	if (h->fd >= 0)
		close(h->fd);
	free(h);
	return NULL;
}

static void
closed(uv_handle_t *handle)
{
	struct hooks *h = handle->data;

	close(h->fd);
	free(h);
}

bool
hooks_named(const struct hooks *h)
{
	struct stat st;

	return h && lstat(h->path, &st) == 0 && st.st_dev == h->dev && st.st_ino == h->ino;
}

void
hooks_close(struct hooks *h)
{
	if (!h)
		return;
	if (hooks_named(h))
		unlink(h->path);
	uv_close((uv_handle_t *)&h->poll, closed);
}

void
hooks_token(char out[HOOK_TOKEN_LEN + 1])
{
	uint8_t b[HOOK_TOKEN_LEN / 2];

	os_random(b, sizeof b);
	for (size_t i = 0; i < sizeof b; i++)
		snprintf(out + 2 * i, 3, "%02x", b[i]);
}

static int
put_file(const char *path, const char *data, struct err *e)
{
	size_t n = strlen(data);
	ssize_t put;
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	put = fd < 0 ? -1 : write(fd, data, n);
	if (fd >= 0)
		close(fd);
	if (put != (ssize_t)n)
		return err_set(e, 1, "cannot write %s (%s)", path, strerror(errno));
	return 0;
}

/* In single quotes for the shell that runs a hook's command. */
static char *
quoted(const char *s)
{
	char *out = xmalloc(4 * strlen(s) + 3), *o = out;

	*o++ = '\'';
	for (; *s; s++)
		o = *s == '\'' ? stpcpy(o, "'\\''") : (*o = *s, o + 1);
	*o++ = '\'';
	*o = 0;
	return out;
}

static char *
settings_text(const struct hooks_files *f, const char *key_path)
{
	json_t *hooks = json_object(), *all, *line;
	char *m = quoted(f->muster), *k = quoted(key_path), *command, *out;
	const char *names = f->events;

	command = xasprintf("%s hook --key %s", m, k);
	while (*names) {
		size_t n = strcspn(names, " ");
		char name[48];

		if (n && n < sizeof name) {
			snprintf(name, sizeof name, "%.*s", (int)n, names);
			json_object_set_new(hooks, name,
				json_pack("[{s:[{s:s,s:s,s:i}]}]", "hooks", "type", "command",
					"command", command, "timeout", 5));
		}
		names += n + strspn(names + n, " ");
	}
	all = json_pack("{s:o}", "hooks", hooks);
	if (f->status_line) {
		char *theirs =
			quoted(json_string_value(json_object_get(f->status_line, "command")));
		char *both = xasprintf("%s --then %s", command, theirs);

		line = json_copy((json_t *)f->status_line);
		json_object_set_new(line, "command", json_string(both));
		json_object_set_new(all, "statusLine", line);
		free(theirs);
		free(both);
	}
	out = json_dumps(all, JSON_COMPACT);
	CHECK(out);
	json_decref(all);
	free(command);
	free(m);
	free(k);
	return out;
}

int
hooks_write(const struct hooks_files *f, char *settings, size_t cap, struct err *e)
{
	const char *dir = f->dir;
	char key[640], *body;
	int rc;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_set(e, 1, "cannot make %s (%s)", dir, strerror(errno));
	snprintf(key, sizeof key, "%s/%u.key", dir, f->num);
	snprintf(settings, cap, "%s/%u.json", dir, f->num);
	body = xasprintf("%s\n%s\n", f->socket_path, f->token);
	rc = put_file(key, body, e);
	free(body);
	if (rc < 0)
		return -1;
	body = settings_text(f, key);
	rc = put_file(settings, body, e);
	free(body);
	return rc;
}

/* Both lines of a key file. */
static bool
read_key(const char *path, char *socket_path, size_t cap, char token[HOOK_TOKEN_LEN + 1])
{
	char buf[512], *nl;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof buf - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	buf[n] = 0;
	nl = strchr(buf, '\n');
	if (!nl || (size_t)(nl - buf) >= cap || strlen(nl + 1) != HOOK_TOKEN_LEN + 1)
		return false;
	memcpy(socket_path, buf, (size_t)(nl - buf));
	socket_path[nl - buf] = 0;
	memcpy(token, nl + 1, HOOK_TOKEN_LEN);
	token[HOOK_TOKEN_LEN] = 0;
	return true;
}

bool
hooks_read_token(const char *dir, uint32_t num, char out[HOOK_TOKEN_LEN + 1])
{
	char path[640], socket_path[512];

	snprintf(path, sizeof path, "%s/%u.key", dir, num);
	return read_key(path, socket_path, sizeof socket_path, out);
}

void
hooks_remove(const char *dir, uint32_t num)
{
	static const char *const kinds[] = {"key", "json"};
	char path[640];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		snprintf(path, sizeof path, "%s/%u.%s", dir, num, kinds[i]);
		unlink(path);
	}
}

/* The members that hooks_decode reads, so that any payload fits a datagram. */
static char *
cut_down(const char *json, size_t n)
{
	static const char *const keep[] = {"hook_event_name", "session_id", "agent_id", "source",
		"reason", "notification_type", "message", "tool_name", "error", "rate_limits",
		"last_assistant_message"};
	json_t *j = json_loadb(json, n, 0, NULL), *out = json_object(), *tasks;
	char *s;

	for (size_t i = 0; i < ARRAY_LEN(keep); i++) {
		json_t *v = json_object_get(j, keep[i]);

		if (v && (!json_is_string(v) || json_string_length(v) < 512))
			json_object_set(out, keep[i], v);
	}
	if (json_object_get(j, "workspace") && !json_object_get(out, keep[0]))
		json_object_set_new(out, keep[0], json_string("Status")); /* it has no name */
	tasks = json_object_get(j, "background_tasks");
	if (json_is_array(tasks)) {
		json_t *counted = json_array();

		for (size_t i = 0; i < json_array_size(tasks) && i < 100; i++)
			json_array_append_new(counted, json_true());
		json_object_set_new(out, "background_tasks", counted);
	}
	s = json_dumps(out, JSON_COMPACT);
	json_decref(out);
	json_decref(j);
	return s;
}

int
hooks_send(const char *key_path, const char *json, size_t n)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char token[HOOK_TOKEN_LEN + 1], *body, *msg;
	int fd, rc = 0, left;

	if (!read_key(key_path, a.sun_path, sizeof a.sun_path, token))
		return -ENOENT;
	body = cut_down(json, n);
	if (!body)
		return -EINVAL;
	msg = xasprintf(MAGIC "%s\n%s", token, body);
	free(body);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || sendto(fd, msg, strlen(msg), 0, (struct sockaddr *)&a, sizeof a) < 0)
		rc = -errno;
	for (int i = 0; rc == 0 && i < LOOKED_AT_MS; i++) {
		if (ioctl(fd, SIOCOUTQ, &left) < 0 || !left)
			break;
		poll(NULL, 0, 1);
	}
	if (fd >= 0)
		close(fd);
	free(msg);
	return rc;
}
