#include "hook_lineage.h"

#include <string.h>

#include "migration.h"

/* ---- the table ------------------------------------------------------------------------------ */

bool molt__lineage_copy(const MoltAllocator *allocator, const MoltLineage *from, MoltLineage *to)
{
    *to = (MoltLineage){.reloads = from->reloads};
    if (from->count == 0)
        return true;
    to->steps = allocator->resize(allocator->context, NULL, 0, from->count * sizeof *to->steps);
    if (!to->steps)
        return false;
    memcpy(to->steps, from->steps, from->count * sizeof *to->steps);
    to->count = to->slots = from->count;
    return true;
}

void molt__lineage_release(const MoltAllocator *allocator, MoltLineage *lineage)
{
    if (lineage->steps)
        allocator->resize(allocator->context, lineage->steps,
                          lineage->slots * sizeof *lineage->steps, 0);
    *lineage = (MoltLineage){.reloads = lineage->reloads};
}

/* ---- the ways of a migration ---------------------------------------------------------------- */

static bool is_changed(const MoltMigration *m, MoltTypeId type)
{
    return molt_type(m->plan->before, type)->kind == MOLT_KIND_STRUCT &&
           m->plan->types[type].fate == MOLT_FATE_CHANGED;
}

static MoltHookWay find_way(const MoltMigration *m, MoltTypeId type)
{
    const MoltLineage *lineage = &m->heap->attic.lineage;
    uint64_t layout = molt_type(m->plan->after, m->plan->types[type].after)->hash;
    MoltHookWay way = {0};
    for (uint64_t s = 0; s < lineage->count; s++) {
        const MoltLineageStep *step = &lineage->steps[s];
        if (step->type != type)
            continue;
        if (step->layout == layout)
            way = (MoltHookWay){.step = s, .back = true, .skips = step->hooked};
        else if (way.back && step->hooked)
            way.leaves = true;
    }
    return way;
}

static void push(MoltMigration *m, MoltLineageStep step)
{
    MoltLineage *next = &m->lineage;
    if (molt__migration_grow(m, (void **)&next->steps, &next->slots, next->count, 1,
                             sizeof *next->steps))
        next->steps[next->count++] = step;
}

/* The steps of one struct as they are after the migration. */
static void push_steps(MoltMigration *m, MoltTypeId type)
{
    const MoltLineage *lineage = &m->heap->attic.lineage;
    const MoltTypePlan *plan = &m->plan->types[type];
    const MoltHookWay *way = &m->ways[type];
    bool changed = is_changed(m, type), known = false;
    MoltLineageStep last = {molt_type(m->plan->after, plan->after)->hash, plan->after,
                            m->lineage.reloads, molt__lineage_calls(m, type)};
    for (uint64_t s = 0; s < lineage->count; s++) {
        MoltLineageStep step = lineage->steps[s];
        if (step.type != type)
            continue;
        known = true;
        step.type = plan->after;
        if (changed && way->back && s > way->step)
            break;
        if (changed && way->back && s == way->step && last.hooked)
            step = last;
        push(m, step);
    }
    if (changed && !known)
        push(m, (MoltLineageStep){molt_type(m->plan->before, type)->hash, plan->after, 0, false});
    if (changed && !way->back)
        push(m, last);
}

void molt__lineage_begin(MoltMigration *m)
{
    uint32_t types = m->plan->before->tables.type_count;
    m->ways = molt__migration_table(m, types + 1u, sizeof *m->ways);
    m->lineage.reloads = m->heap->attic.lineage.reloads + 1;
    for (MoltTypeId t = 0; t < types && !m->failed; t++) {
        if (is_changed(m, t))
            m->ways[t] = find_way(m, t);
        if (m->plan->types[t].after != MOLT_NO_TYPE)
            push_steps(m, t);
    }
}

bool molt__lineage_calls(const MoltMigration *m, MoltTypeId before)
{
    return molt__plan_hook(m->plan, before, m->plan->types[before].after) && !m->ways[before].skips;
}

bool molt__lineage_undoes(const MoltMigration *m, uint32_t reload)
{
    const MoltLineage *lineage = &m->heap->attic.lineage;
    for (uint64_t s = 0; s < lineage->count; s++) {
        const MoltLineageStep *step = &lineage->steps[s];
        const MoltHookWay *way = &m->ways[step->type];
        if (step->hooked && step->reload == reload && way->back && s > way->step)
            return true;
    }
    return false;
}

void molt__lineage_commit(MoltMigration *m)
{
    MoltLineage *lineage = &m->heap->attic.lineage;
    molt__lineage_release(&m->allocator, lineage);
    *lineage = m->lineage;
    m->lineage = (MoltLineage){0};
    molt__lineage_discard(m);
}

void molt__lineage_discard(MoltMigration *m)
{
    molt__migration_free(m, m->lineage.steps, m->lineage.slots, sizeof *m->lineage.steps);
    molt__migration_free(m, m->ways, m->plan->before->tables.type_count + 1u, sizeof *m->ways);
    m->lineage = (MoltLineage){0};
    m->ways = NULL;
}
