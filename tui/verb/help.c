/* What the list of verbs says of itself, and the version. */
#include "tui/verb/verb.h"
#include <string.h>

static const char *const groups[] = {"sessions", "memory", "muster", "developers"};

void
verb_usage(FILE *out, const struct verb *v)
{
	fprintf(out, "usage: muster %s%s%s\n", v->name, *v->args ? " " : "", v->args);
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
	       "Everywhere: --json  -q  --color auto|always|never  --help  --version\n"
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
	verb_usage(stdout, v);
	printf("  %s\n", v->help);
	return EXIT_OK;
}
