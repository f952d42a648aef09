#include "plan_past.h"

#include <string.h>

#include "plan_trace.h"

bool molt__past_begin(MoltPlan *plan)
{
    size_t size = molt__trace_line_count(plan->before) * sizeof *plan->past;
    if (!plan->from || plan->to || plan->lenient || plan->from->ancestor_count == 0)
        return true;
    plan->past = plan->allocator.resize(plan->allocator.context, NULL, 0, size);
    if (!plan->past) {
        plan->failed = true;
        return false;
    }
    memset(plan->past, 0, size);
    molt__trace_fill(plan->before, plan->from, plan->past);
    return true;
}

void molt__past_free(MoltPlan *plan)
{
    if (plan->past)
        plan->allocator.resize(plan->allocator.context, plan->past,
                               molt__trace_line_count(plan->before) * sizeof *plan->past, 0);
    plan->past = NULL;
}

static uint32_t line_of(const MoltPlan *plan, MoltPastSort sort, uint32_t index)
{
    const MoltTables *tables = &plan->before->tables;
    return plan
        ->past[index + (sort == MOLT__PAST_TYPES    ? 0
                        : sort == MOLT__PAST_FIELDS ? tables->type_count
                                                    : tables->type_count + tables->field_count)];
}

/* The line of what a version has under that name, in the type with the line `holder`; 0 when it has none. */
static uint32_t line_in(const MoltVersion *version, MoltPastSort sort, uint32_t holder,
                        const char *name)
{
    const MoltSchema *schema = version->schema;
    if (sort == MOLT__PAST_TYPES) {
        MoltTypeId found = molt_schema_find(schema, name);
        return found != MOLT_NO_TYPE ? *molt__version_type(version, found) : 0;
    }
    MoltTypeId type =
        molt__version_find(molt__version_type(version, 0), schema->tables.type_count, holder);
    if (type == UINT32_MAX)
        return 0;
    const MoltType *is = molt_type(schema, type);
    if (sort == MOLT__PAST_FIELDS) {
        uint32_t field = is->kind == MOLT_KIND_STRUCT || is->kind == MOLT_KIND_UNION
                             ? molt_schema_find_field(schema, type, name)
                             : UINT32_MAX;
        return field != UINT32_MAX ? *molt__version_field(version, field) : 0;
    }
    for (uint32_t e = is->first; is->kind == MOLT_KIND_ENUM && e < is->first + is->count; e++) {
        if (strcmp(molt_string(schema, schema->tables.enumerators[e].name), name) == 0)
            return *molt__version_enumerator(version, e);
    }
    return 0;
}

/* What the session last had under that name; 0 when it never had it. */
static uint32_t line_called(const MoltPlan *plan, const MoltPastItems *olds, const char *name)
{
    const MoltSchema *running = plan->before;
    uint32_t holder =
        olds->holder != MOLT_NO_TYPE ? line_of(plan, MOLT__PAST_TYPES, olds->holder) : 0;
    for (uint32_t a = 0; a < plan->from->ancestor_count; a++) {
        for (uint32_t v = 0; v < running->version_count; v++) {
            uint32_t line = running->versions[v]->serial == plan->from->ancestors[a]
                                ? line_in(running->versions[v], olds->sort, holder, name)
                                : 0;
            if (line != 0)
                return line;
        }
    }
    return 0;
}

static bool is_named(const MoltSchema *schema, const MoltNamed *items, uint32_t count,
                     const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(molt_string(schema, items[i].name), name) == 0)
            return true;
    }
    return false;
}

/* The old thing without a successor that the session last knew by that name, if it has another one now. */
static uint32_t find_called(const MoltPlan *plan, const MoltPastItems *olds, const char *name)
{
    if (is_named(plan->before, olds->items, olds->count, name))
        return UINT32_MAX;
    uint32_t line = line_called(plan, olds, name), first = 0;
    if (!olds->ids)
        first = molt_type(plan->before, olds->holder)->first;
    for (uint32_t o = 0; line != 0 && o < olds->count; o++) {
        uint32_t index = olds->ids ? olds->ids[o] : first + o;
        if (line_of(plan, olds->sort, index) == line)
            return olds->items[o].taken ? UINT32_MAX : o;
    }
    return UINT32_MAX;
}

/* Gives the new thing the old one that was called so, which nothing has. */
static void take(const MoltPlan *plan, const MoltPastItems *olds, const char *name,
                 uint32_t new_count, uint32_t item, uint32_t *match)
{
    uint32_t found = find_called(plan, olds, name);
    for (uint32_t n = 0; n < new_count && found != UINT32_MAX; n++) {
        if (match[n] == found)
            return;
    }
    if (found == UINT32_MAX)
        return;
    match[item] = found;
    olds->items[found].taken = true;
}

void molt__past_match(const MoltPlan *plan, const MoltPastItems *olds, const MoltNamed *news,
                      uint32_t new_count, uint32_t *match)
{
    if (!plan->past)
        return;
    for (uint32_t i = 0; i < new_count; i++) {
        for (uint32_t n = news[i].note_count; n-- > 0 && match[i] == UINT32_MAX;) {
            const MoltNote *note = &plan->after->tables.notes[news[i].note_first + n];
            if (note->kind == MOLT_NOTE_WAS)
                take(plan, olds, molt_string(plan->after, note->text), new_count, i, match);
        }
    }
    for (uint32_t i = 0; plan->policy == MOLT_POLICY_LIVE && i < new_count; i++) {
        if (match[i] == UINT32_MAX)
            take(plan, olds, molt_string(plan->after, news[i].name), new_count, i, match);
    }
}
