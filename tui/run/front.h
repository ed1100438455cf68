#ifndef TUI_FRONT_H
#define TUI_FRONT_H
/* The application on this process's terminal. Both run until the user leaves or the terminal goes;
 * 0, or -1 and *e, whose code is the exit code. */
#include "core/base/base.h"
#include "tui/draw/marks.h"

struct front_options {
	bool ascii, no_color;
	const char *host;	   /* whose sessions; NULL: this machine */
	bool read_only, no_resize; /* of the session attached to */
};
int front_dashboard(const struct front_options *opt, struct err *e);
/* One session; at NULL: its live screen. name: how the one left last is called. */
int front_attach(const struct front_options *opt, const char *id, const struct text_place *at,
	char name[64], struct err *e);
#endif
