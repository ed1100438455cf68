#include "sessions/verb/verb.h"
#include <string.h>

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
each_session(struct request *r, session_fn fn)
{
	json_t *ids = request_ids(r), *id, *results;
	struct err e;
	size_t i;

	if (!ids) {
		err_set(&e, 2, "which session? (give an id or a name)");
		request_fail(r, &e);
		return NULL;
	}
	results = json_array();
	json_array_foreach (ids, i, id) {
		const char *word = json_is_string(id) ? json_string_value(id) : "";
		struct session *s = sessions_find(request_sessions(r), word, &e);
		char sid[12], name[64];
		int rc = -1;

		if (s) { /* it may be gone afterwards */
			memcpy(sid, s->id, sizeof(sid));
			memcpy(name, s->name, sizeof(name));
			rc = fn(r, s, &e);
		}
		json_t *o = result_json(s ? sid : word, s ? name : word, rc < 0 ? e.msg : NULL);
		if (rc < 0)
			json_object_set_new(o, "code", json_integer(e.code));
		json_array_append_new(results, o);
	}
	json_decref(ids);
	return results;
}

json_t *
result_json(const char *id, const char *name, const char *error)
{
	json_t *o = json_pack("{s:s,s:s,s:b}", "id", id, "name", name, "ok", error == NULL);

	if (error)
		json_object_set_new(o, "error", json_string(error));
	return o;
}
