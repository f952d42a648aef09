/* Addresses in a loaded library as people know them: function, file and line, from its DWARF, else from
 * its symbols. Slow, for messages. It must never know why somebody asks. */
#ifndef MOLT_CORE_CODE_PLACE_H
#define MOLT_CORE_CODE_PLACE_H

#include "symbols.h"

typedef struct MoltCodePlace {
    char function[128]; /* "" when not known */
    char file[128];     /* its last component; "" when not known */
    int line;           /* 0 when not known */
} MoltCodePlace;

/* `addresses` lie in the image of the file `path` when it is loaded at `base`, on instructions and not
 * behind calls. `symbols` (NULL: as the file has them) are those of that image. What cannot be found out
 * stays empty. */
void molt__code_places(const char *path, uint64_t base, const MoltSymbols *symbols,
                       const uint64_t *addresses, uint32_t count, MoltCodePlace *out);

#endif
