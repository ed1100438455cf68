#ifndef SESSIONS_PTY_H
#define SESSIONS_PTY_H
/* Pty masters on the loop: own read() into the session's ring, round-robin in turns of RING_READ
 * bytes, bounded input queues. See pty.c for why neither uv_tty nor uv_pipe.
 *
 * End of a pty: the child was reaped (pty_child_gone) and the pty says EIO, or nothing more for
 * 200 ms (a daemon may hold the other end). ended() is then called once; nothing after it. */
#include "sessions/pty/ring.h"
#include <uv.h>

#define PTY_INPUT_MAX (1u << 20) /* bytes waiting for a child that does not read */
#define PTY_ECHO_NS 300000u	 /* how long the echo of a key has precedence */

struct pty;
struct pty_hub;
struct pty_ops {
	/* n bytes more arrived before the ring's head; true: all have been worked off, else it is
	 * called again, with 0, when it is its turn, and nothing is read before. */
	bool (*output)(void *ctx, size_t n);
	void (*ended)(void *ctx); /* may free the pty */
	void *ctx;
};
struct pty_hub *pty_hub_new(uv_loop_t *loop); /* NULL and errno */
void pty_hub_close(struct pty_hub *h);	      /* all ptys freed before; loop runs on once more */

/* fd is owned from here. ring is borrowed. */
struct pty *pty_new(struct pty_hub *h, int take_fd, struct ring *ring, const struct pty_ops *ops);
void pty_free(struct pty *p); /* NULL ok */
int pty_fd(const struct pty *p);
void pty_resize(struct pty *p, int cols, int rows);
void pty_child_gone(struct pty *p);
/* What waits there is read at once, up to one turn of it; never the end. */
void pty_read_on(struct pty *p);
/* Someone looks at it: its turns come first. */
void pty_set_visible(struct pty *p, bool visible);
/* Types: written at once or queued. 0, or -ENOBUFS (nothing was taken), -EIO. */
int pty_write(struct pty *p, const void *bytes, size_t n);
/* Someone typed into it: until it prints, or for PTY_ECHO_NS, none is read that is not visible. */
void pty_typed(struct pty *p);
#endif
