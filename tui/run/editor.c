#include "tui/run/editor.h"
#include "core/base/buf.h"
#include "sessions/config/config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC 0x45444954u
#define READ_MAX (1u << 20)

struct editor {
	uint32_t magic;
	uv_process_t process;
	char path[600];
	editor_cb cb;
	void *ctx;
};

static void
on_closed(uv_handle_t *h)
{
	struct editor *ed = h->data;
	unlink(ed->path);
	ed->magic = 0;
	free(ed);
}

/* While a program has the terminal its keys' signals reach all who run on it. */
static void
keys_signal(bool on)
{
	static const int sigs[] = {SIGINT, SIGQUIT, SIGTSTP};
	static struct sigaction was[ARRAY_LEN(sigs)];
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++) {
		const struct sigaction ignore = {.sa_handler = SIG_IGN};
		if (on)
			sigaction(sigs[i], &was[i], NULL);
		else
			sigaction(sigs[i], &ignore, &was[i]);
	}
}

void
editor_free(struct editor *ed)
{
	if (!ed)
		return;
	CHECK(ed->magic == MAGIC);
	keys_signal(true);
	uv_close((uv_handle_t *)&ed->process, on_closed);
}

static bool
read_back(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	if (fd < 0)
		return false;
	do {
		buf_reserve(out, 65536);
		n = read(fd, out->data + out->len, 65536);
		out->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && out->len < READ_MAX);
	close(fd);
	return n >= 0;
}

static void
on_exit_of(uv_process_t *p, int64_t status, int sig)
{
	struct editor *ed = p->data;
	struct buf text = {0};
	struct err e = {0};
	CHECK(ed->magic == MAGIC);
	if (sig || status)
		err_set(&e, 1, "the editor failed; the text is as it was");
	else if (!read_back(ed->path, &text))
		err_set(&e, 1, "cannot read %s (%s)", ed->path, strerror(errno));
	ed->cb(ed->ctx, e.code ? NULL : buf_cstr(&text), text.len, &e);
	buf_free(&text);
	editor_free(ed);
}

static const char *
command(void)
{
	static const char *const known[] = {"editor", "vi", "nano"};
	const char *cmd = getenv("VISUAL");
	if (!cmd || !*cmd)
		cmd = getenv("EDITOR");
	if (cmd && *cmd)
		return cmd;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (path_finds(getenv("PATH"), NULL, known[i]))
			return known[i];
	return NULL;
}

/* In the runtime directory, which is nobody else's. */
static bool
write_file(struct editor *ed, const char *text, size_t n)
{
	snprintf(ed->path, sizeof ed->path, "%s/prompt-XXXXXX.md", paths()->runtime);
	int fd = mkostemps(ed->path, 3, O_CLOEXEC);
	if (fd < 0)
		return false;
	bool ok = write(fd, text, n) == (ssize_t)n && (!n || write(fd, "\n", 1) == 1);
	return close(fd) == 0 && ok;
}

struct editor *
editor_run(uv_loop_t *loop, const char *text, size_t n, editor_cb cb, void *ctx, struct err *e)
{
	const char *cmd = command();
	char script[512];
	if (!cmd) {
		err_set(e, 1, "no editor: set VISUAL");
		return NULL;
	}
	struct editor *ed = xcalloc(1, sizeof *ed);
	*ed = (struct editor){.magic = MAGIC, .cb = cb, .ctx = ctx};
	ed->process.data = ed;
	if (!write_file(ed, text, n)) {
		err_set(e, 1, "cannot write %s (%s)", ed->path, strerror(errno));
		unlink(ed->path);
		free(ed);
		return NULL;
	}
	snprintf(script, sizeof script, "%.480s \"$1\"", cmd);
	char *argv[] = {"sh", "-c", script, "sh", ed->path, NULL};
	uv_stdio_container_t io[3];
	for (int i = 0; i < 3; i++)
		io[i] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = i};
	const uv_process_options_t opt = {
		.exit_cb = on_exit_of, .file = "sh", .args = argv, .stdio = io, .stdio_count = 3};
	int r = uv_spawn(loop, &ed->process, &opt);
	keys_signal(false);
	if (r < 0) {
		err_set(e, 1, "cannot start %.60s (%s)", cmd, uv_strerror(r));
		editor_free(ed);
		return NULL;
	}
	return ed;
}
