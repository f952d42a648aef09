#include <math.h>
#include <stdio.h>
#include <string.h>

#include "foresight.h"

static bool is_told(MoltForesight *f, uint32_t check, MoltRule rule)
{
    const uint64_t bit = (uint64_t)1 << (rule % 64);
    uint64_t *bits = &f->told[check][rule / 64];
    bool told = (*bits & bit) != 0;
    *bits |= bit;
    return told;
}

/* `names`, of enumerators, are the value too, unless there is one. */
static void foresee_names(MoltForesight *f, const MoltOp *op, MoltRule rule, MoltSeverity severity,
                          const char *value, const char *names)
{
    char remedy[512] = "";
    if (op->check == MOLT__NO_CHECK || is_told(f, op->check, rule))
        return;
    const MoltCheck *check = &f->plan->checks[op->check];
    if (severity == MOLT_LOSS && (check->allow & molt__check_allowed_by(rule)) != 0)
        severity = MOLT_INFO;
    if (severity != MOLT_INFO)
        molt__foresee_remedy(f->plan, check, rule, severity, names, remedy, sizeof remedy);
    MoltFinding finding = {.severity = severity,
                           .rule = rule,
                           .value = value ? value : names,
                           .remedy = remedy[0] ? remedy : NULL};
    molt__check_report(f->plan, op->check, &finding, MOLT__LOSS_UNSAID, f->report);
}

static void foresee(MoltForesight *f, const MoltOp *op, MoltRule rule, MoltSeverity severity,
                    const char *value)
{
    foresee_names(f, op, rule, severity, value, NULL);
}

static void foresee_possible(MoltForesight *f, const MoltOp *op, MoltRule rule, const char *value,
                             const char *remedy)
{
    MoltFinding finding = {
        .severity = MOLT_INFO, .rule = rule, .value = value, .remedy = remedy, .possible = true};
    if (op->check != MOLT__NO_CHECK && !is_told(f, op->check, rule) &&
        (f->plan->checks[op->check].allow & molt__check_allowed_by(rule)) == 0)
        molt__check_report(f->plan, op->check, &finding, MOLT__LOSS_UNSAID, f->report);
}

static bool has_been_told(const MoltReport *report, MoltRule rule, const char *path)
{
    for (uint32_t i = 0; i < report->count; i++) {
        const MoltFinding *finding = &report->findings[i];
        if (finding->rule == rule && finding->path && strcmp(finding->path, path) == 0)
            return true;
    }
    return false;
}

void molt__foresee_type(const MoltForesight *f, MoltRule rule, MoltSeverity severity,
                        const char *path, const char *value, const char *remedy)
{
    if (!has_been_told(f->report, rule, path))
        molt_report_add(f->report, &(MoltFinding){.severity = severity,
                                                  .rule = rule,
                                                  .path = path,
                                                  .value = value,
                                                  .remedy = severity == MOLT_INFO ? NULL : remedy});
}

void molt__foresee_possible(const MoltForesight *f, MoltRule rule, const char *path,
                            const char *value, const char *remedy)
{
    if (!has_been_told(f->report, rule, path))
        molt_report_add(f->report, &(MoltFinding){.severity = MOLT_INFO,
                                                  .rule = rule,
                                                  .path = path,
                                                  .value = value,
                                                  .remedy = remedy,
                                                  .possible = true});
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Tries one number of the form; it must be one that the old field can hold. */
static void probe_number(MoltForesight *f, const MoltOp *op, const MoltNumberForm *form,
                         const void *number, bool unnamed)
{
    unsigned char source[16] = {0}, destination[16] = {0};
    char text[64];
    MoltNumberLoss loss = molt__number_convert(form, number, &op->forms[0], source, false);
    bool held = loss == MOLT__EXACT || (loss == MOLT__ROUNDED && op->forms[0].class == MOLT__FLOAT);
    if (!held)
        return;
    loss = molt__number_convert(&op->forms[0], source, &op->forms[1], destination, op->round);
    if (loss == MOLT__EXACT)
        return;
    molt__number_text(&op->forms[0], source, text, sizeof text);
    if (loss == MOLT__NAN)
        foresee_possible(f, op, MOLT_RULE_NUMBER_NAN, text, "keep the floating type");
    else if (unnamed)
        foresee_possible(f, op, molt__number_rule(loss), text,
                         "keep room for values that no enumerator names");
    else
        foresee(f, op, molt__number_rule(loss), MOLT_LOSS, text);
}

static void probe(MoltForesight *f, const MoltOp *op, long double number, bool unnamed)
{
    static const MoltNumberForm wide = {MOLT__FLOAT, sizeof(long double), 0, 0};
    probe_number(f, op, &wide, &number, unnamed);
}

/* Integers of more digits than a long double has. */
static void probe_long(MoltForesight *f, const MoltOp *op, bool unnamed)
{
    static const MoltNumberForm wide = {MOLT__UNSIGNED, 16, 0, 0};
    for (int power = 64; power <= 128; power++) {
        unsigned char number[16]; /* 2 to that power, less 1 */
        for (int byte = 0; byte < 16; byte++) {
            int bits = power - 8 * byte;
            number[byte] = (unsigned char)(bits >= 8 ? 0xff : bits <= 0 ? 0 : (1 << bits) - 1);
        }
        probe_number(f, op, &wide, number, unnamed);
    }
}

/* The edges of every integer and floating type, and what lies between their numbers. */
static void probe_edges(MoltForesight *f, const MoltOp *op, bool unnamed)
{
    static const long double others[] = {0.5L, 0.1L, 1e30L, 1e300L, 1e-300L, 1e4000L, 1e-4000L};
    for (int power = 1; power <= 127; power++) {
        long double edge = ldexpl(1.0L, power);
        for (int step = -1; step <= 1; step++) {
            probe(f, op, edge + (long double)step, unnamed);
            probe(f, op, -edge - (long double)step, unnamed);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        probe(f, op, others[i], unnamed);
    probe(f, op, nextafterl(ldexpl(1.0L, 128), 0), unnamed);
    if (op->forms[0].size == 16 && op->forms[0].class != MOLT__FLOAT)
        probe_long(f, op, unnamed);
    if (op->forms[0].class == MOLT__FLOAT)
        probe(f, op, (long double)NAN, unnamed);
}

/* What a bool holds that no assignment of C has left there. */
static void foresee_odd_bool(MoltForesight *f, const MoltOp *op)
{
    if (op->forms[0].class == MOLT__BOOL && op->forms[0].width == 0)
        foresee_possible(f, op, MOLT_RULE_BOOL_COLLAPSED, "a byte that is neither 0 nor 1",
                         "keep the bool");
}

/* The enum that the old value or its elements are of, MOLT_NO_TYPE for other numbers. */
static MoltTypeId enum_of(const MoltPlan *plan, const MoltOp *op)
{
    const MoltCheck *check = op->check == MOLT__NO_CHECK ? NULL : &plan->checks[op->check];
    if (!check || check->before == MOLT__NO_FIELD)
        return MOLT_NO_TYPE;
    MoltTypeId type = plan->before->tables.fields[check->before].type;
    while (molt_kind_is_sequence(molt_type(plan->before, type)->kind))
        type = molt_type(plan->before, type)->elem;
    return molt_type(plan->before, type)->kind == MOLT_KIND_ENUM ? type : MOLT_NO_TYPE;
}

/* Of an enum that stays what it is in another width, the values with names count. */
static void foresee_number(MoltForesight *f, const MoltOp *op)
{
    MoltTypeId values = enum_of(f->plan, op);
    if (values != MOLT_NO_TYPE) {
        const MoltType *type = molt_type(f->plan->before, values);
        for (uint32_t e = type->first; e < type->first + type->count; e++) {
            uint64_t value = f->plan->before->tables.enumerators[e].value;
            bool minus = op->forms[0].class == MOLT__SIGNED;
            probe(f, op, minus ? (long double)(int64_t)value : (long double)value, false);
        }
    }
    probe_edges(f, op, values != MOLT_NO_TYPE);
    if (op->forms[1].class != MOLT__BOOL)
        foresee_odd_bool(f, op);
}

/* ---- enums ------------------------------------------------------------------------------------ */

/* Names with ", " between them, as far as there is room. */
typedef struct Names {
    char text[240];
    size_t length;
} Names;

static void add_name(Names *names, const char *name)
{
    size_t room = sizeof names->text - names->length;
    int used =
        snprintf(names->text + names->length, room, "%s%s", names->length > 0 ? ", " : "", name);
    if (used > 0 && (size_t)used < room)
        names->length += (size_t)used;
    else
        names->text[names->length] = '\0';
}

static uint32_t bits_of(const MoltNumberForm *form)
{
    return form->width > 0 ? form->width : (uint32_t)form->size * 8;
}

/* Every value that the old field has room for is one of the enumerators, or a set of the flags. */
static bool names_all(const MoltPlan *plan, const MoltOp *op)
{
    uint32_t bits = bits_of(&op->forms[0]);
    uint64_t named = 0;
    if (op->code == MOLT__OP_ENUM)
        return bits < 32 && op->value_count >= 1u << bits;
    for (uint32_t v = 0; v < op->value_count; v++)
        named |= plan->values[op->values + v].before;
    return bits <= 64 && named == (bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1);
}

/* Of a number that becomes an enum, or a set of flags: there is none that names nothing. */
static bool names_each_number(const MoltPlan *plan, const MoltOp *op)
{
    const MoltNumberForm *form = &op->forms[0];
    uint32_t bits = form->class == MOLT__BOOL ? 1 : bits_of(form);
    uint64_t next = 0, named = 0;
    if (form->class == MOLT__SIGNED || form->class == MOLT__FLOAT || bits > 16)
        return false;
    for (uint32_t v = 0; v < op->value_count; v++) { /* in ascending order */
        uint64_t value = plan->values[op->values + v].before;
        next += value == next;
        named |= value;
    }
    uint64_t numbers = UINT64_C(1) << bits;
    return op->code == MOLT__OP_FLAGS ? (named & (numbers - 1)) == numbers - 1 : next >= numbers;
}

/* Values without a name, once for each enum. */
static void foresee_unnamed(MoltForesight *f, const MoltOp *op)
{
    const MoltPlan *plan = f->plan;
    bool flags = op->code == MOLT__OP_FLAGS;
    bool narrower = bits_of(&op->forms[1]) < bits_of(&op->forms[0]);
    char path[300] = "", value[400];
    if (op->named_only || op->check == MOLT__NO_CHECK || names_all(plan, op) ||
        (op->names_only && !(flags && narrower)))
        return;
    const MoltCheck *check = &plan->checks[op->check];
    if (check->before != MOLT__NO_FIELD)
        molt__field_path(plan->before, check->type_before, check->before, path, sizeof path);
    snprintf(value, sizeof value, "%s without a name%s%s", flags ? "bits" : "a value",
             path[0] ? ", as in " : "", path);
    molt__foresee_possible(
        f, flags ? MOLT_RULE_FLAG_REMOVED : MOLT_RULE_ENUM_UNNAMED,
        molt_type_name(plan->before, op->before), value,
        flags ? "keep the flags that have names on their bits, and the field as wide"
              : "keep the enumerators' numbers");
}

/* What an enumerator becomes has to fit the new field. */
static bool has_room(const MoltOp *op, const MoltValueMap *entry)
{
    unsigned char bytes[32] = {0};
    return molt__number_store(&op->forms[1], entry->after, op->forms[1].class == MOLT__SIGNED,
                              bytes);
}

static void foresee_values(MoltForesight *f, const MoltOp *op)
{
    Names gone = {"", 0}, let_go = {"", 0}, fallen = {"", 0}, split = {"", 0}, large = {"", 0};
    bool flags = op->code == MOLT__OP_FLAGS;
    /* a number becomes an enum, and has not been confined to its names */
    bool free = op->named_only && !names_each_number(f->plan, op);
    foresee_odd_bool(f, op);
    if (free && flags)
        foresee(f, op, MOLT_RULE_FLAG_REMOVED, MOLT_LOSS, NULL);
    if (free && (!flags || op->forms[0].class == MOLT__FLOAT))
        foresee(f, op, MOLT_RULE_ENUM_UNNAMED, MOLT_REFUSE, NULL);
    for (uint32_t v = 0; v < op->value_count && !op->named_only; v++) {
        const MoltValueMap *entry = &f->plan->values[op->values + v];
        const char *name = molt_string(f->plan->before, entry->name);
        bool goes =
            entry->fate == MOLT__VALUE_GONE || (flags && entry->fate == MOLT__VALUE_FALLBACK);
        if (!goes && !has_room(op, entry))
            add_name(&large, name);
        if (entry->fate == MOLT__VALUE_SPLIT && !flags)
            add_name(&split, name);
        else if (flags && entry->before == 0)
            continue; /* no bit of its own */
        else if (entry->settled && (flags || entry->fate == MOLT__VALUE_FALLBACK))
            add_name(&let_go, name);
        else if (goes || entry->fate == MOLT__VALUE_FALLBACK)
            add_name(goes ? &gone : &fallen, name);
    }
    MoltRule rule = flags ? MOLT_RULE_FLAG_REMOVED : MOLT_RULE_ENUMERATOR_REMOVED;
    if (large.length > 0)
        foresee_names(f, op, MOLT_RULE_ENUM_NO_ROOM, MOLT_REFUSE, NULL, large.text);
    if (split.length > 0)
        foresee_names(f, op, MOLT_RULE_ENUM_RENUMBERED, MOLT_LOSS, NULL, split.text);
    if (gone.length > 0)
        foresee_names(f, op, rule, flags ? MOLT_LOSS : MOLT_REFUSE, NULL, gone.text);
    else if (fallen.length > 0)
        foresee_names(f, op, rule, MOLT_LOSS, NULL, fallen.text);
    else if (let_go.length > 0)
        foresee_names(f, op, rule, MOLT_INFO, NULL, let_go.text);
    foresee_unnamed(f, op);
}

/* ---- operations ------------------------------------------------------------------------------- */

static bool is_drop(const MoltOp *op)
{
    return op->code == MOLT__OP_DROP_BYTES || op->code == MOLT__OP_DROP_NUMBER;
}

static void foresee_drop(MoltForesight *f, const MoltOp *op)
{
    MoltRule rule = (MoltRule)op->rule;
    if (rule == MOLT_RULE_UNION_UNSELECTED) /* no declaration gives such bytes a meaning */
        foresee_possible(f, op, rule, "bytes while the tag selects no arm",
                         "keep the union as it was");
    else
        foresee(f, op, molt__check_refine(f->plan, op->check, rule),
                rule == MOLT_RULE_KIND_CHANGED || rule == MOLT_RULE_SHAPE_CHANGED ||
                        rule == MOLT_RULE_UNION_CHANGED
                    ? MOLT_REFUSE
                    : MOLT_LOSS,
                NULL);
}

/* Once for the struct, wherever it is held. */
static void foresee_hook(MoltForesight *f, const MoltOp *op)
{
    const MoltCheck *check = &f->plan->checks[op->check];
    molt__foresee_possible(f, MOLT_RULE_HOOK_MISSING,
                           molt_type_name(f->plan->after, check->type_after),
                           "what becomes of old objects only its hook knows",
                           "migrate saves with its library (molt migrate --hooks)");
}

static void foresee_refusal(MoltForesight *f, const MoltOp *op)
{
    const MoltRule rule = (MoltRule)op->rule;
    if (rule == MOLT_RULE_HOOK_MISSING)
        foresee_hook(f, op);
    else if (op->constant > 0 &&
             (rule == MOLT_RULE_UNION_ARM_REMOVED || rule == MOLT_RULE_UNION_ARM_CHANGED))
        foresee_names(f, op, rule, MOLT_REFUSE, NULL, molt_string(f->plan->before, op->constant));
    else
        foresee(f, op, rule, MOLT_REFUSE, NULL);
}

static void foresee_op(MoltForesight *f, const MoltOp *op)
{
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_NUMBER: foresee_number(f, op); break;
    case MOLT__OP_ENUM:
    case MOLT__OP_FLAGS: foresee_values(f, op); break;
    case MOLT__OP_POINTER:
        if (!op->external && !op->pointee_ok)
            foresee(f, op,
                    molt_type(f->plan->before, op->before)->kind == MOLT_KIND_FUNCTION
                        ? MOLT_RULE_SIGNATURE_CHANGED
                        : MOLT_RULE_POINTEE_CHANGED,
                    MOLT_REFUSE, NULL);
        break;
    case MOLT__OP_STRING:
        if (op->length < op->size)
            foresee(f, op, MOLT_RULE_STRING_TRUNCATED, MOLT_LOSS, NULL);
        break;
    case MOLT__OP_STRING_TO_HEAP:
        foresee_possible(f, op, MOLT_RULE_ELEMENTS_DROPPED, "bytes behind the end of the text",
                         "keep the array");
        break;
    case MOLT__OP_STRING_FROM_HEAP:
        foresee(f, op, MOLT_RULE_STRING_TRUNCATED, MOLT_LOSS, NULL);
        break;
    case MOLT__OP_DROP_BYTES:
    case MOLT__OP_DROP_NUMBER: foresee_drop(f, op); break;
    case MOLT__OP_EMBED: foresee(f, op, MOLT_RULE_ALIAS_LOST, MOLT_REFUSE, NULL); break;
    case MOLT__OP_REFUSE: foresee_refusal(f, op); break;
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

static MoltTypeId in_arrays(const MoltSchema *schema, MoltTypeId id)
{
    while (molt_kind_is_sequence(molt_type(schema, id)->kind))
        id = molt_type(schema, id)->elem;
    return id;
}

/* Something may point at the type. */
static bool is_pointed_at(const MoltSchema *schema, MoltTypeId type, bool by_void)
{
    bool found = false;
    for (MoltTypeId t = 0; t < schema->tables.type_count && !found; t++) {
        const MoltType *pointer = molt_type(schema, t);
        if (pointer->kind == MOLT_KIND_POINTER)
            found = in_arrays(schema, pointer->elem) == type ||
                    (by_void && molt_type(schema, pointer->elem)->kind == MOLT_KIND_VOID);
    }
    return found;
}

/* No object of the struct stands alone, as none does that nothing can lead to: it lies in other structs,
 * whose operations are about it too and know what MOLT_MOVED takes out of it there. The schema of a header
 * does not say what is allocated. */
static bool is_part_only(const MoltPlan *plan, MoltTypeId type)
{
    const MoltTables *before = &plan->before->tables;
    MoltTypeId after = plan->types[type].after;
    const MoltType *was = molt_type(plan->before, type);
    bool held = false, allocated = before->spelling_count == 0;
    if (molt_schema_note(plan->before, was->note_first, was->note_count, MOLT_NOTE_ERASED))
        return false;
    for (uint32_t s = 0; s < before->spelling_count; s++)
        allocated = allocated || in_arrays(plan->before, before->spellings[s].type) == type;
    for (uint32_t r = 0; r < before->root_count; r++) {
        if (before->roots[r].type == type)
            return false;
    }
    for (MoltTypeId t = 0; t < before->type_count && !held; t++) {
        const MoltType *holder = molt_type(plan->before, t);
        for (uint32_t f = 0; holder->kind == MOLT_KIND_STRUCT && f < holder->count && !held; f++)
            held = in_arrays(plan->before, before->fields[holder->first + f].type) == type;
    }
    return held && !is_pointed_at(plan->before, type, allocated) &&
           (after == MOLT_NO_TYPE || !is_pointed_at(plan->after, after, false));
}

/* Objects of a type that is gone are freed, or refused when they are still reachable. */
static void foresee_gone(MoltForesight *f, MoltTypeId type)
{
    if (!is_allocated(f->plan->before, type))
        return;
    const char *name = molt_type_name(f->plan->before, type);
    char remedy[512];
    molt__foresee_remedy_of_type(f->plan, type, remedy, sizeof remedy);
    bool settled = molt__removal_of_type(f->plan, type);
    molt_report_add(f->report, &(MoltFinding){.severity = settled ? MOLT_INFO : MOLT_LOSS,
                                              .rule = MOLT_RULE_TYPE_REMOVED,
                                              .path = name,
                                              .before = name,
                                              .remedy = settled ? NULL : remedy});
}

/* The last variables of a library go with the struct that they make up, which no operation describes. */
static void foresee_last_variables(MoltForesight *f, const MoltType *globals)
{
    const MoltTables *t = &f->plan->before->tables;
    for (uint32_t i = globals->first; i < globals->first + globals->count; i++) {
        const char *name = molt_string(f->plan->before, t->fields[i].name);
        char before[512], remedy[512];
        if (t->fields[i].flags & MOLT_FIELD_TRANSIENT)
            continue;
        bool settled = molt__removal_of_variable(f->plan, i);
        molt_schema_declare(f->plan->before, &t->fields[i], before, sizeof before);
        molt__foresee_remedy_of_variable(name, remedy, sizeof remedy);
        molt_report_add(f->report, &(MoltFinding){.severity = settled ? MOLT_INFO : MOLT_LOSS,
                                                  .rule = MOLT_RULE_FIELD_REMOVED,
                                                  .path = name,
                                                  .before = before,
                                                  .remedy = settled ? NULL : remedy});
    }
}

MoltStatus molt_plan_foresee(const MoltPlan *plan, MoltReport *report)
{
    size_t size = plan->check_count * sizeof(uint64_t[MOLT__TOLD_WORDS]);
    MoltForesight f = {.plan = plan, .report = report};
    f.told = plan->allocator.resize(plan->allocator.context, NULL, 0, size + 1);
    if (!f.told)
        return MOLT_OUT_OF_MEMORY;
    memset(f.told, 0, size);
    for (MoltTypeId t = 0; t < plan->before->tables.type_count; t++) {
        const MoltTypePlan *type = &plan->types[t];
        const MoltType *was = molt_type(plan->before, t);
        if (type->fate == MOLT_FATE_GONE)
            foresee_gone(&f, t);
        if (type->fate == MOLT_FATE_GONE && was->flags & MOLT_TYPE_GLOBALS &&
            was->kind == MOLT_KIND_STRUCT)
            foresee_last_variables(&f, was);
        if (was->kind != MOLT_KIND_STRUCT && !is_allocated(plan->before, t))
            continue; /* always part of something, which tells of it, and which has a union's tag */
        bool part = was->kind == MOLT_KIND_STRUCT && is_part_only(plan, t);
        for (uint32_t o = 0; o < type->op_count; o++) {
            const MoltOp *op = &plan->ops[type->first_op + o];
            if (!(part && is_drop(op) && op->rule == MOLT_RULE_FIELD_REMOVED))
                foresee_op(&f, op);
        }
        for (uint32_t o = 0; o < type->tail_count; o++)
            foresee_op(&f, &plan->ops[type->first_tail + o]);
    }
    molt__foresee_targets(&f);
    molt__foresee_notes(&f);
    plan->allocator.resize(plan->allocator.context, f.told, size + 1, 0);
    return MOLT_OK;
}
