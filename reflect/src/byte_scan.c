#include "byte_scan.h"

#include <stdio.h>
#include <string.h>

#include "dump_path.h"
#include "molt/globals.h"
#include "molt/kept_types.h"
#include "origin.h"

/* Words that are compared before anything is asked about one of them. */
enum { WORDS_AT_ONCE = 32 };

/* ---- words ------------------------------------------------------------------------------------ */

static uintptr_t word_at(const unsigned char *at)
{
    uintptr_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Nearly all memory has no address in it, so this is one comparison per word. */
static void look_at_words(MoltByteScan *scan, uint32_t run, const unsigned char *begin,
                          uint64_t from, uint64_t size)
{
    const unsigned char *at = begin + from;
    uint64_t words = size > from ? (size - from) / sizeof(uintptr_t) : 0;
    const uintptr_t low = scan->low, range = scan->size;
    while (words > 0 && !scan->stop) {
        uint64_t n = words < WORDS_AT_ONCE ? words : WORDS_AT_ONCE;
        bool any = false;
        for (uint64_t i = 0; i < n; i++)
            any |= word_at(at + i * sizeof(uintptr_t)) - low < range;
        for (uint64_t i = 0; any && i < n; i++) {
            uintptr_t value = word_at(at + i * sizeof(uintptr_t));
            if (value - low < range)
                scan->visit(scan, run, begin, at + i * sizeof(uintptr_t), value);
        }
        at += n * sizeof(uintptr_t);
        words -= n;
    }
}

static void visit_run(void *context, uint32_t run, const unsigned char *at, uint64_t size)
{
    MoltByteScan *scan = context;
    uint64_t aligned = -((uintptr_t)at + scan->shift) % sizeof(uintptr_t);
    if (!scan->bytes_only)
        scan->object = at;
    look_at_words(scan, run, at, 0, size);
    if (aligned != 0)
        look_at_words(scan, run, at, aligned, size);
}

/* ---- blocks and variables --------------------------------------------------------------------- */

static void scan_values(MoltByteScan *scan, const unsigned char *values, uint64_t stride,
                        uint64_t count)
{
    scan->object = values;
    molt__byte_runs_visit(&scan->runs, values, stride, count, visit_run, scan);
}

/* What stands before the array of a flexible struct, its array, or all elements. */
static void scan_blocks(MoltByteScan *scan, MoltTypeId type)
{
    const MoltHeap *heap = scan->heap;
    if (molt_type_is_kept(heap->schema, type))
        return; /* no code reads them */
    for (uint32_t s = heap->types.first[type]; s != MOLT__NO_SPAN; s = heap->links[s].type_next) {
        const MoltSpan *span = scan->span = &heap->spans[s];
        bool head = span->header > 0 && !scan->tail;
        for (uint32_t b = 0; b < span->blocks && span->live > 0 && !scan->stop; b++) {
            if (!molt__span_is_live(span, b))
                continue;
            scan->block = b;
            scan_values(scan, molt__span_block(span, b) + (scan->tail ? span->header : 0),
                        head ? 0 : span->elem_size, head ? 1 : molt__span_count(span, b));
        }
    }
}

static void scan_type(MoltByteScan *scan, MoltTypeId type)
{
    const MoltSchema *schema = scan->heap->schema;
    const MoltField *tail = molt_schema_tail(schema, type);
    bool transient = !scan->anew || !scan->anew[type];
    scan->bytes_only = molt__is_bytes(schema, type);
    scan->tail = false;
    molt__byte_runs_list(&scan->runs, type, transient);
    if (scan->runs.count > 0)
        scan_blocks(scan, type);
    if (!tail)
        return;
    scan->tail = true;
    molt__byte_runs_list(&scan->runs, molt_type(schema, tail->type)->elem, transient);
    if (scan->runs.count > 0)
        scan_blocks(scan, type);
}

/* The mirror is not aligned as the variables are. */
static void scan_variables(MoltByteScan *scan, MoltTypeId type)
{
    const MoltHeap *heap = scan->heap;
    const MoltSchema *schema = heap->schema;
    MoltPlace place;
    molt_heap_locate(heap, scan->mirror, &place);
    scan->span = &heap->spans[place.block.span];
    scan->block = place.block.index;
    scan->bytes_only = scan->tail = false;
    for (uint32_t g = 0; g < molt_type(schema, type)->count && !scan->stop; g++) {
        const MoltField *field = &schema->tables.fields[molt_type(schema, type)->first + g];
        const unsigned char *at = scan->mirror + field->bit_offset / 8;
        const unsigned char *game = heap->globals ? heap->globals->places[g] : NULL;
        if (scan->set && !scan->set[g])
            continue;
        molt__byte_runs_list(&scan->runs, field->type, true);
        scan->variable = g;
        scan->shift = game ? (uintptr_t)game - (uintptr_t)at : 0;
        if (scan->runs.count > 0)
            scan_values(scan, at, molt_type(schema, field->type)->size, 1);
    }
    scan->variable = UINT32_MAX;
    scan->shift = 0;
}

bool molt__byte_scan_objects(MoltByteScan *scan, MoltTypeId type, const unsigned char *objects,
                             uint64_t count)
{
    const MoltHeap *heap = scan->heap;
    scan->bytes_only = scan->tail = false;
    scan->variable = UINT32_MAX;
    scan->shift = 0;
    molt__byte_runs_init(&scan->runs, &heap->allocator, heap->schema);
    molt__byte_runs_list(&scan->runs, type, !scan->anew || !scan->anew[type]);
    if (scan->runs.count > 0 && scan->size > 0 && !scan->stop)
        scan_values(scan, objects, molt_type(heap->schema, type)->size, count);
    bool done = !scan->runs.failed;
    molt__byte_runs_free(&scan->runs);
    return done;
}

bool molt__byte_scan(MoltByteScan *scan)
{
    const MoltHeap *heap = scan->heap;
    MoltTypeId globals = molt_schema_globals(heap->schema);
    bool done;
    scan->variable = UINT32_MAX;
    scan->shift = 0;
    molt__byte_runs_init(&scan->runs, &heap->allocator, heap->schema);
    uint32_t types = scan->size > 0 ? heap->types.count : 0;
    for (MoltTypeId type = 0; type < types && !scan->stop && !scan->runs.failed; type++) {
        if (type == globals && scan->mirror)
            scan_variables(scan, type);
        else if (heap->types.first[type] != MOLT__NO_SPAN)
            scan_type(scan, type);
    }
    done = !scan->runs.failed;
    molt__byte_runs_free(&scan->runs);
    return done;
}

/* ---- where it is ------------------------------------------------------------------------------ */

uint32_t molt__byte_scan_origin(const MoltByteScan *scan)
{
    return molt__span_origin(scan->span, scan->block);
}

void molt__byte_scan_path(const MoltByteScan *scan, uint32_t run, const unsigned char *begin,
                          char *path, size_t size)
{
    const MoltHeap *heap = scan->heap;
    const MoltSchema *schema = heap->schema;
    const char *name = molt_type_name(schema, scan->span->type);
    uint32_t origin = molt__byte_scan_origin(scan);
    bool bytes = scan->bytes_only || molt__is_bytes(schema, scan->span->type); /* of a block's part */
    MoltPlace place;
    MoltDumpPath where;
    if (scan->variable != UINT32_MAX) {
        uint32_t field = molt_type(schema, scan->span->type)->first + scan->variable;
        snprintf(path, size, "%s", molt_string(schema, schema->tables.fields[field].name));
    } else if (bytes && origin != 0) {
        molt__origin_text(&heap->origins.items[origin], path, size);
    } else if (bytes) {
        snprintf(path, size, "%s", name);
    } else {
        molt_heap_locate(heap, begin, &place);
        molt__dump_path(schema, &place, scan->runs.items[run].type, &where);
        const char *field = where.text, *end = strchr(field, ']');
        if (field[0] == '[' && end)
            field = end + 1; /* of the element, which differs from object to object */
        size_t length = strlen(field);
        if (scan->tail && length > 3 && strcmp(field + length - 3, "[0]") == 0)
            length -= 3; /* the array, not the byte that it begins with */
        snprintf(path, size, "%.60s%.*s", name, (int)length, field);
    }
}
