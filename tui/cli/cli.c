/* The command line: verbs from one list, options by table, one-line errors. */
#include "sessions/client/host.h"
#include "tui/cli/verb.h"
#include "tui/cli/host.h"
#include "core/text/human.h"
#include "core/text/width.h"
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define X(name, args, help, fn, group) {name, args, help, fn, group},
const struct verb verbs[] = {
#include "tui/verb/verbs.def"
};
#undef X
const size_t n_verbs = ARRAY_LEN(verbs);

int
verb_fail(const struct verb_ctx *ctx, int code, const char *fmt, ...)
{
	char raw[512], line[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	sanitize(line, sizeof(line), raw, strlen(raw));
	fprintf(stderr, "muster: %s%s%s\n", ctx->verb, *ctx->verb ? ": " : "", line);
	return code;
}

const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < n_verbs; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* Edit distance of short words, for "did you mean". */
static int
distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	int row[64], prev, up;

	if (n >= ARRAY_LEN(row))
		return 99;
	for (size_t j = 0; j <= n; j++)
		row[j] = (int)j;
	for (size_t i = 1; *a; a++, i++) {
		prev = row[0];
		row[0] = (int)i;
		for (size_t j = 1; j <= n; j++) {
			up = row[j];
			row[j] = MIN(MIN(row[j], row[j - 1]) + 1, prev + (*a != b[j - 1]));
			prev = up;
		}
	}
	return row[n];
}

int
verb_unknown(const struct verb_ctx *ctx, const char *word)
{
	const char *best = NULL;
	int least = 3;

	for (size_t i = 0; i < n_verbs; i++) {
		int d = distance(word, verbs[i].name);

		if (d < least) {
			least = d;
			best = verbs[i].name;
		}
	}
	if (best)
		return verb_fail(
			ctx, EXIT_USAGE, "unknown verb '%.40s' (did you mean '%s'?)", word, best);
	return verb_fail(ctx, EXIT_USAGE, "unknown verb '%.40s' (try 'muster help')", word);
}

/* One global option at argv[*i]: 1 taken, 0 none of ours, -1 said an error. */
static int
global_opt(struct verb_ctx *ctx, int argc, char **argv, int *i)
{
	const char *a = argv[*i], *v = NULL;
	const struct {
		const char *name;
		bool *flag;
		const char **str;
	} table[] = {{"--json", &ctx->json, NULL}, {"-q", &ctx->quiet, NULL},
		{"--quiet", &ctx->quiet, NULL}, {"--ascii", &ctx->ascii, NULL},
		{"--plain", &ctx->plain, NULL}, {"--help", &ctx->help, NULL},
		{"-h", &ctx->help, NULL}, {"--version", &ctx->version, NULL},
		{"--color", NULL, &ctx->color_when}, {"--host", NULL, &ctx->host}};

	for (size_t k = 0; k < ARRAY_LEN(table); k++) {
		size_t n = strlen(table[k].name);

		if (strncmp(a, table[k].name, n) || (a[n] && !(table[k].str && a[n] == '=')))
			continue;
		if (table[k].flag) {
			*table[k].flag = true;
			return 1;
		}
		v = a[n] ? a + n + 1 : *i + 1 < argc ? argv[++*i] : NULL;
		if (!v)
			return verb_fail(ctx, -1, "%s needs a value", a);
		*table[k].str = v;
		return 1;
	}
	return 0;
}

static int
globals_done(struct verb_ctx *ctx)
{
	const char *w = ctx->color_when ? ctx->color_when : "auto";

	if (ctx->host && !strcmp(ctx->host, "here") && !host_known("here")) {
		ctx->here = true;
		ctx->host = NULL;
	}
	if (!strcmp(w, "auto"))
		ctx->color = isatty(1) && !(getenv("NO_COLOR") && *getenv("NO_COLOR"));
	else if (!strcmp(w, "always") || !strcmp(w, "never"))
		ctx->color = *w == 'a';
	else
		return verb_fail(ctx, -1, "--color takes auto, always or never, not '%.20s'", w);
	return 0;
}

int
cli_globals(struct verb_ctx *ctx, int argc, char **argv)
{
	int i, r;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		r = global_opt(ctx, argc, argv, &i);
		if (r < 0)
			return -1;
		if (!r)
			return verb_fail(
				ctx, -1, "unknown option '%.40s' (try 'muster help')", argv[i]);
	}
	if (globals_done(ctx) < 0)
		return -1;
	if (ctx->version || ctx->help) {
		const struct verb *v = verb_find(ctx->version ? "version" : "help");

		ctx->verb = v->name;
		exit(verb_run(ctx, v, 1, (char *[]){(char *)v->name, NULL}));
	}
	return i;
}

/* Output that is lost is no success. A reader that left knows: nothing is said then. */
static int
output_done(const struct verb_ctx *ctx, int code)
{
	struct pollfd p = {.fd = 1};
	bool lost = ferror(stdout) != 0;

	errno = 0;
	if (fflush(stdout) == 0 && !lost)
		return code;
	if (errno != EPIPE && !(poll(&p, 1, 0) == 1 && p.revents & POLLERR))
		verb_fail(ctx, EXIT_FAIL, "the output cannot be written%s%s", errno ? ": " : "",
			errno ? strerror(errno) : "");
	return code ? code : EXIT_FAIL;
}

static int
run(struct verb_ctx *ctx, const struct verb *v, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help")) {
			verb_manual(v);
			return EXIT_OK;
		}
	return v->run(ctx, argc, argv);
}

int
verb_run(struct verb_ctx *ctx, const struct verb *v, int argc, char **argv)
{
	return output_done(ctx, run(ctx, v, argc, argv));
}

static const struct opt *
opt_find(const struct opt *o, const char *arg, const char **value)
{
	*value = NULL;
	for (; o->l; o++) {
		size_t n = strlen(o->l);

		if (arg[1] == '-') {
			if (strncmp(arg + 2, o->l, n) || (arg[2 + n] && arg[2 + n] != '='))
				continue;
			if (arg[2 + n])
				*value = arg + 2 + n + 1;
			return o;
		}
		if (o->s && arg[1] == o->s && (o->value || !arg[2])) {
			if (arg[2])
				*value = arg + 2;
			return o;
		}
	}
	return NULL;
}

static int
opt_take(const struct verb_ctx *ctx, const struct opt *o, void *octx, const char *arg,
	const char *value)
{
	if (o->value && !value)
		return verb_fail(ctx, -1, "%s needs a value", arg);
	if (!o->value && value)
		return verb_fail(ctx, -1, "--%s takes no value", o->l);
	if (o->flag)
		*o->flag = true;
	if (o->str)
		*o->str = value;
	if (o->set)
		o->set(octx, value);
	return 0;
}

int
opts_parse(struct verb_ctx *ctx, const struct opt *o, void *octx, int argc, char **argv,
	int *first_word)
{
	char **words = xcalloc((size_t)argc + 1, sizeof(*words));
	int n = 0, r = 0;

	for (int i = 1; i < argc && r >= 0; i++) {
		const struct opt *m;
		const char *value, *arg = argv[i];

		if (!strcmp(arg, "--")) {
			words[n++] = argv[i];
			while (++i < argc)
				words[n++] = argv[i];
			break;
		}
		if (arg[0] != '-' || !arg[1]) {
			words[n++] = argv[i];
			continue;
		}
		m = opt_find(o, arg, &value);
		if (!m) {
			r = global_opt(ctx, argc, argv, &i);
			if (!r)
				r = verb_fail(ctx, -1,
					"unknown option '%.40s' (try 'muster help %s')", arg,
					ctx->verb);
			continue;
		}
		if (m->value && !value && i + 1 < argc)
			value = argv[++i];
		r = opt_take(ctx, m, octx, arg, value);
	}
	if (r >= 0)
		r = globals_done(ctx);
	if (r >= 0)
		r = host_words(ctx, words, n);
	if (r >= 0 && ctx->host && host_runs(ctx->verb))
		exit(host_run(ctx, argc, argv));
	*first_word = argc - n;
	memcpy(argv + argc - n, words, (size_t)n * sizeof(*words));
	free(words);
	return r < 0 ? -1 : 0;
}

static void
clean_all(json_t *v)
{
	size_t i, n = json_string_length(v);
	const char *key;
	json_t *one;
	char *clean;

	if (json_is_string(v)) {
		clean = xmalloc(n + 1);
		json_string_setn(v, clean, sanitize(clean, n + 1, json_string_value(v), n));
		free(clean);
	}
	json_array_foreach (v, i, one)
		clean_all(one);
	json_object_foreach (v, key, one)
		clean_all(one);
}

void
json_clean(const struct verb_ctx *ctx, json_t *reply)
{
	if (!ctx->json)
		clean_all(reply);
}

void
print_json(json_t *take)
{
	json_dumpf(take, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
	putchar('\n');
	fflush(stdout);
	json_decref(take);
}

const char *
fmt_bytes(char *buf, double bytes)
{
	return human_bytes(buf, bytes);
}

const char *
fmt_ago(char *buf, double s)
{
	return human_time(buf, s);
}

json_t *
verb_call_as(const struct verb_ctx *ctx, const struct call_as *as, const char *verb,
	json_t *take_args, int *code)
{
	struct err e = {0};
	struct client *c = client_connect(ctx->host, !as->no_start, &e);
	json_t *reply = NULL;

	if (c)
		reply = client_call(c, verb, take_args, as->part, as->ctx, as->timeout_s, &e);
	else
		json_decref(take_args);
	if (!reply)
		*code = verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	client_free(c);
	json_clean(ctx, reply);
	return reply;
}

json_t *
verb_call(const struct verb_ctx *ctx, const char *verb, json_t *take_args, int *code)
{
	return verb_call_as(ctx, &(struct call_as){0}, verb, take_args, code);
}
