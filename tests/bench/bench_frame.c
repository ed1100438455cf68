/* What a frame costs: an AI CLI's repaints through a terminal, each shown to an outer terminal by
 * the emitter, and packed for a client. 200x50. */
#include "tests/bench/corpus.h"
#include "core/os/os.h"
#include "core/paint/frame.h"
#include "core/paint/render.h"
#include "core/term/term.h"
#include <stdio.h>

#define FRAMES 2000

struct sum {
	uint64_t feed_ns, render_ns, encode_ns, render_bytes, encode_bytes;
};

static void
one_frame(
	struct term *t, struct render *r, struct frame_view *v, const struct buf *in, struct sum *s)
{
	struct buf out = {0};
	uint64_t a = os_mono_ns(), b, c, d;

	term_feed(t, in->data, in->len);
	b = os_mono_ns();
	struct grid g = term_grid(t);
	render_frame(r, &g, &out);
	c = os_mono_ns();
	s->render_bytes += out.len;
	out.len = 0;
	frame_encode(v, &g, &out);
	d = os_mono_ns();
	s->encode_bytes += out.len;
	s->feed_ns += b - a;
	s->render_ns += c - b;
	s->encode_ns += d - c;
	buf_free(&out);
}

int
main(void)
{
	struct arena *a = arena_new(0);
	struct term_config cfg = {.cols = 200, .rows = 50, .history = {10000, 64u << 20}};
	struct render_caps caps = {.sync = true,
		.truecolor = true,
		.links = true,
		.styled_underline = true,
		.overline = true};
	const char *const kinds[] = {"claude", "dense", "log"};

	CHECK(a);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct corpus *c = corpus_find(kinds[k]);
		struct term *t = term_new(a, 1, &cfg);
		struct render *r = render_new(a, 1, &caps);
		struct frame_view *v = frame_view_new();
		struct sum s = {0};
		uint64_t rng = 7;

		for (unsigned i = 0; i < FRAMES; i++) {
			struct buf in = {0};

			c->line(&in, &rng, i);
			one_frame(t, r, v, &in, &s);
			buf_free(&in);
		}
		printf("frame of %-7s parse %5.1f us, paint %5.1f us and %5llu B, to a client "
		       "%5.1f us "
		       "and %5llu B\n",
			kinds[k], (double)s.feed_ns / FRAMES / 1e3,
			(double)s.render_ns / FRAMES / 1e3,
			(unsigned long long)s.render_bytes / FRAMES,
			(double)s.encode_ns / FRAMES / 1e3,
			(unsigned long long)s.encode_bytes / FRAMES);
		frame_view_free(v);
		render_free(r);
		term_free(t);
	}
	arena_free(a);
	return 0;
}
