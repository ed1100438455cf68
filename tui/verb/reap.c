/* hibernate, resume, reap, explain: putting idle sessions to sleep and waking them. */
#include "core/os/os.h"
#include "sessions/wire/json.h"
#include "core/text/human.h"
#include "tui/model/reason.h"
#include "tui/verb/new.h"
#include "tui/cli/choice.h"
#include "tui/cli/everywhere.h"
#include "sessions/config/config.h"
#include "tui/cli/print.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
print_results(const struct verb_ctx *ctx, const json_t *results, const char *done)
{
	const json_t *r;
	int code = EXIT_OK;
	char buf[32], why[200];
	size_t i;

	json_array_foreach (results, i, r) {
		const char *name = obj_str(r, "name");

		if (!obj_true(r, "ok")) {
			bool known = reason_words(obj_str(r, "error"), 0, why, sizeof why);

			code = verb_fail(ctx, EXIT_FAIL, known ? "%s: not now: %s" : "%s: %s", name,
				known ? why : obj_str(r, "error"));
		} else if (ctx->quiet || ctx->json) {
			continue;
		} else if (json_object_get(r, "freed_bytes")) {
			printf("%s %s, freed %s (%s)\n", name, done,
				fmt_bytes(buf, obj_num(r, "freed_bytes", 0)), obj_str(r, "resume"));
		} else {
			printf("%s %s\n", name, done);
		}
	}
	return code;
}

static int
many(struct verb_ctx *ctx, const char *verb, json_t *take_args, const char *done)
{
	int code = EXIT_OK;
	json_t *reply = verb_call(ctx, verb, take_args, &code);

	if (!reply)
		return code;
	code = print_results(ctx, json_object_get(reply, "results"), done);
	if (!ctx->json)
		guard_warn(ctx, json_object_get(reply, "guard"));
	if (ctx->json)
		print_json(reply);
	else
		json_decref(reply);
	return code;
}

int
verb_hibernate(struct verb_ctx *ctx, int argc, char **argv)
{
	struct choice c = {.apt = "running"};
	bool force = false;
	const struct opt opts[] = {{.s = 'f', .l = "force", .flag = &force}, CHOICE_OPTS(c), {0}};
	int first, code = EXIT_USAGE;
	json_t *args;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0 ||
		!(args = choice_args(ctx, &c, argv + first, argc - first, &code)))
		return code;
	json_object_set_new(args, "force", json_boolean(force));
	return many(ctx, "hibernate", args, "is asleep");
}

/* Without a word: what was put to sleep last. */
int
verb_resume(struct verb_ctx *ctx, int argc, char **argv)
{
	struct choice c = {.apt = "asleep lost"};
	const struct opt opts[] = {CHOICE_OPTS(c), {0}};
	int first, code = EXIT_USAGE;
	json_t *args;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return code;
	args = first == argc && !choice_made(&c)
		       ? json_object()
		       : choice_args(ctx, &c, argv + first, argc - first, &code);
	if (!args)
		return code;
	json_object_set_new(args, "wait", json_true());
	return many(ctx, "resume", args, "is awake");
}

/* The offer as a table: what would be closed first, then what not and why. */
static void
print_offer(const json_t *reply)
{
	const json_t *list = json_object_get(reply, "candidates"), *o;
	char idle[32], mem[32];
	size_t i;

	printf("  %-20s %7s %7s  %s\n", "NAME", "IDLE", "MEM", "WHY NOT");
	for (int pass = 0; pass < 2; pass++) {
		json_array_foreach (list, i, o) {
			bool take = obj_true(o, "eligible") && obj_true(o, "worth");
			const char *why =
				json_string_value(json_array_get(json_object_get(o, "reasons"), 0));
			char words[200] = "";

			if (take == (pass == 1))
				continue;
			if (!take && why)
				reason_words(why, obj_num(o, "idle_s", 0), words, sizeof words);
			printf("%s %-20.20s %7s %7s  %s\n", take ? "*" : " ", obj_str(o, "name"),
				fmt_ago(idle, obj_num(o, "idle_s", 0)),
				json_object_get(o, "footprint_bytes")
					? fmt_bytes(mem, obj_num(o, "footprint_bytes", 0))
					: "?",
				words);
		}
	}
}

static size_t
count_offered(const json_t *reply)
{
	const json_t *o;
	size_t i, n = 0;

	json_array_foreach (json_object_get(reply, "candidates"), i, o)
		n += obj_true(o, "eligible") && obj_true(o, "worth");
	return n;
}

static int
print_done(const struct verb_ctx *ctx, json_t *take)
{
	const json_t *done = json_object_get(take, "done"), *o;
	double freed = 0;
	char buf[32];
	size_t i;
	int code;

	if (ctx->json) {
		print_json(take);
		return EXIT_OK;
	}
	code = print_results(ctx, done, "is asleep");
	json_array_foreach (done, i, o)
		freed += obj_num(o, "freed_bytes", 0);
	if (!ctx->quiet && !json_array_size(done))
		puts("nothing to put to sleep");
	else if (!ctx->quiet)
		printf("%zu put to sleep, freed %s; muster resume wakes them\n",
			json_array_size(done), fmt_bytes(buf, freed));
	json_decref(take);
	return code;
}

struct reap_words {
	const char *idle, *min;
	bool growing, dry, yes;
};

/* NULL: said what is wrong. */
static json_t *
reap_args(const struct verb_ctx *ctx, const struct reap_words *w)
{
	json_t *args = json_pack("{s:b,s:b}", "growing", w->growing, "dry_run", w->dry);
	uint64_t bytes;
	double s;

	if (w->idle && !parse_duration(w->idle, &s)) {
		verb_fail(ctx, EXIT_USAGE, "--idle takes a duration such as 30m or 2h, not '%.20s'",
			w->idle);
		json_decref(args);
		return NULL;
	}
	if (w->min && !parse_size(w->min, &bytes)) {
		verb_fail(ctx, EXIT_USAGE, "--min takes a size such as 400M, not '%.20s'", w->min);
		json_decref(args);
		return NULL;
	}
	if (w->idle)
		json_object_set_new(args, "idle", json_real(s));
	if (w->min)
		json_object_set_new(args, "min", json_integer((json_int_t)bytes));
	return args;
}

/* The answers of all machines as one. */
static json_t *
ask_reap(const struct verb_ctx *ctx, json_t *take_args, int *code)
{
	struct places *p = everywhere(ctx, "reap", take_args, true, NULL, NULL, code);
	json_t *all = NULL;
	double free_bytes = 0;

	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n; i++)
		free_bytes += obj_num(p->place[i].reply, "would_free_bytes", 0);
	all = json_incref(p->place[0].reply);
	json_object_set_new(all, "candidates", places_list(ctx, p, "candidates"));
	json_object_set_new(all, "done", places_list(ctx, p, "done"));
	json_object_set_new(all, "would_free_bytes", json_integer((json_int_t)free_bytes));
	places_free(p);
	return all;
}

/* Lists first; closes only with --yes, or after a yes typed at a terminal. */
static int
reap(struct verb_ctx *ctx, const struct reap_words *w, json_t *take_args)
{
	json_t *reply;
	int code = EXIT_OK;
	char buf[32];
	size_t n;

	if (w->yes && !w->dry) {
		json_object_set_new(take_args, "yes", json_true());
		reply = ask_reap(ctx, take_args, &code);
		return reply ? print_done(ctx, reply) : code;
	}
	reply = ask_reap(ctx, json_incref(take_args), &code);
	if (!reply) {
		json_decref(take_args);
		return code;
	}
	n = count_offered(reply);
	if (ctx->json) {
		print_json(json_incref(reply));
	} else {
		print_offer(reply);
		if (n && !w->dry &&
			user_agrees("Put %zu to sleep and free about %s?", n,
				fmt_bytes(buf, obj_num(reply, "would_free_bytes", 0)))) {
			struct reap_words yes = *w;

			yes.yes = true;
			json_decref(reply);
			return reap(ctx, &yes, take_args);
		}
		if (n && !isatty(1) && !ctx->quiet)
			fprintf(stderr, "muster: reap: %zu could be closed (add --yes)\n", n);
	}
	json_decref(reply);
	json_decref(take_args);
	return EXIT_OK;
}

int
verb_reap(struct verb_ctx *ctx, int argc, char **argv)
{
	struct reap_words w = {0};
	const struct opt opts[] = {{.l = "idle", .value = true, .str = &w.idle},
		{.l = "min", .value = true, .str = &w.min}, {.l = "growing", .flag = &w.growing},
		{.l = "dry-run", .flag = &w.dry}, {.s = 'y', .l = "yes", .flag = &w.yes}, {0}};
	json_t *args;
	int first;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (first != argc)
		return verb_fail(ctx, EXIT_USAGE,
			"takes no session (muster hibernate %s puts one to sleep)", argv[first]);
	args = reap_args(ctx, &w);
	return args ? reap(ctx, &w, args) : EXIT_USAGE;
}

/* A value of the numbers and facts of explain. */
static void
print_value(const char *key, const json_t *v)
{
	char buf[32];
	size_t n = strlen(key);

	if (json_is_boolean(v))
		printf("    %-20s %s\n", key, json_is_true(v) ? "yes" : "no");
	else if (json_is_string(v))
		printf("    %-20s %s\n", key, json_string_value(v));
	else if (strstr(key, "bytes"))
		printf("    %-20s %s\n", key, fmt_bytes(buf, json_number_value(v)));
	else if (n > 2 && strcmp(key + n - 2, "_s") == 0)
		printf("    %-20s %s\n", key, fmt_ago(buf, json_number_value(v)));
	else
		printf("    %-20s %g\n", key, json_number_value(v));
}

static void
print_signals(const json_t *signals)
{
	const json_t *o;
	char buf[32];
	size_t i;

	json_array_foreach (signals, i, o) {
		const json_t *age = json_object_get(o, "age_s");

		printf("  %s %-10s %-11s %6s%s%s\n", obj_true(o, "used") ? ">" : " ",
			obj_str(o, "source"), obj_str(o, "value"),
			age ? fmt_ago(buf, json_number_value(age)) : "",
			*obj_str(o, "detail") ? "  " : "", obj_str(o, "detail"));
	}
}

/* How full its context is, and what is left of the account's allowances. */
static void
print_usage(const json_t *reply)
{
	const json_t *limits = json_object_get(reply, "limits"), *l;
	double until = obj_num(reply, "limited_until", 0), now = os_wall_s(), at;
	char buf[32];
	size_t i;

	if (until > now)
		printf("limited: for %s more\n", fmt_ago(buf, until - now));
	if (obj_num(reply, "context_tokens", 0) > 0)
		printf("context: %s tokens\n",
			human_count(buf, obj_num(reply, "context_tokens", 0)));
	json_array_foreach (limits, i, l) {
		at = obj_num(l, "resets_at", 0);
		printf("%s    %-20s %.0f%% used%s%s\n", i ? "" : "account:\n", obj_str(l, "name"),
			obj_num(l, "used_pct", 0), at > now ? ", resets in " : "",
			at > now ? fmt_ago(buf, at - now) : "");
	}
}

static void
print_explanation(json_t *reply)
{
	json_t *growth = json_object_get(reply, "growth"), *reap_o = json_object_get(reply, "reap"),
	       *v;
	const char *key;
	char says[500], group[240];
	size_t i;

	explain_words(reply, says, sizeof says);
	puts(says);
	if (strcmp(obj_str(reply, "state"), "running") != 0)
		return;
	printf("activity: %s\n", obj_str(reply, "activity"));
	print_signals(json_object_get(reply, "signals"));
	print_usage(reply);
	if (memgroup_words(reply, group, sizeof group))
		printf("cgroup: %s\n", group);
	if (*obj_str(reply, "memory_unseen"))
		puts(obj_str(reply, "memory_unseen"));
	else
		printf("growth: %s\n", obj_str(growth, "verdict"));
	json_object_foreach (json_object_get(growth, "numbers"), key, v)
		print_value(key, v);
	json_array_foreach (json_object_get(growth, "slabs"), i, v)
		printf("    %-20s %s\n", i ? "" : "slabs", obj_str(v, "text"));
	printf("sleep: %s, and %s\n", obj_true(reap_o, "eligible") ? "can sleep now" : "not now",
		obj_true(reap_o, "worth") ? "worth it" : "little to gain");
	json_array_foreach (json_object_get(reap_o, "reasons"), i, v) {
		char why[200];

		reason_words(json_string_value(v) ? json_string_value(v) : "",
			obj_num(reply, "idle_s", 0), why, sizeof why);
		printf("  - %s\n", why);
	}
	json_object_foreach (json_object_get(reap_o, "facts"), key, v)
		print_value(key, v);
}

int
verb_explain(struct verb_ctx *ctx, int argc, char **argv)
{
	const struct opt opts[] = {{0}};
	int first, code = EXIT_OK;
	json_t *reply;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (argc - first != 1)
		return verb_fail(ctx, EXIT_USAGE, "takes one session (muster ls)");
	reply = verb_call(ctx, "explain", json_pack("{s:s}", "id", argv[first]), &code);
	if (!reply)
		return code;
	if (ctx->json) {
		print_json(reply);
	} else {
		print_explanation(reply);
		json_decref(reply);
	}
	return EXIT_OK;
}
