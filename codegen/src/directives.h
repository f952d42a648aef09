/* The preprocessor's lines of one file: a digest of them, which stays the same as long as an edit
 * leaves macros, conditions and inclusions as they are, and the names that the file defines or
 * undefines. It must never know which conditions hold. */
#ifndef MOLT_CODEGEN_DIRECTIVES_H
#define MOLT_CODEGEN_DIRECTIVES_H

#include <stdbool.h>

#include "arena.h"

typedef struct MoltDirectives {
    /* Lines that begin with #, comments and joined lines resolved, and of each how deep in braces
     * it is; and `plain`. */
    uint64_t digest;
    /* False when more than these lines decides what they do: _Pragma, a #pragma that changes the
     * meaning of what follows, trigraphs, and literals that C and a later C read in two ways. */
    bool plain;
    const char **names; /* of #define and #undef, each as often as it occurs */
    uint32_t name_count, name_capacity;
} MoltDirectives;

/* `text` is `length` bytes, NUL-terminated. */
void molt__directives_read(MoltArena *arena, const char *text, size_t length, MoltDirectives *out);

#endif
