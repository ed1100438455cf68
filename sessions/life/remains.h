#ifndef SESSIONS_REMAINS_H
#define SESSIONS_REMAINS_H
/* Memory that outlives a server: the arena, the shelf and the rings. They come from the keeper, or,
 * where that died as well, from the directory that has their names (pty/memdir.h). */
#include "sessions/pty/keeper_link.h"
#include "sessions/session/house.h"

/* Arena and shelf: what was there, else new ones. The keeper holds them from here. */
void remains_open(struct sessions *ss, struct keeper_held *held, size_t n);
/* Once the keeper's children are known: rings whose sessions the keeper does not know. What they
 * have goes through their terminals; none of them lives. */
void remains_rings(struct sessions *ss);
/* For a session's output: NULL and errno. */
struct ring *remains_ring(struct sessions *ss, uint32_t num);
#endif
