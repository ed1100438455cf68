#ifndef STORE_DB_PRIV_H
#define STORE_DB_PRIV_H
/* Shared by db.c and db_aside.c. */
#include "store/db.h"

enum { DB_PATH_MAX = 700 };
void db_dir_of(const char *path, char *out, size_t cap);
/* Every byte can be read, and sqlite's own check finds the file damaged. Whatever keeps the check
 * from its verdict speaks for the file. */
bool db_condemned(const char *path);
/* With its wal and shm, to a name that aside (DB_PATH_MAX) gets; the newest few are kept. */
void db_rename_aside(const char *path, char *aside);
/* What can be read of a file that was set aside, from both ends towards the damage. */
void db_carry_over(struct db *db, const char *aside);
#endif
