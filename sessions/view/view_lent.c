/* A view whose client lent its terminal: see lent.c for the loan itself. */
#include "sessions/view/lent.h"
#include "core/os/os.h"
#include "sessions/proc/proc_read.h"
#include "sessions/view/view.h"
#include <string.h>
#include <unistd.h>

static void
on_key(void *ctx, const struct input_event *ev)
{
	struct view *v = ctx;
	struct key_modes km = term_key_modes(display_term(v->session));

	encode_input(&v->typed, ev, &km);
}

static void
on_typed(void *ctx)
{
	struct view *v = ctx;
	struct buf typed = v->typed;

	v->typed = (struct buf){0}; /* typing may end the view */
	view_types(v, &typed, true);
	buf_free(&typed);
}

static void
on_not_ours(void *ctx, const uint8_t *bytes, size_t n)
{
	view_give_back(ctx, bytes, n);
}

static void
put_return(
	struct view *v, enum returned how, const struct buf *unsent, const uint8_t *bytes, size_t n)
{
	struct buf *out = &v->peer->out;
	size_t mark = frame_begin(out, FT_RETURN, v->id);

	buf_putc(out, how);
	buf_u32(out, (uint32_t)unsent->len);
	buf_put(out, unsent->data, unsent->len);
	buf_put(out, bytes, n);
	frame_end(out, mark);
}

/* Not while a frame is under way: the client would lend a picture older than the one we know of. */
static bool
acceptable(const struct view *v)
{
	const struct session *s = v->session;

	return v->attach && !v->read_only && !v->in_flight && !v->back && !v->hold &&
	       v->cols == s->display->cols && v->rows == s->display->rows;
}

void
view_lend(struct view *v, const struct frame *f)
{
	static const struct lent_ops ops_of = {
		.key = on_key, .typed = on_typed, .not_ours = on_not_ours};
	struct session *s = v->session;
	struct rd in = rd_init(f->payload, f->len);
	struct lent_terms terms = {.caps = render_caps_of(rd_u8(&in))};
	struct grid g = term_grid(display_term(s));
	struct lent_ops ops = ops_of;
	int fd = peer_take_fd(v->peer);

	if (fd < 0 || lent_held(v->lent) || input_unpack(&in, &terms.prefix) < 0 ||
		!acceptable(v)) {
		if (fd >= 0)
			close(fd);
		if (!lent_held(v->lent))
			put_return(v, RETURNED_UNTOUCHED, &(struct buf){0}, NULL, 0);
		return;
	}
	ops.ctx = v;
	if (!v->lent)
		v->lent = lent_new(s->of->loop, s->of->arena, s->num, &ops);
	terms.shown = v->dirty ? NULL : &g;
	if (lent_take(v->lent, fd, &terms) < 0)
		put_return(v, RETURNED_UNTOUCHED, &(struct buf){0}, NULL, 0);
}

void
view_give_back(struct view *v, const uint8_t *bytes, size_t n)
{
	struct session *s = v->session;
	bool known = v->cols == s->display->cols && v->rows == s->display->rows;
	struct buf unsent = {0};
	struct grid g;

	if (!lent_held(v->lent) || v->peer->dead)
		return;
	view_tell(v);
	g = term_grid(display_term(s));
	lent_end(v->lent, known ? &g : NULL, &unsent);
	v->dirty = v->urgent = false;
	known &= view_put_frame(v, &g, os_mono_ns()) != PUT_TOO_LARGE;
	put_return(v, known ? RETURNED_SHOWN : RETURNED_UNKNOWN, &unsent, bytes, n);
	buf_free(&unsent);
}

static bool
stopped(pid_t pid)
{
	char stat[512], *after;

	if (proc_read(pid, "stat", stat, sizeof(stat)) <= 0 || !(after = strrchr(stat, ')')))
		return false;
	return after[1] == ' ' && (after[2] == 'T' || after[2] == 't');
}

void
views_check(struct views *all)
{
	struct view *v;

	LIST_FOREACH (v, &all->list, of_all)
		if (lent_held(v->lent) && stopped(v->peer->pid))
			view_give_back(v, NULL, 0);
}
