#ifndef CORE_PACK_H
#define CORE_PACK_H
/* Rows as compact bytes: the one packed form. Cold scrollback, crash checkpoint, frames to clients
 * and search all use it. The exact layout stands at the top of record.c.
 *
 * A row packs alone (pack_row: self-contained, used by frames and checkpoints) or against a block's
 * shared tables (struct pagelist). Text is UTF-8, styles are (style, length) runs; links,
 * protection, wrap flags, prompt marks, wide and blank-versus-space are kept: unpack(pack(row))
 * equals row. */
#include "core/base/buf.h"
#include "core/page/cell.h"
#include "core/page/tab.h"

/* Appends the row; its ids are resolved by t. */
void pack_row(struct buf *out, const struct row *row, const struct tab *t);
/* Reads one packed row into cells[0..cap) and sets row->cells = cells, len, cap, flags, prepacked
 * (stamp is left alone); styles, clusters and links are interned into t. Cells beyond cap are
 * dropped. 0 or -EBADMSG (bytes are foreign: bounds-checked). */
int unpack_row(struct rd *in, struct row *row, cell_t *cells, int cap, struct tab *t);
#endif
