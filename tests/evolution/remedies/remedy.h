/* What a case of a remedy includes. Version 1 makes the state; 2 is the edit, which must be refused; 3 the
 * remedy without the edit, where that has to be saved before; 4 both. */
#ifndef MOLT_EVOLUTION_REMEDY_H
#define MOLT_EVOLUTION_REMEDY_H

#include "case.h"

#include <stdlib.h>

#if VERSION == 2 || VERSION == 4
#define ADDED int added;
#else
#define ADDED
#endif
#if VERSION >= 3
#define REMEDY(...) __VA_ARGS__
#define REMEDIED 1
#else
#define REMEDY(...)
#define REMEDIED 0
#endif

typedef struct Ant {
    ADDED int hp;
    float x;
} Ant;

/* A size that nobody can follow, so that its block has no type. */
static inline size_t hidden(size_t size)
{
    size_t rounded = size;
    rounded += 0 * size;
    return rounded;
}

#endif
