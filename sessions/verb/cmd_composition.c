/* What sessions' memory was made of: of one over time, of all by age. Read on the store's thread. */
#include "sessions/memory/footprint_json.h"
#include "core/os/os.h"
#include "sessions/store_thread/store_worker.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double RUN_APART_S = 120;

struct composition_job {
	struct request *r; /* NULL: cancelled */
	uint32_t num;	   /* 0: all */
	char id[12], name[64];
	double since;
	struct composition *c;
	size_t n;
};

static void
cancel(void *ctx)
{
	((struct composition_job *)ctx)->r = NULL;
}

static void
read_them(void *arg, struct history_db *h, struct meta_db *m)
{
	struct composition_job *j = arg;

	(void)m;
	j->c = history_compositions(h, j->num, j->since, &j->n);
}

static json_t *
bytes(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static const char *
why_name(unsigned why)
{
	static const char *const names[COMPOSED_WHYS] = {[COMPOSED_START] = "start",
		[COMPOSED_VERDICT] = "verdict",
		[COMPOSED_SLEEP] = "sleep",
		[COMPOSED_ROSE] = "rose",
		[COMPOSED_AGE] = "age"};

	return why < COMPOSED_WHYS ? names[why] : "";
}

/* As the parts of `footprint --json`. */
static json_t *
part_json(const struct mem_part *p)
{
	switch (p->kind) {
	case PART_CATEGORY:
		return json_pack("{s:s,s:o,s:o,s:i}", "name", p->name, "bytes", bytes(p->bytes),
			"swapped_bytes", bytes(p->swapped), "regions", (int)p->n);
	case PART_ROLE:
		return json_pack("{s:s,s:i,s:o,s:o}", "role", p->name, "processes", (int)p->n,
			"footprint_bytes", bytes(p->bytes), "swap_bytes", bytes(p->swapped));
	default:
		return json_pack("{s:s,s:i,s:o,s:o,s:i}", "size", p->name, "count", (int)p->n,
			"bytes", bytes(p->bytes), "swapped_bytes", bytes(p->swapped), "freed",
			(int)p->freed);
	}
}

static json_t *
parts_json(const struct composition *c)
{
	json_t *list[PART_KINDS] = {0};

	for (int k = 0; k < PART_KINDS; k++)
		list[k] = json_array();
	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(list[c->part[i].kind], part_json(&c->part[i]));
	return json_pack("{s:o,s:o,s:o,s:o}", "total_bytes", bytes(c->total), "categories",
		list[PART_CATEGORY], "roles", list[PART_ROLE], "slabs", list[PART_SLAB]);
}

static json_t *
composition_json(const struct composition *c)
{
	json_t *o = parts_json(c);

	json_object_update_new(o, json_pack("{s:f,s:f,s:s,s:s}", "t", c->t, "age_s", c->age_s,
					  "why", why_name(c->why), "version", c->version));
	return o;
}

static struct composition_job *
job_new(struct request *r, struct session *s, double since_default)
{
	struct composition_job *j = xcalloc(1, sizeof(*j));
	json_t *v = json_object_get(request_args(r), "since");
	double back = json_is_number(v) ? json_number_value(v) : since_default;

	j->r = r;
	j->num = s ? s->num : 0;
	j->since = back > 0 ? os_wall_s() - back : 0;
	if (s) {
		memcpy(j->id, s->id, sizeof(j->id));
		memcpy(j->name, s->name, sizeof(j->name));
	}
	request_on_cancel(r, cancel, j);
	return j;
}

static void
job_free(struct composition_job *j, json_t *reply)
{
	if (j->r)
		request_reply(j->r, reply);
	else
		json_decref(reply);
	compositions_free(j->c, j->n);
	free(j);
}

static bool
no_store(struct request *r)
{
	struct err e = {.code = 1, .msg = "the server has no store"};

	if (!request_sessions(r)->store)
		request_fail(r, &e);
	return !request_sessions(r)->store;
}

static void
composition_done(void *arg)
{
	struct composition_job *j = arg;
	json_t *a = json_array();

	for (size_t i = 0; i < j->n; i++)
		json_array_append_new(a, composition_json(&j->c[i]));
	job_free(j, json_pack("{s:i,s:s,s:s,s:o}", "v", 1, "id", j->id, "name", j->name,
			    "compositions", a));
}

void
cmd_composition(struct request *r)
{
	struct session *s = no_store(r) ? NULL : request_session(r);

	if (s)
		store_run(request_sessions(r)->store, read_them, composition_done,
			job_new(r, s, 86400));
}

/* ---- by age ---- */

static const double ages_s[] = {
	0, 3600, 6 * 3600, 86400, 2 * 86400, 4 * 86400, 8 * 86400, 15 * 86400, 30 * 86400};
enum { AGES = ARRAY_LEN(ages_s) };

struct age_row {
	unsigned sessions;
	struct composition sum; /* of them */
};

static size_t
age_of(double age_s)
{
	size_t k = AGES;

	while (k > 1 && age_s < ages_s[k - 1])
		k--;
	return k - 1;
}

static bool
same_run(const struct composition *a, const struct composition *b)
{
	return a->num == b->num && fabs((a->t - a->age_s) - (b->t - b->age_s)) < RUN_APART_S;
}

static void
add_to(struct age_row *row, const struct composition *c)
{
	row->sessions++;
	row->sum.total += c->total;
	for (size_t i = 0; i < c->n; i++) {
		size_t k = 0;

		while (k < row->sum.n && (row->sum.part[k].kind != c->part[i].kind ||
						 strcmp(row->sum.part[k].name, c->part[i].name)))
			k++;
		if (k == row->sum.n) {
			composition_add(&row->sum, &c->part[i]);
			continue;
		}
		row->sum.part[k].bytes += c->part[i].bytes;
		row->sum.part[k].swapped += c->part[i].swapped;
		row->sum.part[k].n += c->part[i].n;
	}
}

/* Of each run in each span of age the last look. */
static json_t *
ages_json(const struct composition *c, size_t n)
{
	struct age_row row[AGES] = {0};
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || !same_run(&c[i], &c[i + 1]) ||
			age_of(c[i].age_s) != age_of(c[i + 1].age_s))
			add_to(&row[age_of(c[i].age_s)], &c[i]);
	for (size_t k = 0; k < AGES; k++) {
		struct composition *sum = &row[k].sum;
		json_t *o;

		if (!row[k].sessions)
			continue;
		sum->total /= row[k].sessions;
		for (size_t i = 0; i < sum->n; i++) {
			sum->part[i].bytes /= row[k].sessions;
			sum->part[i].swapped /= row[k].sessions;
		}
		o = parts_json(sum);
		json_object_set_new(o, "from_s", json_real(ages_s[k]));
		json_object_set_new(o, "sessions", json_integer(row[k].sessions));
		if (k + 1 < AGES)
			json_object_set_new(o, "to_s", json_real(ages_s[k + 1]));
		json_array_append_new(a, o);
		free(sum->part);
	}
	return a;
}

static void
ages_done(void *arg)
{
	struct composition_job *j = arg;

	job_free(j, json_pack("{s:i,s:o}", "v", 1, "ages", ages_json(j->c, j->n)));
}

void
cmd_ages(struct request *r)
{
	if (!no_store(r))
		store_run(request_sessions(r)->store, read_them, ages_done, job_new(r, NULL, 0));
}
