#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "migration.h"

/* Of the objects in the batch. */
static uint64_t object_index(const MoltMigration *m, uint64_t i)
{
    if (m->in_tail)
        return 0;
    return molt__batch_index(m, i);
}

static void describe_object(const MoltMigration *m, uint64_t i, char *buffer, size_t size)
{
    const MoltSpan *span = m->batch_span;
    if (!span) {
        snprintf(buffer, size, "a root");
        return;
    }
    const char *variable = molt__migrate_globals_name(m);
    if (variable) {
        snprintf(buffer, size, "%s", variable);
        return;
    }
    i = object_index(m, i);
    const char *type = molt_type_name(m->plan->before, span->type);
    uint64_t block = m->batch_block + (m->batch_of_blocks ? i : 0);
    uint64_t element = m->batch_of_blocks ? 0 : m->batch_element + i;
    unsigned long long serial = span->first_serial + block;
    if (span->counts && span->header == 0)
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

static MoltTally *find_tally(const MoltMigration *m, uint32_t check, MoltRule rule)
{
    for (uint64_t t = 0; t < m->tally_count; t++) {
        if (m->tallies[t].check == check && m->tallies[t].rule == rule)
            return &m->tallies[t];
    }
    return NULL;
}

bool molt__tally_wants_value(const MoltMigration *m, const MoltOp *op, MoltRule rule)
{
    return m->mode == MOLT__RUN_STATE && !find_tally(m, op->check, rule);
}

static MoltTally *tally_of(MoltMigration *m, uint32_t check, MoltRule rule)
{
    MoltTally *known = find_tally(m, check, rule);
    if (known)
        return known;
    if (!molt__migration_grow(m, (void **)&m->tallies, &m->tally_slots, m->tally_count, 1,
                              sizeof *m->tallies))
        return NULL;
    MoltTally *tally = &m->tallies[m->tally_count++];
    *tally = (MoltTally){.check = check, .rule = (uint8_t)rule};
    return tally;
}

static void count_object(MoltMigration *m, MoltTally *tally, uint64_t i)
{
    uint64_t bit = (uint64_t)1 << (i % 64);
    if (tally->batch != m->object) {
        tally->batch = m->object;
        memset(tally->counted, 0, sizeof tally->counted);
    }
    if (tally->counted[i / 64] & bit)
        return;
    tally->counted[i / 64] |= bit;
    tally->objects++;
}

bool molt__tally(MoltMigration *m, const MoltOp *op, MoltRule rule, MoltSeverity severity,
                 uint64_t i, const char *format, ...)
{
    if (m->mode != MOLT__RUN_STATE) {
        m->value_lost = m->value_lost || severity != MOLT_INFO;
        m->value_refused = m->value_refused || severity == MOLT_REFUSE;
        return severity != MOLT_REFUSE;
    }
    bool given_up = severity == MOLT_REFUSE && molt__hook_undoes(m, op, rule);
    if (given_up)
        severity = rule == MOLT_RULE_VERSION_CHANGED ? MOLT_INFO : MOLT_LOSS;
    bool deferred = molt__hook_may_settle(m, op, rule, severity);
    if ((severity == MOLT_LOSS || deferred) && rule != MOLT_RULE_DANGLING_POINTER)
        molt__attic_mark(m, op, i);
    if (severity == MOLT_LOSS && op->check != MOLT__NO_CHECK &&
        m->plan->checks[op->check].allow & allow_for(rule))
        severity = MOLT_INFO;
    if (severity == MOLT_LOSS && m->plan->policy == MOLT_POLICY_STRICT && !deferred)
        severity = MOLT_REFUSE;
    if (severity == MOLT_REFUSE && !deferred)
        m->refused = true;
    MoltTally *tally = tally_of(m, op->check, rule);
    if (tally) {
        if (tally->objects == 0) {
            char where[48], value[128];
            va_list args;
            va_start(args, format);
            vsnprintf(value, sizeof value, format, args);
            va_end(args);
            describe_object(m, i, where, sizeof where);
            snprintf(tally->value, sizeof tally->value, "%s in %s", value, where);
        }
        count_object(m, tally, object_index(m, i));
        tally->unkept = tally->unkept || m->apart || op->unkept;
        if (severity > tally->severity)
            tally->severity = (uint8_t)severity;
        if (!deferred && severity > tally->firm)
            tally->firm = (uint8_t)severity;
        tally->deferred = tally->deferred || (deferred && severity > MOLT_INFO);
    }
    return severity != MOLT_REFUSE && !given_up;
}

/* Every added field that the removed one may have become: never a guess at which. */
static void write_candidates(const MoltMigration *m, const MoltCheck *check, char *buffer,
                             size_t size)
{
    const MoltPlan *plan = m->plan;
    const MoltField *was = &plan->before->tables.fields[check->before];
    const char *name = molt_string(plan->before, was->name);
    int used = snprintf(buffer, size,
                        "if it was renamed, annotate the new field with MOLT_WAS(\"%s\"):", name);
    const char *separator = " ";
    for (uint32_t f = molt__plan_candidate(plan, check, MOLT__NO_FIELD);
         f != MOLT__NO_FIELD && used > 0 && (size_t)used < size;
         f = molt__plan_candidate(plan, check, f)) {
        used += snprintf(buffer + used, size - (size_t)used, "%s%s", separator,
                         molt_string(plan->after, plan->after->tables.fields[f].name));
        separator = ", ";
    }
}

static void write_possible_move(const MoltMigration *m, const MoltCheck *check, char *buffer,
                                size_t size)
{
    const MoltPlan *plan = m->plan;
    if (check->move_into == MOLT__NO_FIELD)
        return;
    const char *was = molt_string(plan->before, plan->before->tables.fields[check->before].name);
    const char *into = molt_string(plan->after, plan->after->tables.fields[check->move_into].name);
    const char *is = molt_string(plan->after, plan->after->tables.fields[check->move_to].name);
    snprintf(buffer, size,
             "possible move %s -> %s.%s: annotate %s with MOLT_MOVED(\"^.%s\") if it is one", was,
             into, is, is, was);
}

static void write_remedy(const MoltMigration *m, const MoltCheck *check, MoltRule rule,
                         char *buffer, size_t size)
{
    const char *text = NULL;
    switch (rule) {
    case MOLT_RULE_FIELD_REMOVED: write_possible_move(m, check, buffer, size); return;
    case MOLT_RULE_POSSIBLE_RENAME: write_candidates(m, check, buffer, size); return;
    case MOLT_RULE_NUMBER_OUT_OF_RANGE:
        text = "keep a wider type, or annotate the field with MOLT_CONVERT(saturate)";
        break;
    case MOLT_RULE_NUMBER_ROUNDED:
        text =
            "keep a type that holds these values, or annotate the field with MOLT_CONVERT(round)";
        break;
    case MOLT_RULE_NUMBER_FRACTION:
        text = "annotate the field with MOLT_CONVERT(trunc) or MOLT_CONVERT(round)";
        break;
    case MOLT_RULE_NUMBER_NAN:
        text = "give the field a number first, or keep the floating type";
        break;
    case MOLT_RULE_ENUMERATOR_REMOVED:
        text = "keep the enumerator, name its successor with MOLT_WAS(\"old\"), or mark one with "
               "MOLT_FALLBACK";
        break;
    case MOLT_RULE_ENUM_NO_ROOM: text = "give the field bits enough for the new values"; break;
    case MOLT_RULE_ENUM_RENUMBERED:
        text = "keep these names on one value, or store the one you mean before the edit";
        break;
    case MOLT_RULE_ENUM_UNNAMED:
        text = "add an enumerator with this value, or keep the number type";
        break;
    case MOLT_RULE_ELEMENTS_DROPPED:
        text = "keep the array's length, or annotate the field with MOLT_CONVERT(truncate)";
        break;
    case MOLT_RULE_STRING_TRUNCATED:
        text = "make room for the text, or annotate the field with MOLT_CONVERT(truncate)";
        break;
    case MOLT_RULE_SHAPE_CHANGED:
    case MOLT_RULE_KIND_CHANGED:
    case MOLT_RULE_UNION_CHANGED:
        text =
            "no rule says how the old value becomes the new one: add the new field beside the old "
            "one under another name, fill it in code, and remove the old one in a later edit; or "
            "write a hook";
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
        text = "set these pointers to NULL before the edit; if a struct was only renamed, annotate "
               "it with MOLT_WAS(\"old\")";
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
    case MOLT_RULE_HOOK_MISSING:
        text = "the new code has a hook for this struct: give the library that holds it, or migrate in "
               "the host";
        break;
    case MOLT_RULE_VERSION_CHANGED:
        text = "what the values mean has changed: say how in a hook, MOLT_MIGRATE";
        break;
    case MOLT_RULE_FUNCTION_MISSING:
        text = "keep the function under its name, or change what is stored before the edit";
        break;
    case MOLT_RULE_DATA_MISSING:
        text = "store an index instead of its address, or keep the constant under its name, with "
               "its size and layout";
        break;
    case MOLT_RULE_UNKNOWN_TARGET:
        text = "allocate the object with molt_new or molt_new_array of its own type; annotate the "
               "field with MOLT_EXTERNAL when it points outside of the heap on purpose";
        break;
    default: return;
    }
    snprintf(buffer, size, "%s", text);
}

static void add_finding(MoltMigration *m, uint32_t check_index, const MoltTally *tally)
{
    static const MoltCheck none = {MOLT_NO_TYPE,   MOLT_NO_TYPE,   MOLT__NO_FIELD, MOLT__NO_FIELD,
                                   MOLT__NO_FIELD, MOLT__NO_FIELD, 0};
    const MoltCheck *check = check_index == MOLT__NO_CHECK ? &none : &m->plan->checks[check_index];
    const MoltTables *old = &m->plan->before->tables, *new = &m->plan->after->tables;
    char path[512] = "root", before[512] = "", after[512] = "", remedy[512] = "";
    if (check->after != MOLT__NO_FIELD)
        molt__field_path(m->plan->after, check->type_after, check->after, path, sizeof path);
    else if (check->before != MOLT__NO_FIELD)
        molt__field_path(m->plan->before, check->type_before, check->before, path, sizeof path);
    else if (check->type_before != MOLT_NO_TYPE)
        snprintf(path, sizeof path, "%s", molt_type_name(m->plan->before, check->type_before));
    if (check->before != MOLT__NO_FIELD)
        molt_schema_declare(m->plan->before, &old->fields[check->before], before, sizeof before);
    if (check->after != MOLT__NO_FIELD)
        molt_schema_declare(m->plan->after, &new->fields[check->after], after, sizeof after);
    MoltRule rule = tally ? (MoltRule)tally->rule : MOLT_RULE_FIELD_REMOVED;
    if (tally && rule == MOLT_RULE_FIELD_REMOVED && !tally->handled &&
        molt__plan_candidate(m->plan, check, MOLT__NO_FIELD) != MOLT__NO_FIELD)
        rule = MOLT_RULE_POSSIBLE_RENAME;
    if (tally && tally->handled)
        snprintf(remedy, sizeof remedy, "a hook read the old values");
    else
        write_remedy(m, check, rule, remedy, sizeof remedy);
    if (tally && tally->severity == MOLT_LOSS && rule != MOLT_RULE_DANGLING_POINTER &&
        m->attic.keeps && !tally->unkept) {
        size_t length = strlen(remedy);
        snprintf(remedy + length, sizeof remedy - length, "%s",
                 length > 0 ? "; the old values are kept and return when their field does"
                            : "the old values are kept and return when the field does");
    }
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
