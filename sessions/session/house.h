#ifndef SESSIONS_HOUSE_H
#define SESSIONS_HOUSE_H
/* Where sessions live: the services that they use, the set that they are in, and who observes them.
 * The services and the observers are the server's and outlive the set. One thread: the loop's. */
#include "sessions/config/config.h"
#include "sessions/session/session.h"
#include <jansson.h>
#include <uv.h>

struct arena;
struct sections;
struct pty_hub;
struct shelf;
struct memdir;
struct census;
struct sampler;
struct store_worker;
struct aside;

enum screen_news {     /* of a session's screen */
	SCREEN_OUTPUT, /* it may have changed */
	SCREEN_MODES,
	SCREEN_RESIZED,
	SCREEN_TITLE,
	SCREEN_BELL,
	SCREEN_NOTIFY,	  /* text, and text2 as its title; both sanitised */
	SCREEN_CLIPBOARD, /* text */
};
struct screen_note {
	const char *text, *text2;
	size_t len;
};
/* Session code includes nobody above it: who wants to know what happens to sessions is here. */
struct session_ops {
	/* words to execute with a settings file of ours added, one free(); NULL: as they are */
	char **(*argv)(void *ctx, struct session *s, char *const *argv);
	void (*started)(void *ctx, struct session *s); /* the child lives */
	void (*over)(void *ctx, struct session *s);    /* its run is about to be freed */
	void (*state)(void *ctx, struct session *s, enum session_state was);
	void (*activity)(void *ctx, struct session *s);	 /* the verdict changed */
	void (*evaluated)(void *ctx, struct session *s); /* it was looked at again */
	void (*changed)(void *ctx, struct session *s);	 /* lists are to be told soon */
	void (*unsettled)(void *ctx, struct session *s); /* screen_settle is due soon */
	void (*screen)(
		void *ctx, struct session *s, enum screen_news what, const struct screen_note *n);
	void (*event)(void *ctx, struct session *s, const char *event, double t, json_t *detail);
	void (*gone)(void *ctx, struct session *s); /* it is about to be deleted, with its text */
};

struct sessions {
	uv_loop_t *loop;
	struct config *config;
	struct profiles *profiles;
	struct sections *sections; /* runners */
	struct arena *arena;
	struct pty_hub *ptys;
	struct keeper_link *keeper;
	struct memdir *memdir; /* where arena, shelf and rings stand; NULL: in memfds */
	struct shelf *shelf;   /* what ended sessions need again */
	struct store_worker *store;
	struct aside *aside; /* for files of others: configuration, transcripts */
	struct aside *git;   /* what waits for git */
	struct sampler *sampler;
	struct census *census; /* with the sampler */
	const struct session_ops *ops;
	void *ctx;		   /* of ops */
	struct session *first;	   /* by number, oldest first */
	struct session *newest;	   /* the last of them; NULL none */
	struct session *last_used; /* what "-" means */
	uint32_t next_num;
	uint32_t turn, turns; /* whose turn it is to be asked of the kernel: num % turns == turn */
	bool untidy; /* sessions parked or went: give back what they held when it comes to rest */
	struct {
		uint32_t fg, bg; /* 0xrrggbb */
		bool known;
	} colors; /* of the terminal that was looked at last */
	char host[64];
	uint64_t upkeep_ns;	 /* when it is next looked whether old text is to go */
	uint64_t texts_came;	 /* how often text that a PageList awaited has come from files */
	char store_banner[160];	 /* the store writes it: what of the disk is degraded */
	char text_banner[160];	 /* the recorder writes it: the same of the text files */
	char keeper_banner[160]; /* there is no keeper */
	char banner[160];	 /* what else is */
};
#endif
