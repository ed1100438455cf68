#ifndef STORE_CARD_H
#define STORE_CARD_H
/* What meta.db says of a session once more, as a small file beside its text
 * (text/NUM/session.json): the text knows whose it is, and comes back with its name, command and
 * conversation when the list is lost. Sessions that are not to be stored have none. */
#include "store/meta.h"

/* The same for the same contents, times of use apart: what need not be written again. Never 0. */
uint32_t card_stamp(const struct meta_session *m);
/* 0 or -errno. Not synced: the list is, and a card is wanted only when that is lost. */
int card_put(const char *text_dir, const struct meta_session *m);
/* True and *m (meta_session_clear it) when directory NUM has a card that can be read. Its num is
 * that of the directory, whatever it says. */
bool card_get(const char *text_dir, uint32_t num, struct meta_session *m);
/* The numbers of the directories there; malloc'ed, ascending. */
uint32_t *card_numbers(const char *text_dir, size_t *n);
/* A session that goes leaves both copies, and a death in the middle brings nothing back: the mark
 * NUM.gone stands beside its directory from before the first file goes until its row has gone. */
void card_bury(const char *text_dir, uint32_t num);
void card_buried(const char *text_dir, uint32_t num); /* all of it has gone */
/* The numbers that marks stand for; malloc'ed, ascending. */
uint32_t *card_graves(const char *text_dir, size_t *n);
/* A directory without a card: what can be told from its files. False when it holds no text. */
bool card_guess(const char *text_dir, uint32_t num, struct meta_session *m);
#endif
