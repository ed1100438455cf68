/* debug: checkers, objects and handles of the server, as text. */
#include "sessions/server/server.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *
lines_of(char *text)
{
	json_t *a = json_array(), *s;

	for (char *line = text, *end; *line; line = end) {
		end = line + strcspn(line, "\n");
		if ((s = json_stringn(line, (size_t)(end - line))))
			json_array_append_new(a, s);
		end += *end == '\n';
	}
	return a;
}

static void
check(struct server *sv, FILE *out)
{
	server_check(sv); /* does not come back otherwise */
	fprintf(out, "all checks hold\n");
}

static const struct {
	const char *what;
	void (*fn)(struct server *sv, FILE *out);
} kinds[] = {{"check", check}, {"dump", server_dump}, {"handles", server_handles}};

void
cmd_debug(struct request *r)
{
	const char *what = obj_text(request_args(r), "what");
	char *text = NULL;
	struct err e;
	size_t n;

	for (size_t i = 0; what && i < ARRAY_LEN(kinds); i++) {
		FILE *out;
		if (strcmp(kinds[i].what, what) != 0 || !(out = open_memstream(&text, &n)))
			continue;
		kinds[i].fn(request_server(r), out);
		fclose(out);
		request_reply(r, json_pack("{s:i,s:o}", "v", 1, "lines", lines_of(text)));
		free(text);
		return;
	}
	err_set(&e, 2, "check, dump or handles?");
	request_fail(r, &e);
}
