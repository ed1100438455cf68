/* The ext of a line out of the exts of its records: their runs in a row, equal neighbours as one,
 * with the ids of another stream. No cell is made of them. */
#include "core/pack/record.h"
#include <errno.h>

static const uint8_t kinds[JOIN_KINDS] = {EXT_STYLES, EXT_LINKS, EXT_PROTECT};

void
ext_join_free(struct ext_join *j)
{
	for (int k = 0; k < JOIN_KINDS; k++)
		buf_free(&j->run[k].done);
	buf_free(&j->defs);
	dict_free(&j->dict);
}

static void
add_run(struct join_runs *r, uint32_t len, uint32_t id)
{
	if (id != r->id && r->len) {
		buf_varint(&r->done, r->len);
		buf_varint(&r->done, r->id);
		r->len = 0;
	}
	r->id = id;
	r->len += len;
}

/* An id of the stream read, as one of that written. */
static uint32_t
translate(struct ext_join *j, uint8_t kind, uint32_t id, struct undict *u)
{
	uint32_t *memo;

	if (!id || kind == EXT_PROTECT)
		return id;
	if (!(j->bits & (EXT_STYLES | EXT_LINKS)) && dict_ready(&j->dict, &j->defs, &j->n_defs))
		undict_unmap(u);
	memo = kind == EXT_STYLES ? &u->style_tab[id - 1] : &u->link_tab[id - 1];
	if (!*memo && kind == EXT_STYLES)
		*memo = 1u + dict_style(&j->dict, &u->style[id - 1], &j->defs, &j->n_defs);
	else if (!*memo)
		*memo = 1u + dict_link(&j->dict, &u->link[id - 1], &j->defs, &j->n_defs);
	return *memo - 1;
}

/* A run list, cut after n cells, of which the record has `all`. */
static void
join_runs(struct ext_join *j, int k, struct rd *in, uint32_t n, uint32_t all, struct undict *u)
{
	uint32_t max = kinds[k] == EXT_STYLES ? u->n_style : kinds[k] == EXT_LINKS ? u->n_link : 1;

	for (uint32_t i = 0; i < all && !in->bad;) {
		uint64_t len = rd_varint(in), id = rd_varint(in);

		if (!len || len > all - i || id > max) {
			in->bad = true;
			return;
		}
		if (i < n) {
			add_run(&j->run[k], (uint32_t)MIN(len, n - i),
				translate(j, kinds[k], (uint32_t)id, u));
			j->bits |= id ? kinds[k] : 0;
		}
		i += (uint32_t)len;
	}
}

int
ext_join(struct ext_join *j, const struct rec *r, uint32_t n, struct undict *u)
{
	struct rd in = rd_init(r->ext, r->ext_len);
	uint8_t bits = r->ext_len ? rd_u8(&in) : 0;

	j->bits |= bits & EXT_MARKS;
	if (bits & EXT_DEFS)
		undict_read(&in, u);
	for (int k = 0; k < JOIN_KINDS; k++) {
		if (bits & kinds[k])
			join_runs(j, k, &in, n, r->cells, u);
		else
			add_run(&j->run[k], n, 0);
	}
	return in.bad || rd_left(&in) ? -EBADMSG : 0;
}

void
ext_join_end(struct ext_join *j, struct buf *out)
{
	if (j->bits) {
		buf_putc(out, j->bits | (j->n_defs ? EXT_DEFS : 0));
		if (j->n_defs)
			buf_varint(out, j->n_defs);
		buf_put(out, j->defs.data, j->defs.len);
	}
	for (int k = 0; k < JOIN_KINDS; k++) {
		struct join_runs *r = &j->run[k];

		if (j->bits & kinds[k]) {
			add_run(r, 0, UINT32_MAX);
			buf_put(out, r->done.data, r->done.len);
		}
		r->done.len = 0;
		r->len = r->id = 0;
	}
	j->defs.len = 0;
	j->n_defs = 0;
	j->bits = 0;
}
