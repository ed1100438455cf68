#include "sessions/proc/program_version.h"
#include "sessions/proc/proc_read.h"
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PACKAGE_UP = 3, ENVIRON_MAX = 256 << 10 }; /* directories above a script */

/* "2.1.3", "v20.1.0-rc1" */
static bool
is_version(const char *s, size_t n)
{
	unsigned dots = 0;

	if (n && *s == 'v') {
		s++;
		n--;
	}
	if (!n || !isdigit((unsigned char)*s))
		return false;
	for (size_t i = 0; i < n; i++) {
		dots += s[i] == '.' && i + 1 < n && isdigit((unsigned char)s[i + 1]);
		if (!isalnum((unsigned char)s[i]) && !strchr(".-+", s[i]))
			return false;
	}
	return dots >= 2;
}

static bool
in_path(const char *path, char *out, size_t cap)
{
	bool found = false;

	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (is_version(p, n) && n < cap) { /* the last one is the nearest */
			snprintf(out, cap, "%.*s", (int)n, p);
			found = true;
		}
		p += n + (p[n] == '/');
	}
	return found;
}

/* {"name": …, "version": "2.0.1", …} */
static bool
in_package(const char *file, char *out, size_t cap)
{
	char text[4096], *p, *end;
	FILE *f = fopen(file, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	p = strstr(text, "\"version\"");
	if (!p || !(p = strchr(p + 9, '"')) || !(end = strchr(p + 1, '"')) ||
		!is_version(p + 1, (size_t)(end - p - 1)))
		return false;
	snprintf(out, cap, "%.*s", (int)(end - p - 1), p + 1);
	return true;
}

bool
version_of_path(const char *path, char *out, size_t cap)
{
	char real[PATH_MAX], *slash;

	out[0] = '\0';
	if (*path != '/' || !realpath(path, real))
		return false;
	for (int i = 0; i < PACKAGE_UP && (slash = strrchr(real, '/')) && slash != real; i++) {
		char file[PATH_MAX + 16];

		*slash = '\0';
		snprintf(file, sizeof file, "%s/package.json", real);
		if (in_package(file, out, cap))
			return true;
	}
	return realpath(path, real) && in_path(real, out, cap);
}

static bool
is_interpreter(const char *exe)
{
	static const char *const names[] = {"node", "bun", "deno", "python"};
	const char *base = strrchr(exe, '/') ? strrchr(exe, '/') + 1 : exe;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(base, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* The first word after the interpreter that is no option. */
static bool
of_script(pid_t pid, char *out, size_t cap)
{
	char words[4096];
	ssize_t n = proc_read(pid, "cmdline", words, sizeof words), at = 0;

	if (n > 0)
		at = (ssize_t)strlen(words) + 1;
	while (at < n && words[at] == '-')
		at += (ssize_t)strlen(words + at) + 1;
	return at < n && version_of_path(words + at, out, cap);
}

/* Programs that write their own name over their words are looked for by that name. */
static bool
by_name(pid_t pid, char *out, size_t cap)
{
	static const char key[] = "PATH=";
	char name[64], file[PATH_MAX], *env = xmalloc(ENVIRON_MAX), *dir = NULL;
	ssize_t n = proc_read(pid, "comm", name, sizeof name);
	bool found = false;

	name[n > 0 ? strcspn(name, "\n") : 0] = '\0';
	n = *name && !strchr(name, '/') ? proc_read(pid, "environ", env, ENVIRON_MAX) : 0;
	for (ssize_t i = 0; i < n && !dir; i += (ssize_t)strlen(env + i) + 1)
		if (strncmp(env + i, key, sizeof key - 1) == 0)
			dir = env + i + sizeof key - 1;
	for (char *save, *d = dir ? strtok_r(dir, ":", &save) : NULL; d && !found;
		d = strtok_r(NULL, ":", &save)) {
		snprintf(file, sizeof file, "%s/%s", d, name);
		found = access(file, X_OK) == 0;
	}
	free(env);
	return found && version_of_path(file, out, cap);
}

void
program_version(pid_t pid, char *out, size_t cap)
{
	char exe[PATH_MAX], link[40];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
	n = readlink(link, exe, sizeof exe - 1);
	out[0] = '\0';
	if (n <= 0)
		return;
	exe[n] = '\0';
	if (!is_interpreter(exe))
		version_of_path(exe, out, cap);
	else if (!of_script(pid, out, cap)) /* the interpreter's own version says nothing */
		by_name(pid, out, cap);
}
