/* Telling of what happens in sessions one is not looking at: a word on the screen of another, and
 * the sound or message that ui.notify names for its kind. A session tagged "quiet" makes none. */
#include "tui/app/app.h"
#include <string.h>

#define QUIET "quiet"

int
app_notice_kind(const struct msess *s)
{
	static const int kinds[ACT_COUNT] = {[ACT_PERMISSION] = NOTIFY_PERMISSION + 1,
		[ACT_QUESTION] = NOTIFY_QUESTION + 1,
		[ACT_DONE] = NOTIFY_DONE + 1,
		[ACT_ERROR] = NOTIFY_ERROR + 1};
	return msess_live(s) ? kinds[s->act] - 1 : -1;
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
app_notice(struct app *a, const struct msess *s)
{
	int kind = app_notice_kind(s);
	bool in_one = a->stack[app_lowest(a)].v->plain;
	const char *what = *s->wants ? s->wants : msess_word(s);
	if (kind < 0 || is_quiet(s) || (in_one && !strcmp(a->m.sel, s->id)))
		return;
	if (in_one && msess_group(s) == GR_NEEDS)
		app_toast(a, false, "%s needs you: %s (%s n)", s->name, what, a->prefix_label);
	else if (in_one && a->notify_by[kind] != NOTIFY_OFF)
		app_toast(a, false, "%s: %s", s->name, what);
	if (a->notify_by[kind] == NOTIFY_BELL)
		a->ops.bell(a->ops.ctx);
	else if (a->notify_by[kind] == NOTIFY_OSC)
		a->ops.notify(a->ops.ctx, s->name, what);
}
