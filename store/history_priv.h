#ifndef STORE_HISTORY_PRIV_H
#define STORE_HISTORY_PRIV_H
/* Shared by history.c (writes, upkeep) and history_read.c. */
#include "store/db.h"
#include "store/history.h"

enum { STEP_M1 = 60, STEP_M15 = 900 };
struct pending { /* samples of one session that are not in the database yet */
	uint32_t num;
	struct mem_sample *s;
	size_t n, cap;
	unsigned stride,
		in_last; /* samples that one entry stands for; that the last one does so far */
};
struct history_db {
	struct db db;
	char dir[512];
	struct pending *pend;
	size_t n_pend;
	bool (*space_low)(const char *dir);
};
enum history_stmt {
	ST_RAW_PUT,
	ST_M1_PUT,
	ST_M15_PUT,
	ST_RAW_DEL,
	ST_M1_DEL,
	ST_M15_DEL,
	ST_RAW_SID,
	ST_M1_SID,
	ST_M15_SID,
	ST_RAW_FIRST,
	ST_M1_FIRST,
	ST_M15_FIRST,
	ST_M1_LAST,
	ST_M15_LAST,
	ST_RAW_GET,
	ST_M1_GET,
	ST_M15_GET
};
/* A tier's row in bytes, and back. Rows hold KiB. */
void history_bind_point(sqlite3_stmt *s, uint32_t num, const struct mem_point *p);
void history_column_point(sqlite3_stmt *s, struct mem_point *p);
/* Merges a later point of the same step into *into. */
void history_merge(struct mem_point *into, const struct mem_point *p);
struct mem_point history_point_of(const struct mem_sample *s);
/* One number of a session: t0 or t at its end of a tier; false: no rows. */
bool history_edge(struct history_db *h, enum history_stmt which, uint32_t num, double *t);
#define POINT_COLUMNS "t,n,mn,av,mx,la,swmx,fl,rsla,rsmn"
#endif
