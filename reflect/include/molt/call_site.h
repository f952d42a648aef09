/* What is known of the places in a library's code that allocate plain memory (malloc and the like): by
 * return address the type of the block, or why none is known. Whoever loads libraries fills it; it
 * must never know how addresses were found, or the heap.
 *
 * A function that gives on what it allocates (xmalloc) is a wrapper: the type is its caller's to say,
 * one frame up. The rule for that frame comes from the library's own unwind tables. */
#ifndef MOLT_CALL_SITE_H
#define MOLT_CALL_SITE_H

#include <stdbool.h>

#include "schema.h"

typedef enum MoltFrameBase {
    MOLT_FRAME_NONE, /* no wrapper, or its caller cannot be found */
    MOLT_FRAME_STACK,
    MOLT_FRAME_POINTER
} MoltFrameBase;

/* Where the caller's frame begins, from what the stack and frame pointer were at the call; and where
 * in it the return address and the caller's own frame pointer were kept. Bytes. */
typedef struct MoltFrameRule {
    MoltFrameBase base;
    int32_t offset;         /* base + offset is where the caller's frame begins */
    int32_t return_address; /* from there */
    int32_t frame_pointer;  /* from there; 0: the register still holds it */
} MoltFrameRule;

typedef struct MoltCallSite {
    uintptr_t address; /* the call returns to it; unique */
    MoltTypeId type;   /* in the schema of the library; MOLT_NO_TYPE: not known */
    bool pool;         /* the end of a block may be shorter than an element */
    bool wrapper;
    MoltFrameRule frame;
    const char *file, *function, *reason; /* "" where there is nothing to say */
    uint32_t line;
} MoltCallSite;

typedef struct MoltCallSites MoltCallSites;

/* Copies the items, strings included. A NULL allocator is the default one. */
MoltStatus molt_call_sites_create(const MoltAllocator *allocator, const MoltCallSite *items,
                                  uint32_t count, MoltCallSites **out, MoltError *error);
void molt_call_sites_free(MoltCallSites *sites); /* NULL allowed */

uint32_t molt_call_sites_count(const MoltCallSites *sites); /* 0 for NULL */
/* By index below the count. */
const MoltCallSite *molt_call_sites_at(const MoltCallSites *sites, uint32_t index);
/* Index of the site that returns to `address`, UINT32_MAX when none is known; UINT32_MAX for NULL.
 * A few nanoseconds. */
uint32_t molt_call_sites_find(const MoltCallSites *sites, uintptr_t address);

#endif
