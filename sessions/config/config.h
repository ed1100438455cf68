#ifndef SESSIONS_CONFIG_H
#define SESSIONS_CONFIG_H
/* Config (INI) and the places of files. Keys, defaults and help come from one table, config.def. */
#include "core/base/base.h"
#include <stdio.h>

/* What a session over its memory limit gets where the kernel does not hold it there. */
enum mem_action { MEM_NOTICE, MEM_STOP, MEM_KILL };
enum after_limit { AFTER_LIMIT_OFF, AFTER_LIMIT_WAKE };
/* What programs in a session may ask of the server that runs them. */
enum from_sessions { FROM_SESSIONS_REFUSE, FROM_SESSIONS_READ, FROM_SESSIONS_ALLOW };
enum reap_mode { REAP_OFF, REAP_OFFER, REAP_AUTO };
struct reap_config {
	enum reap_mode mode;
	double idle_s, min_age_s;
	uint64_t min_bytes;
	int revisits;
	bool auto_growing_only;
};
enum ui_layout { LAYOUT_AUTO, LAYOUT_STACKED, LAYOUT_SIDE, LAYOUT_LIST, LAYOUT_WALL };
enum ui_status { STATUS_OFF, STATUS_TOP, STATUS_BOTTOM };
enum ui_notify { NOTIFY_OFF, NOTIFY_BELL, NOTIFY_OSC };
enum notify_kind {
	NOTIFY_PERMISSION,
	NOTIFY_QUESTION,
	NOTIFY_DONE,
	NOTIFY_ERROR,
	NOTIFY_LIMITED,
	NOTIFY_GROWING,
	NOTIFY_KINDS
};
const char *notify_kind_name(enum notify_kind k); /* "permission" … */
struct config {
	uint64_t scrollback_lines, scrollback_bytes, store_total;
	double store_days, store_after_s, rest_after_s, strays_s;
	double tick_s, budget_ms_per_s;
	enum mem_action mem_action;
	enum from_sessions from_sessions;
	struct reap_config reap;
	enum after_limit after_limit;
	char prefix[16], theme[256];
	enum ui_layout layout;
	enum ui_status status;
	enum ui_notify notify[NOTIFY_KINDS];
	char notify_command[512];
	bool motion, mouse;
};
struct paths {
	char config[512];  /* config.ini; need not exist */
	char state[512];   /* directory: databases, files, log */
	char runtime[512]; /* directory: sockets */
	char socket[560], hook_socket[560];
	char hooks[560];       /* directory: settings files of ours for the CLIs */
	char ssh_config[560];  /* what ssh is told beside the user's own (client/host.c) */
	char transcripts[560]; /* directory: conversations of sleeping sessions, kept */
};
/* From MUSTER_HOME or XDG; makes the directories (0700) and refuses any that others could have
 * planted: symlink, other owner, open to group or others. -1 and *e (code 4: without them no server
 * can be reached or started). */
int paths_init(struct paths *p, struct err *e);
const struct paths *paths(void); /* after paths_init; aborts before */
/* The last server leaves: what it and clients made of the runtime directory goes, if nothing else is in
 * it. */
void paths_leave(void);
/* Would execvp find the program, with PATH as given (NULL: unset), from dir (NULL: where we are)?
 */
bool path_finds(const char *path, const char *dir, const char *program);
/* Defaults, then the file at path (NULL or absent: defaults alone). -1 and *e
 * ("config.ini:12: unknown key …"); *c then holds the defaults. [profile.NAME] sections are read
 * by profiles_load. */
int config_load(struct config *c, const char *path, struct err *e);
void config_print_default(FILE *out);
bool parse_size(const char *s, uint64_t *bytes); /* 400M, 1.5G, 4096 */
bool parse_duration(const char *s, double *sec); /* 2h, 30m, 15s, 1d, 90 (seconds) */
#endif
