/* Operating system commands: titles, colours, links, clipboard, notifications, prompts. */
#include "core/vt/vt_string.h"
#include "core/base/base64.h"

#include <stdlib.h>
#include <string.h>

#define CLIPBOARD_MAX (100 * 1024)

struct osc {
	int number;
	char *s;
	size_t n;
};

/* Titles */

static void
replace(char **to, const char *s, size_t n)
{
	free(*to);
	*to = NULL;
	n = MIN(n, TITLE_MAX);
	while (n && n < strlen(s) && ((uint8_t)s[n] & 0xc0) == 0x80) /* not inside a character */
		n--;
	if (n) {
		*to = xmalloc(n + 1);
		memcpy(*to, s, n);
		(*to)[n] = 0;
	}
}

void
term_set_title(struct term *t, const char *s)
{
	replace(&t->title, s, strlen(s));
	const char *title = t->title ? t->title : "";

	term_event_text(t, TERM_TITLE, title, strlen(title));
}

void
term_set_icon(struct term *t, const char *s)
{
	replace(&t->icon, s, strlen(s));
	const char *icon = t->icon ? t->icon : "";

	term_event_text(t, TERM_ICON, icon, strlen(icon));
}

void
free_title(struct string_stack *s)
{
	free(s->title);
	free(s->icon);
	*s = (struct string_stack){0};
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Title mode 0: titles arrive in hexadecimal. False where they are not. */
static bool
unhex(char *s)
{
	size_t n = 0;
	for (; s[2 * n] && s[2 * n + 1]; n++) {
		int hi = hex_digit(s[2 * n]), lo = hex_digit(s[2 * n + 1]);
		if (hi < 0 || lo < 0 || !(hi | lo))
			return false;
		s[n] = (char)(hi << 4 | lo);
	}
	bool even = !s[2 * n];
	s[n] = 0;
	return even;
}

static void
osc_title(struct term *t, struct osc *o)
{
	if (!(t->v.title_modes & 1) || unhex(o->s))
		term_set_title(t, o->s);
}

static void
osc_icon(struct term *t, struct osc *o)
{
	if (!(t->v.title_modes & 1) || unhex(o->s))
		term_set_icon(t, o->s);
}

static void
osc_title_and_icon(struct term *t, struct osc *o)
{
	if (t->v.title_modes & 1 && !unhex(o->s))
		return;
	term_set_icon(t, o->s);
	term_set_title(t, o->s);
}

/* Colours */

static const struct {
	const char *name;
	uint32_t rgb;
} named[] = {
#define X(name, rgb) {#name, rgb},
#include "core/vt/colors.def"
#undef X
};

/* A colour's name, or gray0 to gray100; 0 if it is none. */
static uint32_t
color_by_name(const char *s)
{
	char word[32];
	size_t n = 0;
	for (; *s && n < sizeof(word) - 1; s++)
		if (*s != ' ')
			word[n++] = *s;
	word[n] = 0;
	for (size_t k = 0; k < ARRAY_LEN(named); k++)
		if (!strcasecmp(named[k].name, word))
			return COLOR_RGB | named[k].rgb;
	int percent = -1, end = 0;
	bool gray = !strncasecmp(word, "gray", 4) || !strncasecmp(word, "grey", 4);
	if (gray && sscanf(word + 4, "%3d%n", &percent, &end) == 1 && !word[4 + end] &&
		percent >= 0 && percent <= 100)
		return COLOR_RGB | (uint32_t)(percent * 2.55 + 0.5) * 0x010101;
	return 0;
}

/* One channel of 1 to 4 hex digits, scaled to 8 bits; -1 if it is none. */
static int
channel(const char **s, int max)
{
	int v = 0, n = 0;
	while (n < max && hex_digit(**s) >= 0) {
		v = v << 4 | hex_digit(*(*s)++);
		n++;
	}
	if (!n)
		return -1;
	return max == 4 || n < 4 ? v * 255 / ((1 << 4 * n) - 1) : v;
}

/* X's colour words: #RGB to #RRRRGGGGBBBB, rgb:R/G/B to rgb:RRRR/…, names. 0 if none. */
static uint32_t
parse_color(const char *s)
{
	int c[3], i = 0;
	if (*s == '#') {
		size_t n = strlen(s + 1);
		if (n % 3 || !n || n > 12)
			return 0;
		for (s++; i < 3; i++) { /* short forms are the high bits here */
			int v = 0;
			for (size_t k = 0; k < n / 3; k++) {
				if (hex_digit(*s) < 0)
					return 0;
				if (k < 2)
					v = v << 4 | hex_digit(*s);
				s++;
			}
			c[i] = n == 3 ? v << 4 : v;
		}
		return COLOR_RGB | (uint32_t)(c[0] << 16 | c[1] << 8 | c[2]);
	}
	if (!strncasecmp(s, "rgb:", 4)) {
		for (s += 4; i < 3; i++) {
			c[i] = channel(&s, 4);
			if (c[i] < 0 || *s != (i < 2 ? '/' : 0))
				return 0;
			s += i < 2;
		}
		return COLOR_RGB | (uint32_t)(c[0] << 16 | c[1] << 8 | c[2]);
	}
	return color_by_name(s);
}

static uint32_t
palette_default(unsigned n)
{
	static const uint32_t base[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee,
		0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff,
		0xff00ff, 0x00ffff, 0xffffff};
	static const uint8_t level[6] = {0, 95, 135, 175, 215, 255};
	if (n < 16)
		return base[n];
	if (n >= 232)
		return (8 + 10 * (n - 232)) * 0x010101;
	n -= 16;
	return (uint32_t)level[n / 36] << 16 | (uint32_t)level[n / 6 % 6] << 8 | level[n % 6];
}

static void
answer_color(struct term *t, int osc, int index, uint32_t rgb)
{
	unsigned r = rgb >> 16 & 255, g = rgb >> 8 & 255, b = rgb & 255;
	const char *end = t->v.str_bell ? "\a" : "\033\\";
	char at[16] = "";
	if (index >= 0)
		snprintf(at, sizeof(at), "%d;", index);
	term_reply(t, "\033]%d;%srgb:%02x%02x/%02x%02x/%02x%02x%s", osc, at, r, r, g, g, b, b, end);
}

/* The next ;-separated word; NULL at the end. */
static char *
word(char **s)
{
	char *w = *s;
	if (!w)
		return NULL;
	char *semi = strchr(w, ';');
	if (semi)
		*semi++ = 0;
	*s = semi;
	return w;
}

static int
number(const char *s)
{
	int v = 0;
	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		v = MIN(v * 10 + (*s - '0'), 99999);
	}
	return v;
}

/* Bold, underline and so on: OSC 5, or OSC 4 from 256. */
static void
special_color(struct term *t, int osc, int i, const char *spec)
{
	if (i < 0 || i >= (int)ARRAY_LEN(t->v.special))
		return;
	if (!strcmp(spec, "?"))
		answer_color(t, osc, osc == 4 ? i + 256 : i,
			t->v.special[i] ? t->v.special[i] : t->v.color_fg);
	else if (parse_color(spec))
		t->v.special[i] = parse_color(spec);
}

static void
osc_palette(struct term *t, struct osc *o)
{
	char *s = o->s, *w;
	while ((w = word(&s))) {
		int i = number(w);
		char *spec = word(&s);
		if (!spec)
			return;
		uint32_t c = parse_color(spec);
		if (i >= 256) {
			special_color(t, 4, i - 256, spec);
		} else if (i >= 0 && !strcmp(spec, "?")) {
			c = t->palette ? t->palette[i] : 0;
			answer_color(t, 4, i, c ? c : palette_default((unsigned)i));
		} else if (i >= 0 && c) {
			if (!t->palette)
				t->palette = xcalloc(256, sizeof(*t->palette));
			t->palette[i] = c;
		}
	}
}

static void
osc_special(struct term *t, struct osc *o)
{
	char *s = o->s, *w;
	while ((w = word(&s))) {
		char *spec = word(&s);
		if (spec)
			special_color(t, 5, number(w), spec);
	}
}

static void
osc_palette_reset(struct term *t, struct osc *o)
{
	char *s = o->s, *w;
	if (!*o->s) {
		free(t->palette);
		t->palette = NULL;
	}
	while (t->palette && (w = word(&s)))
		if (number(w) >= 0 && number(w) < 256)
			t->palette[number(w)] = 0;
}

static void
osc_special_reset(struct term *t, struct osc *o)
{
	for (int i = 0; i < (int)ARRAY_LEN(t->v.special); i++)
		if (!*o->s || number(o->s) == i)
			t->v.special[i] = 0;
}

static void
osc_dynamic(struct term *t, struct osc *o)
{
	const uint32_t outer[] = {t->v.color_fg, t->v.color_bg, t->v.color_cursor};
	char *s = o->s, *w;
	for (int i = o->number - 10; i < (int)ARRAY_LEN(t->v.dyn) && (w = word(&s)); i++) {
		uint32_t c = parse_color(w);
		if (c)
			t->v.dyn[i] = c;
		else if (strcmp(w, "?"))
			return;
		else if (t->v.dyn[i])
			answer_color(t, 10 + i, -1, t->v.dyn[i]);
		else
			answer_color(t, 10 + i, -1,
				i < 3	 ? outer[i]
				: i == 7 ? outer[1]
				: i == 9 ? outer[0]
				: i % 2	 ? outer[0]
					 : outer[1]);
	}
}

static void
osc_dynamic_reset(struct term *t, struct osc *o)
{
	t->v.dyn[o->number - 110] = 0;
}

/* Links: params;URI, where params may hold id=NAME among others, separated by colons. */
static void
osc_link(struct term *t, struct osc *o)
{
	char *uri = strchr(o->s, ';'), *id = o->s;
	if (!uri)
		return;
	*uri++ = 0;
	while (id && strncmp(id, "id=", 3))
		id = (id = strchr(id, ':')) ? id + 1 : NULL;
	size_t id_len = id ? strcspn(id + 3, ":") : 0;
	t->v.pen.link = tab_link(t->tab, id ? id + 3 : "", id_len, uri, strlen(uri));
	t->pen_dirty = true;
}

/* Things for the owner to know */

static void
osc_cwd(struct term *t, struct osc *o)
{
	term_event_text(t, TERM_CWD, o->s, o->n);
}

static void
osc_status(struct term *t, struct osc *o)
{
	if (!strcmp(o->s, "?"))
		term_reply(t, "\033]7501;?\033\\");
	else
		term_event_text(t, TERM_STATUS, o->s, o->n);
}

static void
notify(struct term *t, const char *title, const char *body)
{
	term_emit(t, &(struct term_event){.type = TERM_NOTIFY,
			     .text = body,
			     .len = strlen(body),
			     .text2 = title,
			     .len2 = strlen(title)});
}

static void
osc_notify(struct term *t, struct osc *o)
{
	if (o->s[0] != '4' || (o->s[1] && o->s[1] != ';')) {
		notify(t, "", o->s);
		return;
	}
	char *s = o->s;
	word(&s);
	char *state = word(&s), *percent = word(&s);
	int a = state ? number(state) : 0, b = percent ? number(percent) : 0;
	if (a >= 0 && a <= 4)
		term_emit(t,
			&(struct term_event){.type = TERM_PROGRESS, .a = a, .b = CLAMP(b, 0, 100)});
}

static void
osc_kitty_notify(struct term *t, struct osc *o)
{
	char *payload = strchr(o->s, ';');
	if (payload)
		notify(t, "", payload + 1);
}

static void
osc_urxvt_notify(struct term *t, struct osc *o)
{
	char *s = o->s, *verb = word(&s), *title = word(&s);
	if (verb && !strcmp(verb, "notify") && title)
		notify(t, title, s ? s : "");
}

/* A, B, C, D as shells mark prompt, input, output and end; D carries the exit code. */
static void
osc_prompt(struct term *t, struct osc *o)
{
	static const uint8_t mark[] = {['A'] = 1, ['C'] = 2, ['D'] = 3};
	char *s = o->s, *w = word(&s);
	uint8_t c = w ? (uint8_t)w[0] : 0;
	if (c < 'A' || c > 'D' || w[1])
		return;
	t->v.prompt = c == 'D' ? 0 : c;
	struct row *r = term_row(t, t->v.row);
	bool prompt = (r->flags & ROW_PROMPT_MASK) >> ROW_PROMPT_SHIFT == mark['A'];
	/* a row has one mark: that a prompt begins on it is worth more than what follows */
	if (c < ARRAY_LEN(mark) && mark[c] && (c == 'A' || !prompt)) {
		r->flags = (r->flags & ~(uint32_t)ROW_PROMPT_MASK) | (uint32_t)mark[c]
									     << ROW_PROMPT_SHIFT;
	}
	char *code = c == 'D' ? word(&s) : NULL;
	term_emit(t,
		&(struct term_event){.type = TERM_PROMPT, .a = c, .b = code ? number(code) : -1});
}

/* Writing only: what is on the clipboard is never told. */
static void
osc_clipboard(struct term *t, struct osc *o)
{
	char *s = o->s, *where = word(&s);
	if (!s || !strcmp(s, "?"))
		return;
	size_t end, n = base64_get(s, strlen(s), s, strlen(s), &end);
	if (s[end + strspn(s + end, "=")] || n > CLIPBOARD_MAX)
		return;
	s[n] = 0;
	term_emit(t, &(struct term_event){.type = TERM_CLIPBOARD,
			     .text = s,
			     .len = n,
			     .text2 = where,
			     .len2 = strlen(where)});
}

void
osc_dispatch(struct term *t, char *s, size_t n)
{
	static const struct {
		int number;
		void (*fn)(struct term *t, struct osc *o);
	} table[] = {
#define X(number, fn) {number, fn},
#include "core/vt/osc.def"
#undef X
	};
	char *rest = strchr(s, ';');
	struct osc o = {.s = rest ? rest + 1 : s + n};
	if (rest)
		*rest = 0;
	o.number = number(s);
	o.n = strlen(o.s);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].number == o.number) {
			table[i].fn(t, &o);
			return;
		}
}
