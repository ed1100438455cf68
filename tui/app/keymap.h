#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H
/* Keys to actions, from actions.def. */
#include "tui/term/key_names.h"

enum {
	C_LIST = 1,
	C_PEEK = 2,
	C_MEM = 4,
	C_REAP = 8,
	C_NEW = 16,
	C_TEXT = 32,
	C_DIALOG = 64,
	C_LINE = 128,
	C_FIRST = 256, /* the list while there is no session: before C_LIST, whose keys go on */
	C_SEARCH = 512,
	C_MENU = 1024, /* of an attached session, after the prefix key */
	C_GONE = 2048, /* an attached session that has no process */
	C_BACK = 4096, /* looking back in it */
	C_FIND = 8192,
	C_COPY = 16384, /* looking back with a cursor: only for hints */
	C_TOUR = 32768,
	C_ALL = 65535,
};
struct app;
typedef void (*action_fn)(struct app *a);
struct action {
	const char *name, *palette;
	unsigned contexts;
	const char *keys, *help, *hint;
	int rank;
	action_fn run;
	const char *group;
};
enum action_id {
#define X(name, palette, ctx, keys, help, hint, rank, fn, group) ACTION_##name,
#include "tui/app/actions.def"
#undef X
	ACTION_COUNT
};
#define X(name, palette, ctx, keys, help, hint, rank, fn, group) void fn(struct app *a);
#include "tui/app/actions.def"
#undef X
extern const struct action actions[ACTION_COUNT];

/* The action of a key in a context; NULL. */
const struct action *keymap_find(unsigned context, const struct input_event *ev);
/* The first key of an action as shown: "⏎", "space", "^C"; out >= 16 bytes. "" if it has none. */
const char *keymap_label(const struct action *act, bool ascii, char out[16]);
/* Its palette name; *words (NULL ok): what the words after it are, "" when it takes none. */
const char *keymap_name(const struct action *act, char out[32], const char **words);
#endif
