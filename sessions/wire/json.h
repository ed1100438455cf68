#ifndef SESSIONS_JSON_H
#define SESSIONS_JSON_H
/* Members of JSON objects, read and written with one look each; o may be NULL or no object. */
#include "core/base/base.h"
#include <jansson.h>

/* Borrowed; NULL when it is absent, no string, or "". */
const char *obj_text(const json_t *o, const char *key);
const char *obj_str(const json_t *o, const char *key); /* the same, and "" then */
json_int_t obj_int(const json_t *o, const char *key, json_int_t otherwise);
double obj_num(const json_t *o, const char *key, double otherwise);
bool obj_true(const json_t *o, const char *key);
/* Copies what fits; out stays as it is when there is none. */
void obj_copy_text(const json_t *o, const char *key, char *out, size_t cap);

/* Strings from outside may be anything: what JSON cannot hold is cleaned. */
void obj_put_text(json_t *o, const char *key, const char *s);
void obj_put_int(json_t *o, const char *key, uint64_t v);
void obj_put_real(json_t *o, const char *key, double v);

/* n strings, or up to a NULL when n < 0; what is no UTF-8 is "?". New reference. */
json_t *words_json(char *const *v, int n);
/* An array of strings as a NULL-terminated vector in one block, one free(). NULL when one is no
 * string or has a NUL in it. */
char **json_words(const json_t *a);
char *json_text(json_t *take); /* compact, malloc'ed; takes the value */
#endif
