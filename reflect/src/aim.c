#include "aim.h"

#include "migration.h"

/* What holds for every pointer of its own type into the span. */
static bool is_plain(const MoltMigration *m, const MoltSpan *span)
{
    const MoltTypePlan *type = &m->plan->types[span->type];
    return span->bytes > 0 && span->header == 0 && span->elem_size > 0 && !span->made &&
           !span->stands_in && type->fate != MOLT_FATE_GONE &&
           !molt__plan_keeps(m->plan, span->type) &&
           !(m->owned.claimed && m->owned.claimed[span->type]) &&
           !molt__migrate_globals_is(m, span);
}

/* How many of the first blocks are live, where no others are; else 0. */
static uint32_t first_live(const MoltSpan *span)
{
    uint32_t whole = span->live / 64, rest = span->live % 64;
    for (uint32_t word = 0; word < whole; word++) {
        if (span->live_bits[word] != UINT64_MAX)
            return 0;
    }
    return rest == 0 || span->live_bits[whole] == ((uint64_t)1 << rest) - 1 ? span->live : 0;
}

void molt__aims_make(MoltMigration *m)
{
    const MoltHeap *heap = m->heap;
    if (m->span_count == 0 || (!m->moves && !m->edits))
        return;
    MoltAim *aims = molt__migration_table(m, m->span_count, sizeof *aims);
    if (!aims)
        return;
    for (uint32_t s = 0; s < m->span_count; s++) {
        const MoltSpan *span = &heap->spans[s];
        const MoltReciprocal reciprocal = heap->reciprocals[s];
        aims[s] = (MoltAim){.type = MOLT_NO_TYPE};
        if (!is_plain(m, span) || reciprocal.stride == 0 || reciprocal.elem_size == 0)
            continue;
        const MoltSpan *to = m->spans[s].bytes > 0 ? &m->spans[s] : span;
        if (to->header > 0)
            continue;
        uint32_t first = first_live(span);
        aims[s] = (MoltAim){.base = span->base,
                            .to = to->base,
                            .reciprocal = reciprocal,
                            .stride = span->stride,
                            .to_stride = to->stride,
                            .elem_size = span->elem_size,
                            .to_elem_size = to->elem_size,
                            .live_bits = first > 0 ? NULL : span->live_bits,
                            .counts = span->counts,
                            .type = span->type,
                            .blocks = first > 0 ? first : span->blocks};
    }
    for (uint64_t i = 0; i < m->retypes.count; i++)
        aims[m->retypes.items[i].span].type = MOLT_NO_TYPE;
    m->aims = aims;
}

void molt__aims_free(MoltMigration *m)
{
    molt__migration_free(m, m->aims, m->span_count, sizeof *m->aims);
    m->aims = NULL;
}
