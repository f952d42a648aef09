#include "plan_emit.h"

uint16_t molt__plan_value_kind(const MoltSchema *schema, MoltTypeId type)
{
    return molt_type(schema, molt_value_type(schema, type))->kind;
}

const MoltNote *molt__plan_default(const MoltSchema *schema, const MoltField *field)
{
    return molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_DEFAULT);
}

/* ---- elements of arrays that have a default ------------------------------------------------- */

/* The default of a field that is an array, MOLT__NO_CONSTANT where it has none. Text is one value, however
 * long. */
static uint32_t array_default(const MoltSchema *schema, const MoltField *field, uint64_t *size)
{
    const MoltType *type = molt_type(schema, field->type);
    const MoltNote *note = molt__plan_default(schema, field);
    if (!note || (type->kind != MOLT_KIND_ARRAY && type->kind != MOLT_KIND_VECTOR) ||
        molt_type(schema, type->elem)->flags & MOLT_TYPE_CHAR)
        return MOLT__NO_CONSTANT;
    *size = note->constant_size;
    return note->constant;
}

MoltEmitArray molt__emit_array_begin(MoltPlan *plan, const MoltField *was, const MoltField *is,
                                     uint64_t source, uint64_t destination)
{
    MoltEmitArray outer = plan->array;
    plan->array = (MoltEmitArray){.frame = plan->frame,
                                  .base_depth = plan->base_depth,
                                  .source = source,
                                  .destination = destination,
                                  .had = MOLT__NO_CONSTANT,
                                  .has = MOLT__NO_CONSTANT};
    if (was)
        plan->array.had = array_default(plan->before, was, &plan->array.had_size);
    if (is)
        plan->array.has = array_default(plan->after, is, &plan->array.has_size);
    return outer;
}

void molt__emit_array_end(MoltPlan *plan, MoltEmitArray outer)
{
    plan->array = outer;
}

/* Offsets are from the start of the array's holder, not of a loop's element or of another struct. */
static bool is_in_array(const MoltPlan *plan)
{
    return plan->array.frame == plan->frame && plan->array.base_depth == plan->base_depth;
}

uint32_t molt__emit_old_default(const MoltPlan *plan, uint64_t source, uint64_t size)
{
    const MoltEmitArray *array = &plan->array;
    uint64_t offset = source - array->source;
    if (!is_in_array(plan) || array->had == MOLT__NO_CONSTANT || size > array->had_size ||
        offset > array->had_size - size)
        return MOLT__NO_CONSTANT;
    return array->had + (uint32_t)offset;
}

/* True where the default of the array says what these bytes of it are. */
static bool emit_annotated(MoltPlan *plan, uint64_t destination, uint64_t size)
{
    const MoltEmitArray *array = &plan->array;
    uint64_t offset = destination - array->destination;
    if (!is_in_array(plan) || array->has == MOLT__NO_CONSTANT || size > array->has_size ||
        offset > array->has_size - size)
        return false;
    if (size > 0)
        molt__emit_op(plan, (MoltOp){.code = MOLT__OP_CONSTANT,
                                     .check = MOLT__NO_CHECK,
                                     .destination = destination,
                                     .size = size,
                                     .constant = array->has + (uint32_t)offset});
    return true;
}

bool molt__emit_rows_differ(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    if ((plan->array.had == MOLT__NO_CONSTANT && plan->array.has == MOLT__NO_CONSTANT) ||
        !is_in_array(plan) || was->kind != MOLT_KIND_ARRAY || is->kind != MOLT_KIND_ARRAY)
        return false;
    return was->length != is->length || molt__emit_rows_differ(plan, was->elem, is->elem);
}

void molt__emit_new_elements(MoltPlan *plan, MoltTypeId elem, uint64_t destination, uint64_t count)
{
    uint64_t stride = molt_type(plan->after, elem)->size;
    if (count == 0 || emit_annotated(plan, destination, count * stride))
        return;
    uint32_t body = molt__emit_loop(plan, count, 0, 0, destination, stride);
    molt__emit_default(plan, elem, 0);
    molt__emit_loop_end(plan, body);
}

/* ---- fields and types ----------------------------------------------------------------------- */

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
    if (emit_annotated(plan, destination, type->size))
        return;
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
