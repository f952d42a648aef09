#include "molt/leaks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap_span.h"
#include "molt/globals.h"
#include "molt/kept_types.h"

/* `reached` has a bit per block of every span, from firsts[span] on; `waiting` are reached blocks whose
 * words are not looked at yet. */
typedef struct Walk {
    const MoltHeap *heap;
    MoltAllocator allocator;
    uint64_t *reached, *firsts;
    uint64_t words;
    bool *unaligned; /* per type: it has pointers at odd places */
    struct Waiting {
        uint32_t span, index;
    } *waiting;
    uint64_t count, slots;
    bool failed;
} Walk;

static void *resize(const MoltAllocator *allocator, void *block, uint64_t old_size, uint64_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

/* ---- types ----------------------------------------------------------------------------------- */

/* A pointer of a value at `offset` lies where no aligned word does. Recurses over what types hold by
 * value. */
static bool has_unaligned(const MoltSchema *schema, MoltTypeId id, uint64_t offset)
{
    const MoltType *type = molt_type(schema, id);
    if (type->kind == MOLT_KIND_POINTER)
        return offset % sizeof(uintptr_t) != 0;
    if (molt_kind_is_sequence(type->kind)) {
        uint64_t size = molt_type(schema, type->elem)->size;
        return has_unaligned(schema, type->elem, offset) ||
               (size % sizeof(uintptr_t) != 0 && has_unaligned(schema, type->elem, offset + size));
    }
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    for (uint32_t f = type->first; record && f < type->first + type->count; f++) {
        const MoltField *field = &schema->tables.fields[f];
        if (has_unaligned(schema, field->type, offset + field->bit_offset / 8))
            return true;
    }
    return false;
}

static bool is_unaligned(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    return has_unaligned(schema, id, 0) || (type->size % sizeof(uintptr_t) != 0 &&
                                            has_unaligned(schema, id, type->size));
}

/* ---- walking --------------------------------------------------------------------------------- */

static void reach(Walk *walk, uintptr_t address)
{
    MoltPlace place;
    if (address - walk->heap->base >= walk->heap->granule_count << MOLT__GRANULE_SHIFT)
        return;
    molt_heap_locate(walk->heap, (const void *)address, &place); /* NOLINT: it is only looked up */
    if (place.kind != MOLT_PLACE_BLOCK)
        return;
    uint64_t bit = walk->firsts[place.block.span] * 64 + place.block.index;
    if ((walk->reached[bit / 64] >> (bit % 64) & 1u) != 0)
        return;
    walk->reached[bit / 64] |= (uint64_t)1 << (bit % 64);
    if (walk->count == walk->slots) {
        uint64_t slots = walk->slots > 0 ? walk->slots * 2 : 1024;
        struct Waiting *more = resize(&walk->allocator, walk->waiting,
                                      walk->slots * sizeof *more, slots * sizeof *more);
        walk->failed = walk->failed || !more;
        if (!more)
            return;
        walk->waiting = more;
        walk->slots = slots;
    }
    walk->waiting[walk->count++] = (struct Waiting){place.block.span, place.block.index};
}

static void look_at(Walk *walk, uint32_t span_index, uint32_t index)
{
    const MoltSpan *span = &walk->heap->spans[span_index];
    const unsigned char *start = molt__span_block(span, index);
    uint64_t size = molt__span_bytes(span, molt__span_count(span, index));
    bool unaligned = walk->unaligned[span->type];
    uint64_t step = unaligned ? 1 : sizeof(uintptr_t);
    uint64_t first = unaligned ? 0 : -(uintptr_t)start % sizeof(uintptr_t);
    for (uint64_t at = first; at + sizeof(uintptr_t) <= size; at += step) {
        uintptr_t value;
        memcpy(&value, start + at, sizeof value);
        reach(walk, value);
    }
}

static bool begin(Walk *walk)
{
    const MoltHeap *heap = walk->heap;
    uint32_t types = heap->types.count;
    walk->firsts = resize(&walk->allocator, NULL, 0, (heap->span_count + 1u) * sizeof(uint64_t));
    walk->unaligned = resize(&walk->allocator, NULL, 0, types + 1u);
    if (!walk->firsts || !walk->unaligned)
        return false;
    for (uint32_t s = 0; s < heap->span_count; s++) {
        walk->firsts[s] = walk->words;
        walk->words += heap->spans[s].bytes > 0 ? (heap->spans[s].blocks + 63u) / 64u : 0;
    }
    walk->reached = resize(&walk->allocator, NULL, 0, (walk->words + 1) * sizeof(uint64_t));
    if (!walk->reached)
        return false;
    memset(walk->reached, 0, (walk->words + 1) * sizeof(uint64_t));
    for (MoltTypeId id = 0; id < types; id++)
        walk->unaligned[id] = is_unaligned(heap->schema, id);
    return true;
}

static void end(Walk *walk)
{
    if (walk->firsts)
        resize(&walk->allocator, walk->firsts, (walk->heap->span_count + 1u) * sizeof(uint64_t), 0);
    if (walk->unaligned)
        resize(&walk->allocator, walk->unaligned, walk->heap->types.count + 1u, 0);
    if (walk->reached)
        resize(&walk->allocator, walk->reached, (walk->words + 1) * sizeof(uint64_t), 0);
    if (walk->waiting)
        resize(&walk->allocator, walk->waiting, walk->slots * sizeof *walk->waiting, 0);
}

/* ---- the list -------------------------------------------------------------------------------- */

static bool count_leak(const Walk *walk, MoltLeaks *out, const MoltBlock *block, uint32_t *slots)
{
    const MoltOrigin *origin = molt_heap_origin(walk->heap, block);
    uint64_t bytes = molt__span_bytes(&walk->heap->spans[block->span], block->count);
    uint32_t i = 0;
    while (i < out->count && (out->items[i].type != block->type || out->items[i].origin != origin))
        i++;
    if (i == *slots) {
        uint32_t more = *slots > 0 ? *slots * 2 : 16;
        MoltLeak *items = resize(&out->allocator, out->items, *slots * sizeof *items,
                                 more * sizeof *items);
        if (!items)
            return false;
        out->items = items;
        *slots = more;
    }
    if (i == out->count)
        out->items[out->count++] = (MoltLeak){.type = block->type, .origin = origin};
    out->items[i].blocks++;
    out->items[i].bytes += bytes;
    out->blocks++;
    out->bytes += bytes;
    return true;
}

static int compare_leaks(const void *left, const void *right)
{
    const MoltLeak *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? 1 : -1;
    return (a->type > b->type) - (a->type < b->type);
}

/* The table that the caller gets has exactly as many slots as entries. */
static bool list(Walk *walk, MoltLeaks *out)
{
    MoltBlock block;
    uint64_t cursor = 0;
    uint32_t slots = 0;
    bool good = true;
    while (good && molt_heap_next(walk->heap, MOLT_NO_TYPE, &cursor, &block)) {
        uint64_t bit = walk->firsts[block.span] * 64 + block.index;
        if ((walk->reached[bit / 64] >> (bit % 64) & 1u) == 0 &&
            !molt_type_is_kept(walk->heap->schema, block.type))
            good = count_leak(walk, out, &block, &slots);
    }
    MoltLeak *exact = NULL;
    if (good && out->count > 0) {
        qsort(out->items, out->count, sizeof *out->items, compare_leaks);
        exact = resize(&out->allocator, NULL, 0, out->count * sizeof *exact);
        good = exact != NULL;
        if (good)
            memcpy(exact, out->items, out->count * sizeof *exact);
    }
    if (out->items)
        resize(&out->allocator, out->items, slots * sizeof *out->items, 0);
    out->items = exact;
    return good;
}

MoltStatus molt_leaks_find(const MoltHeap *heap, MoltLeaks *out, MoltError *error)
{
    Walk walk = {.heap = heap, .allocator = heap->allocator};
    MoltLeaks leaks = {.allocator = heap->allocator};
    *out = leaks;
    molt_heap_gather_globals(heap);
    bool good = begin(&walk);
    for (uint32_t i = 0; good && i < heap->root_count; i++)
        reach(&walk, (uintptr_t)heap->roots[i]);
    while (good && walk.count > 0 && !walk.failed) {
        walk.count--;
        look_at(&walk, walk.waiting[walk.count].span, walk.waiting[walk.count].index);
    }
    good = good && !walk.failed && list(&walk, &leaks);
    end(&walk);
    if (!good)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to look for leaks.");
    *out = leaks;
    return MOLT_OK;
}

void molt_leaks_clear(MoltLeaks *leaks)
{
    if (leaks->items)
        resize(&leaks->allocator, leaks->items, leaks->count * sizeof *leaks->items, 0);
    *leaks = (MoltLeaks){.allocator = leaks->allocator};
}

void molt_leak_text(const MoltHeap *heap, const MoltLeak *leak, char *buffer, size_t size)
{
    char origin[300] = "";
    if (leak->origin)
        molt__origin_text(leak->origin, origin, sizeof origin);
    snprintf(buffer, size, "%llu block%s, %llu bytes of %s%s%s", (unsigned long long)leak->blocks,
             leak->blocks == 1 ? "" : "s", (unsigned long long)leak->bytes,
             molt_type_name(heap->schema, leak->type), leak->origin ? " from " : "", origin);
}
