/* What the child is told: attributes, status, modes, settings. Everything here is a constant or an
 * integer of ours; no byte of a request is ever echoed, so nothing a program prints can come back
 * as typed input. Titles are not reported for the same reason. */
#include "core/vt/vt_reply.h"
#include "core/vt/vt_priv.h"
#include "core/vt/vt_sgr.h"
#include "core/vt/vt_string.h"

#include <string.h>

#define VERSION_NUMBER 100

void
csi_device_attributes(struct term *t)
{
	if (arg(t, 0, 0) == 0)
		term_reply(t, "\033[?62;22;52c"); /* VT220 level, colour, clipboard */
}

void
csi_secondary_attributes(struct term *t)
{
	if (arg(t, 0, 0) == 0)
		term_reply(t, "\033[>1;%d;0c", VERSION_NUMBER);
}

void
csi_tertiary_attributes(struct term *t)
{
	if (arg(t, 0, 0) == 0)
		term_reply(t, "\033P!|00000000\033\\");
}

void
csi_version(struct term *t)
{
	if (arg(t, 0, 0) == 0)
		term_reply(t, "\033P>|muster(" MUSTER_VERSION ")\033\\");
}

void
csi_parameters(struct term *t)
{
	if (arg(t, 0, 0) <= 1)
		term_reply(t, "\033[%d;1;1;128;128;1;0x", arg(t, 0, 0) + 2);
}

/* In origin mode the cursor may have come to stand outside the margins: never less than 1. */
static int
report_row(const struct term *t)
{
	return MAX(t->v.row + 1 - (mode_on(t, MODE_DECOM) ? t->v.top : 0), 1);
}

static int
report_col(const struct term *t)
{
	return MAX(t->v.col + 1 - (mode_on(t, MODE_DECOM) ? t->v.left : 0), 1);
}

void
csi_status(struct term *t)
{
	if (arg(t, 0, 0) == 5)
		term_reply(t, "\033[0n");
	else if (arg(t, 0, 0) == 6)
		term_reply(t, "\033[%d;%dR", report_row(t), report_col(t));
}

void
csi_private_status(struct term *t)
{
	static const struct {
		int ask;
		const char *answer;
	} fixed[] = {{15, "\033[?13n"}, {25, "\033[?20n"}, {26, "\033[?27;1;0;0n"},
		{53, "\033[?53n"}, {55, "\033[?53n"}, {56, "\033[?57;0n"}, {62, "\033[0000*{"},
		{75, "\033[?70n"}, {85, "\033[?83n"}};
	int ask = arg(t, 0, 0);
	if (ask == 6)
		term_reply(t, "\033[?%d;%d;1R", report_row(t), report_col(t));
	else if (ask == 63)
		term_reply(t, "\033P%d!~0000\033\\", arg(t, 1, 0));
	else if (ask == 996)
		term_reply(t, "\033[?997;%dn", t->v.dark ? 1 : 2);
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		if (fixed[i].ask == ask)
			term_reply(t, "%s", fixed[i].answer);
}

/* Which of G0 to G3 hold 96 characters, then the names of all. */
static void
put_charsets(struct buf *b, const struct vt *v)
{
	char names[16] = "";
	int at = 0, wide = 0x40;
	for (int i = 0; i < 4; i++) {
		int n;
		const char *s = charset_designator((enum charset)v->g[i], &n);
		memcpy(names + at, s, (size_t)n);
		at += n;
		wide |= (charset_size((enum charset)v->g[i]) == 96) << i;
	}
	buf_printf(b, "%c;%s", wide, names);
}

/* DECRQPSR: cursor information and tab stops, for DECRSPS. */
void
csi_presentation_query(struct term *t)
{
	const struct vt *v = &t->v;
	struct buf b = {0};
	if (arg(t, 0, 0) == 1) {
		uint32_t a = v->pen.style.attrs;
		int sgr = 0x40 | (a & ATTR_BOLD ? 1 : 0) | (a & ATTR_UL_MASK ? 2 : 0) |
			  (a & ATTR_BLINK ? 4 : 0) | (a & ATTR_INVERSE ? 8 : 0);
		int flags = 0x40 | (mode_on(t, MODE_DECOM) ? 1 : 0) | (v->single == 2 ? 2 : 0) |
			    (v->single == 3 ? 4 : 0) | (v->pending ? 8 : 0);
		buf_printf(&b, "\033P1$u%d;%d;1;%c;%c;%c;%d;%d;", report_row(t), report_col(t), sgr,
			v->pen.protect ? 'A' : '@', flags, v->gl, v->gr);
		put_charsets(&b, v);
		buf_puts(&b, "\033\\");
	} else if (arg(t, 0, 0) == 2) {
		const char *sep = "\033P2$u";
		for (int x = 0; x < v->cols; x++)
			if (v->tabs[x / 64] >> x % 64 & 1) {
				buf_printf(&b, "%s%d", sep, x + 1);
				sep = "/";
			}
		if (!b.len)
			buf_puts(&b, sep);
		buf_puts(&b, "\033\\");
	}
	if (b.len)
		term_reply(t, "%s", buf_cstr(&b));
	buf_free(&b);
}

/* Window operations: sizes in characters, and the title stack. Moving, resizing and reading titles
 * are not for programs. */

static void
title_push(struct term *t)
{
	if (t->n_stack == TITLE_STACK) {
		free_title(&t->stack[0]);
		memmove(t->stack, t->stack + 1, (TITLE_STACK - 1) * sizeof(*t->stack));
		t->n_stack--;
	}
	t->stack[t->n_stack++] = (struct string_stack){.title = t->title ? xstrdup(t->title) : NULL,
		.icon = t->icon ? xstrdup(t->icon) : NULL};
}

static void
title_pop(struct term *t, int what)
{
	if (!t->n_stack)
		return;
	struct string_stack *s = &t->stack[--t->n_stack];
	if (what != 1)
		term_set_title(t, s->title ? s->title : "");
	if (what != 2)
		term_set_icon(t, s->icon ? s->icon : "");
	free_title(s);
}

void
csi_window(struct term *t)
{
	const struct vt *v = &t->v;
	switch (arg(t, 0, 0)) {
	case 11:
		term_reply(t, "\033[1t");
		break;
	case 13:
		term_reply(t, "\033[3;0;0t");
		break;
	case 18:
		term_reply(t, "\033[8;%d;%dt", v->rows, v->cols);
		break;
	case 19:
		term_reply(t, "\033[9;%d;%dt", v->rows, v->cols);
		break;
	case 22:
		title_push(t);
		break;
	case 23:
		title_pop(t, arg(t, 1, 0));
		break;
	default:
		break;
	}
}

void
csi_title_modes(struct term *t)
{
	for (int i = 0; i < t->v.csi.n; i++)
		if (t->v.csi.param[i] >= 0 && t->v.csi.param[i] < 4)
			t->v.title_modes |= (uint8_t)(1u << t->v.csi.param[i]);
}

void
csi_title_modes_reset(struct term *t)
{
	if (!t->v.csi.n)
		t->v.title_modes = 0;
	for (int i = 0; i < t->v.csi.n; i++)
		if (t->v.csi.param[i] >= 0 && t->v.csi.param[i] < 4)
			t->v.title_modes &= (uint8_t) ~(1u << t->v.csi.param[i]);
}

/* DECRQSS */

static bool
setting(struct term *t, const char *s, struct buf *b)
{
	const struct vt *v = &t->v;
	static const char *const names[] = {
		"m", "r", "s", " q", "\"p", "\"q", "*x", "t", "$|", "*|", "$}"};
	size_t k = 0;
	while (k < ARRAY_LEN(names) && strcmp(names[k], s))
		k++;
	switch (k) {
	case 0:
		sgr_describe(b, &v->pen.style);
		break;
	case 1:
		buf_printf(b, "%d;%d", v->top + 1, v->bottom + 1);
		break;
	case 2:
		buf_printf(b, "%d;%d", v->left + 1, v->right + 1);
		break;
	case 3:
		buf_printf(b, "%d", v->shape * 2 + (v->blink_default ? 1 : 2));
		break;
	case 4:
		buf_printf(b, "%d;1", 60 + v->level);
		break;
	case 5:
		buf_printf(b, "%d", v->pen.protect && !v->protect_iso);
		break;
	case 6:
		buf_printf(b, "%d", v->rect_extent);
		break;
	case 7:
	case 9:
		buf_printf(b, "%d", v->rows);
		break;
	case 8:
		buf_printf(b, "%d", v->cols);
		break;
	case 10:
		buf_puts(b, "0");
		break;
	default:
		return false;
	}
	buf_puts(b, names[k]);
	return true;
}

/* XTGETTCAP: the capabilities programs ask for. Names and values travel in hexadecimal. */
static const struct {
	const char *name, *value;
} caps[] = {{"TN", "xterm-256color"}, {"name", "xterm-256color"}, {"Co", "256"}, {"colors", "256"},
	{"RGB", "8"}, {"Tc", ""}, {"Su", ""}, {"Smulx", "\\E[4:%p1%dm"},
	{"Setulc", "\\E[58:2::%p1%{65536}%/%d:%p1%{256}%/%{255}%&%d:%p1%{255}%&%dm"},
	{"Ss", "\\E[%p1%d q"}, {"Se", "\\E[0 q"}, {"Ms", "\\E]52;%p1%s;%p2%s\\007"},
	{"Sync", "\\E[?2026%?%p1%{1}%-%tl%eh%;"}, {"fullkbd", ""}};

static void
put_hex(struct buf *b, const char *s)
{
	for (; *s; s++)
		buf_printf(b, "%02X", (unsigned)(uint8_t)*s);
}

static void
tcap_answer(struct term *t, const char *name, size_t n)
{
	struct buf b = {0};
	size_t i = 0;
	for (; i < ARRAY_LEN(caps); i++) {
		b.len = 0;
		put_hex(&b, caps[i].name);
		if (b.len == n && !strncasecmp(buf_cstr(&b), name, n))
			break;
	}
	if (i < ARRAY_LEN(caps)) {
		if (*caps[i].value) {
			buf_puts(&b, "=");
			put_hex(&b, caps[i].value);
		}
		term_reply(t, "\033P1+r%s\033\\", buf_cstr(&b));
	} else {
		term_reply(t, "\033P0+r\033\\");
	}
	buf_free(&b);
}

void
dcs_dispatch(struct term *t, const char *s, size_t n)
{
	if (n >= 2 && !strncmp(s, "$q", 2)) {
		struct buf b = {0};
		if (setting(t, s + 2, &b))
			term_reply(t, "\033P1$r%s\033\\", buf_cstr(&b));
		else
			term_reply(t, "\033P0$r\033\\");
		buf_free(&b);
	} else if (n >= 2 && !strncmp(s, "+q", 2)) {
		int asked = 0;
		for (s += 2; *s && asked < 32; asked++) {
			size_t k = strcspn(s, ";");
			tcap_answer(t, s, k);
			s += k + (s[k] == ';');
		}
	}
}
