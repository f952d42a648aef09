#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plan_ops.h"

enum { TOLD_WORDS = (MOLT_RULE_COUNT + 63) / 64 };

/* Findings are told once per check and rule: loops and types that are held by several others come
 * here more than once. */
typedef struct Foresight {
    const MoltPlan *plan;
    MoltReport *report;
    uint64_t (*told)[TOLD_WORDS]; /* per check, a bit for each rule */
} Foresight;

static void foresee(Foresight *f, const MoltOp *op, MoltRule rule, MoltSeverity severity,
                    const char *value)
{
    if (rule == MOLT_RULE_UNION_UNSELECTED)
        return; /* no declaration gives such bytes a meaning */
    const uint64_t bit = (uint64_t)1 << (rule % 64);
    if (op->check == MOLT__NO_CHECK || (f->told[op->check][rule / 64] & bit) != 0)
        return;
    f->told[op->check][rule / 64] |= bit;
    if (severity == MOLT_LOSS &&
        (f->plan->checks[op->check].allow & molt__check_allowed_by(rule)) != 0)
        severity = MOLT_INFO;
    MoltFinding finding = {.severity = severity, .rule = rule, .value = value};
    molt__check_report(f->plan, op->check, &finding, MOLT__LOSS_UNSAID, f->report);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Tries one number; it must be one that the old field can hold. */
static void probe(Foresight *f, const MoltOp *op, long double number)
{
    static const MoltNumberForm wide = {MOLT__FLOAT, sizeof(long double), 0, 0};
    unsigned char source[16] = {0}, destination[16] = {0};
    char text[64];
    MoltNumberLoss loss = molt__number_convert(&wide, &number, &op->forms[0], source, false);
    bool held = loss == MOLT__EXACT || (loss == MOLT__ROUNDED && op->forms[0].class == MOLT__FLOAT);
    if (!held)
        return;
    loss = molt__number_convert(&op->forms[0], source, &op->forms[1], destination, op->round);
    if (loss == MOLT__EXACT)
        return;
    molt__number_text(&op->forms[0], source, text, sizeof text);
    foresee(f, op, molt__number_rule(loss), MOLT_LOSS, text);
}

/* The edges of every integer and floating type, and what lies between their numbers. */
static void foresee_number(Foresight *f, const MoltOp *op)
{
    static const long double others[] = {0.5L, 0.1L, 1e30L, 1e300L, 1e-300L};
    for (int power = 1; power <= 127; power++) {
        long double edge = ldexpl(1.0L, power);
        for (int step = -1; step <= 1; step++) {
            probe(f, op, edge + (long double)step);
            probe(f, op, -edge - (long double)step);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        probe(f, op, others[i]);
    if (op->forms[0].class == MOLT__FLOAT)
        probe(f, op, (long double)NAN);
}

static void foresee_values(Foresight *f, const MoltOp *op)
{
    if (op->named_only) /* a number becomes an enum, and has not been confined to its names */
        foresee(f, op, op->code == MOLT__OP_FLAGS ? MOLT_RULE_FLAG_REMOVED : MOLT_RULE_ENUM_UNNAMED,
                op->code == MOLT__OP_FLAGS ? MOLT_LOSS : MOLT_REFUSE, NULL);
    for (uint32_t v = 0; v < op->value_count; v++) {
        const MoltValueMap *entry = &f->plan->values[op->values + v];
        const char *name = molt_string(f->plan->before, entry->name);
        if (entry->fate == MOLT__VALUE_KEPT)
            continue;
        if (op->code == MOLT__OP_FLAGS)
            foresee(f, op, MOLT_RULE_FLAG_REMOVED, entry->settled ? MOLT_INFO : MOLT_LOSS, name);
        else if (entry->fate == MOLT__VALUE_SPLIT)
            foresee(f, op, MOLT_RULE_ENUM_RENUMBERED, MOLT_LOSS, name);
        else
            foresee(f, op, MOLT_RULE_ENUMERATOR_REMOVED,
                    entry->fate != MOLT__VALUE_FALLBACK ? MOLT_REFUSE
                    : entry->settled                    ? MOLT_INFO
                                                        : MOLT_LOSS,
                    name);
    }
}

/* ---- operations ------------------------------------------------------------------------------- */

static void foresee_op(Foresight *f, const MoltOp *op)
{
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_NUMBER: foresee_number(f, op); break;
    case MOLT__OP_ENUM:
    case MOLT__OP_FLAGS: foresee_values(f, op); break;
    case MOLT__OP_POINTER:
        if (!op->external && !op->pointee_ok)
            foresee(f, op, MOLT_RULE_POINTEE_CHANGED, MOLT_REFUSE, NULL);
        break;
    case MOLT__OP_STRING:
        if (op->length < op->size)
            foresee(f, op, MOLT_RULE_STRING_TRUNCATED, MOLT_LOSS, NULL);
        break;
    case MOLT__OP_STRING_FROM_HEAP:
        foresee(f, op, MOLT_RULE_STRING_TRUNCATED, MOLT_LOSS, NULL);
        break;
    case MOLT__OP_DROP_BYTES:
    case MOLT__OP_DROP_NUMBER:
        foresee(f, op, molt__check_refine(f->plan, op->check, (MoltRule)op->rule), MOLT_LOSS, NULL);
        break;
    case MOLT__OP_EMBED: foresee(f, op, MOLT_RULE_ALIAS_LOST, MOLT_REFUSE, NULL); break;
    case MOLT__OP_REFUSE: foresee(f, op, (MoltRule)op->rule, MOLT_REFUSE, NULL); break;
    default: break;
    }
}

static bool is_allocated(const MoltSchema *schema, MoltTypeId type)
{
    for (uint32_t s = 0; s < schema->tables.spelling_count; s++) {
        if (schema->tables.spellings[s].type == type)
            return true;
    }
    return false;
}

/* Objects of a type that is gone are freed, or refused when they are still reachable. */
static void foresee_gone(Foresight *f, MoltTypeId type)
{
    if (!is_allocated(f->plan->before, type))
        return;
    const char *name = molt_type_name(f->plan->before, type);
    char remedy[360];
    snprintf(remedy, sizeof remedy,
             "keep the struct, name its successor's old name with MOLT_WAS(\"%.200s\"), or let its "
             "objects go with MOLT_REMOVED",
             name);
    bool settled = molt__removal_of_type(f->plan, type);
    molt_report_add(f->report, &(MoltFinding){.severity = settled ? MOLT_INFO : MOLT_LOSS,
                                              .rule = MOLT_RULE_TYPE_REMOVED,
                                              .path = name,
                                              .before = name,
                                              .remedy = remedy});
}

MoltStatus molt_plan_foresee(const MoltPlan *plan, MoltReport *report)
{
    size_t size = plan->check_count * (TOLD_WORDS * sizeof(uint64_t));
    Foresight f = {.plan = plan, .report = report};
    f.told = plan->allocator.resize(plan->allocator.context, NULL, 0, size + 1);
    if (!f.told)
        return MOLT_OUT_OF_MEMORY;
    memset(f.told, 0, size);
    for (MoltTypeId t = 0; t < plan->before->tables.type_count; t++) {
        const MoltTypePlan *type = &plan->types[t];
        if (type->fate == MOLT_FATE_GONE)
            foresee_gone(&f, t);
        if (molt_type(plan->before, t)->kind == MOLT_KIND_UNION && !is_allocated(plan->before, t))
            continue; /* always part of something, which has its tag if it has one */
        for (uint32_t o = 0; o < type->op_count; o++)
            foresee_op(&f, &plan->ops[type->first_op + o]);
        for (uint32_t o = 0; o < type->tail_count; o++)
            foresee_op(&f, &plan->ops[type->first_tail + o]);
    }
    plan->allocator.resize(plan->allocator.context, f.told, size + 1, 0);
    return MOLT_OK;
}
