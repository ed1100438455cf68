/* faults BUILD_DIR [ROLE|all [KIND|all [places|N…]]]: what one call that fails may cost: nothing.
 *
 * ROLE is server, keeper or client; KIND one of nth_fails.h. A script of verbs runs, from the
 * server's start to its stop, while the n-th call of the kind fails; `places` does so with one
 * from each place that makes such a call, run after run until no place is left. A verb may then
 * be refused, with one line, once; a server may have to be started by its keeper. Afterwards all
 * text is there, both live and from files, no database was set aside, nothing is between two
 * states, no banner is left and the next server works.
 *
 * faults BUILD_DIR sample SECONDS: as many of them as fit, spread over roles, kinds and n.
 *
 * Prints a line of figures for each role and kind, and one for each thing that is wrong; the exit
 * code says whether there was any. */
#include "tests/tools/preload/nth_fails.h"
#include "tests/torture/verbs.h"
#include <errno.h>
#include <glob.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define LIB "tests/tools/preload/nth_fails.so"
#define LINES 400
#define VERB_S 20  /* a verb ends in so many seconds */
#define AGAIN_S 15 /* and has worked after so many, tried again */
#define STOP_S 15
#define PLACES_MAX 3000

static const char *const kinds[] = {
#define KIND_NAME(name, err) #name,
	NTH_KINDS(KIND_NAME)};
static const char *const roles[] = {"server", "keeper", "client"};

static struct nth_fails *rec;
static char home[64], at[900]; /* what is tried, for messages */
static unsigned bad_before;

#define AMISS(fmt, ...) wrong("%s: " fmt, at, ##__VA_ARGS__)

/* What a verb said on stderr. */
static void
words(char *text, size_t cap)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "%s.err", home);
	text[0] = 0;
	if ((f = fopen(path, "r"))) {
		text[fread(text, 1, cap - 1, f)] = 0;
		fclose(f);
	}
}

/* Success has nothing to say, failure one line. */
static void
check_words(const char *args, int rc)
{
	char text[2000], *nl;

	words(text, sizeof(text));
	nl = strchr(text, '\n');
	if (rc < 0)
		AMISS("muster %s: crashed, or not over in %d s: %.300s", args, VERB_S, text);
	else if (rc && (strncmp(text, "muster: ", 8) != 0 || !nl || nl[1]))
		AMISS("muster %s: exit %d, and no one line: %.300s", args, rc, text);
	else if (strstr(text, "panic"))
		AMISS("muster %s: %.300s", args, text);
}

static int
verb(struct buf *out, const char *args)
{
	int rc = muster(out, VERB_S, "%s 2>%s.err", args, home);

	check_words(args, rc);
	return rc;
}

/* One failure refuses it once: it works when it is asked for again. done: the exit code that says
 * that it had been done all the same. */
static bool
works(const char *args, int done)
{
	double end = now_s() + AGAIN_S;
	int rc, tries = 0;

	while ((rc = verb(NULL, args)) != 0) {
		if (tries++ && rc == done)
			return true;
		if (now_s() > end || rc < 0) {
			char text[300];

			words(text, sizeof(text));
			AMISS("muster %s does not work (exit %d, %d tries): %s", args, rc, tries,
				text);
			return false;
		}
		pause_ms(50);
	}
	return true;
}

/* All lines of the session's text, once and in order. */
static bool
has_all(const char *name, struct buf *b)
{
	char args[80], *line, *rest;
	long want = 1;

	b->len = 0;
	snprintf(args, sizeof(args), "peek %s --history", name);
	if (verb(b, args) != 0)
		return false;
	for (line = strtok_r(buf_cstr(b), "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *end;
		long i = strtol(line, &end, 10);

		if (end == line || strcmp(end, " line") != 0)
			continue;
		if (i != want)
			return false;
		want++;
	}
	return want == LINES + 1;
}

static void
check_text(const char *name, const char *when)
{
	double end = now_s() + AGAIN_S;
	struct buf b = {0};

	while (!has_all(name, &b))
		if (now_s() > end) {
			AMISS("the text of %s is not all there, %s", name, when);
			break;
		}
	buf_free(&b);
}

static void
check_answers(const char *name)
{
	double end = now_s() + AGAIN_S;
	char args[80];
	struct buf b = {0};

	snprintf(args, sizeof(args), "send %s ping", name);
	works(args, -1);
	snprintf(args, sizeof(args), "peek %s", name);
	while (muster(&b, VERB_S, "%s", args) != 0 || !strstr(buf_cstr(&b), "got ping")) {
		b.len = 0;
		if (now_s() > end) {
			AMISS("%s does not answer", name);
			break;
		}
		pause_ms(20);
	}
	buf_free(&b);
}

/* Nothing between two states, nothing said to be wrong, nothing set aside. */
static void
check_rest(void)
{
	double end = now_s() + AGAIN_S;
	char pattern[100], last[300] = "no answer";
	glob_t g;

	for (;;) {
		json_t *ls = muster_json("ls -a --json"), *st = muster_json("server status --json");
		const char *banner = json_string_value(json_object_get(st, "banner"));
		json_t *s;
		size_t i;

		if (ls && banner)
			snprintf(last, sizeof(last), "%s", banner);
		json_array_foreach (json_object_get(ls, "sessions"), i, s) {
			const char *state = json_string_value(json_object_get(s, "state"));

			if (!strcmp(state, "closing") || !strcmp(state, "starting"))
				snprintf(last, sizeof(last), "%s is %s",
					json_string_value(json_object_get(s, "name")), state);
		}
		json_decref(ls);
		json_decref(st);
		if (!*last)
			break;
		if (now_s() > end) {
			AMISS("afterwards: %s", last);
			break;
		}
		pause_ms(50);
	}
	snprintf(pattern, sizeof(pattern), "%s/state/*corrupt*", home);
	if (glob(pattern, 0, NULL, &g) == 0)
		AMISS("%s is there", g.gl_pathv[0]);
	globfree(&g);
}

static void
stop(void)
{
	double t = now_s();

	works("server stop --kill-sessions", 4);
	if (now_s() - t > STOP_S)
		AMISS("server stop took %.1f s", now_s() - t);
}

static void
new_home(void)
{
	char path[100];
	FILE *f;

	snprintf(home, sizeof(home), "/tmp/muster-faults.XXXXXX");
	if (!mkdtemp(home))
		abort();
	setenv("MUSTER_HOME", home, 1);
	snprintf(path, sizeof(path), "%s/config.ini", home);
	if (!(f = fopen(path, "w")))
		abort();
	fputs("[server]\nstore_after=100ms\n", f);
	fclose(f);
}

/* Everything of this home that is alive is ended: what a failure left would not be. */
static void
drop_home(void)
{
	char cmd[300];

	if (bad > bad_before)
		printf("torture: kept: %s\n", home);
	else {
		snprintf(cmd, sizeof(cmd), "rm -rf '%s' '%s.err'", home, home);
		if (system(cmd) != 0)
			abort();
	}
	bad_before = bad;
}

#define PRINTS                                                                  \
	"sh -c 'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i line; done; " \
	"while read x; do echo got $x; done'"

/* The script, with one failure somewhere in it. */
static void
run_once(void)
{
	new_home();
	rec->calls = rec->hits = 0;
	rec->where[0] = 0;
	rec->on = 1;
	works("server start", -1);
	works("new -d -n a -p shell -- " PRINTS, 1);
	works("new -d -n b -p shell -- cat", 1);
	works("peek a --history", -1);
	works("search '399 line'", -1);
	works("send b hello", -1);
	works("hibernate --force b", 1);
	works("resume b", 1);
	works("explain a", -1);
	works("footprint a", -1);
	works("kill --now b", 1);
	works("forget b", 3);
	check_answers("a");
	works("ls -a", -1);
	works("server stop --kill-sessions", 4);
	rec->on = 0;
	check_text("a", "from files");
	works("new -d -n c -p shell -- " PRINTS, -1);
	check_text("c", "live");
	check_answers("c");
	check_rest();
	stop();
	drop_home();
}

static void
begin(int role, int kind, int from)
{
	rec->role = role;
	rec->kind = kind;
	rec->from = from;
	snprintf(at, sizeof(at), "%s %s %s %d", roles[role], kinds[kind], from ? "call" : "place",
		from);
}

/* One from each place. */
static void
all_places(int role, int kind)
{
	double t = now_s();
	unsigned was = bad;
	int n = 0;

	memset(rec->seen, 0, sizeof(rec->seen));
	do {
		begin(role, kind, 0);
		snprintf(at, sizeof(at), "%s %s, place %d", roles[role], kinds[kind], ++n);
		run_once();
		if (bad > was) {
			printf("torture: at %s\n", rec->where);
			was = bad;
		}
		fflush(stdout);
	} while (rec->hits && n < PLACES_MAX);
	printf("faults: %s %s: %d places, %d calls in the last run, %.0f s\n", roles[role],
		kinds[kind], n - 1, rec->calls, now_s() - t);
	fflush(stdout);
}

static void
one_call(int role, int kind, int n)
{
	begin(role, kind, n);
	run_once();
	printf("faults: %s: %s, %d calls, at %s\n", at, rec->hits ? "failed" : "not reached",
		rec->calls, rec->where);
	fflush(stdout);
}

/* So many in a run of the script, about: a sample is taken from these. */
static const int usual[][NTH_N_KINDS] = {
	[NTH_SERVER] = {12000, 20, 13000, 350, 75, 350, 6, 40, 110},
	[NTH_KEEPER] = {3, 5, 9, 3, 1, 10, 4, 4, 24},
	[NTH_CLIENT] = {3000, 1, 850, 2, 1, 480, 2, 20, 50},
};

/* Every kind of every role in turn, each time at another call. */
static void
sample(double seconds)
{
	double end = now_s() + seconds;

	for (unsigned i = 0; now_s() < end; i++) {
		int role = (int)(i % ARRAY_LEN(roles)), kind = (int)(i * 5 % NTH_N_KINDS);

		one_call(role, kind, 1 + (int)(i * 7919u % (unsigned)usual[role][kind]));
	}
}

static int
named(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

/* Programs of their own: a keeper's environment holds nothing that its caller's has, so what is
 * preloaded comes in by a script at its place. */
static void
put_programs(const char *build, const char *record)
{
	char path[PATH_MAX], cmd[3 * PATH_MAX];
	FILE *f;

	snprintf(bin, sizeof(bin), "/tmp/muster-faults-bin.XXXXXX");
	if (!mkdtemp(bin))
		abort();
	snprintf(cmd, sizeof(cmd),
		"cd '%.100s' && mkdir real && cp '%.2000s/muster' . && cp '%.2000s/muster-keeper' "
		"'%.2000s/" LIB "' real",
		bin, build, build, build);
	snprintf(path, sizeof(path), "%.100s/muster-keeper", bin);
	if (system(cmd) != 0 || !(f = fopen(path, "w")))
		abort();
	fprintf(f,
		"#!/bin/sh\nLD_PRELOAD='%.100s/real/nth_fails.so' NTH_FAILS='%s' exec "
		"'%.100s/real/muster-keeper' \"$@\"\n",
		bin, record, bin);
	fclose(f);
	if (chmod(path, 0700) < 0)
		abort();
}

static void
set_up(const char *build)
{
	char real[PATH_MAX], lib[200], path[64];
	int fd;

	if (!realpath(build, real))
		abort();
	snprintf(path, sizeof(path), "/tmp/muster-faults-record.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0 || ftruncate(fd, sizeof(*rec)) < 0)
		abort();
	rec = mmap(NULL, sizeof(*rec), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (rec == MAP_FAILED)
		abort();
	close(fd);
	put_programs(real, path);
	snprintf(lib, sizeof(lib), "%.100s/real/nth_fails.so", bin);
	setenv("NTH_FAILS", path, 1);
	setenv("LD_PRELOAD", lib, 1);
	unsetenv("MUSTER_SESSION");
}

static void
clean_up(void)
{
	char cmd[PATH_MAX + 100];

	unlink(getenv("NTH_FAILS"));
	unsetenv("LD_PRELOAD");
	snprintf(cmd, sizeof(cmd), "rm -rf '%.100s'", bin);
	if (system(cmd) != 0)
		abort();
}

int
main(int argc, char **argv)
{
	const char *who = argc > 2 ? argv[2] : "all", *what = argc > 3 ? argv[3] : "all";
	int role = named(who, roles, ARRAY_LEN(roles)), kind = named(what, kinds, NTH_N_KINDS);

	if (argc > 3 && !strcmp(who, "sample")) {
		set_up(argv[1]);
		sample(atof(what));
		clean_up();
		return bad != 0;
	}
	if (argc < 2 || (role < 0 && strcmp(who, "all") != 0) ||
		(kind < 0 && strcmp(what, "all") != 0))
		return 2;
	set_up(argv[1]);
	for (int r = 0; r < (int)ARRAY_LEN(roles); r++)
		for (int k = 0; k < NTH_N_KINDS; k++) {
			if ((role >= 0 && role != r) || (kind >= 0 && kind != k))
				continue;
			if (argc < 5)
				all_places(r, k);
			for (int i = 4; i < argc; i++)
				one_call(r, k, atoi(argv[i]));
		}
	clean_up();
	return bad != 0;
}
