/* Protocol frames from the other end: cut anywhere, they give the same frames; lengths stay within
 * bounds; whatever JSON they carry is an object or nothing, and goes out again as it came in. */
#include "tests/fuzz/fuzz.h"
#include "sessions/wire/proto.h"
#include <stdlib.h>

static size_t
read_all(const uint8_t *p, size_t n, enum frame_sender from, bool *bad)
{
	size_t at = 0, frames = 0, used = 0;
	struct frame f;
	int r;

	while ((r = frame_parse(p + at, n - at, from, &f, &used)) == 1) {
		CHECK(used >= PROTO_HEADER && used <= n - at);
		CHECK(f.len == used - PROTO_HEADER && f.len <= PROTO_MAX);
		CHECK(f.payload == p + at + PROTO_HEADER);
		json_t *j = frame_get_json(&f);

		if (j) {
			struct buf out = {0};
			struct frame g;
			size_t used_again;

			CHECK(json_is_object(j));
			if (frame_json(&out, f.type, f.request, j)) {
				CHECK(frame_read(&out, from, &g, &used_again) == 1);
				CHECK(g.type == f.type && g.request == f.request);
				json_t *k = frame_get_json(&g);
				CHECK(k && json_equal(j, k));
				json_decref(k);
			}
			buf_free(&out);
		}
		json_decref(j);
		at += used;
		frames++;
	}
	CHECK(r == 0 || r == -74); /* EBADMSG */
	*bad = r != 0;
	return frames;
}

/* As a connection does: bytes arrive one by one, frames are taken as they complete. */
static size_t
read_slowly(const uint8_t *p, size_t n, enum frame_sender from, bool *bad)
{
	struct buf in = {0};
	size_t frames = 0, used;
	struct frame f;

	*bad = false;
	for (size_t i = 0; i < n && !*bad; i++) {
		buf_putc(&in, p[i]);
		int r = frame_read(&in, from, &f, &used);

		if (r == 1) {
			frames++;
			buf_drop(&in, used);
		}
		*bad = r < 0;
	}
	buf_free(&in);
	return frames;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool bad, bad_slowly;

	json_object_seed(1);
	for (enum frame_sender from = CLIENT; from <= SERVER; from++) {
		size_t n = read_all(data, size, from, &bad);

		CHECK(n == read_slowly(data, size, from, &bad_slowly));
		CHECK(bad == bad_slowly);
	}
	return 0;
}
