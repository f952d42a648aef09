/* Numbers, bool, enums and bit-fields of an import. */
#include <float.h>
#include <stdio.h>
#include <string.h>

#include "import_state.h"
#include "number_read.h"
#include "number_text.h"

/* ---- bits ------------------------------------------------------------------------------------ */

/* By the little-endian numbering that the schema's ABI has. */
void molt__import_store_bits(unsigned char *object, uint64_t offset, uint32_t width, uint64_t value)
{
    for (uint32_t done = 0; done < width;) {
        uint64_t at = offset + done;
        uint32_t skip = (uint32_t)(at % 8);
        uint32_t take = 8 - skip < width - done ? 8 - skip : width - done;
        unsigned mask = ((1u << take) - 1) << skip;
        unsigned part = (unsigned)(value >> done) << skip & mask;
        object[at / 8] = (unsigned char)((object[at / 8] & ~mask) | part);
        done += take;
    }
}

/* Whether a 64-bit value is one that `width` bits hold. */
static bool fits(uint64_t value, uint32_t width, bool is_signed)
{
    if (width >= 64)
        return true;
    if (!is_signed)
        return value >> width == 0;
    uint64_t upper = value >> (width - 1); /* the sign and its extension */
    return upper == 0 || upper == UINT64_MAX >> (width - 1);
}

/* ---- integers -------------------------------------------------------------------------------- */

static bool fail_range(MoltImport *import, MoltJsonText number, const char *type, uint32_t width,
                       bool is_signed)
{
    char least[MOLT__NUMBER_TEXT] = "0", most[MOLT__NUMBER_TEXT];
    if (width > 64)
        return molt__json_fail(&import->reader, MOLT_INVALID, "%.*s does not fit %.200s",
                               number.length > 60 ? 60 : (int)number.length, number.bytes, type);
    uint64_t all = width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
    uint64_t top = is_signed ? all >> 1 : all;
    molt__word_text(top, false, most);
    if (is_signed)
        molt__word_text(~top, true, least);
    return molt__json_fail(&import->reader, MOLT_INVALID, "%.*s does not fit %.200s, %s to %s",
                           number.length > 60 ? 60 : (int)number.length, number.bytes, type, least,
                           most);
}

/* An integer of `width` bits, for `type` in messages. */
static bool read_integer(MoltImport *import, const MoltType *type, uint32_t width,
                         unsigned char value[16])
{
    MoltJsonText number;
    bool is_signed = (type->flags & MOLT_TYPE_SIGNED) != 0;
    const char *name = molt_string(import->schema, type->name);
    if (!molt__json_number(&import->reader, &number))
        return false;
    switch (molt__integer_read(number.bytes, number.length, width, is_signed, value)) {
    case MOLT__NUMBER_READ: return true;
    case MOLT__NUMBER_NOT_WHOLE:
        return molt__json_fail(&import->reader, MOLT_INVALID,
                               "%.*s is no whole number in plain digits, as %.200s needs",
                               number.length > 60 ? 60 : (int)number.length, number.bytes, name);
    default: return fail_range(import, number, name, width, is_signed);
    }
}

bool molt__import_integer(MoltImport *import, const MoltType *type, unsigned char *bytes)
{
    unsigned char value[16];
    if (!read_integer(import, type, (uint32_t)type->size * 8, value))
        return false;
    molt__integer_store(value, (size_t)type->size, bytes);
    return true;
}

/* true, false, or the number of a byte that is neither; up to `most`. */
static bool read_bool(MoltImport *import, uint64_t most, uint64_t *out)
{
    MoltJsonText number;
    unsigned char value[16];
    bool truth;
    if (molt__json_peek(&import->reader) != MOLT__JSON_NUMBER) {
        if (!molt__json_bool(&import->reader, &truth))
            return false;
        *out = truth;
        return true;
    }
    if (!molt__json_number(&import->reader, &number))
        return false;
    if (molt__integer_read(number.bytes, number.length, 64, false, value) != MOLT__NUMBER_READ ||
        molt__integer_word(value) > most)
        return molt__json_fail(&import->reader, MOLT_INVALID,
                               "bool is true or false, or its byte as a number up to %llu",
                               (unsigned long long)most);
    *out = molt__integer_word(value);
    return true;
}

bool molt__import_bool(MoltImport *import, unsigned char *bytes)
{
    uint64_t value = 0;
    if (!read_bool(import, UINT8_MAX, &value))
        return false;
    bytes[0] = (unsigned char)value;
    return true;
}

/* ---- enums ----------------------------------------------------------------------------------- */

static const MoltEnumerator *find_enumerator(const MoltImport *import, const MoltType *type,
                                             MoltJsonText name)
{
    const MoltEnumerator *enumerators = import->schema->tables.enumerators + type->first;
    for (uint32_t i = 0; i < type->count; i++) {
        if (molt__json_is(name, molt_string(import->schema, enumerators[i].name)))
            return &enumerators[i];
    }
    return NULL;
}

/* Bits without a name: "0x40". */
static bool read_hex(MoltJsonText text, uint64_t *out)
{
    *out = 0;
    if (text.length < 3 || text.length > 18 || memcmp(text.bytes, "0x", 2) != 0)
        return false;
    for (size_t i = 2; i < text.length; i++) {
        char c = text.bytes[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return false;
        *out = *out << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

static uint64_t extend(const MoltType *type, uint64_t value)
{
    uint32_t width = (uint32_t)type->size * 8;
    if ((type->flags & MOLT_TYPE_SIGNED) == 0 || width >= 64 || (value >> (width - 1) & 1u) == 0)
        return value;
    return value | ~(((uint64_t)1 << width) - 1);
}

/* One name, or several of a set of bits with | between them. */
static bool read_names(MoltImport *import, const MoltType *type, uint64_t *out)
{
    MoltJsonText text;
    bool flags = (type->flags & MOLT_TYPE_FLAGS) != 0;
    if (!molt__json_string(&import->reader, &text))
        return false;
    *out = 0;
    for (size_t at = 0; at <= text.length;) {
        const char *bar = flags ? memchr(text.bytes + at, '|', text.length - at) : NULL;
        size_t end = bar ? (size_t)(bar - text.bytes) : text.length;
        MoltJsonText name = {text.bytes + at, end - at};
        const MoltEnumerator *found = find_enumerator(import, type, name);
        uint64_t bits = found ? found->value : 0;
        if (!found && !(flags && read_hex(name, &bits)))
            return molt__json_fail(&import->reader, MOLT_INVALID,
                                   "%.200s has no enumerator called %.*s",
                                   molt_string(import->schema, type->name),
                                   name.length > 200 ? 200 : (int)name.length, name.bytes);
        *out |= bits;
        at = end + 1;
    }
    *out = extend(type, *out);
    return true;
}

/* Names or a number, as a value that `width` bits hold. */
static bool read_enum(MoltImport *import, const MoltType *type, uint32_t width, uint64_t *out)
{
    bool is_signed = (type->flags & MOLT_TYPE_SIGNED) != 0;
    unsigned char value[16];
    if (molt__json_peek(&import->reader) == MOLT__JSON_NUMBER) {
        if (!read_integer(import, type, width, value))
            return false;
        *out = molt__integer_word(value);
        return true;
    }
    if (!read_names(import, type, out))
        return false;
    return fits(*out, width, is_signed) ||
           molt__json_fail(&import->reader, MOLT_INVALID,
                           "the value of this enumerator needs more than %u bits", width);
}

bool molt__import_enum(MoltImport *import, const MoltType *type, unsigned char *bytes)
{
    uint64_t value;
    uint32_t width = type->size >= 8 ? 64 : (uint32_t)type->size * 8;
    if (!read_enum(import, type, width, &value))
        return false;
    molt__import_store_bits(bytes, 0, width, value);
    return true;
}

bool molt__import_bit_field(MoltImport *import, const MoltField *field, unsigned char *object)
{
    const MoltType *type = molt_type(import->schema, field->type);
    uint32_t width = field->bit_width;
    unsigned char bytes[16];
    uint64_t value;
    bool good;
    if (type->kind == MOLT_KIND_BOOL) {
        good = read_bool(import, 1, &value);
    } else if (type->kind == MOLT_KIND_ENUM) {
        good = read_enum(import, type, width, &value);
    } else {
        good = read_integer(import, type, width, bytes);
        value = good ? molt__integer_word(bytes) : 0;
    }
    if (good)
        molt__import_store_bits(object, field->bit_offset, width, value);
    return good;
}

/* ---- floats ---------------------------------------------------------------------------------- */

bool molt__import_float(MoltImport *import, const MoltType *type, unsigned char *bytes)
{
    MoltJsonReader *reader = &import->reader;
    MoltJsonKind kind = molt__json_peek(reader);
    const char *name = molt_string(import->schema, type->name);
    MoltNumberRead result;
    MoltJsonText text;
    size_t size = (size_t)type->size;
    bool quad = size == 16 && (type->flags & MOLT_TYPE_BINARY_FLOAT) != 0;
    bool known = size == sizeof(float) || size == sizeof(double) || size == sizeof(long double);
    /* A type that this machine does not compute with, or as large as a long double and another one. */
    if (!known || (quad && LDBL_MANT_DIG != 113))
        return molt__import_raw(import, bytes, type->size);
    if (kind == MOLT__JSON_STRING) {
        if (!molt__json_string(reader, &text))
            return false;
        result = molt__float_word_read(text.bytes, text.length, size, bytes);
    } else {
        if (!molt__json_number(reader, &text))
            return false;
        result = molt__float_read(text.bytes, text.length, size, bytes);
    }
    switch (result) {
    case MOLT__NUMBER_READ: return true;
    case MOLT__NUMBER_NO_MEMORY:
        return molt__json_fail(reader, MOLT_OUT_OF_MEMORY, "no memory for a number");
    case MOLT__NUMBER_OUT_OF_RANGE:
        return molt__json_fail(reader, MOLT_INVALID, "%.*s is too large for %.200s",
                               text.length > 60 ? 60 : (int)text.length, text.bytes, name);
    default:
        return molt__json_fail(reader, MOLT_INVALID,
                               "%.200s is a number, or one of the words \"NaN\", \"Infinity\", "
                               "\"-Infinity\" and \"NaN(0x...)\" with all its bits, not \"%.*s\"",
                               name, text.length > 60 ? 60 : (int)text.length, text.bytes);
    }
}
