/* Everything that --json prints is as share/schema says. Real outputs of a muster with sessions in several
 * states go through a validator of the words of JSON Schema that those files use; another word is an
 * error. Beyond the standard: a member that a schema does not name is one, too, so that the schemas
 * cannot fall behind the program. */
#include "tests/sessions/run_muster.h"
#include <dirent.h>

static json_t *defs;
static char trouble[600]; /* the first thing that is wrong; "" nothing */

static void PRINTF_LIKE(2, 3) wrong(const char *where, const char *fmt, ...)
{
	size_t n = (size_t)snprintf(trouble, sizeof trouble, "%s: ", *where ? where : "all of it");
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(trouble + n, sizeof trouble - n, fmt, ap);
	va_end(ap);
}

static json_t *
schema_file(const char *name)
{
	char path[600];
	json_error_t e;
	json_t *s;

	snprintf(path, sizeof path, "%s/share/schema/%s.json", getenv("MUSTER_SRC"), name);
	if (!(s = json_load_file(path, JSON_REJECT_DUPLICATES, &e)))
		fail_msg("%s:%d: %s", path, e.line, e.text);
	return s;
}

static void check(json_t *schema, json_t *v, const char *where);

static void
check_type(json_t *want, json_t *v, const char *where)
{
	static const char *const names[] = {[JSON_OBJECT] = "object",
		[JSON_ARRAY] = "array",
		[JSON_STRING] = "string",
		[JSON_INTEGER] = "integer",
		[JSON_REAL] = "number",
		[JSON_TRUE] = "boolean",
		[JSON_FALSE] = "boolean",
		[JSON_NULL] = "null"};
	const char *is = names[json_typeof(v)], *word = json_string_value(want);

	if (strcmp(word, is) != 0 && !(json_is_number(v) && !strcmp(word, "number")))
		wrong(where, "a %s, not a %s", is, word);
}

static void
check_enum(json_t *words, json_t *v, const char *where)
{
	json_t *w;
	size_t i;

	json_array_foreach (words, i, w)
		if (json_equal(w, v))
			return;
	wrong(where, "not one of the enum: %s", json_string_value(v));
}

static void
check_members(json_t *schema, json_t *v, const char *where)
{
	json_t *known = json_object_get(schema, "properties"), *m,
	       *more = json_object_get(schema, "additionalProperties");
	const char *key;
	char at[300];

	json_object_foreach (v, key, m) {
		json_t *s = json_object_get(known, key);

		snprintf(at, sizeof at, "%.220s.%.50s", where, key);
		if (s || json_is_object(more))
			check(s ? s : more, m, at);
		else if (!json_is_true(more))
			wrong(at, "not in the schema");
	}
}

static void
check_required(json_t *words, json_t *v, const char *where)
{
	json_t *w;
	size_t i;

	json_array_foreach (words, i, w)
		if (!json_object_get(v, json_string_value(w)))
			wrong(where, "no %s", json_string_value(w));
}

static void
check_items(json_t *schema, json_t *v, const char *where)
{
	json_t *one;
	char at[300];
	size_t i;

	json_array_foreach (v, i, one) {
		snprintf(at, sizeof at, "%.250s[%zu]", where, i);
		check(schema, one, at);
	}
}

/* Keywords; those without a function say nothing about values. */
static const struct word {
	const char *name;
	void (*check)(json_t *arg, json_t *v, const char *where);
} words[] = {{"type", check_type}, {"enum", check_enum}, {"required", check_required},
	{"items", check_items}, {"properties", NULL}, {"additionalProperties", NULL},
	{"minimum", NULL}, {"const", NULL}, {"description", NULL}, {"title", NULL},
	{"$schema", NULL}, {"$defs", NULL}};

static void
check(json_t *schema, json_t *v, const char *where)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref")), *key;
	json_t *arg, *least = json_object_get(schema, "minimum"),
		     *same = json_object_get(schema, "const");

	if (ref) {
		json_t *s = strncmp(ref, "defs.json#/$defs/", 17)
				    ? NULL
				    : json_object_get(json_object_get(defs, "$defs"), ref + 17);

		if (s)
			check(s, v, where);
		else
			wrong(where, "no schema %s", ref);
		return;
	}
	json_object_foreach (schema, key, arg) {
		size_t i = 0;

		while (i < ARRAY_LEN(words) && strcmp(words[i].name, key) != 0)
			i++;
		if (i == ARRAY_LEN(words))
			wrong(where, "the schema's word %s is not known here", key);
		else if (words[i].check)
			words[i].check(arg, v, where);
	}
	if (least && json_number_value(v) < json_number_value(least))
		wrong(where, "%g is less than the minimum", json_number_value(v));
	if (same && !json_equal(same, v))
		wrong(where, "not the constant");
	if (json_is_object(v))
		check_members(schema, v, where);
}

/* Each line of what the last command printed. */
static void
assert_schema(const char *name)
{
	json_t *schema = schema_file(name), *v;
	int lines = 0;

	for (char *line = strtok(out_text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
		if (!(v = json_loads(line, JSON_REJECT_DUPLICATES, NULL)))
			fail_msg("%s: no JSON: %.200s", name, line);
		trouble[0] = 0;
		check(schema, v, "");
		if (trouble[0])
			fail_msg("%s: %s in %.2000s", name, trouble, line);
		json_decref(v);
	}
	if (!lines)
		fail_msg("%s: nothing was printed", name);
	json_decref(schema);
}

static bool
is_measured(void *ctx)
{
	(void)ctx;
	return muster("ls --json") == 0 && strstr(out_text, "\"spark\"") != NULL;
}

static const struct {
	const char *command, *schema;
} outputs[] = {
	{"ls -a --json", "ls"},
	{"top --json", "ls"},
	{"peek a --json", "peek"},
	{"send a 'echo needle' --json", "send"},
	{"wait a --for idle --timeout 60 --json", "wait"},
	{"rename b c --json", "results"},
	{"tag a t --json", "results"},
	{"note a hello --json", "results"},
	{"pin a --json", "results"},
	{"kill c --json", "results"},
	{"resume c --json", "results"},
	{"hibernate c --force --json", "results"},
	{"forget gone --json", "results"},
	{"kill nobody --json", "results"},
	{"reap --dry-run --json", "reap"},
	{"explain a --json", "explain"},
	{"history --json", "history-all"},
	{"history a --json", "history"},
	{"history --ages --json", "history-ages"},
	{"history a --categories --json", "history-composition"},
	{"footprint a --json", "footprint"},
	{"footprint $$ --json", "footprint"},
	{"footprint a d --json", "footprint-pair"},
	{"footprint --outside --json", "footprint-outside"},
	{"footprint --outside --stop --yes --json", "footprint-outside-stop"},
	{"search needle --json", "search"},
	{"events --json", "event"},
	{"events --since 1h --follow --json </dev/null | head -n 1", "event"},
	{"import --dry-run --json", "import"},
	{"export a --json", "export"},
	{"doctor --json", "doctor"},
	{"server status --json", "server-status"},
	{"config path --json", "config-path"},
	{"config check --json", "config-check"},
	{"version --json", "version"},
	{"host list --json", "host"},
	{"host check --json", "host"},
	{"ls --json", "ls"},
	{"skill --json", "skill"},
	{"debug check --json", "debug"},
	{"debug handles --json", "debug"},
	{"replay --json --cells \"$MUSTER_HOME/bytes\"", "replay"},
	{"up \"$MUSTER_HOME/fleet.ini\" --json", "up"},
	{"down --kill \"$MUSTER_HOME/fleet.ini\" --json", "results"},
	{"new -d --json -- cat", "new"},
};

static void
test_outputs(void **state)
{
	FILE *f = fopen(in_home("bytes"), "w");

	(void)state;
	assert_non_null(f);
	fputs("\033[1;31mred\033[0m \033[4mtext\033[0m\033]0;title\007\r\nnext", f);
	fclose(f);
	f = fopen(in_home("fleet.ini"), "w");
	assert_non_null(f);
	fputs("[fleet-one]\ncommand = cat\n", f);
	fclose(f);
	f = fopen(in_home("config.ini"), "w");
	assert_non_null(f);
	fputs("[host.off]\nssh = false now\n", f);
	fclose(f);
	assert_int_equal(muster("new -d -n a -t x -- sh"), 0);
	assert_int_equal(muster("new -d -n b -- cat"), 0);
	assert_int_equal(muster("new -d -n d --mem-max 1G -- cat"), 0);
	assert_int_equal(muster("new -d -n gone -- true"), 0);
	assert_int_equal(muster("wait gone --for exit"), 0);
	assert_true(until(is_measured, NULL, 60));
	for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
		muster("%s", outputs[i].command);
		assert_schema(outputs[i].schema);
	}
}

/* Each file has an output above that it is read for. */
static void
test_all_read(void **state)
{
	char path[600], name[64];
	struct dirent *d;
	DIR *dir;

	(void)state;
	snprintf(path, sizeof path, "%s/share/schema", getenv("MUSTER_SRC"));
	assert_non_null(dir = opendir(path));
	while ((d = readdir(dir))) {
		size_t i = 0;

		snprintf(name, sizeof name, "%.*s", (int)strcspn(d->d_name, "."), d->d_name);
		if (!*name || !strcmp(name, "defs"))
			continue;
		while (i < ARRAY_LEN(outputs) && strcmp(outputs[i].schema, name) != 0)
			i++;
		if (i == ARRAY_LEN(outputs))
			fail_msg("nothing is checked against %s", d->d_name);
	}
	closedir(dir);
}

/* The validator finds what is wrong. */
static void
test_validator(void **state)
{
	static const struct {
		const char *schema, *value, *trouble;
	} cases[] = {
		{"{\"type\":\"string\"}", "1", "a integer, not a string"},
		{"{\"type\":\"number\"}", "1", ""},
		{"{\"type\":\"integer\"}", "1.5", "a number, not a integer"},
		{"{\"type\":\"integer\",\"minimum\":0}", "-1", "less than the minimum"},
		{"{\"enum\":[\"a\"]}", "\"b\"", "not one of the enum: b"},
		{"{\"const\":1}", "2", "not the constant"},
		{"{\"required\":[\"a\"],\"properties\":{\"a\":{}}}", "{}", "no a"},
		{"{\"properties\":{}}", "{\"a\":1}", ".a: not in the schema"},
		{"{\"additionalProperties\":{\"type\":\"boolean\"}}", "{\"a\":1}", ".a: a integer"},
		{"{\"items\":{\"type\":\"string\"}}", "[\"a\",true]", "[1]: a boolean"},
		{"{\"$ref\":\"defs.json#/$defs/nothing\"}", "1", "no schema"},
		{"{\"maximum\":1}", "2", "maximum is not known here"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *schema = json_loads(cases[i].schema, 0, NULL),
		       *v = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);

		trouble[0] = 0;
		check(schema, v, "");
		if (!strstr(trouble, cases[i].trouble) || (!*cases[i].trouble && *trouble))
			fail_msg("%s of %s: %s", cases[i].value, cases[i].schema, trouble);
		json_decref(schema);
		json_decref(v);
	}
}

static int
begin(void **state)
{
	(void)state;
	defs = schema_file("defs");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	json_decref(defs);
	muster("server stop --kill-sessions");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_validator),
		cmocka_unit_test(test_all_read),
		cmocka_unit_test(test_outputs),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
