/* What the server says of a session or of itself, as pages to read (app/text.c). */
#include "core/text/width.h"
#include "sessions/wire/json.h"
#include "tui/app/text.h"
#include "tui/app/frame.h"
#include "tui/model/reason.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Foreign text: only what may be shown. */
static void
put_clean(struct buf *b, const char *s)
{
	char clean[400];
	sanitize(clean, sizeof clean, s, strlen(s));
	buf_puts(b, clean);
}

static void
put_value(struct buf *b, const char *key, json_t *v)
{
	char mem[16];
	size_t n = strlen(key);
	if (json_is_string(v))
		put_clean(b, json_string_value(v));
	else if (json_is_boolean(v))
		buf_puts(b, json_is_true(v) ? "yes" : "no");
	else if (json_is_number(v) && strstr(key, "_bytes"))
		buf_printf(b, "%s%s", fmt_mem(mem, json_number_value(v)),
			!strcmp(key + n - MIN(n, 6), "_per_h") ? " an hour" : "");
	else if (json_is_integer(v))
		buf_printf(b, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		buf_printf(b, "%.4g", json_real_value(v));
	else if (json_is_null(v))
		buf_puts(b, "unknown");
}

/* "slope_bytes_per_h" is the slope: the value says its unit. */
static void
put_name(struct buf *b, const char *key)
{
	const char *unit = strstr(key, "_bytes");
	size_t n = unit ? (size_t)(unit - key) : strlen(key);
	for (size_t i = 0; i < n; i++)
		buf_putc(b, key[i] == '_' ? ' ' : (uint8_t)key[i]);
}

static void
put_key(struct buf *b, const char *key)
{
	buf_putc(b, 4);
	put_name(b, key);
	buf_putc(b, '\t');
}

/* Members of an object as key lines; objects in it as sections of their own, below. */
static void
put_object(struct buf *b, json_t *o, int depth)
{
	const char *key;
	json_t *v;
	json_object_foreach (o, key, v) {
		if (json_is_object(v) || json_is_array(v) || !strcmp(key, "v"))
			continue;
		put_key(b, key);
		put_value(b, key, v);
		buf_putc(b, '\n');
	}
	json_object_foreach (o, key, v)
		if (json_is_object(v) && depth < 3) {
			buf_printf(b, "\n\1%s\n", key);
			put_object(b, v, depth + 1);
		}
}

static void
show(struct app *a, const char *title, struct buf *b)
{
	if (b->len == 0)
		buf_puts(b, "nothing to show\n");
	app_show_text(a, title, buf_cstr(b));
}

static void
title_of(const struct app *a, const char *what, const char *id, char *out, size_t cap)
{
	const struct msess *s = model_find(&a->m, id);
	snprintf(out, cap, "%s   %s", what, s ? s->name : id);
}

static void
put_signal(struct buf *b, json_t *sig)
{
	char ago[16] = "";
	json_t *age = json_object_get(sig, "age_s");
	buf_printf(b, "\4%s\t%-12s", obj_str(sig, "source"), obj_str(sig, "value"));
	if (json_is_number(age))
		buf_printf(b, " %6s ago", fmt_idle(ago, json_number_value(age)));
	buf_puts(b, json_is_true(json_object_get(sig, "used")) ? "   decides   " : "             ");
	put_clean(b, obj_str(sig, "detail"));
	buf_putc(b, '\n');
}

static void
explain_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct buf b = {0};
	char title[96], says[500];
	json_t *v, *growth = json_object_get(reply, "growth"),
		   *reap = json_object_get(reply, "reap");
	size_t i;
	if (e) {
		app_error(a, "explain", e);
		return;
	}
	explain_words(reply, says, sizeof says);
	buf_putc(&b, 1);
	put_clean(&b, says);
	buf_printf(&b, "\n\n\1Activity: %s\n", obj_str(reply, "activity"));
	json_array_foreach (json_object_get(reply, "signals"), i, v)
		put_signal(&b, v);
	buf_printf(&b, "\n\1Memory trend: %s\n", obj_str(growth, "verdict"));
	put_object(&b, json_object_get(growth, "numbers"), 1);
	buf_printf(&b, "\n\1Sleep: %s, and %s\n",
		json_is_true(json_object_get(reap, "eligible")) ? "can sleep now" : "not now",
		json_is_true(json_object_get(reap, "worth")) ? "worth it" : "little to gain");
	json_array_foreach (json_object_get(reap, "reasons"), i, v) {
		char why[200];
		reason_words(json_string_value(v) ? json_string_value(v) : "",
			json_number_value(json_object_get(reply, "idle_s")), why, sizeof why);
		buf_puts(&b, "    ");
		put_clean(&b, why);
		buf_putc(&b, '\n');
	}
	title_of(a, "explain", id, title, sizeof title);
	show(a, title, &b);
}

void
act_explain(struct app *a)
{
	struct msess *s = app_subject(a);
	if (s)
		app_request(a, "explain", json_pack("{s:s}", "id", s->id), explain_cb, s->id);
}

static void
footprint_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct buf b = {0};
	char title[96], m1[16], m2[16];
	json_t *v;
	size_t i;
	if (e) {
		app_error(a, "footprint", e);
		return;
	}
	buf_printf(&b, "\1Total %s, resident %s\n",
		fmt_mem(m1, json_number_value(json_object_get(reply, "total_bytes"))),
		fmt_mem(m2, json_number_value(json_object_get(reply, "rss_bytes"))));
	buf_puts(&b, "\n\1Processes\n");
	json_array_foreach (json_object_get(reply, "processes"), i, v) {
		const char *role = *obj_str(v, "role") ? obj_str(v, "role") : obj_str(v, "comm");
		buf_printf(&b, "\4%lld\t%8s  resident %6s   %-7s ",
			(long long)json_integer_value(json_object_get(v, "pid")),
			fmt_mem(m1, json_number_value(json_object_get(v, "footprint_bytes"))),
			fmt_mem(m2, json_number_value(json_object_get(v, "rss_bytes"))),
			obj_str(v, "rule"));
		put_clean(&b, role);
		buf_putc(&b, '\n');
	}
	buf_puts(&b, "\n\1Categories\n");
	json_array_foreach (json_object_get(reply, "categories"), i, v)
		buf_printf(&b, "\4%s\t%8s  swapped %6s   %lld regions\n", obj_str(v, "name"),
			fmt_mem(m1, json_number_value(json_object_get(v, "bytes"))),
			fmt_mem(m2, json_number_value(json_object_get(v, "swapped_bytes"))),
			(long long)json_integer_value(json_object_get(v, "regions")));
	title_of(a, "footprint", id, title, sizeof title);
	show(a, title, &b);
}

void
act_footprint(struct app *a)
{
	struct msess *s = app_subject(a);
	if (s)
		app_request(a, "footprint", json_pack("{s:s}", "id", s->id), footprint_cb, s->id);
}

static void
doctor_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct buf b = {0};
	json_t *c;
	size_t i;
	(void)id;
	if (e) {
		app_error(a, "doctor", e);
		return;
	}
	buf_puts(&b, "\1Checks\n");
	json_array_foreach (json_object_get(reply, "checks"), i, c) {
		bool ok = json_is_true(json_object_get(c, "ok"));

		if (ok && json_is_true(json_object_get(c, "counter")))
			continue; /* doctor -v has them */
		buf_putc(&b, ok ? 2 : 3);
		put_clean(&b, obj_str(c, "name"));
		buf_puts(&b, ": ");
		put_clean(&b, obj_str(c, "detail"));
		buf_putc(&b, '\n');
	}
	show(a, "doctor", &b);
}

void
act_doctor(struct app *a)
{
	app_request(a, "doctor", json_object(), doctor_cb, NULL);
}

static void
status_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct buf b = {0};
	(void)id;
	if (e) {
		app_error(a, "status", e);
		return;
	}
	put_object(&b, reply, 0);
	show(a, "server", &b);
}

void
act_status(struct app *a)
{
	app_request(a, "status", json_object(), status_cb, NULL);
}

static void
put_event(struct buf *b, json_t *ev)
{
	char clock[32];
	time_t t = (time_t)json_number_value(json_object_get(ev, "t"));
	struct tm tm;
	const char *key;
	json_t *v;
	localtime_r(&t, &tm);
	strftime(clock, sizeof clock, "%d %b %H:%M:%S", &tm);
	buf_printf(b, "\4%s\t%-12s ", clock, obj_str(ev, "event"));
	put_clean(b, obj_str(ev, "name"));
	json_object_foreach (json_object_get(ev, "detail"), key, v) {
		buf_puts(b, "   ");
		put_name(b, key);
		buf_putc(b, ' ');
		put_value(b, key, v);
	}
	buf_putc(b, '\n');
}

static void
events_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct buf b = {0};
	json_t *list = json_object_get(reply, "events");
	(void)id;
	if (e) {
		app_error(a, "events", e);
		return;
	}
	for (size_t i = json_array_size(list); i-- > 0;) /* latest first */
		put_event(&b, json_array_get(list, i));
	show(a, "events", &b);
}

void
act_events(struct app *a)
{
	app_request(a, "events", json_object(), events_cb, NULL);
}

void
act_inspect(struct app *a)
{
	struct buf b = {0};
	app_check(a);
	app_dump(a, &b);
	app_show_text(a, "inspect", buf_cstr(&b));
}
