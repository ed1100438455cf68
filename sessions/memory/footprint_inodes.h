#ifndef SESSIONS_FOOTPRINT_INODES_H
#define SESSIONS_FOOTPRINT_INODES_H
/* Memory that belongs to an inode, not to a mapping. A swapped page of shared memory has no entry
 * in any page table, a memfd that is only held open is mapped by nobody, huge pages mapped by
 * several are in no Pss: none of it shows in the sum over processes. And a file of a tmpfs that has
 * a name is in that sum, though it stays when the process ends.
 *
 * Each session's inodes are listed by what its processes show of them; what an inode adds is known
 * only over all sessions, since one may map what another holds. */
#include "sessions/memory/footprint.h"

enum { SHM_PATH = 128 };
struct shm_inode {
	uint64_t dev, ino;
	uint64_t blocks;     /* all of it, swapped part included; 0: no descriptor was seen */
	uint64_t charged;    /* in the footprints of these processes (Pss, private huge pages) */
	uint64_t mapped;     /* resident part of the process that maps most of it */
	uint64_t swapped;    /* of shared memory, as that process's mappings say */
	uint64_t huge;	     /* in huge pages that several map, likewise */
	bool named;	     /* a file of a tmpfs with a name: outlives its processes */
	char path[SHM_PATH]; /* by which it is there; "" not named, or too long a name */
};
struct shm_list {
	struct shm_inode *e; /* malloc'ed */
	size_t n;
};
/* Of these walked processes together (pid, shm_rss, shm_swapped, huge_shared count). Reads the
 * descriptors of all, and full smaps of those that map a worthwhile amount. */
struct shm_list footprint_inodes(const struct proc_info *p, size_t n);
/* Has each that had a name still got it? It costs nobody anything until then. */
bool footprint_names_stand(const struct shm_list *l);
/* What its inodes add to the footprints of one of several lists: each inode once, divided among
 * the lists that have it. all[] holds `mine` too. */
struct shared_extra footprint_shared(
	const struct shm_list *mine, const struct shm_list *const *all, size_t n);
#endif
