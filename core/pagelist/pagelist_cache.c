/* Decoded blocks: a few windows for all PageLists of an arena, the least recently used one goes. Storage is
 * never changed by looking at it; what a look costs in memory is bounded by WINDOWS. */
#include "core/base/crc.h"
#include "core/pagelist/pagelist_priv.h"
#include "core/pack/prepack.h"
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define COLUMNS_MAX (8u << 20) /* more decoded bytes in one block: not ours */

struct windows {
	struct window window[WINDOWS];
	uint64_t tick;
	ZSTD_DCtx *dctx;
};

static struct windows *
windows_of(struct pagelist *h)
{
	struct shared *sh = h->shared;

	if (!sh->windows)
		sh->windows = xcalloc(1, sizeof(*sh->windows));
	return sh->windows;
}

uint32_t
block_crc(const uint8_t *base, uint32_t len)
{
	size_t from = offsetof(struct block_head, version);

	return crc32c(0, base + from, len - from);
}

bool
block_head_read(const uint8_t *base, uint32_t len, struct block_head *head)
{
	if (len < sizeof(*head))
		return false;
	memcpy(head, base, sizeof(*head));
	if (head->magic != BLOCK_MAGIC || head->version != BLOCK_VERSION ||
		head->len != len - sizeof(*head) || head->crc != block_crc(base, len))
		return false;
	if (head->encoding == ENC_RECORDS)
		return true;
	return head->encoding == ENC_COLUMNS && head->text_raw <= COLUMNS_MAX &&
	       head->ext_raw <= COLUMNS_MAX &&
	       (uint64_t)head->lens_len + head->text_len + head->ext_len == head->len;
}

static bool
inflate(struct pagelist *h, uint8_t *to, uint32_t to_len, const uint8_t *from, uint32_t from_len)
{
	struct windows *ws = windows_of(h);

	if (!ws->dctx)
		ws->dctx = ZSTD_createDCtx();
	h->shared->starved = !ws->dctx;
	if (!to_len)
		return from_len == 0;
	return ws->dctx && ZSTD_decompressDCtx(ws->dctx, to, to_len, from, from_len) == to_len;
}

const struct window *
window_get(struct pagelist *h, struct block *b, const uint8_t *base)
{
	struct windows *ws = windows_of(h);
	struct window *w = &ws->window[0];
	struct block_head head;
	size_t need;

	for (int i = 0; i < WINDOWS; i++) {
		if (ws->window[i].uid == b->uid) {
			ws->window[i].used = ++ws->tick;
			return &ws->window[i];
		}
		if (ws->window[i].used < w->used)
			w = &ws->window[i];
	}
	w->uid = 0;
	if (!block_head_read(base, b->len, &head) || head.encoding != ENC_COLUMNS)
		return NULL;
	need = (size_t)head.text_raw + head.ext_raw + 64;
	if (need > w->cap || need < w->cap / 8) {
		free(w->data);
		w->cap = (need + 65535) / 65536 * 65536;
		w->data = xmalloc(w->cap);
	}
	base += sizeof(head) + head.lens_len;
	if (!inflate(h, w->data, head.text_raw, base, head.text_len) ||
		!inflate(h, w->data + head.text_raw, head.ext_raw, base + head.text_len,
			head.ext_len))
		return NULL;
	w->text_len = head.text_raw;
	w->ext_len = head.ext_raw;
	w->uid = b->uid;
	w->used = ++ws->tick;
	return w;
}

bool
window_text(struct pagelist *h, struct block *b, const uint8_t *base, struct buf *out)
{
	struct windows *ws = windows_of(h);
	struct block_head head;

	for (int i = 0; i < WINDOWS; i++) {
		if (ws->window[i].uid != b->uid)
			continue;
		buf_put(out, ws->window[i].data, ws->window[i].text_len);
		return true;
	}
	if (!block_head_read(base, b->len, &head) || head.encoding != ENC_COLUMNS)
		return false;
	buf_reserve(out, head.text_raw);
	if (!inflate(h, out->data + out->len, head.text_raw, base + sizeof(head) + head.lens_len,
		    head.text_len))
		return false;
	out->len += head.text_raw;
	return true;
}

static void
windows_drop(struct shared *sh)
{
	struct windows *ws = sh->windows;

	for (int i = 0; ws && i < WINDOWS; i++)
		free(ws->window[i].data);
	if (ws)
		ZSTD_freeDCtx(ws->dctx);
	free(ws);
	sh->windows = NULL;
}

static void
shared_empty(struct shared *sh)
{
	windows_drop(sh);
	reader_drop(sh);
	fetched_drop(sh);
	columns_drop(sh);
	buf_free(&sh->record);
	buf_free(&sh->cells);
}

static void
shared_drop(void *p)
{
	shared_empty(p);
	free(p);
}

struct shared *
pagelist_shared(struct arena *a)
{
	void **at = arena_shared(a, shared_drop);

	if (!*at)
		*at = xcalloc(1, sizeof(struct shared));
	return *at;
}

void
pagelist_cache_drop(struct arena *a)
{
	shared_empty(pagelist_shared(a));
	prepack_drop();
}
