#ifndef CORE_OWNER_H
#define CORE_OWNER_H
/* What the owner of a terminal gives it, and hears from it. */
#include "core/pagelist/pagelist.h"

enum term_event_type {
	TERM_BELL,
	TERM_TITLE,	/* text: window title (OSC 0/2, title stack) */
	TERM_ICON,	/* text: OSC 1 */
	TERM_CWD,	/* text: OSC 7 URI, raw */
	TERM_NOTIFY,	/* text: body; text2: title (OSC 9, 777, 99) */
	TERM_CLIPBOARD, /* text: decoded OSC 52 write; text2: selection letters */
	TERM_PROGRESS,	/* a: state 0..4, b: percent (OSC 9;4) */
	TERM_PROMPT,	/* a: 'A' 'B' 'C' 'D', b: exit code or -1 (OSC 133) */
	TERM_STATUS,	/* text: OSC 7501 payload, raw, e.g. "state=idle:app=x" */
	TERM_MODE, /* a: DEC private mode, b: 0/1, for modes a client mirrors (mouse, 2004, 1004…)
		    */
	TERM_SCREEN, /* a: 1 entered the alternate screen, 0 left it */
	TERM_RESET,  /* RIS */
};
struct term_event {
	enum term_event_type type;
	const char *text,
		*text2; /* borrowed, NUL-terminated, any bytes but NUL; sanitise to show */
	size_t len, len2;
	int64_t a, b;
};
struct term_ops {
	void (*reply)(void *ctx, const void *p, size_t n); /* bytes for the child; NULL: dropped */
	void (*event)(void *ctx, const struct term_event *ev);
	void *ctx;
};
struct term_config {
	int cols, rows; /* clamped to 1..4096 x 1..1000 */
	struct pagelist_limits history;
	bool ambiguous_wide; /* East Asian ambiguous width = 2 */
	bool narrow_emoji;   /* VS16 does not widen, for outer terminals that differ */
};
#endif
