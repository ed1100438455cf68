#include "sessions/life/sessions.h"
#include "core/os/os.h"
#include "core/page/page.h"
#include "sessions/memory/sampler.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/ring.h"
#include "sessions/display/display.h"
#include "sessions/life/ended.h"
#include "sessions/display/recorder.h"
#include "sessions/session/run.h"
#include "sessions/session/runner.h"
#include "sessions/life/worktree.h"
#include "sessions/store_thread/store_worker.h"
#include "sessions/wire/json.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Finding. */

struct session *
sessions_num(struct sessions *ss, uint32_t num)
{
	struct session *s = ss->first;

	while (s && s->num != num)
		s = s->next;
	return s;
}

static struct session *
find_name(struct sessions *ss, const char *name)
{
	struct session *s, *found = NULL;

	for (s = ss->first; s; s = s->next)
		if (!strcmp(s->name, name) && (!found || session_kept(s) || !session_kept(found)))
			found = s;
	return found;
}

/* By an id, its beginning, or that of a name, which means the one that the whole name finds. */
static struct session *
find_prefix(struct sessions *ss, const char *prefix, int *n)
{
	struct session *s, *found = NULL;
	size_t len = strlen(prefix);

	*n = 0;
	for (s = ss->first; s; s = s->next) {
		bool id = !strncmp(s->id, prefix, len);
		if (id && !s->id[len]) { /* no name can hide a whole id */
			*n = 1;
			return s;
		}
		if (id || (!strncmp(s->name, prefix, len) && find_name(ss, s->name) == s)) {
			found = s;
			++*n;
		}
	}
	return found;
}

struct session *
sessions_find(struct sessions *ss, const char *which, struct err *e)
{
	struct session *s;
	char *end;
	unsigned long num;
	int n;

	if (!strcmp(which, "-")) {
		if (!ss->last_used)
			err_set(e, 3, "no session has been used yet");
		return ss->last_used;
	}
	if (!*which) {
		err_set(e, 3, "no such session: \"\"");
		return NULL;
	}
	if ((s = find_name(ss, which)))
		return s;
	num = strtoul(which, &end, 10);
	if (!*end && isdigit((unsigned char)*which) && (s = sessions_num(ss, (uint32_t)num)))
		return s;
	s = find_prefix(ss, which, &n);
	if (n == 1)
		return s;
	err_set(e, 3, n ? "%.80s names %d sessions (give more of it)" : "no such session: %.80s",
		which, n);
	return NULL;
}

struct session *
sessions_new(struct sessions *of, enum session_state first)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->magic = SESSION_MAGIC;
	s->of = of;
	s->state = first;
	s->spec = -1;
	s->past.exit_code = s->past.exit_signal = -1;
	s->past.created = os_wall_s();
	s->display = display_new();
	return s;
}

void
sessions_free(struct session *s)
{
	if (!s)
		return;
	session_check(s);
	run_free(s->run);
	recorder_close(s->display);
	display_free(s->display);
	if (s->spec >= 0)
		close(s->spec);
	for (int i = 0; i < s->n_tags; i++)
		free(s->tags[i]);
	free(s->cwd);
	free(s->note);
	worktree_free(s->tree);
	free(s->runner);
	free(s->argv);
	free(s->env);
	s->magic = 0;
	free(s);
}

unsigned
sessions_live(const struct sessions *ss)
{
	unsigned n = 0;

	for (const struct session *s = ss->first; s; s = s->next)
		n += session_live(s);
	return n;
}

void
sessions_check(const struct sessions *ss)
{
	for (const struct session *s = ss->first; s; s = s->next) {
		CHECK(s->of == ss && s->num && s->num < ss->next_num && *s->name);
		run_check(s);
		display_check(s);
		for (const struct session *t = s->next; t; t = t->next) {
			CHECK(t->num != s->num && strcmp(t->id, s->id) != 0);
			CHECK(!session_kept(s) || !session_kept(t) ||
				strcmp(s->name, t->name) != 0);
		}
	}
}

/* Adding. */

/* By another one than s. */
static bool
name_taken(struct sessions *ss, const char *name, const struct session *s)
{
	for (struct session *t = ss->first; t; t = t->next)
		if (t != s && session_kept(t) && !strcmp(t->name, name))
			return true;
	return false;
}

static void
make_id(struct sessions *ss, char id[12])
{
	int n;

	do {
		uint32_t r;
		os_random(&r, sizeof(r));
		snprintf(id, 12, "%08x", r);
		find_prefix(ss, id, &n);
	} while (n || !strpbrk(id, "abcdef"));
}

static void
make_name(struct session *s, const char *base)
{
	char name[sizeof(s->name)];

	for (unsigned i = 1;; i++) {
		snprintf(name, sizeof(name), "%.40s-%u", base, i);
		if (!name_taken(s->of, name, s))
			break;
	}
	memcpy(s->name, name, sizeof(name));
}

void
sessions_keep_name(struct session *s)
{
	char base[sizeof(s->name)];

	if (!name_taken(s->of, s->name, s))
		return;
	memcpy(base, s->name, sizeof(base));
	make_name(s, base);
	session_unsaved(s);
}

void
sessions_link(struct sessions *ss, struct session *s)
{
	struct session **at =
		ss->newest && ss->newest->num < s->num ? &ss->newest->next : &ss->first;

	while (*at && (*at)->num < s->num)
		at = &(*at)->next;
	s->next = *at;
	*at = s;
	if (!s->next)
		ss->newest = s;
	ss->next_num = MAX(ss->next_num, s->num + 1);
}

int
sessions_add(struct sessions *ss, struct session *s, struct err *e)
{
	if (*s->name && !session_name_valid(s->name))
		return err_set(
			e, 2, "a name starts with a letter and has no blanks: %.64s", s->name);
	if (*s->name && name_taken(ss, s->name, s))
		return err_set(e, 1, "the name %s is taken (rename or end the other one)", s->name);
	if (!*s->name)
		make_name(s, s->profile ? profile_name(s->profile) : "session");
	make_id(ss, s->id);
	s->num = store_take_num(ss->store, ss->next_num);
	sessions_link(ss, s);
	session_unsaved(s);
	return 0;
}

int
sessions_rename(struct session *s, const char *name, struct err *e)
{
	if (!name || !session_name_valid(name))
		return err_set(e, 2, "a name starts with a letter and has no blanks");
	if (name_taken(s->of, name, s))
		return err_set(e, 1, "the name %s is taken", name);
	snprintf(s->name, sizeof(s->name), "%s", name);
	session_unsaved(s);
	return 0;
}

void
sessions_forget(struct session *s)
{
	struct sessions *ss = s->of;
	struct session **at = &ss->first, *before = NULL;

	CHECK(!session_live(s));
	ss->ops->gone(ss->ctx, s);
	if (ss->sampler)
		sampler_remove(ss->sampler, s->num);
	recorder_close(s->display);
	ended_let_go(ss, s->num);
	ended_delete(ss, s->num);
	for (; *at != s; at = &before->next)
		before = *at;
	*at = s->next;
	if (ss->newest == s)
		ss->newest = before;
	if (ss->last_used == s)
		ss->last_used = NULL;
	sessions_free(s);
	ss->untidy = true;
}

void
sessions_dump(const struct sessions *ss, FILE *out)
{
	fprintf(out, "%u sessions live, next number %u\n", sessions_live(ss), ss->next_num);
	for (const struct session *s = ss->first; s; s = s->next) {
		session_dump(s, out);
		run_dump(s, out);
		display_dump(s, out);
	}
}

const struct memstat *
sessions_memory(const struct session *s)
{
	return s->of->sampler && !runner_hides(s) ? sampler_get(s->of->sampler, s->num) : NULL;
}

/* Storing. */

static void
store_session(struct session *s)
{
	const struct session_past *past = &s->past;
	struct meta_session m = {.num = s->num,
		.cwd = s->cwd,
		.note = s->note,
		.worktree = (char *)worktree_top(s),
		.runner = s->runner,
		.pinned = s->pinned,
		.archived = s->archived,
		.no_store = s->no_store,
		.cols = s->display->cols,
		.rows = s->display->rows,
		.exit_code = past->exit_code,
		.exit_signal = past->exit_signal,
		.created = past->created,
		.started = past->started,
		.ended = past->ended,
		.last_output = past->last_output,
		.last_input = past->last_input,
		.freed_bytes = past->freed_bytes,
		.limited_until = s->limited_until,
		.mem_max = s->mem_max};
	const struct memstat *mem = sessions_memory(s);

	s->unsaved = false;
	memcpy(m.id, s->id, sizeof(m.id));
	memcpy(m.name, s->name, sizeof(m.name));
	snprintf(m.profile, sizeof(m.profile), "%s", profile_name(s->profile));
	memcpy(m.conversation, s->conversation, sizeof(m.conversation));
	snprintf(m.state, sizeof(m.state), "%s", session_state_stored(s->state));
	if (mem && mem->known) {
		m.footprint = mem->footprint;
		m.peak = mem->peak;
	}
	/* of one that is not to be stored, the row alone: not what it was told to do */
	m.argv_json = json_text(s->no_store ? json_array() : words_json(s->argv, -1));
	m.tags_json = json_text(words_json(s->tags, s->n_tags));
	store_put_session(s->of->store, &m);
	free(m.argv_json);
	free(m.tags_json);
}

void
sessions_keep_state(struct session *s)
{
	bool sleeps = s->state == SS_SLEEPING || s->state == SS_ASLEEP;

	if (s->display->ring) /* there for a successor at once; the store's record is soon */
		ring_set_bound(s->display->ring, sleeps			  ? RING_SLEEPS
						 : s->state == SS_CLOSING ? RING_ENDS
									  : RING_STAYS);
	sessions_store(s->of);
}

void
sessions_store(struct sessions *ss)
{
	for (struct session *s = ss->first; s; s = s->next)
		if (s->unsaved && ss->store)
			store_session(s);
}
