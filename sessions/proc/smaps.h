#ifndef SESSIONS_SMAPS_H
#define SESSIONS_SMAPS_H
/* /proc/PID/smaps: what each mapping holds. Megabytes of text for a large process; the sums alone
 * are in smaps_rollup (footprint.c). */
#include "core/base/base.h"
#include <sys/types.h>

struct mapping {
	uint64_t start, end, off, dev, ino;
	char perms[5];
	char name[96]; /* printable; " (deleted)" at its end included */
	/* kB */
	uint64_t rss, pss, anonymous, swap, swap_pss, lazy_free, shared_dirty;
	uint64_t hugetlb, hugetlb_shared; /* huge pages mapped once, and by several */
};
typedef void (*mapping_cb)(void *ctx, const struct mapping *m);
/* 0 or -errno (gone: -ESRCH or -ENOENT; not ours: -EACCES). */
int smaps_each(pid_t pid, mapping_cb cb, void *ctx);
/* By its name: memory of the kernel's own shm file system, /dev/shm or a huge page pool. */
bool mapping_is_shm(const struct mapping *m);
bool mapping_deleted(const struct mapping *m); /* no name leads to its inode any more */
#endif
