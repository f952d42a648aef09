#include "molt/plan.h"

#include <stdio.h>
#include <string.h>

#include "converter_batch.h"
#include "lineage.h"
#include "plan_ops.h"
#include "plan_trace.h"

bool molt__plan_grow(MoltPlan *plan, void **items, uint32_t *slots, uint32_t count, uint32_t more,
                     size_t item_size)
{
    if (more <= *slots - count)
        return true;
    uint64_t wanted = (uint64_t)*slots * 2 > (uint64_t)count + more ? (uint64_t)*slots * 2
                                                                    : (uint64_t)count + more;
    if (wanted < 16)
        wanted = 16;
    if (plan->failed || wanted > UINT32_MAX || wanted > SIZE_MAX / item_size) {
        plan->failed = true;
        return false;
    }
    void *grown = plan->allocator.resize(plan->allocator.context, *items,
                                         (size_t)*slots * item_size, (size_t)wanted * item_size);
    if (!grown) {
        plan->failed = true;
        return false;
    }
    *items = grown;
    *slots = (uint32_t)wanted;
    return true;
}

static void *new_table(MoltPlan *plan, uint32_t count, size_t item_size)
{
    if (count == 0)
        return NULL;
    void *table =
        plan->allocator.resize(plan->allocator.context, NULL, 0, (size_t)count * item_size);
    if (!table)
        plan->failed = true;
    else
        memset(table, 0, (size_t)count * item_size);
    return table;
}

static void free_table(MoltPlan *plan, void *table, uint32_t count, size_t item_size)
{
    if (table)
        plan->allocator.resize(plan->allocator.context, table, (size_t)count * item_size, 0);
}

/* What only building needs. */
static void free_working_tables(MoltPlan *plan)
{
    free_table(plan, plan->taken, plan->taken_slots, sizeof *plan->taken);
    free_table(plan, plan->late, plan->late_slots, sizeof *plan->late);
    free_table(plan, plan->replaced, plan->replaced_slots, sizeof *plan->replaced);
    free_table(plan, plan->moved_told, plan->after->tables.field_count, sizeof *plan->moved_told);
    plan->taken = NULL;
    plan->late = NULL;
    plan->replaced = NULL;
    plan->replaced_count = plan->replaced_slots = 0;
    plan->moved_told = NULL;
}

void molt_plan_free(MoltPlan *plan)
{
    if (!plan)
        return;
    free_table(plan, plan->types, plan->before->tables.type_count, sizeof *plan->types);
    free_table(plan, plan->origins, plan->after->tables.type_count, sizeof *plan->origins);
    free_table(plan, plan->roots, plan->after->tables.root_count, sizeof *plan->roots);
    free_table(plan, plan->ops, plan->op_slots, sizeof *plan->ops);
    free_table(plan, plan->checks, plan->check_slots, sizeof *plan->checks);
    free_table(plan, plan->pairs, plan->pair_slots, sizeof *plan->pairs);
    free_table(plan, plan->matches, plan->match_slots, sizeof *plan->matches);
    free_table(plan, plan->values, plan->value_slots, sizeof *plan->values);
    free_table(plan, plan->indexes, plan->index_slots, sizeof *plan->indexes);
    free_table(plan, plan->targets, plan->target_slots, sizeof *plan->targets);
    free_table(plan, plan->moves, plan->move_slots, sizeof *plan->moves);
    free_table(plan, plan->converters, plan->converter_slots, sizeof *plan->converters);
    free_working_tables(plan);
    molt__plan_free_hooks(plan);
    molt__trace_free(plan);
    MoltAllocator allocator = plan->allocator;
    allocator.resize(allocator.context, plan, sizeof *plan, 0);
}

static void match_roots(MoltPlan *plan)
{
    const MoltTables *before = &plan->before->tables, *after = &plan->after->tables;
    for (uint32_t a = 0; a < after->root_count; a++) {
        plan->roots[a] = UINT32_MAX;
        const char *name = after->strings + after->roots[a].name;
        for (uint32_t b = 0; b < before->root_count; b++) {
            if (strcmp(before->strings + before->roots[b].name, name) == 0)
                plan->roots[a] = b;
        }
        if (plan->roots[a] == UINT32_MAX)
            continue;
        MoltTypeId was = before->roots[plan->roots[a]].type, is = after->roots[a].type;
        if (!molt__plan_same_type(plan, was, is)) {
            char remedy[400];
            snprintf(remedy, sizeof remedy,
                     "keep MOLT_ROOT on the same struct, or if it was renamed annotate %.120s with "
                     "MOLT_WAS(\"%.120s\")",
                     molt_type_name(plan->after, is), molt_type_name(plan->before, was));
            molt__plan_find(plan, MOLT_REFUSE, MOLT_RULE_ROOT_CHANGED, was, MOLT__NO_FIELD, is,
                            MOLT__NO_FIELD, NULL, remedy);
        }
    }
}

static bool has_moved_from(const MoltPlan *plan, MoltSide side, const char *path)
{
    for (uint32_t f = 0; f < molt__trace_schema(plan, side)->tables.field_count; f++) {
        const char *known = molt__trace_moved(plan, side, f);
        if (known && strcmp(known, path) == 0)
            return true;
    }
    return false;
}

/* A MOLT_MOVED that only one side has leads into an element of an array of structs. */
static bool moves_elements(const MoltPlan *plan, MoltSide side)
{
    for (uint32_t f = 0; f < molt__trace_schema(plan, side)->tables.field_count; f++) {
        const char *path = molt__trace_moved(plan, side, f);
        if (path && strstr(path, "].") &&
            !has_moved_from(plan, side == MOLT__OLD ? MOLT__NEW : MOLT__OLD, path))
            return true;
    }
    return false;
}

static void report_added_types(MoltPlan *plan)
{
    for (MoltTypeId t = 0; t < plan->after->tables.type_count; t++) {
        uint16_t kind = molt_type(plan->after, t)->kind;
        if (plan->origins[t] == MOLT_NO_TYPE &&
            (kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION || kind == MOLT_KIND_ENUM))
            molt__plan_find(plan, MOLT_INFO, MOLT_RULE_TYPE_ADDED, MOLT_NO_TYPE, MOLT__NO_FIELD, t,
                            MOLT__NO_FIELD, NULL, NULL);
    }
}

static MoltPlan *new_plan(const MoltSchema *before, const MoltSchema *after, MoltPolicy policy,
                          const MoltAllocator *allocator)
{
    MoltPlan *plan = allocator->resize(allocator->context, NULL, 0, sizeof *plan);
    if (plan)
        *plan = (MoltPlan){.allocator = *allocator,
                           .before = before,
                           .after = after,
                           .policy = policy,
                           .array = {.had = MOLT__NO_CONSTANT, .has = MOLT__NO_CONSTANT}};
    return plan;
}

static void make_tables(MoltPlan *plan)
{
    plan->types = new_table(plan, plan->before->tables.type_count, sizeof *plan->types);
    plan->origins = new_table(plan, plan->after->tables.type_count, sizeof *plan->origins);
}

static void compile(MoltPlan *plan, const MoltHooks *hooks)
{
    const MoltTables *before = &plan->before->tables, *after = &plan->after->tables;
    make_tables(plan);
    plan->roots = new_table(plan, after->root_count, sizeof *plan->roots);
    if (!molt__trace_begin(plan))
        return;
    plan->moves_back =
        (plan->policy == MOLT_POLICY_LIVE || plan->undoes) && molt__trace_moves(plan, MOLT__OLD);
    plan->moves_elements =
        moves_elements(plan, MOLT__NEW) || (plan->moves_back && moves_elements(plan, MOLT__OLD));
    if (plan->moves_back || molt__trace_moves(plan, MOLT__NEW))
        plan->moved_told = new_table(plan, after->field_count, sizeof *plan->moved_told);
    if (!plan->failed && molt__plan_match_types(plan) && molt__plan_take_hooks(plan, hooks)) {
        match_roots(plan);
        report_added_types(plan);
        for (MoltTypeId t = 0; t < before->type_count && !plan->failed; t++)
            molt__plan_emit_type(plan, t);
        if (!plan->failed)
            molt__plan_tell_unreached(plan);
    }
    for (uint32_t r = 0; r < plan->replaced_count; r++)
        plan->matches[plan->replaced[r]] = MOLT__NO_FIELD;
    plan->report = NULL;
    plan->forced = NULL;
    free_working_tables(plan);
}

/* The running version, and the new one if the session had it before. */
static void find_versions(MoltPlan *plan)
{
    MoltVersion *to = molt__lineage_find(plan->before, plan->after);
    plan->from = plan->before->version_count > 0 ? molt__version_share(plan->before->versions[0])
                                                 : molt__version_first(plan->before);
    plan->failed = !plan->from;
    plan->to = to ? molt__version_share(to) : NULL;
}

/* A version that the session has not had yet, or had on another way: things are now what they are on this
 * one. */
static void settle_version(MoltPlan *plan)
{
    if (plan->to == plan->from || plan->undoes || plan->redoes)
        return;
    MoltVersion *next = molt__plan_next_version(plan, plan->before);
    molt__version_drop(plan->to);
    plan->to = next;
}

MoltStatus molt_plan_build(const MoltSchema *before, const MoltSchema *after, MoltPolicy policy,
                           const MoltAllocator *allocator, MoltPlan **out, MoltReport *report,
                           MoltError *error)
{
    return molt_plan_build_with_hooks(before, after, policy, NULL, allocator, out, report, error);
}

MoltStatus molt_plan_build_with_hooks(const MoltSchema *before, const MoltSchema *after,
                                      MoltPolicy policy, const MoltHooks *hooks,
                                      const MoltAllocator *allocator, MoltPlan **out,
                                      MoltReport *report, MoltError *error)
{
    if (!allocator)
        allocator = molt_allocator_default();
    if (memcmp(&before->tables.abi, &after->tables.abi, sizeof(MoltAbi)) != 0)
        return molt_error(error, MOLT_VERSION,
                          "the two schemas were made for different ABIs (pointer size %u and %u, "
                          "long %u and %u); build both for the same target",
                          before->tables.abi.pointer_size, after->tables.abi.pointer_size,
                          before->tables.abi.long_size, after->tables.abi.long_size);
    MoltPlan *plan = new_plan(before, after, policy, allocator);
    if (!plan)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the migration plan");
    plan->report = report;
    find_versions(plan);
    compile(plan, hooks);
    if (!plan->failed && !plan->refused)
        settle_version(plan);
    MoltStatus status = MOLT_OK;
    if (plan->failed) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the migration plan");
    } else if (plan->refused) {
        const MoltFinding *why = report ? molt_report_refusal(report) : NULL;
        char text[512] = "a rule refuses this edit";
        if (why)
            molt_finding_text(why, text, sizeof text);
        status = molt_error(error, MOLT_REFUSED, "%s", text);
    }
    if (status != MOLT_OK)
        molt_plan_free(plan);
    else
        *out = plan;
    return status;
}

/* Compiles a plan that waits for nothing but memory, and drops it when that is out. */
static MoltStatus finish(MoltPlan *plan, MoltPlan **out)
{
    compile(plan, NULL);
    if (plan->failed) {
        molt_plan_free(plan);
        return MOLT_OUT_OF_MEMORY;
    }
    *out = plan;
    return MOLT_OK;
}

MoltStatus molt__plan_build_back(const MoltPlan *plan, MoltPlan **out)
{
    MoltPlan *back = new_plan(plan->after, plan->before, MOLT_POLICY_LIVE, &plan->allocator);
    if (!back)
        return MOLT_OUT_OF_MEMORY;
    back->from = molt__version_share(plan->to);
    back->to = molt__version_share(plan->from);
    return finish(back, out);
}

MoltStatus molt__plan_build_lenient(const MoltSchema *before, const MoltSchema *after,
                                    const MoltAllocator *allocator, const MoltPlan *main,
                                    const MoltForcedType *forced, uint32_t forced_count,
                                    MoltPlan **out)
{
    MoltPlan *plan = new_plan(before, after, MOLT_POLICY_LIVE, allocator);
    if (!plan)
        return MOLT_OUT_OF_MEMORY;
    plan->lenient = true;
    plan->forced = forced;
    plan->forced_count = forced_count;
    MoltVersion *from = main ? molt__lineage_find(main->before, before) : NULL;
    if (from) {
        plan->from = molt__version_share(from);
        plan->to = molt__version_share(main->to);
    }
    return finish(plan, out);
}

MoltStatus molt__plan_match_alone(const MoltSchema *before, const MoltSchema *after,
                                  const MoltAllocator *allocator, MoltPlan **out)
{
    MoltPlan *plan = new_plan(before, after, MOLT_POLICY_STRICT, allocator);
    if (!plan)
        return MOLT_OUT_OF_MEMORY;
    make_tables(plan);
    if (plan->failed || !molt__plan_match_types(plan)) {
        molt_plan_free(plan);
        return MOLT_OUT_OF_MEMORY;
    }
    *out = plan;
    return MOLT_OK;
}

void molt_plan_set_missing_functions(MoltPlan *plan, MoltMissingFunctions missing)
{
    plan->nulls_functions =
        missing == MOLT_MISSING_FUNCTIONS_NULL && plan->policy == MOLT_POLICY_LIVE;
}

MoltStatus molt_plan_sketch(const MoltSchema *before, const MoltSchema *after,
                            const MoltAllocator *allocator, MoltPlan **out, MoltError *error)
{
    if (!allocator)
        allocator = molt_allocator_default();
    MoltStatus status = molt__plan_build_lenient(before, after, allocator, NULL, NULL, 0, out);
    return status == MOLT_OK ? MOLT_OK
                             : molt_error(error, status, "no memory for the migration plan");
}

const MoltSchema *molt_plan_before(const MoltPlan *plan)
{
    return plan->before;
}

const MoltSchema *molt_plan_after(const MoltPlan *plan)
{
    return plan->after;
}

MoltTypeFate molt_plan_fate(const MoltPlan *plan, MoltTypeId before)
{
    return (MoltTypeFate)plan->types[before].fate;
}

MoltTypeId molt_plan_type(const MoltPlan *plan, MoltTypeId before)
{
    return plan->types[before].after;
}

uint32_t molt_plan_source(const MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint32_t field)
{
    const MoltPair *pair = molt__plan_find_pair(plan, before, after);
    if (pair)
        return plan->matches[pair->match + field - molt_type(plan->after, after)->first];
    const char *name = molt_string(plan->after, plan->after->tables.fields[field].name);
    return molt_schema_find_field(plan->before, before, name);
}

static uint64_t bit_of(const MoltSchema *schema, uint64_t byte, uint32_t field)
{
    const MoltField *f = field != MOLT__NO_FIELD ? &schema->tables.fields[field] : NULL;
    return byte * 8 + (f && f->flags & MOLT_FIELD_BITS ? f->bit_offset % 8 : 0);
}

bool molt_plan_move(const MoltPlan *plan, uint32_t index, MoltPlanMove *out)
{
    if (index >= plan->move_count)
        return false;
    const MoltMove *move = &plan->moves[index];
    *out =
        (MoltPlanMove){.before = move->before,
                       .after = move->after,
                       .source = bit_of(plan->before, move->source, move->field_before),
                       .destination = bit_of(plan->after, move->destination, move->field_after),
                       .type_before = move->type_before,
                       .type_after = move->type_after,
                       .field_before = move->field_before,
                       .field_after = move->field_after,
                       .apart = move->apart};
    return true;
}
