/* What pointers may lead to that an edit takes away: a part of a struct, an object of a type that is gone,
 * a struct as much as its first member. No declaration says where a pointer leads, so all of these are
 * possible, and told once for what goes, with the pointers that may lead there. */
#include <stdio.h>
#include <string.h>

#include "foresight.h"

/* The first pointers that may lead to something, and how many more. */
typedef struct Pointers {
    char text[200];
    uint32_t named, more;
} Pointers;

/* Calls visit() for each operation on a pointer that Molt follows, until it gives false. */
typedef bool Visit(void *context, const MoltOp *op);

static bool visit_ops(const MoltPlan *plan, uint32_t first, uint32_t count, Visit *visit,
                      void *context)
{
    for (uint32_t o = first; o < first + count; o++) {
        const MoltOp *op = &plan->ops[o];
        bool followed =
            op->code == MOLT__OP_POINTER && !op->external && op->check != MOLT__NO_CHECK;
        if (followed && !visit(context, op))
            return false;
    }
    return true;
}

static void visit_pointers(const MoltPlan *plan, Visit *visit, void *context)
{
    for (MoltTypeId t = 0; t < plan->before->tables.type_count; t++) {
        const MoltTypePlan *type = &plan->types[t];
        if (!visit_ops(plan, type->first_op, type->op_count, visit, context) ||
            !visit_ops(plan, type->first_scan, type->scan_count, visit, context) ||
            !visit_ops(plan, type->first_tail, type->tail_count, visit, context))
            return;
    }
}

static void add_pointer(Pointers *pointers, const MoltPlan *plan, const MoltOp *op)
{
    enum { NAMED = 3 };
    char path[120];
    const MoltCheck *check = &plan->checks[op->check];
    size_t used = strlen(pointers->text);
    if (check->after != MOLT__NO_FIELD)
        molt__field_path(plan->after, check->type_after, check->after, path, sizeof path);
    else if (check->before != MOLT__NO_FIELD)
        molt__field_path(plan->before, check->type_before, check->before, path, sizeof path);
    else
        return;
    if (strstr(pointers->text, path) != NULL)
        return; /* held by value in several places, or one whose name begins so */
    if (pointers->named == NAMED || used + strlen(path) + 3 > sizeof pointers->text) {
        pointers->more++;
        return;
    }
    snprintf(pointers->text + used, sizeof pointers->text - used, "%s%s", used > 0 ? ", " : "",
             path);
    pointers->named++;
}

static void write_pointers(const Pointers *pointers, const char *what, char *buffer, size_t size)
{
    char more[40] = "";
    if (pointers->more > 0)
        snprintf(more, sizeof more, " and %u more", pointers->more);
    snprintf(buffer, size, "%s%s may lead %s", pointers->text, more, what);
}

/* ---- parts of structs that go ------------------------------------------------------------------ */

static bool holds(const MoltSchema *schema, MoltTypeId id, MoltTypeId inner, int depth)
{
    const MoltType *type = molt_type(schema, id);
    if (id == inner || depth > MOLT_SCHEMA_DEPTH_MAX)
        return id == inner;
    if (molt_kind_is_sequence(type->kind))
        return holds(schema, type->elem, inner, depth + 1);
    if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION)
        return false;
    for (uint32_t f = type->first; f < type->first + type->count; f++)
        if (holds(schema, schema->tables.fields[f].type, inner, depth + 1))
            return true;
    return false;
}

static MoltTypeId element_of(const MoltSchema *schema, MoltTypeId id)
{
    while (molt_kind_is_sequence(molt_type(schema, id)->kind))
        id = molt_type(schema, id)->elem;
    return id;
}

static bool is_record(const MoltSchema *schema, MoltTypeId id)
{
    id = element_of(schema, id);
    return molt_type(schema, id)->kind == MOLT_KIND_STRUCT ||
           molt_type(schema, id)->kind == MOLT_KIND_UNION;
}

typedef struct Part {
    const MoltPlan *plan;
    MoltTypeId type;
    MoltTypeId number; /* what it becomes, when that is a number: pointers to that follow */
    Pointers pointers;
} Part;

/* A `void *` is taken for one to a struct, and not to one of the numbers in it. */
static bool visit_part(void *context, const MoltOp *op)
{
    Part *part = context;
    const MoltSchema *before = part->plan->before;
    if (part->number != MOLT_NO_TYPE && op->after == part->number)
        return true;
    bool untyped = molt_type(before, op->before)->kind == MOLT_KIND_VOID;
    if (untyped ? is_record(before, part->type) : holds(before, part->type, op->before, 0))
        add_pointer(&part->pointers, part->plan, op);
    return true;
}

static void foresee_part(const MoltForesight *f, MoltTypeId type, MoltTypeId number,
                         const char *path)
{
    Part part = {.plan = f->plan, .type = type, .number = number};
    char value[300];
    visit_pointers(f->plan, visit_part, &part);
    if (part.pointers.named == 0)
        return;
    write_pointers(&part.pointers, "there", value, sizeof value);
    molt__foresee_possible(f, MOLT_RULE_TARGET_REMOVED, path, value,
                           "keep what such a pointer leads to");
}

/* What an operation makes another number, which a pointer to the old one has no place in, or a text on the
 * heap, of which it knows the beginning alone. */
static void foresee_changed(const MoltForesight *f, const MoltOp *op)
{
    const MoltPlan *plan = f->plan;
    char path[300];
    bool number = op->code == MOLT__OP_NUMBER && op->forms[0].width == 0;
    if ((!number && op->code != MOLT__OP_STRING_TO_HEAP) || op->check == MOLT__NO_CHECK)
        return;
    const MoltCheck *check = &plan->checks[op->check];
    if (check->before == MOLT__NO_FIELD || check->after == MOLT__NO_FIELD)
        return;
    MoltTypeId becomes =
        number ? element_of(plan->after, plan->after->tables.fields[check->after].type)
               : MOLT_NO_TYPE;
    molt__field_path(plan->before, check->type_before, check->before, path, sizeof path);
    foresee_part(f, plan->before->tables.fields[check->before].type, becomes, path);
}

/* What an operation drops, by its rule; arms of unions and fields, elements that an array has no longer. */
static void foresee_dropped(const MoltForesight *f, const MoltOp *op)
{
    const MoltPlan *plan = f->plan;
    char path[300];
    bool drops = op->code == MOLT__OP_DROP_BYTES || op->code == MOLT__OP_DROP_NUMBER;
    bool bits = op->code == MOLT__OP_DROP_NUMBER && op->forms[0].width > 0;
    if (!drops || bits || op->check == MOLT__NO_CHECK)
        return;
    const MoltCheck *check = &plan->checks[op->check];
    if (check->before == MOLT__NO_FIELD)
        return;
    molt__field_path(plan->before, check->type_before, check->before, path, sizeof path);
    foresee_part(f, plan->before->tables.fields[check->before].type, MOLT_NO_TYPE, path);
}

static void foresee_last_variables(const MoltForesight *f, const MoltType *globals)
{
    const MoltSchema *before = f->plan->before;
    for (uint32_t i = globals->first; i < globals->first + globals->count; i++)
        foresee_part(f, before->tables.fields[i].type, MOLT_NO_TYPE,
                     molt_string(before, before->tables.fields[i].name));
}

/* ---- objects of types that are gone ------------------------------------------------------------ */

static bool visit_void(void *context, const MoltOp *op)
{
    Part *part = context;
    if (molt_type(part->plan->before, op->before)->kind == MOLT_KIND_VOID)
        add_pointer(&part->pointers, part->plan, op);
    return true;
}

static bool is_allocated(const MoltSchema *schema, MoltTypeId type)
{
    for (uint32_t s = 0; s < schema->tables.spelling_count; s++)
        if (schema->tables.spellings[s].type == type)
            return true;
    return false;
}

/* Pointers to the type itself are of another type now, which is told of each of them. */
static void foresee_gone(const MoltForesight *f, MoltTypeId type)
{
    Part part = {.plan = f->plan, .type = type, .number = MOLT_NO_TYPE};
    char value[300];
    if (!is_allocated(f->plan->before, type))
        return;
    visit_pointers(f->plan, visit_void, &part);
    if (part.pointers.named == 0)
        return;
    write_pointers(&part.pointers, "to one", value, sizeof value);
    molt__foresee_possible(f, MOLT_RULE_TYPE_MISSING, molt_type_name(f->plan->before, type), value,
                           "keep the type until no save has one");
}

/* ---- structs that part from their first members ------------------------------------------------ */

/* Pointers that are without a type afterwards: those with one say what they mean, and a text is one. */
static bool visit_untyped(void *context, const MoltOp *op)
{
    Part *part = context;
    const MoltType *now = molt_type(part->plan->after, op->after);
    bool bytes = now->kind == MOLT_KIND_INT && now->size == 1 && !(now->flags & MOLT_TYPE_CHAR);
    if (now->kind == MOLT_KIND_VOID || bytes)
        add_pointer(&part->pointers, part->plan, op);
    return true;
}

static bool parts_from_first(const MoltPlan *plan, MoltTypeId type)
{
    const MoltType *was = molt_type(plan->before, type);
    MoltTypeId to = plan->types[type].after;
    if (was->kind != MOLT_KIND_STRUCT || was->flags & MOLT_TYPE_GLOBALS || was->count == 0 ||
        plan->types[type].fate != MOLT_FATE_CHANGED || to == MOLT_NO_TYPE)
        return false;
    const MoltPair *pair = molt__plan_find_pair(plan, type, to);
    const MoltType *is = molt_type(plan->after, to);
    for (uint32_t i = 0; pair && is->kind == MOLT_KIND_STRUCT && i < is->count; i++)
        if (plan->matches[pair->match + i] == was->first)
            return plan->after->tables.fields[is->first + i].bit_offset > 0 ||
                   molt__indexed_moves_first(molt__plan_index(plan, was->first, is->first + i));
    return pair != NULL;
}

/* A `type` may lie where no object of its own begins: as a part of another one, as a variable, or in
 * memory that the heap knows as bytes. */
static bool lies_inside(const MoltSchema *schema, MoltTypeId type)
{
    const MoltTables *t = &schema->tables;
    for (uint32_t f = 0; f < t->field_count; f++) {
        MoltTypeId id = molt_value_type(schema, t->fields[f].type);
        while (molt_kind_is_sequence(molt_type(schema, id)->kind))
            id = molt_value_type(schema, molt_type(schema, id)->elem);
        if (id == type)
            return true;
    }
    for (uint32_t n = 0; n < t->note_count; n++)
        if (t->notes[n].kind == MOLT_NOTE_ERASED || t->notes[n].kind == MOLT_NOTE_POOL)
            return true;
    return false;
}

static void foresee_first_member(const MoltForesight *f, MoltTypeId type)
{
    Part part = {.plan = f->plan, .type = type, .number = MOLT_NO_TYPE};
    const MoltTables *t = &f->plan->before->tables;
    char value[300], what[128];
    if (!parts_from_first(f->plan, type) || !lies_inside(f->plan->before, type))
        return;
    visit_pointers(f->plan, visit_untyped, &part);
    if (part.pointers.named == 0)
        return;
    snprintf(what, sizeof what, "to one or to its %s",
             molt_string(f->plan->before, t->fields[molt_type(f->plan->before, type)->first].name));
    write_pointers(&part.pointers, what, value, sizeof value);
    molt__foresee_possible(f, MOLT_RULE_TARGET_AMBIGUOUS, molt_type_name(f->plan->before, type),
                           value, "keep the first member first");
}

void molt__foresee_targets(const MoltForesight *f)
{
    const MoltPlan *plan = f->plan;
    for (uint32_t o = 0; o < plan->op_count; o++) {
        foresee_dropped(f, &plan->ops[o]);
        foresee_changed(f, &plan->ops[o]);
    }
    for (MoltTypeId t = 0; t < plan->before->tables.type_count; t++) {
        const MoltType *type = molt_type(plan->before, t);
        bool gone = plan->types[t].fate == MOLT_FATE_GONE;
        if (gone && type->kind == MOLT_KIND_STRUCT && type->flags & MOLT_TYPE_GLOBALS)
            foresee_last_variables(f, type);
        else if (gone)
            foresee_gone(f, t);
        foresee_first_member(f, t);
    }
}
