#ifndef TESTS_TOOLS_IO_FAULTS_H
#define TESTS_TOOLS_IO_FAULTS_H
/* What a sick disk does, on demand. The object that interposes libc's calls (io_faults.c: preloaded
 * into a server, or linked into a test) obeys this record, which a test changes while it runs. For
 * a preloaded one it is a file, named by IO_FAULTS, mapped by both. */
#include <stdatomic.h>
#include <stdbool.h>

struct io_faults {
	_Atomic int err;   /* errno that calls fail with; 0: none do */
	_Atomic int from;  /* the first call that fails, counted from 1; earlier ones work */
	_Atomic int count; /* so many fail; 0: all from then on */
	_Atomic int reads; /* reading fails as well, and is counted */
	_Atomic int calls; /* made under `under` so far: set to 0 to count anew */
	_Atomic int syncs; /* of them, those that wait for the disk itself */
	char under[256];   /* only files whose path contains this; "" none */
	/* A disk that hangs: calls on such files wait as long as this is set. */
	_Atomic int hold;
	_Atomic int held;   /* so many have begun to wait */
	_Atomic int wall_s; /* the wall clock is this much ahead */
	/* Calls that a process's first thread makes on files that may be slow, whatever `under` is: all but
	 * what the kernel makes up (but a walk over all of /proc counts). */
	_Atomic int watch;	   /* they are noted */
	_Atomic int noted;	   /* different ones */
	char note[32][256];	   /* "call path", the first of them */
	_Atomic int process;	   /* and those on files below /proc/PROCESS … */
	_Atomic int process_looks; /* … are counted */
};
extern struct io_faults *io_faults;
#endif
