#include "molt/stale_pointer.h"

#include <stdio.h>
#include <string.h>

#include "block_image.h"
#include "heap_span.h"
#include "molt/globals.h"
#include "plan_ops.h"

typedef struct Search {
    const MoltHeap *heap;
    uintptr_t begin, size;
    MoltImages images;
    const MoltSpan *span; /* of the block that is looked at */
    uint32_t index;
    MoltStalePointers *out;
} Search;

/* The field by its own struct's name, and the block that it is in. */
static void name_place(const Search *search, const MoltImageOp *op)
{
    const MoltSchema *schema = search->heap->schema;
    const char *type = molt_type_name(schema, search->span->type);
    bool field = op->owner != MOLT_NO_TYPE && op->field != MOLT__NO_FIELD;
    unsigned long long serial = search->span->first_serial + search->index;
    if (field)
        snprintf(search->out->path, sizeof search->out->path, "%.100s.%.100s, in %.60s:%llu",
                 molt_type_name(schema, op->owner),
                 molt_string(schema, schema->tables.fields[op->field].name), type, serial);
    else
        snprintf(search->out->path, sizeof search->out->path, "%.100s:%llu", type, serial);
}

static void look(Search *search, const MoltImageOp *op, const unsigned char *at)
{
    uintptr_t value;
    memcpy(&value, at, sizeof value);
    search->out->looked++;
    if (value - search->begin >= search->size)
        return;
    if (search->out->count++ == 0)
        name_place(search, op);
}

static void look_at_object(Search *search, const MoltImageOp *ops, uint32_t count,
                           const unsigned char *object)
{
    for (uint32_t i = 0; i < count; i++) {
        const MoltImageOp *op = &ops[i];
        switch ((MoltImageCode)op->code) {
        case MOLT__IMAGE_LOOP:
            for (uint64_t k = 0; k < op->count; k++)
                look_at_object(search, op + 1, op->body, object + op->at + k * op->stride);
            i += op->body;
            break;
        case MOLT__IMAGE_UNION: {
            const MoltImageOp *arm = molt__image_arm(op, object);
            look_at_object(search, arm + 1, arm->body, object);
            i += op->body;
            break;
        }
        case MOLT__IMAGE_UNTAGGED:
        case MOLT__IMAGE_ABSENT: /* of a file; here it may hold anything */
            for (uint64_t w = 0; w + sizeof(uintptr_t) <= op->size; w += sizeof(uintptr_t))
                look(search, op, object + op->at + w);
            break;
        case MOLT__IMAGE_POINTER:
        case MOLT__IMAGE_EXTERNAL:
        case MOLT__IMAGE_STRING: look(search, op, object + op->at); break;
        case MOLT__IMAGE_COPY:
        case MOLT__IMAGE_BITS:
        case MOLT__IMAGE_SET:
        case MOLT__IMAGE_CONSTANT:
        case MOLT__IMAGE_ARM: break;
        }
    }
}

static bool look_at_span(Search *search, const MoltSpan *span)
{
    const MoltSchema *schema = search->heap->schema;
    const MoltField *field = span->header > 0 ? molt_schema_tail(schema, span->type) : NULL;
    const MoltImage *image = molt__image(&search->images, span->type), *tail = NULL;
    if (image && field)
        tail = molt__image(&search->images, molt_type(schema, field->type)->elem);
    if (!image || (field && !tail))
        return false;
    if (!image->pointers && !(tail && tail->pointers))
        return true;
    search->span = span;
    for (uint32_t b = 0; b < span->blocks; b++) {
        if (!molt__span_is_live(span, b))
            continue;
        const unsigned char *block = molt__span_block(span, b);
        uint64_t count = molt__span_count(span, b), objects = field ? 1 : count;
        search->index = b;
        for (uint64_t e = 0; image->pointers && e < objects; e++)
            look_at_object(search, image->ops, image->count, block + e * span->elem_size);
        for (uint64_t e = 0; tail && tail->pointers && e < count; e++)
            look_at_object(search, tail->ops, tail->count,
                           block + span->header + e * span->elem_size);
    }
    return true;
}

MoltStatus molt_heap_find_stale(const MoltHeap *heap, uintptr_t begin, uintptr_t end,
                                MoltStalePointers *out, MoltError *error)
{
    *out = (MoltStalePointers){0};
    if (!heap->schema || begin >= end)
        return MOLT_OK;
    Search search = {.heap = heap, .begin = begin, .size = end - begin, .out = out};
    molt_heap_gather_globals(heap);
    bool enough = molt__images_make(&search.images, heap->schema, true, &heap->allocator);
    for (uint32_t s = 0; enough && s < heap->span_count; s++) {
        const MoltSpan *span = &heap->spans[s];
        if (span->bytes > 0 && span->live > 0)
            enough = look_at_span(&search, span);
    }
    molt__images_free(&search.images);
    return enough ? MOLT_OK
                  : molt_error(error, MOLT_OUT_OF_MEMORY,
                               "No memory to look for pointers into what goes.");
}
