#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "attic_box.h"
#include "migration.h"
#include "value_place.h"

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
        snprintf(buffer, size, "%s", m->row_copies.running ? "a row of a constant" : "a root");
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

/* Findings that are none where an undone edit's own value returns. */
static bool may_wait(MoltRule rule, MoltSeverity severity)
{
    bool number = rule == MOLT_RULE_NUMBER_OUT_OF_RANGE || rule == MOLT_RULE_NUMBER_ROUNDED ||
                  rule == MOLT_RULE_NUMBER_FRACTION || rule == MOLT_RULE_NUMBER_NAN ||
                  rule == MOLT_RULE_BOOL_COLLAPSED;
    return severity == MOLT_REFUSE || rule == MOLT_RULE_TARGET_AMBIGUOUS ||
           (severity == MOLT_LOSS && (number || rule == MOLT_RULE_STRING_TRUNCATED));
}

/* The rules that speak of the value alone: where one of them refuses, the value may be without a place, if
 * the attic has it. */
static bool speaks_of_value(MoltRule rule)
{
    switch (rule) {
    case MOLT_RULE_ENUMERATOR_REMOVED:
    case MOLT_RULE_ENUM_NO_ROOM:
    case MOLT_RULE_ENUM_UNNAMED:
    case MOLT_RULE_FUNCTION_MISSING:
    case MOLT_RULE_DATA_MISSING:
    case MOLT_RULE_KIND_CHANGED:
    case MOLT_RULE_POINTEE_CHANGED:
    case MOLT_RULE_SHAPE_CHANGED:
    case MOLT_RULE_SIGNATURE_CHANGED:
    case MOLT_RULE_TARGET_REMOVED:
    case MOLT_RULE_TYPE_MISSING:
    case MOLT_RULE_UNION_ARM_CHANGED:
    case MOLT_RULE_UNION_ARM_REMOVED:
    case MOLT_RULE_UNION_CHANGED:
    case MOLT_RULE_UNKNOWN_TARGET: return true;
    default: return false;
    }
}

bool molt__tally_waits(const MoltMigration *m, const MoltOp *op, MoltRule rule)
{
    return op->waited && m->plan->policy == MOLT_POLICY_LIVE && !m->apart && !op->unkept &&
           speaks_of_value(rule);
}

/* Who runs the migration lets go of functions that are gone. */
static bool becomes_null(const MoltMigration *m, MoltRule rule)
{
    return m->plan->nulls_functions &&
           (rule == MOLT_RULE_FUNCTION_MISSING || rule == MOLT_RULE_SIGNATURE_CHANGED);
}

static bool is_unkept(const MoltMigration *m, const MoltOp *op)
{
    return op->unkept || (m->apart && !molt__attic_box_keeps(m, op));
}

bool molt__tally(MoltMigration *m, const MoltOp *op, MoltRule rule, MoltSeverity severity,
                 uint64_t i, const char *format, ...)
{
    if (m->mode != MOLT__RUN_STATE) {
        m->value_lost = m->value_lost || severity != MOLT_INFO;
        m->value_refused = m->value_refused || severity == MOLT_REFUSE;
        return severity != MOLT_REFUSE;
    }
    if (m->keeping) { /* no code sees the object: what it loses waits, as the object does */
        if (severity != MOLT_INFO && rule != MOLT_RULE_DANGLING_POINTER)
            molt__attic_mark(m, op, i);
        return severity != MOLT_REFUSE;
    }
    bool waits = severity == MOLT_REFUSE && molt__tally_waits(m, op, rule);
    bool given_up = severity == MOLT_REFUSE &&
                    (waits || molt__hook_undoes(m, op, rule) || becomes_null(m, rule));
    bool broken = severity == MOLT_REFUSE && !given_up;
    if (given_up)
        severity = rule == MOLT_RULE_VERSION_CHANGED ? MOLT_INFO : MOLT_LOSS;
    bool deferred = molt__hook_may_settle(m, op, rule, severity);
    if ((severity == MOLT_LOSS || deferred) && rule != MOLT_RULE_DANGLING_POINTER)
        molt__attic_mark(m, op, i);
    if (severity == MOLT_LOSS && op->check != MOLT__NO_CHECK &&
        m->plan->checks[op->check].allow & molt__check_allowed_by(rule))
        severity = MOLT_INFO;
    if (severity == MOLT_LOSS && m->plan->policy == MOLT_POLICY_STRICT && !deferred)
        severity = MOLT_REFUSE;
    bool awaited =
        !deferred && (!given_up || waits) && (waits || may_wait(rule, severity)) &&
        molt__awaited_may_settle(m);
    if (severity == MOLT_REFUSE && !deferred && !awaited)
        m->refused = true;
    MoltTally *tally = tally_of(m, op->check, rule);
    if (tally && awaited)
        molt__awaited_add(m, (uint64_t)(tally - m->tallies));
    if (tally) {
        tally->lasting = tally->lasting || !awaited;
        if (tally->objects == 0) {
            char where[48], value[128], place[96];
            va_list args;
            va_start(args, format);
            vsnprintf(value, sizeof value, format, args);
            va_end(args);
            describe_object(m, i, where, sizeof where);
            molt__value_place(m, op, i, place, sizeof place);
            snprintf(tally->value, sizeof tally->value, "%s in %s%s", value, where, place);
        }
        count_object(m, tally, object_index(m, i));
        tally->broken = tally->broken || broken;
        tally->unkept = tally->unkept || is_unkept(m, op);
        if (severity > tally->severity)
            tally->severity = (uint8_t)severity;
        if (!deferred && severity > tally->firm)
            tally->firm = (uint8_t)severity;
        tally->deferred = tally->deferred || (deferred && severity > MOLT_INFO);
        if (deferred && severity > MOLT_INFO)
            molt__hook_note_loss(m, (uint32_t)(tally - m->tallies), m->object + object_index(m, i),
                                 m->value_at + i * m->value_stride);
    }
    return severity != MOLT_REFUSE && !given_up;
}

bool molt__tally_all(MoltMigration *m, const MoltOp *op, MoltRule rule, uint64_t at, uint64_t bits)
{
    MoltTally *tally = m->mode == MOLT__RUN_STATE ? find_tally(m, op->check, rule) : NULL;
    bool refuses = rule == MOLT_RULE_KIND_CHANGED || rule == MOLT_RULE_SHAPE_CHANGED ||
                   rule == MOLT_RULE_UNION_CHANGED;
    if (!tally || refuses || m->in_tail || m->in_loop || m->run != 0 ||
        m->plan->policy == MOLT_POLICY_STRICT || rule == MOLT_RULE_DANGLING_POINTER ||
        (may_wait(rule, MOLT_LOSS) && molt__awaited_any(m)) || molt__hook_may_settle(m, op, rule, MOLT_LOSS))
        return false;
    molt__attic_mark_bits(m, op, at, bits);
    if (tally->batch != m->object) {
        tally->batch = m->object;
        memset(tally->counted, 0, sizeof tally->counted);
    }
    tally->objects += (uint64_t)__builtin_popcountll(bits & ~tally->counted[at / 64]);
    tally->counted[at / 64] |= bits;
    tally->lasting = true;
    tally->unkept = tally->unkept || is_unkept(m, op);
    return true;
}

/* The old field has pointers to objects that go: they are kept, and return as NULL. */
static bool target_goes(const MoltPlan *plan, uint32_t check)
{
    const MoltSchema *before = plan->before;
    if (check == MOLT__NO_CHECK || plan->checks[check].before == MOLT__NO_FIELD)
        return false;
    const MoltType *type = molt_type(
        before, molt_value_type(before, before->tables.fields[plan->checks[check].before].type));
    while (molt_kind_is_sequence(type->kind))
        type = molt_type(before, molt_value_type(before, type->elem));
    return type->kind == MOLT_KIND_POINTER && type->elem != MOLT_NO_TYPE &&
           molt_type(before, type->elem)->kind != MOLT_KIND_VOID &&
           plan->types[type->elem].fate == MOLT_FATE_GONE;
}

static void add_finding(MoltMigration *m, uint32_t check, const MoltTally *tally)
{
    MoltFinding finding = {.severity = MOLT_INFO, .rule = MOLT_RULE_FIELD_REMOVED};
    MoltLossFate fate = MOLT__LOSS_UNSAID;
    if (tally && tally->severity == MOLT_LOSS && tally->rule != MOLT_RULE_DANGLING_POINTER &&
        tally->rule != MOLT_RULE_TARGET_AMBIGUOUS)
        fate = m->heap->attic.none                              ? MOLT__LOSS_FOR_GOOD
               : tally->unkept                                  ? MOLT__LOSS_GONE
               : becomes_null(m, (MoltRule)tally->rule)         ? MOLT__LOSS_NULL
               : m->attic.keeps && !target_goes(m->plan, check) ? MOLT__LOSS_KEPT
                                                                : MOLT__LOSS_UNSAID;
    if (tally)
        finding = (MoltFinding){.severity = (MoltSeverity)tally->severity,
                                .rule = (MoltRule)tally->rule,
                                .value = tally->value,
                                .remedy = tally->handled ? "a hook read the old values" : NULL,
                                .objects = tally->objects};
    if (tally && !tally->handled)
        finding.rule = molt__check_refine(m->plan, check, finding.rule);
    molt__check_report(m->plan, check, &finding, fate, m->report);
}

static uint64_t rank(const MoltTally *tally)
{
    return (uint64_t)tally->check << 8 | tally->rule;
}

/* The next one in order of checks and rules, which is the same whoever ran the operations. */
static const MoltTally *next_tally(const MoltMigration *m, const MoltTally *last)
{
    const MoltTally *next = NULL;
    for (uint64_t t = 0; t < m->tally_count; t++) {
        const MoltTally *tally = &m->tallies[t];
        if ((!last || rank(tally) > rank(last)) && (!next || rank(tally) < rank(next)))
            next = tally;
    }
    return next;
}

void molt__tally_report(MoltMigration *m)
{
    const MoltTally *tally = NULL;
    while ((tally = next_tally(m, tally))) {
        if (tally->lasting || !tally->returned)
            add_finding(m, tally->check, tally);
    }
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
