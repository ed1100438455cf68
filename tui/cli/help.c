/* What the list of verbs says of itself, and the version. */
#include "tui/cli/verb.h"
#include <string.h>

enum { HELP_COLS = 100 };

#define TEXT(verb, text) {verb, VERB_TEXT, NULL, text},
#define OPTION(verb, what, text) {verb, VERB_OPTION, what, text},
#define EXAMPLE(verb, what, text) {verb, VERB_EXAMPLE, what, text},
const struct verb_text verb_texts[] = {
#include "tui/verb/verb_text.def"
	{0}};

static const char *const groups[] = {"sessions", "memory", "muster", "developers"};

/* Prose in lines of at most HELP_COLS bytes, each after `indent`; the first line is begun. */
static void
print_wrapped(const char *text, const char *indent)
{
	size_t room = HELP_COLS - strlen(indent), n, cut;

	for (; *text; text += cut + (text[cut] == ' ')) {
		n = strlen(text);
		for (cut = MIN(n, room); cut < n && cut && text[cut] != ' '; cut--)
			;
		if (!cut)
			cut = strcspn(text, " ");
		printf("%.*s\n", (int)cut, text);
		if (text[cut])
			fputs(indent, stdout);
	}
}

/* The texts of one kind; a heading before the first. */
static void
print_texts(const struct verb *v, int kind, const char *heading)
{
	bool begun = false;

	for (const struct verb_text *t = verb_texts; t->verb; t++) {
		if ((int)t->kind != kind || strcmp(t->verb, v->name))
			continue;
		if (!begun && kind != VERB_TEXT)
			printf("\n%s\n", heading);
		begun = true;
		if (kind == VERB_TEXT) {
			printf("\n");
			print_wrapped(t->text, "");
		} else if (kind == VERB_OPTION) {
			printf("  %-18s  ", t->what);
			if (strlen(t->what) > 18)
				printf("\n%22s", "");
			print_wrapped(t->text, "                      ");
		} else {
			printf("  %s%s%s\n", t->what, *t->text ? "    # " : "", t->text);
		}
	}
}

void
verb_manual(const struct verb *v)
{
	printf("usage: muster %s%s%s\n", v->name, *v->args ? " " : "", v->args);
	print_texts(v, VERB_TEXT, "");
	print_texts(v, VERB_OPTION, "Options");
	print_texts(v, VERB_EXAMPLE, "Examples");
}

int
verb_version(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct opt none[] = {{0}};
	int w;

	if (opts_parse(ctx, none, NULL, argc, argv, &w) < 0)
		return EXIT_USAGE;
	if (ctx->json)
		print_json(json_pack("{s:i,s:s}", "v", 1, "version", MUSTER_VERSION));
	else
		printf("muster %s\n", MUSTER_VERSION);
	return EXIT_OK;
}

static void
help_all(void)
{
	printf("muster keeps AI coding sessions alive, shows which one needs you, and what memory "
	       "each costs.\n\n"
	       "  muster                 the dashboard\n");
	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		printf("\n%s\n", groups[g]);
		for (size_t i = 0; i < n_verbs; i++)
			if (!strcmp(verbs[i].group, groups[g]))
				printf("  %-10s %s\n", verbs[i].name, verbs[i].help);
	}
	printf("\nID: a name, a number, the beginning of an id or a name, or - for the last used.\n"
	       "Everywhere: --json  -q  --color auto|always|never  --host NAME  --help  --version\n"
	       "Exit codes: 0 ok, 1 failed, 2 usage, 3 no such session, 4 no server, 5 timeout.\n");
}

int
verb_help(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct opt none[] = {{0}};
	const struct verb *v;
	int w;

	if (opts_parse(ctx, none, NULL, argc, argv, &w) < 0)
		return EXIT_USAGE;
	if (w >= argc) {
		help_all();
		return EXIT_OK;
	}
	v = verb_find(argv[w]);
	if (!v)
		return verb_unknown(ctx, argv[w]);
	verb_manual(v);
	return EXIT_OK;
}

/* How an agent drives sessions, and what it must not: share/skill. */
int
verb_skill(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct {
		const char *file, *text;
	} skill[] = {
#include "skill.inc"
	};
	static const struct opt none[] = {{0}};
	int w;

	if (opts_parse(ctx, none, NULL, argc, argv, &w) < 0)
		return EXIT_USAGE;
	if (w < argc)
		return verb_fail(ctx, EXIT_USAGE, "takes no arguments");
	if (ctx->json)
		print_json(json_pack(
			"{s:i,s:s,s:s}", "v", 1, "name", skill[0].file, "text", skill[0].text));
	else
		fputs(skill[0].text, stdout);
	return EXIT_OK;
}
