/* The command line of molt-codegen. It must never know what the modes do. */
#ifndef MOLT_CODEGEN_OPTIONS_H
#define MOLT_CODEGEN_OPTIONS_H

#include <stdbool.h>

#include "arena.h"

typedef enum MoltMode {
    MOLT_MODE_WHOLE, /* sources to metadata and schema */
    MOLT_MODE_UNIT,  /* one source to a unit */
    MOLT_MODE_LINK,  /* units to metadata and schema */
    MOLT_MODE_SUGGEST, /* two schemas to declarations with MOLT_WAS */
    MOLT_MODE_OLD,   /* a recorded schema to a header with old layouts */
    MOLT_MODE_HELP,
    MOLT_MODE_VERSION
} MoltMode;

typedef struct MoltOptions {
    MoltMode mode;
    const char *build_dir, *base, *object_dir; /* NULL: not given */
    const char *metadata, *schema, *json_schema, *unit, *depfile, *stamp, *cache, *usage;
    const char *depfile_target;
    const char **inputs; /* sources, or units in link mode */
    uint32_t input_count, input_capacity;
    const char **roots;
    uint32_t root_count, root_capacity;
    const char *old_schema;
    const char **types;
    uint32_t type_count, type_capacity;
    bool all_records;
    const char **known;
    uint32_t known_count, known_capacity;
    char *const *flags; /* after "--"; NULL: take them from build_dir */
    int flag_count;
} MoltOptions;

/* NULL on success, else what is wrong with the command line. */
const char *molt__options_parse(MoltArena *arena, int argc, char *const *argv, MoltOptions *out);

extern const char molt__options_help[];

#endif
