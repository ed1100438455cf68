/* History as plain text: by line, and by whole block, which is what search wants: one call over
 * some hundred kilobytes in which each line ends with a newline. Of sealed blocks only the text
 * column is decompressed, and the decode cache stays as it is. */
#include "core/pagelist/pagelist.h"
#include "core/pagelist/pagelist_priv.h"

int
pagelist_text(
	struct pagelist *h, uint64_t from_line, uint64_t count, pagelist_text_cb cb, void *ctx)
{
	struct buf text = {0};
	bool more = true;

	for (uint32_t i = 0; i < h->n_blk && more && count; i++) {
		struct block *b = &h->blk[i];
		uint64_t end = i + 1 < h->n_blk ? h->blk[i + 1].first_line : h->next_line;
		uint64_t line = MAX(b->first_line, from_line);
		struct reader *r;

		if (end <= from_line || b->damaged)
			continue;
		if (!(r = reader_begin(h, b))) {
			more = !b->awaited;
			continue;
		}
		reader_skip(r, (uint32_t)(line - b->first_line));
		for (; more && count && line < end; line++, count--) {
			text.len = 0;
			if (!reader_text(r, &text))
				break;
			buf_reserve(&text, 1);
			text.len = text_plain((char *)text.data, (uint32_t)text.len);
			more = cb(ctx, line, buf_cstr(&text), text.len);
		}
		reader_end(r);
	}
	buf_free(&text);
	return 0;
}

/* A block's text in the packed form, lines ended by newlines. */
static bool
block_text(struct pagelist *h, struct block *b, struct buf *out)
{
	struct reader *r;
	bool ok;

	if (b->kind == BLOCK_LOST || b->damaged)
		return false;
	if (block_is_sealed(b)) {
		const uint8_t *base = block_bytes(h, b);

		return base && window_text(h, b, base, out);
	}
	r = reader_begin(h, b);
	while (r && reader_text(r, out))
		buf_putc(out, '\n');
	ok = r && !reader_bad(r);
	reader_end(r);
	return ok;
}

int
pagelist_text_chunks(struct pagelist *h, uint64_t from_line, uint64_t end_line, bool newest_first,
	pagelist_chunk_cb cb, void *ctx)
{
	struct buf text = {0};
	bool more = true;

	for (uint32_t k = 0; k < h->n_blk && more; k++) {
		uint32_t i = newest_first ? h->n_blk - 1 - k : k;
		struct block *b = &h->blk[i];
		uint64_t end = i + 1 < h->n_blk ? h->blk[i + 1].first_line : h->next_line;
		struct pagelist_chunk c = {.first_line = b->first_line, .end_line = end};

		if (end <= from_line || b->first_line >= end_line)
			continue;
		text.len = 0;
		if (!block_text(h, b, &text)) {
			more = !b->awaited;
			continue;
		}
		text.len = text_plain((char *)text.data, (uint32_t)text.len);
		c.text = buf_cstr(&text);
		c.len = text.len;
		more = cb(ctx, &c);
	}
	buf_free(&text);
	return 0;
}
