/* What a call of malloc says about its block, for whoever makes such blocks: the heap, and hooks in a
 * state that no heap has yet. It must never know how blocks are made. */
#ifndef MOLT_HEAP_PLAIN_H
#define MOLT_HEAP_PLAIN_H

#include "heap_span.h"

/* Beyond it the heap has no place to align to. */
#define MOLT__PLAIN_ALIGN_MAX ((size_t)MOLT__GRANULE)

typedef struct MoltPlainTypes {
    const MoltSchema *schema;
    const MoltCallSites *sites; /* NULL: none is known */
    MoltTypeId untyped;         /* of the schema; MOLT_NO_TYPE: it has none */
} MoltPlainTypes;

/* The site that says the type: of wrappers the caller's. UINT32_MAX when none is known; where only a
 * wrapper is, that one. */
uint32_t molt__plain_site(const MoltCallSites *sites, MoltCaller at);

/* What a site says about a block of that size, and how many elements it has; untyped where the site does
 * not say or the size does not fit. */
MoltTypeId molt__plain_type(const MoltPlainTypes *types, uint32_t site, uint64_t size,
                            uint64_t *count);

/* The type of a block that grows or shrinks: it keeps its own as long as the size and the place that
 * asks agree; untyped memory takes the one that the place says. */
MoltTypeId molt__plain_resized_type(const MoltPlainTypes *types, MoltTypeId was, uint32_t site,
                                    uint64_t size, uint64_t *count);

/* Says where a live block of the span, or one that comes next, was allocated; false when memory is out. To be
 * said of each, also of those of which nothing is known. */
bool molt__plain_note(const MoltAllocator *allocator, MoltSpan *span, uint32_t index,
                      uint32_t origin);

#endif
