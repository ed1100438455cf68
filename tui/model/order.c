/* Which sessions the list shows, under which heads and in which order; and the cursor's way through
 * them. A folded section is one line of the list: the cursor stops there once, on its first session. */
#include "tui/model/model.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct section *
model_section(const struct model *m, size_t i)
{
	for (size_t k = 0; k < m->n_sections; k++)
		if (i - m->section[k].first < m->section[k].n)
			return &m->section[k];
	return NULL;
}

struct section *
model_folded(const struct model *m)
{
	long at = model_index(m, m->sel);
	struct section *k = at < 0 ? NULL : model_section(m, (size_t)at);
	return k && k->folded ? k : NULL;
}

/* The line of the list that a place is on: its own, or the head of what is folded. */
static size_t
line_of(const struct model *m, size_t at)
{
	const struct section *k = model_section(m, at);
	return k && k->folded ? k->first : at;
}

void
model_move(struct model *m, long by)
{
	long at = model_index(m, m->sel);
	if (m->n_shown == 0)
		return;
	if (at < 0 || by == 0) {
		model_select(m, m->shown[MAX(at, 0)]->id);
		return;
	}
	size_t line = line_of(m, (size_t)at);
	for (long i = (long)line + (by < 0 ? -1 : 1); by && i >= 0 && i < (long)m->n_shown;
		i += by < 0 ? -1 : 1) {
		if (line_of(m, (size_t)i) == line)
			continue;
		line = line_of(m, (size_t)i);
		i = by < 0 ? (long)line : i;
		by += by < 0 ? 1 : -1;
	}
	model_select(m, m->shown[line]->id);
}

static void
fold_key(char out[192], const struct section *k)
{
	if (k->group == GR_COUNT)
		snprintf(out, 192, "%s", k->title);
	else
		snprintf(out, 192, "%d", k->group);
}

static int
fold_find(const struct model *m, const struct section *k)
{
	char key[192];
	fold_key(key, k);
	for (int i = 0; i < m->n_folds; i++)
		if (m->folds[i].by == m->by && !strcmp(m->folds[i].key, key))
			return i;
	return -1;
}

void
model_fold(struct model *m, size_t i, bool folded)
{
	struct section *k = model_section(m, i);
	int was = k ? fold_find(m, k) : -1;
	if (!k || k->group == GR_NEEDS || folded == (was >= 0))
		return;
	if (!folded) {
		m->folds[was] = m->folds[--m->n_folds];
	} else if (m->n_folds < FOLDS_MAX) {
		m->folds[m->n_folds].by = m->by;
		fold_key(m->folds[m->n_folds++].key, k);
	} else {
		return;
	}
	k->folded = folded;
	m->version++;
	if (folded)
		model_select(m, m->shown[k->first]->id);
}

void
model_habits(const struct model *m, struct buf *out)
{
	buf_printf(out, "sort %d\ngroup %d\n", m->sort, m->by);
	for (int i = 0; i < m->n_folds; i++)
		if (!strpbrk(m->folds[i].key, "\r\n"))
			buf_printf(out, "fold %d %s\n", m->folds[i].by, m->folds[i].key);
}

static void
take_fold(struct model *m, int by, const char *key)
{
	struct fold *f = &m->folds[m->n_folds];
	if (m->n_folds == FOLDS_MAX || by < 0 || by >= BY_COUNT)
		return;
	f->by = (enum mgroup)by;
	snprintf(f->key, sizeof f->key, "%s", key);
	m->n_folds++;
}

void
model_take_habits(struct model *m, const char *text)
{
	char line[256];
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		int value, at = 0;
		n = strcspn(text, "\n");
		snprintf(line, sizeof line, "%.*s", (int)MIN(n, sizeof line - 1), text);
		if (sscanf(line, "fold %d %n", &value, &at) == 1 && at > 0)
			take_fold(m, value, line + at);
		else if (sscanf(line, "group %d", &value) == 1 && value >= 0 && value < BY_COUNT)
			m->by = (enum mgroup)value;
		else if (sscanf(line, "sort %d", &value) == 1 && value >= 0 && value < SORT_COUNT)
			m->sort = (enum msort)value;
	}
	m->version++;
}

static bool
matches(const struct msess *s, const char *filter)
{
	/* every word must be found somewhere */
	char words[128];
	snprintf(words, sizeof words, "%s", filter);
	for (char *save, *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		if (!strcasestr(s->name, w) && !strcasestr(s->cwd, w) && !strcasestr(s->wants, w) &&
			!strcasestr(s->profile, w) && !strcasestr(msess_word(s), w) &&
			!strcasestr(s->tags, w + (*w == '#')) && !strcasestr(s->title, w) &&
			!strcasestr(s->note, w))
			return false;
	return true;
}

struct sort_key {
	struct msess *s;
	enum group group;
	bool own;	   /* its group is its section; else it stands in that of its title */
	const char *title; /* borrowed; title_len bytes of it */
	int title_len;
	double key; /* bigger first */
};

/* Under which head a session stands, by what the list is grouped. */
static void
place(const struct model *m, struct sort_key *k)
{
	k->own = m->by == BY_STATE || k->group == GR_NEEDS || k->group >= GR_ENDED;
	k->title = m->by == BY_PROJECT ? k->s->cwd : k->s->tags;
	if (!k->own)
		k->title_len =
			(int)(m->by == BY_PROJECT ? strlen(k->title) : strcspn(k->title, " "));
}

/* Those that need their user first, what has ended or is put away last; what has no tag after what
 * has one. */
static int
place_rank(const struct sort_key *k)
{
	if (k->own)
		return (int)k->group * 2;
	return k->title_len ? GR_NEEDS * 2 + 1 : GR_NEEDS * 2 + 2;
}

static int
place_cmp(const struct sort_key *a, const struct sort_key *b)
{
	int ra = place_rank(a), rb = place_rank(b);
	if (ra != rb)
		return ra < rb ? -1 : 1;
	int c = a->own ? 0 : strncmp(a->title, b->title, (size_t)MIN(a->title_len, b->title_len));
	return c ? c : a->title_len - b->title_len;
}

static double
sort_value(const struct msess *s, enum group g, enum msort sort, double now)
{
	double idle = msess_idle(s, now);
	switch (sort) {
	case SORT_MEM:
		return (double)s->footprint;
	case SORT_IDLE:
		return idle;
	case SORT_GROWTH:
		return s->growth_bytes_per_h;
	case SORT_NAME:
	case SORT_COUNT:
		return 0;
	case SORT_DEFAULT:
		break;
	}
	switch (g) {
	case GR_NEEDS:
	case GR_ASLEEP:
	case GR_ENDED:
	case GR_ARCHIVED:
		return g == GR_NEEDS ? idle : -idle;
	case GR_IDLE: /* an hour more of rest weighs as much as its memory grown by that share */
		return (double)s->footprint * floor(idle / 60 + 1);
	case GR_WORKING:
	case GR_COUNT:
		break;
	}
	return 0;
}

static int
sort_cmp(const void *pa, const void *pb)
{
	const struct sort_key *a = pa, *b = pb;
	int p = place_cmp(a, b);
	if (p)
		return p;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->key != b->key)
		return a->key > b->key ? -1 : 1;
	int c = strcasecmp(a->s->name, b->s->name);
	return c ? c : strcmp(a->s->id, b->s->id);
}

/* Heads over the sorted sessions. While one filters, all that matches is seen. */
static void
divide(struct model *m, const struct sort_key *keys, size_t n)
{
	m->section = xrealloc(m->section, mul_sat(n + 1, sizeof *m->section));
	m->n_sections = 0;
	for (size_t i = 0; i < n; i++) {
		m->shown[i] = keys[i].s;
		if (i > 0 && place_cmp(&keys[i - 1], &keys[i]) == 0) {
			m->section[m->n_sections - 1].n++;
			continue;
		}
		struct section *k = &m->section[m->n_sections++];
		*k = (struct section){
			.group = keys[i].own ? keys[i].group : GR_COUNT, .first = i, .n = 1};
		snprintf(k->title, sizeof k->title, "%.*s", keys[i].title_len, keys[i].title);
		k->folded = !m->filter[0] && fold_find(m, k) >= 0;
	}
}

static bool
in_list(const struct model *m, const struct msess *s, enum group g)
{
	if (g >= GR_ENDED && !m->show_ended && !m->filter[0])
		return false;
	return matches(s, m->filter);
}

void
model_arrange(struct model *m, double now)
{
	long was = model_index(m, m->sel);
	struct sort_key *keys = xcalloc(m->n + 1, sizeof *keys);
	size_t n = 0;
	m->n_needs = 0;
	for (size_t i = 0; i < m->n; i++) {
		struct msess *s = m->all[i];
		enum group g = msess_group(s);
		if (!in_list(m, s, g))
			continue;
		m->n_needs += g == GR_NEEDS;
		keys[n] = (struct sort_key){
			.s = s, .group = g, .key = sort_value(s, g, m->sort, now)};
		place(m, &keys[n++]);
	}
	m->version++;
	qsort(keys, n, sizeof *keys, sort_cmp);
	m->n_shown = n;
	divide(m, keys, n);
	free(keys);
	if (n > 0 && model_index(m, m->sel) < 0)
		model_select(m, m->shown[CLAMP(was, 0, (long)n - 1)]->id);
	if (n == 0 && !m->filter[0])
		m->sel[0] = 0;
}
