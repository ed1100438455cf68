/* The writer's side of a stream's definitions (core/pack/record.c): each style and link is written
 * once, by the first record that uses it. */
#include "core/pack/record.h"
#include <stdlib.h>
#include <string.h>

#ifdef MUSTER_TORTURE
#define DICT_SOFT 8u
#else
#define DICT_SOFT 4096u /* definitions after which the tables start again */
#endif

void
dict_free(struct dict *d)
{
	free(d->style);
	free(d->slot);
	free(d->link);
	*d = (struct dict){0};
}

void
dict_clear(struct dict *d)
{
	if (d->n_style)
		memset(d->slot, 0, d->n_slot * sizeof(*d->slot));
	d->n_style = d->n_link = 0;
	memset(d->memo_tab, 0, sizeof(d->memo_tab));
	d->link_tab = d->link_id = 0;
	d->forget = false;
}

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static uint32_t
style_slot(const struct style *s)
{
	uint64_t h = mix((uint64_t)s->fg << 32 | s->bg, (uint64_t)s->ul << 32 | s->attrs);

	return (uint32_t)(h >> 32);
}

static bool
style_eq(const struct style *a, const struct style *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->ul == b->ul && a->attrs == b->attrs;
}

static void
dict_grow(struct dict *d)
{
	d->cap_style = d->cap_style ? d->cap_style * 2 : 16;
	d->style = xrealloc(d->style, d->cap_style * sizeof(*d->style));
	d->n_slot = d->cap_style * 2;
	free(d->slot);
	d->slot = xcalloc(d->n_slot, sizeof(*d->slot));
	for (uint32_t i = 0; i < d->n_style; i++) {
		uint32_t k = style_slot(&d->style[i]) & (d->n_slot - 1);

		while (d->slot[k])
			k = (k + 1) & (d->n_slot - 1);
		d->slot[k] = (uint16_t)(i + 1);
	}
}

static void
put_color(struct buf *out, uint32_t c)
{
	buf_putc(out, (uint8_t)c);
	if (c & COLOR_RGB) {
		buf_putc(out, (uint8_t)(c >> 8));
		buf_putc(out, (uint8_t)(c >> 16));
	}
}

/* what: 2 bits for each of fg, bg, ul (0 default, 1 indexed, 2 RGB), bits 6..7: attrs follow in
 * one or two bytes. */
static void
put_style(struct buf *out, const struct style *s)
{
	const uint32_t c[3] = {s->fg, s->bg, s->ul};
	unsigned what = s->attrs ? 64 : 0;

	if (s->attrs > 0xff)
		what = 128;
	for (int i = 0; i < 3; i++)
		what |= (c[i] >> 24 & 3) << (2 * i);
	buf_putc(out, DEF_STYLE);
	buf_putc(out, (uint8_t)what);
	for (int i = 0; i < 3; i++)
		if (c[i] >> 24)
			put_color(out, c[i]);
	if (s->attrs)
		buf_putc(out, (uint8_t)s->attrs);
	if (s->attrs > 0xff)
		buf_putc(out, (uint8_t)(s->attrs >> 8));
}

uint16_t
dict_style(struct dict *d, const struct style *s, struct buf *defs, uint32_t *n_defs)
{
	uint32_t k, found;

	if (d->n_style * 2 >= d->n_slot)
		dict_grow(d);
	k = style_slot(s) & (d->n_slot - 1);
	while ((found = d->slot[k]) && !style_eq(&d->style[found - 1], s))
		k = (k + 1) & (d->n_slot - 1);
	if (!found) {
		d->style[d->n_style++] = *s;
		found = d->n_style;
		d->slot[k] = (uint16_t)found;
		put_style(defs, s);
		++*n_defs;
	}
	return (uint16_t)found;
}

static uint64_t
hash_text(const char *s, uint32_t n, uint64_t h)
{
	for (uint32_t i = 0; i < n; i++)
		h = mix(h, (uint8_t)s[i]);
	return mix(h, 256);
}

uint16_t
dict_link(struct dict *d, const struct undict_link *l, struct buf *defs, uint32_t *n_defs)
{
	uint64_t h = hash_text(l->uri, l->uri_len, hash_text(l->id, l->id_len, 1));
	uint32_t i;

	for (i = d->n_link; i > 0 && d->link[i - 1] != h;)
		i--;
	if (i)
		return (uint16_t)i;
	if (d->n_link == d->cap_link) {
		d->cap_link = d->cap_link * 2 + 8;
		d->link = xrealloc(d->link, d->cap_link * sizeof(*d->link));
	}
	d->link[d->n_link++] = h;
	buf_putc(defs, DEF_LINK);
	buf_varint(defs, l->id_len);
	buf_put(defs, l->id, l->id_len);
	buf_varint(defs, l->uri_len);
	buf_put(defs, l->uri, l->uri_len);
	++*n_defs;
	return (uint16_t)d->n_link;
}

bool
dict_ready(struct dict *d, struct buf *defs, uint32_t *n_defs)
{
	if (!d->forget && d->n_style <= DICT_SOFT && d->n_link <= DICT_SOFT / 8)
		return false;
	dict_clear(d);
	buf_putc(defs, DEF_RESET);
	++*n_defs;
	return true;
}
