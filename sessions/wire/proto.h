#ifndef SESSIONS_PROTO_H
#define SESSIONS_PROTO_H
/* The wire between client and server: pure bytes to structs, no I/O. A frame is
 *   u32 length of the payload, u16 type, u16 flags (0), u32 request number, payload
 * little-endian. Written down for others in share/doc/protocol.md. */
#include "core/base/buf.h"
#include <jansson.h>

#define PROTO_VERSION 1
#define PROTO_HEADER 12u
#define PROTO_MAX (1u << 20) /* most bytes of a payload */
#define PROTO_HANDSHAKE_MS 5000

enum frame_type {
#define X(name, number, sender, text) FT_##name = number,
#include "sessions/wire/proto.def"
#undef X
};
enum frame_sender { CLIENT, SERVER };
/* What a lent terminal shows when it comes back. */
enum returned {
	RETURNED_UNKNOWN,   /* repaint */
	RETURNED_SHOWN,	    /* the view's last frame, once it has taken the bytes */
	RETURNED_UNTOUCHED, /* what the client has painted: it was not taken */
};
struct frame {
	uint16_t type, flags;
	uint32_t request;
	const uint8_t *payload; /* borrowed from the buffer it was read from */
	uint32_t len;
};

/* The first frame of in, which stays in it: 1 found (*used bytes to drop), 0 incomplete, -EBADMSG:
 * too long, or of a type that `from` does not send. */
int frame_read(const struct buf *in, enum frame_sender from, struct frame *f, size_t *used);
/* The same over plain bytes. */
int frame_parse(const void *p, size_t n, enum frame_sender from, struct frame *f, size_t *used);
void frame_put(struct buf *out, unsigned type, uint32_t request, const void *payload, size_t n);
/* In two steps, for payloads that are made in place: frame_begin … append … frame_end. */
size_t frame_begin(struct buf *out, unsigned type, uint32_t request); /* returns a mark for end */
void frame_end(struct buf *out, size_t mark);
/* JSON; borrowed. false when it is larger than PROTO_MAX: nothing is appended. */
bool frame_json(struct buf *out, unsigned type, uint32_t request, const json_t *j);
json_t *frame_get_json(const struct frame *f); /* an object, new reference; NULL */
#endif
