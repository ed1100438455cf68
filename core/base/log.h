#ifndef CORE_LOG_H
#define CORE_LOG_H
/* Levelled log: a ring of the last lines in memory (dumped by panic), and a file if one is set.
 * Control bytes are escaped. Session output never goes here. */
#include "core/base/base.h"
#include <stdio.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
void log_open(const char *path, enum log_level level); /* append; NULL: memory only */
/* A file of LOG_FILE_BYTES becomes PATH.1, that one PATH.2, and so on; LOG_FILES are kept in all.
 */
#define LOG_FILE_BYTES (1 << 20)
#define LOG_FILES 3
void log_msg(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_dump(FILE *out); /* the last lines, oldest first */
#define log_error(...) log_msg(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_msg(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_msg(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_msg(LOG_DEBUG, __VA_ARGS__)
#endif
