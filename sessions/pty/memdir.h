#ifndef SESSIONS_MEMDIR_H
#define SESSIONS_MEMDIR_H
/* A directory of a file system in memory (tmpfs) where that stands which the keeper holds: the
 * arena, the rings, the shelf. A memfd dies with the last process that holds it; a file stays when
 * server and keeper are killed together, and the next server finds the text in it. It costs what a
 * memfd costs: the same memory, and no disk is asked. It is gone with the machine's power, or when
 * `server stop` has all of it in files.
 *
 * There is one for each state directory, named by user and place; it names its state directory in
 * return, and what is left of those that are gone is deleted. A system without room for it has
 * none: its functions then make memfds, and only the death of both at once costs what is in no
 * file. A NULL directory is one that is not there. */
#include "core/base/base.h"

#define MEMDIR_ROOT "/dev/shm"
#define MEMDIR_ARENA "arena"
#define MEMDIR_SHELF "shelf"

struct memdir;
/* Of that state directory, below root, which must be a tmpfs with room and private to this user
 * below; NULL: none. */
struct memdir *memdir_open(const char *root, const char *state);
void memdir_free(struct memdir *d); /* NULL ok; the files stay */
/* A new file, empty, or a memfd: its fd, or -errno. It has its name, in place of what had it, once
 * memdir_keep says so: then there is something in it that is worth to be found. */
int memdir_new(struct memdir *d, const char *name);
void memdir_keep(struct memdir *d, const char *name);
int memdir_take(struct memdir *d, const char *name);	    /* an fd of what is there; -1 */
bool memdir_is(struct memdir *d, const char *name, int fd); /* that is what has the name */
void memdir_drop(struct memdir *d, const char *name);
void memdir_clear(struct memdir *d); /* all of it, and the directory */
/* So little room is left that what is there should move: touching a new page ends the process. */
bool memdir_tight(const struct memdir *d);

#define MEMDIR_NAME 16
void memdir_ring(char name[MEMDIR_NAME], uint32_t num); /* the name of a session's ring */
/* The sessions that have one there: malloc'ed numbers, *n of them. */
uint32_t *memdir_rings(const struct memdir *d, size_t *n);

/* A memfd with what fd holds at this moment, holes and all; -1. */
int memory_copy(int fd);
#endif
