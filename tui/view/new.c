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
	struct line_edit line[F_COUNT]; /* that of F_PROGRAM stays empty */
	char dirs[DIRS_MAX][512];	/* recent ones, most used first */
	int dir_uses[DIRS_MAX];
	int n_dirs, recent;
	bool attach;
};

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
	const struct msess *sel = model_selected(&a->m);
	for (size_t i = 0; i < a->m.n; i++)
		if (msess_live(a->m.all[i]))
			add_dir(st, a->m.all[i]->cwd);
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

static void
label(struct app *a, int y, const char *text, bool on)
{
	if (on)
		draw_glyph(&a->d, y, 1, TH_MARK, GL_BAR);
	draw_text(&a->d, y, 3, 12, on ? TH_STRONG : TH_DIM, text);
}

static int
dirs_draw(struct app *a, const struct new_state *st, int y, int bottom, int w)
{
	char dir[512], branch[64];
	for (int i = 0; i < st->n_dirs && y < bottom; i++) {
		a->d.on_sel = i == st->recent;
		int n = draw_cut(&a->d, y, 17, w - 20, TH_TEXT,
			fmt_dir(a->home, dir, sizeof dir, st->dirs[i]));
		a->d.on_sel = false;
		draw_hit(&a->d, HIT_ITEM, y, 17, 1, n, 100 + i);
		git_branch(st->dirs[i], branch, sizeof branch);
		int x = MAX(17 + n + 2, 40);
		if (st->dir_uses[i])
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
	int x = 17;
	for (int i = 0; i < a->n_programs && x < w - 4; i++) {
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
	struct stat sb;
	full_dir(a, st, dir, sizeof dir);
	bool there = stat(dir, &sb) == 0 && S_ISDIR(sb.st_mode);
	if (y >= bottom)
		return;
	label(a, y, "Runs", false);
	if (!there)
		draw_fmt(&a->d, y, 17, w - 18, TH_ERROR, "there is no directory %s", dir);
	else
		draw_fmt(&a->d, y, 17, w - 18, TH_TEXT, "cd %s && %s%s%s",
			fmt_dir(a->home, shown, sizeof shown, dir), program(a, st),
			*st->line[F_ARGS].text ? " " : "", st->line[F_ARGS].text);
	uint64_t usual = typical(a, program(a, st));
	if (y + 1 >= bottom || !a->m.ram_total)
		return;
	label(a, y + 1, "Memory", false);
	fmt_mem(free_text, (double)(a->m.ram_total - a->m.ram_used));
	if (usual)
		draw_fmt(&a->d, y + 1, 17, w - 18, TH_TEXT, "%s free; a %s here is at %s now",
			free_text, program(a, st), fmt_mem(mem, (double)usual));
	else
		draw_fmt(&a->d, y + 1, 17, w - 18, TH_TEXT, "%s free", free_text);
}

static void
new_draw(struct app *a, void *p)
{
	struct new_state *st = p;
	int w = surface_cols(a->d.s), h = surface_rows(a->d.s);
	int y = draw_title(&a->d, "New session", "", NULL);
	int foot = frame_footer(a, C_NEW, NULL, NULL);
	int gap = h >= 22 ? 1 : 0, below = 4 + 3 * gap + (h >= 16 ? 5 : 0);
	y += gap;
	label(a, y, "Directory", st->field == F_DIR);
	draw_line(&a->d, &st->line[F_DIR], y, 17, MIN(w - 18, 64), st->field == F_DIR, NULL);
	draw_hit(&a->d, HIT_ITEM, y++, 0, 1, w, F_DIR);
	y = dirs_draw(a, st, y, MAX(y, foot - below), w) + gap;
	label(a, y, "Program", st->field == F_PROGRAM);
	y = programs_draw(a, st, y, w) + gap;
	static const char *const names[] = {
		[F_ARGS] = "Arguments", [F_PROMPT] = "Prompt", [F_NAME] = "Name"};
	static const char *const empty[] = {
		[F_ARGS] = "(none)", [F_PROMPT] = "(optional)", [F_NAME] = "(automatic)"};
	for (int f = F_ARGS; f < F_COUNT && y < foot; f++) {
		label(a, y, names[f], st->field == f);
		draw_line(&a->d, &st->line[f], y, 17, MIN(w - 18, 64), st->field == f, empty[f]);
		draw_hit(&a->d, HIT_ITEM, y, 0, 1, w, f);
		y += 1 + (f == F_PROMPT ? gap : 0);
	}
	summary_draw(a, st, y + gap, foot, w);
	if (foot - y > 5) {
		int x = MAX(3, (w - 50) / 2);
		int n = draw_button(&a->d, foot - 2, x, "Create and attach", true);
		draw_hit(&a->d, HIT_ACTION, foot - 2, x, 1, n, ACTION_NEW_GO);
		x += n + 3;
		n = draw_button(&a->d, foot - 2, x, "Create in background ^B", false);
		draw_hit(&a->d, HIT_ACTION, foot - 2, x, 1, n, ACTION_NEW_BACKGROUND);
	}
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
	full_dir(a, st, full, sizeof full);
	char *slash = strrchr(full, '/');
	if (!slash)
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
	const struct line_edit *d = &st->line[F_DIR];
	bool whole = d->len > 0 && d->text[d->len - 1] == '/';
	if (st->field == F_DIR && !whole && complete(a, st))
		return;
	st->field = (st->field + 1) % F_COUNT;
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
	full_dir(a, st, dir, sizeof dir);
	json_t *o = json_pack("{s:s, s:s, s:i, s:i}", "cwd", dir, "profile", prog, "cols",
		surface_cols(a->d.s), "rows", surface_rows(a->d.s));
	if (*args && !strcmp(prog, "shell"))
		json_object_set_new(o, "argv", json_pack("[s, s, s]", "sh", "-c", args));
	else if (*args)
		json_object_set_new(o, "argv", words(prog, args));
	if (*st->line[F_PROMPT].text)
		json_object_set_new(o, "prompt", json_string(st->line[F_PROMPT].text));
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
	line_set(&st->line[F_DIR], fmt_dir(a->home, dir, sizeof dir, s->cwd));
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
	.draw = new_draw,
	.text = new_text,
	.pick = new_pick,
};
