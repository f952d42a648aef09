/* Addresses in memory without a type, for those who carry its bytes to where addresses mean something
 * else. It must never write to a block, or know who asks. */
#ifndef MOLT_PLAIN_ADDRESS_H
#define MOLT_PLAIN_ADDRESS_H

#include "heap_span.h"
#include "molt/code_map.h"

/* Whether a word of the bytes is an address in the heap, the library or its variables. `live`: those in
 * the heap count only where a block lives. `code` may be NULL. */
bool molt__plain_has_address(const MoltHeap *heap, const MoltCodeMap *code, bool live,
                             const unsigned char *bytes, uint64_t size);

#endif
