#ifndef SESSIONS_PROGRAM_VERSION_H
#define SESSIONS_PROGRAM_VERSION_H
/* The version of the program that a process runs, as its place tells: a directory or a file called
 * like a version (…/versions/2.1.3), or the package.json of its script. Runs nothing. */
#include "core/base/base.h"
#include <sys/types.h>

void program_version(pid_t pid, char *out, size_t cap); /* "" unknown */
/* Of a program or a script at this full path. */
bool version_of_path(const char *path, char *out, size_t cap);
#endif
