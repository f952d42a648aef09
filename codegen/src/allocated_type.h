/* The type of a block of plain memory, from what the source says where it is allocated: sizeof in the
 * size, and the pointer that takes the block. It must never know which calls allocate. */
#ifndef MOLT_CODEGEN_ALLOCATED_TYPE_H
#define MOLT_CODEGEN_ALLOCATED_TYPE_H

#include <clang-c/Index.h>
#include <stdbool.h>

typedef struct MoltAllocatedType {
    bool known;
    CXType type;        /* when known; canonical */
    const char *reason; /* when not: a clause without a full stop */
    bool named;         /* sizeof says it, not the pointer alone */
} MoltAllocatedType;

/* `sizes` are the arguments that make the size, of whose product nothing is assumed; `pointee` is what
 * the pointer that takes the block points to, of kind CXType_Invalid when none does. */
MoltAllocatedType molt__allocated_type(const CXCursor *sizes, unsigned count, CXType pointee);

/* What a size says against a block of nothing but `type`s from its start on: a struct, union or pointer
 * that it measures besides, or more than a multiple. NULL: nothing. `*other` is the type that is measured, of
 * kind CXType_Invalid where none is. */
const char *molt__allocated_contradiction(const CXCursor *sizes, unsigned count, CXType type,
                                          CXType *other);

/* True when a size argument has sizeof in it. */
bool molt__allocated_names_type(CXCursor size);

#endif
