/* Blocks in files: a sealed block whose bytes went to a file, unchanged, and whose page part is
 * given back. Reading fetches the bytes into one of a few buffers of the arena, by the block's
 * uid; head and crc are looked at on every fetch, so foreign or damaged files show as lost text.
 *
 * Bytes that come later are kept in such a buffer as well: whoever asked looks again, and finds
 * them unless so many others were asked for meanwhile that they are asked for once more. A block's
 * row count is remembered, so a count over many blocks gets further with each look. */
#include "core/pagelist/pagelist.h"
#include "core/pagelist/pagelist_priv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD ((uint32_t)sizeof(struct block_head))
#define FETCHED 32 /* at most; what is looked at in one go must be in as many */

struct fetched {
	struct fetched_block {
		uint64_t uid, used;
		uint8_t *data; /* malloc'ed, of the block's length */
	} block[FETCHED];
	uint64_t tick;
};

/* The buffer that has the block, or the one that was not used for longest, empty. */
static struct fetched_block *
buffer_for(struct pagelist *h, const struct block *b)
{
	struct fetched *f = h->shared->fetched;
	struct fetched_block *k;

	if (!f)
		f = h->shared->fetched = xcalloc(1, sizeof(*f));
	k = &f->block[0];
	for (int i = 0; i < FETCHED && k->uid != b->uid; i++)
		if (f->block[i].uid == b->uid || f->block[i].used < k->used)
			k = &f->block[i];
	k->used = ++f->tick;
	if (k->uid == b->uid)
		return k;
	k->uid = 0;
	k->data = xrealloc(k->data, b->len);
	return k;
}

/* Are the bytes in k the block's? */
static const uint8_t *
accept(struct fetched_block *k, const struct block *b)
{
	struct block_head head;

	if (!block_head_read(k->data, b->len, &head) || head.crc != b->crc ||
		head.encoding != ENC_COLUMNS || head.n_lines != b->n_lines)
		return NULL;
	k->uid = b->uid;
	return k->data;
}

static const uint8_t *
fetch(struct pagelist *h, struct block *b)
{
	struct fetched_block *k;
	int rc;

	if (b->awaited || !h->files.read)
		return NULL;
	k = buffer_for(h, b);
	if (k->uid)
		return k->data;
	rc = h->files.read(h->files.ctx, b->file_off, k->data, b->len);
	b->awaited = rc == -EAGAIN;
	if (b->awaited)
		k->used = 0; /* it is still empty */
	return rc < 0 ? NULL : accept(k, b);
}

bool
pagelist_awaits(const struct pagelist *h)
{
	for (uint32_t i = 0; i < h->n_blk; i++)
		if (h->blk[i].awaited)
			return true;
	return false;
}

void
pagelist_file_came(struct pagelist *h, uint64_t off, const void *bytes, size_t len)
{
	for (uint32_t i = 0; i < h->n_blk; i++) {
		struct block *b = &h->blk[i];
		struct fetched_block *k;

		if (!b->awaited || b->file_off != off || b->kind != BLOCK_FILE)
			continue;
		b->awaited = false;
		k = bytes && len == b->len ? buffer_for(h, b) : NULL;
		if (k && !k->uid)
			memcpy(k->data, bytes, len);
		b->damaged = !k || (!k->uid && !accept(k, b));
		b->view_ok = false;
	}
}

void
fetched_drop(struct shared *sh)
{
	for (int i = 0; sh->fetched && i < FETCHED; i++)
		free(sh->fetched->block[i].data);
	free(sh->fetched);
	sh->fetched = NULL;
}

const uint8_t *
block_bytes(struct pagelist *h, struct block *b)
{
	if (b->kind == BLOCK_FILE)
		return fetch(h, b);
	return b->page ? block_base(h, b) : NULL;
}

void
pagelist_set_files(struct pagelist *h, const struct pagelist_file_ops *ops)
{
	h->files = *ops;
	pagelist_file_retry(h);
}

void
pagelist_file_retry(struct pagelist *h)
{
	for (uint32_t i = 0; i < h->n_blk; i++)
		if (h->blk[i].kind == BLOCK_FILE && h->blk[i].damaged)
			h->blk[i].damaged = h->blk[i].view_ok = false;
}

bool
pagelist_spill_next(struct pagelist *h, uint64_t after_uid, struct pagelist_spill *out)
{
	bool past = !after_uid;

	for (uint32_t i = 0; i < h->n_blk; i++) {
		struct block *b = &h->blk[i];

		if (past && b->kind == BLOCK_SEALED && !b->damaged) {
			*out = (struct pagelist_spill){.uid = b->uid,
				.first_line = b->first_line,
				.n_lines = b->n_lines,
				.bytes = block_base(h, b),
				.len = b->len};
			return true;
		}
		past |= b->uid == after_uid;
	}
	return false;
}

bool
pagelist_spill_done(struct pagelist *h, uint64_t uid, uint64_t off)
{
	for (uint32_t i = 0; i < h->n_blk; i++) {
		struct block *b = &h->blk[i];
		struct block_head head;

		if (b->uid != uid || b->kind != BLOCK_SEALED)
			continue;
		memcpy(&head, block_base(h, b), sizeof(head));
		pagelist_release(h, b);
		b->kind = BLOCK_FILE;
		b->crc = head.crc;
		b->file_off = off;
		b->off = 0;
		b->saved = false;
		return true;
	}
	return false;
}

bool
pagelist_file_next(const struct pagelist *h, uint32_t *i, uint64_t *off, uint32_t *len)
{
	while (*i < h->n_blk) {
		const struct block *b = &h->blk[(*i)++];

		if (b->kind != BLOCK_FILE)
			continue;
		*off = b->file_off;
		*len = b->len;
		return true;
	}
	return false;
}

uint64_t
pagelist_file_floor(const struct pagelist *h)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < h->n_blk; i++)
		if (h->blk[i].kind == BLOCK_FILE)
			least = MIN(least, h->blk[i].file_off);
	return least;
}
