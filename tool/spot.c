#include "spot.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void add_text(char *buffer, size_t size, const char *text, size_t length)
{
    size_t used = strlen(buffer), room = size - 1 - used;
    length = length < room ? length : room;
    memcpy(buffer + used, text, length);
    buffer[used + length] = '\0';
}

MoltSpot molt__spot_member(const MoltSchema *schema, const MoltSpot *outer, uint32_t field)
{
    const MoltField *f = &schema->tables.fields[field];
    const char *name = molt_string(schema, f->name);
    MoltSpot spot = {.field = field, .type = f->type, .bit_offset = f->bit_offset};
    if (outer != NULL) {
        add_text(spot.path, sizeof spot.path, outer->path, strlen(outer->path));
        add_text(spot.path, sizeof spot.path, ".", 1);
        spot.bit_offset += outer->bit_offset;
    }
    add_text(spot.path, sizeof spot.path, name, strlen(name));
    bool bits = (f->flags & MOLT_FIELD_BITS) != 0;
    spot.bit_size = bits ? f->bit_width : 8 * molt_type(schema, f->type)->size;
    return spot;
}

MoltSpot molt__spot_elements(const MoltSchema *schema, const MoltSpot *outer, uint64_t first,
                             uint64_t count)
{
    char index[64];
    MoltTypeId type = molt_type(schema, outer->type)->elem;
    uint64_t bits = 8 * molt_type(schema, type)->size;
    MoltSpot spot = *outer;
    spot.type = type;
    spot.elements = count;
    spot.bit_offset += first * bits;
    spot.bit_size = count * bits;
    if (count == 1) {
        snprintf(index, sizeof index, "[%llu]", (unsigned long long)first);
    } else {
        snprintf(index, sizeof index, "[%llu..%llu]", (unsigned long long)first,
                 (unsigned long long)(first + count - 1));
    }
    add_text(spot.path, sizeof spot.path, index, strlen(index));
    return spot;
}

static bool find_in(const MoltSchema *schema, const MoltSpot *spot, uint64_t bit, uint32_t field,
                    MoltTypeId element, MoltSpot *out)
{
    const MoltType *type = molt_type(schema, spot->type);
    bool is_it = field != UINT32_MAX ? spot->elements == 0 && spot->field == field
                                     : spot->elements == 1 && spot->type == element;
    if (spot->bit_offset == bit && is_it) {
        *out = *spot;
        return true;
    }
    if (bit < spot->bit_offset || bit - spot->bit_offset >= spot->bit_size) {
        return false;
    }
    if (type->kind == MOLT_KIND_ARRAY) {
        uint64_t size = 8 * molt_type(schema, type->elem)->size;
        MoltSpot inner = molt__spot_elements(schema, spot, (bit - spot->bit_offset) / size, 1);
        return find_in(schema, &inner, bit, field, element, out);
    }
    bool found = false;
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    for (uint32_t f = type->first; record && !found && f < type->first + type->count; f++) {
        MoltSpot inner = molt__spot_member(schema, spot, f);
        found = find_in(schema, &inner, bit, field, element, out);
    }
    return found;
}

bool molt__spot_find(const MoltSchema *schema, MoltTypeId type, uint64_t bit, uint32_t field,
                     MoltTypeId element, MoltSpot *out)
{
    const MoltType *record = molt_type(schema, type);
    bool found = false;
    for (uint32_t f = record->first; !found && f < record->first + record->count; f++) {
        MoltSpot spot = molt__spot_member(schema, NULL, f);
        found = find_in(schema, &spot, bit, field, element, out);
    }
    return found;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Where the declaration has the name: the type may have it too, but before it. */
static const char *last_word(const char *text, const char *name)
{
    const char *found = NULL;
    size_t length = strlen(name);
    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + 1, name)) {
        if ((at == text || !in_word(at[-1])) && !in_word(at[length])) {
            found = at;
        }
    }
    return found;
}

void molt__spot_declare(const MoltSchema *schema, const MoltSpot *spot, char *buffer, size_t size)
{
    char text[300];
    MoltField field = schema->tables.fields[spot->field];
    const char *name = molt_string(schema, field.name);
    if (spot->elements > 0) {
        field.type = spot->type;
    }
    molt_schema_declare(schema, &field, text, sizeof text);
    const char *at = last_word(text, name);
    buffer[0] = '\0';
    if (at == NULL) {
        add_text(buffer, size, text, strlen(text));
        return;
    }
    add_text(buffer, size, text, (size_t)(at - text));
    add_text(buffer, size, spot->path, strlen(spot->path));
    add_text(buffer, size, at + strlen(name), strlen(at + strlen(name)));
}
