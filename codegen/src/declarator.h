/* How C spells types: what stands before and after the place of a declared object's name, so that
 * derived types can be spelled around each other. "void (*" and ")(int)". It must never know where a
 * type comes from. */
#ifndef MOLT_CODEGEN_DECLARATOR_H
#define MOLT_CODEGEN_DECLARATOR_H

#include <molt/meta.h>

#include "arena.h"

typedef struct MoltDeclarator {
    const char *prefix, *suffix; /* the type's own name is both joined */
} MoltDeclarator;

/* `pointee` decides whether parentheses are needed. */
MoltDeclarator molt__declare_pointer(MoltArena *arena, MoltDeclarator elem, MoltKind pointee);
MoltDeclarator molt__declare_array(MoltArena *arena, MoltDeclarator elem, uint64_t length);
MoltDeclarator molt__declare_flexible(MoltArena *arena, MoltDeclarator elem);
/* `params`: what stands between the parentheses. */
MoltDeclarator molt__declare_function(MoltArena *arena, MoltDeclarator result, const char *params);
MoltDeclarator molt__declare_atomic(MoltArena *arena, MoltDeclarator elem);

#endif
