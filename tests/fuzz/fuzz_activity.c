/* What programs say of themselves (OSC 7501, titles, progress, screens that match a profile's
 * rules) in any order and with any bytes: the verdict stays one of the known ones, what is shown of
 * it is clean, idle time never runs backwards by itself. */
#include "tests/fuzz/fuzz.h"
#include "core/text/width.h"
#include "sessions/agent/activity.h"

static const struct profile *
some_profile(uint8_t i)
{
	static struct profiles *ps;
	static size_t n;
	struct err e;

	if (!ps) {
		ps = profiles_load(NULL, &e);
		CHECK(ps);
		while (profile_at(ps, n))
			n++;
		CHECK(n > 0);
	}
	return profile_at(ps, i % n);
}

static void
check_state(struct activity_state *a, uint64_t now)
{
	char clean[200];
	size_t n = strlen(a->detail);

	CHECK(a->now < ACT_COUNT && a->source < SRC_COUNT);
	CHECK(n < sizeof a->detail);
	CHECK(sanitize(clean, sizeof clean, a->detail, n) == n);
	CHECK(activity_idle_s(a, now) >= 0);
	CHECK(activity_name(a->now)[0] && activity_source_name(a->source)[0]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	const struct profile *p = some_profile(fuzz_u8(&in));
	struct activity_state a;
	uint64_t now = 1000000000;
	char text[1024];

	activity_init(&a, now);
	while (fuzz_left(&in) > 0) {
		uint8_t op = fuzz_u8(&in);
		size_t n;
		const uint8_t *bytes = fuzz_bytes(&in, fuzz_u8(&in) * 4u, &n);

		memcpy(text, bytes, n);
		text[n] = 0;
		now += (uint64_t)op * 300000000u;
		switch (op % 8) {
		case 0:
			activity_osc7501(&a, text, n, now);
			break;
		case 1:
			activity_title(&a, p, text, now);
			break;
		case 2:
			activity_progress(&a, text[0], now);
			break;
		case 3:
			activity_prompt_mark(&a, p, "ABCD"[(uint8_t)text[0] % 4], now);
			break;
		case 4:
			activity_output(&a, n, text[0] & 1, now);
			break;
		case 5:
			activity_typed(&a, bytes, n, now);
			break;
		default:
			activity_screen(&a, p, text, now);
		}
		activity_evaluate(&a, p, now);
		check_state(&a, now);
	}
	return 0;
}
