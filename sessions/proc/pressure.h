#ifndef SESSIONS_PRESSURE_H
#define SESSIONS_PRESSURE_H
/* Memory pressure of the machine: /proc/meminfo and pressure stall information. */
#include "core/base/base.h"

/* Percent of the last 10 and 60 s in which some, or all, tasks waited for memory; -1 unknown. */
struct psi {
	double some_avg10, some_avg60, full_avg10, full_avg60;
};
struct psi psi_parse(const char *text); /* as the kernel writes it; "" gives unknown */

struct pressure {
	uint64_t mem_total, mem_available, swap_total, swap_free; /* bytes */
	struct psi psi;
	uint64_t swapped_in, swapped_out;     /* bytes since boot */
	double swap_in_per_s, swap_out_per_s; /* bytes; -1: not known yet */
	/* swap that is compressed memory: what it holds, and what that costs */
	uint64_t zswap_stored, zswap_used, zram_stored, zram_used;
	double at; /* monotonic seconds */
	int level; /* 0 none, 1 warn, 2 urgent */
};
/* before: an earlier one, for the rates; NULL at first. */
struct pressure pressure_read(const struct pressure *before);
/* The same from another root than "" (tests). */
struct pressure pressure_read_at(const char *root, const struct pressure *before);
/* warn: below 20 % available, or some avg60 > 5; urgent: below 10 %, or full avg10 > 10. */
int pressure_level(const struct pressure *p);
/* All shared memory and huge pages in use on the machine, resident part; bytes. */
uint64_t pressure_shared_memory(void);
/* A descriptor that polls POLLPRI when tasks stalled 150 ms within 2 s; -1 where the kernel does
 * not offer it. */
int pressure_trigger(void);
#endif
