/* import --archive: what export wrote, or script and asciinema, becomes a session that has ended: to be
 * read, searched and exported again. */
#include "core/base/utf8.h"
#include "sessions/session/session.h"
#include "sessions/wire/json.h"
#include "tui/verb/import.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PART_BYTES = 64 << 10, STEP_S = 10 };

struct archive {
	struct verb_ctx *ctx;
	const char *path;
	FILE *in;
	struct client *c;
	const char *id;	 /* of the session; borrowed */
	struct buf text; /* not sent yet, well-formed UTF-8 */
	double t;	 /* its wall time */
	double at;	 /* an event's; of the first it is the recording's begin */
	int version; /* of an asciicast; 0: it is none. From 3 on times are since the event before */
	struct err e;
};

/* What is no UTF-8 becomes U+FFFD; NUL does nothing on a terminal. */
static void
put_text(struct buf *b, const char *text, size_t n)
{
	uint8_t out[UTF8_MAX];
	uint32_t cp;

	for (size_t used; n; text += used, n -= used) {
		used = utf8_next(text, n, &cp);
		if (cp)
			buf_put(b, out, (size_t)(utf8_put(out, cp) - out));
	}
}

/* The first n bytes, or as many of them as the server takes at a time. */
static bool
send_part(struct archive *a, size_t n, bool done)
{
	json_t *args = json_pack("{s:s,s:f,s:b,s:s%}", "id", a->id, "t", a->t, "done", done, "text",
		a->text.len ? (char *)a->text.data : "", n);
	json_t *reply = client_call(a->c, "record", args, NULL, NULL, 0, &a->e);

	if (reply)
		buf_drop(&a->text, MIN((size_t)obj_int(reply, "took", (json_int_t)n), n));
	json_decref(reply);
	return reply != NULL;
}

/* What is ready, in whole characters; all: whatever there is. */
static bool
send_ready(struct archive *a, bool all)
{
	while (a->text.len >= PART_BYTES || (all && a->text.len)) {
		size_t n = MIN(a->text.len, PART_BYTES);

		while (n < a->text.len && (a->text.data[n] & 0xc0) == 0x80)
			n--;
		if (!send_part(a, n, false))
			return false;
	}
	return true;
}

/* Each line is [seconds, "o", text]; others are not output, and from "#" on nothing. */
static bool
take_event(struct archive *a, double begin, const char *line, size_t n)
{
	json_t *ev = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
	const char *kind = json_string_value(json_array_get(ev, 1));
	json_t *text = json_array_get(ev, 2);
	bool ok = json_is_array(ev) || n == 0 || *line == '#';

	if (!ok)
		err_set(&a->e, 1, "a line is no event of an asciicast: %.60s", line);
	a->at = (a->version > 2 ? a->at : begin) + json_number_value(json_array_get(ev, 0));
	if (ok && a->at - a->t > STEP_S) {
		ok = send_ready(a, true);
		a->t = a->at;
	}
	if (ok && kind && !strcmp(kind, "o"))
		put_text(&a->text, json_string_value(text), json_string_length(text));
	json_decref(ev);
	return ok && send_ready(a, false);
}

static bool
take_line(struct archive *a, const char *line, size_t n)
{
	put_text(&a->text, line, n);
	buf_puts(&a->text, "\r\n");
	return send_ready(a, false);
}

static bool
take_lines(struct archive *a, char *first, ssize_t n)
{
	bool cast = a->version;
	double begin = a->t;
	size_t cap = 0;
	char *line = NULL;
	bool ok = cast || n < 0 || take_line(a, first, (size_t)n);

	while (ok && (n = getline(&line, &cap, a->in)) >= 0) {
		while (n && strchr("\r\n", line[n - 1]))
			n--;
		ok = cast ? take_event(a, begin, line, (size_t)n) : take_line(a, line, (size_t)n);
	}
	if (ok && ferror(a->in))
		ok = err_set(&a->e, 1, "%s", strerror(errno)) == 0;
	free(line);
	return ok && send_ready(a, true) && send_part(a, 0, true);
}

/* The session that is made for it. header NULL: it is no asciicast. */
static json_t *
made(struct archive *a, const json_t *header, const char *name, const char *title)
{
	const json_t *term = a->version > 2 ? json_object_get(header, "term") : header;
	json_t *args = json_pack("{s:b,s:s,s:s,s:i,s:i}", "exited", true, "profile", "shell", "cwd",
		"~", "cols", (int)obj_int(term, a->version > 2 ? "cols" : "width", 80), "rows",
		(int)obj_int(term, a->version > 2 ? "rows" : "height", 24));

	if (!name && title && session_name_valid(title)) /* a title may be any sentence */
		name = title;
	if (name)
		obj_put_text(args, "name", name);
	return client_call(a->c, "new", args, NULL, NULL, 0, &a->e);
}

static int
run(struct archive *a, const char *name)
{
	char *first = NULL;
	size_t cap = 0;
	ssize_t n = getline(&first, &cap, a->in);
	json_t *header, *reply = NULL, *gone;
	struct stat st;
	bool ok = false;

	if (n < 0 && ferror(a->in)) {
		free(first);
		return verb_fail(a->ctx, EXIT_FAIL, "%s: %s", a->path, strerror(errno));
	}
	while (n > 0 && strchr("\r\n", first[n - 1]))
		n--;
	header = n > 0 ? json_loadb(first, (size_t)n, 0, NULL) : NULL;
	a->version = (int)obj_int(header, "version", 0);
	if (a->version != 2 && a->version != 3) {
		a->version = 0;
		json_decref(header);
		header = NULL;
	}
	a->t = header				? (double)obj_int(header, "timestamp", 0)
	       : fstat(fileno(a->in), &st) == 0 ? (double)st.st_mtime
						: 0;
	a->at = a->t;
	if ((a->c = client_connect(a->ctx->host, true, &a->e)) &&
		(reply = made(a, header, name, obj_text(header, "title")))) {
		a->id = obj_text(reply, "id");
		ok = take_lines(a, first, n);
	}
	if (reply && !ok) { /* no half of it stays */
		gone = client_call(
			a->c, "forget", json_pack("{s:[s]}", "ids", a->id), NULL, NULL, 0, NULL);
		json_decref(gone);
	}
	if (ok && a->ctx->json)
		print_json(json_incref(reply));
	else if (ok)
		puts(a->id);
	client_free(a->c);
	json_decref(reply);
	json_decref(header);
	buf_free(&a->text);
	free(first);
	return ok ? EXIT_OK : verb_fail(a->ctx, a->e.code ? a->e.code : EXIT_FAIL, "%s", a->e.msg);
}

int
import_archive(struct verb_ctx *ctx, const char *path, const char *name)
{
	bool standard = !strcmp(path, "-");
	struct archive a = {.ctx = ctx, .path = path, .in = standard ? stdin : fopen(path, "re")};
	int code;

	if (!a.in)
		return verb_fail(ctx, EXIT_FAIL, "%s: %s", path, strerror(errno));
	code = run(&a, name);
	if (!standard)
		fclose(a.in);
	return code;
}
