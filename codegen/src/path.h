/* File names as the generator compares and records them. It must never know what the files hold. */
#ifndef MOLT_CODEGEN_PATH_H
#define MOLT_CODEGEN_PATH_H

#include <stdbool.h>

#include "arena.h"

/* Absolute name without links and dots; `name` is relative to `directory` (NULL: the current one).
 * A file that does not exist gives the joined name. */
const char *molt__path_real(MoltArena *arena, const char *directory, const char *name);

/* How a schema records a file: relative to `base` when it lies inside, else its last component, so
 * that two machines record the same. Both names from molt__path_real; NULL `file` gives "". */
const char *molt__path_recorded(MoltArena *arena, const char *base, const char *file);

/* True when `name` ends in `suffix`. */
bool molt__path_ends(const char *name, const char *suffix);

#endif
