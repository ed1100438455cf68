/* What all parts of a terminal use: what follows from its state, and its owner's ear. */
#include "core/screen/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text/cp_class.h"

void
term_derive(struct term *t)
{
	const struct vt *v = &t->v;
	t->plain = !v->insert && !v->single && v->g[v->gl] == CS_ASCII;
	t->whole = !v->top && !v->left && v->bottom == v->rows - 1 && v->right == v->cols - 1;
	t->width_opts = (t->cfg.ambiguous_wide ? WIDTH_AMBIGUOUS_WIDE : 0) |
			(t->cfg.narrow_emoji ? WIDTH_NARROW_EMOJI : 0);
}

void
term_emit(struct term *t, struct term_event *ev)
{
	if (!ev->text)
		ev->text = "";
	if (!ev->text2)
		ev->text2 = "";
	if (t->ops.event && !t->silent)
		t->ops.event(t->ops.ctx, ev);
}

void
term_event_text(struct term *t, enum term_event_type type, const char *text, size_t len)
{
	term_emit(t, &(struct term_event){.type = type, .text = text, .len = len});
}

void
term_reply(struct term *t, const char *fmt, ...)
{
	if (!t->ops.reply || t->silent)
		return;
	char line[256], *s = line;
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(line, sizeof(line), fmt, ap);
	if (n >= (int)sizeof(line)) {
		s = xmalloc((size_t)n + 1);
		vsnprintf(s, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	va_end(ap);
	if (n > 0)
		t->ops.reply(t->ops.ctx, s, (size_t)n);
	if (s != line)
		free(s);
}
