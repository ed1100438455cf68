/* Style, cluster and link tables of one grid.
 *
 * Each table is a chain of pages that only grows (struct annex): an entry never moves, so an id or
 * offset is its address for life. Lookup goes through buckets (heads in the first page of the
 * chain) and a `next` in each entry; the tables are kept small by tab_gc, which rebuilds them when
 * they have grown well past what was alive at the last time, so chains stay short. Styles may be
 * many at once (a picture made of them): each page of theirs brings its own buckets, which come
 * into use whenever the pages are twice as many.
 *
 *   styles    fixed 24-byte entries, id = index + 1
 *   clusters  {next, counts, UTF-8}, in granules of 16 bytes; a cell's content = granule number
 *   links     {next, lengths, id\0 uri\0} in granules of 16 bytes; id -> granule in a fourth chain
 *
 * Offset 0 of every chain holds the buckets, so 0 can mean "none" everywhere. */
#include "core/page/tab.h"

#include "core/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 512
#define HEAD_BYTES (BUCKETS * sizeof(uint32_t))
#define GRANULE 16u
#define PAGE_GRANULES (PAGE_BYTES / GRANULE)
#ifdef MUSTER_TORTURE
#define STYLES_MAX 300u
#define CLUSTER_PAGES_MAX 2u
#define LINKS_MAX 40u
#define GC_MIN 128u
#else
#define STYLES_MAX 65000u
#define CLUSTER_PAGES_MAX 256u /* 16 MiB; 21 bits would allow 32 */
#define LINKS_MAX 65000u
#define GC_MIN 4096u
#endif
#define LINK_PAGES_MAX 64u

struct annex {
	page_t *page;
	uint32_t n, cap;
	uint32_t used; /* bytes handed out in the last page */
};

struct style_entry {
	struct style style;
	uint32_t next, hash;
};
#define STYLES_PER_PAGE ((PAGE_BYTES - HEAD_BYTES) / sizeof(struct style_entry))

struct cluster_entry {
	uint32_t next;
	uint8_t n, len;
	uint8_t text[];
};

struct link_entry {
	uint32_t next;
	uint16_t id_len, uri_len;
	uint16_t link;
	char text[];
};

struct tab {
	struct arena *arena;
	uint32_t owner;
	uint64_t epoch;
	struct annex styles, clusters, links, link_ids;
	uint32_t n_styles, n_clusters, n_links;
	uint32_t gc_styles, gc_clusters, gc_links; /* counts at which tab_gc is worth it */
	uint32_t gc_link_pages;			   /* long links fill pages before they are many */
	uint32_t missed_styles, missed_links;	   /* did not fit since the last gc */
};

static uint64_t
next_epoch(void)
{
	static uint64_t epoch; /* identity, not state: only ever compared for equality */
	return ++epoch;
}

static void *
annex_at(const struct tab *t, const struct annex *a, uint32_t page, uint32_t off)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): ids below a count have their page */
	return (char *)page_base(t->arena, a->page[page]) + off;
}

/* Adds a page; its first `head` bytes are zeroed and taken. */
static bool
annex_grow(struct tab *t, struct annex *a, uint32_t head)
{
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 4;
		a->page = xrealloc(a->page, a->cap * sizeof(*a->page));
	}
	page_t s = page_get(t->arena, t->owner);
	if (!s)
		return false;
	a->page[a->n++] = s;
	a->used = head;
	if (head) {
		page_touch(t->arena, s, 0, head);
		memset(page_base(t->arena, s), 0, head);
	}
	return true;
}

/* Room for bytes that do not straddle pages; NULL when there is none. *page, *off say where. */
static void *
annex_take(struct tab *t, struct annex *a, uint32_t bytes, uint32_t max_pages, uint32_t *page,
	uint32_t *off)
{
	if (!a->n && !annex_grow(t, a, HEAD_BYTES))
		return NULL;
	if (a->used + bytes > PAGE_BYTES && (a->n >= max_pages || !annex_grow(t, a, 0)))
		return NULL;
	*page = a->n - 1;
	*off = a->used;
	a->used += bytes;
	page_touch(t->arena, a->page[*page], *off, bytes);
	return annex_at(t, a, *page, *off);
}

static void
annex_free(struct tab *t, struct annex *a)
{
	uint32_t n = a->n;

#ifdef MUTANT_annex_unchained
	n = MIN(n, 1u);
#endif
	for (uint32_t i = 0; i < n; i++)
		page_put(t->arena, a->page[i], t->owner);
	free(a->page);
	*a = (struct annex){0};
}

static uint32_t *
heads(const struct tab *t, const struct annex *a)
{
	return a->n ? annex_at(t, a, 0, 0) : NULL;
}

static uint32_t
hash_bytes(const void *p, size_t n, uint32_t h)
{
	const uint8_t *b = p;
	for (; n >= 4; n -= 4, b += 4) {
		uint32_t w;
		memcpy(&w, b, 4);
		h = (h ^ w) * 0x9e3779b1u;
		h ^= h >> 15;
	}
	for (; n; n--, b++)
		h = (h ^ *b) * 0x01000193u;
	h ^= h >> 13;
	return h * 0x85ebca6bu ^ h >> 16;
}

struct tab *
tab_new(struct arena *a, uint32_t owner)
{
	struct tab *t = xcalloc(1, sizeof(*t));
	t->arena = a;
	t->owner = owner;
	tab_reset(t);
	return t;
}

void
tab_free(struct tab *t)
{
	if (!t)
		return;
	tab_reset(t);
	free(t);
}

void
tab_reset(struct tab *t)
{
	annex_free(t, &t->styles);
	annex_free(t, &t->clusters);
	annex_free(t, &t->links);
	annex_free(t, &t->link_ids);
	t->n_styles = t->n_clusters = t->n_links = 0;
	t->gc_styles = t->gc_clusters = GC_MIN;
	t->gc_links = MIN(GC_MIN, LINKS_MAX / 2);
	t->gc_link_pages = LINK_PAGES_MAX / 2;
	t->missed_styles = t->missed_links = 0;
	t->epoch = next_epoch();
}

uint64_t
tab_epoch(const struct tab *t)
{
	return t->epoch;
}

/* Styles */

static struct style_entry *
style_at(const struct tab *t, uint32_t id)
{
	uint32_t i = id - 1;
	return annex_at(t, &t->styles, i / STYLES_PER_PAGE,
		HEAD_BYTES + i % STYLES_PER_PAGE * (uint32_t)sizeof(struct style_entry));
}

/* As many as the pages that are a power of two have. */
static uint32_t
style_buckets(const struct tab *t)
{
	return t->styles.n ? BUCKETS << (31 - __builtin_clz(t->styles.n)) : 0;
}

static uint32_t *
style_head(const struct tab *t, uint32_t bucket)
{
	return annex_at(
		t, &t->styles, bucket / BUCKETS, bucket % BUCKETS * (uint32_t)sizeof(uint32_t));
}

static void
style_link(struct tab *t, uint32_t id, struct style_entry *e)
{
	uint32_t *head = style_head(t, e->hash & (style_buckets(t) - 1));
	e->next = *head;
	*head = id;
}

/* Into the buckets that another page brought. */
static void
style_spread(struct tab *t)
{
	for (uint32_t i = 0; i < t->styles.n; i++)
		memset(annex_at(t, &t->styles, i, 0), 0, HEAD_BYTES);
	for (uint32_t id = 1; id <= t->n_styles; id++)
		style_link(t, id, style_at(t, id));
}

static struct style_entry *
style_room(struct tab *t)
{
	uint32_t before = style_buckets(t);
	if (t->n_styles >= STYLES_MAX)
		return NULL;
	if (t->n_styles / STYLES_PER_PAGE >= t->styles.n && !annex_grow(t, &t->styles, HEAD_BYTES))
		return NULL;
	if (style_buckets(t) != before)
		style_spread(t);
	struct style_entry *e = style_at(t, t->n_styles + 1);
	uint32_t page = t->n_styles / STYLES_PER_PAGE;
	uint32_t off = (uint32_t)((char *)e - (char *)annex_at(t, &t->styles, page, 0));
	page_touch(t->arena, t->styles.page[page], off, sizeof(*e));
	return e;
}

uint16_t
tab_style(struct tab *t, const struct style *s)
{
	if (!(s->fg | s->bg | s->ul | s->attrs))
		return 0;
	uint32_t h = hash_bytes(s, sizeof(*s), 17), n = style_buckets(t);
	for (uint32_t id = n ? *style_head(t, h & (n - 1)) : 0; id;) {
		const struct style_entry *e = style_at(t, id);
		if (e->hash == h && !memcmp(&e->style, s, sizeof(*s)))
			return (uint16_t)id;
		id = e->next;
	}
	struct style_entry *e = style_room(t);
	if (!e) {
		t->missed_styles++;
		return 0;
	}
	e->style = *s;
	e->hash = h;
	style_link(t, ++t->n_styles, e);
	return (uint16_t)t->n_styles;
}

struct style
tab_style_get(const struct tab *t, uint16_t id)
{
	if (!id || id > t->n_styles)
		return (struct style){0};
	return style_at(t, id)->style;
}

/* Clusters */

static struct cluster_entry *
cluster_at(const struct tab *t, uint32_t granule)
{
	return annex_at(
		t, &t->clusters, granule / PAGE_GRANULES, granule % PAGE_GRANULES * GRANULE);
}

static bool
cluster_valid(const struct tab *t, uint32_t granule)
{
	uint32_t page = granule / PAGE_GRANULES, off = granule % PAGE_GRANULES * GRANULE;
	return page < t->clusters.n && (page || off >= HEAD_BYTES) &&
	       (page + 1 < t->clusters.n || off < t->clusters.used);
}

cell_t
tab_cluster(struct tab *t, const uint32_t *cps, int n)
{
	n = MIN(n, CLUSTER_MAX);
	if (n <= 1)
		return n == 1 ? cps[0] & CELL_CONTENT_MASK : 0;
	uint8_t text[CLUSTER_MAX * UTF8_MAX], *end = text;
	for (int i = 0; i < n; i++)
		end = utf8_put(end, cps[i]);
	size_t len = (size_t)(end - text);
	uint32_t b = hash_bytes(text, len, 29) % BUCKETS;
	uint32_t *head = heads(t, &t->clusters);
	for (uint32_t g = head ? head[b] : 0; g;) {
		const struct cluster_entry *e = cluster_at(t, g);
		if (e->len == len && !memcmp(e->text, text, len))
			return CELL_CLUSTER | g;
		g = e->next;
	}
	uint32_t page, off, bytes = (uint32_t)(sizeof(struct cluster_entry) + len + GRANULE - 1);
	struct cluster_entry *e = annex_take(
		t, &t->clusters, bytes / GRANULE * GRANULE, CLUSTER_PAGES_MAX, &page, &off);
	if (!e)
		return cps[0] & CELL_CONTENT_MASK;
	head = heads(t, &t->clusters);
	e->next = head[b];
	e->n = (uint8_t)n;
	e->len = (uint8_t)len;
	memcpy(e->text, text, len);
	t->n_clusters++;
	return CELL_CLUSTER | (head[b] = page * PAGE_GRANULES + off / GRANULE);
}

struct cluster_text
tab_cluster_text(const struct tab *t, cell_t c)
{
	uint64_t kind = c & CELL_KIND_MASK;
	if (kind == CELL_TAIL || kind == CELL_HEAD || !(c & CELL_CLUSTER) ||
		!cluster_valid(t, cell_content(c)))
		return (struct cluster_text){0};
	const struct cluster_entry *e = cluster_at(t, cell_content(c));
	return (struct cluster_text){.utf8 = e->text, .n = e->n, .len = e->len};
}

int
tab_cps(const struct tab *t, cell_t c, uint32_t cps[CLUSTER_MAX])
{
	if (c & CELL_CLUSTER) {
		struct cluster_text text = tab_cluster_text(t, c);
		for (uint32_t i = 0; i < text.n; i++)
			cps[i] = utf8_get(&text.utf8);
		return (int)text.n;
	}
	uint64_t kind = c & CELL_KIND_MASK;
	if (kind == CELL_TAIL || kind == CELL_HEAD || !cell_content(c))
		return 0;
	cps[0] = cell_content(c);
	return 1;
}

/* Links */

static uint32_t *
link_slot(const struct tab *t, uint32_t link)
{
	uint32_t per = (PAGE_BYTES - HEAD_BYTES) / 4;
	return annex_at(t, &t->link_ids, (link - 1) / per, HEAD_BYTES + (link - 1) % per * 4);
}

static struct link_entry *
link_at(const struct tab *t, uint32_t granule)
{
	return annex_at(t, &t->links, granule / PAGE_GRANULES, granule % PAGE_GRANULES * GRANULE);
}

static struct link_entry *
link_room(struct tab *t, size_t text, uint32_t *granule)
{
	uint32_t per = (PAGE_BYTES - HEAD_BYTES) / 4, page, off;
	if (t->n_links >= LINKS_MAX)
		return NULL;
	if (t->n_links / per >= t->link_ids.n && !annex_grow(t, &t->link_ids, HEAD_BYTES))
		return NULL;
	uint32_t bytes = (uint32_t)(sizeof(struct link_entry) + text + GRANULE - 1);
	struct link_entry *e =
		annex_take(t, &t->links, bytes / GRANULE * GRANULE, LINK_PAGES_MAX, &page, &off);
	if (e)
		*granule = page * PAGE_GRANULES + off / GRANULE;
	return e;
}

uint16_t
tab_link(struct tab *t, const char *id, size_t id_len, const char *uri, size_t uri_len)
{
	if (!uri_len || uri_len > LINK_MAX_BYTES || id_len > LINK_MAX_BYTES)
		return 0;
	uint32_t h = hash_bytes(uri, uri_len, hash_bytes(id, id_len, 41)), b = h % BUCKETS;
	uint32_t *head = heads(t, &t->links);
	for (uint32_t g = head ? head[b] : 0; g;) {
		const struct link_entry *e = link_at(t, g);
		if (e->id_len == id_len && e->uri_len == uri_len && !memcmp(e->text, id, id_len) &&
			!memcmp(e->text + id_len + 1, uri, uri_len))
			return e->link;
		g = e->next;
	}
	uint32_t granule = 0;
	struct link_entry *e = link_room(t, id_len + uri_len + 2, &granule);
	if (!e) {
		t->missed_links++;
		return 0;
	}
	head = heads(t, &t->links);
	e->next = head[b];
	e->id_len = (uint16_t)id_len;
	e->uri_len = (uint16_t)uri_len;
	e->link = (uint16_t)++t->n_links;
	memcpy(e->text, id, id_len);
	e->text[id_len] = 0;
	memcpy(e->text + id_len + 1, uri, uri_len);
	e->text[id_len + 1 + uri_len] = 0;
	uint32_t *slot = link_slot(t, t->n_links);
	page_touch(t->arena, t->link_ids.page[t->link_ids.n - 1],
		(uint32_t)((char *)slot - (char *)annex_at(t, &t->link_ids, t->link_ids.n - 1, 0)),
		4);
	*slot = head[b] = granule;
	return e->link;
}

static const struct link_entry *
link_get(const struct tab *t, uint16_t link)
{
	return link && link <= t->n_links ? link_at(t, *link_slot(t, link)) : NULL;
}

const char *
tab_link_uri(const struct tab *t, uint16_t link)
{
	const struct link_entry *e = link_get(t, link);
	return e ? e->text + e->id_len + 1 : "";
}

const char *
tab_link_id(const struct tab *t, uint16_t link)
{
	const struct link_entry *e = link_get(t, link);
	return e ? e->text : "";
}

/* Garbage: a table built from what the rows still name replaces the old one. */

bool
tab_wants_gc(const struct tab *t)
{
	return t->n_styles + t->missed_styles >= t->gc_styles || t->n_clusters >= t->gc_clusters ||
	       t->n_links + t->missed_links >= t->gc_links || t->links.n >= t->gc_link_pages;
}

/* The count at which it is worth it again, when n are alive. Where they fill the table nobody gains
 * by another look before many more were wanted. */
static uint32_t
gc_next(uint32_t n, uint32_t least, uint32_t max)
{
	return n + least < max ? MIN(least + 2 * n, max) : max + least;
}

struct gc {
	struct tab *from, *to;
	uint16_t *style, *link; /* old id -> new id, 0 not met yet */
	cell_t last_old, last_new;
};

static uint16_t
gc_style(struct gc *g, uint16_t id)
{
	if (id && id <= g->from->n_styles && !g->style[id])
		g->style[id] = tab_style(g->to, &style_at(g->from, id)->style);
	return id && id <= g->from->n_styles ? g->style[id] : 0;
}

static uint16_t
gc_link(struct gc *g, uint16_t id)
{
	const struct link_entry *e = link_get(g->from, id);
	if (e && !g->link[id])
		g->link[id] =
			tab_link(g->to, e->text, e->id_len, e->text + e->id_len + 1, e->uri_len);
	return e ? g->link[id] : 0;
}

static cell_t
gc_cell(struct gc *g, cell_t c)
{
	if (c == g->last_old)
		return g->last_new;
	cell_t n = c & ~(CELL_STYLE_MASK | CELL_LINK_MASK);
	n |= (cell_t)gc_style(g, cell_style(c)) << CELL_STYLE_SHIFT;
	n |= (cell_t)gc_link(g, cell_link(c)) << CELL_LINK_SHIFT;
	uint64_t kind = c & CELL_KIND_MASK;
	if (c & CELL_CLUSTER && (kind == CELL_NARROW || kind == CELL_WIDE)) {
		uint32_t cps[CLUSTER_MAX];
		int k = tab_cps(g->from, c, cps);
		n &= ~(CELL_CONTENT_MASK | CELL_CLUSTER);
		n |= tab_cluster(g->to, cps, k);
	}
	g->last_old = c;
	return g->last_new = n;
}

static void
gc_row(struct gc *g, struct row *r)
{
	if (!(r->flags & (ROW_STYLED | ROW_CLUSTERS | ROW_LINKS)))
		return;
	for (int x = 0; x < r->len; x++)
		r->cells[x] = gc_cell(g, r->cells[x]);
}

void
tab_gc(struct tab *t, struct row *const *rows, int n, uint16_t *styles, int n_styles,
	uint16_t *links, int n_links)
{
	struct tab *to = tab_new(t->arena, t->owner);
	struct gc g = {.from = t, .to = to, .last_old = 0};
	g.style = xcalloc(t->n_styles + 1, sizeof(*g.style));
	g.link = xcalloc(t->n_links + 1, sizeof(*g.link));
	for (int i = 0; i < n; i++)
		gc_row(&g, rows[i]);
	for (int i = 0; i < n_styles; i++)
		styles[i] = gc_style(&g, styles[i]);
	for (int i = 0; i < n_links; i++)
		links[i] = gc_link(&g, links[i]);
	free(g.style);
	free(g.link);
	struct tab old = *t;
	*t = *to;
	*to = old;
	t->gc_styles = gc_next(t->n_styles, GC_MIN, STYLES_MAX);
	t->gc_clusters = GC_MIN + 2 * t->n_clusters;
	t->gc_links = gc_next(t->n_links, GC_MIN / 4, LINKS_MAX);
	t->gc_link_pages = MAX(LINK_PAGES_MAX / 2, MIN(2 * t->links.n, LINK_PAGES_MAX));
	tab_free(to);
}

void
tab_check(const struct tab *t)
{
	uint32_t seen = 0, n = style_buckets(t);
	for (uint32_t b = 0; b < n; b++)
		for (uint32_t id = *style_head(t, b); id; id = style_at(t, id)->next) {
			CHECK(id <= t->n_styles && (style_at(t, id)->hash & (n - 1)) == b);
			CHECK(++seen <= t->n_styles);
		}
	CHECK(seen == t->n_styles);
	seen = 0;
	const uint32_t *head = heads(t, &t->clusters);
	for (int b = 0; head && b < BUCKETS; b++)
		for (uint32_t g = head[b]; g; g = cluster_at(t, g)->next) {
			CHECK(cluster_valid(t, g));
			CHECK(cluster_at(t, g)->n >= 2 && cluster_at(t, g)->n <= CLUSTER_MAX);
			CHECK(++seen <= t->n_clusters);
		}
	CHECK(seen == t->n_clusters);
	for (uint32_t i = 1; i <= t->n_links; i++) {
		const struct link_entry *l = link_get(t, (uint16_t)i);

		CHECK(l && l->link == i);
	}
}
