/* Telling of what happens in sessions one is not looking at: a word on the screen of another, and
 * the sound or message that ui.notify names for its kind. A session tagged "quiet" makes none. */
#include "tui/app/app.h"
#include <string.h>

#define QUIET "quiet"

int
app_notice_kind(const struct msess *s)
{
	return msess_live(s) ? notice_kind(s->act) : -1;
}

static bool
is_quiet(const struct msess *s)
{
	size_t n = strlen(QUIET);
	for (const char *p = s->tags; (p = strstr(p, QUIET)); p += n)
		if ((p == s->tags || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

void
app_notice(struct app *a, struct msess *s, enum notify_kind kind)
{
	bool in_one = a->stack[app_lowest(a)].v->plain;
	const char *what = kind == NOTIFY_GROWING ? "its memory grows"
			   : *s->wants		  ? s->wants
						  : msess_word(s);
	if (is_quiet(s) || (in_one && !strcmp(a->m.sel, s->id)))
		return;
	if (in_one && msess_group(s) == GR_NEEDS && kind != NOTIFY_GROWING)
		app_toast(a, false, "%s needs you: %s (%s n)", s->name, what, a->prefix_label);
	else if (in_one && a->notify_by[kind] != NOTIFY_OFF)
		app_toast(a, false, "%s: %s", s->name, what);
	if (a->notify_by[kind] == NOTIFY_OFF || !notice_allowed(&s->told, a->now))
		return;
	if (a->notify_by[kind] == NOTIFY_BELL)
		a->ops.bell(a->ops.ctx);
	else if (a->notify_by[kind] == NOTIFY_OSC)
		a->ops.notify(a->ops.ctx, s->name, what);
}
