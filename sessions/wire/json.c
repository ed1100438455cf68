#include "sessions/wire/json.h"
#include "core/text/width.h"
#include <stdlib.h>
#include <string.h>

const char *
obj_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s && *s ? s : NULL;
}

const char *
obj_str(const json_t *o, const char *key)
{
	const char *s = obj_text(o, key);

	return s ? s : "";
}

json_int_t
obj_int(const json_t *o, const char *key, json_int_t otherwise)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

double
obj_num(const json_t *o, const char *key, double otherwise)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : otherwise;
}

bool
obj_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

void
obj_copy_text(const json_t *o, const char *key, char *out, size_t cap)
{
	const char *v = json_string_value(json_object_get(o, key));
	size_t n = v ? MIN(strlen(v), cap - 1) : 0;

	if (!v)
		return;
	memcpy(out, v, n);
	out[n] = 0;
}

void
obj_put_text(json_t *o, const char *key, const char *s)
{
	size_t n = strlen(s);
	json_t *j = json_string(s);

	if (!j) {
		char *clean = xmalloc(n + 1);
		sanitize(clean, n + 1, s, n);
		j = json_string(clean);
		free(clean);
	}
	json_object_set_new(o, key, j);
}

void
obj_put_int(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

void
obj_put_real(json_t *o, const char *key, double v)
{
	json_object_set_new(o, key, json_real(v));
}

json_t *
words_json(char *const *v, int n)
{
	json_t *a = json_array();

	for (int i = 0; n < 0 ? v && v[i] != NULL : i < n; i++) {
		json_t *s = json_string(v[i]);
		json_array_append_new(a, s ? s : json_string("?"));
	}
	return a;
}

char **
json_words(const json_t *a)
{
	size_t n = json_array_size(a), bytes = (n + 1) * sizeof(char *), i;
	char **v, *to;
	json_t *w;

	json_array_foreach (a, i, w) {
		if (!json_is_string(w) || strlen(json_string_value(w)) != json_string_length(w))
			return NULL;
		bytes += json_string_length(w) + 1;
	}
	v = xcalloc(1, bytes);
	to = (char *)(v + n + 1);
	json_array_foreach (a, i, w) {
		v[i] = to;
		to = stpcpy(to, json_string_value(w)) + 1;
	}
	return v;
}

char *
json_text(json_t *take)
{
	char *s = json_dumps(take, JSON_COMPACT);

	json_decref(take);
	return s ? s : xstrdup("null");
}
