#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
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

/* What cannot be undone is not done on the beginning of a name: it may be another's. */
static bool
only_begins(const struct session *s, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(s->name, word, n) && s->name[n] && strncmp(s->id, word, n) != 0;
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
		bool begins = s && obj_true(request_args(r), "whole") && only_begins(s, word);
		int rc = -1;

		if (s) { /* it may be gone afterwards */
			memcpy(sid, s->id, sizeof(sid));
			memcpy(name, s->name, sizeof(name));
			rc = begins ? err_set(&e, 3,
					      "%.63s is only the beginning of %s: give the whole "
					      "name",
					      word, name)
				    : fn(r, s, &e);
		}
		json_t *o = result_json(s ? sid : word, s ? name : word, rc < 0 ? e.msg : NULL);
		if (rc < 0)
			json_object_set_new(o, "code", json_integer(e.code));
		if (begins)
			json_object_set_new(o, "beginning", json_true());
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

bool
request_all_known(struct request *r, const json_t *ids)
{
	struct err e = {0};
	json_t *v;
	size_t i;

	json_array_foreach (ids, i, v) {
		const char *id = json_string_value(v);

		if (!sessions_find(request_sessions(r), id ? id : "", &e)) {
			request_fail(r, &e);
			return false;
		}
	}
	return true;
}
