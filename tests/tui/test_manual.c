/* What help, the manual and completion say is so: every example of every verb is a command that
 * muster understands, and every shell completes by what `muster complete` answers. */
#include "tests/sessions/run_muster.h"
#include "tui/cli/verb.h"

static char bin[512];

/* A shell in whose PATH the built muster is first. Exit code; its output is out_text. */
static int
shell(const char *command)
{
	char line[2048];
	FILE *f;
	int status;
	size_t n;

	snprintf(line, sizeof line,
		"PATH='%s':$PATH; cd \"$MUSTER_HOME\"; { %s\n} </dev/null >out 2>&1", bin, command);
	status = system(line);
	free(out_text);
	out_text = calloc(1, 1 << 20);
	if ((f = fopen(in_home("out"), "r"))) {
		n = fread(out_text, 1, (1 << 20) - 1, f);
		out_text[n] = 0;
		fclose(f);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_examples_run(void **state)
{
	int n = 0;

	(void)state;
	assert_int_equal(muster("new -d -n build -- cat"), 0);
	for (const struct verb_text *t = verb_texts; t->verb; t++) {
		int code;

		if (t->kind != VERB_EXAMPLE)
			continue;
		assert_memory_equal(t->what, strstr(t->what, "muster"), 6 * (t->what[0] == 'm'));
		code = shell(t->what);
		if (code < 0 || code == EXIT_USAGE || code > EXIT_TIMEOUT)
			fail_msg("'%s' exits %d: %s", t->what, code, out_text);
		n++;
	}
	assert_true(n >= 30);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* Commands of README and the documents: lines in sh blocks that begin with muster. */
static void
test_documents_run(void **state)
{
	char line[1024], command[1100];
	FILE *f;
	int n = 0;

	(void)state;
	snprintf(command, sizeof command,
		"cd '%s' && cat README.md share/doc/*.md | awk '/^```sh/ {on = 1; next} /^```/ {on "
		"= 0} on' | "
		"grep -E '^(build/release/)?muster [a-z]' | sed 's|^build/release/||'",
		getenv("MUSTER_SRC"));
	assert_int_equal(shell("mkdir -p w/docs w/api"), 0);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		int code;

		snprintf(command, sizeof command, "export HOME=\"$MUSTER_HOME\"; timeout 10 %s",
			line);
		code = shell(command);
		if (code == EXIT_USAGE || code == 126 || code == 127)
			fail_msg("'%s' exits %d: %s", line, code, out_text);
		n++;
	}
	assert_int_equal(pclose(f), 0);
	assert_true(n >= 10);
	muster("server stop --kill-sessions");
}

static void
test_help_explains(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_verbs; i++) {
		assert_int_equal(muster("help %s", verbs[i].name), 0);
		assert_non_null(strstr(out_text, verbs[i].args));
		for (const struct verb_text *t = verb_texts; t->verb; t++)
			if (!strcmp(t->verb, verbs[i].name) && t->what)
				assert_non_null(strstr(out_text, t->what));
	}
	assert_int_equal(muster("send --help"), 0);
	assert_non_null(strstr(out_text, "--when-idle"));
}

/* All of the wanted candidates are offered for the last of the words; wanted "": nothing is. */
static void
assert_offers(const char *words, const char *wanted)
{
	char list[512], *text, *save = NULL, one[80];

	assert_int_equal(muster("complete -- %s", words), 0);
	if (!*wanted)
		assert_string_equal(out_text, "");
	assert_true(asprintf(&text, "\n%s", out_text) > 0);
	for (char *p = text; *p; p++)
		*p = *p == '\t' ? '\n' : *p;
	snprintf(list, sizeof list, "%s", wanted);
	for (char *w = strtok_r(list, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		snprintf(one, sizeof one, "\n%s\n", w);
		if (!strstr(text, one))
			fail_msg("'%s': no %s in: %s", words, w, out_text);
	}
	free(text);
}

static void
test_complete(void **state)
{
	(void)state;
	/* no server: none is started, names are none */
	assert_offers("kill ''", "");
	assert_int_not_equal(muster("server status"), 0);
	assert_offers("''", "new ls attach kill server");
	assert_offers("se", "send search server");
	assert_offers("send --", "--key --no-enter --json");
	assert_offers("--color ''", "auto always never");
	assert_offers("wait x --for ''", "idle ready blocked exit");
	assert_offers("wait x --for=b", "--for=blocked");
	assert_offers("ls --state a", "asleep");
	assert_offers("server st", "start stop status");
	assert_offers("new -c ''", ":dirs");
	assert_offers("new -d -- ''", ":files");
	assert_offers("new -p cl", "claude");
	assert_offers("new -n ''", "");
	assert_offers("help hi", "history hibernate");
	assert_int_equal(muster("new -d -n one -t blue -- cat"), 0);
	assert_int_equal(muster("new -d -n two -- true"), 0);
	assert_int_equal(muster("wait two --for exit --timeout 20"), 0);
	assert_offers("kill ''", "one");
	assert_null(strstr(out_text, "two"));
	assert_offers("kill one ''", "one");
	assert_offers("resume ''", "two");
	assert_null(strstr(out_text, "one"));
	assert_offers("peek t", "two");
	assert_offers("ls --tag ''", "blue");
	assert_offers("send --tag blue --key E", "Enter Escape End");
	assert_offers("rename one ''", "");
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* Each rule of the page on security names what shows it, and that is there. */
static void
test_rules_have_tests(void **state)
{
	char line[1024];

	(void)state;
	snprintf(line, sizeof line,
		"cd '%s' && n=$(grep -c '| passes |' share/doc/security.md) && [ $n -ge 15 ] && "
		"[ $n = $(grep '| passes |' share/doc/security.md | grep -c '`') ] && "
		"for t in $(grep -o '`\\(test\\|fuzz\\)_[a-z_]*[a-z]`' share/doc/security.md | tr "
		"-d "
		"'`'); "
		"do ls tests/*/$t.c >/dev/null || exit 1; done",
		getenv("MUSTER_SRC"));
	if (shell(line) != 0)
		fail_msg("%s", out_text);
}

/* bash is everywhere; the others where they are. */
static void
test_shells(void **state)
{
	char line[1024];
	const char *src = getenv("MUSTER_SRC");

	(void)state;
	snprintf(line, sizeof line,
		"exec bash -c 'source \"%s/share/completions/muster.bash\"; compopt() { :; }\n"
		"t() { COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)); _muster; echo "
		"\"${COMPREPLY[*]}\"; }\n"
		"t muster wait x --for = bl; t muster ls --state asl; t muster new -c /us'",
		src);
	assert_int_equal(shell(line), 0);
	assert_string_equal(out_text, "blocked\nasleep\n/usr\n");
	if (shell("command -v fish") == 0) {
		snprintf(line, sizeof line,
			"exec fish --no-config -c 'source \"%s/share/completions/muster.fish\"; "
			"complete -C \"muster ls --state asl\"'",
			src);
		assert_int_equal(shell(line), 0);
		assert_string_equal(out_text, "asleep\tstate\n");
	}
	if (shell("command -v zsh") == 0) {
		snprintf(line, sizeof line, "exec zsh -n '%s/share/completions/muster.zsh'", src);
		assert_int_equal(shell(line), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples_run),
		cmocka_unit_test(test_documents_run),
		cmocka_unit_test(test_help_explains),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_shells),
		cmocka_unit_test(test_rules_have_tests),
	};

	assert_non_null(getenv("MUSTER_BIN"));
	snprintf(bin, sizeof bin, "%s", getenv("MUSTER_BIN"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
