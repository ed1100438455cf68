#ifndef TUI_ACTIONS_H
#define TUI_ACTIONS_H
#include "tui/app/app.h"

/* Puts sessions to sleep (args of `hibernate`; taken): says so while it lasts, then what came back,
 * and makes `u` wake them. name: of the one, if it is one. */
void app_sleep(struct app *a, json_t *take_args, const char *name, size_t n);
/* Answers the question a session shows, if it is still there. */
void app_answer(struct app *a, const struct msess *s, const char *key);
#endif
