#include "hook_lineage.h"

#include <string.h>

#include "migration.h"

/* ---- the table ------------------------------------------------------------------------------ */

static void *copy_table(const MoltAllocator *allocator, const void *from, uint64_t size)
{
    void *copy = size > 0 ? allocator->resize(allocator->context, NULL, 0, size) : NULL;
    if (copy)
        memcpy(copy, from, size);
    return copy;
}

bool molt__lineage_copy(const MoltAllocator *allocator, const MoltLineage *from, MoltLineage *to)
{
    *to = (MoltLineage){.reloads = from->reloads};
    to->steps = copy_table(allocator, from->steps, from->count * sizeof *to->steps);
    to->count = to->slots = to->steps ? from->count : 0;
    to->traces = copy_table(allocator, from->traces, from->trace_count * sizeof *to->traces);
    to->trace_count = to->trace_slots = to->traces ? from->trace_count : 0;
    if (to->count == from->count && to->trace_count == from->trace_count)
        return true;
    molt__lineage_release(allocator, to);
    return false;
}

void molt__lineage_release(const MoltAllocator *allocator, MoltLineage *lineage)
{
    if (lineage->steps)
        allocator->resize(allocator->context, lineage->steps,
                          lineage->slots * sizeof *lineage->steps, 0);
    if (lineage->traces)
        allocator->resize(allocator->context, lineage->traces,
                          lineage->trace_slots * sizeof *lineage->traces, 0);
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

static void copy_traces(MoltMigration *m)
{
    const MoltLineage *lineage = &m->heap->attic.lineage;
    MoltLineage *next = &m->lineage;
    if (lineage->trace_count == 0 ||
        !molt__migration_grow(m, (void **)&next->traces, &next->trace_slots, 0,
                              lineage->trace_count, sizeof *next->traces))
        return;
    memcpy(next->traces, lineage->traces, lineage->trace_count * sizeof *next->traces);
    next->trace_count = lineage->trace_count;
}

void molt__lineage_begin(MoltMigration *m)
{
    uint32_t types = m->plan->before->tables.type_count;
    m->ways = molt__migration_table(m, types + 1u, sizeof *m->ways);
    m->lineage.reloads = m->heap->attic.lineage.reloads + 1;
    copy_traces(m);
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

/* ---- what hooks do ---------------------------------------------------------------------------- */

static MoltHookTrace *find_trace(const MoltLineage *lineage, uint64_t layout)
{
    for (uint64_t t = 0; t < lineage->trace_count; t++) {
        if (lineage->traces[t].layout == layout)
            return &lineage->traces[t];
    }
    return NULL;
}

bool molt__lineage_alters(const MoltMigration *m, MoltTypeId before)
{
    MoltTypeId after = m->plan->types[before].after;
    if (!molt__lineage_calls(m, before))
        return false;
    const MoltHookTrace *trace =
        find_trace(&m->heap->attic.lineage, molt_type(m->plan->after, after)->hash);
    return trace && trace->code != m->plan->hooks[after]->code;
}

static uint64_t bit_of(const MoltType *type, uint64_t offset)
{
    uint64_t part = type->size / MOLT__TRACE_BITS + 1, bit = offset / part;
    return bit < MOLT__TRACE_BITS ? bit : MOLT__TRACE_BITS - 1;
}

void molt__lineage_touch(MoltMigration *m, MoltTypeId after, const unsigned char *was,
                         const unsigned char *is)
{
    const MoltType *type = molt_type(m->plan->after, after);
    MoltLineage *next = &m->lineage;
    MoltHookTrace *trace = find_trace(next, type->hash);
    if (!trace) {
        if (!molt__migration_grow(m, (void **)&next->traces, &next->trace_slots, next->trace_count,
                                  1, sizeof *next->traces))
            return;
        trace = &next->traces[next->trace_count++];
        *trace = (MoltHookTrace){.layout = type->hash, .code = m->plan->hooks[after]->code};
    }
    if (trace->code != m->plan->hooks[after]->code)
        *trace = (MoltHookTrace){.layout = type->hash, .code = m->plan->hooks[after]->code};
    for (uint64_t i = 0; i < type->size; i++) {
        uint64_t bit = bit_of(type, i);
        if (was[i] != is[i])
            trace->touched[bit / 64] |= (uint64_t)1 << (bit % 64);
    }
}

bool molt__lineage_touched(const MoltMigration *m, MoltTypeId after, uint64_t offset, uint64_t size)
{
    const MoltType *type = molt_type(m->plan->after, after);
    const MoltHookTrace *trace = find_trace(&m->lineage, type->hash);
    for (uint64_t i = offset; trace && i < offset + size; i++) {
        uint64_t bit = bit_of(type, i);
        if (trace->touched[bit / 64] >> (bit % 64) & 1u)
            return true;
    }
    return false;
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
    molt__migration_free(m, m->lineage.traces, m->lineage.trace_slots, sizeof *m->lineage.traces);
    molt__migration_free(m, m->ways, m->plan->before->tables.type_count + 1u, sizeof *m->ways);
    m->lineage = (MoltLineage){0};
    m->ways = NULL;
}
