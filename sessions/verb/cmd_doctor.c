/* doctor, the server's part: counters against what the kernel says, sessions against their own
 * accounts, the databases. Only looks; nothing here may end the server, so the checkers that abort
 * are not called. The databases are looked at on the store's thread, so the answer comes later. */
#include "core/os/os.h"
#include "sessions/memory/footprint.h"
#include "sessions/display/recorder.h"
#include "sessions/store_thread/store_worker.h"
#include "sessions/server/server.h"
#include "sessions/display/display.h"
#include "sessions/verb/verb.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/shelf.h"
#include "store/segfile.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files that a server with no session holds, and what a session and a client may add. */
#define FDS_BASE 64
#define FDS_PER_SESSION 6
#define FDS_PER_PEER 2

typedef bool (*check_fn)(struct request *r, char *detail, size_t cap);

static double
mib(uint64_t bytes)
{
	return (double)bytes / 1048576.0;
}

static bool
check_arena(struct request *r, char *detail, size_t cap)
{
	struct arena_stats st = arena_stats(request_sessions(r)->arena);
	uint64_t counted = 0, resident = 0;
	bool same = arena_residency(request_sessions(r)->arena, &counted, &resident);
	bool sum = st.mapped == st.live + st.cached + st.free;

	snprintf(detail, cap,
		"live %.1f + warm %.1f + free %.1f = mapped %.1f MiB; %.2f MiB counted, %.2f MiB "
		"resident%s",
		mib(st.live), mib(st.cached), mib(st.free), mib(st.mapped), mib(counted),
		mib(resident),
		!sum   ? " (the sum is wrong)"
		: same ? ""
		       : " (they differ: a leak)");
	return sum && same;
}

/* Every live page has an owner that is a session. */
static bool
check_owners(struct request *r, char *detail, size_t cap)
{
	uint64_t sum = 0, live = arena_stats(request_sessions(r)->arena).live;
	unsigned n = 0;

	for (struct session *s = request_sessions(r)->first; s; s = s->next, n++)
		sum += arena_owner_bytes(request_sessions(r)->arena, s->num);
	snprintf(detail, cap, "%u sessions own %.1f of %.1f MiB live%s", n, mib(sum), mib(live),
		sum == live ? "" : " (nobody's: a leak)");
	return sum == live;
}

static unsigned
open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static bool
check_fds(struct request *r, char *detail, size_t cap)
{
	unsigned n = open_fds(), sessions = sessions_live(request_sessions(r)), most;
	unsigned clients = server_clients(request_server(r));

	most = FDS_BASE + sessions * FDS_PER_SESSION + clients * FDS_PER_PEER;
	snprintf(detail, cap, "%u open, at most %u expected for %u sessions and %u clients", n,
		most, sessions, clients);
	return n <= most;
}

/* What ended sessions cost: the shelf is at most twice as large as what is on it. */
static bool
check_shelf(struct request *r, char *detail, size_t cap)
{
	const struct sessions *ss = request_sessions(r);
	size_t live = shelf_live_bytes(ss->shelf), file = shelf_file_bytes(ss->shelf);
	unsigned ended = 0;

	for (struct session *s = ss->first; s; s = s->next)
		ended += !session_live(s);
	snprintf(detail, cap, "%u sessions without a process keep %.1f KiB in %.1f KiB", ended,
		(double)live / 1024, (double)file / 1024);
	return file <= 2 * live + SHELF_SLACK;
}

static bool
check_self(struct request *r, char *detail, size_t cap)
{
	struct proc_info p = {0};
	int rc = footprint_of(getpid(), &p);

	if (rc < 0)
		snprintf(detail, cap, "pid %d, footprint unknown (%s)", (int)getpid(),
			strerror(-rc));
	else
		snprintf(detail, cap, "pid %d, up %.0f s, footprint %.1f MiB%s", (int)getpid(),
			os_wall_s() - server_started(request_server(r)), mib(p.footprint),
			p.estimated ? " (estimated)" : "");
	return true;
}

static bool
check_banner(struct request *r, char *detail, size_t cap)
{
	const char *banner = server_trouble(request_server(r));

	snprintf(detail, cap, "%s", *banner ? banner : "nothing is degraded");
	return !*banner;
}

static bool
check_program(struct request *r, char *detail, size_t cap)
{
	char path[4096] = "";

	self_binary(path, sizeof path);
	snprintf(detail, cap, "%.150s%s", path,
		server_replaced(request_server(r))
			? ": another one is there by now (muster upgrade)"
			: "");
	return true;
}

/* A counter is for people only when it is wrong, or wanted (doctor -v). */
static const struct {
	const char *name;
	check_fn run;
	bool counter;
} checks[] = {
	{"program", check_program, false},
	{"server process", check_self, false},
	{"arena", check_arena, true},
	{"page owners", check_owners, true},
	{"file descriptors", check_fds, true},
	{"shelf", check_shelf, true},
	{"degraded", check_banner, true},
};

/* One session's text: what it counts, and the places in files that it names. */
struct text {
	char name[64];
	uint32_t num;
	struct pagelist_stats st;
	uint64_t arena; /* bytes of its live pages */
	struct {
		uint64_t off;
		uint32_t len;
	} * place;
	size_t n;
	/* found on the store's thread */
	uint64_t disk;
	size_t missing;
};

static void
take_text(struct text *t, struct session *s)
{
	const struct pagelist *h = term_pagelist(s->display->term);
	uint32_t i = 0, len;
	uint64_t off;

	snprintf(t->name, sizeof t->name, "%s", s->name);
	t->num = s->num;
	t->st = pagelist_stats(h);
	t->arena = arena_owner_bytes(s->of->arena, s->num);
	while (pagelist_file_next(h, &i, &off, &len)) {
		t->place = xrealloc(t->place, (t->n + 1) * sizeof *t->place);
		t->place[t->n].off = off;
		t->place[t->n++].len = len;
	}
}

static void
look_at_files(struct text *t)
{
	char dir[600];

	recorder_dir(dir, sizeof dir, t->num);
	t->disk = segfile_usage(dir);
	for (size_t i = 0; i < t->n; i++)
		t->missing += !segfile_holds(dir, t->place[i].off, t->place[i].len);
}

/* The places add up to what the history counts, are all there, and pages are enough for the rest.
 */
static bool
text_detail(const struct text *t, char *detail, size_t cap)
{
	uint64_t sum = 0, held = t->st.hot_bytes + t->st.packed_bytes;
	bool ok;

	for (size_t i = 0; i < t->n; i++)
		sum += t->place[i].len;
	ok = !t->missing && sum == t->st.spilled_bytes && held <= t->arena;
	snprintf(detail, cap,
		"%llu lines: %.1f KiB packed in %.0f KiB of pages, %.1f KiB in files of %.0f KiB",
		(unsigned long long)t->st.lines, (double)held / 1024.0, (double)t->arena / 1024.0,
		(double)t->st.spilled_bytes / 1024.0, (double)t->disk / 1024.0);
	if (!ok)
		snprintf(detail + strlen(detail), cap - strlen(detail),
			t->missing ? " (%zu blocks are not there)" : " (they do not add up)",
			t->missing);
	return ok;
}

/* The request may be gone when the store's thread answers: the job outlives it. */
struct doctor_job {
	struct request *r; /* NULL once cancelled */
	json_t *checks;
	struct text *text;
	size_t n_text;
	bool meta_ok, history_ok;
	uint32_t next_num;
	double ms;
};

static void
job_cancelled(void *ctx)
{
	((struct doctor_job *)ctx)->r = NULL;
}

static void
add(json_t *list, const char *name, bool ok, bool counter, const char *detail)
{
	json_array_append_new(list, json_pack("{s:s, s:b, s:b, s:s}", "name", name, "ok", ok,
					    "counter", counter, "detail", detail));
}

static void
look_at_store(void *arg, struct history_db *h, struct meta_db *m)
{
	struct doctor_job *job = arg;
	uint64_t t0 = os_mono_ns();

	job->meta_ok = m != NULL;
	job->history_ok = h != NULL;
	if (m)
		job->next_num = meta_next_num(m);
	for (size_t i = 0; i < job->n_text; i++)
		look_at_files(&job->text[i]);
	job->ms = (double)(os_mono_ns() - t0) / 1e6;
}

static void
job_free(struct doctor_job *job)
{
	for (size_t i = 0; i < job->n_text; i++)
		free(job->text[i].place);
	free(job->text);
	free(job);
}

static void
store_looked(void *arg)
{
	struct doctor_job *job = arg;
	char detail[240];

	if (!job->r) {
		json_decref(job->checks);
		job_free(job);
		return;
	}
	snprintf(detail, sizeof detail, "sessions %s, history %s, answered in %.1f ms",
		job->meta_ok ? "open" : "not open", job->history_ok ? "open" : "not open", job->ms);
	add(job->checks, "store", job->meta_ok && job->history_ok, false, detail);
	for (size_t i = 0; i < job->n_text; i++) {
		bool ok = text_detail(&job->text[i], detail, sizeof detail);

		add(job->checks, job->text[i].name, ok, true, detail);
	}
	request_reply(job->r, json_pack("{s:i, s:s, s:o}", "v", 1, "version", MUSTER_VERSION,
				      "checks", job->checks));
	job_free(job);
}

void
cmd_doctor(struct request *r)
{
	struct doctor_job *job = xcalloc(1, sizeof *job);
	struct sessions *ss = request_sessions(r);
	char detail[240];

	job->r = r;
	job->checks = json_array();
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		bool ok = checks[i].run(r, detail, sizeof detail);

		add(job->checks, checks[i].name, ok, checks[i].counter, detail);
	}
	for (struct session *s = ss->first; s; s = s->next) {
		job->text = xrealloc(job->text, (job->n_text + 1) * sizeof *job->text);
		memset(&job->text[job->n_text], 0, sizeof *job->text);
		take_text(&job->text[job->n_text++], s);
	}
	request_on_cancel(r, job_cancelled, job);
	store_run(ss->store, look_at_store, store_looked, job);
}
