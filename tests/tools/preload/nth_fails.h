#ifndef TESTS_TOOLS_NTH_FAILS_H
#define TESTS_TOOLS_NTH_FAILS_H
/* One call that fails, in one of muster's processes. The object that interposes libc's calls
 * (nth_fails.c, preloaded into client, keeper and server alike) obeys this record: a file, named by
 * NTH_FAILS, mapped by all of them and by who wants it to happen. */
#include <stdatomic.h>
#include <stdint.h>

/* name, errno, the calls that it stands for */
#define NTH_KINDS(X)                                                   \
	X(malloc, ENOMEM)   /* calloc, realloc, aligned ones */        \
	X(mmap, ENOMEM)	    /* of files and of none */                 \
	X(read, EIO)	    /* pread, readv, recv */                   \
	X(write, ENOSPC)    /* pwrite, writev, ftruncate, fallocate */ \
	X(fsync, EIO)	    /* fdatasync */                            \
	X(open, EMFILE)	    /* openat, memfd_create, opendir, fopen */ \
	X(fork, EAGAIN)	    /* threads */                              \
	X(socket, EMFILE)   /* socketpair, accept, pipe, epoll, dup */ \
	X(sendmsg, ENOBUFS) /* send, recvmsg, connect, bind, listen */
#define NTH_ENUM(name, err) NTH_##name,
enum nth_kind { NTH_KINDS(NTH_ENUM) NTH_N_KINDS };

enum nth_role { NTH_SERVER, NTH_KEEPER, NTH_CLIENT };
#define NTH_PLACES 16384 /* a power of two */

struct nth_fails {
	_Atomic int on;
	_Atomic int role, kind; /* only such calls are counted */
	_Atomic int from;	/* the first that fails, counted from 1; 0: the first from a place
				 * (the calls that led there) where none has failed yet */
	_Atomic int count;	/* so many fail, one after the other; 0 is 1 */
	_Atomic int calls, hits;
	char where[600]; /* who called the first that failed: program+offset … */
	_Atomic uint32_t seen[NTH_PLACES];
};
#endif
