#ifndef STORE_MIRROR_H
#define STORE_MIRROR_H
/* Every session's record (a few hundred bytes each), between the server, which never waits for a
 * disk, and two copies on it: meta.db, and the card beside the session's text. A record that could
 * not be written stays dirty; a database that is new, or can be had at last, is filled from here.
 *
 * A session is known by its id; its number is its place in both copies. One that the text directory
 * has and the list has not is taken in again, for only a lost list makes one. */
#include "store/meta.h"

struct mirror_record {
	struct meta_session m;
	uint32_t stamp; /* of the card on the disk; 0: none that is known of */
	bool dirty, deleted;
	bool uncarded; /* the card is missing or old */
	bool refused;  /* another session has its number in the list: never written there */
};
struct mirror {
	struct mirror_record *r; /* by number */
	size_t n, cap;
	char text_dir[600];
};
struct meta_list {
	struct meta_session *s; /* meta_sessions_free */
	size_t n;
};

void mirror_free(struct mirror *mi);
void mirror_put(struct mirror *mi, struct meta_session *take);
void mirror_delete(
	struct mirror *mi, uint32_t num); /* its text at once, its row with the next write */
void mirror_touch(struct mirror *mi);	  /* all of it is to be written again */
void mirror_trim(struct mirror *mi);
/* What is dirty, in both places. 0 or -errno of meta.db: the rest waits for the next call. */
int mirror_write(struct mirror *mi, struct meta_db *db);
/* Takes in the rows of the list that are not here yet. Those here stay as they are: they are later
 * news. 0 or -errno: some could not be read. Appends copies to *found. */
int mirror_read(struct mirror *mi, struct meta_db *db, struct meta_list *found);
/* Takes in the sessions of text directories that nobody here knows, under another number where
 * theirs is somebody else's. complete: all rows of the list are here, so that a directory without a
 * card belongs to the session of its number, or else to none. How many; appends them to *found. */
size_t mirror_salvage(struct mirror *mi, bool complete, uint32_t (*new_num)(void *ctx), void *ctx,
	struct meta_list *found);
/* Copies of all, by number. */
struct meta_list mirror_all(const struct mirror *mi);
#endif
