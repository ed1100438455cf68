#ifndef STORE_SEGFILE_H
#define STORE_SEGFILE_H
/* One session's history on disk: append-only files of at most SEGFILE_BYTES in a directory of its
 * own (0700; files 0600), and its last screen. A logical offset names a byte over all the files:
 * file number x SEGFILE_BYTES + position. A record lies in one file. What is in a record, and
 * whether it is whole, is its reader's business (core/pagelist/pagelist.h: crc).
 *
 * segfile_append, segfile_sync and segfile_put only on one thread; segfile_read on any, also
 * meanwhile. A failed append leaves nothing that a later one could run into. */
#include "core/base/base.h"
#include "core/base/buf.h"

#define SEGFILE_BYTES (4u << 20)

struct segfile;
/* Makes the directory when it is first written to; appends go after all that is there. Never NULL.
 */
struct segfile *segfile_new(const char *dir);
void segfile_free(struct segfile *f); /* NULL ok; files stay */
/* 0 and *off, or -errno (-ENOSPC also when the disk has less room left than is kept free for
 * others; len > SEGFILE_BYTES: -EFBIG). */
int segfile_append(struct segfile *f, const void *bytes, size_t len, uint64_t *off);
/* What was appended outlives a power cut. -errno: it may be gone, and is to be appended again. */
int segfile_sync(struct segfile *f);
/* The same of a small file beside it that was put but not synced. */
int segfile_sync_file(const struct segfile *f, const char *name);
int segfile_read(const struct segfile *f, uint64_t off, void *bytes, size_t len); /* 0 or -errno */
/* Unlinks files that end at or before off. */
void segfile_drop(struct segfile *f, uint64_t off);
/* A small file beside them, replaced as a whole or not at all. synced: it outlives the machine's
 * power when this returns, else when the system comes to it. */
int segfile_put(struct segfile *f, const char *name, const void *bytes, size_t len, bool synced);
int segfile_get(const struct segfile *f, const char *name, struct buf *out); /* 0 or -errno */

/* True when the files of a directory reach over [off, off + len). */
bool segfile_holds(const char *dir, uint64_t off, size_t len);
/* Beside the text: whose it is (store/card.h), and when that ended (store/age.h). */
#define SEGFILE_CARD "session.json"
#define SEGFILE_ENDED "ended"
/* Of a directory: bytes of disk that its text takes; deletes the text; deletes all files of it,
 * then it. */
uint64_t segfile_usage(const char *dir);
void segfile_clear(const char *dir);
int segfile_delete(const char *dir);
#endif
