/* Variables of a state that comes from elsewhere. While nobody runs on it, pointers to variables lead
 * into the mirror, and the library's image is left alone. */
#include "globals_aim.h"

#include <string.h>

#include "block_image.h"
#include "globals_map.h"
#include "globals_start.h"
#include "plan_ops.h"

typedef struct Aim {
    const MoltHeap *heap;
    const MoltGlobals *globals;
    const unsigned char *mirror;
    uint64_t size;
    MoltImages images;
    uint32_t lost; /* a variable without a place that a pointer leads to, or MOLT__NO_FIELD */
} Aim;

static uint32_t root_of(const MoltHeap *heap)
{
    const MoltTables *tables = &heap->schema->tables;
    uint32_t root = 0;
    while (root < heap->root_count &&
           (tables->types[tables->roots[root].type].flags & MOLT_TYPE_GLOBALS) == 0)
        root++;
    return root;
}

/* ---- pointers ------------------------------------------------------------------------------- */

static void aim_pointer(Aim *aim, unsigned char *at)
{
    uintptr_t value;
    memcpy(&value, at, sizeof value);
    uint64_t offset = value - (uintptr_t)aim->mirror;
    if (value == 0 || offset >= aim->size)
        return;
    uint32_t field = molt__globals_over(aim->globals->schema, aim->globals->type, offset);
    value = molt__globals_image(aim->globals, offset);
    if (value != 0)
        memcpy(at, &value, sizeof value);
    else if (field != MOLT__NO_FIELD)
        aim->lost = field;
}

static void aim_object(Aim *aim, const MoltImageOp *ops, uint32_t count, unsigned char *object)
{
    for (uint32_t i = 0; i < count; i++) {
        const MoltImageOp *op = &ops[i];
        if (op->code == MOLT__IMAGE_LOOP) {
            for (uint64_t k = 0; k < op->count; k++)
                aim_object(aim, op + 1, op->body, object + op->at + k * op->stride);
            i += op->body;
        } else if (op->code == MOLT__IMAGE_UNION) {
            const MoltImageOp *arm = molt__image_arm(op, object);
            aim_object(aim, arm + 1, arm->body, object);
            i += op->body;
        } else if (op->code == MOLT__IMAGE_POINTER) {
            aim_pointer(aim, object + op->at);
        }
    }
}

static bool aim_block(Aim *aim, const MoltBlock *block)
{
    const MoltField *field = molt_schema_tail(aim->heap->schema, block->type);
    const MoltImage *tail = NULL, *image = molt__image(&aim->images, block->type);
    const MoltSpan *span = &aim->heap->spans[block->span];
    unsigned char *start = molt__span_block(span, block->index);
    if (image && field)
        tail = molt__image(&aim->images, molt_type(aim->heap->schema, field->type)->elem);
    if (!image || (field && !tail))
        return false;
    for (uint64_t e = 0; image->pointers && e < (field ? 1 : block->count); e++)
        aim_object(aim, image->ops, image->count, start + e * span->elem_size);
    for (uint64_t e = 0; tail && tail->pointers && e < block->count; e++)
        aim_object(aim, tail->ops, tail->count, start + span->header + e * span->elem_size);
    return true;
}

static MoltStatus out_of_memory(MoltError *error)
{
    return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the library's variables.");
}

MoltStatus molt_heap_aim_globals(MoltHeap *heap, const MoltGlobals *globals, MoltError *error)
{
    uint32_t root = root_of(heap);
    MoltStatus status = MOLT_OK;
    MoltBlock block;
    uint64_t cursor = 0;
    if (root == heap->root_count)
        return molt_error(error, MOLT_INVALID, "The schema has no type of globals.");
    MoltTypeId type = heap->schema->tables.roots[root].type;
    if (!heap->roots[root]) {
        heap->roots[root] = molt_heap_new(heap, type, 1);
        if (!heap->roots[root])
            return out_of_memory(error);
        memcpy(heap->roots[root], globals->initial, molt_type(heap->schema, type)->size);
        return MOLT_OK; /* which no pointer knows yet */
    }
    Aim aim = {.heap = heap,
               .globals = globals,
               .mirror = heap->roots[root],
               .size = molt_type(heap->schema, type)->size,
               .lost = MOLT__NO_FIELD};
    if (!molt__images_make(&aim.images, heap->schema, true, &heap->allocator))
        status = out_of_memory(error);
    while (globals->count > 0 && status == MOLT_OK &&
           molt_heap_next(heap, MOLT_NO_TYPE, &cursor, &block))
        if (!aim_block(&aim, &block))
            status = out_of_memory(error);
    molt__images_free(&aim.images);
    if (status == MOLT_OK && aim.lost != MOLT__NO_FIELD)
        status =
            molt_error(error, MOLT_REFUSED,
                       "A pointer of the state leads to %s, which the library does not have: keep "
                       "the variable, "
                       "or do not let the compiler leave it out.",
                       molt_string(globals->schema, molt__globals_field(globals, aim.lost)->name));
    return status;
}

/* ---- values --------------------------------------------------------------------------------- */

void molt__globals_start_added(unsigned char *mirror, const MoltPlan *plan,
                               const MoltGlobals *globals)
{
    MoltTypeId before = molt_schema_globals(plan->before);
    if (!mirror || before == MOLT_NO_TYPE)
        return;
    const MoltPair *pair = molt__plan_find_pair(plan, before, globals->type);
    for (uint32_t g = 0; pair && g < globals->count; g++) {
        const MoltField *field = molt__globals_field(globals, g);
        uint64_t at = field->bit_offset / 8;
        unsigned char *object = mirror + at;
        uint32_t from = plan->matches[pair->match + g];
        if (from == MOLT__NO_FIELD)
            memcpy(object, globals->initial + at,
                   molt_type(globals->schema, field->type)->size);
        else
            molt__globals_start_parts(plan, from, molt_type(plan->after, globals->type)->first + g,
                                      globals->initial + at, object, true);
    }
}

void molt_heap_take_globals(MoltHeap *heap, MoltGlobals *globals)
{
    heap->globals = globals;
    const unsigned char *mirror = molt__globals_mirror(heap);
    for (uint32_t g = 0; mirror && g < globals->count; g++) {
        const MoltField *field = molt__globals_field(globals, g);
        uint64_t at = field->bit_offset / 8;
        if (!globals->places[g] && memcmp(mirror + at, globals->initial + at,
                                          molt_type(globals->schema, field->type)->size) != 0)
            globals->held[g] = true;
    }
    molt_heap_scatter_globals(heap);
}
