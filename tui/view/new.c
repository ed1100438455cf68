/* The form of a new session. Every field has a good value from the start, so that Enter alone is
 * fine. */
#include "tui/attach/attach.h"
#include "tui/app/frame.h"
#include "core/text/width.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { F_DIR, F_PROGRAM, F_ARGS, F_PROMPT, F_NAME, F_COUNT };
#define DIRS_MAX 8
struct new_state {
	int field, program;
	struct line_edit line[F_COUNT]; /* those of F_PROGRAM and F_PROMPT stay empty */
	struct lines_edit prompt;
	char dirs[DIRS_MAX][512]; /* recent ones, most used first */
	int dir_uses[DIRS_MAX];
	int n_dirs, recent;
	bool attach;
};

/* What stands behind "box:" of a directory on another machine; NULL: it is on this one. */
static const char *
dir_there(const struct app *a, const char *dir, const char **machine)
{
	size_t n = strcspn(dir, ":");
	*machine = NULL;
	for (size_t i = 0; dir[n] && (*machine = a->ops.machine(a->ops.ctx, i)); i++)
		if (strlen(*machine) == n && !strncmp(dir, *machine, n))
			return dir + n + 1;
	return NULL;
}

/* Where a session runs, as the form has it. */
static const char *
session_dir(const struct msess *s, char out[512])
{
	int machine = s->id[0] == '@' ? (int)strcspn(s->name, ":") + 1 : 0;
	snprintf(out, 512, "%.*s%s", machine, s->name, s->cwd);
	return out;
}

static void
add_dir(struct new_state *st, const char *dir)
{
	for (int i = 0; i < st->n_dirs; i++)
		if (!strcmp(st->dirs[i], dir)) {
			st->dir_uses[i]++;
			return;
		}
	if (st->n_dirs == DIRS_MAX || !*dir)
		return;
	snprintf(st->dirs[st->n_dirs], sizeof st->dirs[0], "%s", dir);
	st->dir_uses[st->n_dirs++] = 1;
}

static void
new_open(struct app *a, void *p, const char *arg)
{
	struct new_state *st = p;
	char dir[512];
	(void)arg;
	if (a->n_programs == 0 && a->ops.programs)
		a->ops.programs(a->ops.ctx, a);
	add_dir(st, a->cwd);
	st->dir_uses[0] = 0;
	const char *machine;
	for (size_t i = 0; i < DIRS_MAX / 2 && (machine = a->ops.machine(a->ops.ctx, i)); i++) {
		snprintf(dir, sizeof dir, "%s:", machine);
		add_dir(st, dir);
	}
	const struct msess *sel = model_selected(&a->m);
	for (size_t i = 0; i < a->m.n; i++)
		if (msess_live(a->m.all[i]))
			add_dir(st, session_dir(a->m.all[i], dir));
	st->recent = -1;
	line_set(&st->line[F_DIR], fmt_dir(a->home, dir, sizeof dir, a->cwd));
	for (int i = a->n_programs; i-- > 0;)
		if (a->program_found[i])
			st->program = i;
	for (int i = 0; sel && i < a->n_programs; i++)
		if (a->program_found[i] && !strcmp(a->programs[i], sel->profile))
			st->program = i;
}

static const char *
program(const struct app *a, const struct new_state *st)
{
	return st->program < a->n_programs ? a->programs[st->program] : "claude";
}

static void
full_dir(const struct app *a, const struct new_state *st, char *out, size_t cap)
{
	const char *d = st->line[F_DIR].text;
	int n;
	if (d[0] == '~' && (d[1] == '/' || !d[1]))
		n = snprintf(out, cap, "%s%s", a->home, d + 1);
	else if (d[0] == '/')
		n = snprintf(out, cap, "%s", d);
	else
		n = snprintf(out, cap, "%s%s%s", a->cwd, *d ? "/" : "", d);
	if (n < 0 || (size_t)n >= cap) /* too long to exist */
		out[0] = 0;
}

/* The branch a directory has checked out; "" if it is no repository of its own. */
static void
git_branch(const char *dir, char *out, size_t cap)
{
	char path[600], line[256] = "";
	snprintf(path, sizeof path, "%s/.git/HEAD", dir);
	FILE *f = fopen(path, "re");
	out[0] = 0;
	if (!f)
		return;
	if (fgets(line, sizeof line, f) && !strncmp(line, "ref: refs/heads/", 16))
		sanitize(out, cap, line + 16, strcspn(line + 16, "\n"));
	else
		snprintf(out, cap, "detached");
	fclose(f);
}

/* Where labels end; in a narrow one they are cut rather than what is typed. */
static int
label_end(int w)
{
	return w >= 50 ? 17 : w / 3 + 1;
}

static void
label(struct app *a, int y, const char *text, bool on)
{
	int w = surface_cols(a->d.s), x = w >= 50 ? 3 : 1;
	if (on)
		draw_glyph(&a->d, y, x - 1 - (x == 3), TH_MARK, GL_BAR);
	draw_text(&a->d, y, x, label_end(w) - x - 1, on ? TH_STRONG : TH_DIM, text);
}

static int
dirs_draw(struct app *a, const struct new_state *st, int y, int bottom, int w)
{
	char dir[512], branch[64];
	for (int i = 0; i < st->n_dirs && y < bottom; i++) {
		a->d.on_sel = i == st->recent;
		int n = draw_cut(&a->d, y, label_end(w), w - label_end(w) - 3, TH_TEXT,
			fmt_dir(a->home, dir, sizeof dir, st->dirs[i]));
		a->d.on_sel = false;
		draw_hit(&a->d, HIT_ITEM, y, label_end(w), 1, n, 100 + i);
		git_branch(st->dirs[i], branch, sizeof branch);
		int x = MAX(label_end(w) + n + 2, 40);
		const char *machine, *there = dir_there(a, st->dirs[i], &machine);
		if (there && !*there)
			draw_fmt(&a->d, y, x, w - x - 1, TH_DIM, "your home on %s", machine);
		else if (st->dir_uses[i])
			draw_fmt(&a->d, y, x, w - x - 1, TH_DIM, "%d running", st->dir_uses[i]);
		else
			draw_cut(&a->d, y, x, w - x - 1, TH_DIM, "here");
		if (*branch)
			draw_fmt(&a->d, y, x + 13, w - x - 14, TH_DIM, "git %s", branch);
		y++;
	}
	return y;
}

static int
u64_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* What a session of this program usually weighs here: the median of those that run. */
static uint64_t
typical(const struct app *a, const char *profile)
{
	uint64_t *v = xcalloc(a->m.n + 1, sizeof *v), mid;
	size_t n = 0;
	for (size_t i = 0; i < a->m.n; i++)
		if (a->m.all[i]->footprint && !strcmp(a->m.all[i]->profile, profile))
			v[n++] = a->m.all[i]->footprint;
	qsort(v, n, sizeof *v, u64_cmp);
	mid = n ? v[n / 2] : 0;
	free(v);
	return mid;
}

static int
programs_draw(struct app *a, const struct new_state *st, int y, int w)
{
	int x = label_end(w);
	/* the chosen one is in sight */
	for (int i = w < 50 ? st->program : 0; i < a->n_programs && x < w - 4; i++) {
		bool on = i == st->program;
		enum theme_style th = on ? TH_BUTTON_ON : (a->program_found[i] ? TH_TEXT : TH_DIM);
		int n = draw_fmt(&a->d, y, x - 1, w - x, th,
			on && !a->d.theme.color ? "[%s]" : " %s ", a->programs[i]);
		draw_hit(&a->d, HIT_ITEM, y, x - 1, 1, n, 200 + i);
		x += n + 1;
	}
	return y + 1;
}

static void
summary_draw(struct app *a, const struct new_state *st, int y, int bottom, int w)
{
	char dir[512], shown[512], mem[16], free_text[16];
	int x = label_end(w);
	struct stat sb;
	const char *machine, *far = dir_there(a, st->line[F_DIR].text, &machine);
	full_dir(a, st, dir, sizeof dir);
	bool there = stat(dir, &sb) == 0 && S_ISDIR(sb.st_mode);
	if (y >= bottom)
		return;
	label(a, y, "Runs", false);
	if (far) {
		draw_fmt(&a->d, y, x, w - x - 1, TH_TEXT, "on %s: cd %s && %s%s%s", machine,
			*far ? far : "~", program(a, st), *st->line[F_ARGS].text ? " " : "",
			st->line[F_ARGS].text);
		return;
	}
	if (!there)
		draw_fmt(&a->d, y, x, w - x - 1, TH_ERROR, "there is no directory %s", dir);
	else
		draw_fmt(&a->d, y, x, w - x - 1, TH_TEXT, "cd %s && %s%s%s",
			fmt_dir(a->home, shown, sizeof shown, dir), program(a, st),
			*st->line[F_ARGS].text ? " " : "", st->line[F_ARGS].text);
	uint64_t usual = typical(a, program(a, st));
	if (y + 1 >= bottom || !a->m.ram_total)
		return;
	label(a, y + 1, "Memory", false);
	fmt_mem(free_text, (double)(a->m.ram_total - a->m.ram_used));
	if (usual)
		draw_fmt(&a->d, y + 1, x, w - x - 1, TH_TEXT, "%s free; a %s here is at %s now",
			free_text, program(a, st), fmt_mem(mem, (double)usual));
	else
		draw_fmt(&a->d, y + 1, x, w - x - 1, TH_TEXT, "%s free", free_text);
}

static void
buttons_draw(struct app *a, int y, int w)
{
	static const struct {
		int w;
		const char *go, *background;
	} words[] = {{60, "Create and attach", "Create in background ^B"},
		{34, "Create", "In background ^B"}, {0, "Go", "^B aside"}};
	size_t i = 0;
	while (w < words[i].w)
		i++;
	int all = utf8_width(words[i].go) + utf8_width(words[i].background) + 9;
	int x = MAX(0, (w - all) / 2), n = draw_button(&a->d, y, x, words[i].go, true);
	draw_hit(&a->d, HIT_ACTION, y, x, 1, n, ACTION_NEW_GO);
	x += n + (w >= 60 ? 3 : 1);
	n = draw_button(&a->d, y, x, words[i].background, false);
	draw_hit(&a->d, HIT_ACTION, y, x, 1, n, ACTION_NEW_BACKGROUND);
}

static int
prompt_rows(const struct app *a, const struct new_state *st)
{
	size_t most = st->field == F_PROMPT ? 8 : surface_rows(a->d.s) < 12 ? 1 : 3;
	return (int)MIN(lines_count(&st->prompt), most);
}

/* One field from row y on; returns the first row below. */
static int
field_draw(struct app *a, struct new_state *st, int f, int y, int bottom, int w)
{
	static const char *const names[][2] = {[F_DIR] = {"Directory", "Dir"},
		[F_PROGRAM] = {"Program", "CLI"},
		[F_ARGS] = {"Arguments", "Args"},
		[F_PROMPT] = {"Prompt", "Text"},
		[F_NAME] = {"Name", "Name"}};
	static const char *const empty[] = {
		[F_ARGS] = "(none)", [F_NAME] = "(automatic)", [F_COUNT] = NULL};
	int x = label_end(w), h = 1, field_w = MIN(w - x - 1, w >= 110 ? 90 : 64);
	bool on = st->field == f;
	if (y >= bottom)
		return y;
	label(a, y, names[f][w < 36], on);
	if (f == F_PROGRAM)
		programs_draw(a, st, y, w);
	else if (f == F_PROMPT) {
		h = MIN(prompt_rows(a, st), bottom - y);
		draw_lines(&a->d, &st->prompt, y, x, h, field_w, on,
			on ? "Shift+Enter another line, ^E the editor" : "(optional)");
	} else
		draw_line(&a->d, &st->line[f], y, x, field_w, on, empty[f]);
	draw_hit(&a->d, HIT_ITEM, y, 0, h, f == F_PROGRAM ? x : w, f);
	return y + h;
}

static void
new_draw(struct app *a, void *p)
{
	struct new_state *st = p;
	int w = surface_cols(a->d.s), h = surface_rows(a->d.s);
	int y = draw_title(&a->d, "New session", "", NULL);
	int foot = frame_footer(a, C_NEW, NULL, NULL);
	int gap = h >= 22 ? 1 : 0, buttons = foot - 1 - (foot >= 16);
	int bottom = MAX(y, buttons - (h >= 16));
	int below = 3 + prompt_rows(a, st) + 3 * gap + foot - bottom + (h >= 16 ? 2 : 0);
	int from = CLAMP(st->field - (bottom - y) + 1, 0, F_COUNT - 1); /* what is low scrolls */
	if (h >= 12)
		from = F_DIR;
	y += gap;
	for (int f = from; f < F_COUNT; f++) {
		y = field_draw(a, st, f, y, bottom, w);
		if (f == F_DIR)
			y = dirs_draw(a, st, y, MAX(y, foot - below), w);
		y += f != F_ARGS && f != F_NAME && y + gap < bottom ? gap : 0;
	}
	summary_draw(a, st, y + gap, bottom, w);
	buttons_draw(a, buttons, w);
}

static void
new_close(struct app *a, void *p)
{
	struct new_state *st = p;
	(void)a;
	lines_free(&st->prompt);
}

static struct new_state *
form(struct app *a)
{
	return app_state(a, &view_new);
}

/* Completes the last part of the directory as far as all candidates agree; true if that added
 * something. */
static bool
complete(struct app *a, struct new_state *st)
{
	char full[512], best[256] = "";
	struct stat sb;
	int found = 0;
	const char *machine;
	full_dir(a, st, full, sizeof full);
	char *slash = strrchr(full, '/');
	if (!slash || dir_there(a, st->line[F_DIR].text, &machine))
		return false;
	size_t n = strlen(slash + 1);
	char *part = xstrdup(slash + 1);
	slash[slash == full] = 0;
	DIR *d = opendir(full);
	for (struct dirent *e; d && (e = readdir(d));) {
		char path[800];
		snprintf(path, sizeof path, "%s/%s", full, e->d_name);
		if (strncmp(e->d_name, part, n) || (e->d_name[0] == '.' && part[0] != '.') ||
			stat(path, &sb) || !S_ISDIR(sb.st_mode))
			continue;
		size_t same = 0;
		while (found && best[same] && best[same] == e->d_name[same])
			same++;
		if (!found++)
			snprintf(best, sizeof best, "%s", e->d_name);
		else
			best[same] = 0;
	}
	if (d)
		closedir(d);
	free(part);
	size_t got = strlen(best);
	bool more = found == 1 || got > n;
	if (more) {
		struct input_event ev = {
			.type = INPUT_PASTE, .bytes = (const uint8_t *)best + n, .len = got - n};
		st->line[F_DIR].at = st->line[F_DIR].len;
		line_input(&st->line[F_DIR], &ev);
		ev.bytes = (const uint8_t *)"/";
		ev.len = 1;
		if (found == 1)
			line_input(&st->line[F_DIR], &ev);
	}
	return more && (got > n || found == 1);
}

void
act_new_next(struct app *a)
{
	struct new_state *st = form(a);
	st->field = (st->field + 1) % F_COUNT;
}

void
act_new_complete(struct app *a)
{
	struct new_state *st = form(a);
	char full[512], *slash;
	if (st->field != F_DIR || complete(a, st))
		return;
	const char *machine;
	full_dir(a, st, full, sizeof full);
	slash = strrchr(full, '/');
	if (dir_there(a, st->line[F_DIR].text, &machine))
		app_toast(a, true, "directories of %s are not known here", machine);
	else if (slash && slash[1])
		app_toast(a, true, "no directory, or more than one, begins with %.60s", slash + 1);
}

void
act_new_edit(struct app *a)
{
	struct new_state *st = form(a);
	const struct buf *text = &st->prompt.text;
	st->field = F_PROMPT;
	a->ops.edit(a->ops.ctx, text->len ? (const char *)text->data : "", text->len);
}

static void
new_edited(struct app *a, void *p, const char *text, size_t n)
{
	struct new_state *st = p;
	lines_set(&st->prompt, text, n);
	if (st->prompt.full)
		app_toast(a, true, "a prompt has at most %u KiB", LINES_EDIT_MAX >> 10);
}

void
act_new_prev(struct app *a)
{
	struct new_state *st = form(a);
	st->field = (st->field + F_COUNT - 1) % F_COUNT;
}

static void
recent(struct app *a, int by)
{
	struct new_state *st = form(a);
	char dir[512];
	if (st->n_dirs == 0)
		return;
	st->recent = CLAMP(st->recent + by, 0, st->n_dirs - 1);
	line_set(&st->line[F_DIR], fmt_dir(a->home, dir, sizeof dir, st->dirs[st->recent]));
}

void
act_new_up(struct app *a)
{
	if (form(a)->field == F_DIR)
		recent(a, form(a)->recent < 0 ? 1 : -1);
	else
		act_new_prev(a);
}

void
act_new_down(struct app *a)
{
	struct new_state *st = form(a);
	if (st->field == F_DIR && st->recent < st->n_dirs - 1)
		recent(a, 1);
	else
		st->field = (st->field + 1) % F_COUNT;
}

static void
created_cb(struct app *a, json_t *reply, const struct err *e, const char *attach)
{
	const char *id = json_string_value(json_object_get(reply, "id"));
	const char *name = json_string_value(json_object_get(reply, "name"));
	if (e) {
		app_error(a, "new", e);
		return;
	}
	if (app_top(a) == &view_new)
		app_pop(a);
	if (!id)
		return;
	model_select(&a->m, id);
	if (*attach)
		attach_show(a, id, NULL);
	else
		app_toast(a, false, "started %s", name ? name : id);
}

/* Words of the arguments; quotes keep blanks. */
static json_t *
words(const char *first, const char *text)
{
	json_t *argv = json_array();
	char word[512];
	json_array_append_new(argv, json_string(first));
	while (*(text += strspn(text, " "))) {
		size_t n = 0;
		for (char quote = 0; *text && (quote || *text != ' '); text++) {
			if (quote ? *text == quote : (*text == '"' || *text == '\''))
				quote = quote ? 0 : *text;
			else if (n < sizeof word - 1)
				word[n++] = *text;
		}
		json_array_append_new(argv, json_stringn(word, n));
	}
	return argv;
}

static void
create(struct app *a, bool attach)
{
	struct new_state *st = form(a);
	char dir[512];
	const char *args = st->line[F_ARGS].text, *prog = program(a, st);
	const char *machine, *far = dir_there(a, st->line[F_DIR].text, &machine);
	full_dir(a, st, dir, sizeof dir);
	json_t *o = json_pack("{s:s, s:s, s:i, s:i}", "cwd", far ? *far ? far : "~" : dir,
		"profile", prog, "cols", surface_cols(a->d.s), "rows", surface_rows(a->d.s));
	if (far)
		json_object_set_new(o, "host", json_string(machine));
	if (*args && !strcmp(prog, "shell"))
		json_object_set_new(o, "argv", json_pack("[s, s, s]", "sh", "-c", args));
	else if (*args)
		json_object_set_new(o, "argv", words(prog, args));
	if (st->prompt.text.len)
		json_object_set_new(o, "prompt",
			json_stringn((char *)st->prompt.text.data, st->prompt.text.len));
	if (*st->line[F_NAME].text)
		json_object_set_new(o, "name", json_string(st->line[F_NAME].text));
	app_request(a, "new", o, created_cb, attach ? "attach" : "");
}

void
act_new_go(struct app *a)
{
	create(a, true);
}

void
act_new_background(struct app *a)
{
	create(a, false);
}

void
act_new_like(struct app *a)
{
	struct new_state *st = form(a);
	struct msess *s = model_selected(&a->m);
	char dir[512];
	if (!s)
		return;
	char full[512];
	line_set(&st->line[F_DIR], fmt_dir(a->home, dir, sizeof dir, session_dir(s, full)));
	for (int i = 0; i < a->n_programs; i++)
		if (!strcmp(a->programs[i], s->profile))
			st->program = i;
	const char *args = strchr(s->command, ' ');
	line_set(&st->line[F_ARGS], args ? args + 1 : "");
}

static bool
new_text(struct app *a, void *p, const struct input_event *ev)
{
	struct new_state *st = p;
	if (key_is(ev, "C-b") || key_is(ev, "C-d"))
		return false;
	if (st->field == F_PROMPT) {
		bool taken = lines_input(&st->prompt, ev);
		if (st->prompt.full)
			app_toast(a, true, "too long: a prompt has at most %u KiB",
				LINES_EDIT_MAX >> 10);
		return taken;
	}
	if (st->field != F_PROGRAM) {
		st->recent = st->field == F_DIR && ev->type == INPUT_PASTE ? -1 : st->recent;
		return line_input(&st->line[st->field], ev);
	}
	int by = key_is(ev, "Right") || key_is(ev, "Space") || key_is(ev, "l");
	by -= key_is(ev, "Left") || key_is(ev, "h");
	if (by && a->n_programs)
		st->program = (st->program + by + a->n_programs) % a->n_programs;
	return by != 0;
}

static void
new_pick(struct app *a, void *p, int index, bool twice)
{
	struct new_state *st = p;
	(void)twice;
	if (index >= 200) {
		st->field = F_PROGRAM;
		st->program = index - 200;
	} else if (index >= 100) {
		st->field = F_DIR;
		st->recent = index - 100;
		recent(a, 0);
	} else {
		st->field = index;
	}
}

const struct view view_new = {
	.name = "new",
	.context = C_NEW,
	.size = sizeof(struct new_state),
	.open = new_open,
	.close = new_close,
	.edited = new_edited,
	.draw = new_draw,
	.text = new_text,
	.pick = new_pick,
};
