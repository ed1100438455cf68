#include "core/os/os.h"
#include "core/text/human.h"
#include "core/text/width.h"
#include "tui/cli/verb.h"
#include "tui/cli/choice.h"
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
	const char *branch = jstr(tree, "branch");
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
	const char *state = jstr(s, "state"), *act = jstr(s, "activity");
	bool stopped = json_is_true(json_object_get(s, "stopped"));
	const char *shown = stopped ? "stopped" : !strcmp(state, "running") && *act ? act : state;
	const char *said = *jstr(s, "detail") ? jstr(s, "detail") : jstr(s, "last_line");
	bool needs = !strcmp(shown, "permission") || !strcmp(shown, "question");

	if (*jstr(s, "memory_behind") && json_object_get(s, "pid"))
		snprintf(mem, sizeof mem, "away");
	if (json_is_number(json_object_get(s, "footprint_bytes")))
		fmt_bytes(mem, json_number_value(json_object_get(s, "footprint_bytes")));
	if (json_is_number(json_object_get(s, "idle_s")))
		fmt_ago(idle, json_number_value(json_object_get(s, "idle_s")));
	if (json_is_number(json_object_get(s, "context_tokens")))
		human_count(context, json_number_value(json_object_get(s, "context_tokens")));
	if (hosts) {
		put_column(ctx, jstr(s, "host"), 10);
		shown = json_is_true(json_object_get(s, "away")) ? "away" : shown;
	}
	put_column(ctx, jstr(s, "id"), 8);
	put_column(ctx, jstr(s, "name"), 18);
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
		if (!*jstr(reply, "banner"))
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
	const char *text = jstr(reply, "banner");
	json_t *h;
	size_t i;

	if (ctx->quiet || ctx->json)
		return;
	if (*text)
		verb_fail(ctx, EXIT_OK, "%s", text);
	json_array_foreach (json_object_get(reply, "hosts"), i, h)
		if (json_is_true(json_object_get(h, "away")))
			verb_fail(ctx, EXIT_OK, "%s is away: %s", jstr(h, "name"), jstr(h, "why"));
}

/* ls -w: the list again whenever something of it changed. */

struct watch {
	struct verb_ctx *ctx;
	struct follow *f;
	json_t *args;
	bool chosen;
};

static void
on_list(void *ctx, json_t *reply, const struct err *e)
{
	struct watch *w = ctx;

	if (!reply) {
		if (e->code != EXIT_NO_SERVER) /* it comes back, or follow says that it did not */
			follow_end(w->f, verb_fail(w->ctx, e->code, "%s", e->msg));
		return;
	}
	json_clean(w->ctx, reply);
	if (!w->ctx->json && isatty(1))
		fputs("\033[H\033[2J", stdout);
	put_list(w->ctx, reply, w->chosen);
	put_banner(w->ctx, reply);
	if (fflush(stdout) != 0)
		follow_end(w->f, EXIT_OK);
}

static void
ask_list(void *ctx, struct follow *f)
{
	struct watch *w = ctx;

	w->f = f;
	client_request(follow_client(f), "ls", json_deep_copy(w->args), on_list, w);
}

int
verb_ls(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct follow_ops ops = {.begin = ask_list, .changed = ask_list};
	bool all = false, follows = false;
	struct choice c = {0};
	const struct opt opts[] = {{'a', "all", false, NULL, NULL, &all},
		{'w', "watch", false, NULL, NULL, &follows}, CHOICE_OPTS(c), {0}};
	struct watch w = {.ctx = ctx};
	json_t *reply;
	int first, code = EXIT_USAGE;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (first < argc)
		return verb_fail(ctx, EXIT_USAGE, "takes no arguments (try muster help ls)");
	if (!(w.args = choice_list(ctx, &c, all, &code)))
		return code;
	w.chosen = choice_made(&c);
	if (follows) {
		code = follow(ctx, &ops, &w);
		json_decref(w.args);
		return code;
	}
	if (!(reply = verb_call(ctx, "ls", json_deep_copy(w.args), &code))) {
		json_decref(w.args);
		return code;
	}
	if (!ctx->host)
		host_lists(w.args, reply);
	json_decref(w.args);
	json_clean(ctx, reply);
	put_list(ctx, reply, w.chosen);
	put_banner(ctx, reply);
	json_decref(reply);
	return EXIT_OK;
}
