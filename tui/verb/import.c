/* import: AI CLIs that run outside muster. They cannot be taken over: a terminal belongs to who opened
 * it. What can be brought in is the conversation: a session of its own that is asleep, and goes on
 * here once the process there has been left. */
#include "sessions/agent/profile.h"
#include "sessions/agent/registry_look.h"
#include "sessions/config/config.h"
#include "sessions/memory/footprint.h"
#include "sessions/proc/proc_read.h"
#include "sessions/proc/proctree.h"
#include "sessions/wire/json.h"
#include "tui/cli/choice.h"
#include "tui/verb/import.h"
#include "tui/cli/print.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK_MAX = 128 << 10, WORDS_MAX = 256 };

struct outside {
	pid_t pid;
	const struct profile *profile;
	char **argv, **env; /* NULL-terminated, point into blocks */
	char *blocks[2], cwd[PATH_MAX], conversation[CONVERSATION_MAX];
	uint64_t footprint;
	double age_s;
};

/* A file of /proc with strings and NULs between; *block is to be freed with the vector. */
static char **
strings(pid_t pid, const char *name, char **block)
{
	char **v;
	ssize_t n;
	size_t k = 0;

	*block = xmalloc(BLOCK_MAX);
	n = proc_read(pid, name, *block, BLOCK_MAX);
	v = xcalloc((size_t)MAX(n, 0) / 2 + WORDS_MAX, sizeof *v);
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(*block + at) + 1)
		v[k++] = *block + at;
	return v;
}

static const char *
env_of(void *ctx, const char *name)
{
	const struct outside *o = ctx;
	size_t n = strlen(name);

	for (char **e = o->env; *e; e++)
		if (!strncmp(*e, name, n) && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

static void
outside_free(struct outside *o)
{
	free(o->argv);
	free(o->env);
	free(o->blocks[0]);
	free(o->blocks[1]);
}

/* An interactive CLI of this user that muster did not start. */
static bool
is_outside(const struct proc_node *p, const struct profiles *ps, struct outside *o)
{
	char *cmdline, role[48], path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%d", (int)p->pid);
	if (p->dead || !p->tty || p->pid == getpid() || stat(path, &st) < 0 ||
		st.st_uid != geteuid() || !(cmdline = proc_cmdline(p->pid)))
		return false;
	proc_role(p->comm, cmdline, role, sizeof role);
	free(cmdline);
	*o = (struct outside){.pid = p->pid, .profile = profile_find(ps, role)};
	if (!o->profile || !profile_needs_conversation(o->profile))
		return false;
	o->argv = strings(p->pid, "cmdline", &o->blocks[0]);
	o->env = strings(p->pid, "environ", &o->blocks[1]);
	if (o->argv[0] && !env_of(o, "MUSTER_SESSION"))
		return true;
	outside_free(o);
	return false;
}

/* By what the CLI writes about its processes, by its rollout, or by its own words. */
static void
find_conversation(struct outside *o)
{
	struct live_look live = {0};
	struct rollout_look rollout = {.pid = o->pid};
	char mine[CONVERSATION_MAX];

	if (profile_registry_dir(o->profile, env_of, o, live.dir, sizeof live.dir)) {
		snprintf(live.name, sizeof live.name, "%d.json", (int)o->pid);
		live_look(&live);
		if (live.n)
			snprintf(o->conversation, sizeof o->conversation, "%s",
				live.file[0].rec.conversation);
		free(live.file);
	}
	if (!*o->conversation &&
		profile_rollout_dir(o->profile, env_of, o, rollout.dir, sizeof rollout.dir)) {
		rollout_look(&rollout);
		if (rollout.n_open == 1)
			snprintf(o->conversation, sizeof o->conversation, "%s", rollout.open[0].id);
		rollout_look_free(&rollout);
	}
	profile_pick_conversation(o->profile, o->argv, mine);
	for (char **w = o->argv; !*o->conversation && *mine && *w; w++)
		if (strstr(*w, mine))
			snprintf(o->conversation, sizeof o->conversation, "%s", mine);
}

static void
look_closer(struct outside *o)
{
	struct footprint_report r = {0};
	struct timespec up;
	char link[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/%d/cwd", (int)o->pid);
	n = readlink(link, o->cwd, sizeof o->cwd - 1);
	o->cwd[MAX(n, 0)] = 0;
	if (footprint_report(o->pid, NULL, NULL, &r) == 0)
		o->footprint = r.total;
	footprint_report_free(&r);
	clock_gettime(CLOCK_BOOTTIME, &up);
	o->age_s = (double)up.tv_sec - (double)proc_start(o->pid) / (double)sysconf(_SC_CLK_TCK);
	find_conversation(o);
}

/* Words that begin it as the user did; NULL: as the profile does, for an interpreter was started. */
static char **
own_words(const struct profiles *ps, const struct outside *o)
{
	return profile_of_command(ps, o->argv) == o->profile ? o->argv : NULL;
}

static json_t *
outside_json(const struct profiles *ps, const struct outside *o)
{
	char **resume = *o->conversation
				? profile_resume_argv(o->profile, own_words(ps, o), o->conversation)
				: NULL;
	json_t *j = json_pack("{s:i,s:s,s:f,s:I}", "pid", (int)o->pid, "profile",
		profile_name(o->profile), "age_s", o->age_s, "footprint_bytes",
		(json_int_t)o->footprint);

	obj_put_text(j, "cwd", o->cwd);
	if (*o->conversation)
		obj_put_text(j, "conversation", o->conversation);
	if (resume)
		json_object_set_new(j, "resume", words_json(resume, -1));
	free(resume);
	return j;
}

/* Below another one of these: its helper, not a session. */
static bool
is_below(const struct proc_table *t, pid_t pid, const struct outside *o, size_t n)
{
	const struct proc_node *p = proc_table_find(t, pid);

	for (int deep = 0; deep < 64 && p && p->ppid > 1; deep++) {
		for (size_t i = 0; i < n; i++)
			if (o[i].pid == p->ppid)
				return true;
		p = proc_table_find(t, p->ppid);
	}
	return false;
}

static struct outside *
find_all(const struct profiles *ps, size_t *n)
{
	struct proc_table t = {0};
	struct outside *o = NULL, one;

	*n = 0;
	if (proc_table_update(&t, true) == 0)
		for (size_t i = 0; i < t.n; i++)
			if (is_outside(&t.p[i], ps, &one)) {
				o = xrealloc(o, (*n + 1) * sizeof *o);
				o[(*n)++] = one;
			}
	for (size_t i = *n; i-- > 0;)
		if (is_below(&t, o[i].pid, o, *n)) {
			outside_free(&o[i]);
			memmove(&o[i], &o[i + 1], (--*n - i) * sizeof *o);
		}
	proc_table_free(&t);
	for (size_t i = 0; i < *n; i++)
		look_closer(&o[i]);
	return o;
}

static void
put_outside(const struct verb_ctx *ctx, const json_t *list)
{
	json_t *o, *w;
	char mem[32], age[32];
	size_t i, k;

	printf("%8s  %-10s %7s %7s  %s\n", "PID", "WHAT", "MEM", "AGE", "DIRECTORY");
	json_array_foreach (list, i, o) {
		printf("%8.0f  ", jnum(o, "pid"));
		put_cell(ctx, obj_str(o, "profile"), 10);
		printf(" %7s %7s  ", fmt_bytes(mem, jnum(o, "footprint_bytes")),
			fmt_ago(age, jnum(o, "age_s")));
		put_clean(obj_str(o, "cwd"));
		printf("\n          ");
		if (!json_object_get(o, "resume"))
			printf("its conversation is not known: start it here anew");
		else
			printf("once it has been left there:");
		json_array_foreach (json_object_get(o, "resume"), k, w) {
			putchar(' ');
			put_clean(json_string_value(w));
		}
		putchar('\n');
	}
}

/* Is it a session's already? */
static bool
is_known(const json_t *sessions, const char *conversation)
{
	json_t *s;
	size_t i;

	json_array_foreach (sessions, i, s)
		if (!strcmp(obj_str(s, "conversation"), conversation))
			return true;
	return false;
}

static int
bring_in(struct verb_ctx *ctx, const struct profiles *ps, const struct outside *o)
{
	int code = EXIT_OK;
	char **words = own_words(ps, o);
	json_t *args = json_pack("{s:s,s:b,s:s,s:o,s:o}", "profile", profile_name(o->profile),
		"asleep", true, "conversation", o->conversation, "argv",
		words ? words_json(words, -1) : json_array(), "env", words_json(o->env, -1));
	json_t *reply;

	obj_put_text(args, "cwd", o->cwd);
	if ((reply = verb_call(ctx, "new", args, &code)) && !ctx->quiet && !ctx->json)
		printf("%s is asleep here; leave process %d, then: muster resume %s\n",
			obj_str(reply, "name"), (int)o->pid, obj_str(reply, "name"));
	json_decref(reply);
	return code;
}

static int
bring_in_all(struct verb_ctx *ctx, const struct profiles *ps, const struct outside *o, size_t n)
{
	int code = EXIT_OK, one;
	json_t *list = verb_call(ctx, "ls", json_pack("{s:b}", "all", true), &code);
	json_t *sessions = json_object_get(list, "sessions");

	for (size_t i = 0; list && i < n; i++)
		if (*o[i].conversation && !is_known(sessions, o[i].conversation) &&
			(one = bring_in(ctx, ps, &o[i])))
			code = one;
	json_decref(list);
	return code;
}

int
verb_import(struct verb_ctx *ctx, int argc, char **argv)
{
	bool dry = false;
	const char *archive = NULL, *name = NULL;
	const struct opt opts[] = {{.l = "dry-run", .flag = &dry},
		{.l = "archive", .value = true, .str = &archive},
		{.s = 'n', .l = "name", .value = true, .str = &name}, {0}};
	struct err e = {0};
	struct paths where;
	struct profiles *ps;
	struct outside *o;
	json_t *list;
	size_t n;
	int first, code = EXIT_OK;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (first < argc)
		return verb_fail(ctx, EXIT_USAGE, "takes no arguments (try muster help import)");
	if (archive && !dry)
		return import_archive(ctx, archive, name);
	if (archive || name)
		return verb_fail(ctx, EXIT_USAGE, "--archive FILE [-n NAME], or --dry-run");
	if (paths_init(&where, &e) < 0 || !(ps = profiles_load(where.config, &e)))
		return verb_fail(ctx, EXIT_FAIL, "%s", e.msg);
	o = find_all(ps, &n);
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, outside_json(ps, &o[i]));
	if (ctx->json)
		print_json(json_pack("{s:i,s:O}", "v", 1, "processes", list));
	else if (n)
		put_outside(ctx, list);
	else if (!ctx->quiet)
		fputs("no AI CLI runs outside muster\n", stderr);
	if (!dry && n)
		code = bring_in_all(ctx, ps, o, n);
	for (size_t i = 0; i < n; i++)
		outside_free(&o[i]);
	free(o);
	json_decref(list);
	profiles_free(ps);
	return code;
}
