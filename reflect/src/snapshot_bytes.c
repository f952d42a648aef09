#include "snapshot_bytes.h"

#include <stdio.h>
#include <string.h>

#include "byte_scan.h"
#include "globals_map.h"
#include "molt/globals.h"

typedef struct Check {
    const MoltPoolBlocks *pools;
    const MoltCodeMap *code;
    const MoltSaveDesc *desc;
    MoltFileFindings *findings;
    uint64_t *object;
    const unsigned char *counted;
} Check;

static bool is_address(const Check *check, const MoltHeap *heap, uintptr_t value)
{
    const MoltCodeMap *code = check->code;
    if (value - heap->base < heap->granule_count << MOLT__GRANULE_SHIFT) {
        MoltPlace place;
        molt_heap_locate(heap, (const void *)value, &place); /* NOLINT: it is only looked up */
        return place.kind == MOLT_PLACE_BLOCK;
    }
    if (code && value - code->begin < code->end - code->begin)
        return !code->inside || !code->inside(code->context, value);
    return molt_heap_mirror(heap, value, MOLT_NO_TYPE) != 0;
}

/* Identity only: one for a struct, a variable or a place that allocates. */
static const void *place_of(const MoltByteScan *scan)
{
    const MoltHeap *heap = scan->heap;
    const MoltType *type = molt_type(heap->schema, scan->span->type);
    if (scan->variable != UINT32_MAX)
        return &heap->schema->tables.fields[type->first + scan->variable];
    return scan->bytes_only ? (const void *)&heap->origins.items[molt__byte_scan_origin(scan)]
                            : type;
}

static void look_at(MoltByteScan *scan, uint32_t run, const unsigned char *begin,
                    const unsigned char *at, uintptr_t value)
{
    Check *check = scan->context;
    if (!is_address(check, scan->heap, value) ||
        (scan->bytes_only &&
         molt__pool_block(check->pools, (uintptr_t)molt__span_block(scan->span, scan->block))))
        return;
    if (check->desc->aside) {
        check->desc->aside(check->desc->aside_context, at, value);
        memset((void *)(uintptr_t)at, 0, sizeof value); /* NOLINT: the caller's heap, which may change */
        return;
    }
    *check->object += check->counted != scan->object;
    check->counted = scan->object;
    MoltFileFinding *item = molt__file_find(
        check->findings, scan->bytes_only ? MOLT_RULE_UNTYPED_MEMORY : MOLT_RULE_ADDRESS_IN_BYTES,
        MOLT_REFUSE, place_of(scan), *check->object);
    scan->stop = check->findings->failed;
    if (!item)
        return;
    molt__byte_scan_path(scan, run, begin, item->path, sizeof item->path);
    snprintf(item->value, sizeof item->value,
             "it has an address, which a file cannot keep, at byte %llu",
             (unsigned long long)(at - begin));
}

static void widen(uintptr_t *low, uintptr_t *high, uintptr_t begin, uintptr_t end)
{
    *low = begin < *low ? begin : *low;
    *high = end > *high ? end : *high;
}

/* Objects in blocks of bytes have bytes of their own. */
static bool look_into_pools(MoltByteScan *scan, const MoltPoolBlocks *pools)
{
    bool done = true;
    for (uint64_t i = 0; i < pools->count && done; i++) {
        const MoltPoolBlock *pool = &pools->items[i];
        const unsigned char *block = (const unsigned char *)pool->block; /* NOLINT: of the heap */
        MoltSpan span = scan->heap->spans[pool->span];
        scan->span = &span;
        scan->block = pool->index;
        span.type = pool->header;
        if (pool->head > 0)
            done = molt__byte_scan_objects(scan, pool->header, block, 1);
        span.type = pool->type;
        done = done && molt__byte_scan_objects(scan, pool->type, block + pool->head, pool->count);
    }
    return done;
}

bool molt__snapshot_bytes_check(const MoltHeap *heap, const MoltPoolBlocks *pools,
                                const MoltCodeMap *code, const MoltSaveDesc *desc,
                                MoltFileFindings *findings, uint64_t *object)
{
    Check check = {
        .pools = pools, .code = code, .desc = desc, .findings = findings, .object = object};
    const MoltGlobals *globals = heap->globals;
    uintptr_t low = heap->base, high = heap->base + (heap->opened << MOLT__GRANULE_SHIFT);
    if (code && code->begin < code->end)
        widen(&low, &high, code->begin, code->end);
    if (globals && globals->placed > 0) {
        uint32_t last = globals->by_address[globals->placed - 1];
        const MoltField *field = molt__globals_field(globals, last);
        widen(&low, &high, (uintptr_t)globals->places[globals->by_address[0]],
              (uintptr_t)globals->places[last] + molt_type(globals->schema, field->type)->size + 1);
    }
    MoltByteScan scan = {.heap = heap,
                         .visit = look_at,
                         .context = &check,
                         .low = low,
                         .size = high - low,
                         .mirror = molt__globals_mirror(heap)};
    return molt__byte_scan(&scan) && look_into_pools(&scan, pools);
}
