/* A hook's JSON, whoever wrote it: a report whose strings end where they should, or nothing; the
 * part that is sent on says the same. A byte from 0x80 on stands for a word that hooks use. */
#include "tests/fuzz/fuzz.h"
#include "core/base/buf.h"
#include "sessions/agent/hooks.h"
#include <stdlib.h>

static const char *const words[] = {"{\"hook_event_name\":\"", "\"session_id\":\"",
	"\"agent_id\":\"", "\"source\":\"", "\"reason\":\"", "\"notification_type\":\"",
	"\"message\":\"", "\"tool_name\":\"", "\"error\":\"", "\"rate_limits\":{",
	"\"last_assistant_message\":\"", "\"background_tasks\":[", "\"workspace\":{}",
	"\"five_hour\":{\"used_percentage\":", "\"seven_day\":{\"used_percentage\":",
	"\"resets_at\":", "\"context_window\":{", "Stop\"", "SessionStart\"", "SessionEnd\"",
	"UserPromptSubmit\"", "PreToolUse\"", "PostToolUse\"", "Notification\"",
	"permission_prompt\"", "idle_prompt\"", "SubagentStop\"", "PreCompact\"", "Status\"",
	"StopFailure\"", "PermissionRequest\"", "rate_limit\"", "resume\"", "clear\"", "1e308",
	"-1", "1795951672", "true", "null", "\\u0000", "\\ud800", "},", "],", ","};

static void
spell(struct buf *out, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] == 0xff && i + 1 < size)
			buf_putc(out, data[++i]);
		else if (data[i] >= 0x80 && data[i] - 0x80u < ARRAY_LEN(words))
			buf_puts(out, words[data[i] - 0x80]);
		else
			buf_putc(out, data[i]);
}

static void
check(const struct hook_report *r)
{
	CHECK(memchr(r->event, 0, sizeof(r->event)) && memchr(r->limit, 0, sizeof(r->limit)));
	CHECK(memchr(r->conversation, 0, sizeof(r->conversation)));
	CHECK(memchr(r->detail, 0, sizeof(r->detail)));
	CHECK(r->activity < ACT_COUNT);
	CHECK(r->usage.n >= 0 && r->usage.n <= USAGE_LIMITS_MAX);
	for (int i = 0; i < r->usage.n; i++)
		CHECK(memchr(r->usage.limit[i].name, 0, sizeof(r->usage.limit[i].name)));
	usage_limited_until(&r->usage, 1795951672);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf in;
	struct hook_report r;

	in.len = 0;
	spell(&in, data, size);
	if (hooks_decode(buf_cstr(&in), in.len, &r))
		check(&r);
	usage_time(buf_cstr(&in), 1795951672);
	return 0;
}
