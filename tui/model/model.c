/* Sessions by the server's word. all owns them, in the order they came; shown names those that pass
 * the filter, in sections: first those that need their user, then by state, project or tag. Between a
 * change and the next model_arrange shown may be out of order, but never names what is gone
 * (model_remove mends it), and the selection is an id, so it stays on its session wherever that moves.
 * version changes with everything that a sum or a width may be made of. */
#include "tui/model/model.h"
#include "core/text/width.h"
#include "sessions/proc/proctree.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

static const char *const state_names[] = {
#define X(NAME, name, stored, next) name,
#include "sessions/session/state.def"
#undef X
};

/* A name that is not known is the first: whatever a newer server says, nothing is claimed of it. */
static enum mstate
state_of(const char *name)
{
	for (int i = 0; name && i < MS_COUNT; i++)
		if (!strcmp(state_names[i], name))
			return i;
	return MS_STARTING;
}

static enum activity
act_of(const char *name)
{
	for (int i = 0; name && i < ACT_COUNT; i++)
		if (!strcmp(activity_name(i), name))
			return i;
	return ACT_UNKNOWN;
}

static enum growth_verdict
growth_of(const char *name)
{
	for (int i = GROWTH_UNKNOWN; name && i <= GROWTH_BURST; i++)
		if (!strcmp(growth_name(i), name))
			return i;
	return GROWTH_UNKNOWN;
}

bool
msess_live(const struct msess *s)
{
	return s->state <= MS_CLOSING;
}

enum group
msess_group(const struct msess *s)
{
	static const enum group by_act[] = {[ACT_UNKNOWN] = GR_IDLE,
		[ACT_WORKING] = GR_WORKING,
		[ACT_PERMISSION] = GR_NEEDS,
		[ACT_QUESTION] = GR_NEEDS,
		[ACT_IDLE] = GR_IDLE,
		[ACT_DONE] = GR_IDLE,
		[ACT_ERROR] = GR_NEEDS,
		[ACT_LIMITED] = GR_IDLE};
	bool needs = s->state == MS_RUNNING && by_act[s->act] == GR_NEEDS;
	if (s->archived && !needs)
		return GR_ARCHIVED;
	switch (s->state) {
	case MS_ASLEEP:
	case MS_LOST: /* it too comes back with Enter */
		return GR_ASLEEP;
	case MS_EXITED:
		return GR_ENDED;
	case MS_STARTING:
		return GR_WORKING;
	case MS_CLOSING:
	case MS_SLEEPING: /* where it was before it was asked to go, mostly */
		return GR_IDLE;
	case MS_RUNNING:
	case MS_COUNT:
		break;
	}
	return by_act[s->act];
}

/* What one asks is asked in spite of a limit. */
static bool
by_limit(const struct msess *s)
{
	return s->act != ACT_PERMISSION && s->act != ACT_QUESTION;
}

const char *
msess_word(const struct msess *s)
{
	if (s->away)
		return "away";
	if (s->state == MS_EXITED && (s->exit_code > 0 || s->exit_signal > 0))
		return "failed";
	if (s->state != MS_RUNNING)
		return state_names[s->state];
	if (s->stopped)
		return "stopped";
	if (s->limited_until > 0 && by_limit(s))
		return "limited";
	return s->act == ACT_UNKNOWN ? "quiet" : activity_name(s->act);
}

bool
msess_closable(const struct msess *s)
{
	return s->state == MS_RUNNING && s->eligible && s->worth;
}

double
msess_idle(const struct msess *s, double now)
{
	return MAX(0, now - s->rest_at);
}

void
model_init(struct model *m)
{
	memset(m, 0, sizeof *m);
}

static void
msess_free(struct msess *s)
{
	free(s->cwd);
	free(s->wants);
	free(s->wants_next);
	free(s->title);
	free(s->command);
	free(s);
}

void
model_deinit(struct model *m)
{
	for (size_t i = 0; i < m->n; i++)
		msess_free(m->all[i]);
	free(m->all);
	free(m->shown);
	free(m->section);
	model_init(m);
}

/* Foreign text for one field; leaves it alone when the key is absent. */
static void
take_str(char *out, size_t cap, json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);
	if (json_is_string(v))
		sanitize(out, cap, json_string_value(v), json_string_length(v));
}

static void
take_text(char **out, json_t *o, const char *key)
{
	char buf[512] = "";
	if (*out && !json_is_string(json_object_get(o, key)))
		return;
	take_str(buf, sizeof buf, o, key);
	/* wide gaps of a status line say nothing here */
	char *to = buf;
	for (const char *p = buf; *p; p++)
		if (*p != ' ' || p < buf + 2 || p[-1] != ' ' || p[-2] != ' ')
			*to++ = *p;
	*to = 0;
	free(*out);
	*out = xstrdup(buf);
}

/* Signs that move or frame, but say nothing: boxes, blocks, braille, stars and dots of spinners. */
static bool
is_decoration(const char *p, size_t n)
{
	static const char *const signs[] = {"·", "•", "✢", "✳", "✶", "✻", "✽", "∗", "⏺", "⎿", "◐",
		"◓", "◑", "◒", "●", "○", "◌"};
	const unsigned char *u = (const unsigned char *)p;
	if (n == 1)
		return *p == ' ' || *p == '|' || *p == '*' || *p == '-' || *p == '=' || *p == '+';
	if (n == 3 && u[0] == 0xe2 &&
		((u[1] >= 0x94 && u[1] <= 0x96) || (u[1] >= 0xa0 && u[1] <= 0xa3)))
		return true; /* U+2500 to 259F, U+2800 to 28FF */
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (strlen(signs[i]) == n && !memcmp(signs[i], p, n))
			return true;
	return false;
}

/* What programs say of their keys says nothing of their work: "(41s · esc to interrupt)" goes from the
 * line, and a line that is such a hint goes whole. */
static void
cut_hints(char *text)
{
	static const char *const hints[] = {
		"shift+tab to cycle", "? for shortcuts", "ctrl+t to show", "/ commands"};
	char *keys = strstr(text, "esc to interrupt");
	while (keys && keys > text && *keys != '(')
		keys--;
	if (keys)
		*keys = 0;
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (strstr(text, hints[i]))
			*text = 0;
}

/* Leaves what says something of a line of a screen: no frame around it; nothing at all where there is
 * neither letter nor digit. */
static void
content(char *text)
{
	cut_hints(text);
	char *from = text, *end = text;
	bool word = false, began = false;
	int w;
	for (char *p = text; *p;) {
		size_t n = utf8_grapheme(p, strlen(p), &w);
		word |= isalnum((unsigned char)*p) || (n > 1 && !is_decoration(p, n));
		if (!is_decoration(p, n)) {
			from = began ? from : p;
			began = true;
			end = p + n;
		}
		p += n;
	}
	*end = 0;
	memmove(text, word ? from : end, strlen(word ? from : end) + 1);
}

static double
num(json_t *o, const char *key, double absent)
{
	json_t *v = json_object_get(o, key);
	return json_is_number(v) ? json_number_value(v) : absent;
}

static bool
flag(json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* The question, the tool, the last line that says something. What asks is shown at once; the rest at
 * most once a second, and a line that says nothing changes nothing. */
static void
take_wants(struct msess *s, json_t *o, double now)
{
	char *text = NULL;
	bool detail = json_is_string(json_object_get(o, "detail"));
	if (!detail && !json_is_string(json_object_get(o, "last_line")) && s->wants)
		return;
	take_text(&text, o, detail ? "detail" : "last_line");
	content(text);
	bool asks = s->act == ACT_PERMISSION || s->act == ACT_QUESTION;
	if (s->wants && (!*text || !strcmp(text, s->wants))) {
		free(text);
		return;
	}
	if (s->wants && !asks && now - s->wants_at < 1) {
		free(s->wants_next);
		s->wants_next = text;
		return;
	}
	free(s->wants);
	free(s->wants_next);
	s->wants = text;
	s->wants_next = NULL;
	s->wants_at = now;
}

bool
model_settle(struct model *m, double now)
{
	bool moved = false;
	for (size_t i = 0; i < m->n; i++) {
		struct msess *s = m->all[i];
		if (s->act_next != s->act && now - s->act_at >= GUESS_S) {
			s->act = s->act_next;
			s->act_at = now;
			m->version++;
			moved = true;
		}
		if (!s->wants_next || now - s->wants_at < 1)
			continue;
		free(s->wants);
		s->wants = s->wants_next;
		s->wants_next = NULL;
		s->wants_at = now;
	}
	return moved;
}

/* What a question offers: strings, answered by their place, or {"key","label"}. */
static void
take_options(struct msess *s, json_t *list)
{
	json_t *o;
	size_t i;
	s->n_options = 0;
	json_array_foreach (list, i, o) {
		struct option *to = &s->options[s->n_options];
		json_t *label = json_is_object(o) ? json_object_get(o, "label") : o;
		const char *key = json_string_value(json_object_get(o, "key"));
		if (s->n_options == (int)ARRAY_LEN(s->options) || !json_is_string(label))
			continue;
		snprintf(to->key, sizeof to->key, "%d", s->n_options + 1);
		if (key && strlen(key) == 1 && *key > ' ' && *key < 0x7f)
			snprintf(to->key, sizeof to->key, "%s", key);
		sanitize(to->label, sizeof to->label, json_string_value(label),
			json_string_length(label));
		s->n_options++;
	}
}

static void
take_spark(struct msess *s, json_t *a)
{
	size_t n = json_array_size(a), from = n > SPARK_N ? n - SPARK_N : 0;
	if (!json_is_array(a))
		return;
	memset(s->spark, 0, sizeof s->spark);
	for (size_t i = from; i < n; i++)
		s->spark[SPARK_N - n + i] = (uint64_t)json_number_value(json_array_get(a, i));
	s->has_spark = true;
}

/* Text of the argument vector and of the tags, words joined by blanks. */
static void
join(char *out, size_t cap, json_t *words)
{
	char buf[512];
	size_t len = 0, i;
	json_t *w;
	buf[0] = 0;
	json_array_foreach (words, i, w) {
		int k = snprintf(buf + len, sizeof buf - len, "%s%s", i ? " " : "",
			json_string_value(w) ? json_string_value(w) : "");
		len = MIN(len + (size_t)MAX(k, 0), sizeof buf - 1);
	}
	sanitize(out, cap, buf, len);
}

static void
take_reap(struct msess *s, json_t *reap)
{
	if (!reap)
		return;
	s->eligible = flag(reap, "eligible");
	s->worth = flag(reap, "worth");
}

static void
take_numbers(struct msess *s, json_t *o, double now)
{
	s->created = num(o, "created", s->created);
	s->rest_at = num(o, "ended", num(o, "last_output", s->rest_at));
	s->rest_at = now - num(o, "waiting_s", num(o, "idle_s", now - s->rest_at));
	s->footprint = (uint64_t)num(o, "footprint_bytes", 0);
	s->rss = (uint64_t)num(o, "rss_bytes", 0);
	s->swap = (uint64_t)num(o, "swap_bytes", 0);
	s->peak = (uint64_t)num(o, "peak_bytes", 0);
	s->estimated = flag(o, "footprint_estimated");
	s->growth_bytes_per_h = num(o, "growth_bytes_per_h", 0);
	s->has_growth = json_is_number(json_object_get(o, "growth_bytes_per_h"));
	s->pinned = flag(o, "pinned");
	s->archived = flag(o, "archived");
	s->away = flag(o, "away");
	s->stopped = flag(o, "stopped");
	s->grows_with_work = flag(o, "growth_while_working");
	s->limited_until = num(o, "limited_until", 0);
	if (s->limited_until < now)
		s->limited_until = 0;
	s->mem_max = (uint64_t)num(o, "mem_max_bytes", 0);
	s->strays = (long)num(o, "strays", 0);
	s->pid = (long)num(o, "pid", 0);
	s->processes = (long)num(o, "processes", 0);
	s->exit_code = (int)num(o, "exit_code", -1);
	s->exit_signal = (int)num(o, "exit_signal", -1);
	json_t *size = json_object_get(o, "size");
	s->cols = (int)num(size, "cols", s->cols);
	s->rows = (int)num(size, "rows", s->rows);
}

/* Who prints now and then is not at work and at rest by turns: from one guess to the other it goes when
 * the first has stood for a while. Whatever is known counts at once. */
static void
take_activity(struct msess *s, json_t *o, double now)
{
	const char *source = json_string_value(json_object_get(o, "activity_source"));
	enum activity act = act_of(json_string_value(json_object_get(o, "activity")));
	bool guess = act == ACT_UNKNOWN || (source && !strcmp(source, "output"));
	s->act_next = act;
	if (act == s->act || (guess && s->guessed && s->state == MS_RUNNING && s->act_at > 0 &&
				     now - s->act_at < GUESS_S))
		return;
	s->act = act;
	s->act_at = now;
	s->guessed = guess;
}

static struct msess *
model_add(struct model *m, const char *id)
{
	if (m->n == m->cap) {
		m->cap = MAX(16, m->cap * 2);
		m->all = xrealloc(m->all, mul_sat(m->cap, sizeof *m->all));
		m->shown = xrealloc(m->shown, mul_sat(m->cap, sizeof *m->shown));
	}
	struct msess *s = xcalloc(1, sizeof *s);
	snprintf(s->id, sizeof s->id, "%s", id);
	return m->all[m->n++] = s;
}

static void
take_branch(struct msess *s, json_t *tree)
{
	s->branch[0] = 0;
	take_str(s->branch, sizeof s->branch - 1, tree, "branch");
	if (s->branch[0] && flag(tree, "dirty"))
		memcpy(s->branch + strlen(s->branch), "*", 2);
}

struct msess *
model_put(struct model *m, json_t *o, double now)
{
	char id[16] = "";
	take_str(id, sizeof id, o, "id");
	if (!id[0])
		return NULL;
	struct msess *s = model_find(m, id);
	m->version++;
	if (!s) {
		s = model_add(m, id);
		s->rest_at = now;
	}
	take_str(s->name, sizeof s->name, o, "name");
	take_str(s->profile, sizeof s->profile, o, "profile");
	take_str(s->conversation, sizeof s->conversation, o, "conversation");
	take_text(&s->cwd, o, "cwd");
	take_text(&s->title, o, "title");
	s->state = state_of(json_string_value(json_object_get(o, "state")));
	take_activity(s, o, now);
	take_wants(s, o, now);
	s->growth = growth_of(json_string_value(json_object_get(o, "growth")));
	take_numbers(s, o, now);
	take_reap(s, json_object_get(o, "reap"));
	take_spark(s, json_object_get(o, "spark"));
	s->prompt[0] = 0;
	take_str(s->prompt, sizeof s->prompt, o, "prompt");
	s->note[0] = 0;
	take_str(s->note, sizeof s->note, o, "note");
	s->behind[0] = 0;
	take_str(s->behind, sizeof s->behind, o, "memory_behind");
	take_branch(s, json_object_get(o, "worktree"));
	take_options(s, json_object_get(o, "options"));
	char words[256];
	join(words, sizeof words, json_object_get(o, "argv"));
	free(s->command);
	s->command = xstrdup(words);
	join(s->tags, sizeof s->tags, json_object_get(o, "tags"));
	return s;
}

struct msess *
model_told(struct model *m, const char *id, json_t *ev, double now)
{
	struct msess *s = model_find(m, id);
	if (!s) {
		json_t *o = json_pack("{s:s}", "id", id);
		s = model_put(m, o, now);
		json_decref(o);
	}
	if (!s)
		return NULL;
	m->version++;
	take_str(s->name, sizeof s->name, ev, "name");
	s->state = state_of(json_string_value(json_object_get(ev, "state")));
	s->exit_code = (int)num(ev, "exit_code", -1);
	s->exit_signal = (int)num(ev, "exit_signal", -1);
	return s;
}

void
model_pressure(struct model *m, json_t *p)
{
	double total = num(p, "mem_total_bytes", 0), avail = num(p, "mem_available_bytes", 0);
	if (total > 0) {
		m->ram_total = (uint64_t)total;
		m->ram_used = (uint64_t)MAX(0, total - avail);
	}
	m->swap_used =
		(uint64_t)MAX(0, num(p, "swap_total_bytes", 0) - num(p, "swap_free_bytes", 0));
	m->pressure = (int)num(p, "level", m->pressure);
}

void
model_banner(struct model *m, json_t *o)
{
	m->banner[0] = 0;
	take_str(m->banner, sizeof m->banner, o, "banner");
}

void
model_load(struct model *m, json_t *ls, double now)
{
	json_t *list = json_object_get(ls, "sessions"), *o;
	size_t i;
	for (size_t k = m->n; k-- > 0;) {
		bool there = false;
		json_array_foreach (list, i, o) {
			const char *id = json_string_value(json_object_get(o, "id"));
			there |= id && !strcmp(id, m->all[k]->id);
		}
		if (!there)
			model_remove(m, m->all[k]->id);
	}
	json_array_foreach (list, i, o)
		model_put(m, o, now);
	take_str(m->host, sizeof m->host, ls, "host");
	model_banner(m, ls);
	model_pressure(m, json_object_get(ls, "pressure"));
	m->loaded = true;
}

/* shown never names what is gone. */
static void
unshow(struct model *m, size_t at)
{
	bool selected = !strcmp(m->sel, m->shown[at]->id);
	memmove(&m->shown[at], &m->shown[at + 1], (m->n_shown - at - 1) * sizeof *m->shown);
	m->n_shown--;
	m->n_needs -= at < m->n_needs;
	size_t n = 0;
	for (size_t i = 0; i < m->n_sections; i++) {
		struct section k = m->section[i];
		k.n -= at >= k.first && at < k.first + k.n;
		k.first -= k.first > at;
		if (k.n)
			m->section[n++] = k;
	}
	m->n_sections = n;
	if (selected && m->n_shown)
		model_select(m, m->shown[MIN(at, m->n_shown - 1)]->id);
}

void
model_remove(struct model *m, const char *id)
{
	for (size_t i = 0; i < m->n; i++) {
		struct msess *s = m->all[i];
		if (strcmp(s->id, id))
			continue;
		long at = model_index(m, id);
		if (at >= 0)
			unshow(m, (size_t)at);
		m->version++;
		memmove(&m->all[i], &m->all[i + 1], (m->n - i - 1) * sizeof *m->all);
		m->n--;
		msess_free(s);
		return;
	}
}

bool
inside_session(const char *id)
{
	const char *env = getenv("MUSTER_SESSION");
	struct rlimit mark;
	if (env && !strcmp(env, id))
		return true;
	return proc_mark(id) && getrlimit(RLIMIT_LOCKS, &mark) == 0 &&
	       mark.rlim_cur == proc_mark(id);
}

struct msess *
model_find(const struct model *m, const char *id)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->all[i]->id, id))
			return m->all[i];
	return NULL;
}

struct msess *
model_selected(const struct model *m)
{
	return m->sel[0] ? model_find(m, m->sel) : NULL;
}

long
model_index(const struct model *m, const char *id)
{
	for (size_t i = 0; i < m->n_shown; i++)
		if (!strcmp(m->shown[i]->id, id))
			return (long)i;
	return -1;
}

void
model_select(struct model *m, const char *id)
{
	if (id != m->sel)
		snprintf(m->sel, sizeof m->sel, "%s", id);
}

size_t
model_archived(const struct model *m)
{
	size_t n = 0;
	for (size_t i = 0; i < m->n; i++)
		n += msess_group(m->all[i]) == GR_ARCHIVED;
	return n;
}

struct model_sums
model_sums(const struct model *m)
{
	struct model_sums t = {.sessions = m->n};
	for (size_t i = 0; i < m->n; i++) {
		const struct msess *s = m->all[i];
		t.group[msess_group(s)]++;
		if (!msess_live(s))
			continue;
		t.running++;
		t.footprint += s->footprint;
		t.growing |= s->growth >= GROWTH_FAST;
		if (s->growth >= GROWTH_FAST)
			t.growth_bytes_per_h += s->growth_bytes_per_h;
		if (msess_closable(s)) {
			t.closable++;
			t.closable_bytes += s->footprint;
		}
	}
	return t;
}

double
model_next_change(const struct model *m, double now)
{
	double next = INFINITY;
	for (size_t i = 0; i < m->n_shown; i++) {
		if (m->shown[i]->act_next != m->shown[i]->act)
			next = MIN(next, MAX(m->shown[i]->act_at + GUESS_S - now, 0) + 0.01);
		if (m->shown[i]->wants_next)
			next = MIN(next, MAX(m->shown[i]->wants_at + 1 - now, 0) + 0.01);
		double idle = msess_idle(m->shown[i], now);
		if (msess_group(m->shown[i]) == GR_WORKING)
			continue;
		double step = idle < 3600 ? 60 : 3600;
		next = MIN(next, step - fmod(idle, step) + 0.01);
	}
	return next;
}

void
model_check(const struct model *m)
{
	CHECK(m->n <= m->cap && m->n_shown <= m->n);
	for (size_t i = 0; i < m->n; i++) {
		const struct msess *s = m->all[i];
		CHECK(s->id[0] && s->cwd && s->wants && s->title && s->command);
		CHECK(s->state < MS_COUNT && s->act < ACT_COUNT);
		CHECK(model_find(m, s->id) == s); /* an id is had once */
	}
	size_t at = 0;
	for (size_t k = 0; k < m->n_sections; k++) {
		CHECK(m->section[k].first == at && m->section[k].n > 0);
		at += m->section[k].n;
	}
	CHECK(at == m->n_shown && m->n_needs <= m->n_shown && m->n_folds <= FOLDS_MAX);
	for (size_t i = 0; i < m->n_shown; i++)
		CHECK(model_find(m, m->shown[i]->id) == m->shown[i]);
}

void
model_dump(const struct model *m, struct buf *out)
{
	static const char *const groups[] = {
		"needs you", "working", "idle", "asleep", "ended", "archived"};
	buf_printf(out, "model: %zu sessions, %zu shown, selected %s, filter \"%s\"%s\n", m->n,
		m->n_shown, m->sel[0] ? m->sel : "none", m->filter,
		m->loaded ? "" : ", not loaded");
	for (size_t k = 0; k < m->n_sections; k++) {
		const struct section *c = &m->section[k];
		for (size_t i = c->first; i < c->first + c->n; i++)
			buf_printf(out, "  %-10s %-8s %-24s %s%s\n",
				c->group < GR_COUNT ? groups[c->group] : c->title, m->shown[i]->id,
				m->shown[i]->name, msess_word(m->shown[i]),
				c->folded ? ", folded" : "");
	}
}
