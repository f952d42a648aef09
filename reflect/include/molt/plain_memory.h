/* Memory that the game took with malloc and its relatives: where it came from, and what is known of
 * it. It must never know how calls are routed to the heap, or libraries.
 *
 * A block whose allocation site says T is an array of T like one of molt_new_array. Any other lies as
 * bytes of the schema's untyped type (MOLT_TYPE_UNTYPED): it is carried byte for byte. */
#ifndef MOLT_PLAIN_MEMORY_H
#define MOLT_PLAIN_MEMORY_H

#include "call_site.h"
#include "heap.h"

typedef struct MoltOrigin {
    const char *file, *function; /* "" when not known */
    const char *reason;          /* why no type is known; "" when one is */
    uint32_t line;
} MoltOrigin;

/* The sites of the library that runs, whose types are of the heap's schema; NULL: none are known, all
 * further plain memory is untyped. The heap keeps the pointer, which must stay until the next call or
 * the end of the heap. MOLT_OUT_OF_MEMORY leaves the former ones. */
MoltStatus molt_heap_set_call_sites(MoltHeap *heap, const MoltCallSites *sites);

/* Where a live block was allocated; NULL when it is not plain memory. Valid as long as the heap. */
const MoltOrigin *molt_heap_origin(const MoltHeap *heap, const MoltBlock *block);

/* Bytes to which the caller had a live block aligned, beyond what its type asks for; 0: none. */
uint32_t molt_heap_align(const MoltHeap *heap, const MoltBlock *block);

/* True for blocks of plain memory of which no type is known. */
bool molt_heap_is_untyped(const MoltHeap *heap, const MoltBlock *block);

#endif
