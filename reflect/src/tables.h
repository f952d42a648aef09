/* Metadata tables inside reflect: the check that makes them trustworthy, and the step from checked
 * tables to a schema. It must never know where tables come from. */
#ifndef MOLT__TABLES_H
#define MOLT__TABLES_H

#include <stdbool.h>

#include "molt/schema.h"

/* Every index, offset, string and size of `tables`: MOLT_INVALID names the first that is wrong,
 * MOLT_VERSION another version or ABI. `allocator` (not NULL) serves scratch memory only. Hashes
 * are not looked at. */
MoltStatus molt__tables_check(const MoltTables *tables, const MoltAllocator *allocator,
                              MoltError *error);

/* The ABI of this process. */
MoltAbi molt__own_abi(void);

/* Checks and deep-copies tables and hashes the copy. With `hashed` the hashes that the tables carry
 * must be those of the copy. *out is untouched on failure; NULL allocator: the default one. */
MoltStatus molt__schema_make(const MoltTables *tables, bool hashed, const MoltAllocator *allocator,
                             MoltSchema **out, MoltError *error);

/* molt_schema_find() for a name that is the first `length` bytes of a text, none of them NUL. */
MoltTypeId molt__schema_find_part(const MoltSchema *schema, const char *name, size_t length);
/* The hash of what a schema's JSON has: of its sources, and of kept numbers that are in sight. */
MoltHash molt__schema_shown_hash(const MoltSchema *schema);

/* The globals of a library that has none: as if it were not there. */
static inline bool molt__is_vacant(const MoltType *type)
{
    return (type->flags & MOLT_TYPE_GLOBALS) != 0 && type->count == 0;
}

/* Types that `type` holds by value, as a numbered list: fields, the element of an array, vector,
 * complex or _Atomic type, an enum's storage. Pointers and functions hold none, so the lists form no
 * cycle in sound tables. */
static inline uint32_t molt__held_count(const MoltType *type)
{
    switch (type->kind) {
    case MOLT_KIND_STRUCT:
    case MOLT_KIND_UNION: return type->count;
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_ATOMIC:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR:
    case MOLT_KIND_ENUM: return 1;
    default: return 0;
    }
}

static inline MoltTypeId molt__held(const MoltTables *tables, const MoltType *type, uint32_t index)
{
    if (type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION)
        return tables->fields[type->first + index].type;
    return type->elem;
}

#endif
