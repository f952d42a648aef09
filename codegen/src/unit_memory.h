/* Units that a process which stays in memory has read from the cache, so that those who come after it need
 * not: the files of the cache tell whether they are still the ones. It must never know what a unit holds. */
#ifndef MOLT_CODEGEN_UNIT_MEMORY_H
#define MOLT_CODEGEN_UNIT_MEMORY_H

#include <sys/stat.h>

#include "unit.h"

/* Zero-initialised: holds nothing. */
typedef struct MoltUnitMemory {
    struct MoltKeptUnit *items;
    uint32_t count, capacity;
} MoltUnitMemory;

/* The unit that was read from the file `path` when it was the one that `stat` describes and `inputs` was the
 * text beside it; NULL when there is none. It stays the memory's. */
const MoltUnit *molt__unit_memory_find(const MoltUnitMemory *memory, const char *path,
                                       const struct stat *file, const char *inputs);

/* Keeps `unit` and the arena that it is in, both the memory's from now on, instead of what was read from that
 * path before. */
void molt__unit_memory_keep(MoltUnitMemory *memory, const char *path, const struct stat *file,
                            const char *inputs, const MoltUnit *unit, MoltArena *arena);

#endif
