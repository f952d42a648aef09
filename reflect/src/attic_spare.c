#include "attic_spare.h"

#include "attic_page.h"

/* Less than that the C library has at hand anyway; more is not held back, beside the heap's own
 * spare pages. */
#define LEAST ((uint64_t)256 << 10)
#define MOST ((uint64_t)64 << 20)

unsigned char *molt__attic_spare_take(MoltHeap *heap, uint64_t *size)
{
    MoltAtticSpare *spare = &heap->spare;
    if (spare->size < *size || spare->size / 2 > *size)
        return heap->allocator.resize(heap->allocator.context, NULL, 0, *size);
    unsigned char *bytes = spare->bytes;
    *size = spare->size;
    *spare = (MoltAtticSpare){0};
    return bytes;
}

void molt__attic_spare_give(MoltHeap *heap, MoltAtticPage *page)
{
    uint64_t size = page->record_bytes;
    if (page->shares > 1 || !page->columns || size < LEAST || size > MOST || size < heap->spare.size)
        return;
    molt__attic_spare_free(heap);
    heap->spare = (MoltAtticSpare){page->records, size};
    page->records = NULL;
    page->record_bytes = 0;
}

void molt__attic_spare_free(MoltHeap *heap)
{
    MoltAtticSpare *spare = &heap->spare;
    if (spare->bytes)
        heap->allocator.resize(heap->allocator.context, spare->bytes, spare->size, 0);
    *spare = (MoltAtticSpare){0};
}
