/* Bytes to functions. In the ground state text is taken in runs and a complete CSI sequence is
 * parsed in one go; what is cut by the end of the input, or unusual, goes through the state table
 * (vt.def) byte by byte. Both ways end in the same dispatch with the same struct vt_csi, so how the
 * bytes were cut never matters. */
#include "core/vt/vt_parser.h"

#include <string.h>

#include "core/screen/flood.h"
#include "core/screen/print.h"
#include "core/screen/run.h"
#include "core/vt/vt_dispatch.h"
#include "core/vt/vt_params.h"
#include "core/vt/vt_sgr.h"

enum state {
	S_GROUND,
	S_ESC,
	S_ESC_INTER,
	S_CSI,
	S_CSI_PARAM,
	S_CSI_INTER,
	S_CSI_IGNORE,
	S_STR,
	S_STR_ESC,
	S_VT52_Y,
	S_VT52_X,
	N_STATES
};
enum action {
	A_NONE,
	A_EXEC,
	A_BEGIN,
	A_COLLECT,
	A_PARAM,
	A_PREFIX,
	A_ESC_DO,
	A_CSI_DO,
	A_STRING,
	A_PUT,
	A_BELL,
	A_STR_ESC,
	A_VT52_ROW,
	A_VT52_COL,
};

/* action << 4 | next state + 1; 0: the byte is dropped */
static const uint8_t table[N_STATES][256] = {
#define X(state, low, high, action, next) \
	[S_##state][low... high] = A_##action << 4 | (S_##next + 1),
#include "core/vt/vt.def"
#undef X
};
_Static_assert(N_STATES < 15 && A_VT52_COL < 16, "an entry is one byte");

static void
csi_finish(struct term *t, uint8_t final)
{
	t->v.csi.final = final;
	t->v.csi.n = MIN(t->v.csi.n, CSI_PARAMS);
	if (t->v.csi.n_inter <= 2)
		csi_dispatch(t);
}

static void
collect(struct vt_csi *c, uint8_t b)
{
	if (c->n_inter < 2)
		c->inter[c->n_inter] = b;
	if (c->n_inter < 3)
		c->n_inter++;
}

static void
string_put(struct term *t, uint8_t b)
{
	struct vt *v = &t->v;
	if (v->osc_kind == 'X' || v->osc_kind == '^' || v->osc_kind == '_')
		return; /* SOS, PM, APC mean nothing here */
	if (t->str.len >= STRING_MAX)
		v->osc_overflow = 1;
	else
		buf_putc(&t->str, b);
}

static void
string_end(struct term *t)
{
	if (!t->v.osc_overflow)
		string_dispatch(t);
	t->str.len = 0;
	if (t->str.cap > 4096)
		buf_free(&t->str);
}

/* A byte of a string sequence, its start and its end. False: the byte is to be looked at again. */
static bool
string_step(struct term *t, uint8_t b, enum action act)
{
	struct vt *v = &t->v;
	switch (act) {
	case A_STRING:
		v->osc_kind = b;
		v->osc_overflow = 0;
		t->str.len = 0;
		break;
	case A_PUT:
		/* ST as UTF-8 of U+009C */
		if (b == 0x9c && t->str.len && t->str.data[t->str.len - 1] == 0xc2) {
			t->str.len--;
			v->state = S_GROUND;
			string_end(t);
			break;
		}
		string_put(t, b);
		break;
	case A_BELL:
		if (v->osc_kind == ']') {
			v->state = S_GROUND;
			v->str_bell = 1;
			string_end(t);
		}
		break;
	case A_STR_ESC:
		if (b == '\\') {
			v->str_bell = 0;
			string_end(t);
			break;
		}
		v->state = S_ESC;
		csi_begin(&v->csi);
		return false;
	default:
		break;
	}
	return true;
}

/* One byte in a state other than ground. False: the byte is to be looked at again. */
static bool
step(struct term *t, uint8_t b)
{
	struct vt *v = &t->v;
	uint8_t e = table[v->state][b];
	if (!e)
		return true;
	if (v->vt52 && v->state == S_ESC && b >= 0x20) {
		v->state = b == 'Y' ? S_VT52_Y : S_GROUND;
		vt52_dispatch(t, b);
		return true;
	}
	v->state = (e & 15) - 1;
	switch ((enum action)(e >> 4)) {
	case A_NONE:
		break;
	case A_EXEC:
		c0_dispatch(t, b);
		break;
	case A_BEGIN:
		csi_begin(&v->csi);
		break;
	case A_COLLECT:
		collect(&v->csi, b);
		break;
	case A_PARAM:
		csi_param(&v->csi, b);
		break;
	case A_PREFIX:
		v->csi.prefix = b;
		break;
	case A_ESC_DO:
		esc_dispatch(t, b);
		break;
	case A_CSI_DO:
		csi_finish(t, b);
		break;
	case A_STRING:
	case A_PUT:
	case A_BELL:
	case A_STR_ESC:
		return string_step(t, b, (enum action)(e >> 4));
	case A_VT52_ROW:
		v->csi.param[0] = b;
		break;
	case A_VT52_COL:
		vt52_move(t, v->csi.param[0] - 0x20, b - 0x20);
		break;
	}
	return true;
}

/* A whole CSI sequence at p (behind ESC [), or NULL: cut, or something for the state table. */
static const uint8_t *
csi_run(struct term *t, const uint8_t *p, const uint8_t *end)
{
	struct vt_csi *c = &t->v.csi;
	int n = 0;
	c->prefix = c->n_inter = 0;
	c->inter[0] = c->inter[1] = 0;
	c->sub = 0;
	c->param[0] = -1;
	if (p < end && *p >= 0x3c && *p <= 0x3f)
		c->prefix = *p++;
	int32_t cur = -1;
	for (; p < end; p++) {
		unsigned d = *p - '0';
		if (d < 10) {
			cur = MIN(MAX(cur, 0) * 10 + (int32_t)d, CSI_PARAM_MAX);
		} else if (d <= 11) {
			if (n >= CSI_PARAMS - 1)
				return NULL;
			c->param[n++] = cur;
			cur = -1;
			if (d == 10)
				c->sub |= 1u << n;
		} else {
			break;
		}
	}
	if (p == end)
		return NULL;
	c->param[n] = cur;
	c->n = (uint8_t)(n || cur >= 0 ? n + 1 : 0);
	while (p < end && *p >= 0x20 && *p <= 0x2f && c->n_inter < 2)
		c->inter[c->n_inter++] = *p++;
	if (p == end || *p < 0x40 || *p > 0x7e)
		return NULL;
	c->final = *p++;
	csi_dispatch(t);
	return p;
}

static void
ground_cp(struct term *t, uint32_t cp)
{
	if (cp >= 0x80 && cp < 0xa0) { /* C1 is ESC and a letter */
		csi_begin(&t->v.csi);
		t->v.state = S_ESC;
		step(t, (uint8_t)(cp - 0x40));
		return;
	}
	print_cp(t, cp);
}

/* A character that is not finished; it may have been left by an earlier call. */
static const uint8_t *
utf8_resume(struct term *t, const uint8_t *p, const uint8_t *end)
{
	struct vt *v = &t->v;
	while (p < end && v->utf8_need) {
		uint8_t f = v->utf8_have ? 0 : v->utf8_first;
		uint8_t lo = f == 0xe0 ? 0xa0 : f == 0xf0 ? 0x90 : 0x80;
		uint8_t hi = f == 0xed ? 0x9f : f == 0xf4 ? 0x8f : 0xbf;
		if (*p < lo || *p > hi) {
			v->utf8_need = v->utf8_have = 0;
			print_cp(t, 0xfffd);
			return p;
		}
		v->utf8_cp = v->utf8_cp << 6 | (*p++ & 0x3f);
		v->utf8_have++;
		if (v->utf8_have == v->utf8_need) {
			v->utf8_need = v->utf8_have = 0;
			ground_cp(t, v->utf8_cp);
		}
	}
	return p;
}

/* The printable character at p, with all that can be special about it. */
static const uint8_t *
one_character(struct term *t, const uint8_t *p, const uint8_t *end)
{
	struct vt *v = &t->v;
	uint8_t b = *p++;
	if (b < 0x80) {
		print_byte(t, b);
	} else if (b < 0xc2 || b > 0xf4) {
		print_cp(t, 0xfffd);
	} else {
		v->utf8_need = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
		v->utf8_have = 0;
		v->utf8_cp = b & (0x3fu >> v->utf8_need);
		v->utf8_first = b;
		p = utf8_resume(t, p, end);
	}
	return p;
}

static const uint8_t *
escape(struct term *t, const uint8_t *p, const uint8_t *end)
{
	if (end - p > 2 && p[1] == '[' && !t->v.vt52) {
		const uint8_t *q = sgr_run(t, p + 2, end);
		if (!q)
			q = csi_run(t, p + 2, end);
		if (q)
			return q;
	}
	csi_begin(&t->v.csi);
	t->v.state = S_ESC;
	return p + 1;
}

static const uint8_t *
ground(struct term *t, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *flood = p; /* from where on one is to be looked for */
	while (p < end && t->v.state == S_GROUND && t->left > 0) {
		uint8_t b = *p;
		if (b >= 0x20 && b < 0x7f && end - p > 1 && p[1] < 0x20 && print_one(t, b)) {
			p++;
		} else if (b >= 0x20 && b != 0x7f) {
			const uint8_t *q = print_text(t, p, end);
			p = q == p ? one_character(t, p, end) : q;
		} else if (b == 0x1b) {
			p = escape(t, p, end);
		} else if (b == '\r' && t->whole) {
			p++;
			t->v.pending = 0;
			t->v.col = 0;
			t->v.last_cp = 0;
		} else if (b == '\n' && !t->v.newline) {
			p++;
			t->v.last_cp = 0;
			term_linefeed(t);
			if (p >= flood && end - p >= FLOOD_LEAST(t))
				p = term_flood(t, p, end, &flood);
		} else {
			p++;
			if (b != 0x7f)
				c0_dispatch(t, b);
			else if (!t->plain)
				print_delete(t);
		}
	}
	return p;
}

size_t
vt_parse(struct term *t, const uint8_t *p, size_t n)
{
	const uint8_t *begin = p, *end = p + n;
	if (t->v.utf8_need)
		p = utf8_resume(t, p, end);
	while (p < end && t->left > 0) {
		if (t->v.state == S_GROUND)
			p = ground(t, p, end);
		else
			p += step(t, *p);
	}
	return (size_t)(p - begin);
}

/* The part of a character that was read so far is one that utf8_resume may finish. */
static bool
utf8_valid(const struct vt *v)
{
	uint8_t f = v->utf8_first;
	uint32_t lead = f & (0x3fu >> v->utf8_need), left = 6u * (v->utf8_need - v->utf8_have);

	return f >= 0xc2 && f <= 0xf4 &&
	       v->utf8_need == (f < 0xe0	  ? 1
				       : f < 0xf0 ? 2
						  : 3) &&
	       v->utf8_have < v->utf8_need && v->utf8_cp >> 6 * v->utf8_have == lead &&
	       (!v->utf8_have || v->utf8_cp <= 0x10ffffu >> left);
}

bool
vt_parser_valid(const struct vt *v)
{
	return v->state < N_STATES && csi_valid(&v->csi) && v->utf8_need <= 3 &&
	       (v->utf8_need ? utf8_valid(v) : !v->utf8_have);
}

void
vt_parser_canonical(struct vt *v)
{
	if (!v->utf8_need) {
		v->utf8_have = v->utf8_first = 0;
		v->utf8_cp = 0;
	}
	if (v->state == S_GROUND) {
		memset(&v->csi, 0, sizeof(v->csi));
		v->osc_kind = v->str_bell = v->osc_overflow = 0;
	}
	for (int i = MAX(v->csi.n, 1); i < CSI_PARAMS; i++)
		v->csi.param[i] = 0; /* of an earlier sequence */
}
