#ifndef TUI_ATTACH_H
#define TUI_ATTACH_H
/* A session on the whole terminal, as a view of the application. Every key is the session's but one:
 * the prefix (C-\ unless configured), which opens the menu.
 *
 *   read(tty) ─► decoder ─► app_input ─► view_input ─► server     no timer stands in the way:
 *   frame ─► pane ─► app_plain ─► render ─► one write(tty)        one wake-up each way
 *
 * While plain text is typed the terminal is lent to the server, and there is none at all
 * (sessions/view/lent.c). */
#include "tui/app/app.h"

/* Shows session id; at NULL: its live screen. */
void attach_show(struct app *a, const char *id, const struct text_place *at);
/* In the session shown, at a place: the hit of a search elsewhere (its pattern's other hits are found
 * as well). */
void attach_look(struct app *a, const struct text_place *at);
/* How the session shown last is called; "" none was. */
const char *attach_name(struct app *a);
#endif
