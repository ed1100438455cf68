#include "sessions/pty/spawn.h"
#include "core/base/buf.h"
#include "core/os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t
put_strings(struct buf *b, char *const *v, uint32_t *count)
{
	uint32_t off = (uint32_t)b->len;

	for (*count = 0; v && v[*count]; (*count)++)
		buf_put(b, v[*count], strlen(v[*count]) + 1);
	return off;
}

int
spawn_seal(const struct spawn *s)
{
	struct spawn_spec h = {.magic = SPAWN_MAGIC,
		.version = SPAWN_VERSION,
		.mask = s->limits.mask,
		.n_limits = MIN(s->limits.n, SPAWN_LIMITS)};
	char *cwd[] = {(char *)(s->cwd ? s->cwd : "/"), NULL}, *meta[] = {(char *)s->meta, NULL};
	struct buf b = {0};
	uint32_t one;
	int fd;

	buf_put(&b, &h, sizeof(h));
	h.argv_off = put_strings(&b, s->argv, &h.argc);
	h.env_off = put_strings(&b, s->env, &h.envc);
	h.cwd_off = put_strings(&b, cwd, &one);
	h.meta_off = put_strings(&b, meta, &one);
	h.meta_len = (uint32_t)b.len - h.meta_off;
	h.size = (uint32_t)b.len;
	for (uint32_t i = 0; i < h.n_limits; i++) {
		h.limit[i].resource = s->limits.limit[i].resource;
		h.limit[i].cur = s->limits.limit[i].cur;
		h.limit[i].max = s->limits.limit[i].max;
	}
	memcpy(b.data, &h, sizeof(h));
	fd = b.len > SPAWN_MAX ? -E2BIG : os_memfd("muster-spawn");
	if (fd >= 0 &&
		(write(fd, b.data, b.len) != (ssize_t)b.len ||
			fcntl(fd, F_ADD_SEALS,
				F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)) {
		int err = errno ? errno : EIO;
		close(fd);
		fd = -err;
	}
	explicit_bzero(b.data, b.len);
	buf_free(&b);
	return fd;
}

static char *
spec_string(const struct spawn_spec *h, uint32_t off)
{
	const char *p = (const char *)h + off;

	return off < h->size && memchr(p, 0, h->size - off) ? xstrdup(p) : NULL;
}

/* A vector and its strings in one block. */
static char **
spec_env(const struct spawn_spec *h)
{
	const char *p = (const char *)h + h->env_off, *end = (const char *)h + h->size;
	char **v, *to;

	if (h->env_off > h->size || h->envc > h->size)
		return NULL;
	v = xmalloc(((size_t)h->envc + 1) * sizeof(char *) + (size_t)(end - p));
	to = (char *)(v + h->envc + 1);
	memcpy(to, p, (size_t)(end - p));
	end = to + (end - p);
	for (uint32_t i = 0; i < h->envc; i++) {
		char *nul = memchr(to, 0, (size_t)(end - to));
		if (!nul) {
			free(v);
			return NULL;
		}
		v[i] = to;
		to = nul + 1;
	}
	v[h->envc] = NULL;
	return v;
}

bool
spawn_parse(const void *bytes, size_t n, char ***env, char **meta, char **cwd,
	struct spawn_limits *limits)
{
	const struct spawn_spec *h = bytes;

	if (n < sizeof(*h) || n > SPAWN_MAX || h->magic != SPAWN_MAGIC ||
		h->version != SPAWN_VERSION || h->size != n || (env && !(*env = spec_env(h))))
		return false;
	if (meta)
		*meta = spec_string(h, h->meta_off);
	if (cwd)
		*cwd = spec_string(h, h->cwd_off);
	if (limits) {
		limits->mask = h->mask;
		limits->n = MIN(h->n_limits, SPAWN_LIMITS);
		for (unsigned i = 0; i < limits->n; i++) {
			limits->limit[i].resource = h->limit[i].resource;
			limits->limit[i].cur = h->limit[i].cur;
			limits->limit[i].max = h->limit[i].max;
		}
	}
	return true;
}

bool
spawn_read(int fd, char ***env, char **meta, char **cwd, struct spawn_limits *limits)
{
	struct stat st;
	void *p;
	bool ok;

	if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > SPAWN_MAX)
		return false;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	ok = spawn_parse(p, (size_t)st.st_size, env, meta, cwd, limits);
	munmap(p, (size_t)st.st_size);
	return ok;
}
