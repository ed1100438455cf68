#include "sessions/wire/proto.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	uint16_t type;
	enum frame_sender sender;
} types[] = {
#define X(name, number, sender, text) {number, sender},
#include "sessions/wire/proto.def"
#undef X
};

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void
put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

int
frame_parse(const void *p, size_t n, enum frame_sender from, struct frame *f, size_t *used)
{
	const uint8_t *b = p;
	bool known = false;

	if (n < PROTO_HEADER)
		return 0;
	*f = (struct frame){.len = get32(b),
		.type = (uint16_t)(b[4] | b[5] << 8),
		.flags = (uint16_t)(b[6] | b[7] << 8),
		.request = get32(b + 8),
		.payload = b + PROTO_HEADER};
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		known |= types[i].type == f->type && types[i].sender == from;
	if (!known || f->len > PROTO_MAX)
		return -EBADMSG;
	if (n - PROTO_HEADER < f->len)
		return 0;
	*used = PROTO_HEADER + f->len;
	return 1;
}

int
frame_read(const struct buf *in, enum frame_sender from, struct frame *f, size_t *used)
{
	return frame_parse(in->data, in->len, from, f, used);
}

size_t
frame_begin(struct buf *out, unsigned type, uint32_t request)
{
	size_t mark = out->len;

	buf_u32(out, 0);
	buf_u16(out, (uint16_t)type);
	buf_u16(out, 0);
	buf_u32(out, request);
	return mark;
}

void
frame_end(struct buf *out, size_t mark)
{
	size_t n = out->len - mark - PROTO_HEADER;

	CHECK(out->len >= mark + PROTO_HEADER && n <= PROTO_MAX);
	put32(out->data + mark, (uint32_t)n);
}

void
frame_put(struct buf *out, unsigned type, uint32_t request, const void *payload, size_t n)
{
	size_t mark = frame_begin(out, type, request);

	if (n)
		buf_put(out, payload, n);
	frame_end(out, mark);
}

static int
json_sink(const char *p, size_t n, void *ctx)
{
	struct buf *out = ctx;

	buf_put(out, p, n);
	return 0;
}

bool
frame_json(struct buf *out, unsigned type, uint32_t request, const json_t *j)
{
	size_t mark = frame_begin(out, type, request);

	if (json_dump_callback(j, json_sink, out, JSON_COMPACT) < 0 ||
		out->len - mark - PROTO_HEADER > PROTO_MAX) {
		out->len = mark;
		return false;
	}
	frame_end(out, mark);
	return true;
}

json_t *
frame_get_json(const struct frame *f)
{
	json_t *j = json_loadb((const char *)f->payload, f->len, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(j)) {
		json_decref(j);
		return NULL;
	}
	return j;
}
