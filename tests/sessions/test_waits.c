/* Requests and those that wait (sessions/peer, sessions/server/waits.h), with clients that the test
 * plays and verbs of its own. */
#include "sessions/server/waits.h"
#include "tests/sessions/fake_peer.h"

#define BIG (900u << 10) /* bytes of a request: two are allowed at a time, not three */

static uv_loop_t loop;
static struct peers *all;
static struct waits waits;
static unsigned freed, closed, asked[10];
static bool is_true[10];
static struct session *const some = (struct session *)&is_true; /* only compared */

/* Waits for is_true[n], where a change of `some` is what it looks at. */
struct want {
	int n;
};

static bool
done(struct waiter *w, struct session *changed)
{
	struct want *want = w->ctx;

	asked[want->n]++;
	if ((changed && changed != some) || !is_true[want->n])
		return false;
	request_reply(w->r, json_pack("{s:i}", "n", want->n));
	return true;
}

static void
free_want(void *ctx)
{
	freed++;
	free(ctx);
}

static void
cmd_wait(struct request *r)
{
	struct want *w = xcalloc(1, sizeof(*w));

	w->n = (int)json_integer_value(json_object_get(request_args(r), "n"));
	waits_add(&waits, r, done, free_want, w);
}

static void
cmd_parts(struct request *r)
{
	for (int i = 0; i < 2; i++)
		request_part(r, json_pack("{s:i}", "i", i));
	request_reply(r, json_object());
}

static void
on_frame(struct views *views, struct peer *p, const struct frame *f)
{
	(void)views;
	(void)p;
	fail_msg("a frame of type %d for a view", f->type);
}

static void
on_peer_closed(struct views *views, struct peer *p)
{
	(void)views;
	(void)p;
	closed++;
}

static bool
has_view(struct views *views, struct peer *p)
{
	(void)views;
	(void)p;
	return false;
}

static int
begin(void **state)
{
	static const struct command commands[] = {{"wait", cmd_wait}, {"parts", cmd_parts}};
	static const struct peer_ops ops = {
		.frame = on_frame, .closed = on_peer_closed, .used = has_view};

	(void)state;
	freed = closed = 0;
	memset(asked, 0, sizeof(asked));
	memset(is_true, 0, sizeof(is_true));
	LIST_INIT(&waits.list);
	uv_loop_init(&loop);
	all = peers_new(&loop, commands, ARRAY_LEN(commands));
	all->ops = &ops;
	return 0;
}

/* Nobody is left, and nothing waits. */
static int
end(void **state)
{
	(void)state;
	assert_true(LIST_EMPTY(&waits.list));
	assert_int_equal(all->n, 0);
	free(all);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static void
ask_wait(struct fake_peer *p, uint32_t request, int n)
{
	unsigned before = asked[n];

	fake_ask(p, FT_REQUEST, request, json_pack("{s:s,s:i}", "verb", "wait", "n", n));
	FAKE_UNTIL(all, asked[n] > before);
}

static void
hear_answer(struct fake_peer *p, uint32_t request, int n)
{
	struct frame f = fake_hear(p, FT_REPLY, request);
	json_t *j = frame_get_json(&f);

	assert_int_equal(json_integer_value(json_object_get(j, "n")), n);
	json_decref(j);
}

static void
hear_failure(struct fake_peer *p, uint32_t request, const char *why)
{
	struct frame f = fake_hear(p, FT_FAIL, request);
	json_t *j = frame_get_json(&f);

	assert_non_null(strstr(json_string_value(json_object_get(j, "message")), why));
	json_decref(j);
}

static void
one_is_answered_once_when_it_becomes_true(void **state)
{
	struct fake_peer p = fake_peer(all);
	struct frame f;

	(void)state;
	ask_wait(&p, 7, 1);
	waits_check(&waits, some);
	assert_false(fake_hears(&p, &f));
	assert_int_equal(freed, 0);
	is_true[1] = true;
	waits_check(&waits, (struct session *)&loop); /* it is not about this one */
	assert_false(fake_hears(&p, &f));
	waits_check(&waits, some);
	hear_answer(&p, 7, 1);
	assert_int_equal(freed, 1);
	waits_check(&waits, some);
	assert_false(fake_hears(&p, &f));
	assert_int_equal(asked[1], 4);
	assert_int_equal(all->first->asked, 0);
	fake_peer_goes(&p);
	assert_int_equal(freed, 1);
}

static void
what_is_true_already_is_answered_at_once(void **state)
{
	struct fake_peer p = fake_peer(all);

	(void)state;
	is_true[3] = true;
	ask_wait(&p, 1, 3);
	hear_answer(&p, 1, 3);
	assert_int_equal(freed, 1);
	assert_true(LIST_EMPTY(&waits.list));
	fake_peer_goes(&p);
}

static void
several_wait_and_each_gets_its_own_answer(void **state)
{
	struct fake_peer a = fake_peer(all), b = fake_peer(all);
	struct frame f;

	(void)state;
	ask_wait(&a, 1, 1);
	ask_wait(&a, 2, 2);
	ask_wait(&a, 3, 1);
	ask_wait(&b, 1, 2);
	is_true[2] = true;
	waits_check(&waits, NULL);
	hear_answer(&a, 2, 2);
	assert_false(fake_hears(&a, &f));
	hear_answer(&b, 1, 2);
	assert_int_equal(freed, 2);
	is_true[1] = true;
	waits_check(&waits, some);
	hear_answer(&a, 3, 1); /* the newest first */
	hear_answer(&a, 1, 1);
	assert_int_equal(freed, 4);
	fake_peer_goes(&a);
	fake_peer_goes(&b);
}

static void
one_that_goes_waits_no_more(void **state)
{
	struct fake_peer stays = fake_peer(all), goes = fake_peer(all);

	(void)state;
	ask_wait(&stays, 5, 1);
	ask_wait(&goes, 5, 1);
	ask_wait(&goes, 6, 2);
	fake_peer_goes(&goes);
	assert_int_equal(closed, 1);
	assert_int_equal(freed, 2);
	is_true[1] = is_true[2] = true;
	waits_check(&waits, some);
	assert_int_equal(asked[2], 1);
	hear_answer(&stays, 5, 1);
	fake_peer_goes(&stays);
}

static void
what_is_taken_back_is_not_answered(void **state)
{
	struct fake_peer p = fake_peer(all);
	struct frame f;

	(void)state;
	ask_wait(&p, 5, 1);
	ask_wait(&p, 6, 1);
	fake_say(&p, FT_CANCEL, 5, NULL, 0);
	fake_say(&p, FT_CANCEL, 99, NULL, 0); /* never asked */
	FAKE_UNTIL(all, freed);
	is_true[1] = true;
	waits_check(&waits, some);
	hear_answer(&p, 6, 1);
	assert_false(fake_hears(&p, &f));
	assert_int_equal(freed, 2);
	fake_peer_goes(&p);
}

static void
ask_big(struct fake_peer *p, uint32_t request)
{
	char *pad = xcalloc(1, BIG + 1);

	memset(pad, 'x', BIG);
	fake_ask(p, FT_REQUEST, request,
		json_pack("{s:s,s:i,s:s}", "verb", "wait", "n", 1, "pad", pad));
	free(pad);
}

static void
more_than_may_wait_is_refused(void **state)
{
	struct fake_peer p = fake_peer(all), other = fake_peer(all);

	(void)state;
	for (uint32_t i = 1; i <= 3; i++)
		ask_big(&p, i);
	hear_failure(&p, 3, "too many requests wait");
	ask_wait(&p, 4, 2); /* a small one still has room */
	ask_wait(&other, 1, 2);
	assert_int_equal(asked[1], 2);
	/* what is through makes room */
	fake_say(&p, FT_CANCEL, 1, NULL, 0);
	FAKE_UNTIL(all, freed == 1);
	ask_big(&p, 5);
	FAKE_UNTIL(all, asked[1] == 3);
	is_true[1] = true;
	waits_check(&waits, some);
	hear_answer(&p, 5, 1);
	hear_answer(&p, 2, 1);
	fake_peer_goes(&p);
	fake_peer_goes(&other);
	assert_int_equal(freed, 5);
}

static void
a_request_ends_with_a_reply_or_a_failure(void **state)
{
	struct fake_peer p = fake_peer(all);

	(void)state;
	fake_ask(&p, FT_REQUEST, 1, json_pack("{s:s}", "verb", "parts"));
	fake_hear(&p, FT_PART, 1);
	fake_hear(&p, FT_PART, 1);
	fake_hear(&p, FT_REPLY, 1);
	fake_ask(&p, FT_REQUEST, 2, json_pack("{s:s}", "verb", "fly"));
	hear_failure(&p, 2, "this server cannot do that");
	fake_ask(&p, FT_REQUEST, 3, json_object());
	hear_failure(&p, 3, "without a verb");
	fake_say(&p, FT_REQUEST, 4, "no JSON", 7);
	hear_failure(&p, 4, "without a verb");
	assert_int_equal(all->first->asked, 0);
	fake_peer_goes(&p);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(one_is_answered_once_when_it_becomes_true),
		T(what_is_true_already_is_answered_at_once),
		T(several_wait_and_each_gets_its_own_answer),
		T(one_that_goes_waits_no_more),
		T(what_is_taken_back_is_not_answered),
		T(more_than_may_wait_is_refused),
		T(a_request_ends_with_a_reply_or_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
