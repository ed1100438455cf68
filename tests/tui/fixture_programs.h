#ifndef TESTS_TUI_FIXTURE_PROGRAMS_H
#define TESTS_TUI_FIXTURE_PROGRAMS_H
/* Programs of a dashboard without a machine: they are the fixture's, and claude tells its version. */
#include "tui/app/app.h"
#include <stdio.h>
#include <string.h>

static void
fake_programs(void *ctx, struct app *a)
{
	(void)ctx;
	(void)a;
}

static void
fake_versions(void *ctx, struct app *a)
{
	(void)ctx;
	for (int i = 0; i < a->n_programs; i++)
		if (!strcmp(a->programs[i], "claude"))
			snprintf(a->program_version[i], sizeof a->program_version[0], "2.1.4");
}
/* app_ops.outside; so many times things were to be brought in. */
static int brought_in;

static void
fake_outside(void *ctx, bool bring_in)
{
	(void)ctx;
	brought_in += bring_in;
}

static bool fake_machines; /* there is another one */

static const char *
fake_machine(void *ctx, size_t i)
{
	(void)ctx;
	return fake_machines && i == 0 ? "far" : NULL;
}
#endif
