/* Footprint: memory that comes back only when the process ends.
 *
 *   F(p)    = Pss_Anon + Pss_Shmem + SwapPss + Private_Hugetlb + VmPTE − min(LazyFree, Pss_Anon)
 *   F(tree) = Σ F(p) + what inodes add (footprint_inodes.h)
 *
 * Why not RSS: it loses what was paged out and charges each process for all it shares. Why PSS: it
 * is additive, so a tree's sum counts nothing twice, and clean file pages (a CLI's 250-MB binary)
 * stay out through the _Anon and _Shmem parts. SwapPss is the same for swapped anonymous pages.
 * Pages marked MADV_FREE are the kernel's already.
 *
 * Where smaps_rollup cannot be read (older kernel, a child that is not dumpable) the counters of
 * `status` stand in, marked as an estimate, since they charge shared pages in full to each. */
#include "sessions/memory/footprint.h"
#include "sessions/memory/footprint_inodes.h"
#include "sessions/proc/proc_read.h"
#include "sessions/proc/proctree.h"
#include "sessions/proc/program_version.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 3, CHILDREN_MAX = 512, TWINS_MAX = 8 };
static const uint64_t STILL_BYTES = 1 << 20;

struct field {
	const char *key; /* with the colon */
	size_t off;	 /* of a uint64_t */
};
struct status_kb {
	uint64_t rss, anon, shmem, swap, pte, huge, peak, switches, forced;
};
struct rollup_kb {
	uint64_t rss, pss, pss_anon, pss_shmem, swap_pss, huge, huge_shared, lazy_free, swap;
};
#define S(key, member)                                  \
	{                                               \
		key, offsetof(struct status_kb, member) \
	}
static const struct field status_fields[] = {S("VmHWM:", peak), S("VmRSS:", rss),
	S("RssAnon:", anon), S("RssShmem:", shmem), S("VmPTE:", pte), S("VmSwap:", swap),
	S("HugetlbPages:", huge), S("voluntary_ctxt_switches:", switches),
	S("nonvoluntary_ctxt_switches:", forced)};
#undef S
#define R(key, member)                                  \
	{                                               \
		key, offsetof(struct rollup_kb, member) \
	}
static const struct field rollup_fields[] = {R("Rss:", rss), R("Pss:", pss),
	R("Pss_Anon:", pss_anon), R("Pss_Shmem:", pss_shmem), R("LazyFree:", lazy_free),
	R("Shared_Hugetlb:", huge_shared), R("Private_Hugetlb:", huge), R("Swap:", swap),
	R("SwapPss:", swap_pss)};
#undef R

/* Fills the fields that the text has, in the order of the list; returns how many. */
static size_t
parse_fields(const char *s, const struct field *f, size_t n, void *out)
{
	size_t found = 0;

	for (size_t i = 0; *s && i < n; s += *s == '\n') {
		for (size_t k = i; k < n; k++) {
			size_t len = strlen(f[k].key);

			if (f[k].key[0] == *s && strncmp(s, f[k].key, len) == 0) {
				*(uint64_t *)((char *)out + f[k].off) = strtoull(s + len, NULL, 10);
				i = k + 1;
				found++;
				break;
			}
		}
		s += strcspn(s, "\n");
	}
	return found;
}

/* -ESRCH when gone; a zombie has no memory fields and costs nothing, but for its threads. */
static int
read_status(pid_t pid, pid_t *thread, struct status_kb *st)
{
	char buf[4096];
	ssize_t n = proc_read(pid, "status", buf, sizeof buf);

	*thread = pid;
	memset(st, 0, sizeof *st);
	if (n < 0)
		return (int)n;
	parse_fields(buf, status_fields, ARRAY_LEN(status_fields), st);
	if (st->rss || st->swap)
		return 0;
	*thread = proc_thread(pid);
	if (*thread != pid && proc_read(*thread, "status", buf, sizeof buf) > 0)
		parse_fields(buf, status_fields, ARRAY_LEN(status_fields), st);
	return 0;
}

static void
fill_cheap(const struct status_kb *st, struct proc_info *out)
{
	out->rss = st->rss * 1024;
	out->pss = 0;
	out->swap = st->swap * 1024;
	out->counters = (st->anon + st->shmem + st->swap + st->huge + st->pte) * 1024;
	out->footprint = out->counters;
	out->shm_rss = (st->shmem + st->huge) * 1024;
	out->twin = false;
	out->shm_swapped = out->huge_shared = out->lazy_free = 0;
	out->page_tables = st->pte * 1024;
	out->rss_peak = st->peak * 1024;
	out->switches = st->switches + st->forced;
	out->estimated = true;
}

int
footprint_cheap(pid_t pid, struct proc_info *out)
{
	struct status_kb st;
	pid_t thread;
	int rc = read_status(pid, &thread, &st);

	if (rc == 0)
		fill_cheap(&st, out);
	return rc;
}

int
footprint_of(pid_t pid, struct proc_info *out)
{
	struct status_kb st;
	struct rollup_kb r = {0};
	char buf[4096];
	pid_t thread;
	int rc = read_status(pid, &thread, &st);

	if (rc < 0)
		return rc;
	fill_cheap(&st, out);
	if (st.rss == 0 && st.swap == 0) { /* zombie or kernel thread: exactly nothing */
		out->estimated = false;
		return 0;
	}
	if (proc_read(thread, "smaps_rollup", buf, sizeof buf) <= 0 ||
		parse_fields(buf, rollup_fields, ARRAY_LEN(rollup_fields), &r) <
			ARRAY_LEN(rollup_fields))
		return 0;
	out->rss = r.rss * 1024;
	out->pss = r.pss * 1024;
	out->swap = r.swap_pss * 1024;
	out->lazy_free = MIN(r.lazy_free, r.pss_anon) * 1024;
	out->footprint =
		(r.pss_anon + r.pss_shmem + r.swap_pss + r.huge + st.pte) * 1024 - out->lazy_free;
	out->shm_swapped = r.swap > st.swap ? (r.swap - st.swap) * 1024 : 0;
	out->huge_shared = r.huge_shared * 1024;
	out->estimated = false;
	return 0;
}

char *
proc_cmdline(pid_t pid)
{
	char buf[4096], *out;
	ssize_t n = proc_read(pid, "cmdline", buf, sizeof buf);

	if (n <= 0)
		return NULL;
	for (ssize_t i = 0; i < n; i++)
		if (buf[i] == '\0')
			buf[i] = ' ';
	while (n > 0 && buf[n - 1] == ' ')
		buf[--n] = '\0';
	out = xmalloc((size_t)n + 1);
	proc_clean(out, (size_t)n + 1, buf);
	return out;
}

/* ---- roles ---- */

static const char *const interpreters[] = {"node", "bun", "deno", "python", "python3", "npx", "uvx",
	"npm", "pipx", "uv", "ruby", "tsx"};
static const char *const shells[] = {"sh", "bash", "zsh", "fish", "dash", "ksh", "ash"};
static const char *const lang_servers[] = {"gopls", "rust-analyzer", "clangd", "pyright", "pylsp",
	"jdtls", "tsserver", "lua-language-server", "zls", "sourcekit-lsp", "omnisharp",
	"solargraph", "metals", "pyright-langserver", "typescript-language-server",
	"language-server"};

static bool
listed(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* Last part of a path, without .js and the like; "cli", "index", "main" name nothing: the folder
 * (or the package above dist, build, bin, src) does. */
static void
word_name(const char *word, size_t n, char *out, size_t cap)
{
	static const char *const vague[] = {"cli", "index", "main", "server", "dist", "build",
		"bin", "src", "lib", "start", "run"};
	char path[512];

	snprintf(path, sizeof path, "%.*s", (int)MIN(n, sizeof path - 1), word);
	for (;;) {
		char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
		char *dot = strrchr(base, '.');

		if (dot && dot != base && strlen(dot) <= 4)
			*dot = '\0';
		snprintf(out, cap, "%.*s", (int)cap - 1, base);
		if (!slash || slash == path || !listed(vague, ARRAY_LEN(vague), base))
			return;
		*slash = '\0';
	}
}

/* The program that a command line runs: argv[0], or what an interpreter was told to run. */
static void
program_name(const char *comm, const char *cmdline, char *out, size_t cap)
{
	char plain[64];
	bool first = true;

	snprintf(out, cap, "%s", comm);
	for (const char *w = cmdline; w && *w; first = false) {
		size_t n = strcspn(w, " ");
		bool option = *w == '-';

		if (!option)
			word_name(w, n, out, cap);
		snprintf(plain, sizeof plain, "%s", out);
		for (size_t i = strlen(plain);
			i && (isdigit((unsigned char)plain[i - 1]) || plain[i - 1] == '.');)
			plain[--i] = '\0';
		if (!option &&
			!(listed(interpreters, ARRAY_LEN(interpreters), out) ||
				listed(interpreters, ARRAY_LEN(interpreters), plain) ||
				(!first && listed((const char *const[]){"run", "exec", "tool"}, 3,
						   out))))
			return;
		w += n + strspn(w + n, " ");
	}
}

/* "mcp-server-git", "@modelcontextprotocol/server-github", "playwright-mcp" → git, github,
 * playwright. */
static bool
mcp_name(const char *cmdline, const char *prog, char *out, size_t cap)
{
	static const char *const affixes[] = {"mcp-server-", "server-", "mcp-", "-mcp-server",
		"-mcp", "_mcp", "mcp_server_", "mcp_"};
	char name[48];

	if (!strstr(cmdline, "mcp") && !strstr(cmdline, "modelcontextprotocol"))
		return false;
	if (!strstr(prog, "mcp") && !strstr(cmdline, "modelcontextprotocol") &&
		!strstr(cmdline, "mcp-server") && !strstr(cmdline, "/mcp/"))
		return false;
	snprintf(name, sizeof name, "%s", prog);
	name[strcspn(name, "@")] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(affixes); i++) {
		size_t k = strlen(affixes[i]), n = strlen(name);

		if (n <= k)
			continue;
		if (affixes[i][k - 1] == '-' || affixes[i][k - 1] == '_') {
			if (strncmp(name, affixes[i], k) == 0)
				memmove(name, name + k, n - k + 1);
		} else if (strcmp(name + n - k, affixes[i]) == 0) {
			name[n - k] = '\0';
		}
	}
	snprintf(out, cap, "mcp: %s", name[0] ? name : prog);
	return true;
}

void
proc_role(const char *comm, const char *cmdline, char *out, size_t cap)
{
	char prog[40];

	program_name(comm, cmdline ? cmdline : "", prog, sizeof prog);
	if (prog[0] == '-') /* a login shell */
		memmove(prog, prog + 1, strlen(prog));
	if (cmdline && mcp_name(cmdline, prog, out, cap))
		return;
	if (listed(lang_servers, ARRAY_LEN(lang_servers), prog) ||
		strstr(prog, "language-server") || strstr(prog, "langserver"))
		snprintf(out, cap, "language server: %s", prog);
	else if (listed(shells, ARRAY_LEN(shells), prog))
		snprintf(out, cap, "shell: %s", prog);
	else
		snprintf(out, cap, "%s", prog);
}

/* ---- trees ---- */

static void
fill_node(const struct proc_node *p, struct proc_info *out)
{
	char *cmd = proc_cmdline(p->pid);

	out->pid = p->pid;
	out->ppid = p->ppid;
	out->pgrp = p->pgrp;
	out->session = p->session;
	out->start = p->start;
	out->rule = p->rule;
	out->cpu_ticks = p->cpu_ticks;
	snprintf(out->comm, sizeof out->comm, "%s", p->comm);
	proc_role(p->comm, cmd, out->role, sizeof out->role);
	free(cmd);
}

static int
by_cost(const void *a, const void *b)
{
	const struct proc_info *x = a, *y = b;

	return (x->footprint < y->footprint) - (x->footprint > y->footprint);
}

bool
footprint_twin(struct proc_info *p, const struct proc_info *const *others, size_t n)
{
	size_t asked = 0;

	for (size_t i = 0; i < n && p->counters > STILL_BYTES && asked < TWINS_MAX; i++) {
		const struct proc_info *o = others[i];

		if (o->twin ||
			MAX(o->counters, p->counters) - MIN(o->counters, p->counters) > STILL_BYTES)
			continue;
		asked++;
		if (!proc_same_memory(o->pid, p->pid))
			continue;
		p->twin = true;
		p->footprint = p->rss = p->pss = p->swap = 0;
		p->shm_rss = p->shm_swapped = p->huge_shared = p->lazy_free = p->page_tables = 0;
		return true;
	}
	return false;
}

static void
mark_twins(struct proc_info *p, size_t n)
{
	const struct proc_info **before = xcalloc(n + 1, sizeof(*before));

	for (size_t i = 0; i < n; i++) {
		footprint_twin(&p[i], before, i);
		before[i] = &p[i];
	}
	free(before);
}

struct proc_info *
proctree(pid_t root, const char *marker, size_t *n)
{
	struct proc_root r = {.pid = root, .marker = marker};
	/* with a marker the caller is the server: neither it nor its keeper is in any session */
	struct proc_hints h = {.skip = {marker ? getpid() : 0, marker ? getppid() : 0}};
	struct proc_table t = {0};
	struct proc_info *out;

	*n = 0;
	if (proc_table_update(&t, true) < 0)
		return NULL;
	proc_table_assign(&t, &r, 1, &h);
	out = xcalloc(t.n + 1, sizeof *out);
	for (size_t i = 0; i < t.n; i++) {
		struct proc_info *p = &out[*n];

		if (t.p[i].owner < 0 || footprint_of(t.p[i].pid, p) < 0)
			continue;
		fill_node(&t.p[i], p);
		if (p->pid == root && *n) { /* root first */
			struct proc_info first = *p;

			*p = out[0];
			out[0] = first;
		}
		++*n;
	}
	proc_table_free(&t);
	if (*n == 0) {
		free(out);
		return NULL;
	}
	mark_twins(out, *n);
	if (*n > 2)
		qsort(out + 1, *n - 1, sizeof *out, by_cost);
	return out;
}

static const struct proc_info *
of_pid(const struct proc_info *p, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].pid == pid)
			return &p[i];
	return NULL;
}

/* Does it hold pages that its relatives may share? On its way out it shows none, but they go one by
 * one until it waits to be reaped. */
static bool
holds_pages(pid_t pid)
{
	struct proc_info info;

	return footprint_cheap(pid, &info) == 0 && (info.counters || proc_state(pid) != 'Z');
}

/* The children of these, as one number; *strange if one is about that was not walked. */
static uint64_t
children(const struct proc_info *p, size_t n, bool *strange)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < n; i++) {
		pid_t child[CHILDREN_MAX];
		size_t k = proc_children(p[i].pid, child, ARRAY_LEN(child));

		while (k--) {
			const struct proc_info *c = of_pid(p, n, child[k]);

			hash = (hash ^ (uint64_t)child[k]) * 1099511628211u;
			*strange = *strange || ((!c || !c->counters) && holds_pages(child[k]));
		}
	}
	return hash;
}

/* Has it held still? Forks that live for a moment share pages that then show in part only: nobody
 * may come or go while all of them are walked again, and that must give the same. */
static bool
still(const struct proc_info *p, size_t n)
{
	uint64_t sum[2] = {0}, before;
	struct proc_info again;
	bool strange = false;

	before = children(p, n, &strange);
	for (size_t i = 0; i < n && !strange; i++) {
		if (p[i].twin)
			continue;
		if (footprint_of(p[i].pid, &again) < 0 || (!again.counters && p[i].counters))
			return false;
		sum[0] += p[i].footprint;
		sum[1] += again.footprint;
	}
	return children(p, n, &strange) == before && !strange &&
	       MAX(sum[0], sum[1]) - MIN(sum[0], sum[1]) <= MAX(STILL_BYTES, sum[0] / 100);
}

uint64_t
footprint_with(uint64_t sum, const struct shared_extra *x)
{
	sum += x->swapped + x->huge + x->held;
	return sum - MIN(sum, x->named);
}

/* The inodes of the other trees, tree by tree, are only looked for when this one has any. */
static struct shared_extra
extra_among(const struct proc_info *p, size_t n, const struct footprint_others *others)
{
	struct shm_list mine = footprint_inodes(p, n), *list = xcalloc(1, sizeof *list);
	const struct shm_list **all;
	struct shared_extra extra;
	size_t n_lists = 0;

	for (size_t i = 0; others && mine.n && i < others->n;) {
		struct proc_info *o = xcalloc(others->n, sizeof *o);
		size_t k = 0;

		for (uint32_t tree = others->p[i].tree; i < others->n && others->p[i].tree == tree;
			i++)
			if (footprint_cheap(others->p[i].pid, &o[k]) == 0)
				o[k++].pid = others->p[i].pid;
		list = xrealloc(list, (n_lists + 1) * sizeof *list);
		list[n_lists++] = footprint_inodes(o, k);
		free(o);
	}
	all = xcalloc(n_lists + 1, sizeof(*all));
	all[0] = &mine;
	for (size_t i = 0; i < n_lists; i++)
		all[i + 1] = &list[i];
	extra = footprint_shared(&mine, all, n_lists + 1);
	for (size_t i = 0; i < n_lists; i++)
		free(list[i].e);
	free(list);
	free(all);
	free(mine.e);
	return extra;
}

int
footprint_report(pid_t root, const char *marker, const struct footprint_others *others,
	struct footprint_report *out)
{
	bool calm = false;
	pid_t *pid;

	memset(out, 0, sizeof *out);
	if (proc_start(root) == 0 && !marker)
		return -ESRCH;
	for (int i = 0; i < TRIES && !calm; i++) {
		free(out->procs);
		out->procs = proctree(root, marker, &out->n_procs);
		if (!out->procs)
			return -ESRCH;
		/* a fork that is being made shares pages and is not there to be seen: once may be
		 * chance */
		calm = still(out->procs, out->n_procs) &&
		       (out->n_procs == 1 || still(out->procs, out->n_procs));
	}
	out->estimated = !calm;
	pid = xcalloc(out->n_procs, sizeof *pid);
	for (size_t i = 0; i < out->n_procs; i++) {
		const struct proc_info *p = &out->procs[i];

		pid[i] = p->pid;
		out->total += p->footprint;
		out->rss += p->rss;
		out->pss += p->pss;
		out->swap += p->swap;
		out->estimated = out->estimated || p->estimated;
	}
	out->gpu = footprint_gpu("/proc", pid, out->n_procs);
	free(pid);
	out->extra = extra_among(out->procs, out->n_procs, others);
	out->total = footprint_with(out->total, &out->extra);
	out->swap += out->extra.swapped;
	footprint_categories(out);
	program_version(root, out->version, sizeof out->version);
	return 0;
}

void
footprint_report_free(struct footprint_report *r)
{
	free(r->procs);
	free(r->cats);
	free(r->slabs.s);
	memset(r, 0, sizeof *r);
}
