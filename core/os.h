#ifndef CORE_OS_H
#define CORE_OS_H
/* The platform contract: all that core and store need of the system. One file a platform. */
#include "core/base.h"

uint64_t os_mono_ns(void);	/* never jumps; for timers and idleness */
double os_wall_s(void);		/* Unix seconds; for display and history only */
int os_memfd(const char *name); /* CLOEXEC, sealable, size 0; fd or -errno */
void os_random(void *p, size_t n);
size_t os_page_size(void);
/* Resident pages of [p, p+len) (page aligned), by mincore; -errno. */
long os_resident_pages(const void *p, size_t len);
#endif
