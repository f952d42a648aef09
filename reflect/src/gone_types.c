/* What a migration says of types that the new code lacks: their objects go or are kept, and what was kept is
 * back. */
#include <stdio.h>

#include "hook_run.h"
#include "migration.h"

static bool is_missing(const MoltMigration *m, MoltTypeId type)
{
    bool missing = m->missing[type];
    for (uint64_t g = 0; g < m->gone_count && !missing; g++)
        missing =
            m->gone_pointers[g].type == type && !molt__hook_settled(m, m->gone_pointers[g].check);
    return missing;
}

/* Objects of a type that is gone: those that a pointer still leads to refuse, others go with it. */
static void report_gone(MoltMigration *m)
{
    for (MoltTypeId t = 0; t < m->plan->before->tables.type_count; t++) {
        MoltHeapStats stats;
        char remedy[512];
        const char *name = molt_type_name(m->plan->before, t);
        if (!molt__plan_loses(m->plan, t))
            continue;
        molt_heap_stats(m->heap, t, &stats);
        if (stats.blocks == 0 || m->numbers_reached[t])
            continue;
        /* of a flexible struct, elements are those of its array */
        uint64_t objects = molt_schema_tail(m->plan->before, t) ? stats.blocks : stats.elements;
        objects -= molt__hook_made_gone(m, t);  /* they go as they came */
        objects -= molt__retype_elements(m, t); /* which are of another type now */
        if (objects == 0)
            continue;
        uint64_t seen = molt__hook_saw(m, t);
        bool all = seen >= objects, missing = is_missing(m, t) && !all;
        MoltSeverity severity =
            missing || m->plan->policy == MOLT_POLICY_STRICT ? MOLT_REFUSE : MOLT_LOSS;
        if (all || (!missing && molt__removal_of_type(m->plan, t)))
            severity = MOLT_INFO;
        else
            objects -= seen;
        m->refused = m->refused || severity == MOLT_REFUSE;
        bool record = molt_type(m->plan->before, t)->kind == MOLT_KIND_STRUCT ||
                      molt_type(m->plan->before, t)->kind == MOLT_KIND_UNION;
        snprintf(remedy, sizeof remedy,
                 !record
                     ? "%llu live, and the new code has nothing of that type: keep a field or a "
                       "variable that is a %.200s, or points to one%s"
                 : missing ? "%llu live and still pointed at: keep the struct, or name it on its "
                             "successor with MOLT_WAS(\"%.200s\")%s"
                           : "%llu live that nothing will point at: if the struct was renamed, "
                             "annotate it with MOLT_WAS(\"%.200s\")%s",
                 (unsigned long long)objects, name,
                 m->plan->policy != MOLT_POLICY_LIVE ? ""
                 : molt__plan_keeps(m->plan, t) ? "; they are kept and return when their type does"
                 : m->heap->attic.none          ? "; they are lost for good"
                                                : "; they do not return when the edit is undone");
        molt_report_add(m->report, &(MoltFinding){.severity = severity,
                                                  .rule = missing ? MOLT_RULE_TYPE_MISSING
                                                                  : MOLT_RULE_TYPE_REMOVED,
                                                  .path = name,
                                                  .before = name,
                                                  .remedy = remedy,
                                                  .objects = objects});
    }
}

/* Objects that were kept and have a type of the new code again. */
static void report_back(MoltMigration *m)
{
    for (MoltTypeId t = m->plan->before->kept_types; t < m->plan->before->tables.type_count; t++) {
        MoltHeapStats stats;
        MoltTypeId after = m->plan->types[t].after;
        molt_heap_stats(m->heap, t, &stats);
        if (m->refused || after == MOLT_NO_TYPE || molt__plan_keeps(m->plan, t) ||
            stats.blocks == 0)
            continue;
        bool tail = molt_schema_tail(m->plan->before, t) != NULL;
        molt_report_add(m->report, &(MoltFinding){.severity = MOLT_INFO,
                                                  .rule = MOLT_RULE_VALUE_RESTORED,
                                                  .path = molt_type_name(m->plan->after, after),
                                                  .objects = tail ? stats.blocks : stats.elements});
    }
}

void molt__gone_types_commit(const MoltMigration *m)
{
    bool any = false;
    for (MoltTypeId t = 0; t < m->plan->before->tables.type_count; t++)
        any = any || m->numbers_reached[t];
    if (any)
        molt__schema_show_numbers(m->plan->after);
}

void molt__gone_types_report(MoltMigration *m)
{
    report_gone(m);
    report_back(m);
}
