#include "sessions/session/session.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "core/text/width.h"
#include "sessions/session/house.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAG_MAX 60

#define BIT(name) (1u << SS_##name)
static const struct {
	const char *name, *stored;
	unsigned to;
} states[] = {
#define X(name, text, stored, next) {text, stored, next},
#include "sessions/session/state.def"
#undef X
};

const char *
session_state_name(enum session_state s)
{
	return s < SS_COUNT ? states[s].name : "?";
}

const char *
session_state_stored(enum session_state s)
{
	return s < SS_COUNT ? states[s].stored : "?";
}

enum session_state
session_state_of(const char *stored)
{
	for (int i = 0; i < SS_COUNT; i++)
		if (!strcmp(states[i].stored, stored))
			return (enum session_state)i;
	return SS_LOST;
}

bool
session_live(const struct session *s)
{
	return s->state == SS_STARTING || s->state == SS_RUNNING || session_ending(s);
}

bool
session_ending(const struct session *s)
{
	return s->state == SS_CLOSING || s->state == SS_SLEEPING;
}

bool
session_kept(const struct session *s)
{
	return session_live(s) || s->state == SS_ASLEEP;
}

struct session *
session_check(void *p)
{
	CHECK(p && ((struct session *)p)->magic == SESSION_MAGIC);
	return p;
}

void
session_set_state(struct session *s, enum session_state to)
{
	enum session_state was = s->state;

	if (was == to)
		return;
	if (!(states[was].to & 1u << to))
		panic(__FILE__, __LINE__, "session %u: %s -> %s", s->num, states[was].stored,
			states[to].stored);
	log_info("session %u: %s -> %s", s->num, states[was].stored, states[to].stored);
	s->state = to;
	session_unsaved(s);
	s->of->ops->state(s->of->ctx, s, was);
}

void
session_found(struct session *s, enum session_state is)
{
	s->unsaved |= s->state != is;
	s->state = is;
}

void
session_set_limited(struct session *s, double until)
{
	if (s->limited_until == until)
		return;
	s->limited_until = until;
	session_unsaved(s);
	if (until > 0)
		session_event(s, "limited", json_pack("{s:f}", "until", until));
}

void
session_changed(struct session *s)
{
	s->changed = true;
	s->of->ops->changed(s->of->ctx, s);
}

void
session_unsaved(struct session *s)
{
	s->unsaved = true;
	session_changed(s);
}

void
session_event(struct session *s, const char *event, json_t *take_detail)
{
	json_t *detail = take_detail ? take_detail : json_object();

	log_info("session %u: event %s", s->num, event);
	s->of->ops->event(s->of->ctx, s, event, os_wall_s(), detail);
	json_decref(detail);
}

const char *
session_getenv(const struct session *s, const char *name)
{
	size_t n = strlen(name);

	for (char **e = s->env; e && *e; e++)
		if (!strncmp(*e, name, n) && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

bool
session_has_tag(const struct session *s, const char *tag)
{
	for (int i = 0; i < s->n_tags; i++)
		if (!strcmp(s->tags[i], tag))
			return true;
	return false;
}

/* As sanitize would leave it, and not empty. */
static bool
text_is_clean(const char *text)
{
	char clean[SESSION_NOTE_MAX + 8];

	return strlen(text) < sizeof(clean) && sanitize(clean, sizeof(clean), text, strlen(text)) &&
	       !strcmp(text, clean);
}

int
session_tag(struct session *s, const char *tag, struct err *e)
{
	if (*tag == '-' || strlen(tag) > TAG_MAX || !text_is_clean(tag))
		return err_set(e, 2,
			*tag == '-' ? "a tag does not begin with -"
			: *tag	    ? "a tag has up to 60 characters that can be seen"
				    : "which tag?");
	if (session_has_tag(s, tag))
		return 0;
	if (s->n_tags == SESSION_TAGS_MAX)
		return err_set(e, 2, "%s has %d tags already", s->name, s->n_tags);
	s->tags[s->n_tags++] = xstrdup(tag);
	session_unsaved(s);
	return 0;
}

int
session_untag(struct session *s, const char *tag, struct err *e)
{
	for (int i = 0; i < s->n_tags; i++)
		if (!strcmp(s->tags[i], tag)) {
			free(s->tags[i]);
			s->n_tags--;
			memmove(&s->tags[i], &s->tags[i + 1],
				(size_t)(s->n_tags - i) * sizeof(s->tags[0]));
			session_unsaved(s);
			return 0;
		}
	return err_set(e, 1, "%s has no tag %.60s", s->name, tag);
}

void
session_archive(struct session *s, bool archived)
{
	if (s->archived == archived)
		return;
	s->archived = archived;
	session_unsaved(s);
	session_event(s, archived ? "archived" : "unarchived", NULL);
}

int
session_set_note(struct session *s, const char *note, struct err *e)
{
	if (*note && (strlen(note) > SESSION_NOTE_MAX || !text_is_clean(note)))
		return err_set(e, 2, "a note is one line of up to %d bytes", SESSION_NOTE_MAX);
	free(s->note);
	s->note = *note ? xstrdup(note) : NULL;
	session_unsaved(s);
	session_event(s, "noted", s->note ? json_pack("{s:s}", "note", s->note) : NULL);
	return 0;
}

void
session_exit_status(struct session *s, int status)
{
	if (WIFEXITED(status))
		s->past.exit_code = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		s->past.exit_signal = WTERMSIG(status);
}

bool
session_name_valid(const char *name)
{
	if (!isalpha((unsigned char)*name) && !((unsigned char)*name & 0x80))
		return false;
	for (const char *p = name; *p; p++)
		if (*p == ' ' || *p == '/')
			return false;
	return strlen(name) <= SESSION_NAME_MAX && text_is_clean(name);
}

void
session_dump(const struct session *s, FILE *out)
{
	fprintf(out, "session %u %s %s: %s, profile %s, conversation %s%s%s\n", s->num, s->id,
		s->name, states[s->state].stored, profile_name(s->profile),
		*s->conversation ? s->conversation : "-", s->pinned ? ", pinned" : "",
		s->no_store ? ", not stored" : "");
}
