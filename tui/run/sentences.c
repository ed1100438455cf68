#include "tui/run/sentences.h"
#include "tui/draw/fmt.h"

static void
put_session(struct buf *out, const struct msess *s, double now)
{
	char mem[16], idle[16];
	buf_printf(out, "%s, %s", s->name, msess_word(s));
	if (msess_group(s) != GR_WORKING)
		buf_printf(out, " for %s", fmt_idle(idle, msess_idle(s, now)));
	if (s->footprint)
		buf_printf(out, ", %s", fmt_mem(mem, (double)s->footprint));
	if (s->growth >= GROWTH_FAST)
		buf_printf(out, ", grows %s MB an hour", fmt_rate(mem, s->growth_bytes_per_h));
	if (msess_closable(s))
		buf_puts(out, ", can sleep");
	if (s->pinned)
		buf_puts(out, ", pinned");
	if (*s->wants)
		buf_printf(out, ": %s", s->wants);
	buf_puts(out, ".\n");
}

void
sentences_list(struct buf *out, const struct model *m, double now)
{
	static const char *const titles[] = {
		"need you", "working", "idle", "asleep", "ended", "archived"};
	char mem[16];
	struct model_sums sum = model_sums(m);
	buf_printf(
		out, "%zu sessions, %zu running", sum.sessions - sum.group[GR_ENDED], sum.running);
	if (sum.footprint)
		buf_printf(out, ", %s in all", fmt_mem(mem, (double)sum.footprint));
	buf_puts(out, ".\n");
	for (size_t k = 0; k < m->n_sections; k++) {
		const struct section *c = &m->section[k];
		bool one = c->n == 1 && c->group == GR_NEEDS;
		buf_printf(out, "%zu %s:\n", c->n,
			one		      ? "needs you"
			: c->group < GR_COUNT ? titles[c->group]
					      : c->title);
		for (size_t i = c->first; i < c->first + c->n; i++) {
			buf_printf(out, "%zu. ", i + 1);
			put_session(out, m->shown[i], now);
		}
	}
}

void
sentences_change(struct buf *out, const struct was_so *before, const struct msess *s)
{
	if (before && before->state == s->state && before->act == s->act)
		return;
	if (!before)
		buf_printf(out, "%s started.\n", s->name);
	else if (msess_group(s) == GR_NEEDS)
		buf_printf(out, "%s needs you, %s%s%s.\n", s->name, msess_word(s),
			*s->wants ? ": " : "", s->wants);
	else
		buf_printf(out, "%s is %s.\n", s->name, msess_word(s));
}
