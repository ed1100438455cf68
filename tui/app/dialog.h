#ifndef TUI_DIALOG_H
#define TUI_DIALOG_H
/* Small questions over the screen. */
#include "tui/app/app.h"

/* A question with two buttons; the left one, which has the focus, is Cancel. On yes: cb. */
void app_confirm(struct app *a, const char *title, const char *text, const char *yes,
	void (*cb)(struct app *a, const char *id), const char *id);
/* One line to type; cb gets it. */
void app_ask(struct app *a, const char *title, const char *initial,
	void (*cb)(struct app *a, const char *id, const char *text), const char *id);
#endif
