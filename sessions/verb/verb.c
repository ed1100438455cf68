#include "sessions/verb/verb.h"

json_t *
request_ids(struct request *r)
{
	json_t *args = request_args(r), *ids = json_object_get(args, "ids");

	if (json_is_array(ids))
		return json_array_size(ids) ? json_incref(ids) : NULL;
	ids = json_object_get(args, "id");
	return json_is_string(ids) ? json_pack("[O]", ids) : NULL;
}

json_t *
result_json(const char *id, const char *name, const char *error)
{
	json_t *o = json_pack("{s:s,s:s,s:b}", "id", id, "name", name, "ok", error == NULL);

	if (error)
		json_object_set_new(o, "error", json_string(error));
	return o;
}
