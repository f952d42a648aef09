#include "plan_emit.h"

/* The place of a part in the default of the whole; bit-fields have no bytes of their own there. */
static uint32_t part_of(uint32_t constant, uint64_t offset)
{
    return constant == MOLT__NO_CONSTANT ? constant : constant + (uint32_t)offset;
}

static bool is_enum_with_zero(const MoltPlan *plan, MoltTypeId id)
{
    const MoltType *type = molt_type(plan->before, id);
    bool found = false;
    for (uint32_t e = 0; type->kind == MOLT_KIND_ENUM && !found && e < type->count; e++)
        found = plan->before->tables.enumerators[type->first + e].value == 0;
    return found && (type->flags & MOLT_TYPE_FLAGS) == 0;
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
                                 .named_zero = constant == MOLT__NO_CONSTANT &&
                                               is_enum_with_zero(plan, field->type),
                                 .source = source + field->bit_offset / 8,
                                 .constant = constant,
                                 .forms = {molt__plan_field_form(plan->before, field)}});
}

void molt__emit_drop_field(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                           const MoltField *field, uint64_t source)
{
    const MoltNote *note = molt__plan_default(plan->before, field);
    uint32_t constant = note ? note->constant : MOLT__NO_CONSTANT;
    if (field->flags & MOLT_FIELD_TRANSIENT)
        return; /* it would have become its default anyway */
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
                                     .check = molt__emit_check(plan, site),
                                     .rule = (uint8_t)rule,
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

/* `type` is that of the value, or of the elements. */
static void drop_bytes(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule, MoltTypeId type,
                       uint64_t source, uint64_t size, uint32_t constant)
{
    uint16_t kind = molt_type(plan->before, type)->kind;
    MoltOp op = {.code = MOLT__OP_DROP_BYTES,
                 .unkept =
                     kind == MOLT_KIND_UNION && molt__plan_arms_have_pointers(plan->before, type),
                 .named_zero = constant == MOLT__NO_CONSTANT && is_enum_with_zero(plan, type),
                 .check = molt__emit_check(plan, site),
                 .rule = (uint8_t)rule,
                 .source = source,
                 .size = size,
                 .constant = constant};
    if (molt__plan_is_number(molt_type(plan->before, type)))
        op.forms[0] = molt__plan_form(plan->before, type); /* for messages */
    molt__emit_op(plan, op);
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
                                     .source = source,
                                     .constant = MOLT__NO_CONSTANT,
                                     .forms = {molt__plan_form(plan->before, before)}});
    } else {
        drop_bytes(plan, site, rule, before, source, type->size, constant);
    }
}
