/* The game's side of the heap: the function table of molt.h over molt_heap_*, where every misuse
 * that the game can commit ends in the fault handler. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap_block.h"

#define API_VERSION 1u

/* A handler that returns would let the game go on with memory it does not own. */
__attribute__((noreturn, format(printf, 2, 3))) static void fault(const MoltHeap *heap,
                                                                  const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (heap->fault)
        heap->fault(heap->fault_context, text);
    abort();
}

static const char *describe_place(const MoltHeap *heap, const void *address, char *buffer,
                                  size_t size)
{
    MoltPlace place;
    molt_heap_locate(heap, address, &place);
    if (place.kind == MOLT_PLACE_OUTSIDE)
        return "it is not in the heap";
    if (place.kind == MOLT_PLACE_FREE)
        return "nothing is allocated there; it may have been deleted before";
    snprintf(buffer, size, "it points into element %llu of %s:%llu, not at the start of the block",
             (unsigned long long)place.element, molt_type_name(heap->schema, place.block.type),
             (unsigned long long)place.block.serial);
    return buffer;
}

__attribute__((noreturn)) void molt__heap_fault_place(const MoltHeap *heap, const char *function,
                                                      const void *address)
{
    char place[256];
    fault(heap, "%s(%p) needs the start of a live block: %s.", function, address,
          describe_place(heap, address, place, sizeof place));
}

/* A call that was not seen before, or for whose block no span has room. */
__attribute__((noinline)) static void *create_anew(MoltHeap *heap, const void *site,
                                                   MoltTypeId type, size_t count)
{
    MoltKnownSite known = {.address = (uintptr_t)site, .size = count, .count = count};
    MoltSpan *span;
    uint32_t index;
    void *block = NULL;
    uint32_t arena = molt__gate_enter(heap->gate);
    if (count > 0 && molt__known_aim(heap, arena, type, 0, &known))
        block = molt__block_take(heap, known.bucket, count, &span, &index);
    if (block && site)
        molt__known_add(heap, arena, &known);
    molt__gate_leave(heap->gate, arena);
    if (block)
        return memset(block, 0, known.bytes);
    molt__heap_lock(heap);
    molt__known_make(heap, heap->arena);
    block = molt_heap_new(heap, type, count);
    molt__heap_unlock(heap);
    return block;
}

static void *create(const MoltHeapApi *api, const MoltSite *site, size_t count)
{
    MoltHeap *heap = api->heap;
    MoltSpan *span;
    uint32_t index;
    uint64_t bytes = 0;
    if (site->type >= heap->types.count)
        fault(heap,
              "%s:%u: molt_new(%s) ran before the host bound this allocation site to a type. Build "
              "the library together with its metadata, and allocate only after it is loaded.",
              site->file, site->line, site->spelling);
    uint32_t arena = molt__gate_enter(heap->gate);
    const MoltKnownSite *known = molt__known_find(heap, arena, (uintptr_t)site, count, 0);
    unsigned char *block = NULL;
    if (known && heap->buckets[known->bucket].type == site->type) {
        bytes = known->bytes;
        block = molt__block_take(heap, known->bucket, count, &span, &index);
    }
    molt__gate_leave(heap->gate, arena);
    if (__builtin_expect(!block, 0))
        return create_anew(heap, site, site->type, count);
    molt__block_zero(block, bytes);
    return block;
}

static void *resize(const MoltHeapApi *api, void *block, size_t count)
{
    MoltHeap *heap = api->heap;
    MoltPlace place;
    molt__heap_lock(heap);
    bool found = molt__heap_find_start(heap, block, &place);
    void *result = found ? molt_heap_resize(heap, block, count) : NULL;
    molt__heap_unlock(heap);
    if (!found)
        molt__heap_fault_place(heap, "molt_resize", block);
    return result;
}

static void destroy(const MoltHeapApi *api, void *block)
{
    MoltHeap *heap = api->heap;
    if (block && !molt__heap_give(heap, block))
        molt__heap_fault_place(heap, "molt_delete", block);
}

static char *duplicate(const MoltHeapApi *api, const char *text)
{
    MoltHeap *heap = api->heap;
    if (!text)
        fault(heap, "molt_strdup(NULL) has nothing to copy.");
    if (heap->char_type == MOLT_NO_TYPE)
        fault(heap,
              "molt_strdup(\"%.40s\") needs the type char, which no persistent type of this "
              "library has. Give a persistent struct a char * to hold it.",
              text);
    size_t size = strlen(text) + 1;
    char *copy = create_anew(heap, NULL, heap->char_type, size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

static size_t count_elements(const MoltHeapApi *api, const void *block)
{
    MoltHeap *heap = api->heap;
    MoltPlace place;
    uint64_t bytes;
    bool found = molt__heap_find_safely(heap, block, &place, &bytes);
    if (!found)
        molt__heap_fault_place(heap, "molt_count", block);
    return (size_t)place.block.count;
}

void molt__heap_make_api(MoltHeap *heap)
{
    heap->api = (MoltHeapApi){.size = sizeof heap->api,
                              .version = API_VERSION,
                              .heap = heap,
                              .create = create,
                              .resize = resize,
                              .destroy = destroy,
                              .duplicate = duplicate,
                              .count = count_elements};
    molt__heap_make_plain_api(&heap->api);
}

const MoltHeapApi *molt_heap_api(MoltHeap *heap)
{
    return &heap->api;
}

void molt_heap_set_fault(MoltHeap *heap, void (*handler)(void *context, const char *text),
                         void *context)
{
    heap->fault = handler;
    heap->fault_context = context;
}
