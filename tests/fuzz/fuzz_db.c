/* Both databases with anything in them: they open, or are set aside and a fresh one opens; what can
 * be read is read, and what is written afterwards is there. Input: which of them, then edits of a
 * good file (place, how many, values), or the whole file. */
#include "tests/fuzz/fuzz.h"
#include "core/base/log.h"
#include "store/history.h"
#include "store/meta.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (64 << 10)
#define EDITS_MAX 40

static char dir[64];
static struct {
	uint8_t bytes[FILE_MAX];
	size_t len;
} good[2];
static const char *const names[] = {"meta.db", "history.db"};

static void
path_of(char *out, size_t cap, const char *name)
{
	snprintf(out, cap, "%s/%s", dir, name);
}

static void
empty_dir(void)
{
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

static void
remove_dir(void)
{
	empty_dir();
	rmdir(dir);
}

static struct meta_session
row(uint32_t num)
{
	struct meta_session m = {.num = num, .cols = 80, .rows = 24};

	snprintf(m.id, sizeof(m.id), "%08x", num);
	snprintf(m.name, sizeof(m.name), "s%u", num);
	snprintf(m.state, sizeof(m.state), "exited");
	m.cwd = m.argv_json = m.tags_json = m.note = NULL;
	return meta_session_copy(&m);
}

static void
put_row(struct meta_db *m, uint32_t num)
{
	struct meta_session r = row(num);

	meta_put_session(m, &r);
	meta_put_event(m, &(struct meta_event){.t = num, .num = num, .detail_json = "{\"a\":1}"});
	meta_session_clear(&r);
}

static void
use_meta(const char *path)
{
	char banner[200] = "";
	struct meta_session *list;
	struct meta_event *ev;
	struct err e = {0};
	struct meta_db *m = meta_open(path, banner, sizeof(banner), &e);
	size_t n, n_ev;

	CHECK(m || e.msg[0]);
	if (!m)
		return;
	CHECK(memchr(banner, 0, sizeof(banner)));
	if (meta_sessions(m, &list, &n) == 0)
		for (size_t i = 0; i < n; i++)
			CHECK(list[i].cwd && list[i].argv_json && list[i].tags_json);
	meta_sessions_free(list, n);
	ev = meta_events(m, 0, 0, 100, &n_ev);
	meta_events_free(ev, n_ev);
	meta_next_num(m);
	put_row(m, 77);
	meta_delete_session(m, 1);
	meta_maintain(m, 1e9);
	meta_close(m);
}

static void
use_history(const char *path)
{
	char banner[200] = "";
	struct err e = {0};
	struct history_db *h = history_open(path, banner, sizeof(banner), &e);

	CHECK(h || e.msg[0]);
	if (!h)
		return;
	history_close(h);
}

static void
read_good(int i)
{
	char path[100];
	ssize_t n;
	int fd;

	path_of(path, sizeof(path), names[i]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && (n = read(fd, good[i].bytes, FILE_MAX)) > 0);
	good[i].len = (size_t)n;
	close(fd);
}

static void
begin(void)
{
	char path[100], banner[200];
	struct meta_db *m;
	struct err e;

	snprintf(dir, sizeof(dir), "/dev/shm/muster-fuzz-db.XXXXXX");
	CHECK(mkdtemp(dir));
	atexit(remove_dir);
	log_open("/dev/null", LOG_ERROR);
	path_of(path, sizeof(path), names[0]);
	CHECK((m = meta_open(path, banner, sizeof(banner), &e)));
	for (uint32_t i = 1; i < 20; i++)
		put_row(m, i);
	meta_close(m);
	read_good(0);
	path_of(path, sizeof(path), names[1]);
	use_history(path);
	read_good(1);
}

static void
put_file(const char *path, const uint8_t *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	close(fd);
}

/* Mostly in the first bytes of a page, where sqlite keeps what it believes. */
static void
edit(uint8_t *file, size_t *len, struct fuzz_in *in)
{
	for (int i = 0; i < EDITS_MAX && fuzz_left(in) > 2; i++) {
		uint8_t where = fuzz_u8(in), how = fuzz_u8(in), n = 1 + (how >> 5);
		size_t at = (size_t)(where & 31) * 4096 + (how & 31) * (where >> 5 ? 8u : 1u);

		if (where == 255 && how < 16) {
			*len = *len * how / 16;
			continue;
		}
		for (; n; n--, at++)
			if (at < *len)
				file[at] = fuzz_u8(in);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t file[FILE_MAX];
	struct fuzz_in in = {data, data + size};
	uint8_t what = fuzz_u8(&in);
	int i = what & 1;
	char path[100];
	size_t len;

	if (!dir[0])
		begin();
	empty_dir();
	path_of(path, sizeof(path), names[i]);
	if (what & 2) {
		put_file(path, in.p, fuzz_left(&in));
	} else {
		len = good[i].len;
		memcpy(file, good[i].bytes, len);
		edit(file, &len, &in);
		put_file(path, file, len);
	}
	if (i)
		use_history(path);
	else
		use_meta(path);
	return 0;
}
