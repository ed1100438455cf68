#ifndef CORE_OS_H
#define CORE_OS_H
/* The platform contract: all that core and store need of the system. One file a platform. */
#include "core/base/base.h"

uint64_t os_mono_ns(void);	/* never jumps; for timers and idleness */
double os_wall_s(void);		/* Unix seconds; for display and history only */
int os_memfd(const char *name); /* CLOEXEC, sealable, size 0; fd or -errno */
void os_random(void *p, size_t n);
/* Resident pages of [p, p+len) (page aligned), by mincore; -errno. */
long os_resident_pages(const void *p, size_t len);

/* Shared memory for the arena. Maps fd's [0, len) read-write without reserving memory: not in
 * children, not in core dumps, never in huge pages. NULL and errno. */
void *os_map_arena(int fd, size_t len);
void os_unmap(void *p, size_t len);
/* Gives [off, off+len) of fd back to the system: it reads as zero and costs nothing. 0, -errno. */
int os_punch(int fd, uint64_t off, uint64_t len);
/* The next stretch [*from, *to) of fd at or after `at` that holds memory; false when none. */
bool os_next_data(int fd, uint64_t at, uint64_t *from, uint64_t *to);
/* Once, before the first thread: the allocator is to give back what it does not need. */
void os_heap_setup(void);
/* The calling thread, but none that it makes, is to run soon after it wakes, for as short times as
 * it then takes: among busy processes it does not wait for their turns to end. A wish. */
void os_thread_prompt(void);
/* The allocator's free memory back to the system, where that can be asked for. */
void os_trim_heap(void);
/* Gives up the pages of code and constants: of those that are used, the next use maps them again.
 */
void os_trim_code(void);
/* Bytes the allocator has lent out; 0 unknown. */
uint64_t os_heap_bytes(void);
#endif
