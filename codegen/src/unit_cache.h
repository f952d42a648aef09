/* Units kept from one run to the next, so that a run reads only the sources for which something has
 * changed: a file that was read, the flags, the generator itself. It must never know what a unit
 * holds. A cache that is missing, damaged or of another version only costs time. */
#ifndef MOLT_CODEGEN_UNIT_CACHE_H
#define MOLT_CODEGEN_UNIT_CACHE_H

#include <time.h>

#include "compile_command.h"
#include "unit.h"
#include "unit_memory.h"

typedef struct MoltUnitCache {
    MoltArena *arena;
    const char *folder; /* absolute, exists */
    const char *base;   /* absolute; part of what a unit depends on */
    const char *const *known; /* recorded schemas, absolute; read like sources */
    uint32_t known_count;
    MoltUnitMemory *memory; /* NULL: the process keeps none */
} MoltUnitCache;

/* The file beside the unit of `source` whose name ends in `.ending`. */
const char *molt__unit_cache_file(const MoltUnitCache *cache, const char *source,
                                  const char *ending);

/* One line that says everything but files that a unit depends on: generator, command, recorded
 * schemas. NULL when flags have line breaks: nothing is kept of such sources. */
const char *molt__unit_cache_key(const MoltUnitCache *cache, const MoltCommand *command);

/* True when a file that changed at `changed` cannot have changed once more since `started`
 * (CLOCK_REALTIME) without another time: clocks of file systems tick coarsely. */
bool molt__unit_cache_settled(struct timespec changed, struct timespec started);

/* The unit of `source` as a run with the same command would read it again, with `files` filled;
 * false when it must be read. `*kept` says that the unit is the memory's: then it is not to be released. */
bool molt__unit_cache_load(const MoltUnitCache *cache, const char *source,
                           const MoltCommand *command, MoltUnit *out, bool *kept);

/* Reads the unit that the cache has of `source`, whatever became of its inputs, into the memory, unless it
 * is there. */
void molt__unit_cache_keep(const MoltUnitCache *cache, const char *source);

/* Keeps a unit whose reading began at `started` (CLOCK_REALTIME). A file that changed since, or too
 * shortly before to tell, is not trusted: the unit is then read again next time. */
void molt__unit_cache_store(const MoltUnitCache *cache, const MoltUnit *unit,
                            const MoltCommand *command, struct timespec started);

#endif
