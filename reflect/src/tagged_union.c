#include "tagged_union.h"

#include <string.h>

static bool is_called(const MoltSchema *schema, uint32_t name, const char *wanted)
{
    return strcmp(molt_string(schema, name), wanted) == 0;
}

bool molt__union_tag(const MoltSchema *schema, const MoltType *owner, const MoltField *field,
                     MoltUnionTag *out)
{
    if (owner->kind != MOLT_KIND_STRUCT || molt_type(schema, field->type)->kind != MOLT_KIND_UNION)
        return false;
    const MoltNote *note =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_TAG);
    if (!note)
        return false;
    for (uint32_t f = owner->first; f < owner->first + owner->count; f++) {
        const MoltField *tag = &schema->tables.fields[f];
        MoltTypeId id = molt_value_type(schema, tag->type);
        const MoltType *type = molt_type(schema, id);
        if (type->kind != MOLT_KIND_ENUM ||
            !is_called(schema, tag->name, molt_string(schema, note->text)))
            continue;
        bool bits = (tag->flags & MOLT_FIELD_BITS) != 0;
        *out = (MoltUnionTag){
            .type = id,
            .field = f,
            .offset = tag->bit_offset / 8,
            .form = {.class = type->flags & MOLT_TYPE_SIGNED ? MOLT__SIGNED : MOLT__UNSIGNED,
                     .size = (uint32_t)type->size,
                     .shift = bits ? (uint32_t)(tag->bit_offset % 8) : 0,
                     .width = tag->bit_width}};
        return true;
    }
    return false;
}

uint32_t molt__union_arm(const MoltSchema *schema, const MoltType *type, const MoltType *tag,
                         uint32_t enumerator)
{
    const char *name = molt_string(schema, schema->tables.enumerators[enumerator].name);
    uint32_t place = type->first + (enumerator - tag->first), found = MOLT__NO_ARM;
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *arm = &schema->tables.fields[f];
        const MoltNote *note =
            molt_schema_note(schema, arm->note_first, arm->note_count, MOLT_NOTE_ARM);
        if (note && is_called(schema, note->text, name))
            return f;
        if (!note && f == place)
            found = f;
    }
    return found;
}

uint32_t molt__union_arm_of_value(const MoltSchema *schema, const MoltType *type,
                                  const MoltType *tag, uint64_t value)
{
    for (uint32_t e = tag->first; e < tag->first + tag->count; e++) {
        if (schema->tables.enumerators[e].value != value)
            continue;
        uint32_t arm = molt__union_arm(schema, type, tag, e);
        if (arm != MOLT__NO_ARM)
            return arm;
    }
    return MOLT__NO_ARM;
}

uint32_t molt__union_active(const MoltSchema *schema, const MoltUnionTag *tag,
                            const MoltField *field, const unsigned char *object)
{
    uint64_t value = molt__number_bits(&tag->form, object + tag->offset);
    return molt__union_arm_of_value(schema, molt_type(schema, field->type),
                                    molt_type(schema, tag->type), value);
}
