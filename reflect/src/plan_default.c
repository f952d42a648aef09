#include "plan_emit.h"

uint16_t molt__plan_value_kind(const MoltSchema *schema, MoltTypeId type)
{
    return molt_type(schema, molt_value_type(schema, type))->kind;
}

const MoltNote *molt__plan_default(const MoltSchema *schema, const MoltField *field)
{
    return molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_DEFAULT);
}

void molt__emit_field_default(MoltPlan *plan, const MoltField *field, uint64_t destination)
{
    uint32_t index = (uint32_t)(field - plan->after->tables.fields);
    if (molt__emit_moved(plan, index, MOLT__NO_FIELD, destination) ||
        molt__emit_moved_union(plan, field, destination))
        return;
    molt__emit_plain_default(plan, field, destination);
}

void molt__emit_plain_default(MoltPlan *plan, const MoltField *field, uint64_t destination)
{
    const MoltNote *note = molt__plan_default(plan->after, field);
    uint64_t at = destination + field->bit_offset / 8;
    if (!note) {
        if (!(field->flags & MOLT_FIELD_BITS))
            molt__emit_default(plan, field->type, at);
        return;
    }
    MoltOp op = {.code = MOLT__OP_CONSTANT,
                 .check = MOLT__NO_CHECK,
                 .destination = at,
                 .size = note->constant_size,
                 .constant = note->constant};
    if (field->flags & MOLT_FIELD_BITS) {
        op.code = MOLT__OP_CONSTANT_BITS;
        op.forms[1] = molt__plan_field_form(plan->after, field);
    } else if (molt__plan_value_kind(plan->after, field->type) == MOLT_KIND_POINTER) {
        op.code = MOLT__OP_CONSTANT_STRING;
    }
    molt__emit_op(plan, op);
}

/* The default instance of a type: destinations are zero already, so only annotations count. */
void molt__emit_default(MoltPlan *plan, MoltTypeId after, uint64_t destination)
{
    const MoltType *type = molt_type(plan->after, after);
    if (molt_kind_is_sequence(type->kind)) {
        molt__emit_default_elements(plan, type->elem, destination, type->length);
    } else if (type->kind == MOLT_KIND_STRUCT) {
        MoltEmitFrame frame;
        molt__emit_enter(plan, &frame, MOLT_NO_TYPE, after, 0, destination);
        for (uint32_t f = 0; f < type->count; f++)
            molt__emit_field_default(plan, &plan->after->tables.fields[type->first + f],
                                     destination);
        molt__emit_leave(plan);
    }
}
