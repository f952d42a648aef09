#include "value_text.h"

#include <stdio.h>
#include <string.h>

#include "number_text.h"

enum { TEXT_SHOWN = 40, BYTES_SHOWN = 8 };

/* ---- names ------------------------------------------------------------------------------------ */

static void add_name(char *text, size_t room, const char *name)
{
    size_t used = strlen(text);
    snprintf(text + used, room - used, "%s%s", used > 0 ? "|" : "", name);
}

/* Single bits first, as in dumps; what has no name stays a number. */
static void write_flags(const MoltSchema *schema, const MoltType *type, uint64_t value, char *text,
                        size_t room)
{
    const MoltEnumerator *items = schema->tables.enumerators + type->first;
    uint64_t mask = type->size >= 8 ? UINT64_MAX : ((uint64_t)1 << type->size * 8) - 1;
    uint64_t rest = value & mask;
    text[0] = '\0';
    for (int several = 0; several < 2; several++) {
        for (uint32_t e = 0; e < type->count; e++) {
            uint64_t bits = items[e].value & mask;
            bool single = bits != 0 && (bits & (bits - 1)) == 0;
            if (bits == 0 || single != (several == 0) || (rest & bits) != bits)
                continue;
            add_name(text, room, molt_string(schema, items[e].name));
            rest &= ~bits;
        }
    }
    char number[32];
    snprintf(number, sizeof number, "0x%llx", (unsigned long long)rest);
    if (rest != 0)
        add_name(text, room, number);
}

void molt__value_number(const MoltMigration *m, MoltTypeId type, const MoltNumberForm *form,
                        const unsigned char *bytes, char *text, size_t room)
{
    const MoltSchema *schema = m->plan->before;
    const MoltType *t = molt_type(schema, molt_value_type(schema, type));
    uint64_t value = t->kind == MOLT_KIND_ENUM ? molt__number_bits(form, bytes) : 0;
    if (t->kind == MOLT_KIND_ENUM && t->flags & MOLT_TYPE_FLAGS && value != 0) {
        write_flags(schema, t, value, text, room);
        return;
    }
    for (uint32_t e = t->first; t->kind == MOLT_KIND_ENUM && e < t->first + t->count; e++) {
        const MoltEnumerator *item = &schema->tables.enumerators[e];
        if (item->value == value) {
            snprintf(text, room, "%s", molt_string(schema, item->name));
            return;
        }
    }
    char decimal[MOLT__NUMBER_TEXT];
    size_t length;
    if (form->class == MOLT__FLOAT &&
        molt__float_text(bytes, form->size, decimal, &length) == MOLT__FLOAT_NUMBER)
        snprintf(text, room, "%s", decimal);
    else if (form->class == MOLT__BOOL)
        snprintf(text, room, "%s", molt__number_is_zero(form, bytes) ? "false" : "true");
    else
        molt__number_text(form, bytes, text, room);
}

/* ---- text and bytes --------------------------------------------------------------------------- */

static void write_text(const char *bytes, uint64_t size, char *text, size_t room)
{
    uint64_t length = molt__text_length(bytes, size);
    uint64_t shown = length < TEXT_SHOWN ? length : TEXT_SHOWN;
    size_t used = 0;
    text[used++] = '"';
    for (uint64_t i = 0; i < shown && used + 8 < room; i++)
        text[used++] = (unsigned char)bytes[i] < ' ' ? '.' : bytes[i];
    snprintf(text + used, room - used, "%s\"", length > shown ? "..." : "");
}

static void write_bytes(const unsigned char *bytes, uint64_t size, char *text, size_t room)
{
    size_t used = (size_t)snprintf(text, room, "%llu bytes,", (unsigned long long)size);
    for (uint64_t i = 0; i < size && i < BYTES_SHOWN && used + 8 < room; i++)
        used += (size_t)snprintf(text + used, room - used, " %02x", bytes[i]);
    snprintf(text + used, room - used, "%s", size > BYTES_SHOWN ? "..." : "");
}

/* ---- pointers --------------------------------------------------------------------------------- */

static void write_pointer(const MoltMigration *m, const unsigned char *bytes, char *text,
                          size_t room)
{
    uintptr_t value;
    MoltPlace place;
    MoltCodeTarget target;
    memcpy(&value, bytes, sizeof value);
    molt_heap_locate(m->heap, (const void *)value, &place); /* NOLINT: an address from the state */
    if (place.kind == MOLT_PLACE_BLOCK) {
        const MoltType *type = molt_type(m->plan->before, place.block.type);
        const char *chars = (const char *)place.block.start + place.element;
        if (type->flags & MOLT_TYPE_CHAR)
            write_text(chars, place.block.count - place.element, text, room);
        else
            snprintf(text, room, "a pointer to %s:%llu",
                     molt_type_name(m->plan->before, place.block.type),
                     (unsigned long long)place.block.serial);
    } else if (m->code && value - m->code->begin < m->code->end - m->code->begin &&
               m->code->describe(m->code->context, value, &target)) {
        if (target.kind == MOLT_CODE_LITERAL)
            write_text(target.bytes, target.size, text, room);
        else
            snprintf(text, room, "%s", target.name);
    } else {
        snprintf(text, room, "the address 0x%llx", (unsigned long long)value);
    }
}

/* ---- one value -------------------------------------------------------------------------------- */

static bool is_zero(const unsigned char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

void molt__value_text(const MoltMigration *m, MoltTypeId type, const unsigned char *bytes,
                      uint64_t size, char *text, size_t room)
{
    const MoltSchema *schema = m->plan->before;
    const MoltType *t =
        type == MOLT_NO_TYPE ? NULL : molt_type(schema, molt_value_type(schema, type));
    while (t && t->kind == MOLT_KIND_ARRAY)
        t = molt_type(schema, t->elem);
    uint64_t each = t && t->size > 0 ? t->size : size;
    uint64_t at = 0;
    while (at + each < size && is_zero(bytes + at, each))
        at += each;
    bytes += at;
    bool number = t && (t->kind == MOLT_KIND_INT || t->kind == MOLT_KIND_FLOAT ||
                        t->kind == MOLT_KIND_BOOL || t->kind == MOLT_KIND_ENUM);
    if (t && t->flags & MOLT_TYPE_CHAR && size > 1) {
        write_text((const char *)bytes, size - at, text, room);
    } else if (t && t->kind == MOLT_KIND_POINTER) {
        write_pointer(m, bytes, text, room);
    } else if (number) {
        MoltTypeId id = (MoltTypeId)(t - schema->tables.types);
        MoltNumberForm form = molt__plan_form(schema, id);
        molt__value_number(m, id, &form, bytes, text, room);
    } else {
        write_bytes(bytes, size - at, text, room);
    }
}
