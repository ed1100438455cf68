/* debug: the server examines itself. */
#include "tui/cli/verb.h"
#include <string.h>

int
verb_debug(struct verb_ctx *ctx, int argc, char **argv)
{
	int first, code;
	json_t *reply, *line;
	size_t i;

	if (opts_parse(ctx, (const struct opt[]){{0}}, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (argc - first != 1)
		return verb_fail(ctx, EXIT_USAGE, "check, dump or handles?");
	if (!(reply = verb_call(ctx, "debug", json_pack("{s:s}", "what", argv[first]), &code)))
		return code;
	if (ctx->json)
		print_json(json_incref(reply));
	else
		json_array_foreach (json_object_get(reply, "lines"), i, line)
			printf("%s\n", json_string_value(line));
	json_decref(reply);
	return EXIT_OK;
}
