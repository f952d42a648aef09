/* A place in a struct, at any depth: a field, a member of a struct in it, elements of an array, with its
 * path, declaration and bits. It must never know what becomes of the value there. */
#ifndef MOLT_TOOL_SPOT_H
#define MOLT_TOOL_SPOT_H

#include "molt/schema.h"

/* A path that is longer is cut. */
#define MOLT__SPOT_PATH 200

typedef struct MoltSpot {
    char path[MOLT__SPOT_PATH]; /* from the outermost struct: "eggs.due", "v[2]", "v[1..3]" */
    uint32_t field;             /* the last one of the path */
    MoltTypeId type;            /* of the value, or of each element */
    uint64_t elements; /* the path ends in their index or indices; 0: it ends in the field */
    uint64_t bit_offset, bit_size; /* from the start of the outermost struct */
} MoltSpot;

/* Field `field` of the struct or union in `outer`; NULL: of the outermost. */
MoltSpot molt__spot_member(const MoltSchema *schema, const MoltSpot *outer, uint32_t field);

/* Elements [first, first + count) of the array in `outer`. */
MoltSpot molt__spot_elements(const MoltSchema *schema, const MoltSpot *outer, uint64_t first,
                             uint64_t count);

/* The place in struct `type` that begins at a bit and is `field`, or with UINT32_MAX an element of type
 * `element`. False when there is none. */
bool molt__spot_find(const MoltSchema *schema, MoltTypeId type, uint64_t bit, uint32_t field,
                     MoltTypeId element, MoltSpot *out);

/* As C would write it, with the path in place of the name: "float pos.x[2]", "unsigned int a : 3". */
void molt__spot_declare(const MoltSchema *schema, const MoltSpot *spot, char *buffer, size_t size);

#endif
