#ifndef SESSIONS_FOOTPRINT_JSON_H
#define SESSIONS_FOOTPRINT_JSON_H
/* `footprint --json`: the same for a session (answered by the server) and for a pid (by the verb).
 */
#include "sessions/memory/census.h"
#include "sessions/memory/footprint.h"
#include <jansson.h>

json_t *footprint_json(const struct footprint_report *r); /* new reference */
/* "slabs" of it, with how they went. */
json_t *slabs_json(const struct census_slab *s, size_t n);
#endif
