#ifndef CORE_VT_PARAMS_H
#define CORE_VT_PARAMS_H
/* A control sequence's parameters, as its bytes come. */
#include "core/screen/state.h"

static inline void
csi_begin(struct vt_csi *c)
{
	c->n = c->prefix = c->n_inter = c->final = 0;
	c->inter[0] = c->inter[1] = 0;
	c->sub = 0;
	c->param[0] = -1;
}

/* b: a digit, a semicolon or a colon. */
static inline void
csi_param(struct vt_csi *c, uint8_t b)
{
	if (!c->n)
		c->n = 1;
	if (b == ':' || b == ';') {
		if (c->n <= CSI_PARAMS)
			c->n++;
		if (c->n <= CSI_PARAMS) {
			c->param[c->n - 1] = -1;
			if (b == ':')
				c->sub |= 1u << (c->n - 1);
		}
	} else if (c->n <= CSI_PARAMS) {
		int32_t *p = &c->param[c->n - 1];
		*p = MIN(MAX(*p, 0) * 10 + (b - '0'), CSI_PARAM_MAX);
	}
}
/* n of these, from the sequence's begin. */
void csi_params(struct vt_csi *c, const uint8_t *p, unsigned n);
/* Is one that came from elsewhere within bounds? */
bool csi_valid(const struct vt_csi *c);
#endif
