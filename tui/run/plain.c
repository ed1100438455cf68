#include "tui/run/plain.h"
#include "core/os/os.h"
#include "sessions/client/client.h"
#include "tui/run/sentences.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help_text[] =
	"Commands: list. attach NAME. answer NAME KEY. peek NAME. send NAME TEXT. sleep NAME. "
	"wake NAME. quit.\nA session may be called by its name or by its number in the list.\n";

struct plain {
	const struct front_options *opt;
	uv_loop_t loop;
	uv_poll_t input;
	struct client *client;
	struct model m;
	struct buf line;
	char attach[16];
	bool quit;
};

static void
say(struct buf *b)
{
	fwrite(b->data, 1, b->len, stdout);
	fflush(stdout);
	buf_free(b);
}

static void
on_watch(void *ctx, json_t *reply, const struct err *e)
{
	struct plain *p = ctx;
	struct buf b = {0};
	double now = os_wall_s();
	if (e) {
		buf_printf(&b, "%s\n", e->msg);
	} else {
		bool first = !p->m.loaded;
		model_load(&p->m, reply, now);
		model_arrange(&p->m, now);
		sentences_list(&b, &p->m, now);
		buf_puts(&b, first ? help_text : "");
	}
	say(&b);
}

static void
on_event(void *ctx, json_t *ev)
{
	struct plain *p = ctx;
	struct buf b = {0};
	double now = os_wall_s();
	json_t *o = json_object_get(ev, "session");
	const char *id = json_string_value(json_object_get(json_is_object(o) ? o : ev, "id"));
	struct msess *s = id ? model_find(&p->m, id) : NULL;
	if (json_is_object(o)) {
		struct was_so was = {0};
		bool there = s != NULL;
		if (s)
			was = (struct was_so){s->state, s->act};
		s = model_put(&p->m, o, now);
		if (s)
			sentences_change(&b, there ? &was : NULL, s);
	} else if (s && !strcmp(json_string_value(json_object_get(ev, "ev")), "gone")) {
		buf_printf(&b, "%s was deleted.\n", s->name);
		model_remove(&p->m, id);
	}
	model_arrange(&p->m, now);
	say(&b);
}

static void
on_lost(void *ctx)
{
	(void)ctx;
	puts("Reconnecting to the server.");
	fflush(stdout);
}

static void
on_back(void *ctx)
{
	struct plain *p = ctx;
	puts("Connected again.");
	client_request(p->client, "watch", json_object(), on_watch, p);
}

static void
on_frame(void *ctx, uint32_t view, const void *bytes, size_t n)
{
	(void)ctx;
	(void)view;
	(void)bytes;
	(void)n;
}

static void
on_view_event(void *ctx, uint32_t view, json_t *ev)
{
	(void)ctx;
	(void)view;
	(void)ev;
}

static void
on_done(void *ctx, json_t *reply, const struct err *e)
{
	struct buf b = {0};
	(void)ctx;
	const char *text = json_string_value(json_object_get(reply, "text"));
	json_t *r = json_array_get(json_object_get(reply, "results"), 0);
	if (e)
		buf_printf(&b, "Failed: %s.\n", e->msg);
	else if (r && !json_is_true(json_object_get(r, "ok")))
		buf_printf(&b, "Failed: %s.\n", json_string_value(json_object_get(r, "error")));
	else
		buf_printf(&b, "%s\n", text ? text : "Done.");
	say(&b);
}

static struct msess *
named(const struct plain *p, const char *word)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);
	if (*word && !*end && n > 0 && n <= p->m.n_shown)
		return p->m.shown[n - 1];
	for (size_t i = 0; i < p->m.n; i++)
		if (!strcmp(p->m.all[i]->name, word) || !strcmp(p->m.all[i]->id, word))
			return p->m.all[i];
	return NULL;
}

static void
cmd_attach(struct plain *p, struct msess *s, const char *rest)
{
	(void)rest;
	snprintf(p->attach, sizeof p->attach, "%s", s->id);
	uv_stop(&p->loop);
}

static void
cmd_answer(struct plain *p, struct msess *s, const char *rest)
{
	client_request(p->client, "answer",
		json_pack("{s:s, s:s, s:s}", "id", s->id, "key", rest, "prompt", s->prompt),
		on_done, p);
}

static void
cmd_peek(struct plain *p, struct msess *s, const char *rest)
{
	(void)rest;
	client_request(p->client, "peek", json_pack("{s:s}", "id", s->id), on_done, p);
}

static void
cmd_send(struct plain *p, struct msess *s, const char *rest)
{
	client_request(
		p->client, "send", json_pack("{s:s, s:s}", "id", s->id, "text", rest), on_done, p);
}

static void
cmd_hibernate(struct plain *p, struct msess *s, const char *rest)
{
	(void)rest;
	client_request(p->client, "hibernate", json_pack("{s:[s]}", "ids", s->id), on_done, p);
}

static void
cmd_resume(struct plain *p, struct msess *s, const char *rest)
{
	(void)rest;
	client_request(p->client, "resume", json_pack("{s:[s]}", "ids", s->id), on_done, p);
}

static void
run_line(struct plain *p, char *line)
{
	static const struct {
		const char *name;
		void (*run)(struct plain *p, struct msess *s, const char *rest);
	} commands[] = {{"attach", cmd_attach}, {"answer", cmd_answer}, {"peek", cmd_peek},
		{"send", cmd_send}, {"sleep", cmd_hibernate}, {"wake", cmd_resume}};
	char *save, *word = strtok_r(line, " \t\r", &save);
	struct buf b = {0};
	if (!word)
		return;
	if (!strcmp(word, "quit") || !strcmp(word, "q")) {
		p->quit = true;
		uv_stop(&p->loop);
		return;
	}
	if (!strcmp(word, "list")) {
		sentences_list(&b, &p->m, os_wall_s());
		say(&b);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(word, commands[i].name))
			continue;
		const char *who = strtok_r(NULL, " \t\r", &save);
		struct msess *s = who ? named(p, who) : NULL;
		if (!s)
			printf("No session %s.\n", who ? who : "named");
		else
			commands[i].run(p, s, save ? save + strspn(save, " ") : "");
		fflush(stdout);
		return;
	}
	fputs(help_text, stdout);
	fflush(stdout);
}

static void
on_readable(uv_poll_t *h, int status, int events)
{
	struct plain *p = h->data;
	char part[512];
	(void)events;
	ssize_t n = status < 0 ? 0 : read(STDIN_FILENO, part, sizeof part);
	if (n <= 0) {
		p->quit = true;
		uv_stop(&p->loop);
		return;
	}
	buf_put(&p->line, part, (size_t)n);
	for (uint8_t *nl; p->line.len && (nl = memchr(p->line.data, '\n', p->line.len));) {
		size_t len = (size_t)(nl - p->line.data);
		*nl = 0;
		char *line = xstrdup((char *)p->line.data);
		buf_drop(&p->line, len + 1);
		run_line(p, line);
		free(line);
	}
}

static void
attach(const struct plain *p)
{
	struct err e = {0};
	char name[64];
	if (front_attach(p->opt, p->attach, NULL, name, &e) < 0)
		printf("Failed: %s.\n", e.msg);
	else
		printf("Left %s.\n", name);
	fflush(stdout);
}

int
plain_run(const struct front_options *opt, struct err *e)
{
	struct plain p = {.opt = opt};
	struct client_ops ops = {.event = on_event,
		.frame = on_frame,
		.view_event = on_view_event,
		.lost = on_lost,
		.back = on_back,
		.ctx = &p};
	p.client = client_connect(opt->host, true, e);
	if (!p.client)
		return -1;
	uv_loop_init(&p.loop);
	uv_poll_init(&p.loop, &p.input, STDIN_FILENO);
	p.input.data = &p;
	client_start(p.client, &p.loop, &ops);
	client_request(p.client, "watch", json_object(), on_watch, &p);
	while (!p.quit) {
		uv_poll_start(&p.input, UV_READABLE, on_readable);
		uv_run(&p.loop, UV_RUN_DEFAULT);
		uv_poll_stop(&p.input);
		if (p.attach[0] && !p.quit)
			attach(&p);
		p.attach[0] = 0;
	}
	client_free(p.client);
	client_loop_end(&p.loop);
	model_deinit(&p.m);
	buf_free(&p.line);
	return 0;
}
