/* A terminal's first state, and the ways back to it. */
#include "core/vt/vt_reset.h"

#include <stdlib.h>
#include <string.h>

#include "core/screen/screen.h"
#include "core/vt/vt_modes.h"
#include "core/vt/vt_string.h"

void
vt_init(struct vt *v)
{
	struct vt old = *v;
	*v = (struct vt){.cols = old.cols,
		.rows = old.rows,
		.bottom = old.rows - 1,
		.right = old.cols - 1,
		.modes = modes_initial(),
		.gr = 2,
		.srm = 1,
		.level = 5,
		.blink_default = 1,
		.chain_col = -1,
		.color_fg = old.color_fg,
		.color_bg = old.color_bg,
		.color_cursor = old.color_cursor,
		.dark = old.dark,
		.bells = old.bells,
		.generation = old.generation,
		.stamp = old.stamp};
	for (size_t i = 0; i < ARRAY_LEN(v->tabs); i++)
		v->tabs[i] = 0x0101010101010101ull;
}

void
term_reset(struct term *t)
{
	screen_leave_alt(t, true);
	if (t->scr[1].store)
		screen_free(t, &t->scr[1]);
	vt_init(&t->v);
	t->pen_dirty = true;
	term_derive(t);
	for (int y = 0; y < t->v.rows; y++)
		row_clear(t, term_row(t, y));
	pagelist_clear(t->pagelist);
	free(t->palette);
	t->palette = NULL;
	for (; t->n_stack; t->n_stack--)
		free_title(&t->stack[t->n_stack - 1]);
	term_emit(t, &(struct term_event){.type = TERM_RESET});
}

void
term_soft_reset(struct term *t)
{
	struct vt *v = &t->v;
	const uint64_t off = 1ull << MODE_DECOM | 1ull << MODE_DECCKM | 1ull << MODE_DECNKM |
			     1ull << MODE_DECLRMM | 1ull << MODE_REVERSE_WRAP |
			     1ull << MODE_REVERSE_WRAP_EXT;
	v->modes = (v->modes & ~off) | 1ull << MODE_DECTCEM | 1ull << MODE_DECAWM;
	v->insert = v->kam = 0;
	v->top = v->left = 0;
	v->bottom = v->rows - 1;
	v->right = v->cols - 1;
	v->pen = (struct pen){0};
	v->protect_iso = 0;
	memset(v->g, 0, sizeof(v->g));
	v->gl = v->single = 0;
	v->gr = 2;
	v->modify_other = 0;
	v->scr[v->alt].saved = (struct saved_cursor){0};
	v->scr[v->alt].kitty_n = v->scr[v->alt].kitty_flags = 0;
	t->pen_dirty = true;
	term_derive(t);
}
