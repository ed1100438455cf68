#include "sessions/closing/care.h"
#include <stdlib.h>

struct care *
care_of(struct session *s)
{
	CHECK(s->run);
	if (!s->run->care)
		s->run->care = xcalloc(1, sizeof(struct care));
	return s->run->care;
}

const struct care *
care_seen(const struct session *s)
{
	return s->run ? s->run->care : NULL;
}

void
care_free(struct session *s)
{
	struct care *c = s->run->care;

	CHECK(!c || (!c->sends && !c->waking));
	s->run->care = NULL;
	free(c);
}
