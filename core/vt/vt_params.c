#include "core/vt/vt_params.h"

void
csi_params(struct vt_csi *c, const uint8_t *p, unsigned n)
{
	csi_begin(c);
	for (unsigned i = 0; i < n; i++)
		csi_param(c, p[i]);
	c->n = MIN(c->n, CSI_PARAMS);
}

bool
csi_valid(const struct vt_csi *c)
{
	for (int i = 0; i < CSI_PARAMS; i++)
		if (c->param[i] < -1 || c->param[i] > CSI_PARAM_MAX)
			return false;
	for (int i = 0; i < (int)sizeof(c->inter); i++)
		if (c->inter[i] && c->inter[i] >> 4 != 2)
			return false;
	return c->n <= CSI_PARAMS + 1 && c->n_inter <= 3 &&
	       (!c->prefix || (c->prefix >= '<' && c->prefix <= '?'));
}
