/* What keeper and server tell each other, from a peer that says anything: a server's start reads a
 * replay, a keeper obeys records and takes over a table that is another one's. Nothing is spawned,
 * and no program becomes another. Input: a byte of what it is for, then records of 64 bytes; bit 0
 * of the byte before each sends a descriptor along. */
#define main keeper_main
int keeper_main(int argc, char **argv);
#include "sessions/keeper/keeper.c"
#undef main
#include "tests/fuzz/fuzz.h"
#include "core/os/os.h"
#include "sessions/keeper/child.c"
#include "sessions/pty/keeper_link.h"

#define RECORDS_MAX 100
/* ids and slots of the same few, or nothing would meet */
static struct keeper_rec
record(struct fuzz_in *in, bool *with_fd)
{
	struct keeper_rec r = {0};
	uint8_t kind = fuzz_u8(in);
	const uint8_t *p;
	size_t n;

	*with_fd = kind & 1;
	if (kind & 2) { /* all of it as it comes */
		p = fuzz_bytes(in, sizeof(r), &n);
		memcpy(&r, p, n);
		return r;
	}
	r.magic = KEEPER_MAGIC;
	r.type = fuzz_u8(in) % 48;
	r.slot = fuzz_u8(in) % 80;
	r.id = fuzz_u8(in) % 6;
	r.flags = fuzz_u8(in) % 16;
	r.pid = fuzz_u8(in);
	r.status = fuzz_u8(in);
	return r;
}

static void
server_reads(struct fuzz_in *in)
{
	struct keeper_held *held;
	struct keeper_link *l;
	struct err e;
	int sv[2], zero = open("/dev/null", O_RDONLY | O_CLOEXEC);
	size_t n;
	bool with;

	CHECK(zero >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == 0);
	for (int i = 0; i < RECORDS_MAX && fuzz_left(in); i++) {
		struct keeper_rec r = record(in, &with);

		if (record_send(sv[1], r, with ? zero : -1, -1) < 0)
			break;
	}
	close(sv[1]);
	close(zero);
	if ((l = keeper_link_open(sv[0], &held, &n, &e))) {
		keeper_held_free(held, n);
		keeper_link_close(l);
	} else {
		CHECK(e.code && e.msg[0]);
	}
}

static void
keeper_begins(void)
{
	memset(&k, 0, sizeof(k));
	k.sock = k.sigfd = k.holder = -1;
	k.replay = REPLAY_DONE;
}

/* A table names descriptors, which are those of another process here: none is closed. */
static void
keeper_takes_table(struct fuzz_in *in)
{
	int fd = os_memfd("table");
	bool with;

	keeper_begins();
	CHECK(fd >= 0);
	for (int i = 0; i < RECORDS_MAX && fuzz_left(in); i++) {
		struct keeper_rec r = record(in, &with);

		CHECK(write(fd, &r, sizeof(r)) == sizeof(r));
	}
	lseek(fd, 0, SEEK_SET);
	table_read(fd);
	close(fd);
	CHECK(k.n <= KEEPER_ENTRIES && entries() <= k.n);
	keeping();
}

static void
keeper_obeys(struct fuzz_in *in)
{
	int sv[2];
	bool with;

	keeper_begins();
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv) == 0);
	k.sock = sv[0];
	replay();
	for (int i = 0; i < RECORDS_MAX && fuzz_left(in); i++) {
		struct keeper_rec r = record(in, &with);
		int fd[KEEPER_REC_FDS] = {-1, -1, -1, -1};

		if (r.type == KEEPER_SPAWN || r.type == KEEPER_UPGRADE || r.type == KEEPER_YIELD)
			continue;
		if (with)
			fd[0] = fcntl(sv[1], F_DUPFD_CLOEXEC, 0);
		handle(&r, fd);
		tell_all();
		CHECK(k.n <= KEEPER_ENTRIES && entries() <= k.n);
	}
	for (unsigned i = 0; i < k.n; i++)
		if (k.e[i].used)
			entry_drop(&k.e[i]);
	close_fd(&k.sock);
	close(sv[1]);
}

static int
lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	close(fd);
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	int before = lowest_free();

	switch (fuzz_u8(&in) % 3) {
	case 0:
		server_reads(&in);
		break;
	case 1:
		keeper_takes_table(&in);
		break;
	default:
		keeper_obeys(&in);
	}
	CHECK(lowest_free() == before); /* no descriptor stays behind */
	return 0;
}
