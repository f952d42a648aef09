/* What a plan knows about hooks: for which structs they run, and what cannot go without one. */
#include <string.h>

#include "plan_emit.h"

const MoltHook *molt__plan_hook(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    if (!plan->hooks || before == MOLT_NO_TYPE || after == MOLT_NO_TYPE ||
        plan->types[before].after != after || plan->types[before].fate != MOLT_FATE_CHANGED)
        return NULL;
    return plan->hooks[after];
}

bool molt__plan_could_hook(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    return before != MOLT_NO_TYPE && plan->types[before].after == after &&
           plan->types[before].fate == MOLT_FATE_CHANGED &&
           molt_type(plan->after, after)->kind == MOLT_KIND_STRUCT &&
           !(molt_type(plan->after, after)->flags & MOLT_TYPE_GLOBALS) &&
           !molt__plan_hook(plan, before, after);
}

static const char *version_of(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    const MoltNote *note =
        molt_schema_note(schema, type->note_first, type->note_count, MOLT_NOTE_VERSION);
    return note ? molt_string(schema, note->text) : "0";
}

/* The new code has a hook for the struct, which nobody gave to the plan: a schema alone has none. */
static bool lacks_hook(const MoltPlan *plan, MoltTypeId after)
{
    const MoltType *type = molt_type(plan->after, after);
    return molt_schema_note(plan->after, type->note_first, type->note_count, MOLT_NOTE_MIGRATE) &&
           (!plan->hooks || !plan->hooks[after]);
}

uint32_t molt__emit_hook(MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint64_t source,
                         uint64_t destination)
{
    bool hooked = molt__plan_hook(plan, before, after) != NULL, lacks = lacks_hook(plan, after);
    const MoltEmitSite site = {UINT32_MAX, before, after, MOLT__NO_FIELD, MOLT__NO_FIELD};
    if (plan->types[before].fate != MOLT_FATE_CHANGED)
        return UINT32_MAX;
    if (hooked)
        molt__emit_op(plan, (MoltOp){.code = MOLT__OP_HOOK,
                                     .check = MOLT__NO_CHECK,
                                     .source = source,
                                     .destination = destination,
                                     .before = before,
                                     .after = after});
    else if (lacks || strcmp(version_of(plan->before, before), version_of(plan->after, after)) != 0)
        molt__emit_op(plan,
                      (MoltOp){.code = MOLT__OP_REFUSE,
                               .check = molt__emit_check(plan, &site),
                               .rule = lacks ? MOLT_RULE_HOOK_MISSING : MOLT_RULE_VERSION_CHANGED});
    return hooked && !plan->failed && !plan->collecting ? plan->op_count - 1 : UINT32_MAX;
}

uint32_t molt__emit_hook_tail(MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    if (!molt__plan_hook(plan, before, after))
        return UINT32_MAX;
    molt__emit_op(plan, (MoltOp){.code = MOLT__OP_HOOK,
                                 .check = MOLT__NO_CHECK,
                                 .before = before,
                                 .after = MOLT_NO_TYPE});
    return !plan->failed && !plan->collecting ? plan->op_count - 1 : UINT32_MAX;
}

/* A hook of a struct around this one has the last word, so the outer one is noted. */
void molt__emit_hook_end(MoltPlan *plan, uint32_t hook)
{
    if (hook == UINT32_MAX || plan->failed)
        return;
    plan->ops[hook].size = plan->op_count - hook - 1;
    for (uint32_t o = hook + 1; o < plan->op_count; o++)
        plan->ops[o].hooked = plan->ops[hook].before + 1;
}

bool molt__plan_take_hooks(MoltPlan *plan, const MoltHooks *hooks)
{
    uint32_t types = plan->after->tables.type_count;
    if (!hooks || hooks->items == hooks->end || types == 0)
        return true;
    plan->hooks =
        plan->allocator.resize(plan->allocator.context, NULL, 0, types * sizeof *plan->hooks);
    if (!plan->hooks) {
        plan->failed = true;
        return false;
    }
    memset(plan->hooks, 0, types * sizeof *plan->hooks);
    plan->hook_heap = hooks->heap;
    plan->hook_globals = hooks->globals;
    plan->hook_run = hooks->run;
    plan->hook_run_context = hooks->run_context;
    for (const MoltHook *hook = hooks->items; hook != hooks->end; hook++) {
        if (hook->type >= types || plan->hooks[hook->type])
            continue; /* a hook in a header is in every source that includes it */
        plan->hooks[hook->type] = hook;
        if (molt__plan_hook(plan, plan->origins[hook->type], hook->type))
            plan->hooked = true;
    }
    return true;
}

void molt__plan_free_hooks(MoltPlan *plan)
{
    if (plan->hooks)
        plan->allocator.resize(plan->allocator.context, plan->hooks,
                               plan->after->tables.type_count * sizeof *plan->hooks, 0);
}
