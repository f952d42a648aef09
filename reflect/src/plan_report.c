#include <stdio.h>
#include <string.h>

#include "hook_stub.h"
#include "kept_types.h"
#include "plan_ops.h"
#include "plan_trace.h"

/* Adds a name. An anonymous struct or union is called after its members, "<<a,b>,f>", of which one pair of
 * brackets is enough; with `hidden` it is left out as a part of the name, "S::<a,b>", because C does not
 * name it either on the way to a member. */
static void add_name(char *buffer, size_t size, const char *name, bool hidden)
{
    size_t used = strlen(buffer);
    unsigned depth = 0;
    for (; *name && used + 1 < size; name++) {
        if (hidden && depth == 0 && strncmp(name, "::<", 3) == 0)
            name += 2;
        depth += *name == '<';
        bool inner = depth > 1 && (*name == '<' || *name == '>');
        if (!inner && !(hidden && depth > 0))
            buffer[used++] = *name;
        depth -= *name == '>';
    }
    buffer[used] = '\0';
}

void molt__field_path(const MoltSchema *schema, MoltTypeId type, uint32_t field, char *buffer,
                      size_t size)
{
    bool variable = molt_type(schema, type)->flags & MOLT_TYPE_GLOBALS;
    buffer[0] = '\0';
    if (!variable || field == MOLT__NO_FIELD)
        add_name(buffer, size, molt_type_name(schema, type), field != MOLT__NO_FIELD);
    if (field == MOLT__NO_FIELD)
        return;
    const char *name = molt_string(schema, schema->tables.fields[field].name);
    if (variable) {
        snprintf(buffer, size, "%s", name);
    } else {
        add_name(buffer, size, ".", false);
        add_name(buffer, size, name, false);
    }
}

void molt__plan_find(MoltPlan *plan, MoltSeverity severity, MoltRule rule, MoltTypeId before,
                     uint32_t before_field, MoltTypeId after, uint32_t after_field,
                     const char *value, const char *remedy)
{
    char path[512], was[512] = "", is[512] = "";
    if (after != MOLT_NO_TYPE && (after_field != MOLT__NO_FIELD || before_field == MOLT__NO_FIELD))
        molt__field_path(plan->after, after, after_field, path, sizeof path);
    else
        molt__field_path(plan->before, before, before_field, path, sizeof path);
    if (before_field != MOLT__NO_FIELD)
        molt_schema_declare(plan->before, &plan->before->tables.fields[before_field], was,
                            sizeof was);
    else if (before != MOLT_NO_TYPE && after_field == MOLT__NO_FIELD)
        snprintf(was, sizeof was, "%s", molt_type_name(plan->before, before));
    if (after_field != MOLT__NO_FIELD)
        molt_schema_declare(plan->after, &plan->after->tables.fields[after_field], is, sizeof is);
    else if (after != MOLT_NO_TYPE && before_field == MOLT__NO_FIELD)
        snprintf(is, sizeof is, "%s", molt_type_name(plan->after, after));
    if (severity == MOLT_REFUSE)
        plan->refused = true;
    bool kept = after != MOLT_NO_TYPE && molt_type_is_kept(plan->after, after);
    if (!plan->report || (kept && severity != MOLT_REFUSE))
        return; /* no code sees what becomes of a kept type */
    molt_report_add(plan->report, &(MoltFinding){.severity = severity,
                                                 .rule = rule,
                                                 .path = path,
                                                 .before = was[0] ? was : NULL,
                                                 .after = is[0] ? is : NULL,
                                                 .value = value,
                                                 .remedy = remedy});
}

/* The default as it is written in the source, or NULL. */
static const char *default_text(const MoltSchema *schema, const MoltField *field)
{
    const MoltNote *note =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_DEFAULT);
    return note && molt_string(schema, note->text)[0] ? molt_string(schema, note->text) : NULL;
}

static bool is_counted(const MoltType *type)
{
    return type->kind == MOLT_KIND_ENUM || molt__plan_is_number(type);
}

/* The enumerators that an edit of an enum removes, for the line about it; whether a live value was one
 * of them is told apart. */
static void name_gone(MoltPlan *plan, MoltTypeId before, MoltTypeId after, char *buffer,
                      size_t size)
{
    MoltOp op = {0};
    uint32_t values = plan->value_count;
    size_t used = 0;
    MoltReport *report = plan->report;
    plan->report = NULL; /* the operations' own match reports */
    molt__plan_match_values(plan, before, after, &op);
    plan->report = report;
    for (uint32_t v = op.values; v < op.values + op.value_count && used < size; v++) {
        if (plan->values[v].fate <= MOLT__VALUE_SPLIT)
            continue;
        int length = snprintf(buffer + used, size - used, "%s%s", used > 0 ? ", " : "without ",
                              molt_string(plan->before, plan->values[v].name));
        used += length > 0 ? (size_t)length : 0;
    }
    plan->value_count = values;
}

/* What the types of a field say about its values; MOLT_RULE_COUNT for nothing. */
static MoltRule change_rule(const MoltPlan *plan, const MoltField *was, const MoltField *is)
{
    const MoltType *from = molt_type(plan->before, molt_value_type(plan->before, was->type));
    const MoltType *to = molt_type(plan->after, molt_value_type(plan->after, is->type));
    bool changed = from->hash != to->hash;
    if (from->kind == MOLT_KIND_ENUM && to->kind == MOLT_KIND_ENUM)
        return changed ? MOLT_RULE_ENUM_RENUMBERED : MOLT_RULE_COUNT;
    if (is_counted(from) && is_counted(to) && from->kind != to->kind)
        return MOLT_RULE_NUMBER_CONVERTED;
    if (molt_kind_is_sequence(from->kind) && molt_kind_is_sequence(to->kind))
        return from->length != to->length ? MOLT_RULE_ARRAY_RESIZED : MOLT_RULE_COUNT;
    if ((from->kind == MOLT_KIND_ARRAY && molt__plan_is_char_pointer(plan->after, to)) ||
        (to->kind == MOLT_KIND_ARRAY && molt__plan_is_char_pointer(plan->before, from)))
        return MOLT_RULE_STRING_CONVERTED;
    if (from->kind == MOLT_KIND_STRUCT && to->kind == MOLT_KIND_POINTER &&
        molt__plan_same_type(plan, was->type, to->elem))
        return MOLT_RULE_STRUCT_ALLOCATED;
    if (from->kind == MOLT_KIND_POINTER && to->kind == MOLT_KIND_STRUCT &&
        molt__plan_same_type(plan, from->elem, is->type))
        return MOLT_RULE_STRUCT_EMBEDDED;
    if (molt__plan_is_number(from) && molt__plan_is_number(to) &&
        (changed || was->bit_width != is->bit_width))
        return MOLT_RULE_NUMBER_CONVERTED;
    return MOLT_RULE_COUNT;
}

/* A MOLT_REQUIRED field that a new value of the type has nothing for, or MOLT__NO_FIELD. */
static uint32_t find_required(const MoltPlan *plan, MoltTypeId id)
{
    const MoltType *type = molt_type(plan->after, id);
    if (molt_kind_is_sequence(type->kind))
        return type->length > 0 ? find_required(plan, type->elem) : MOLT__NO_FIELD;
    for (uint32_t f = type->first; type->kind == MOLT_KIND_STRUCT && f < type->first + type->count;
         f++) {
        const MoltField *field = &plan->after->tables.fields[f];
        uint32_t inner = MOLT__NO_FIELD;
        if (molt__trace_moved(plan, MOLT__NEW, f) || field->flags & MOLT_FIELD_TRANSIENT ||
            molt_schema_note(plan->after, field->note_first, field->note_count, MOLT_NOTE_DEFAULT))
            continue;
        if (field->flags & MOLT_FIELD_REQUIRED)
            return f;
        inner = find_required(plan, field->type);
        if (inner != MOLT__NO_FIELD)
            return inner;
    }
    return MOLT__NO_FIELD;
}

/* New values of the type, in a field that is new or that has more elements, lack a required one. What an
 * undone edit took away returns; variables have an initialiser. */
static bool lacks_required(MoltPlan *plan, const MoltPair *pair, uint32_t before, uint32_t after,
                           MoltTypeId type)
{
    uint32_t required = plan->undoes || plan->moves_back || plan->lenient ||
                                molt_type(plan->after, pair->after)->flags & MOLT_TYPE_GLOBALS ||
                                plan->after->tables.fields[after].flags & MOLT_FIELD_TRANSIENT ||
                                molt__plan_hook(plan, pair->before, pair->after)
                            ? MOLT__NO_FIELD
                            : find_required(plan, type);
    char remedy[256];
    if (required == MOLT__NO_FIELD)
        return false;
    const char *name = molt_string(plan->after, plan->after->tables.fields[required].name);
    snprintf(remedy, sizeof remedy,
             "each new one lacks its %.60s, which is MOLT_REQUIRED: replace that by "
             "MOLT_DEFAULT(value), or fill it in a hook",
             name);
    molt__plan_find(plan, MOLT_REFUSE, MOLT_RULE_FIELD_WITHOUT_SOURCE, pair->before, before,
                    pair->after, after, NULL, remedy);
    if (plan->report)
        molt__hook_stub(plan, pair->before, pair->after, NULL, NULL, plan->report);
    return true;
}

/* The elements that an array has more than before, in any dimension; MOLT_NO_TYPE when it has none. */
static MoltTypeId more_elements(const MoltPlan *plan, MoltTypeId was, MoltTypeId is)
{
    for (;;) {
        const MoltType *from = molt_type(plan->before, was), *to = molt_type(plan->after, is);
        if (to->kind != MOLT_KIND_ARRAY || to->flags & MOLT_TYPE_FLEXIBLE)
            return MOLT_NO_TYPE;
        bool array = from->kind == MOLT_KIND_ARRAY;
        if (to->length > (array ? from->length : 1))
            return to->elem;
        if (!array)
            return MOLT_NO_TYPE;
        was = from->elem;
        is = to->elem;
    }
}

/* A field without a source of its own may have one in what an old MOLT_MOVED took from it. */
static bool may_come_back(const MoltPlan *plan, MoltTypeId holder, const MoltField *field)
{
    return plan->moves_back && molt_type(plan->after, holder)->kind == MOLT_KIND_STRUCT &&
           !(molt_type(plan->after, field->type)->flags & MOLT_TYPE_FLEXIBLE);
}

void molt__plan_report_added(MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint32_t field)
{
    const MoltField *is = &plan->after->tables.fields[field];
    bool required = (is->flags & MOLT_FIELD_REQUIRED) != 0 && !molt__plan_hook(plan, before, after);
    if (required)
        molt__plan_find(plan, MOLT_REFUSE, MOLT_RULE_FIELD_WITHOUT_SOURCE, before, MOLT__NO_FIELD,
                        after, field, NULL,
                        "it is MOLT_REQUIRED: name its old field with MOLT_WAS(\"old\"), or "
                        "replace MOLT_REQUIRED by MOLT_DEFAULT(value), or fill it in a hook");
    if (required && plan->report)
        molt__hook_stub(plan, before, after, NULL, NULL, plan->report);
    else
        molt__plan_find(plan, MOLT_INFO, MOLT_RULE_FIELD_ADDED, before, MOLT__NO_FIELD, after,
                        field, default_text(plan->after, is), NULL);
}

/* What holds whatever the values are, once per pair of structs. */
static void report_field(MoltPlan *plan, const MoltPair *pair, uint32_t before, uint32_t after)
{
    const MoltField *is = &plan->after->tables.fields[after];
    if (before == MOLT__NO_FIELD && molt__trace_moved(plan, MOLT__NEW, after))
        return; /* told where its path is followed */
    if (before == MOLT__NO_FIELD) {
        if (!(is->flags & MOLT_FIELD_REQUIRED) &&
            !molt_schema_note(plan->after, is->note_first, is->note_count, MOLT_NOTE_DEFAULT) &&
            lacks_required(plan, pair, before, after, is->type))
            return;
        if (!may_come_back(plan, pair->after, is)) /* else told where nothing came back */
            molt__plan_report_added(plan, pair->before, pair->after, after);
        return;
    }
    const MoltField *was = &plan->before->tables.fields[before];
    if (strcmp(molt_string(plan->before, was->name), molt_string(plan->after, is->name)) != 0 &&
        molt_string(plan->after, is->name)[0] != '<') /* an anonymous one has no name to change */
        molt__plan_find(plan, MOLT_INFO, MOLT_RULE_FIELD_RENAMED, pair->before, before, pair->after,
                        after, NULL, NULL);
    if (molt__plan_leaves_index(plan, before, after))
        molt__plan_find(
            plan, plan->policy == MOLT_POLICY_STRICT ? MOLT_REFUSE : MOLT_LOSS,
            MOLT_RULE_ELEMENTS_MOVED, pair->before, before, pair->after, after, NULL,
            plan->undoes ? "an enum that was renumbered after the array's MOLT_INDEX had gone "
                           "does not say where the elements were: go back by the version with it"
                         : "the elements stay where they are while enumerators that named them "
                           "get other values: keep MOLT_INDEX, or let it go in an edit of its own, "
                           "which a save from before it has not seen");
    MoltTypeId more = more_elements(plan, was->type, is->type);
    if (more != MOLT_NO_TYPE)
        lacks_required(plan, pair, before, after, more);
    MoltRule rule = change_rule(plan, was, is);
    char gone[160] = "";
    if (rule == MOLT_RULE_ENUM_RENUMBERED)
        name_gone(plan, molt_value_type(plan->before, was->type),
                  molt_value_type(plan->after, is->type), gone, sizeof gone);
    if (rule != MOLT_RULE_COUNT)
        molt__plan_find(plan, MOLT_INFO, rule, pair->before, before, pair->after, after,
                        gone[0] ? gone : NULL, NULL);
}

/* Fields that kept their order among those that both sides have did not move in any sense that a
 * person would mean, whatever their offsets. */
static void report_order(MoltPlan *plan, const MoltPair *pair)
{
    const MoltType *is = molt_type(plan->after, pair->after);
    uint32_t last = 0, last_field = MOLT__NO_FIELD;
    if (is->kind == MOLT_KIND_UNION)
        return; /* all arms lie at its start */
    if (is->flags & MOLT_TYPE_GLOBALS)
        return; /* they stand in the order of their names */
    for (uint32_t f = 0; f < is->count; f++) {
        uint32_t from = plan->matches[pair->match + f];
        if (from == MOLT__NO_FIELD)
            continue;
        if (last_field != MOLT__NO_FIELD && from < last) {
            molt__plan_find(plan, MOLT_INFO, MOLT_RULE_FIELD_MOVED, pair->before, from, pair->after,
                            is->first + f, NULL, NULL);
            return;
        }
        last = from;
        last_field = f;
    }
}

void molt__plan_report_pair(MoltPlan *plan, uint32_t index)
{
    if (plan->pairs[index].reported || plan->collecting)
        return;
    plan->pairs[index].reported = true;
    MoltPair pair = plan->pairs[index];
    const MoltType *is = molt_type(plan->after, pair.after);
    if (strcmp(molt_type_name(plan->before, pair.before),
               molt_type_name(plan->after, pair.after)) != 0)
        molt__plan_find(plan, MOLT_INFO, MOLT_RULE_TYPE_RENAMED, pair.before, MOLT__NO_FIELD,
                        pair.after, MOLT__NO_FIELD, NULL, NULL);
    for (uint32_t f = 0; f < is->count; f++)
        report_field(plan, &pair, plan->matches[pair.match + f], is->first + f);
    report_order(plan, &pair);
}
