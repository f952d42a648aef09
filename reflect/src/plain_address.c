#include "plain_address.h"

#include <string.h>

#include "molt/globals.h"

static bool is_address(const MoltHeap *heap, const MoltCodeMap *code, bool live, uintptr_t value)
{
    if (value - heap->base < heap->granule_count << MOLT__GRANULE_SHIFT) {
        MoltPlace place;
        molt_heap_locate(heap, (const void *)value, &place); /* NOLINT: it is only looked up */
        return !live || place.kind == MOLT_PLACE_BLOCK;
    }
    return (code && value - code->begin < code->end - code->begin) ||
           molt_heap_mirror(heap, value, MOLT_NO_TYPE) != 0;
}

bool molt__plain_has_address(const MoltHeap *heap, const MoltCodeMap *code, bool live,
                             const unsigned char *bytes, uint64_t size)
{
    uint64_t first = -(uintptr_t)bytes % sizeof(uintptr_t);
    for (uint64_t at = first; at + sizeof(uintptr_t) <= size; at += sizeof(uintptr_t)) {
        uintptr_t value;
        memcpy(&value, bytes + at, sizeof value);
        if (is_address(heap, code, live, value))
            return true;
    }
    return false;
}
