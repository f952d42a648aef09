#include "plan_emit.h"

void molt__emit_drop_field(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                           const MoltField *field, uint64_t source)
{
    const MoltNote *note = molt__plan_default(plan->before, field);
    uint32_t constant = note ? note->constant : MOLT__NO_CONSTANT;
    if (field->flags & MOLT_FIELD_BITS) {
        molt__emit_op(plan, (MoltOp){.code = MOLT__OP_DROP_NUMBER,
                                     .check = molt__emit_check(plan, site),
                                     .rule = (uint8_t)rule,
                                     .source = source + field->bit_offset / 8,
                                     .constant = constant,
                                     .forms = {molt__plan_field_form(plan->before, field)}});
        return;
    }
    if (note && molt__plan_value_kind(plan->before, field->type) == MOLT_KIND_POINTER) {
        /* a string of its own is a live value */
        molt__emit_op(plan, (MoltOp){.code = MOLT__OP_DROP_BYTES,
                                     .has_string = true,
                                     .check = molt__emit_check(plan, site),
                                     .rule = (uint8_t)rule,
                                     .source = source + field->bit_offset / 8,
                                     .size = sizeof(uintptr_t),
                                     .constant = MOLT__NO_CONSTANT});
        return;
    }
    molt__emit_drop(plan, site, rule, field->type, source + field->bit_offset / 8, constant);
}

void molt__emit_drop(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule, MoltTypeId before,
                     uint64_t source, uint32_t constant)
{
    const MoltType *type = molt_type(plan->before, before);
    if (constant == MOLT__NO_CONSTANT && type->kind == MOLT_KIND_STRUCT) {
        for (uint32_t f = 0; f < type->count; f++)
            molt__emit_drop_field(plan, site, rule, &plan->before->tables.fields[type->first + f],
                                  source);
        return;
    }
    if (constant == MOLT__NO_CONSTANT && molt_kind_is_sequence(type->kind) &&
        molt_type(plan->before, type->elem)->kind != MOLT_KIND_INT) {
        uint32_t body = molt__emit_loop(plan, type->length, source,
                                        molt_type(plan->before, type->elem)->size, 0, 0);
        molt__emit_drop(plan, site, rule, type->elem, 0, MOLT__NO_CONSTANT);
        molt__emit_loop_end(plan, body);
        return;
    }
    MoltOp op = {.code = MOLT__OP_DROP_BYTES,
                 .check = molt__emit_check(plan, site),
                 .rule = (uint8_t)rule,
                 .source = source,
                 .size = type->size,
                 .constant = constant};
    if (molt__plan_is_number(type) && constant == MOLT__NO_CONSTANT) {
        op.code = MOLT__OP_DROP_NUMBER; /* long double has padding */
        op.forms[0] = molt__plan_form(plan->before, before);
    }
    molt__emit_op(plan, op);
}
