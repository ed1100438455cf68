/* Ranked signals. Each source has one slot with its latest value; the verdict is the value of the
 * highest source that is fresh. Freshness is what differs between them:
 *
 *   osc7501   said by the program about itself: lasts until it says something else, `clear`, or
 *             (for working and blocked) its shell's next prompt. Knows about Esc and denied prompts
 *   registry  a file the CLI keeps: lasts as long as the file
 *   hook      working fades after 10 s without output, and is over soon after Esc or Ctrl-C (an
 *             interrupt fires no hook); a permission soon after somebody typed: until then the CLI
 *             has drawn what comes of it. Rest yields to a question on the screen: not each fires
 *   title     a spinner fades after 5 s. One of an AI CLI that rests only counts while the screen
 *             says so too: Claude shows the same title while it asks and while work goes on in the
 *             background. OSC 133 and 9;4 hold until replaced
 *   screen    patterns over the last rows; as good as the last look. That an AI CLI rests is
 *             believed when it prints nothing, be it only a title: its screen may look the same
 *             while it waits for its model. One that else says what it does is not believed at all
 *   output    text within the last 2 s that is not the echo of typing: working. Else idle, unless
 *             it is an AI CLI
 *
 * The verdict moves only in activity_evaluate; everything else fills slots. */
#include "sessions/agent/activity.h"
#include "core/base/base64.h"
#include "core/text/width.h"
#include <assert.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define SEC 1000000000ull
#define HOOK_WORKING_NS (10 * SEC)
#define TITLE_SPINNER_NS (5 * SEC)
#define OUTPUT_WORKING_NS (2 * SEC)
#define ECHO_NS (SEC / 3)
#define PRESSED_NS (SEC * 7 / 10)
#define SCREEN_QUIET_NS (SEC * 3 / 2)
#define REPAINT_NS (SEC * 7 / 10)
#define READY_QUIET_NS SEC
#define READY_UNSAID_NS (4 * SEC)
#define OSC7501_BYTES_MAX 4096

const char *
activity_name(enum activity a)
{
	static const char *const names[] = {[ACT_UNKNOWN] = "unknown",
		[ACT_WORKING] = "working",
		[ACT_PERMISSION] = "permission",
		[ACT_QUESTION] = "question",
		[ACT_IDLE] = "idle",
		[ACT_DONE] = "done",
		[ACT_ERROR] = "error",
		[ACT_LIMITED] = "limited"};

	static_assert(ARRAY_LEN(names) == ACT_COUNT, "a name for each");
	CHECK(a < ACT_COUNT);
	return names[a];
}

const char *
activity_source_name(enum activity_source s)
{
	static const char *const names[] = {[SRC_OSC7501] = "osc7501",
		[SRC_REGISTRY] = "registry",
		[SRC_HOOK] = "hook",
		[SRC_TITLE] = "title",
		[SRC_SCREEN] = "screen",
		[SRC_OUTPUT] = "output"};

	static_assert(ARRAY_LEN(names) == SRC_COUNT, "a name for each");
	CHECK(s < SRC_COUNT);
	return names[s];
}

void
activity_init(struct activity_state *a, uint64_t now_ns)
{
	memset(a, 0, sizeof *a);
	a->source = SRC_OUTPUT;
	a->now_since_ns = now_ns;
	a->window_start_ns = now_ns;
}

void
activity_deinit(struct activity_state *a)
{
	free(a->children);
	memset(a, 0, sizeof *a);
}

/* The highest of the program's own words counts: a lower one may tell late of the turn before. */
static void
note_begin(struct activity_state *a, enum activity_source s, enum activity v, uint64_t now_ns)
{
	if (s > SRC_HOOK || (v != ACT_WORKING && !activity_blocked(v)))
		return;
	for (int i = 0; i < (int)s; i++)
		if (a->sig[i].at_ns)
			return;
	a->begun_ns = now_ns;
}

static void
slot_set(struct activity_state *a, enum activity_source s, enum activity v, const char *detail,
	uint64_t now_ns)
{
	struct activity_signal *sig = &a->sig[s];

	note_begin(a, s, v, now_ns);
	if (sig->value != v)
		sig->since_ns = now_ns;
	sig->value = v;
	sig->at_ns = now_ns ? now_ns : 1;
	sanitize(sig->detail, sizeof sig->detail - 1, detail ? detail : "",
		detail ? strlen(detail) : 0);
}

static void
slot_clear(struct activity_state *a, enum activity_source s)
{
	memset(&a->sig[s], 0, sizeof a->sig[s]);
}

/* OSC 7501. Fields key=value with ':' between; unknown keys are for later versions. */
struct status {
	const char *state, *kind, *id, *msg, *title;
	size_t state_n, kind_n, id_n, msg_n, title_n;
};

static void
status_field(struct status *st, const char *key, size_t kn, const char *v, size_t vn)
{
	const struct {
		const char *key;
		const char **at;
		size_t *n;
	} fields[] = {{"state", &st->state, &st->state_n}, {"kind", &st->kind, &st->kind_n},
		{"id", &st->id, &st->id_n}, {"msg", &st->msg, &st->msg_n},
		{"title", &st->title, &st->title_n}};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (strlen(fields[i].key) == kn && memcmp(fields[i].key, key, kn) == 0) {
			*fields[i].at = v;
			*fields[i].n = vn;
		}
	}
}

static void
status_parse(struct status *st, const char *s, size_t n)
{
	const char *end = s + n;

	while (s < end) {
		const char *stop = memchr(s, ':', (size_t)(end - s)), *eq;

		stop = stop ? stop : end;
		eq = memchr(s, '=', (size_t)(stop - s));
		if (eq)
			status_field(st, s, (size_t)(eq - s), eq + 1, (size_t)(stop - eq - 1));
		s = stop + 1;
	}
}

static bool
is_word(const char *s, size_t n, const char *word)
{
	return s && strlen(word) == n && memcmp(s, word, n) == 0;
}

/* The activity of a report; ACT_COUNT for `clear`, -1 for a state of a later version. */
static int
status_activity(const struct status *st)
{
	static const struct {
		const char *state;
		int says;
	} states[] = {{"idle", ACT_IDLE}, {"working", ACT_WORKING}, {"done", ACT_DONE},
		{"error", ACT_ERROR}, {"blocked", ACT_PERMISSION}, {"clear", ACT_COUNT}};

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (!is_word(st->state, st->state_n, states[i].state))
			continue;
		if (states[i].says == ACT_PERMISSION && st->kind &&
			!is_word(st->kind, st->kind_n, "permission"))
			return ACT_QUESTION; /* question, and auth: both want words from the user */
		return states[i].says;
	}
	return -1;
}

static void
child_report(struct activity_state *a, const struct status *st, int says)
{
	uint64_t h = 1469598103934665603ull;
	uint16_t i = 0;

	for (size_t k = 0; k < st->id_n; k++)
		h = (h ^ (uint8_t)st->id[k]) * 1099511628211ull;
	while (i < a->n_children && a->children[i].id_hash != h)
		i++;
	if (i == a->n_children) {
		if (says == ACT_COUNT || i == ACTIVITY_CHILDREN_MAX)
			return;
		a->children = xrealloc(a->children, mul_sat(i + 1u, sizeof *a->children));
		a->children[i] = (struct activity_child){.id_hash = h};
		a->n_children++;
	}
	a->children_working -= a->children[i].working;
	a->children[i].working = says == ACT_WORKING;
	a->children_working += a->children[i].working;
	if (says == ACT_COUNT)
		a->children[i] = a->children[--a->n_children];
}

bool
activity_osc7501(struct activity_state *a, const char *payload, size_t n, uint64_t now_ns)
{
	struct status st = {0};
	char msg[240];
	int says;

	if (n == 1 && payload[0] == '?')
		return false;
	if (n > OSC7501_BYTES_MAX)
		return true;
	status_parse(&st, payload, n);
	says = status_activity(&st);
	if (says < 0)
		return true;
	if (st.id && memchr(st.id, '/', st.id_n)) {
		child_report(a, &st, says);
		return true;
	}
	if (says == ACT_COUNT) {
		slot_clear(a, SRC_OSC7501);
		a->n_children = 0;
		a->children_working = 0;
		return true;
	}
	msg[base64_get(msg, sizeof msg - 1, st.msg ? st.msg : "", st.msg_n, NULL)] = 0;
	slot_set(a, SRC_OSC7501, (enum activity)says, msg, now_ns);
	return true;
}

void
activity_title(
	struct activity_state *a, const struct profile *p, const char *title, uint64_t now_ns)
{
	int says = profile_match_title(p, title);

	if (a->progress || (says < 0 && a->title_holds))
		return;
	slot_set(a, SRC_TITLE, says < 0 ? ACT_UNKNOWN : (enum activity)says, title, now_ns);
	a->title_holds = false;
}

void
activity_progress(struct activity_state *a, int state, uint64_t now_ns)
{
	bool runs = state == 1 || state == 3;

	if (!runs && !a->progress)
		return;
	a->progress = a->title_holds = runs;
	if (runs)
		slot_set(a, SRC_TITLE, ACT_WORKING, "progress", now_ns);
	else
		slot_clear(a, SRC_TITLE);
}

void
activity_prompt_mark(struct activity_state *a, const struct profile *p, int mark, uint64_t now_ns)
{
	enum activity last = a->sig[SRC_OSC7501].value;

	if (mark == 'A' && (last == ACT_WORKING || activity_blocked(last)))
		slot_clear(a, SRC_OSC7501);
	if (profile_needs_conversation(p))
		return;
	a->progress = false;
	a->title_holds = true;
	if (mark == 'C')
		slot_set(a, SRC_TITLE, ACT_WORKING, "a command runs", now_ns);
	else
		slot_set(a, SRC_TITLE, ACT_IDLE, "at its prompt", now_ns);
}

void
activity_report(struct activity_state *a, enum activity_source src, enum activity v,
	const char *detail, uint64_t now_ns)
{
	CHECK(src < SRC_COUNT);
	if (v == ACT_UNKNOWN)
		slot_clear(a, src);
	else
		slot_set(a, src, v, detail, now_ns);
}

void
activity_output(struct activity_state *a, size_t n, bool text_changed, uint64_t now_ns)
{
	a->last_output_ns = now_ns;
	if (text_changed)
		a->last_text_ns = now_ns;
	if (now_ns - a->window_start_ns >= 10 * SEC) {
		a->window_start_ns = now_ns;
		a->window_bytes = 0;
	}
	a->window_bytes += n;
	a->output_bytes_10s = (uint32_t)MIN(a->window_bytes, UINT32_MAX);
}

/* Rows such as "❯ 1. Yes": the choices of a prompt. The marker in front moves with the arrow keys
 * and is left out. */
static bool
choice_row(const char *s, const char *end, const char **text)
{
	const char *d;

	while (s < end && ((uint8_t)*s >= 0x80 || *s == ' ' || *s == '>' || *s == '*'))
		s++;
	for (d = s; d < end && *d >= '0' && *d <= '9'; d++)
		;
	*text = s;
	return d > s && d - s <= 2 && d < end && (*d == '.' || *d == ')');
}

/* Length without blanks and a box's edge at the end. */
static size_t
label_len(const char *s, size_t n)
{
	for (;;) {
		if (n && s[n - 1] == ' ')
			n--;
		else if (n >= 3 && memcmp(s + n - 3, "\u2502", 3) == 0)
			n -= 3;
		else
			return n;
	}
}

/* The last list on the screen that counts up from 1; rows between are a choice's further lines. */
static void
take_options(struct options *o, const char *text)
{
	o->n = 0;
	while (*text) {
		const char *end = strchrnul(text, '\n'), *s;

		if (choice_row(text, end, &s)) {
			char *rest;
			long number = strtol(s, &rest, 10);

			o->n = number == 1 ? 0 : o->n;
			rest += 1 + strspn(rest + 1, " ");
			if (number == o->n + 1 && number <= OPTIONS_MAX && rest <= end) {
				sanitize(o->text[o->n], sizeof o->text[0] - 1, rest,
					label_len(rest, (size_t)(end - rest)));
				o->n++;
			}
		}
		text = *end ? end + 1 : end;
	}
	o->n = o->n > 1 ? o->n : 0;
}

static uint64_t
options_hash(const struct options *o)
{
	uint64_t h = 1469598103934665603ull;

	for (int i = 0; i < o->n; i++)
		for (const char *s = o->text[i]; *s; s++)
			h = (h ^ (uint8_t)*s) * 1099511628211ull;
	return o->n ? h | 1 : 0;
}

void
activity_screen(
	struct activity_state *a, const struct profile *p, const char *text, uint64_t now_ns)
{
	char detail[120] = "";
	int says = profile_match_screen(p, text, detail, sizeof detail);

	a->screen_rest = !profile_needs_conversation(p) ? REST_SHOWN
			 : profile_says_status(p)	? REST_UNTOLD
							: REST_QUIET;
	slot_set(a, SRC_SCREEN, says < 0 ? ACT_UNKNOWN : (enum activity)says, detail, now_ns);
	take_options(&a->options, text);
	a->choices_hash = options_hash(&a->options);
	a->draft_on_screen = profile_screen_draft(p, text);
	a->stopped_on_screen = profile_screen_stopped(p, text);
	a->tool_on_screen[0] = 0;
	profile_screen_tool(p, text, a->tool_on_screen, sizeof a->tool_on_screen);
	a->limit_text[0] = 0;
	profile_screen_limit(p, text, a->limit_text, sizeof a->limit_text);
}

void
activity_prompt(struct activity_state *a, const struct profile *p, const struct grid *g)
{
	struct activity_signal *screen = &a->sig[SRC_SCREEN];

	prompt_read(p, g, &a->prompt);
	a->prompt_fits |= a->prompt.state != PROMPT_UNSEEN;
	/* a list, a dialog or a pager may look like rest; a prompt that is seen is one */
	if (activity_at_rest(screen->value) && profile_needs_conversation(p) &&
		profile_has_prompt(p) && a->prompt.state == PROMPT_UNSEEN && !a->prompt.bare)
		screen->value = ACT_UNKNOWN;
}

void
activity_foreground(struct activity_state *a, const char *name)
{
	snprintf(a->foreground, sizeof a->foreground, "%s", name);
}

/* The one signal that is derived and not reported. Silence is no rest of an AI CLI: it may be
 * waiting for its model, or ask something. */
static void
look_at_output(struct activity_state *a, const struct profile *p, uint64_t now_ns)
{
	bool ai = profile_needs_conversation(p);
	bool echo = a->last_input_ns && a->last_text_ns - a->last_input_ns < ECHO_NS;

	if (a->foreground[0])
		slot_set(a, SRC_OUTPUT, ACT_WORKING, a->foreground, now_ns);
	else if (!a->last_text_ns)
		slot_clear(a, SRC_OUTPUT);
	else if (now_ns - a->last_text_ns < OUTPUT_WORKING_NS && !echo)
		slot_set(a, SRC_OUTPUT, ACT_WORKING, "text arrives", a->last_text_ns);
	else
		slot_set(a, SRC_OUTPUT, ai ? ACT_UNKNOWN : ACT_IDLE, "quiet", a->last_text_ns);
}

/* The key that may have ended what a hook said; 0 none was pressed since. */
static uint64_t
ended_by(const struct activity_state *a)
{
	const struct activity_signal *hook = &a->sig[SRC_HOOK];
	uint64_t pressed_ns = hook->value == ACT_WORKING      ? a->last_stop_ns
			      : activity_blocked(hook->value) ? a->last_input_ns
							      : 0;

	return pressed_ns > hook->at_ns ? pressed_ns : 0;
}

/* Nothing was printed for a while but, while it rests, what typing and resizing bring about. */
static bool
is_quiet(const struct activity_state *a, uint64_t now_ns)
{
	uint64_t out = a->last_output_ns, typed = a->last_input_ns;
	bool echo = typed > a->last_enter_ns && out - typed < ECHO_NS;

	return now_ns - out >= SCREEN_QUIET_NS ||
	       (a->rest_since_ns && (echo || out - a->last_resize_ns < REPAINT_NS));
}

static bool
screen_rests(const struct activity_state *a, uint64_t now_ns)
{
	return !a->foreground[0] && (a->screen_rest == REST_SHOWN ||
					    (a->screen_rest == REST_QUIET && is_quiet(a, now_ns)));
}

bool
activity_waits(const struct activity_state *a, uint64_t now_ns)
{
	return ended_by(a) ||
	       (a->screen_rest == REST_QUIET && activity_at_rest(a->sig[SRC_SCREEN].value) &&
		       !is_quiet(a, now_ns));
}

bool
activity_fresh(const struct activity_state *a, enum activity_source s, uint64_t now_ns)
{
	const struct activity_signal *sig = &a->sig[s];

	if (!sig->at_ns || sig->value == ACT_UNKNOWN)
		return false;
	if (s == SRC_HOOK && sig->value == ACT_WORKING)
		return now_ns - MAX(sig->at_ns, a->last_text_ns) < HOOK_WORKING_NS;
	if (s == SRC_HOOK && activity_at_rest(sig->value))
		return !activity_blocked(a->sig[SRC_SCREEN].value);
	if (s == SRC_SCREEN && activity_at_rest(sig->value))
		return screen_rests(a, now_ns);
	if (s == SRC_TITLE && !a->title_holds)
		return sig->value == ACT_IDLE ? a->screen_rest == REST_SHOWN ||
							activity_at_rest(a->sig[SRC_SCREEN].value)
					      : now_ns - sig->at_ns < TITLE_SPINNER_NS;
	return true;
}

/* A verdict of any source says what the session asks for; the words may come from another one. */
static const char *
wanted(const struct activity_state *a, enum activity_source from, uint64_t now_ns)
{
	for (int s = from; s < SRC_COUNT; s++) {
		const struct activity_signal *sig = &a->sig[s];

		if (sig->value == a->sig[from].value && sig->detail[0] &&
			activity_fresh(a, (enum activity_source)s, now_ns))
			return sig->detail;
	}
	return "";
}

/* Did it ever say anything of itself? */
bool
activity_said(const struct activity_state *a)
{
	return a->sig[SRC_OSC7501].at_ns || a->sig[SRC_REGISTRY].at_ns || a->sig[SRC_HOOK].at_ns;
}

/* Does it take what is typed? A CLI that speaks of itself says so, and draws its prompt about then;
 * one whose reports are switched off, or that is drawn in another way than its profile knows, by a
 * prompt that stands for a while. */
static bool
takes_input(struct activity_state *a, const struct profile *p, uint64_t now_ns)
{
	const struct prompt *at = &a->prompt;
	uint64_t quiet_ns = a->last_text_ns ? now_ns - a->last_text_ns : 0;

	if (at->state != PROMPT_EMPTY && !at->bare)
		a->prompt_since_ns = 0;
	else if (!a->prompt_since_ns)
		a->prompt_since_ns = now_ns;
	if (activity_blocked(a->now))
		return false; /* it asks something before it begins */
	if (!profile_needs_conversation(p))
		return at->state == PROMPT_EMPTY || quiet_ns > READY_QUIET_NS;
	if (activity_said(a))
		return at->state != PROMPT_UNSEEN || at->bare || !profile_has_prompt(p);
	return (at->state == PROMPT_EMPTY && !profile_says_status(p)) ||
	       (a->prompt_since_ns && now_ns - a->prompt_since_ns > READY_UNSAID_NS) ||
	       (!profile_has_prompt(p) && quiet_ns > READY_UNSAID_NS);
}

/* A registry has no word for an error: its idle may be the end that a hook calls one, or that the
 * screen shows as one. The source that tells; else the registry. */
static enum activity_source
who_failed(const struct activity_state *a)
{
	const struct activity_signal *hook = &a->sig[SRC_HOOK];

	if (hook->value == ACT_ERROR && hook->at_ns + 2 * SEC > a->sig[SRC_REGISTRY].since_ns)
		return SRC_HOOK;
	return a->sig[SRC_SCREEN].value == ACT_ERROR ? SRC_SCREEN : SRC_REGISTRY;
}

/* An error of one whose account is limited is no error but a pause; one that does not speak of
 * itself shows it. */
static bool
is_limited(
	const struct activity_state *a, enum activity v, enum activity_source from, uint64_t now_ns)
{
	return a->limited_ns > now_ns &&
	       (v == ACT_ERROR || (from > SRC_HOOK && a->limit_text[0] && activity_at_rest(v)));
}

bool
activity_evaluate(struct activity_state *a, const struct profile *p, uint64_t now_ns)
{
	enum activity v = ACT_UNKNOWN;
	enum activity_source from = SRC_OUTPUT;
	char detail[sizeof a->detail] = "";
	bool changed, again; /* again: it was over and is back since the last look */

	look_at_output(a, p, now_ns);
	if (ended_by(a) && now_ns - ended_by(a) >= PRESSED_NS)
		a->sig[SRC_HOOK].value =
			ACT_UNKNOWN; /* for good: later keys do not bring it back */
	for (int s = 0; s < SRC_COUNT; s++) {
		if (activity_fresh(a, (enum activity_source)s, now_ns)) {
			from = (enum activity_source)s;
			v = a->sig[s].value;
			break;
		}
	}
	if (from == SRC_REGISTRY && v == ACT_IDLE) {
		from = who_failed(a);
		v = a->sig[from].value;
	}
	if (activity_blocked(v) || v == ACT_ERROR)
		snprintf(detail, sizeof detail, "%s", wanted(a, from, now_ns));
	if (v == ACT_PERMISSION && !a->ready_ns)
		v = ACT_QUESTION; /* before it begins: whether to trust the directory, how to log in */
	if (is_limited(a, v, from, now_ns))
		v = ACT_LIMITED;
	changed = v != a->now || from != a->source || strcmp(detail, a->detail) != 0;
	again = v == a->now && from == a->source && a->sig[from].since_ns > a->now_since_ns;
	if (v != a->now || again)
		a->now_since_ns = now_ns;
	if (!activity_over(v) || again)
		a->rest_since_ns = 0;
	if (activity_over(v) && !a->rest_since_ns)
		a->rest_since_ns = a->now_since_ns;
	a->now = v;
	a->source = from;
	memcpy(a->detail, detail, sizeof a->detail);
	a->prompt_hash = activity_blocked(v) ? a->choices_hash : 0;
	/* of one that never says so, what it shows; not while it starts */
	if (a->ready_ns && (v == ACT_WORKING || activity_blocked(v)) &&
		(from == SRC_TITLE || from == SRC_SCREEN))
		a->begun_ns = now_ns;
	if (!a->ready_ns && takes_input(a, p, now_ns)) {
		a->ready_ns = now_ns ? now_ns : 1;
		changed = true;
	}
	return changed;
}

/* A program that says itself that it rests may still repaint a clock or a hint; one that does not
 * say so is at rest only while it prints nothing. */
double
activity_idle_s(const struct activity_state *a, uint64_t now_ns)
{
	uint64_t since =
		a->source <= SRC_HOOK && a->rest_since_ns ? a->rest_since_ns : a->last_text_ns;

	if (a->now == ACT_WORKING)
		return 0;
	since = MAX(since, a->last_input_ns);
	if (!since)
		since = a->now_since_ns;
	return now_ns > since ? (double)(now_ns - since) / (double)SEC : 0;
}
