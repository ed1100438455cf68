#include "sessions/serve.h"
#include "core/base/base.h"
#include "sessions/server/server.h"
#include "sessions/verb/verb.h"

static const struct command commands[] = {
#define X(verb, handler) {verb, handler},
#include "sessions/verb/commands.def"
#undef X
};

int
serve(void)
{
	return server_run(commands, ARRAY_LEN(commands));
}
