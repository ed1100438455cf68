#include "sessions/proc/smaps.h"
#include "sessions/proc/proc_read.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

struct map_field {
	const char *key;
	size_t off;
};
#define M(key, member)                                \
	{                                             \
		key, offsetof(struct mapping, member) \
	}
static const struct map_field map_fields[] = {M("Pss:", pss), M("Anonymous:", anonymous),
	M("Swap:", swap), M("SwapPss:", swap_pss), M("LazyFree:", lazy_free),
	M("Private_Hugetlb:", hugetlb), M("Shared_Hugetlb:", hugetlb_shared), M("Rss:", rss),
	M("Shared_Dirty:", shared_dirty)};
#undef M

/* "start-end perms off maj:min inode   name"; false for a "Key: value" line. */
static bool
parse_header(const char *line, struct mapping *m)
{
	unsigned long long start, end, off, ino;
	unsigned maj, min;
	int at = 0;

	memset(m, 0, sizeof *m);
	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, m->perms, &off, &maj,
		    &min, &ino, &at) < 7)
		return false;
	m->start = start;
	m->end = end;
	m->off = off;
	m->ino = ino;
	m->dev = makedev(maj, min);
	proc_clean(m->name, sizeof m->name, line + at);
	m->name[strcspn(m->name, "\n?")] = '\0';
	return true;
}

static void
parse_value(const char *line, struct mapping *m)
{
	for (size_t i = 0; i < ARRAY_LEN(map_fields); i++) {
		size_t k = strlen(map_fields[i].key);

		if (strncmp(line, map_fields[i].key, k) == 0) {
			*(uint64_t *)((char *)m + map_fields[i].off) = strtoull(line + k, NULL, 10);
			return;
		}
	}
}

int
smaps_each(pid_t pid, mapping_cb cb, void *ctx)
{
	FILE *f = proc_open(proc_thread(pid), "smaps");
	struct mapping m;
	char *line = NULL;
	size_t cap = 0;
	bool have = false;

	if (!f)
		return -errno;
	while (getline(&line, &cap, f) > 0) {
		struct mapping next;

		if (isupper((unsigned char)line[0])) {
			if (have)
				parse_value(line, &m);
		} else if (parse_header(line, &next)) {
			if (have)
				cb(ctx, &m);
			m = next;
			have = true;
		}
	}
	if (have)
		cb(ctx, &m);
	free(line);
	fclose(f);
	return 0;
}

bool
mapping_is_shm(const struct mapping *m)
{
	static const char *const prefixes[] = {
		"/memfd:", "/dev/shm/", "/SYSV", "/dev/zero", "/anon_hugepage"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strncmp(m->name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

bool
mapping_deleted(const struct mapping *m)
{
	static const char mark[] = " (deleted)";
	size_t n = strlen(m->name), k = sizeof mark - 1;

	return n >= k && strcmp(m->name + n - k, mark) == 0;
}
