#ifndef CORE_TAB_H
#define CORE_TAB_H
/* Tables of one grid: styles, clusters (two or more codepoints in a cell) and links, interned in
 * annex pages chained to it: added, never resized, freed with it. Ids are stable until tab_gc.
 * When a table is full, or pages run out, interning yields the nearest thing that fits (style 0,
 * the cluster's first codepoint alone, no link): full is a state, not an error. */
#include "core/page/cell.h"
#include "core/page/page.h"

#define CLUSTER_MAX 24 /* codepoints a cell */
#define LINK_MAX_BYTES 2048

struct tab;
struct tab *tab_new(
	struct arena *a, uint32_t owner); /* holds no page until something is interned */
void tab_free(struct tab *t);
void tab_reset(struct tab *t); /* empty, pages given back */

uint16_t tab_style(struct tab *t, const struct style *s); /* id; 0 = default */
struct style tab_style_get(const struct tab *t, uint16_t id);
/* A cell's content bits for the cluster (CELL_CLUSTER set), or the bare codepoint when n = 1 or the
 * table is full. n <= CLUSTER_MAX, more is cut. */
cell_t tab_cluster(struct tab *t, const uint32_t *cps, int n);
/* A cluster's codepoints in UTF-8, borrowed until the table changes; n of them. len 0: c is none.
 */
struct cluster_text {
	const uint8_t *utf8;
	uint32_t n, len;
};
struct cluster_text tab_cluster_text(const struct tab *t, cell_t c);
/* The codepoints of any cell: returns how many (0 for blank, tail, head), at most CLUSTER_MAX. */
int tab_cps(const struct tab *t, cell_t c, uint32_t cps[CLUSTER_MAX]);
uint16_t tab_link(struct tab *t, const char *id, size_t id_len, const char *uri, size_t uri_len);
/* Borrowed, NUL-terminated; "" for 0. */
const char *tab_link_uri(const struct tab *t, uint16_t link);
const char *tab_link_id(const struct tab *t, uint16_t link);

/* Changes whenever ids change their meaning (tab_gc, tab_reset): memos keyed by id compare it.
 * Unique over all tabs of the process. */
uint64_t tab_epoch(const struct tab *t);
/* A table is nearly full, and tab_gc would be worth its cost. */
bool tab_wants_gc(const struct tab *t);
/* Rebuilds the tables from the ids that rows (every row of every grid that uses this tab) and
 * *style / *link (the pen, NULL ok) still name, rewriting them in place. */
void tab_gc(struct tab *t, struct row *const *rows, int n, uint16_t *styles, int n_styles,
	uint16_t *links, int n_links);
void tab_check(const struct tab *t);
#endif
