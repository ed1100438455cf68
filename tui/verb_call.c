#include "tui/verb.h"

json_t *
verb_call(const struct verb_ctx *ctx, const char *verb, json_t *take_args, int *code)
{
	struct err e = {0};
	struct client *c = client_connect(ctx->host, true, &e);
	json_t *reply = NULL;

	if (c)
		reply = client_call(c, verb, take_args, NULL, NULL, 0, &e);
	else
		json_decref(take_args);
	if (!reply)
		*code = verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	client_free(c);
	return reply;
}
