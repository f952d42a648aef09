/* An allocator for tests: fails at a chosen call, checks every old size it is told, and counts what
 * is out. It must never know what is allocated. */
#ifndef MOLT_TEST_COUNTING_ALLOCATOR_H
#define MOLT_TEST_COUNTING_ALLOCATOR_H

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "molt/status.h"

typedef struct CountingAllocator {
    uint64_t calls;   /* that ask for memory */
    uint64_t fail_at; /* 1: the first one; 0: none */
    bool stays_out;   /* every one after that fails as well */
    uint64_t blocks;  /* out */
    uint64_t bytes;   /* out */
} CountingAllocator;

typedef union CountingHeader {
    size_t size;
    max_align_t align;
} CountingHeader;

static inline void *counting_resize(void *context, void *block, size_t old_size, size_t new_size)
{
    CountingAllocator *counting = context;
    CountingHeader *header = block ? (CountingHeader *)block - 1 : NULL;
    assert(header ? header->size == old_size : old_size == 0);
    bool fails = new_size > 0 && ++counting->calls >= counting->fail_at && counting->fail_at > 0;
    if (fails && (counting->stays_out || counting->calls == counting->fail_at))
        return NULL;

    CountingHeader *fresh = NULL;
    if (new_size > 0) {
        fresh = malloc(sizeof *fresh + new_size);
        if (!fresh)
            return NULL;
        fresh->size = new_size;
        memset(fresh + 1, 0xa5, new_size);
        if (header)
            memcpy(fresh + 1, header + 1, old_size < new_size ? old_size : new_size);
        counting->blocks++;
        counting->bytes += new_size;
    }
    if (header) {
        counting->blocks--;
        counting->bytes -= old_size;
        free(header);
    }
    return fresh ? fresh + 1 : NULL;
}

static inline MoltAllocator counting_allocator(CountingAllocator *counting)
{
    return (MoltAllocator){counting_resize, counting};
}

#endif
