/* What developers ask of a server: see server.h. A panic prints the same objects. */
#include "core/page/page.h"
#include "sessions/pty/shelf.h"
#include "sessions/server/server_priv.h"
#include <inttypes.h>

void
server_check(struct server *sv)
{
	sessions_check(&sv->sessions);
	arena_check(sv->sessions.arena);
	shelf_check(sv->sessions.shelf);
}

void
server_dump(struct server *sv, FILE *out)
{
	const struct sessions *ss = &sv->sessions;

	fprintf(out, "server: %u clients, tick %" PRIu64 "%s%s, banner \"%s\"\n", sv->peers->n,
		sv->ticks, sv->settling ? ", settling" : "", sv->stopping ? ", stopping" : "",
		server_banner(sv));
	sessions_dump(ss, out);
	if (ss->arena)
		arena_dump(ss->arena, out);
}

static void
on_handle(uv_handle_t *h, void *ctx)
{
	fprintf(ctx, "%-8s%s%s%s\n", uv_handle_type_name(h->type), uv_is_active(h) ? " active" : "",
		uv_has_ref(h) ? "" : " unref", uv_is_closing(h) ? " closing" : "");
}

void
server_handles(struct server *sv, FILE *out)
{
	uv_walk(&sv->loop, on_handle, out);
}
