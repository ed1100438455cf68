/* What is typed into a session, read just far enough to know whether its prompt holds a draft: text
 * since the last Enter that was not erased. In doubt there is one: a draft keeps a session from
 * being closed. Understands plain keys, bracketed paste, kitty's CSI u and modifyOtherKeys. */
#include "sessions/agent/activity.h"
#include <stdlib.h>
#include <string.h>

enum { GROUND, ESCAPE, CSI, SS3 };
enum { MOD_SHIFT = 1, MOD_ALT = 2, MOD_CTRL = 4 };

static void
draft_clear(struct activity_state *a)
{
	a->draft.chars = 0;
	a->draft.lines = false;
	a->draft_since_ns = 0;
}

static void
draft_char(struct activity_state *a, uint64_t now_ns)
{
	/* a letter or digit at a prompt with choices is an answer */
	if (activity_blocked(a->now) && !a->draft.pasting)
		return;
	/* a draft handed over by an earlier server: how much it holds is not known */
	a->draft.chars = a->draft_since_ns && !a->draft.chars ? UINT32_MAX / 2 : a->draft.chars + 1;
	a->draft_last_ns = now_ns;
	if (!a->draft_since_ns)
		a->draft_since_ns = now_ns ? now_ns : 1;
}

static void
draft_newline(struct activity_state *a, uint64_t now_ns)
{
	if (!a->draft.chars)
		return;
	a->draft.lines = true;
	draft_char(a, now_ns);
}

static void
draft_erase(struct activity_state *a)
{
	if (a->draft.chars && --a->draft.chars == 0)
		draft_clear(a);
}

/* One key by its code point and modifiers. */
static void
draft_key(struct activity_state *a, long code, long mods, uint64_t now_ns)
{
	if (code == 0x1b || (code == 'c' && mods == MOD_CTRL))
		a->last_stop_ns = now_ns;
	if (code == '\r' && mods == 0) {
		a->last_enter_ns = now_ns;
		draft_clear(a);
	} else if (code == '\r' || (code == 'j' && mods == MOD_CTRL)) {
		draft_newline(a, now_ns);
	} else if (code == 127 || code == 8) {
		draft_erase(a);
	} else if (mods & MOD_CTRL) {
		/* while it works, C-c stops the work and leaves the prompt alone */
		if ((code == 'c' && a->now != ACT_WORKING) || (code == 'u' && !a->draft.lines))
			draft_clear(a);
	} else if (code >= ' ' && !(mods & MOD_ALT) && (code < 57344 || code > 63743)) {
		draft_char(a, now_ns);
	}
}

static void
ground(struct activity_state *a, uint8_t c, uint64_t now_ns)
{
	if (c == 0x1b)
		a->draft.state = ESCAPE;
	else if (a->draft.pasting && (c == '\r' || c == '\n'))
		draft_newline(a, now_ns);
	else if (c == '\r' || c == 127 || c == 8)
		draft_key(a, c, 0, now_ns);
	else if (c < ' ')
		draft_key(a, c + 0x60, MOD_CTRL, now_ns);
	else if ((c & 0xc0) != 0x80)
		draft_key(a, c, 0, now_ns);
}

/* End of a CSI sequence: CSI code;mods:event u, CSI 27;mods;code ~, or a paste's edge. */
static void
sequence(struct activity_state *a, char final, uint64_t now_ns)
{
	char *s = a->draft.seq, *end;
	long v[3] = {0, 1, 0}, event = 1;

	a->draft.seq[a->draft.n] = 0;
	for (int i = 0; i < 3; i++) {
		v[i] = *s ? strtol(s, &end, 10) : v[i];
		s = *s ? end : s;
		while (*s == ':') { /* alternates of the code; the event behind the modifiers */
			long sub = strtol(s + 1, &end, 10);

			event = i == 1 ? sub : event;
			s = end;
		}
		if (*s != ';')
			break;
		s++;
	}
	if (final == '~' && (v[0] == 200 || v[0] == 201))
		a->draft.pasting = v[0] == 200;
	else if (final == '~' && v[0] == 27)
		draft_key(a, v[2], v[1] - 1, now_ns);
	else if (final == 'u' && event != 3)
		draft_key(a, v[0], (v[1] - 1) & (MOD_SHIFT | MOD_ALT | MOD_CTRL), now_ns);
}

static void
step(struct activity_state *a, uint8_t c, uint64_t now_ns)
{
	struct draft *d = &a->draft;

	switch (d->state) {
	case ESCAPE:
		d->state = c == '[' ? CSI : c == 'O' ? SS3 : c == 0x1b ? ESCAPE : GROUND;
		d->n = 0;
		if (c == '\r')
			draft_newline(a, now_ns);
		break;
	case CSI:
		if (c < 0x40 || c > 0x7e) {
			if (d->n < sizeof d->seq - 1)
				d->seq[d->n++] = (char)c;
			break;
		}
		d->state = GROUND;
		sequence(a, (char)c, now_ns);
		break;
	case SS3:
		d->state = GROUND;
		break;
	default:
		ground(a, c, now_ns);
	}
}

void
activity_typed(struct activity_state *a, const void *p, size_t n, uint64_t now_ns)
{
	const uint8_t *s = p;

	a->last_input_ns = now_ns;
	for (size_t i = 0; i < n; i++)
		step(a, s[i], now_ns);
	/* a lone Escape is a key of its own: what follows comes in another call */
	if (a->draft.state == ESCAPE) {
		a->last_stop_ns = now_ns;
		a->draft.state = GROUND;
	}
}
