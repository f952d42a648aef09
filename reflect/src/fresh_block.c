#include "fresh_block.h"

#include <string.h>

#include "code_target.h"

enum { LEAST_OF_TEXT = 8 };

/* A span with room, or a new one; NULL when memory is out. */
static MoltSpan *open_span(MoltMigration *m, MoltTypeId type, uint64_t count, bool stands_in)
{
    const MoltType *layout = type != MOLT_NO_TYPE ? molt_type(m->plan->after, type) : NULL;
    uint64_t size = layout ? layout->size : 1;
    uint64_t capacity = layout && layout->kind != MOLT_KIND_INT ? 1 : LEAST_OF_TEXT;
    uint32_t align = layout ? layout->align : 1;
    while (capacity < count)
        capacity *= 2;
    for (uint64_t s = m->fresh_count; s-- > 0;) {
        MoltSpan *span = &m->fresh[s];
        if (span->type == type && span->capacity == capacity && span->stands_in == stands_in &&
            span->filled < span->blocks)
            return span;
    }
    if (!molt__migration_grow(m, (void **)&m->fresh, &m->fresh_slots, m->fresh_count, 1,
                              sizeof *m->fresh))
        return NULL;
    uint64_t stride = molt__span_stride(size, align, capacity);
    uint32_t blocks = stride < MOLT__GRANULE ? (uint32_t)(MOLT__GRANULE / stride) : 1;
    MoltSpan *span = &m->fresh[m->fresh_count];
    if (!molt__span_make(m->heap, span, size, align, capacity, blocks)) {
        m->failed = true;
        return NULL;
    }
    span->type = type;
    span->stands_in = stands_in;
    m->fresh_count++;
    return span;
}

unsigned char *molt__fresh_block(MoltMigration *m, MoltTypeId type, uint64_t count, bool stands_in)
{
    MoltSpan *span = open_span(m, type, count, stands_in);
    if (!span)
        return NULL;
    if (!molt__made_mark(&m->allocator, span, span->filled)) {
        m->failed = true;
        return NULL;
    }
    uint32_t index = span->filled++;
    span->live++;
    span->live_bits[index / 64] |= (uint64_t)1 << (index % 64);
    if (span->counts)
        span->counts[index] = count;
    unsigned char *block = molt__span_block(span, index);
    memset(block, 0, count * span->elem_size);
    return block;
}

char *molt__migration_string(MoltMigration *m, const char *text, uint64_t length)
{
    char *copy = (char *)molt__fresh_block(m, MOLT_NO_TYPE, length + 1, false);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

uintptr_t molt__fresh_literal(MoltMigration *m, const MoltCodeTarget *literal, MoltTypeId pointee)
{
    uint64_t width = molt_code_width(literal->bytes, literal->size);
    const MoltType *type = pointee != MOLT_NO_TYPE ? molt_type(m->plan->after, pointee) : NULL;
    bool wide = width > 1 && type && type->kind == MOLT_KIND_INT && type->size == width;
    unsigned char *copy =
        molt__fresh_block(m, wide ? pointee : MOLT_NO_TYPE,
                          wide ? literal->size / width : literal->size, true);
    if (copy)
        memcpy(copy, literal->bytes, literal->size);
    return (uintptr_t)copy;
}

static MoltSpan *fresh_span(const MoltMigration *m, uintptr_t block)
{
    for (uint64_t s = m->fresh_count; s-- > 0;) {
        if (block - m->fresh[s].base < m->fresh[s].bytes)
            return &m->fresh[s];
    }
    return NULL;
}

bool molt__migration_made(const MoltMigration *m, uintptr_t string)
{
    return fresh_span(m, string) != NULL;
}

void molt__migration_unstring(MoltMigration *m, uintptr_t string)
{
    MoltSpan *span = fresh_span(m, string);
    if (!span)
        return;
    uint32_t index = (uint32_t)((string - span->base) / span->stride);
    span->live_bits[index / 64] &= ~((uint64_t)1 << (index % 64));
    if (span->counts)
        span->counts[index] = 0;
    span->live--;
    molt__made_unmark(span, index);
}

void molt__fresh_commit(MoltMigration *m)
{
    for (uint64_t s = 0; s < m->fresh_count; s++) {
        MoltTypeId type = m->fresh[s].type;
        if (m->fresh[s].live == 0) { /* every text in it gave way to one that returned */
            molt__span_release(m->heap, &m->fresh[s]);
            continue;
        }
        molt__heap_adopt(m->heap, &m->fresh[s], type != MOLT_NO_TYPE ? type : m->heap->char_type);
    }
}

void molt__fresh_discard(MoltMigration *m)
{
    for (uint64_t s = 0; s < m->fresh_count; s++)
        molt__span_release(m->heap, &m->fresh[s]);
}
