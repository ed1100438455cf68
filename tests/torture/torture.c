/* torture BUILD_DIR [KILLS [SESSIONS [server|keeper|mixed|both|upgrade|writes]]]: what the death of muster's own
 * processes may cost: nothing.
 *
 * Sessions print numbered lines, of all kinds of content, while the server (or the keeper, or
 * either) is killed at any moment; beside them others are started, end, are ended, put to sleep,
 * woken and forgotten, and the printers are resized. Afterwards each line must be there once and
 * in order, no child may have seen a signal, every exit code must be known, no session may hang
 * between two states, and `server stop` must end in time.
 *
 * both: server and keeper die together, which ends what runs. Then another server must start, every
 * session must be lost, and its text there, in order, up to what was seen of it before.
 *
 * upgrade: between a program and its copy, to and fro, and mostly one of the two is killed on the
 * way.
 *
 * writes: the server dies while the databases are written: notes are kept with sessions that live and
 * that have ended, as fast as they are taken, others begin and end, memory is sampled each second.
 * What was answered a second before a kill must be there after it, and no database set aside.
 *
 * Prints one line of figures, and one for each thing that is wrong; the exit code says whether
 * there was any. */
#include "sessions/wire/proto.h"
#include "tests/torture/verbs.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define COLS 100
#define ROWS 30
#define CHURNERS 2
#define BACK_S 20	/* a server is back in so many seconds */
#define SETTLED_S 20	/* and all that was under way has come to its end */
#define STOP_LIMIT_S 15 /* server stop, whatever there is to be ended */

enum mode { SERVER_DIES, KEEPER_DIES, EITHER_DIES, BOTH_DIE, UPGRADED, WRITER_DIES };
static const char *const mode_names[] = {"server", "keeper", "mixed", "both", "upgrade", "writes"};

static char home[64], self[PATH_MAX];
static unsigned seed = 1;
static int n_sessions = 4;

static unsigned
dice(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

/* ---- what prints ---- */

static const char *child_base;

static void
caught(int sig)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s.signals", child_base);
	fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);
	dprintf(fd, "%d\n", sig);
	close(fd);
}

static void
print_line(long i)
{
	switch (dice(6)) {
	case 0:
		printf("\033[3%um%ld line\033[0m\n", dice(8), i);
		break;
	case 1:
		printf("%ld line wide \xe6\xbc\xa2\xe5\xad\x97 e\xcc\x81\n", i);
		break;
	case 2:
		printf("%ld line %.*s\n", i, (int)dice(80),
			".........................................................................."
			"....");
		break;
	case 3:
		printf("\033]0;title %ld\007%ld line\n", i, i);
		break;
	default:
		printf("%ld line\n", i);
	}
}

/* torture child BASE STOP CODE PAUSE_US: prints until the file STOP is there. */
static int
child(char **argv)
{
	char path[600], answer[16];
	long i = 0;
	FILE *f;

	child_base = argv[0];
	seed = (unsigned)getpid();
	for (int s = 1; s < SIGRTMIN; s++)
		if (s != SIGCHLD && s != SIGWINCH)
			signal(s, caught);
	while (access(argv[1], F_OK) < 0) {
		for (unsigned n = 1 + dice(30); n; n--)
			print_line(++i);
		if (fflush(stdout) != 0)
			return 1; /* its terminal died */
		pause_ms((unsigned)atoi(argv[3]));
	}
	snprintf(path, sizeof(path), "%s.lines", argv[0]);
	if ((f = fopen(path, "w"))) {
		fprintf(f, "%ld\n", i);
		fclose(f);
	}
	puts("the end");
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) ? atoi(argv[2]) : 99;
}

struct pids {
	pid_t server, keeper;
};

static struct pids
pids_of(void)
{
	json_t *j = muster_json("server status --json");
	struct pids p = {(pid_t)json_integer_value(json_object_get(j, "pid")),
		(pid_t)json_integer_value(json_object_get(j, "keeper_pid"))};

	json_decref(j);
	return p;
}

/* ---- beside the printers ---- */

static char stop_file[300];

static bool
over(void)
{
	return access(stop_file, F_OK) == 0;
}

/* A session through a piece of its life: any verb may meet a server that is away. */
static void
churn_once(unsigned who, unsigned i)
{
	char name[32];
	unsigned code = dice(50);

	snprintf(name, sizeof(name), "c%u-%u", who, i);
	if (dice(2)) {
		muster(NULL, 20, "new -d -n %s -t code%u -- sh -c 'seq 1 200; exit %u'", name, code,
			code);
		if (dice(2))
			muster(NULL, 20, "wait %s --for exit --timeout 3", name);
	} else {
		muster(NULL, 20, "new -d -n %s -p shell -- sh -c 'seq 1 200; cat'", name);
		if (dice(3) == 0)
			muster(NULL, 20, "hibernate --force %s", name);
		if (dice(3) == 0)
			muster(NULL, 20, "resume %s", name);
		if (dice(2))
			muster(NULL, 20, "kill --now %s", name);
	}
	if (dice(3) == 0)
		muster(NULL, 20, "forget %s", name);
	if (dice(4) == 0)
		muster(NULL, 20, "peek t%u --history --lines 50", dice((unsigned)n_sessions));
}

static void
put_resize(struct buf *b, unsigned cols, unsigned rows)
{
	uint8_t p[4] = {(uint8_t)cols, 0, (uint8_t)rows, 0};

	frame_put(b, FT_RESIZE, 1, p, sizeof(p));
}

/* Someone attaches, changes the size a few times, and leaves it as it was. */
static void
resize_once(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct buf b = {0};
	json_t *j = json_pack("{s:s,s:i,s:o,s:s,s:i,s:i}", "verb", "view", "view", 1, "id",
		json_sprintf("t%u", dice((unsigned)n_sessions)), "mode", "attach", "cols", COLS,
		"rows", ROWS);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/run/sock", home);
	frame_put(&b, FT_HELLO, 0, "{\"v\":1,\"versions\":[1]}", 22);
	frame_json(&b, FT_REQUEST, 1, j);
	json_decref(j);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		for (int i = 0; i < 6; i++) {
			if (i == 5)
				put_resize(&b, COLS, ROWS);
			else
				put_resize(&b, 20 + dice(180), 5 + dice(55));
			if (send(fd, b.data, b.len, MSG_NOSIGNAL) < 0)
				break;
			b.len = 0;
			pause_ms(20);
		}
	buf_free(&b);
	close(fd);
}

/* What was found, in lines. */
struct figures {
	long total, lost, twice;
};

static void
start_churn(pid_t pid[CHURNERS + 1])
{
	for (unsigned k = 0; k < CHURNERS + 1; k++) {
		if ((pid[k] = fork()) != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		seed = 77 + k;
		for (unsigned i = 1; !over(); i++)
			if (k < CHURNERS)
				churn_once(k, i);
			else
				resize_once();
		_exit(0);
	}
}

static void
end_churn(pid_t pid[CHURNERS + 1])
{
	for (unsigned k = 0; k < CHURNERS + 1; k++)
		waitpid(pid[k], NULL, 0);
}

/* ---- killing ---- */

static double
kill_once(struct pids *p, bool server, bool keeper)
{
	struct pids was = *p;
	double t;

	/* of two, neither is to see the other's end */
	for (int i = 0; server && keeper && i < 2; i++)
		kill(i ? was.server : was.keeper, SIGSTOP);
	if (keeper)
		kill(was.keeper, SIGKILL);
	if (server)
		kill(was.server, SIGKILL);
	for (t = now_s(); now_s() - t < BACK_S;) {
		*p = pids_of();
		if (p->server && (!server || p->server != was.server) &&
			(!keeper || p->keeper != was.keeper))
			return now_s() - t;
	}
	wrong("no %s after %d s", server ? "server" : "keeper", BACK_S);
	return -1;
}

/* It may be refused, it may fail, it may be cut short. */
static double
upgrade_once(struct pids *p, int k)
{
	struct pids was = *p;
	unsigned victim = dice(3);
	pid_t asks = fork();
	double t;

	if (!asks) {
		muster(NULL, 30, "upgrade '%s/muster'", k % 2 ? bin : home);
		_exit(0);
	}
	pause_ms(dice(250));
	if (victim == 1)
		kill(was.server, SIGKILL);
	if (victim == 2)
		kill(was.keeper, SIGKILL);
	t = now_s();
	waitpid(asks, NULL, 0);
	for (double end = now_s() + BACK_S; now_s() < end;) {
		*p = pids_of();
		if (p->server && (victim != 1 || p->server != was.server) &&
			(victim != 2 || p->keeper != was.keeper))
			return now_s() - t;
	}
	wrong("no server or keeper %d s after an upgrade", BACK_S);
	return -1;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static json_t *
session_named(const json_t *ls, const char *name)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(ls, "sessions"), i, s)
		if (!strcmp(json_string_value(json_object_get(s, "name")), name))
			return s;
	return NULL;
}

static const char *
state_of(const json_t *s)
{
	const char *state = json_string_value(json_object_get(s, "state"));

	return state ? state : "none";
}

/* The numbers that lines begin with: 1, 2, 3 … ; returns the last, counts what is not so (NULL: it
 * begins anywhere). */
static long
check_lines(const char *text, size_t len, long *lost, long *twice)
{
	const char *end = text + len;
	long last = 0;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		char *after;
		long i = isdigit((unsigned char)*text) ? strtol(text, &after, 10) : 0;

		if (i && !strncmp(after, " line", 5)) {
			if (lost && i > last + 1) {
				*lost += i - last - 1;
				printf("torture: nothing between lines %ld and %ld\n", last, i);
			} else if (twice && i <= last)
				++*twice;
			last = MAX(last, i);
		}
		if (!nl)
			break;
		text = nl + 1;
	}
	return last;
}

static void
start_printers(void)
{
	static const int pause[] = {3, 10, 30, 100};

	for (int k = 0; k < n_sessions; k++)
		if (muster(NULL, 20, "new -d -n t%d --size %dx%d -- '%s' child %s/t%d %s %d %d", k,
			    COLS, ROWS, self, home, k, stop_file, 10 + k,
			    pause[k % ARRAY_LEN(pause)]) != 0)
			wrong("t%d cannot be started", k);
}

/* The last line of each printer that a client was shown. */
static void
see_all(long *seen)
{
	for (int k = 0; k < n_sessions; k++) {
		struct buf b = {0};

		muster(&b, 20, "peek t%d", k);
		seen[k] = check_lines((char *)b.data, b.len, NULL, NULL);
		buf_free(&b);
	}
}

/* After both died: each printer is lost, no line of it is missing or there twice. */
static void
check_lost(const long *seen, struct figures *f)
{
	json_t *ls = muster_json("ls -a --json");

	for (int k = 0; k < n_sessions; k++) {
		struct buf b = {0};
		long miss = 0, dup = 0, last;
		char name[16];

		snprintf(name, sizeof(name), "t%d", k);
		if (strcmp(state_of(session_named(ls, name)), "lost"))
			wrong("%s is %s, not lost", name, state_of(session_named(ls, name)));
		muster(&b, 60, "peek %s --history", name);
		last = check_lines((char *)b.data, b.len, &miss, &dup);
		miss += MAX(seen[k] - last, 0);
		if (miss || dup)
			wrong("%s: of %ld lines seen %ld are missing, %ld out of place", name,
				seen[k], miss, dup);
		f->total += last;
		f->lost += miss;
		f->twice += dup;
		buf_free(&b);
	}
	json_decref(ls);
}

/* Printers that are lost are forgotten, and others take their names. */
static double
both_once(struct pids *p, int k, struct figures *f)
{
	long *seen = xcalloc((size_t)n_sessions, sizeof(*seen));
	double t;

	for (int i = 0; k && i < n_sessions; i++)
		if (muster(NULL, 20, "forget t%d", i) != 0)
			wrong("t%d cannot be forgotten", i);
	if (k)
		start_printers();
	pause_ms(dice(2) ? dice(60) : dice(3000));
	see_all(seen);
	t = kill_once(p, true, true);
	if (t >= 0)
		check_lost(seen, f);
	free(seen);
	return t;
}

#define NOTES 8
#define SYNCED_S 1.0

/* Of each session: the note that was answered last, and the one that was answered long enough ago. */
struct noted {
	long asked, sure;
	struct {
		long n;
		double t;
	} said;
};

static void
note_all(struct noted *v, double until)
{
	while (now_s() < until)
		for (int i = 0; i < NOTES; i++) {
			struct noted *o = &v[i];

			if (o->said.n && now_s() - o->said.t > SYNCED_S)
				o->sure = o->said.n;
			if (muster(NULL, 20, "note %c%d %ld", i % 2 ? 'l' : 'e', i, ++o->asked) !=
				0)
				continue;
			if (!o->said.n || o->sure == o->said.n) {
				o->said.n = o->asked;
				o->said.t = now_s();
			}
		}
}

/* Notes that are older than they may be; databases that are not what they were. */
static void
check_notes(const struct noted *v, struct figures *f)
{
	json_t *ls = muster_json("ls -a --json"), *status = muster_json("server status --json");
	const char *banner = json_string_value(json_object_get(status, "banner"));
	char name[16], cmd[200];

	for (int i = 0; i < NOTES; i++) {
		const char *note;
		json_t *s;
		long n;

		snprintf(name, sizeof(name), "%c%d", i % 2 ? 'l' : 'e', i);
		s = session_named(ls, name);
		note = json_string_value(json_object_get(s, "note"));
		n = note ? atol(note) : 0;
		f->total++;
		if (n >= v[i].sure && n <= v[i].asked)
			continue;
		f->lost++;
		wrong("%s has note %ld: %ld was answered, %ld asked for", name, n, v[i].sure,
			v[i].asked);
	}
	if (banner && *banner)
		wrong("banner: %s", banner);
	snprintf(cmd, sizeof(cmd), "ls '%s/state' | grep corrupt", home);
	if (system(cmd) == 0)
		wrong("a database was set aside");
	json_decref(ls);
	json_decref(status);
}

static double
writes_once(struct pids *p, int k, struct figures *f)
{
	static struct noted v[NOTES];
	double t;

	for (int i = 0; !k && i < NOTES; i++)
		muster(NULL, 20, i % 2 ? "new -d -n l%d -p shell -- cat" : "new -d -n e%d -- true",
			i);
	note_all(v, now_s() + (dice(3) ? 0.05 * dice(20) : 2.5));
	t = kill_once(p, true, false);
	if (t >= 0)
		check_notes(v, f);
	return t;
}

/* Returns how many kills there were; times: how long each took to be seen to. */
static int
kill_all(enum mode mode, int kills, double *times, struct figures *f)
{
	struct pids p = pids_of();

	for (int k = 0; k < kills; k++) {
		bool keeper = mode == KEEPER_DIES || (mode == EITHER_DIES && dice(3) == 0);

		pause_ms(dice(5) ? 5 + dice(300) : 300 + dice(900));
		times[k] = mode == UPGRADED	 ? upgrade_once(&p, k)
			   : mode == BOTH_DIE	 ? both_once(&p, k, f)
			   : mode == WRITER_DIES ? writes_once(&p, k, f)
						 : kill_once(&p, !keeper, keeper);
		if (times[k] < 0)
			return k;
	}
	return kills;
}

/* ---- looking ---- */

static long
lines_written(int k)
{
	char path[300];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/t%d.lines", home, k);
	if ((f = fopen(path, "r"))) {
		if (fscanf(f, "%ld", &n) != 1)
			n = -1;
		fclose(f);
	}
	return n;
}

static bool
shows_end(int k)
{
	struct buf b = {0};
	bool found = muster(&b, 20, "peek t%d", k) == 0 && strstr(buf_cstr(&b), "the end");

	buf_free(&b);
	return found;
}

/* One printer, after `stop`: its text is all there once. */
static void
check_text(int k, struct figures *f)
{
	double end = now_s() + 60;
	struct buf b = {0};
	long miss = 0, dup = 0, want, got;
	char path[300];

	while ((want = lines_written(k)) < 0 || !shows_end(k))
		if (now_s() > end) {
			wrong("t%d does not come to its end", k);
			return;
		}
	muster(&b, 60, "peek t%d --history", k);
	got = check_lines((char *)b.data, b.len, &miss, &dup);
	buf_free(&b);
	miss += want - got;
	if (miss || dup)
		wrong("t%d: of %ld lines %ld are missing, %ld out of place", k, want, miss, dup);
	f->total += want;
	f->lost += miss;
	f->twice += dup;
	snprintf(path, sizeof(path), "%s/t%d.signals", home, k);
	if (access(path, F_OK) == 0)
		wrong("t%d saw signals (%s)", k, path);
}

static void
check_exit(int k, bool code_known)
{
	char name[16];
	json_t *ls, *s, *code;

	snprintf(name, sizeof(name), "t%d", k);
	if (muster(NULL, 20, "send %s --key Enter", name) != 0)
		wrong("%s takes no input", name);
	if (muster(NULL, 30, "wait %s --for exit --timeout 20", name) != 0)
		wrong("%s does not end", name);
	ls = muster_json("ls -a --json");
	s = session_named(ls, name);
	code = json_object_get(s, "exit_code");
	if (strcmp(state_of(s), "exited") || (code_known && json_integer_value(code) != 10 + k))
		wrong("%s is %s, exit code %d, not %d", name, state_of(s),
			json_is_integer(code) ? (int)json_integer_value(code) : -1, 10 + k);
	json_decref(ls);
}

/* How many are between two states, or live with no process; and sessions that ended by themselves
 * with another code than their tag says. */
static int
look_for_stuck(const json_t *ls, bool code_known, bool say)
{
	json_t *s, *tag;
	size_t i, k;
	int n = 0;

	json_array_foreach (json_object_get(ls, "sessions"), i, s) {
		const char *name = json_string_value(json_object_get(s, "name"));
		const char *state = state_of(s);
		pid_t pid = (pid_t)json_integer_value(json_object_get(s, "pid"));
		bool stuck = !strcmp(state, "closing") || !strcmp(state, "starting") ||
			     (!strcmp(state, "running") && (pid <= 0 || kill(pid, 0) < 0));

		n += stuck;
		if (stuck && say)
			wrong("%s stays %s (process %d)", name, state, (int)pid);
		json_array_foreach (json_object_get(s, "tags"), k, tag) {
			json_t *code = json_object_get(s, "exit_code");
			int want = atoi(json_string_value(tag) + 4);

			if (say && code_known && !strcmp(state, "exited") &&
				(!json_is_integer(code) || json_integer_value(code) != want))
				wrong("%s: exit code %d is not known", name, want);
		}
	}
	return n;
}

static int
check_states(bool code_known, int *n_seen)
{
	double end = now_s() + SETTLED_S;
	json_t *ls = NULL;
	int stuck;

	do {
		json_decref(ls);
		ls = muster_json("ls -a --json");
		stuck = ls ? look_for_stuck(ls, code_known, false) : 1;
	} while (stuck && now_s() < end);
	stuck = look_for_stuck(ls, code_known, true);
	if (!ls)
		wrong("sessions cannot be listed");
	*n_seen = (int)json_array_size(json_object_get(ls, "sessions"));
	json_decref(ls);
	return stuck;
}

/* Counters against the kernel, and what sessions say that they have in files. */
static void
check_doctor(void)
{
	struct buf b = {0};

	if (muster(&b, 60, "doctor") != 0)
		for (char *rest, *line = strtok_r(buf_cstr(&b), "\n", &rest); line;
			line = strtok_r(NULL, "\n", &rest))
			if (!strncmp(line, "FAIL", 4))
				wrong("doctor: %s", line);
	buf_free(&b);
}

/* What the servers had to say to it: its end, and what was more than news. */
static void
show_log(void)
{
	char cmd[300];

	snprintf(cmd, sizeof(cmd),
		"cd '%s/state' && { grep -vE ' (info|debug) ' server.log | tail -30; echo ...; "
		"tail "
		"-15 server.log; }",
		home);
	if (system(cmd) != 0)
		puts("(no log)");
}

/* ---- all of it ---- */

static void
set_up(const char *build)
{
	char path[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *f;

	self[MAX(n, 0)] = 0;
	if (!realpath(build, bin))
		snprintf(bin, sizeof(bin), "%s", build);
	snprintf(home, sizeof(home), "/tmp/muster-torture.XXXXXX");
	if (n < 0 || !mkdtemp(home))
		abort();
	setenv("MUSTER_HOME", home, 1);
	snprintf(stop_file, sizeof(stop_file), "%s/stop", home);
	snprintf(path, sizeof(path), "%s/config.ini", home);
	if (!(f = fopen(path, "w")))
		abort();
	snprintf(path, sizeof(path), "cp '%.100s/muster' '%.100s/muster-keeper' '%s'", bin, bin,
		home);
	if (system(path) != 0)
		abort();
	fputs("[sampling]\ntick=1s\n[server]\nscrollback_lines=2000000\nscrollback_bytes="
	      "256M\nstore_after=200ms\n"
	      "rest_after=2s\n",
		f);
	fclose(f);
}

static double
stop_all(void)
{
	double t = now_s();

	if (muster(NULL, 60, "server stop --kill-sessions") != 0)
		wrong("server stop fails");
	t = now_s() - t;
	if (t > STOP_LIMIT_S)
		wrong("server stop took %.1f s", t);
	return t;
}

int
main(int argc, char **argv)
{
	int kills = argc > 2 ? atoi(argv[2]) : 20, done, stuck, seen = 0;
	struct figures f = {0};
	enum mode mode = SERVER_DIES;
	pid_t churn[CHURNERS + 1];
	char cmd[300];
	double *times, stop_s;

	if (argc == 6 && !strcmp(argv[1], "child"))
		return child(argv + 2);
	if (argc < 2)
		return 2;
	n_sessions = argc > 3 ? atoi(argv[3]) : n_sessions;
	for (int i = 0; argc > 4 && i < (int)ARRAY_LEN(mode_names); i++)
		if (!strcmp(argv[4], mode_names[i]))
			mode = (enum mode)i;
	times = xcalloc((size_t)kills + 1, sizeof(*times));
	set_up(argv[1]);
	start_printers();
	start_churn(churn);
	done = kill_all(mode, kills, times, &f);
	fclose(fopen(stop_file, "w"));
	end_churn(churn);
	for (int k = 0; k < n_sessions && mode != BOTH_DIE; k++) {
		check_text(k, &f);
		check_exit(k, mode == SERVER_DIES);
	}
	stuck = check_states(mode == SERVER_DIES, &seen);
	check_doctor();
	stop_s = stop_all();
	qsort(times, (size_t)done, sizeof(*times), by_size);
	printf("torture: %d kills (%s), %d sessions, %ld lines, %ld lost, %ld out of place, %d "
	       "stuck, away %.0f ms (median) %.0f ms (longest), stop %.1f s\n",
		done, mode_names[mode], seen, f.total, f.lost, f.twice, stuck,
		done ? times[done / 2] * 1e3 : 0, done ? times[done - 1] * 1e3 : 0, stop_s);
	free(times);
	if (bad)
		show_log();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", home);
	return bad || system(cmd) != 0;
}
