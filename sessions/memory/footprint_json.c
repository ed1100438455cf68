#include "sessions/memory/footprint_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct role_sum {
	const char *role;
	uint64_t bytes;
	unsigned processes;
};

/* Unix time at which the machine started: start times of processes count from there. */
static double
boot_time(void)
{
	char line[256];
	double t = 0;
	FILE *f = fopen("/proc/stat", "re");

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "btime %lf", &t) != 1)
		;
	if (f)
		fclose(f);
	return t;
}

static json_t *
bytes(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *
processes_json(const struct footprint_report *r)
{
	double boot = boot_time(), hz = (double)sysconf(_SC_CLK_TCK);
	json_t *a = json_array();

	for (size_t i = 0; i < r->n_procs; i++) {
		const struct proc_info *p = &r->procs[i];

		json_array_append_new(
			a, json_pack("{s:i,s:i,s:f,s:s,s:s,s:o,s:o,s:o,s:o,s:s,s:b}", "pid",
				   (int)p->pid, "ppid", (int)p->ppid, "start",
				   boot + (double)p->start / hz, "comm", p->comm, "role", p->role,
				   "footprint_bytes", bytes(p->footprint), "rss_bytes",
				   bytes(p->rss), "pss_bytes", bytes(p->pss), "swap_bytes",
				   bytes(p->swap), "rule", p->rule, "estimated", p->estimated));
	}
	return a;
}

static int
biggest_first(const void *a, const void *b)
{
	const struct role_sum *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static json_t *
roles_json(const struct footprint_report *r)
{
	struct role_sum *s = xcalloc(r->n_procs + 1, sizeof(*s));
	json_t *a = json_array();
	size_t n = 0;

	for (size_t i = 0; i < r->n_procs; i++) {
		size_t k = 0;

		while (k < n && strcmp(s[k].role, r->procs[i].role) != 0)
			k++;
		n = MAX(n, k + 1);
		s[k].role = r->procs[i].role;
		s[k].bytes += r->procs[i].footprint;
		s[k].processes++;
	}
	qsort(s, n, sizeof(*s), biggest_first);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			a, json_pack("{s:s,s:i,s:o}", "role", s[i].role, "processes",
				   (int)s[i].processes, "footprint_bytes", bytes(s[i].bytes)));
	free(s);
	return a;
}

json_t *
slabs_json(const struct census_slab *s, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_pack("{s:o,s:i,s:o,s:o,s:s}", "size_bytes", bytes(s[i].sum.size),
			"count", (int)s[i].sum.n, "bytes", bytes(s[i].sum.bytes), "swapped_bytes",
			bytes(s[i].sum.swapped), "text", s[i].text);

		if (s[i].trend.in_s > 0)
			json_object_update_new(
				o, json_pack("{s:i,s:i,s:f,s:b}", "added", s[i].trend.added,
					   "freed", (int)s[i].trend.freed, "in_s", s[i].trend.in_s,
					   "grows", s[i].trend.grows));
		json_array_append_new(a, o);
	}
	return a;
}

json_t *
footprint_json(const struct footprint_report *r)
{
	struct census_slab slabs[SLAB_SIZES];
	size_t n_slabs = census_slabs(NULL, 0, &r->slabs, slabs);
	json_t *cats = json_array();

	for (size_t i = 0; i < r->n_cats; i++)
		json_array_append_new(cats,
			json_pack("{s:s,s:o,s:o,s:i}", "name", r->cats[i].name, "bytes",
				bytes(r->cats[i].bytes), "swapped_bytes", bytes(r->cats[i].swapped),
				"regions", (int)r->cats[i].regions));
	return json_pack("{s:i,s:o,s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:s}", "v", 1,
		"total_bytes", bytes(r->total), "rss_bytes", bytes(r->rss), "pss_bytes",
		bytes(r->pss), "swap_bytes", bytes(r->swap), "shared_extra_bytes",
		bytes(footprint_with(0, &r->extra)), "estimated", r->estimated, "processes",
		processes_json(r), "roles", roles_json(r), "categories", cats, "gpu_vram_bytes",
		bytes(r->gpu.vram_bytes), "gpu_system_bytes", bytes(r->gpu.system_bytes), "slabs",
		slabs_json(slabs, n_slabs), "version", r->version);
}
