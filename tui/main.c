#include "core/base/base.h"
#include "tui/cli/verb.h"
#include <jansson.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Global options may stand before the verb; verbs take them after it as well (cli.c). */
int
main(int argc, char **argv)
{
	struct verb_ctx ctx = {.verb = ""};
	const struct verb *v;
	int first;

	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	json_set_alloc_funcs(xmalloc, free); /* or an array would lack what there was no room for */
	first = cli_globals(&ctx, argc, argv);
	if (first < 0)
		return EXIT_USAGE;
	if (first == argc)
		return dashboard_run(&ctx);
	v = verb_find(argv[first]);
	if (!v)
		return verb_unknown(&ctx, argv[first]);
	ctx.verb = v->name;
	return verb_run(&ctx, v, argc - first, argv + first);
}
