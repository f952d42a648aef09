#include "plan_emit.h"

/* The place of a part in the default of the whole; bit-fields have no bytes of their own there. */
static uint32_t part_of(uint32_t constant, uint64_t offset)
{
    return constant == MOLT__NO_CONSTANT ? constant : constant + (uint32_t)offset;
}

/* The enumerator may have another number when the field returns. */
static bool is_enum_with_zero(const MoltPlan *plan, MoltTypeId id)
{
    const MoltType *type = molt_type(plan->before, id);
    bool found = false;
    for (uint32_t e = 0; type->kind == MOLT_KIND_ENUM && !found && e < type->count; e++)
        found = plan->before->tables.enumerators[type->first + e].value == 0;
    return found && (type->flags & MOLT_TYPE_FLAGS) == 0;
}

/* `type` is that of the value, or of the elements; MOLT_NO_TYPE: bytes that mean nothing more. */
static void drop_bytes(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule, MoltTypeId type,
                       uint64_t source, uint64_t size, uint32_t constant)
{
    const MoltType *of = type == MOLT_NO_TYPE ? NULL : molt_type(plan->before, type);
    MoltOp op = {.code = MOLT__OP_DROP_BYTES,
                 .unkept = of && of->kind == MOLT_KIND_UNION &&
                           molt__plan_arms_have_pointers(plan->before, type),
                 .keeps_default =
                     of && constant == MOLT__NO_CONSTANT && is_enum_with_zero(plan, type),
                 .check = molt__emit_check(plan, site),
                 .rule = (uint8_t)rule,
                 .before = type,
                 .source = source,
                 .size = size,
                 .constant = constant};
    molt__emit_op(plan, op);
}

static void drop_bits(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                      const MoltField *field, uint64_t source, uint32_t constant)
{
    uint64_t first = source * 8 + field->bit_offset;
    if (molt__emit_taken(plan, first, first + field->bit_width) == MOLT__TAKEN_ALL)
        return;
    molt__emit_op(plan, (MoltOp){.code = MOLT__OP_DROP_NUMBER,
                                 .check = molt__emit_check(plan, site),
                                 .rule = (uint8_t)rule,
                                 .keeps_default = constant == MOLT__NO_CONSTANT &&
                                                  is_enum_with_zero(plan, field->type),
                                 .before = field->type,
                                 .source = source + field->bit_offset / 8,
                                 .constant = constant,
                                 .forms = {molt__plan_field_form(plan->before, field)}});
}

void molt__emit_keep_defaults(MoltPlan *plan, uint32_t first)
{
    for (uint32_t o = first; o < plan->op_count; o++)
        plan->ops[o].keeps_default = true;
}

void molt__emit_unkept(MoltPlan *plan, uint32_t first)
{
    for (uint32_t o = first; o < plan->op_count; o++)
        plan->ops[o].unkept = true;
}

static const MoltType *owner_of(const MoltSchema *schema, const MoltField *field)
{
    uint32_t index = (uint32_t)(field - schema->tables.fields);
    for (MoltTypeId t = 0; t < schema->tables.type_count; t++) {
        const MoltType *type = molt_type(schema, t);
        if (type->kind == MOLT_KIND_STRUCT && index - type->first < type->count)
            return type;
    }
    return NULL;
}

/* A union with a tag goes arm by arm: pointers are kept as such, an arm's value may go on elsewhere, and
 * what stands behind a shorter arm means nothing. `source` is that of the struct. */
static bool drop_tagged(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                        const MoltField *field, uint64_t source)
{
    const MoltType *owner = NULL, *type = molt_type(plan->before, field->type);
    MoltUnionTag tag;
    if (type->kind == MOLT_KIND_UNION)
        owner = owner_of(plan->before, field);
    if (!owner || !molt__union_tag(plan->before, owner, field, &tag))
        return false;
    const MoltType *tags = molt_type(plan->before, tag.type);
    uint64_t at = source + field->bit_offset / 8;
    if (molt__emit_taken(plan, at * 8, (at + type->size) * 8) == MOLT__TAKEN_ALL)
        return true;
    uint32_t arms = molt__emit_body(plan, (MoltOp){.code = MOLT__OP_UNION,
                                                   .check = MOLT__NO_CHECK,
                                                   .tag = source + tag.offset,
                                                   .forms = {tag.form}});
    for (uint32_t e = tags->first; e <= tags->first + tags->count && !plan->failed; e++) {
        bool named = e < tags->first + tags->count;
        uint64_t value = named ? plan->before->tables.enumerators[e].value : 0;
        uint32_t arm =
            named ? molt__union_arm_of_value(plan->before, type, tags, value) : MOLT__NO_ARM;
        uint32_t body = molt__emit_body(plan, (MoltOp){.code = MOLT__OP_ARM,
                                                       .check = MOLT__NO_CHECK,
                                                       .tag = value,
                                                       .otherwise = !named});
        molt__emit_arm_base(plan, arm);
        if (arm != MOLT__NO_ARM)
            molt__emit_drop_field(plan, site, rule, &plan->before->tables.fields[arm], at);
        else
            drop_bytes(plan, site, rule, MOLT_NO_TYPE, at, type->size, MOLT__NO_CONSTANT);
        molt__emit_base_end(plan);
        molt__emit_keep_defaults(plan, body);
        if (!named)
            molt__emit_unkept(plan, body);
        molt__emit_body_end(plan, body);
    }
    molt__emit_body_end(plan, arms);
    return true;
}

void molt__emit_drop_field(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                           const MoltField *field, uint64_t source)
{
    const MoltNote *note = molt__plan_default(plan->before, field);
    if (field->flags & MOLT_FIELD_TRANSIENT)
        return; /* it would have become its default anyway */
    if (!note && drop_tagged(plan, site, rule, field, source))
        return;
    uint32_t constant = note ? note->constant : MOLT__NO_CONSTANT;
    if (field->flags & MOLT_FIELD_BITS) {
        drop_bits(plan, site, rule, field, source, constant);
        return;
    }
    if (note && molt__plan_value_kind(plan->before, field->type) == MOLT_KIND_POINTER) {
        uint64_t first = source * 8 + field->bit_offset;
        if (molt__emit_taken(plan, first, first + sizeof(uintptr_t) * 8) == MOLT__TAKEN_ALL)
            return;
        /* a string of its own is a live value */
        molt__emit_op(plan, (MoltOp){.code = MOLT__OP_DROP_BYTES,
                                     .has_string = true,
                                     .keeps_default = true,
                                     .check = molt__emit_check(plan, site),
                                     .rule = (uint8_t)rule,
                                     .before = field->type,
                                     .source = source + field->bit_offset / 8,
                                     .size = sizeof(uintptr_t),
                                     .constant = MOLT__NO_CONSTANT,
                                     .values = note->constant,
                                     .length = note->constant_size});
        return;
    }
    molt__emit_drop(plan, site, rule, field->type, source + field->bit_offset / 8, constant);
}

static void drop_fields(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                        const MoltType *type, uint64_t source, uint32_t constant)
{
    for (uint32_t f = 0; f < type->count; f++) {
        const MoltField *field = &plan->before->tables.fields[type->first + f];
        uint64_t offset = field->bit_offset / 8;
        if (constant == MOLT__NO_CONSTANT || field->flags & MOLT_FIELD_TRANSIENT)
            molt__emit_drop_field(plan, site, rule, field, source);
        else if (field->flags & MOLT_FIELD_BITS)
            drop_bits(plan, site, rule, field, source, MOLT__NO_CONSTANT);
        else
            molt__emit_drop(plan, site, rule, field->type, source + offset,
                            part_of(constant, offset));
    }
}

/* Elements of which none is taken. */
static void drop_run(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule, MoltTypeId elem,
                     uint64_t source, uint64_t count, uint32_t constant)
{
    const MoltType *type = molt_type(plan->before, elem);
    if (count == 0)
        return;
    if (constant != MOLT__NO_CONSTANT || type->kind == MOLT_KIND_INT) {
        drop_bytes(plan, site, rule, elem, source, count * type->size, constant);
        return;
    }
    uint32_t body = molt__emit_loop(plan, count, source, type->size, 0, 0);
    molt__emit_drop(plan, site, rule, elem, 0, MOLT__NO_CONSTANT);
    molt__emit_loop_end(plan, body);
}

void molt__emit_drop_elements(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                              MoltTypeId elem, uint64_t source, uint64_t count, uint32_t constant)
{
    uint64_t size = molt_type(plan->before, elem)->size, run = 0;
    bool any = molt__emit_taken(plan, source * 8, (source + count * size) * 8) != MOLT__TAKEN_NONE;
    for (uint64_t i = 0; any && i < count && !plan->failed; i++) {
        uint64_t at = source + i * size;
        if (molt__emit_taken(plan, at * 8, (at + size) * 8) == MOLT__TAKEN_NONE)
            continue;
        drop_run(plan, site, rule, elem, source + run * size, i - run,
                 part_of(constant, run * size));
        molt__emit_drop(plan, site, rule, elem, at, part_of(constant, i * size));
        run = i + 1;
    }
    drop_run(plan, site, rule, elem, source + run * size, count - run,
             part_of(constant, run * size));
}

void molt__emit_drop(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule, MoltTypeId before,
                     uint64_t source, uint32_t constant)
{
    const MoltType *type = molt_type(plan->before, before);
    MoltTakenPart taken = molt__emit_taken(plan, source * 8, (source + type->size) * 8);
    bool whole = constant != MOLT__NO_CONSTANT && taken == MOLT__TAKEN_NONE;
    if (taken == MOLT__TAKEN_ALL)
        return;
    if (!whole && type->kind == MOLT_KIND_STRUCT) {
        drop_fields(plan, site, rule, type, source, constant);
    } else if (!whole && molt_kind_is_sequence(type->kind)) {
        molt__emit_drop_elements(plan, site, rule, type->elem, source, type->length, constant);
    } else if (molt__plan_is_number(type) && constant == MOLT__NO_CONSTANT) {
        /* by value: long double has padding */
        molt__emit_op(plan, (MoltOp){.code = MOLT__OP_DROP_NUMBER,
                                     .check = molt__emit_check(plan, site),
                                     .rule = (uint8_t)rule,
                                     .before = before,
                                     .source = source,
                                     .constant = MOLT__NO_CONSTANT,
                                     .forms = {molt__plan_form(plan->before, before)}});
    } else {
        drop_bytes(plan, site, rule, before, source, type->size, constant);
    }
}
