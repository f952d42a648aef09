#include "block_targets.h"

bool molt__targets_make(MoltTargets *targets, const MoltHeap *heap, const MoltAllocator *allocator)
{
    *targets = (MoltTargets){.allocator = *allocator,
                             .count = heap->span_count,
                             .base = heap->base,
                             .bytes = heap->granule_count << MOLT__GRANULE_SHIFT,
                             .granules = heap->granules};
    if (heap->span_count == 0)
        return true;
    targets->items =
        allocator->resize(allocator->context, NULL, 0, heap->span_count * sizeof *targets->items);
    for (uint32_t s = 0; targets->items && s < heap->span_count; s++) {
        const MoltSpan *span = &heap->spans[s];
        targets->items[s] = (MoltTarget){.base = span->base,
                                         .reciprocal = heap->reciprocals[s].stride,
                                         .stride = span->stride,
                                         .blocks = span->bytes > 0 ? span->blocks : 0,
                                         .elem_size = span->elem_size,
                                         .header = span->header,
                                         .least = span->least,
                                         .live_bits = span->live_bits,
                                         .counts = span->counts};
    }
    return targets->items != NULL;
}

void molt__targets_free(MoltTargets *targets)
{
    const MoltAllocator *allocator = &targets->allocator;
    if (targets->items)
        allocator->resize(allocator->context, targets->items,
                          targets->count * sizeof *targets->items, 0);
    *targets = (MoltTargets){0};
}
