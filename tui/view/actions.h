#ifndef TUI_ACTIONS_H
#define TUI_ACTIONS_H
#include "tui/app/app.h"

/* Reply of `hibernate`: says what came back, and makes `u` bring them back. */
void app_hibernated(struct app *a, json_t *reply, const struct err *e, const char *id);
#endif
