#ifndef SESSIONS_ACTIVITY_H
#define SESSIONS_ACTIVITY_H
/* What a session is doing, and who said so. First-hand signals before guesses: signals are kept in
 * ranked slots, each with value and time; the highest rank that is fresh decides. Pure: times are
 * passed in (monotonic ns), nothing is read from the system. */
#include "core/base.h"
#include "sessions/profile.h"

enum activity {
	ACT_UNKNOWN,
	ACT_WORKING,
	ACT_PERMISSION,
	ACT_QUESTION,
	ACT_IDLE,
	ACT_DONE,
	ACT_ERROR,
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
	uint64_t at_ns;	  /* 0: never seen */
	char detail[120]; /* sanitised: the message, rule or title that said so */
};
struct activity_state {
	struct activity_signal sig[SRC_COUNT];
	enum activity now; /* the verdict */
	enum activity_source source;
	char detail[120];      /* what it wants: "approve Bash: …" */
	uint64_t now_since_ns; /* when the verdict last changed */
	uint64_t last_output_ns, last_text_ns, last_input_ns, last_resize_ns;
	uint64_t draft_since_ns; /* typed since the last Enter; 0 = no draft */
	uint32_t output_bytes_10s;
	uint64_t prompt_hash;	   /* of the rows of the prompt on screen; 0 = none */
	uint32_t children_working; /* 7501 ids below the main one */
	bool title_screen_dirty;
};

void activity_init(struct activity_state *a, uint64_t now_ns);
/* OSC 7501 payload ("state=working:…"); false if it was the query "?", which the VT answers. */
bool activity_osc7501(struct activity_state *a, const char *payload, size_t n, uint64_t now_ns);
void activity_title(
	struct activity_state *a, const struct profile *p, const char *title, uint64_t now_ns);
void activity_progress(struct activity_state *a, int state, uint64_t now_ns);
void activity_prompt_mark(struct activity_state *a, int mark, uint64_t now_ns); /* OSC 133 */
/* Registry or hook of the CLI: status already mapped to an activity. */
void activity_report(struct activity_state *a, enum activity_source src, enum activity v,
	const char *detail, uint64_t now_ns);
/* Bytes arrived; text_changed false for title-only output and repaints after a resize. */
void activity_output(struct activity_state *a, size_t n, bool text_changed, uint64_t now_ns);
/* Keys went in: draft bookkeeping. enter: an Enter was among them. */
void activity_input(struct activity_state *a, bool enter, uint64_t now_ns);
/* The screen settled: rules of the profile over its text. */
void activity_screen(
	struct activity_state *a, const struct profile *p, const char *text, uint64_t now_ns);
/* Recomputes the verdict; true if it changed. */
bool activity_evaluate(struct activity_state *a, const struct profile *p, uint64_t now_ns);
/* Seconds since it came to rest or was last touched (cli.md idle_s). */
double activity_idle_s(const struct activity_state *a, uint64_t now_ns);
#endif
