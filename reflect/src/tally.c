#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "migration.h"

static void describe_object(const MoltMigration *m, uint64_t i, char *buffer, size_t size)
{
    const MoltSpan *span = m->batch_span;
    if (!span) {
        snprintf(buffer, size, "a root");
        return;
    }
    i = molt__batch_index(m, i);
    const char *type = molt_type_name(m->plan->before, span->type);
    uint64_t block = m->batch_block + (m->batch_of_blocks ? i : 0);
    uint64_t element = m->batch_of_blocks ? 0 : m->batch_element + i;
    unsigned long long serial = span->first_serial + block;
    if (span->counts)
        snprintf(buffer, size, "%.20s:%llu[%llu]", type, serial, (unsigned long long)element);
    else
        snprintf(buffer, size, "%s:%llu", type, serial);
}

static uint32_t allow_for(MoltRule rule)
{
    switch (rule) {
    case MOLT_RULE_NUMBER_OUT_OF_RANGE: return MOLT__ALLOW_SATURATE;
    case MOLT_RULE_NUMBER_FRACTION: return MOLT__ALLOW_FRACTION;
    case MOLT_RULE_NUMBER_ROUNDED: return MOLT__ALLOW_ROUND | MOLT__ALLOW_SATURATE;
    case MOLT_RULE_ELEMENTS_DROPPED:
    case MOLT_RULE_STRING_TRUNCATED: return MOLT__ALLOW_TRUNCATE;
    default: return 0;
    }
}

static MoltTally *tally_of(MoltMigration *m, uint32_t check, MoltRule rule)
{
    for (uint64_t t = 0; t < m->tally_count; t++) {
        if (m->tallies[t].check == check && m->tallies[t].rule == rule)
            return &m->tallies[t];
    }
    if (!molt__migration_grow(m, (void **)&m->tallies, &m->tally_slots, m->tally_count, 1,
                              sizeof *m->tallies))
        return NULL;
    MoltTally *tally = &m->tallies[m->tally_count++];
    *tally = (MoltTally){.check = check, .rule = (uint8_t)rule, .last_object = UINT64_MAX};
    return tally;
}

bool molt__tally(MoltMigration *m, const MoltOp *op, MoltRule rule, MoltSeverity severity, uint64_t i,
                 const char *format, ...)
{
    if (severity == MOLT_LOSS && op->check != MOLT__NO_CHECK &&
        m->plan->checks[op->check].allow & allow_for(rule))
        severity = MOLT_INFO;
    if (severity == MOLT_LOSS && m->plan->policy == MOLT_POLICY_STRICT)
        severity = MOLT_REFUSE;
    if (severity == MOLT_REFUSE)
        m->refused = true;
    MoltTally *tally = tally_of(m, op->check, rule);
    if (tally) {
        uint64_t object = m->object + molt__batch_index(m, i);
        if (tally->objects == 0) {
            char where[48], value[96];
            va_list args;
            va_start(args, format);
            vsnprintf(value, sizeof value, format, args);
            va_end(args);
            describe_object(m, i, where, sizeof where);
            snprintf(tally->value, sizeof tally->value, "%s in %s", value, where);
        }
        if (tally->last_object != object)
            tally->objects++;
        tally->last_object = object;
        if (severity > tally->severity)
            tally->severity = (uint8_t)severity;
    }
    return severity != MOLT_REFUSE;
}

static void write_remedy(const MoltMigration *m, const MoltCheck *check, MoltRule rule, char *buffer,
                         size_t size)
{
    const char *text = NULL;
    switch (rule) {
    case MOLT_RULE_FIELD_REMOVED:
        if (check->hint == MOLT__NO_FIELD)
            return;
        const char *was = molt_string(m->plan->before, m->plan->before->tables.fields[check->before].name);
        const char *is = molt_string(m->plan->after, m->plan->after->tables.fields[check->hint].name);
        if (check->inner != MOLT__NO_FIELD) {
            const char *field = molt_string(
                m->plan->after, m->plan->after->tables.fields[check->inner].name);
            snprintf(buffer, size,
                     "possible move %s -> %s.%s: annotate %s with MOLT_MOVED(\"^.%s\") if it is one",
                     was, is, field, field, was);
            return;
        }
        snprintf(buffer, size, "possible rename %s -> %s: annotate %s with MOLT_WAS(\"%s\") if it is one",
                 was, is, is, was);
        return;
    case MOLT_RULE_NUMBER_OUT_OF_RANGE:
        text = "keep a wider type, or annotate the field with MOLT_CONVERT(saturate)";
        break;
    case MOLT_RULE_NUMBER_ROUNDED:
        text = "keep a type that holds these values, or annotate the field with MOLT_CONVERT(round)";
        break;
    case MOLT_RULE_NUMBER_FRACTION:
        text = "annotate the field with MOLT_CONVERT(trunc) or MOLT_CONVERT(round)";
        break;
    case MOLT_RULE_NUMBER_NAN: text = "give the field a number first, or keep the floating type"; break;
    case MOLT_RULE_ENUMERATOR_REMOVED:
        text = "keep the enumerator, name its successor with MOLT_WAS(\"old\"), or mark one with "
               "MOLT_FALLBACK";
        break;
    case MOLT_RULE_ENUM_UNNAMED: text = "add an enumerator with this value, or keep the number type"; break;
    case MOLT_RULE_ELEMENTS_DROPPED:
        text = "keep the array's length, or annotate the field with MOLT_CONVERT(truncate)";
        break;
    case MOLT_RULE_STRING_TRUNCATED:
        text = "make room for the text, or annotate the field with MOLT_CONVERT(truncate)";
        break;
    case MOLT_RULE_SHAPE_CHANGED:
    case MOLT_RULE_KIND_CHANGED:
    case MOLT_RULE_UNION_CHANGED:
        text = "no rule says how the old value becomes the new one: add the new field beside the old "
               "one under another name, fill it in code, and remove the old one in a later edit";
        break;
    case MOLT_RULE_UNION_ARM_REMOVED:
        text = "keep the arm, name its old name on its successor with MOLT_WAS(\"old\"), or give the "
               "objects another arm before the edit";
        break;
    case MOLT_RULE_UNION_ARM_CHANGED:
        text = "arms belong to enumerators by place: put the arm where its enumerator is, or name "
               "the enumerator with MOLT_ARM(ENUMERATOR)";
        break;
    case MOLT_RULE_UNION_UNSELECTED:
        text = "nothing says which arm these bytes are: give the tag a value that has an arm";
        break;
    case MOLT_RULE_ALIAS_LOST:
        text = "what becomes part of one object can have no other pointer to it: keep the pointer, or "
               "clear the others before the edit";
        break;
    case MOLT_RULE_POINTEE_CHANGED:
        text = "set these pointers to NULL before the edit, or name the type's old name with "
               "MOLT_WAS(\"old\") on the struct";
        break;
    case MOLT_RULE_SIGNATURE_CHANGED:
        text = "keep the signature, or set these pointers to NULL before the edit";
        break;
    case MOLT_RULE_TARGET_REMOVED:
        text = "keep the field or element that is pointed at, or clear the pointer before the edit";
        break;
    case MOLT_RULE_TYPE_MISSING:
        text = "keep the struct, or name its successor's old name with MOLT_WAS(\"old\")";
        break;
    case MOLT_RULE_FUNCTION_MISSING:
        text = "keep the function under its name, or change what is stored before the edit";
        break;
    case MOLT_RULE_DATA_MISSING:
        text = "keep the constant under its name and size, or store an index instead of its address";
        break;
    case MOLT_RULE_UNKNOWN_TARGET:
        text = "annotate the field with MOLT_EXTERNAL when it points outside on purpose";
        break;
    default: return;
    }
    snprintf(buffer, size, "%s", text);
}

static void add_finding(MoltMigration *m, uint32_t check_index, const MoltTally *tally)
{
    static const MoltCheck none = {MOLT_NO_TYPE, MOLT_NO_TYPE, MOLT__NO_FIELD, MOLT__NO_FIELD,
                                   MOLT__NO_FIELD, MOLT__NO_FIELD, 0};
    const MoltCheck *check = check_index == MOLT__NO_CHECK ? &none : &m->plan->checks[check_index];
    const MoltTables *old = &m->plan->before->tables, *new = &m->plan->after->tables;
    char path[512] = "root", before[512] = "", after[512] = "", remedy[512] = "";
    if (check->after != MOLT__NO_FIELD)
        snprintf(path, sizeof path, "%s.%s", molt_type_name(m->plan->after, check->type_after),
                 new->strings + new->fields[check->after].name);
    else if (check->before != MOLT__NO_FIELD)
        snprintf(path, sizeof path, "%s.%s", molt_type_name(m->plan->before, check->type_before),
                 old->strings + old->fields[check->before].name);
    else if (check->type_before != MOLT_NO_TYPE)
        snprintf(path, sizeof path, "%s", molt_type_name(m->plan->before, check->type_before));
    if (check->before != MOLT__NO_FIELD)
        molt_schema_declare(m->plan->before, &old->fields[check->before], before, sizeof before);
    if (check->after != MOLT__NO_FIELD)
        molt_schema_declare(m->plan->after, &new->fields[check->after], after, sizeof after);
    MoltRule rule = tally ? (MoltRule)tally->rule : MOLT_RULE_FIELD_REMOVED;
    write_remedy(m, check, rule, remedy, sizeof remedy);
    molt_report_add(m->report,
                    &(MoltFinding){.severity = tally ? (MoltSeverity)tally->severity : MOLT_INFO,
                                   .rule = rule,
                                   .path = path,
                                   .before = before[0] ? before : NULL,
                                   .after = after[0] ? after : NULL,
                                   .value = tally ? tally->value : NULL,
                                   .remedy = remedy[0] ? remedy : NULL,
                                   .objects = tally ? tally->objects : 0});
}

void molt__tally_report(MoltMigration *m)
{
    for (uint64_t t = 0; t < m->tally_count; t++)
        add_finding(m, m->tallies[t].check, &m->tallies[t]);
    /* a removed field whose every value was the default is worth a line, not a loss */
    for (uint32_t c = 0; c < m->plan->check_count; c++) {
        const MoltCheck *check = &m->plan->checks[c];
        bool told = check->before == MOLT__NO_FIELD || check->after != MOLT__NO_FIELD;
        for (uint64_t t = 0; t < m->tally_count && !told; t++)
            told = m->tallies[t].check == c;
        if (!told)
            add_finding(m, c, NULL);
    }
}
