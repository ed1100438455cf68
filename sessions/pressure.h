#ifndef SESSIONS_PRESSURE_H
#define SESSIONS_PRESSURE_H
/* Memory pressure of the machine: /proc/meminfo and pressure stall information. */
#include "core/base.h"

struct pressure {
	uint64_t mem_total, mem_available, swap_total, swap_free; /* bytes */
	double psi_some_avg10, psi_some_avg60, psi_full_avg10;	  /* percent; -1 unknown */
	int level;						  /* 0 none, 1 warn, 2 urgent */
};
struct pressure pressure_read(void);
/* warn: below 20 % available, or some avg60 > 5; urgent: below 10 %, or full avg10 > 10. */
int pressure_level(const struct pressure *p);
/* All shared memory and huge pages in use on the machine, resident part; bytes. */
uint64_t pressure_shared_memory(void);
/* A descriptor that polls POLLPRI when tasks stalled 150 ms within 2 s; -1 where the kernel does
 * not offer it. */
int pressure_trigger(void);
#endif
