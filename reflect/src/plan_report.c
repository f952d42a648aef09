#include <stdio.h>
#include <string.h>

#include "plan_ops.h"

void molt__field_path(const MoltSchema *schema, MoltTypeId type, uint32_t field, char *buffer,
                      size_t size)
{
    if (field == MOLT__NO_FIELD)
        snprintf(buffer, size, "%s", molt_type_name(schema, type));
    else if (molt_type(schema, type)->flags & MOLT_TYPE_GLOBALS)
        snprintf(buffer, size, "%s", molt_string(schema, schema->tables.fields[field].name));
    else
        snprintf(buffer, size, "%s.%s", molt_type_name(schema, type),
                 molt_string(schema, schema->tables.fields[field].name));
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
    if (!plan->report)
        return;
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

/* What holds whatever the values are, once per pair of structs. */
static void report_field(MoltPlan *plan, const MoltPair *pair, uint32_t before, uint32_t after)
{
    const MoltField *is = &plan->after->tables.fields[after];
    if (before == MOLT__NO_FIELD &&
        molt_schema_note(plan->after, is->note_first, is->note_count, MOLT_NOTE_MOVED))
        return; /* told where its path is followed */
    if (before == MOLT__NO_FIELD) {
        if (is->flags & MOLT_FIELD_REQUIRED)
            molt__plan_find(plan, MOLT_REFUSE, MOLT_RULE_FIELD_WITHOUT_SOURCE, pair->before, before,
                            pair->after, after, NULL,
                            "it is MOLT_REQUIRED: name its old field with MOLT_WAS(\"old\"), or "
                            "replace MOLT_REQUIRED by MOLT_DEFAULT(value)");
        else
            molt__plan_find(plan, MOLT_INFO, MOLT_RULE_FIELD_ADDED, pair->before, before,
                            pair->after, after, default_text(plan->after, is), NULL);
        return;
    }
    const MoltField *was = &plan->before->tables.fields[before];
    if (strcmp(molt_string(plan->before, was->name), molt_string(plan->after, is->name)) != 0 &&
        molt_string(plan->after, is->name)[0] != '<') /* an anonymous one has no name to change */
        molt__plan_find(plan, MOLT_INFO, MOLT_RULE_FIELD_RENAMED, pair->before, before, pair->after,
                        after, NULL, NULL);
    const MoltType *from = molt_type(plan->before, molt_value_type(plan->before, was->type));
    const MoltType *to = molt_type(plan->after, molt_value_type(plan->after, is->type));
    MoltRule rule = MOLT_RULE_COUNT;
    if (from->kind == MOLT_KIND_ENUM && to->kind == MOLT_KIND_ENUM)
        rule = from->hash != to->hash ? MOLT_RULE_ENUM_RENUMBERED : MOLT_RULE_COUNT;
    else if (molt_kind_is_sequence(from->kind) && molt_kind_is_sequence(to->kind))
        rule = from->length != to->length ? MOLT_RULE_ARRAY_RESIZED : MOLT_RULE_COUNT;
    else if (from->kind == MOLT_KIND_ARRAY && molt__plan_is_char_pointer(plan->after, to))
        rule = MOLT_RULE_STRING_CONVERTED;
    else if (to->kind == MOLT_KIND_ARRAY && molt__plan_is_char_pointer(plan->before, from))
        rule = MOLT_RULE_STRING_CONVERTED;
    else if (from->kind == MOLT_KIND_STRUCT && to->kind == MOLT_KIND_POINTER &&
             molt__plan_same_type(plan, was->type, to->elem))
        rule = MOLT_RULE_STRUCT_ALLOCATED;
    else if (from->kind == MOLT_KIND_POINTER && to->kind == MOLT_KIND_STRUCT &&
             molt__plan_same_type(plan, from->elem, is->type))
        rule = MOLT_RULE_STRUCT_EMBEDDED;
    else if (molt__plan_is_number(from) && molt__plan_is_number(to) &&
             (from->hash != to->hash || was->bit_width != is->bit_width))
        rule = MOLT_RULE_NUMBER_CONVERTED;
    if (rule != MOLT_RULE_COUNT)
        molt__plan_find(plan, MOLT_INFO, rule, pair->before, before, pair->after, after, NULL,
                        NULL);
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
