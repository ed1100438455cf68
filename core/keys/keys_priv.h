#ifndef CORE_KEYS_PRIV_H
#define CORE_KEYS_PRIV_H
/* Tables shared by decoding and encoding. */
#include "core/keys/keys.h"

struct key_form {
	uint32_t key;
	const char *name;
	uint8_t num;
	char final;
};
extern const struct key_form key_forms[];
extern const size_t n_key_forms;

/* Numbers of the kitty protocol for keys without a codepoint. */
#define KITTY_FIRST 57344u
#define KITTY_LAST 63743u
#define KITTY_MENU 57363u
#define KITTY_F13 57376u
#define KITTY_KP_0 57399u    /* … KP_SEPARATOR in the order of enum key_sym */
#define KITTY_KP_LEFT 57417u /* … KP_DELETE 57426: keypad keys without NumLock */
#define KITTY_KP_BEGIN 57427u
/* KEY_* for a kitty number, or KEY_OTHER. */
uint32_t kitty_to_key(uint32_t number);
/* 0 when the key has none (it has a codepoint or a CSI form). */
uint32_t key_to_kitty(const struct input_event *ev);
/* Application-keypad character after SS3 of KEY_KP_0 + i; and the plain one. */
extern const char kp_ss3[], kp_plain[];
#endif
