#ifndef SESSIONS_FOOTPRINT_GPU_H
#define SESSIONS_FOOTPRINT_GPU_H
/* Memory of graphics devices, as DRM drivers tell it in /proc/PID/fdinfo: of each client (one open
 * of a device) resident bytes by region. A client whose descriptor was passed on or inherited shows
 * in several places and counts once. */
#include "core/base/base.h"
#include <sys/types.h>

struct gpu_memory {
	uint64_t vram_bytes;   /* on the device: no part of a footprint */
	uint64_t system_bytes; /* of main memory that the device uses */
	unsigned clients;
};
/* Of these processes together. proc: "/proc", or another tree in tests. */
struct gpu_memory footprint_gpu(const char *proc, const pid_t *pid, size_t n);
#endif
