#ifndef TUI_VERB_H
#define TUI_VERB_H
/* Verbs of the command line. One list, verbs.def, yields dispatch, usage and help. A verb parses
 * its own words with opts, talks to the server through ctx, prints data on stdout and words on
 * stderr. */
#include "sessions/client/client.h"
#include <stdio.h>

enum {
	EXIT_OK = 0,
	EXIT_FAIL = 1,
	EXIT_USAGE = 2,
	EXIT_NO_SESSION = 3,
	EXIT_NO_SERVER = 4,
	EXIT_TIMEOUT = 5
};
struct verb_ctx {
	const char *verb;
	bool json, quiet, color; /* --json -q --color */
	bool ascii, plain;	 /* --ascii --plain */
	const char *color_when;	 /* --color's word, NULL none */
	const char *host;	 /* --host, or what stands before a session: box:api; NULL here */
	bool here;		 /* --host here: of all machines only this one */
	bool help, version;
};
struct verb {
	const char *name, *args, *help;
	int (*run)(struct verb_ctx *ctx, int argc, char **argv); /* argv[0] = verb */
	const char *group;
};
extern const struct verb verbs[];
extern const size_t n_verbs;
/* What verb_text.def says of the verbs, in its order; ended by verb = NULL. */
struct verb_text {
	const char *verb;
	enum { VERB_TEXT, VERB_OPTION, VERB_EXAMPLE } kind;
	const char *what; /* of an option how it is written, of an example the command; else NULL */
	const char *text;
};
extern const struct verb_text verb_texts[];

/* Options: a table of what a verb takes; short or long, with values, in any order; "--" ends.
 * Prints the one-line error itself and returns -1 (then return EXIT_USAGE). */
struct opt {
	char s;	       /* 0 none */
	const char *l; /* NULL ends the table */
	bool value;
	void (*set)(void *ctx, const char *value); /* or: */
	const char **str;			   /* last value */
	bool *flag;
};
int opts_parse(struct verb_ctx *ctx, const struct opt *o, void *octx, int argc, char **argv,
	int *first_word); /* argv is permuted: words from *first_word on */

/* "muster: <verb>: <what>" on stderr; returns code. */
int verb_fail(const struct verb_ctx *ctx, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* client_connect + client_call; prints the error. NULL: *code is the exit code. */
json_t *verb_call(const struct verb_ctx *ctx, const char *verb, json_t *take_args, int *code);
struct call_as {       /* {0}: as verb_call does it */
	bool no_start; /* a server */
	double timeout_s;
	void (*part)(void *ctx, json_t *j); /* of an answer that comes in parts */
	void *ctx;
};
json_t *verb_call_as(const struct verb_ctx *ctx, const struct call_as *as, const char *verb,
	json_t *take_args, int *code);
/* For a terminal: all strings in a reply as sanitize leaves them. Nothing with --json: data stays
 * data. verb_call does it. */
void json_clean(const struct verb_ctx *ctx, json_t *reply);
/* Prints compact JSON and a newline; takes the reference. */
void print_json(json_t *take);
/* 612M, 1.3G; 2d 4h, 19h, 4m, 12s. buf >= 32 bytes. */
const char *fmt_bytes(char *buf, double bytes);
const char *fmt_ago(char *buf, double seconds);

/* Global options: those before the verb (index of the first other word; -1 after a usage error),
 * and those among a verb's own, which opts_parse takes by itself. */
int cli_globals(struct verb_ctx *ctx, int argc, char **argv);
const struct verb *verb_find(const char *name);			/* NULL */
int verb_unknown(const struct verb_ctx *ctx, const char *word); /* says which one was meant */
/* Exit code; 1 also when what it printed could not be written. */
int verb_run(struct verb_ctx *ctx, const struct verb *v, int argc, char **argv);
/* All that is known of a verb, on stdout. */
void verb_manual(const struct verb *v);

#define X(name, args, help, fn, group) int fn(struct verb_ctx *ctx, int argc, char **argv);
#include "tui/verb/verbs.def"
#undef X
/* Main screens. */
int dashboard_run(const struct verb_ctx *ctx);
/* Until detached; the session may be changed meanwhile. Exit code. */
int attach_run(const struct verb_ctx *ctx, const char *id);
#endif
