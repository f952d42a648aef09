/* Blocks that nothing reaches any more: neither a root nor a block that a root reaches has an address in
 * them. It must never know libraries or who shows the list.
 *
 * Every word of a reached block counts as an address if it is one, whatever its type, so that memory
 * without a type and addresses in integers keep what they mean. Memory that is not the heap's (libc's,
 * a library's, stacks) is not looked at: what only that reaches is listed too. */
#ifndef MOLT_LEAKS_H
#define MOLT_LEAKS_H

#include "plain_memory.h"

typedef struct MoltLeak {
    MoltTypeId type;
    const MoltOrigin *origin; /* of plain memory; NULL: made by molt_new and its like */
    uint64_t blocks, bytes;
} MoltLeak;

typedef struct MoltLeaks {
    MoltLeak *items; /* one per type and origin, most bytes first */
    uint32_t count;
    uint64_t blocks, bytes; /* in all */
    MoltAllocator allocator;
} MoltLeaks;

/* Walks the heap, which must rest meanwhile; the names in *out are valid until the heap's schema
 * changes. MOLT_OUT_OF_MEMORY leaves *out empty. */
MoltStatus molt_leaks_find(const MoltHeap *heap, MoltLeaks *out, MoltError *error);
void molt_leaks_clear(MoltLeaks *leaks);

/* One entry as a line for people: "12 blocks, 480 bytes of Node from list.c:31 (push)". */
void molt_leak_text(const MoltHeap *heap, const MoltLeak *leak, char *buffer, size_t size);

#endif
