#ifndef CORE_TERM_H
#define CORE_TERM_H
/* The terminal of one session: bytes in, screen and history out. Pure: no I/O, no clock.
 * xterm / DEC VT behaviour as modern terminals implement it; what it answers to the child comes
 * from a fixed table (never request bytes). Any chunking of the same bytes gives the same state. */
#include "core/page/cell.h"
#include "core/page/page.h"
#include "core/pagelist/pagelist.h"
#include "core/screen/owner.h"
#include <stdio.h>

struct term;

struct term *term_new(struct arena *a, uint32_t owner, const struct term_config *cfg);
void term_free(struct term *t);
void term_set_ops(struct term *t, const struct term_ops *ops);
/* Silent while true: no reply, no event (replay after a crash). */
void term_set_silent(struct term *t, bool silent);
void term_feed(struct term *t, const void *bytes, size_t n);
/* The same for at most about *cells cells erased, filled or moved, beside the printing itself; how
 * many bytes were taken (at least one). *cells is what is left, below 0 if the last operation cost
 * more. */
size_t term_feed_some(struct term *t, const void *bytes, size_t n, int64_t *cells);
void term_resize(struct term *t, int cols, int rows);
/* What the terminal outside has, 0xrrggbb: answers by it from here on. A program that asked to be told
 * (2031) is, when it went from dark to light or back. */
void term_colors(struct term *t, uint32_t fg, uint32_t bg);

/* Reading. The grid is borrowed until the next call that is not a reader. */
struct grid term_grid(const struct term *t);
struct pagelist *term_pagelist(struct term *t);
const char *term_title(const struct term *t); /* "" when none */
bool term_alt(const struct term *t);
bool term_mode(const struct term *t, int dec_private_mode);
/* Every DEC private mode known: calls cb(mode, set). */
void term_modes(const struct term *t, void (*cb)(void *ctx, int mode, bool set), void *ctx);
uint64_t term_generation(const struct term *t); /* grows with every visible change */
/* What is fed from here on is printed at wall second t: see pagelist_line_time. */
void term_stamp(struct term *t, uint32_t wall_s);
/* In a synchronized update (2026) begun and not ended: the painter waits, at most 150 ms. */
bool term_sync(const struct term *t);
/* A prompt row's text hash etc. are made by callers from the grid. */

/* What key encoding depends on (core/keys/keys.h). */
struct key_modes {
	bool app_cursor, app_keypad, backarrow, bracketed_paste, focus, newline;
	uint8_t kitty_flags;	 /* current top of the kitty stack */
	uint8_t modify_other;	 /* 0, 1, 2 */
	uint16_t mouse;		 /* 0, 9, 1000, 1002, 1003 */
	uint16_t mouse_encoding; /* 0 (X10), 1005, 1006, 1015, 1016 */
	bool alt_screen, alt_scroll;
};
struct key_modes term_key_modes(const struct term *t);

/* Checkpoint: everything but the history itself (which stays in its pages; they are listed here).
 * term_restore yields a terminal that behaves the same for all further bytes. NULL when the bytes
 * are not a checkpoint of a version known or are damaged. */
void term_save(struct term *t, struct buf *out);
struct term *term_restore(struct arena *a, uint32_t owner, struct rd *in);
/* Park: gives every page of the live screens back; they stay as packed bytes (1 to 3 KiB) in the
 * terminal, and history is sealed. Any other call that needs the screens brings them back by
 * itself; history can be read while parked. */
void term_park(struct term *t);
bool term_parked(const struct term *t);
uint64_t term_hash(struct term *t); /* of all observable state, history included */
void term_check(const struct term *t);
void term_dump(const struct term *t, FILE *out);

/* The screen's text, rows joined by \n, trailing blanks off; for rules and peek. */
void term_text(const struct term *t, struct buf *out);
#endif
