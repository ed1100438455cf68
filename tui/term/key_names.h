#ifndef TUI_KEY_NAMES_H
#define TUI_KEY_NAMES_H
/* Keys by name, as in the tables of actions and for `send --key`, and as shown to a user. */
#include "core/base/buf.h"
#include "core/keys/keys.h"

/* Does ev match one key name ("C-c", "Enter", "1-9")? */
bool key_is(const struct input_event *ev, const char *name);
/* Does it match one of several, blanks between? */
bool keys_match(const char *keys, const struct input_event *ev);
/* The next of several, into out; NULL at the end. */
const char *keys_next(const char **p, char *out, size_t cap);
/* As shown: "⏎", "space", "^C". */
void key_label(const char *key, bool ascii, char *out, size_t cap);
/* Several as shown, blanks between; out >= 64 bytes. */
const char *keys_labels(const char *keys, bool ascii, char out[64]);
/* What a key types, put after out; false: it types nothing. */
bool key_text(const struct input_event *ev, struct buf *out);
#endif
