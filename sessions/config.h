#ifndef SESSIONS_CONFIG_H
#define SESSIONS_CONFIG_H
/* Config (INI) and the places of files. Keys, defaults and help come from one table, config.def. */
#include "core/base.h"
#include "sessions/policy.h"
#include <stdio.h>

struct config {
	uint64_t scrollback_lines, scrollback_bytes, store_total;
	double store_days;
	double tick_s, budget_ms_per_s;
	struct reap_config reap;
	char prefix[16], layout[16], theme[32], notify[64];
	bool motion;
};
struct paths {
	char config[512];  /* config.ini */
	char state[512];   /* directory: databases, files, log */
	char runtime[512]; /* directory: sockets */
	char socket[560], hook_socket[560];
};
/* From MUSTER_HOME or XDG; makes the directories (0700), checks owner and mode. -1 and *e. */
int paths_init(struct paths *p, struct err *e);
const struct paths *paths(void); /* after paths_init; aborts before */
/* NULL path: defaults. -1 and *e ("config.ini:12: unknown key …"). */
int config_load(struct config *c, const char *path, struct err *e);
void config_print_default(FILE *out);
bool parse_size(const char *s, uint64_t *bytes); /* 400M, 1.5G, 4096 */
bool parse_duration(const char *s, double *sec); /* 2h, 30m, 15s, 1d, 90 */
#endif
