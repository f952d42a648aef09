/* Where an address that the host holds is in the new state. */
#include "descent.h"
#include "globals_map.h"
#include "migration.h"

/* The outermost old type that begins at `offset` of a `type`; MOLT_NO_TYPE where none is sure to. */
static MoltTypeId type_at(const MoltSchema *schema, MoltTypeId type, uint64_t offset)
{
    while (offset > 0) {
        const MoltType *t = molt_type(schema, type);
        if (t->kind == MOLT_KIND_ARRAY && t->length > 0) {
            type = t->elem;
            offset %= molt_type(schema, type)->size;
        } else if (t->kind == MOLT_KIND_STRUCT) {
            uint32_t f = molt__descent_field(schema, t, offset, MOLT_NO_TYPE);
            if (f == MOLT__NO_FIELD || schema->tables.fields[f].bit_offset % 8 != 0)
                return MOLT_NO_TYPE;
            offset -= schema->tables.fields[f].bit_offset / 8;
            type = schema->tables.fields[f].type;
        } else {
            return MOLT_NO_TYPE;
        }
    }
    return type;
}

/* What the state has at an address; MOLT_NO_TYPE where it has nothing. */
static MoltTypeId pointee_of(const MoltMigration *m, const void *address)
{
    const MoltSchema *schema = m->plan->before;
    MoltPlace place;
    uint32_t field;
    uint64_t offset;
    molt_heap_locate(m->heap, address, &place);
    if (place.kind == MOLT_PLACE_BLOCK) {
        if (place.block.header > 0 && place.offset >= place.block.header)
            return MOLT_NO_TYPE; /* in the array of a flexible struct */
        return type_at(schema, place.block.type, place.offset);
    }
    if (place.kind == MOLT_PLACE_FREE || !m->globals.next ||
        !molt__globals_find(m->heap->globals, (uintptr_t)address, MOLT_NO_TYPE, &field, &offset))
        return MOLT_NO_TYPE;
    return type_at(schema, molt__globals_field(m->heap->globals, field)->type, offset);
}

static uintptr_t follow_code(const MoltMigration *m, uintptr_t address)
{
    MoltCodeTarget target;
    return m->code->describe(m->code->context, address, &target)
               ? m->code->resolve(m->code->context, &target)
               : 0;
}

bool molt_migrate_follow(MoltMigration *m, const void *address, void **out)
{
    uintptr_t value = (uintptr_t)address, moved = value;
    MoltTypeId pointee = pointee_of(m, address);
    MoltTypeId after = pointee != MOLT_NO_TYPE ? m->plan->types[pointee].after : MOLT_NO_TYPE;
    bool inside = value - m->heap->base < m->heap->granule_count << MOLT__GRANULE_SHIFT;
    if (pointee != MOLT_NO_TYPE) {
        MoltOp op = {.code = MOLT__OP_POINTER,
                     .check = MOLT__NO_CHECK,
                     .before = pointee,
                     .after = after,
                     .pointee_ok = true};
        m->mode =
            MOLT__RUN_VALUE; /* what a rule says of it is for the caller, not for the report */
        m->value_lost = m->value_refused = false;
        moved = after != MOLT_NO_TYPE ? molt__relocate(m, &op, value, 0) : 0;
        m->mode = MOLT__RUN_STATE;
        if (m->value_lost || m->value_refused)
            moved = 0;
    } else if (inside) {
        moved = 0;
    } else if (m->code && value - m->code->begin < m->code->end - m->code->begin) {
        moved = follow_code(m, value);
    }
    *out = (void *)moved; /* NOLINT: an address of the new state */
    return moved != 0 || value == 0;
}
