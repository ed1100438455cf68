/* config path|check|default */
#include "sessions/config/config.h"
#include "sessions/agent/profile.h"
#include "tui/draw/theme_file.h"
#include "tui/cli/verb.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
config_path(struct verb_ctx *ctx)
{
	struct paths p;
	struct err e;

	if (paths_init(&p, &e) < 0)
		return verb_fail(ctx, EXIT_FAIL, "%s", e.msg);
	if (ctx->json)
		print_json(json_pack("{s:i,s:s,s:s,s:s}", "v", 1, "config", p.config, "state",
			p.state, "runtime", p.runtime));
	else
		printf("%s\n", p.config);
	return EXIT_OK;
}

static int
config_check(struct verb_ctx *ctx)
{
	struct profiles *ps;
	struct paths p;
	struct config c;
	struct theme_look looks[R_COUNT];
	struct input_event prefix;
	struct err e;

	if (paths_init(&p, &e) < 0 || config_load(&c, p.config, &e) < 0 ||
		theme_read(c.theme, looks, &e) < 0 || !(ps = profiles_load(p.config, &e)))
		return verb_fail(ctx, EXIT_FAIL, "%s", e.msg);
	profiles_free(ps);
	if (!key_parse(c.prefix, &prefix))
		return verb_fail(ctx, EXIT_FAIL, "prefix: no key is called %s", c.prefix);
	if (ctx->json)
		print_json(json_pack("{s:i,s:s,s:b}", "v", 1, "config", p.config, "ok", 1));
	else if (!ctx->quiet)
		printf("%s: %s\n", p.config,
			access(p.config, F_OK) == 0 ? "valid" : "not there: all defaults");
	return EXIT_OK;
}

static int
config_default(struct verb_ctx *ctx)
{
	(void)ctx;
	config_print_default(stdout);
	return EXIT_OK;
}

int
verb_config(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*run)(struct verb_ctx *ctx);
	} words[] = {{"path", config_path}, {"check", config_check}, {"default", config_default}};
	const struct opt opts[] = {{0}};
	int first;

	if (opts_parse(ctx, opts, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	for (size_t i = 0; argc - first == 1 && i < ARRAY_LEN(words); i++)
		if (strcmp(argv[first], words[i].word) == 0)
			return words[i].run(ctx);
	return verb_fail(ctx, EXIT_USAGE, "takes path, check or default");
}
