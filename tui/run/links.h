#ifndef TUI_LINKS_H
#define TUI_LINKS_H
/* Sessions of other machines in the dashboard: one connection a machine, kept and made again by the
 * client. The application knows their sessions by ids and names of its own, @01:0ab4f027 and box:api, and
 * their views by numbers of its own; here both become the machine's. While one is away its rows stay as
 * they were, and say so. */
#include "sessions/client/client.h"

struct links;
struct links_ops { /* as client_ops; ids, names and views are the application's */
	void (*event)(void *ctx, json_t *ev);
	void (*frame)(void *ctx, uint32_t view, const void *p, size_t n);
	void (*view_event)(void *ctx, uint32_t view, json_t *ev);
	/* A machine went (views: its ones are gone) or is back; words are for people. */
	void (*link)(
		void *ctx, uint32_t first_view, uint32_t last_view, bool up, const char *words);
	void *ctx;
};
/* To all [host.NAME]. here: this machine's client, for requests about sessions of several. */
struct links *links_new(uv_loop_t *loop, struct client *here, const struct links_ops *ops);
const char *links_machine(const struct links *l, size_t i); /* its name; NULL past the end */
void links_close(struct links *l); /* NULL ok; freed when the loop has closed its handles */
/* All rows once more: the application has only this machine's. */
void links_tell(struct links *l);
/* Takes args that are about another machine ("host") or its sessions, or about those of several or all, and answers them
 * as client_stream does (*request: its number, for links_cancel, 0 it has ended); false: they are for
 * `here`. part NULL ok. */
bool links_request(struct links *l, const char *verb, json_t *take_args,
	void (*part)(void *ctx, json_t *j), client_reply_cb cb, void *ctx, uint32_t *request);
bool links_cancel(struct links *l, uint32_t request); /* false: it is one of `here` */
/* The client that an id or view of the application's belongs to; *id, *num are its own then.
 * NULL: it is this machine's; or, with *link, of one that is away. */
struct client *links_of_id(struct links *l, const char **id, uint32_t *link);
struct client *links_of_num(struct links *l, uint32_t *num);
uint32_t links_num(uint32_t link, uint32_t num);
#endif
