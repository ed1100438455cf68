#ifndef SESSIONS_RECORDER_H
#define SESSIONS_RECORDER_H
/* History and last screens on disk, so that text outlives the server's memory and a reboot.
 *
 * When a session has been quiet for config.store_after_s, has ended, or has printed for some times
 * as long, its sealed blocks are appended to its files by the store's thread; their memory goes
 * once they are written. Then the checkpoint, which names them by file offset, is written beside
 * them. A disk that is full or fails costs nothing but memory: blocks stay where they are and are
 * tried again, and the server's banner says so until a write succeeds. A read that failed shows
 * "[history unavailable]" and is tried again, too.
 * Sessions that are not to be stored have no recorder. */
#include "sessions/display/display.h"
#include "sessions/session/house.h"

struct recorder;
/* Its terminal was made: history may be read from files. Makes the
 * screen's recorder unless s->no_store. */
void recorder_open(struct session *s);
/* The last screen on disk, in the form of checkpoint_save; malloc'ed, NULL when there is none. */
void *recorder_load(const struct session *s, size_t *n);
void recorder_tick(struct sessions *ss, uint64_t now_ns);
/* Turns the loop until no round is under way; at most 10 s. */
void recorder_wait(struct sessions *ss);
/* Everything that is not in files yet, before leaving: written at once, then synced, both for a few
 * seconds at most. True: all of it is on disk. */
bool recorder_flush(struct sessions *ss);
/* The directory of a session's files, whether there are any or not. */
void recorder_dir(char *out, size_t cap, uint32_t num);
void recorder_close(struct display *sc); /* its memory; files stay */
#endif
