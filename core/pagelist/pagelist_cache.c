/* Decoded blocks: a few windows for the whole process, the least recently used one goes. Storage is
 * never changed by looking at it; what a look costs in memory is bounded by WINDOWS. */
#include "core/base/crc.h"
#include "core/pagelist/pagelist_priv.h"
#include "core/pack/prepack.h"
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define COLUMNS_MAX (8u << 20) /* more decoded bytes in one block: not ours */

static struct window window[WINDOWS];
static uint64_t tick;
static ZSTD_DCtx *dctx;

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
inflate(uint8_t *to, uint32_t to_len, const uint8_t *from, uint32_t from_len)
{
	if (!dctx)
		dctx = ZSTD_createDCtx();
	if (!to_len)
		return from_len == 0;
	return dctx && ZSTD_decompressDCtx(dctx, to, to_len, from, from_len) == to_len;
}

const struct window *
window_get(struct pagelist *h, struct block *b, const uint8_t *base)
{
	struct window *w = &window[0];
	struct block_head head;
	size_t need;

	(void)h;
	for (int i = 0; i < WINDOWS; i++) {
		if (window[i].uid == b->uid) {
			window[i].used = ++tick;
			return &window[i];
		}
		if (window[i].used < w->used)
			w = &window[i];
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
	if (!inflate(w->data, head.text_raw, base, head.text_len) ||
		!inflate(w->data + head.text_raw, head.ext_raw, base + head.text_len, head.ext_len))
		return NULL;
	w->text_len = head.text_raw;
	w->ext_len = head.ext_raw;
	w->uid = b->uid;
	w->used = ++tick;
	return w;
}

bool
window_text(struct pagelist *h, struct block *b, const uint8_t *base, struct buf *out)
{
	struct block_head head;

	(void)h;
	for (int i = 0; i < WINDOWS; i++) {
		if (window[i].uid != b->uid)
			continue;
		buf_put(out, window[i].data, window[i].text_len);
		return true;
	}
	if (!block_head_read(base, b->len, &head) || head.encoding != ENC_COLUMNS)
		return false;
	buf_reserve(out, head.text_raw);
	if (!inflate(out->data + out->len, head.text_raw, base + sizeof(head) + head.lens_len,
		    head.text_len))
		return false;
	out->len += head.text_raw;
	return true;
}

void
pagelist_cache_drop(void)
{
	for (int i = 0; i < WINDOWS; i++) {
		free(window[i].data);
		window[i] = (struct window){0};
	}
	ZSTD_freeDCtx(dctx);
	dctx = NULL;
	reader_drop();
	pagelist_file_drop();
	prepack_drop();
	pagelist_seal_drop();
}
