/* Configuration and profiles from a file with anything in it: accepted, or refused with one line
 * that names the place. A byte from 0x80 on stands for a word of the grammar, so that short inputs
 * have sections and keys in them; 0xff for the byte behind it. */
#include "tests/fuzz/fuzz.h"
#include "core/base/buf.h"
#include "core/os/os.h"
#include "sessions/config/config.h"
#include "sessions/agent/profile.h"
#include <stdlib.h>
#include <unistd.h>

/* clang-format off */
static const char *const words[] = {
	"[profile.", "[profile.claude]\n", "[host.", "]\n", "ssh=", "yes", "{id}", "(?<",
#define X(section, key, kind, field, def, help) "[" section "]\n", #key "=", def "\n",
#include "sessions/config/config.def"
#undef X
#define T(NAME, key, help) key "=",
#define R(NAME, key, help) key "=",
#include "sessions/agent/profile_keys.def"
#undef T
#undef R
};
/* clang-format on */

static void
spell(struct buf *out, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == 0xff && i + 1 < size)
			buf_putc(out, data[++i]);
		else if (data[i] >= 0x80 && data[i] - 0x80u < ARRAY_LEN(words))
			buf_puts(out, words[data[i] - 0x80]);
		else
			buf_putc(out, data[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf in;
	char path[64], text[64];
	struct config c;
	struct err e = {0};
	int fd = os_memfd("config");
	uint64_t bytes;
	double sec;

	in.len = 0;
	spell(&in, data, size);
	CHECK(fd >= 0 && write(fd, in.data, in.len) == (ssize_t)in.len);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (config_load(&c, path, &e) < 0) {
		CHECK(e.code != 0 && e.msg[0] && !strchr(e.msg, '\n'));
	} else {
		CHECK(c.tick_s > 0 && c.reap.idle_s >= 0 && c.reap.min_age_s >= 0);
		CHECK(memchr(c.theme, 0, sizeof c.theme) && memchr(c.prefix, 0, sizeof c.prefix));
	}
	e = (struct err){0};
	struct profiles *ps = profiles_load(path, &e);
	CHECK(ps || e.msg[0]);
	profiles_free(ps);
	close(fd);
	size_t n = MIN(size, sizeof text - 1);
	memcpy(text, data, n);
	text[n] = 0;
	parse_size(text, &bytes);
	if (parse_duration(text, &sec))
		CHECK(sec >= 0 && sec < 1e18);
	return 0;
}
