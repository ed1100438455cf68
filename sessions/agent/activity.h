#ifndef SESSIONS_ACTIVITY_H
#define SESSIONS_ACTIVITY_H
/* What a session is doing, and who said so. First-hand signals before guesses: signals are kept in
 * ranked slots, each with value and time; the highest rank that is fresh decides. Pure: times are
 * passed in (monotonic ns), nothing is read from the system. */
#include "core/base/base.h"
#include "sessions/agent/profile.h"
#include "sessions/agent/prompt.h"

enum activity {
	ACT_UNKNOWN,
	ACT_WORKING,
	ACT_PERMISSION,
	ACT_QUESTION,
	ACT_IDLE,
	ACT_DONE,
	ACT_ERROR,
	ACT_LIMITED, /* at rest until its account's limit is over */
	ACT_COUNT
};
enum activity_source { /* rank: earlier wins while fresh */
	SRC_OSC7501,
	SRC_REGISTRY,
	SRC_HOOK,
	SRC_TITLE,
	SRC_SCREEN,
	SRC_OUTPUT,
	SRC_COUNT
};
const char *activity_name(enum activity a);
const char *activity_source_name(enum activity_source s);

struct activity_signal {
	enum activity value;
	uint64_t at_ns;	   /* 0: never seen */
	uint64_t since_ns; /* it has said this value */
	char detail[120];  /* sanitised: the message, rule or title that said so */
};
/* Keys of the inner program as they are typed, as far as needed to know whether its prompt holds
 * text that was not sent. */
struct draft {
	uint32_t chars; /* typed and not erased */
	bool lines;	/* more than one line: C-u no longer empties it */
	bool pasting;	/* inside a bracketed paste */
	uint8_t state, n;
	char seq[16]; /* parameters of the sequence being read */
};
/* Choices of a standing prompt, numbered from 1 on. */
#define OPTIONS_MAX 9
struct options {
	int n;
	char text[OPTIONS_MAX][80]; /* sanitised, without number and marker; cut if longer */
};
#define ACTIVITY_CHILDREN_MAX 256
struct activity_child { /* a sub-agent by 7501's id=a/b */
	uint64_t id_hash;
	bool working;
};
enum screen_rest {   /* a screen that looks like rest is believed */
	REST_UNTOLD, /* no: it says otherwise what it does */
	REST_QUIET,  /* while nothing is printed */
	REST_SHOWN,
};
struct activity_state {
	struct activity_signal sig[SRC_COUNT];
	enum activity now; /* the verdict */
	enum activity_source source;
	char detail[120];	/* what it wants: "approve Bash: …" */
	uint64_t now_since_ns;	/* when the verdict last changed, or was there again */
	uint64_t rest_since_ns; /* idle or done since; 0 not at rest */
	uint64_t last_output_ns, last_text_ns, last_input_ns, last_resize_ns;
	uint64_t draft_since_ns; /* typed since the last Enter; 0 = no draft */
	uint32_t output_bytes_10s;
	uint64_t last_enter_ns; /* when text was last sent */
	uint64_t last_stop_ns;	/* when Esc or Ctrl-C was last pressed */
	uint64_t begun_ns;	/* it last said, or showed, that it works or asks; 0 never */
	uint64_t ready_ns;	/* it takes input since; 0 not yet. Stays until it ends */
	char foreground[40];	/* what runs in front of a shell; "" the shell itself */
	uint64_t draft_last_ns; /* of the last key of it */
	struct draft draft;
	uint64_t prompt_hash;	/* of the choices on screen while it asks; 0 = none */
	uint64_t choices_hash;	/* of rows "1. …", "2. …", asked or not */
	struct options options; /* those rows */
	enum screen_rest screen_rest;
	bool title_holds;	  /* the title slot lasts until replaced (OSC 133, OSC 9;4) */
	bool progress;		  /* OSC 9;4 says that something runs */
	bool stopped_on_screen;	  /* the profile's rule for one that stopped itself matched */
	bool draft_on_screen;	  /* the profile's draft rule matched */
	char limit_text[120];	  /* the profile's rule for a limit matched; "" none */
	uint64_t limited_ns;	  /* its account is limited until then; 0 not */
	struct prompt prompt;	  /* as it was when the screen last settled */
	bool prompt_fits;	  /* the profile's rule found it once: unseen means hidden */
	uint64_t prompt_since_ns; /* an empty or bare one stands, while it is not ready; 0 none */
	char tool_on_screen[80];  /* the profile's rule for background work matched; "" none */
	uint64_t window_start_ns, window_bytes; /* of output_bytes_10s */
	struct activity_child *children;	/* owned; NULL until one reports */
	uint16_t n_children;
	uint32_t children_working; /* 7501 ids below the main one */
	bool title_screen_dirty;
};

void activity_init(struct activity_state *a, uint64_t now_ns);
void activity_deinit(struct activity_state *a); /* {0} is a valid state to deinit */
/* OSC 7501 payload ("state=working:…"); false if it was the query "?", which the VT answers. */
bool activity_osc7501(struct activity_state *a, const char *payload, size_t n, uint64_t now_ns);
void activity_title(
	struct activity_state *a, const struct profile *p, const char *title, uint64_t now_ns);
void activity_progress(struct activity_state *a, int state, uint64_t now_ns);
/* OSC 133. An AI CLI marks what was said with it, and no command: only its A counts. */
void activity_prompt_mark(
	struct activity_state *a, const struct profile *p, int mark, uint64_t now_ns);
/* Registry or hook of the CLI: status already mapped to an activity. */
void activity_report(struct activity_state *a, enum activity_source src, enum activity v,
	const char *detail, uint64_t now_ns);
/* Of programs that say nothing about themselves: what runs in the foreground of their terminal
 * beside themselves; "" nothing. Silence of such a one is no rest. */
void activity_foreground(struct activity_state *a, const char *name);
/* Bytes arrived; text_changed false for title-only output and repaints after a resize. */
void activity_output(struct activity_state *a, size_t n, bool text_changed, uint64_t now_ns);
/* The bytes that go into the child, a whole key or paste a call: draft bookkeeping. */
void activity_typed(struct activity_state *a, const void *p, size_t n, uint64_t now_ns);
/* The screen settled: rules of the profile over its text, and its prompt. */
void activity_screen(
	struct activity_state *a, const struct profile *p, const char *text, uint64_t now_ns);
void activity_prompt(struct activity_state *a, const struct profile *p, const struct grid *g);
/* Its verdict changes soon by time alone. */
bool activity_waits(const struct activity_state *a, uint64_t now_ns);
/* Recomputes the verdict; true if it changed. */
bool activity_evaluate(struct activity_state *a, const struct profile *p, uint64_t now_ns);
/* Seconds since it came to rest or was last touched (cli.md idle_s). */
double activity_idle_s(const struct activity_state *a, uint64_t now_ns);
bool activity_said(const struct activity_state *a);
bool activity_fresh(const struct activity_state *a, enum activity_source s, uint64_t now_ns);
static inline bool
activity_at_rest(enum activity v)
{
	return v == ACT_IDLE || v == ACT_DONE;
}
/* Nothing goes on in it, and nobody is asked. */
static inline bool
activity_over(enum activity v)
{
	return activity_at_rest(v) || v == ACT_LIMITED;
}
static inline bool
activity_blocked(enum activity v)
{
	return v == ACT_PERMISSION || v == ACT_QUESTION;
}
#endif
