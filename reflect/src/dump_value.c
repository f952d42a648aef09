#include "dump_value.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "code_target.h"
#include "dump_constant.h"
#include "dump_path.h"
#include "molt/globals.h"
#include "number_text.h"
#include "utf8.h"

/* ---- text and bytes -------------------------------------------------------------------------- */

static void put_bytes(MoltDump *dump, const unsigned char *bytes, uint64_t size)
{
    molt__json_put_literal(&dump->out, "{\"bytes\":");
    molt__json_put_hex(&dump->out, bytes, size);
    molt__json_put_char(&dump->out, '}');
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
    size_t i = 0;
    for (uint64_t word; size - i >= sizeof word; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        if (word != 0)
            return false;
    }
    while (i < size && bytes[i] == 0)
        i++;
    return i == size;
}

static bool is_utf8(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint64_t word;
        if (length - i >= sizeof word) {
            memcpy(&word, bytes + i, sizeof word);
            if ((word & 0x8080808080808080u) == 0) {
                i += sizeof word;
                continue;
            }
        }
        size_t step = molt__utf8_length(bytes + i, length - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

/* A string says everything about bytes that are UTF-8, then a NUL, then nothing but zeros. */
void molt__dump_text(MoltDump *dump, const unsigned char *bytes, uint64_t size)
{
    const unsigned char *end = size > 0 ? memchr(bytes, 0, (size_t)size) : NULL;
    size_t length = end ? (size_t)(end - bytes) : 0;
    if (size == 0)
        molt__json_put_literal(&dump->out, "\"\"");
    else if (end && is_zero(end, (size_t)size - length) && is_utf8(bytes, length))
        molt__json_put_string(&dump->out, (const char *)bytes, length);
    else
        put_bytes(dump, bytes, size);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void put_bool(MoltDump *dump, uint64_t value)
{
    if (value > 1)
        molt__json_put_number(&dump->out, value, false);
    else if (value == 1)
        molt__json_put_literal(&dump->out, "true");
    else
        molt__json_put_literal(&dump->out, "false");
}

static void put_float(MoltDump *dump, const MoltType *type, const unsigned char *bytes)
{
    bool quad = type->size == 16 && (type->flags & MOLT_TYPE_BINARY_FLOAT) != 0;
    char *to = molt__json_room(&dump->out, MOLT__NUMBER_TEXT + 2);
    size_t length;
    MoltFloatText form = MOLT__FLOAT_UNKNOWN;
    if (!quad || LDBL_MANT_DIG == 113) /* else as large as a long double, and something else */
        form = molt__float_text(bytes, (size_t)type->size, to + 1, &length);
    if (form == MOLT__FLOAT_UNKNOWN) {
        put_bytes(dump, bytes, type->size);
    } else if (form == MOLT__FLOAT_NUMBER) {
        memmove(to, to + 1, length);
        molt__json_take(&dump->out, length);
    } else {
        to[0] = to[length + 1] = '"';
        molt__json_take(&dump->out, length + 2);
    }
}

static uint64_t sign_extend(uint64_t value, uint32_t width)
{
    if (width == 0 || width >= 64 || (value >> (width - 1) & 1u) == 0)
        return value;
    return value | ~(((uint64_t)1 << width) - 1);
}

/* `width` bits from bit `offset` on, by the little-endian numbering that the schema's ABI has. */
static uint64_t read_bits(const unsigned char *object, uint64_t offset, uint32_t width)
{
    uint64_t value = 0;
    for (uint32_t done = 0; done < width;) {
        uint64_t at = offset + done;
        uint32_t skip = (uint32_t)(at % 8);
        uint32_t take = 8 - skip < width - done ? 8 - skip : width - done;
        uint64_t part = (uint64_t)object[at / 8] >> skip & (((uint64_t)1 << take) - 1);
        value |= part << done;
        done += take;
    }
    return value;
}

static uint64_t read_word(const unsigned char *bytes, uint64_t size, bool is_signed)
{
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    uint64_t large;
    switch (size) {
    case 1: memcpy(&byte, bytes, 1); return is_signed ? (uint64_t)(int8_t)byte : byte;
    case 2: memcpy(&half, bytes, 2); return is_signed ? (uint64_t)(int16_t)half : half;
    case 4: memcpy(&word, bytes, 4); return is_signed ? (uint64_t)(int32_t)word : word;
    case 8: memcpy(&large, bytes, 8); return large;
    default: {
        uint64_t value = read_bits(bytes, 0, size > 8 ? 64 : (uint32_t)size * 8);
        return is_signed ? sign_extend(value, (uint32_t)size * 8) : value;
    }
    }
}

/* ---- enums ----------------------------------------------------------------------------------- */

static bool is_single_bit(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Bits of the storage that a value can have: a negative value must not count its sign extension as
 * flags beyond the storage. */
static uint64_t storage_mask(const MoltType *type)
{
    return type->size >= 8 ? UINT64_MAX : ((uint64_t)1 << type->size * 8) - 1;
}

/* "A|C|0x40": single bits by name, then enumerators of several bits that the rest contains whole,
 * then what has no name. */
static void put_flags(MoltDump *dump, const MoltType *type, uint64_t value)
{
    const MoltEnumerator *enumerators = dump->schema->tables.enumerators;
    uint64_t mask = storage_mask(type), rest = value & mask;
    bool any = false;
    molt__json_put_char(&dump->out, '"');
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = type->first; i < type->first + type->count && rest != 0; i++) {
            uint64_t bits = enumerators[i].value & mask;
            if (is_single_bit(bits) != (pass == 0) || bits == 0 || (rest & bits) != bits)
                continue;
            if (any)
                molt__json_put_char(&dump->out, '|');
            molt__dump_put(dump, dump->forms.names[i]);
            rest &= ~bits;
            any = true;
        }
    }
    if (rest != 0) {
        char number[MOLT__NUMBER_TEXT];
        int length =
            snprintf(number, sizeof number, "%s0x%llx", any ? "|" : "", (unsigned long long)rest);
        molt__json_put(&dump->out, number, (size_t)length);
    }
    molt__json_put_char(&dump->out, '"');
}

static void put_enum(MoltDump *dump, MoltTypeId id, uint64_t value)
{
    const MoltType *type = molt_type(dump->schema, id);
    const MoltDumpForm *form = &dump->forms.types[id];
    if ((type->flags & MOLT_TYPE_FLAGS) != 0 && value != 0) {
        put_flags(dump, type, value);
        return;
    }
    uint32_t found = molt__dump_enum_value(&dump->forms, form, value);
    if (found == UINT32_MAX) {
        molt__json_put_number(&dump->out, value, (type->flags & MOLT_TYPE_SIGNED) != 0);
        return;
    }
    molt__json_put_char(&dump->out, '"');
    molt__dump_put(dump, dump->forms.names[dump->forms.values[form->values + found].enumerator]);
    molt__json_put_char(&dump->out, '"');
}

static void put_bit_field(MoltDump *dump, const MoltDumpValue *value, const unsigned char *object)
{
    const MoltField *field = &dump->schema->tables.fields[value->field];
    const MoltType *type = molt_type(dump->schema, value->type);
    uint64_t word = read_bits(object, field->bit_offset, field->bit_width);
    if (value->is_signed)
        word = sign_extend(word, field->bit_width);
    if (type->kind == MOLT_KIND_BOOL)
        put_bool(dump, word);
    else if (type->kind == MOLT_KIND_ENUM)
        put_enum(dump, value->type, word);
    else
        molt__json_put_number(&dump->out, word, value->is_signed);
}

/* ---- pointers -------------------------------------------------------------------------------- */

/* The path from the block to what is pointed at; most pointers lead to an object or an element. */
static void put_place(MoltDump *dump, const MoltPlace *place, MoltTypeId pointee)
{
    const MoltBlock *block = &place->block;
    bool whole = place->offset == 0 && pointee == block->type && block->header == 0;
    if (whole && place->element == 0)
        return;
    if (whole && block->capacity > 1) {
        molt__json_put_literal(&dump->out, ",\"at\":\"[");
        molt__json_put_number(&dump->out, place->element, false);
        molt__json_put_literal(&dump->out, "]\"");
        return;
    }
    MoltDumpPath at;
    molt__dump_path(dump->schema, place, pointee, &at);
    if (at.length > 0) {
        molt__json_put_literal(&dump->out, ",\"at\":");
        molt__json_put_string(&dump->out, at.text, at.length);
    }
}

static void put_reference(MoltDump *dump, const MoltPlace *place, MoltTypeId pointee)
{
    molt__json_put_literal(&dump->out, "{\"ref\":\"");
    molt__dump_put(dump, dump->forms.types[place->block.type].name);
    molt__json_put_char(&dump->out, ':');
    molt__json_put_number(&dump->out, place->block.serial, false);
    molt__json_put_char(&dump->out, '"');
    put_place(dump, place, pointee);
    molt__json_put_char(&dump->out, '}');
}

void molt__dump_name(MoltDump *dump, const char *file, const char *name)
{
    if (file && file[0] != '\0') {
        molt__json_put_escaped(&dump->out, file, strlen(file));
        molt__json_put_char(&dump->out, ':');
    }
    molt__json_put_escaped(&dump->out, name, strlen(name));
}

static void put_named(MoltDump *dump, const MoltCodeTarget *target)
{
    MoltJsonWriter *out = &dump->out;
    if (target->kind == MOLT_CODE_LITERAL) {
        molt__json_put_literal(out, "{\"literal\":");
        size_t length = strlen(target->bytes);
        if (length > 0 && length + 1 < target->size) /* also one that ends with several zeros */
            put_bytes(dump, (const unsigned char *)target->bytes, target->size);
        else
            molt__dump_text(dump, (const unsigned char *)target->bytes, target->size);
    } else {
        if (target->kind == MOLT_CODE_DATA)
            molt__json_put_literal(out, "{\"data\":\"");
        else
            molt__json_put_literal(out, "{\"code\":\"");
        molt__dump_name(dump, target->file, target->name);
        molt__json_put_char(out, '"');
    }
    if (target->offset != 0) {
        molt__json_put_literal(out, ",\"at\":");
        molt__json_put_number(out, target->offset, false);
    }
    molt__json_put_char(out, '}');
}

static void put_outside(MoltDump *dump, uintptr_t address, MoltTypeId pointee)
{
    const MoltCodeMap *code = dump->code;
    uintptr_t mirror = molt_heap_mirror(dump->heap, address, pointee);
    MoltCodeTarget target = {.kind = MOLT_CODE_FUNCTION};
    MoltPlace place;
    if (mirror != 0) {
        molt_heap_locate(dump->heap, (const void *)mirror, &place); /* NOLINT: in the mirror */
        put_reference(dump, &place, pointee);
    } else if (!code || address < code->begin || address >= code->end) {
        molt__json_put_literal(&dump->out, "{\"foreign\":true}");
    } else if (!molt__code_describe(code, dump->schema, pointee, address, &target)) {
        molt__json_put_literal(&dump->out, "{\"unnamed\":true}");
    } else {
        put_named(dump, &target);
        if (dump->constants && target.kind == MOLT_CODE_DATA && target.size > 0)
            molt__dump_add_constant(dump, address, pointee, &target);
    }
}

void molt__dump_pointer(MoltDump *dump, const void *address, MoltTypeId pointee)
{
    MoltPlace place;
    if (!address) {
        molt__json_put_literal(&dump->out, "null");
        return;
    }
    molt_heap_locate(dump->heap, address, &place);
    if (place.kind == MOLT_PLACE_BLOCK)
        put_reference(dump, &place, pointee);
    else if (place.kind == MOLT_PLACE_FREE)
        molt__json_put_literal(&dump->out, "{\"dangling\":true}");
    else
        put_outside(dump, (uintptr_t)address, pointee);
}

/* What it holds is no part of the state, so a state says the same in this process, in a file and in the
 * process that loads it; of this process alone is the address. */
static void put_external(MoltDump *dump, const void *address)
{
    molt__json_put_literal(&dump->out, "{\"external\":true");
    if (dump->addresses && address) {
        char text[40];
        int length = snprintf(text, sizeof text, ",\"addr\":\"0x%llx\"",
                              (unsigned long long)(uintptr_t)address);
        molt__json_put(&dump->out, text, (size_t)length);
    }
    molt__json_put_char(&dump->out, '}');
}

static void put_pointer(MoltDump *dump, const MoltDumpValue *value, const unsigned char *bytes)
{
    void *address;
    memcpy(&address, bytes, sizeof address);
    if (value->external)
        put_external(dump, address);
    else
        molt__dump_pointer(dump, address, molt_type(dump->schema, value->type)->elem);
}

/* ---- what holds others ----------------------------------------------------------------------- */

/* Keys begin with a comma, which the first one does not need. */
static MoltDumpText first_key(const MoltDumpMember *member)
{
    return (MoltDumpText){member->key.at + 1, member->key.length - 1};
}

static void put_struct(MoltDump *dump, const MoltType *type, const unsigned char *bytes)
{
    const MoltDumpMember *members = dump->forms.members + type->first;
    molt__json_put_char(&dump->out, '{');
    for (uint32_t i = 0; i < type->count && !molt__dump_failed(dump); i++) {
        molt__dump_put(dump, i > 0 ? members[i].key : first_key(&members[i]));
        molt__dump_value(dump, &members[i].value, bytes);
    }
    molt__json_put_char(&dump->out, '}');
}

uint32_t molt__dump_arm(const MoltDumpForms *forms, const MoltDumpValue *value,
                        const unsigned char *object)
{
    const MoltDumpChoice *choice = &forms->choices[value->choice];
    const MoltDumpForm *tag = &forms->types[choice->tag.type];
    uint64_t word = molt__number_bits(&choice->tag.form, object + choice->tag.offset);
    uint32_t found = molt__dump_enum_value(forms, tag, word);
    return found == UINT32_MAX ? MOLT__NO_ARM : forms->arms[choice->arms + found];
}

static void put_union(MoltDump *dump, const MoltDumpValue *value, const unsigned char *object)
{
    const unsigned char *bytes = object + value->at;
    uint32_t arm = molt__dump_arm(&dump->forms, value, object);
    if (arm == MOLT__NO_ARM) {
        put_bytes(dump, bytes, molt_type(dump->schema, value->type)->size);
        return;
    }
    const MoltDumpMember *member = &dump->forms.members[arm];
    molt__json_put_char(&dump->out, '{');
    molt__dump_put(dump, first_key(member));
    molt__dump_value(dump, &member->value, bytes);
    molt__json_put_char(&dump->out, '}');
}

static void put_list(MoltDump *dump, const MoltDumpValue *value, const unsigned char *bytes)
{
    const MoltType *type = molt_type(dump->schema, value->type);
    bool flexible = (type->flags & MOLT_TYPE_FLEXIBLE) != 0 && type->kind == MOLT_KIND_ARRAY;
    uint64_t length = flexible && !value->external ? dump->tail : type->length;
    uint64_t size = molt_type(dump->schema, type->elem)->size;
    MoltDumpValue element = dump->forms.types[type->elem].value;
    if (value->external)
        molt__dump_make_external(&element);
    molt__json_put_char(&dump->out, '[');
    for (uint64_t i = 0; i < length && !molt__dump_failed(dump); i++) {
        if (i > 0)
            molt__json_put_char(&dump->out, ',');
        molt__dump_value(dump, &element, bytes + i * size);
    }
    molt__json_put_char(&dump->out, ']');
}

static void put_char_array(MoltDump *dump, const MoltType *type, const unsigned char *bytes)
{
    bool flexible = (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
    molt__dump_text(dump, bytes, flexible ? dump->tail : type->length);
}

void molt__dump_value(MoltDump *dump, const MoltDumpValue *value, const unsigned char *object)
{
    const MoltType *type = molt_type(dump->schema, value->type);
    const unsigned char *bytes = object + value->at;
    switch ((MoltDumpCode)value->code) {
    case MOLT__DUMP_INTEGER:
        molt__json_put_number(&dump->out, read_word(bytes, type->size, value->is_signed),
                              value->is_signed);
        break;
    case MOLT__DUMP_WIDE: {
        char *to = molt__json_room(&dump->out, MOLT__NUMBER_TEXT);
        molt__json_take(&dump->out,
                        molt__integer_text(bytes, (size_t)type->size, value->is_signed, to));
        break;
    }
    case MOLT__DUMP_BOOL: put_bool(dump, read_word(bytes, type->size, false)); break;
    case MOLT__DUMP_FLOAT: put_float(dump, type, bytes); break;
    case MOLT__DUMP_ENUM:
        put_enum(dump, value->type, read_word(bytes, type->size, value->is_signed));
        break;
    case MOLT__DUMP_BITS: put_bit_field(dump, value, object); break;
    case MOLT__DUMP_POINTER: put_pointer(dump, value, bytes); break;
    case MOLT__DUMP_TEXT: put_char_array(dump, type, bytes); break;
    case MOLT__DUMP_LIST: put_list(dump, value, bytes); break;
    case MOLT__DUMP_STRUCT: put_struct(dump, type, bytes); break;
    case MOLT__DUMP_UNION: put_union(dump, value, object); break;
    case MOLT__DUMP_BYTES: put_bytes(dump, bytes, type->size); break;
    }
}
