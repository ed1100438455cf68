/* Prompts on screens as the CLIs draw them: what stands in them, and what is not one. */
#include "core/term/term.h"
#include "sessions/agent/prompt.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define RULE "────────────────────"
#define TOP "▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄"
#define BOTTOM "▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀"
#define NBSP "\u00a0"
#define CLAUDE(box, below) "● ok: done\r\n\r\n" RULE "\r\n" box "\r\n" RULE "\r\n  " below
#define CODEX(box, below)                                           \
	"\033[2m• \033[mok: done\r\n\r\n\033[48;5;8m\033[K\r\n" box \
	"\033[m\033[48;5;8m\033[K\r\n\033[K\033[m\r\n  " below
#define GEMINI(box) TOP "\r\n " box "\r\n" BOTTOM "\r\n workspace   /model\r\n ~/x         Auto"
#define BAR "  \033[34m┃\033[39m"
#define OPENCODE(box) \
	BAR "\r\n" box "\r\n" BAR "\r\n" BAR "  Build · Stub\r\n  ╹" BOTTOM "\r\n   ~/x  8K"

static struct profiles *ps;
static struct arena *arena;

static struct prompt
look(const char *profile, const char *screen)
{
	const struct term_config cfg = {.cols = 60, .rows = 50};
	struct term *t = term_new(arena, 1, &cfg);
	struct prompt out;
	struct grid g;

	term_feed(t, screen, strlen(screen));
	g = term_grid(t);
	prompt_read(profile_find(ps, profile), &g, &out);
	term_free(t);
	return out;
}

static const struct example {
	const char *profile, *screen;
	enum prompt_state want;
	const char *text; /* NULL: any */
} examples[] = {
	/* a caret drawn as an inverse blank; the cursor elsewhere */
	{"claude", CLAUDE("❯" NBSP "\033[7m \033[m", "⏸ manual mode on"), PROMPT_EMPTY, ""},
	{"claude", CLAUDE("❯" NBSP "\033[7mT\033[27;2mry \"fix lint\"\033[m", "mode"), PROMPT_EMPTY,
		""},
	{"claude", CLAUDE("❯" NBSP, "mode\033[4;3H"), PROMPT_EMPTY, ""},
	{"claude", CLAUDE("❯" NBSP "first question\033[7m \033[m", ""), PROMPT_TEXT,
		"first question"},
	{"claude", CLAUDE("❯" NBSP "\033[7mf\033[mirst", ""), PROMPT_TEXT, "first"},
	{"claude", CLAUDE("❯" NBSP "x\033[2m ghost of more\033[m", ""), PROMPT_TEXT, "x"},
	{"claude", CLAUDE("❯" NBSP "/exit\033[7m \033[m", "❯ /exit   Exit the CLI"), PROMPT_TEXT,
		"/exit"},
	{"claude", CLAUDE("❯" NBSP "one\r\n  two\033[7m \033[m", ""), PROMPT_TEXT, "one   two"},
	{"claude", CLAUDE("❯" NBSP "\r\n  two\033[7m \033[m", ""), PROMPT_TEXT, "two"},
	{"claude", CLAUDE("❯" NBSP "\r\n  \033[7m \033[m", ""), PROMPT_TEXT, "blank lines"},
	{"claude", CLAUDE("❯" NBSP "[Pasted text #1]\033[7m \033[m", ""), PROMPT_TEXT,
		"[Pasted text #1]"},
	{"claude", "─── History 1/1 ────────\r\n❯" NBSP "old\033[7m \033[m\r\n" RULE "\r\n  mode",
		PROMPT_TEXT, "old"},
	{"claude", CLAUDE("!" NBSP "\033[7m \033[m", "! for shell mode"), PROMPT_UNSEEN, NULL},
	{"claude", CLAUDE("❯" NBSP, "search prompts: \033[7m \033[m"), PROMPT_UNSEEN,
		"search prompts:"},
	{"claude", CLAUDE("❯" NBSP "\033[7m \033[m", "draft stashed"), PROMPT_UNSEEN,
		"draft stashed"},
	{"claude", "❯ first question\r\n● ok\r\n" RULE "\r\n  Showing detailed transcript",
		PROMPT_UNSEEN, NULL},
	{"claude", RULE "\r\n  Rewind\r\n\r\n  ❯ (current)\r\n\r\n  Enter to continue",
		PROMPT_UNSEEN, NULL},
	{"claude", "❯ /config\r\n" RULE "\r\n  Settings  Status   Config\r\n  ❯ Auto-compact  on",
		PROMPT_UNSEEN, NULL},
	/* somebody's answer about prompts, with a dialog below */
	{"claude",
		RULE "\r\n❯" NBSP "\r\n" RULE "\r\n" RULE
		     "\r\n  Do you want to proceed?\r\n ❯ 1. Yes",
		PROMPT_UNSEEN, NULL},
	{"claude", "", PROMPT_UNSEEN, NULL},
	/* an answer that speaks of such things is none of them */
	{"claude", "● search prompts: draft stashed\r\n" CLAUDE("❯" NBSP "\033[7m \033[m", "mode"),
		PROMPT_EMPTY, ""},

	{"codex",
		CODEX("› \0337\033[2mAsk Codex to do anything",
			"stub · ~/x\r\n  ? for shortcuts\0338"),
		PROMPT_EMPTY, ""},
	{"codex", CODEX("› first question\0337", "stub · ~/x\0338"), PROMPT_TEXT, "first question"},
	{"codex", CODEX("› one\r\n\r\n  two\0337", "stub · ~/x\0338"), PROMPT_TEXT, "one    two"},
	{"codex", CODEX("›\r\n\r\n  two\0337", "stub · ~/x\0338"), PROMPT_TEXT, "two"},
	{"codex",
		CODEX("› \0337\033[2mAsk Codex to do anything\033[m",
			"stub · ~/x\r\n  ← for agents · ? for shortcuts\0338"),
		PROMPT_EMPTY, ""},
	{"codex", CODEX("› /quit\0337", "stub · ~/x\0338"), PROMPT_TEXT, "/quit"},
	{"codex", CODEX("!\0337", "stub · ~/x\r\n  Shell mode\0338"), PROMPT_UNSEEN, NULL},
	{"codex", CODEX("› \033[2mAsk Codex to do anything", "stub · ~/x\r\n  reverse-i-search:"),
		PROMPT_UNSEEN, "reverse-i-search"},
	{"codex",
		"› why reverse-i-search:\r\n\r\n• Browsing · it\r\n" CODEX(
			"› \0337\033[2mAsk Codex to do anything", "stub · ~/x\0338"),
		PROMPT_EMPTY, ""},
	/* its placeholder, and the cursor in a field elsewhere */
	{"codex", CODEX("› \033[2mAsk Codex to do anything", "stub · ~/x"), PROMPT_UNSEEN, NULL},
	{"codex", " Resume a previous session\r\n\r\n  › 3s ago  first question", PROMPT_UNSEEN,
		NULL},

	{"gemini", GEMINI("> \033[7m \033[27;38;5;245m Type your message or @path/to/file\033[m"),
		PROMPT_EMPTY, NULL},
	{"gemini", GEMINI("> first\033[7m \033[m"), PROMPT_TEXT, "first"},
	{"gemini", GEMINI("(r:)  \033[7m \033[m Type your message or @path/to/file"), PROMPT_UNSEEN,
		NULL},
	/* what was sent is drawn alike */
	{"gemini", TOP "\r\n > sent\r\n" BOTTOM "\r\n✦ ok\r\n" GEMINI("> \033[7m \033[m"),
		PROMPT_EMPTY, ""},
	{"gemini", TOP "\r\n > sent\r\n" BOTTOM "\r\n╭───╮\r\n│ Settings │", PROMPT_TEXT, NULL},

	{"opencode", OPENCODE(BAR "  \0337Ask anything… \"Fix tests\"") "\0338", PROMPT_EMPTY,
		NULL},
	{"opencode", OPENCODE(BAR "  \0337") "\0338", PROMPT_EMPTY, ""},
	{"opencode", OPENCODE(BAR "  first\0337") "\0338", PROMPT_TEXT, "first"},
	{"opencode", OPENCODE(BAR "  one\r\n" BAR "\r\n" BAR "  two\0337") "\0338", PROMPT_TEXT,
		NULL},
	{"opencode", OPENCODE(BAR "  ") "\033[2;20H", PROMPT_UNSEEN, NULL}, /* in its palette */
	{"opencode",
		BAR "\r\n" BAR "  △ Permission required\r\n" BAR "  $ ls\r\n" BAR "  Allow once",
		PROMPT_UNSEEN, NULL},

	{"shell", "old $ ls\r\nfile\r\nme@host:~/x$ ", PROMPT_EMPTY, ""},
	{"shell", "# ", PROMPT_EMPTY, ""},
	{"shell", "me@host:~/x$ make soak", PROMPT_TEXT, "make soak"},
	{"shell", "me@host:~/x$ echo 5 > ", PROMPT_TEXT, "echo 5 >"},
	{"shell", "me@host:~/x$ echo 'a\r\n> ", PROMPT_UNSEEN, NULL},
	{"shell", "% echo 'a\r\nquote> ", PROMPT_UNSEEN, NULL},
	{"shell", "me@host:~/x$ make\r\ncompiling", PROMPT_UNSEEN, NULL},
	{"qwen",
		"  > sent\r\n" RULE
		"\r\n> \033[7m \033[m \033[2mType your message or @path/to/file\033[m\r\n" RULE
		"\r\n  ? for shortcuts",
		PROMPT_EMPTY, NULL},
	{"qwen", RULE "\r\n> a draft\033[7m \033[m\r\n" RULE "\r\n  ? for shortcuts", PROMPT_TEXT,
		"a draft"},
	{"grok",
		"  ╭────╮\r\n  │ ❯ \0337Ask me anything... │\r\n  ╰────╯\r\n  "
		"⏸ "
		"auto\0338",
		PROMPT_EMPTY, NULL},
	{"grok",
		"  ╭────╮\r\n  │ ❯ a draft\0337     │\r\n  ╰────╯\r\n  "
		"⏸ "
		"auto\0338",
		PROMPT_TEXT, "a draft"},
	{"pi", " ⠧ Working...\r\n" RULE "\r\n\033[7m \033[m\r\n" RULE "\r\n~/x\r\n0.0%",
		PROMPT_EMPTY, ""},
	{"pi", RULE "\r\na draft\033[7m \033[m\r\n" RULE "\r\n~/x\r\n0.0%", PROMPT_TEXT, "a draft"},
	{"copilot", "╻▄▄▄▄\r\n┃ \033[7m \033[m\r\n╹▀▀▀▀\r\n ← open sidebar", PROMPT_EMPTY, ""},
	{"copilot", "╻▄▄▄▄\r\n┃ draft\033[7m \033[m\r\n╹▀▀▀▀\r\n ← open sidebar", PROMPT_TEXT,
		"draft"},
	{"kimi",
		" ✨ sent\r\n ● ok\r\n ╭────╮\r\n │ > \033[7m \033[m  │\r\n ╰────╯\r\n stub  ~/x\r\n"
		"        context: 9%",
		PROMPT_EMPTY, ""},
	{"kimi",
		" ╭────╮\r\n │ > a draft\033[7m \033[m  │\r\n ╰────╯\r\n stub  ~/x\r\n  context: "
		"9%",
		PROMPT_TEXT, "a draft"},
	{"kimi", " ╭────╮\r\n │ > one\033[7m \033[m  │\r\n │   two   │\r\n ╰────╯\r\n stub  ~/x",
		PROMPT_TEXT, NULL},
	{"kimi", " ╭────╮\r\n │  Welcome │\r\n ╰────╯\r\n  showing 1-24 of 70\r\n ────\r\n ~/x",
		PROMPT_UNSEEN, NULL},
	{"aider", "> ", PROMPT_EMPTY, ""},
	{"aider", "ask> why", PROMPT_TEXT, "why"},
	{"aider", "Add file? (Y)es/(N)o [Yes]: ", PROMPT_UNSEEN, NULL},
};

static void
prompts_are_read_as_they_are_drawn(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		const struct example *x = &examples[i];
		struct prompt p = look(x->profile, x->screen);

		if (p.state != x->want || (x->text && strcmp(p.text, x->text) != 0))
			fail_msg("%zu: %s: %s '%s', not %s '%s', on\n%s", i, x->profile,
				prompt_state_name(p.state), p.text, prompt_state_name(x->want),
				x->text ? x->text : "…", x->screen);
		if (p.state == PROMPT_UNSEEN)
			assert_true(p.text[0]);
	}
}

/* Known of any CLI, whatever it draws around. */
static void
a_bare_prompt_is_a_mark_with_the_caret_behind_it(void **state)
{
	static const struct {
		const char *screen;
		bool bare;
	} cases[] = {{"\r\n❯ ", true}, {"❯" NBSP, true}, {"> ", true}, {"  › ", true},
		{"│ > \033[7m \033[m              │", true},
		{"│ > \0337\033[2mAsk me\033[m  │\0338", true},
		{"❯ \033[2mTry \"fix\"\033[m\033[1;3H", true}, {"❯ text", false},
		{"❯ text\033[1;3H", false}, {"❯ 1. Yes\r\n  2. No", false},
		{"❯ 1. Yes\r\n  2. No\033[1;3H", false}, {"❯ \r\nStarting", false}, {"5 > ", false},
		{"", false}, {"loading", false}, {"\033[1;20H", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (look("claude", cases[i].screen).bare != cases[i].bare)
			fail_msg(
				"%zu: %sbare: %s", i, cases[i].bare ? "not " : "", cases[i].screen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(prompts_are_read_as_they_are_drawn),
		cmocka_unit_test(a_bare_prompt_is_a_mark_with_the_caret_behind_it)};
	struct err e;
	int rc;

	arena = arena_new(64u << 20);
	ps = profiles_load(NULL, &e);
	if (!ps) {
		fprintf(stderr, "test_prompt: %s\n", e.msg);
		return 1;
	}
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	profiles_free(ps);
	arena_free(arena);
	return rc;
}
