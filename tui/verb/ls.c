#include "core/os/os.h"
#include "core/text/human.h"
#include "core/text/width.h"
#include "tui/cli/verb.h"
#include "tui/cli/choice.h"
#include "tui/cli/everywhere.h"
#include "tui/cli/follow.h"
#include "tui/cli/host.h"
#include "tui/cli/print.h"
#include <string.h>
#include <unistd.h>

static void
put_column(const struct verb_ctx *ctx, const char *s, int w)
{
	put_cell(ctx, s, w);
	fputs("  ", stdout);
}

/* Of a session with a worktree: its branch, with a star while something in it is not committed. */
static void
put_branch(const json_t *s)
{
	const json_t *tree = json_object_get(s, "worktree");
	const char *branch = obj_str(tree, "branch");
	char clean[160];

	if (!*branch)
		return;
	sanitize(clean, sizeof clean, branch, strlen(branch));
	printf("[%s%s] ", clean, json_is_true(json_object_get(tree, "dirty")) ? "*" : "");
}

static void
put_row(const struct verb_ctx *ctx, const json_t *s, bool hosts)
{
	char mem[32] = "-", idle[32] = "-", context[32] = "-", line[256], left[32];
	const char *state = obj_str(s, "state"), *act = obj_str(s, "activity");
	bool stopped = json_is_true(json_object_get(s, "stopped"));
	const char *shown = stopped ? "stopped" : !strcmp(state, "running") && *act ? act : state;
	const char *said = *obj_str(s, "detail") ? obj_str(s, "detail") : obj_str(s, "last_line");
	bool needs = !strcmp(shown, "permission") || !strcmp(shown, "question");

	if (*obj_str(s, "memory_behind") && json_object_get(s, "pid"))
		snprintf(mem, sizeof mem, "away");
	if (json_is_number(json_object_get(s, "footprint_bytes")))
		fmt_bytes(mem, json_number_value(json_object_get(s, "footprint_bytes")));
	if (json_is_number(json_object_get(s, "idle_s")))
		fmt_ago(idle, json_number_value(json_object_get(s, "idle_s")));
	if (json_is_number(json_object_get(s, "context_tokens")))
		human_count(context, json_number_value(json_object_get(s, "context_tokens")));
	if (hosts) {
		put_column(ctx, obj_str(s, "host"), 10);
		shown = json_is_true(json_object_get(s, "away")) ? "away" : shown;
	}
	put_column(ctx, obj_str(s, "id"), 8);
	put_column(ctx, obj_str(s, "name"), 18);
	if (ctx->color && needs)
		fputs("\033[1;33m", stdout);
	put_column(ctx, shown, 10);
	if (ctx->color && needs)
		fputs("\033[0m", stdout);
	put_column(ctx, idle, 7);
	put_column(ctx, mem, 6);
	put_column(ctx, context, 5);
	put_branch(s);
	sanitize(line, sizeof(line) - 1, said, strlen(said));
	if (!strcmp(shown, "limited"))
		printf("%s, in %s\n", line, fmt_ago(left, jnum(s, "limited_until") - os_wall_s()));
	else
		puts(line);
}

static void
put_list(struct verb_ctx *ctx, json_t *reply, bool chosen)
{
	json_t *list = json_object_get(reply, "sessions"), *s;
	size_t i;

	if (ctx->json) {
		if (!*obj_str(reply, "banner"))
			json_object_del(reply, "banner");
		print_json(json_incref(reply));
		return;
	}
	if (!json_array_size(list)) {
		if (!ctx->quiet)
			fputs(chosen || jnum(json_object_get(reply, "totals"), "running") > 0
					? "no such session is listed (muster ls -a lists all)\n"
					: "no sessions (muster new starts one)\n",
				stderr);
		return;
	}
	if (json_object_get(reply, "hosts"))
		printf("%-10s  ", "HOST");
	printf("%-8s  %-18s  %-10s  %-7s  %-6s  %-5s  %s\n", "ID", "NAME", "STATE", "IDLE", "MEM",
		"CTX", "WANTS / LAST LINE");
	json_array_foreach (list, i, s)
		put_row(ctx, s, json_object_get(reply, "hosts"));
}

/* What does not work as it should, on stderr: data stays data. */
static void
put_banner(const struct verb_ctx *ctx, json_t *reply)
{
	const char *text = obj_str(reply, "banner");

	if (!ctx->quiet && !ctx->json && *text)
		verb_fail(ctx, EXIT_OK, "%s", text);
}

/* ls -w: the list again whenever something of it changed. */

/* What one machine said last; i is 0 for this one. */
struct told {
	struct watch *w;
	json_t *reply;
	bool asked, away; /* away: that was said */
};
struct watch {
	struct verb_ctx *ctx;
	struct follow *f;
	json_t *args;
	struct told told[1 + HOSTS_MAX];
	bool chosen, whole;
	bool late; /* somebody takes long: who has answered is shown */
};

/* Once each time; a terminal shows it in the list, which is there anew each time. */
static void
say_away(struct watch *w)
{
	struct follow_other o;

	for (size_t i = 0; follow_other(w->f, i, &o); i++) {
		struct told *t = &w->told[1 + i];
		bool away = !o.c && *o.why;

		if (away && (!t->away || isatty(1)) && !w->ctx->quiet && !w->ctx->json)
			verb_fail(w->ctx, EXIT_OK, "%s %s", o.host, o.why);
		t->away = away;
	}
}

static void
put_told(struct watch *w)
{
	json_t *list = json_deep_copy(w->told[0].reply);
	struct follow_other o;

	for (size_t i = 0; follow_other(w->f, i, &o); i++)
		host_rows(list, o.host, o.c ? w->told[1 + i].reply : NULL,
			*o.why ? o.why : "is away", w->whole);
	json_clean(w->ctx, list);
	if (!w->ctx->json && isatty(1))
		fputs("\033[H\033[2J", stdout);
	put_list(w->ctx, list, w->chosen);
	put_banner(w->ctx, list);
	say_away(w);
	json_decref(list);
	if (fflush(stdout) != 0)
		follow_end(w->f, EXIT_OK);
}

static bool
all_told(const struct watch *w)
{
	bool all = true;

	for (size_t i = 0; i < ARRAY_LEN(w->told); i++)
		all &= !w->told[i].asked;
	return all;
}

static void
on_list(void *ctx, json_t *reply, const struct err *e)
{
	struct told *t = ctx;
	struct watch *w = t->w;

	t->asked = false;
	if (!reply && e->code != EXIT_NO_SERVER) /* it comes back, or follow says that it did not */
		follow_end(w->f, verb_fail(w->ctx, e->code, "%s", e->msg));
	if (reply) {
		json_decref(t->reply);
		t->reply = json_incref(reply);
	}
	if (w->told[0].reply && (w->late || all_told(w)))
		put_told(w);
}

static void
ask_one(struct watch *w, size_t i, struct client *c)
{
	struct told *t = &w->told[i];

	t->w = w;
	if (t->asked) {
		w->late = true;
		return;
	}
	t->asked = true;
	client_request(c, "ls", json_deep_copy(w->args), on_list, t);
}

static void
ask_list(void *ctx, struct follow *f)
{
	struct watch *w = ctx;
	struct follow_other o;

	w->f = f;
	w->late = false;
	for (size_t i = 0; follow_other(f, i, &o); i++)
		if (o.c)
			ask_one(w, 1 + i, o.c);
	ask_one(w, 0, follow_client(f));
}

int
verb_ls(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct follow_ops ops = {
		.begin = ask_list, .changed = ask_list, .others = true};
	bool all = false, follows = false;
	struct choice c = {0};
	const struct opt opts[] = {{'a', "all", false, NULL, NULL, &all},
		{'w', "watch", false, NULL, NULL, &follows}, CHOICE_OPTS(c), {0}};
	struct watch w = {.ctx = ctx};
	struct places *p;
	int first, code = EXIT_USAGE;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (first < argc)
		return verb_fail(ctx, EXIT_USAGE, "takes no arguments (try muster help ls)");
	if (!(w.args = choice_list(ctx, &c, all, &code)))
		return code;
	w.chosen = choice_made(&c);
	w.whole = !w.chosen && !all;
	if (follows) {
		code = follow(ctx, &ops, &w);
		json_decref(w.args);
		for (size_t i = 0; i < ARRAY_LEN(w.told); i++)
			json_decref(w.told[i].reply);
		return code;
	}
	if (!(p = everywhere(ctx, "ls", w.args, true, NULL, NULL, &code)))
		return code;
	for (size_t i = 1; i < p->n; i++)
		host_rows(p->place[0].reply, p->place[i].host, p->place[i].reply, p->place[i].why,
			w.whole);
	put_list(ctx, p->place[0].reply, w.chosen);
	put_banner(ctx, p->place[0].reply);
	places_free(p);
	return EXIT_OK;
}
