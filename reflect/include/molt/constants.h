/* Where a loaded library has its named constants, tables above all, and of what they are made, so that a
 * pointer to a row can be turned to the same row of the next library. This must never know how constants
 * are found in a library, nor what becomes of a pointer. */
#ifndef MOLT_CONSTANTS_H
#define MOLT_CONSTANTS_H

#include <stdint.h>

#include "meta.h"

typedef struct MoltConstantPlace {
    const MoltConstant *constant;
    const char *name;
    uintptr_t begin, end; /* end - begin is rows * per_row elements of its type */
} MoltConstantPlace;

/* Strings and places are the library's and go with it. */
typedef struct MoltConstants {
    MoltConstantPlace *items; /* in order of `begin` */
    uint32_t count;
    const uint32_t *keys; /* of the module */
    const char *text;
    uintptr_t begin, end; /* of the library's image */
} MoltConstants;

#endif
