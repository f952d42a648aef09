/* Defaults of members that an imported text does not have. */
#include <string.h>

#include "import_state.h"

static bool fill_type(MoltImport *import, MoltTypeId id, unsigned char *bytes)
{
    const MoltType *type = molt_type(import->schema, id);
    if (type->kind == MOLT_KIND_STRUCT) {
        for (uint32_t i = 0; i < type->count; i++) {
            if (!molt__import_default(import, &import->schema->tables.fields[type->first + i],
                                      bytes))
                return false;
        }
    } else if (type->kind == MOLT_KIND_ARRAY &&
               molt_type(import->schema, type->elem)->kind != MOLT_KIND_INT) {
        uint64_t size = molt_type(import->schema, type->elem)->size;
        bool flexible = (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
        uint64_t length = flexible ? import->object->count : type->length;
        for (uint64_t i = 0; i < length; i++) {
            if (!fill_type(import, type->elem, bytes + i * size))
                return false;
        }
    }
    return true;
}

bool molt__import_default(MoltImport *import, const MoltField *field, unsigned char *object)
{
    const MoltType *type = molt_type(import->schema, molt_value_type(import->schema, field->type));
    const MoltNote *note =
        molt_schema_note(import->schema, field->note_first, field->note_count, MOLT_NOTE_DEFAULT);
    unsigned char *bytes = object + field->bit_offset / 8;
    if (!note || note->constant_size == 0)
        return (field->flags & MOLT_FIELD_BITS) != 0 || fill_type(import, field->type, bytes);
    const unsigned char *constant = import->schema->tables.constants + note->constant;
    if ((field->flags & MOLT_FIELD_BITS) != 0) {
        uint64_t value = 0;
        memcpy(&value, constant, note->constant_size < 8 ? note->constant_size : 8);
        molt__import_store_bits(object, field->bit_offset, field->bit_width, value);
    } else if (type->kind == MOLT_KIND_POINTER) {
        const char *text = molt__import_text(import, (const char *)constant, note->constant_size);
        if (!text)
            return false;
        memcpy(bytes, &text, sizeof text);
    } else {
        memcpy(bytes, constant,
               note->constant_size < type->size ? note->constant_size : type->size);
    }
    return true;
}
