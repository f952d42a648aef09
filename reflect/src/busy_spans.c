#include "busy_spans.h"

#include "kept_types.h"

/* A change of one type may concern blocks of another, which it takes over or which point at it. */
static bool any_type_changes(const MoltMigration *m)
{
    for (MoltTypeId t = 0; t < m->plan->before->tables.type_count; t++)
        if (m->plan->types[t].fate != MOLT_FATE_SAME || molt__plan_keeps(m->plan, t))
            return true;
    return false;
}

static bool is_busy(const MoltMigration *m, const MoltSpan *span)
{
    const MoltTypePlan *type = &m->plan->types[span->type];
    return type->scan_count + type->tail_count > 0 || span->made || span->stands_in ||
           span->hooked_in != 0 ||
           (molt_type(m->plan->before, span->type)->flags & MOLT_TYPE_GLOBALS);
}

void molt__busy_spans_find(MoltMigration *m)
{
    bool all = any_type_changes(m);
    m->busy = molt__migration_table(m, m->span_count, sizeof *m->busy);
    for (uint32_t s = 0; m->busy && s < m->span_count; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        if (span->bytes > 0 && (all || is_busy(m, span)))
            m->busy[m->busy_count++] = s;
    }
}

void molt__busy_spans_free(MoltMigration *m)
{
    molt__migration_free(m, m->busy, m->span_count, sizeof *m->busy);
}
