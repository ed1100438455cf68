/* Configuration and profiles from a file with anything in it: accepted, or refused with one line
 * that names the place. */
#include "tests/fuzz/fuzz.h"
#include "core/os.h"
#include "sessions/config.h"
#include "sessions/profile.h"
#include <stdlib.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], text[64];
	struct config c;
	struct err e = {0};
	int fd = os_memfd("config");
	uint64_t bytes;
	double sec;

	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
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
