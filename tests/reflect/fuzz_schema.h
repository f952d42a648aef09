/* Two schemas out of a fuzzer's bytes: the first is what records of fixed size say, the second the same
 * records after patches of single bytes, so that one mutation is one edit. It must never know states
 * or what is done with the schemas. */
#ifndef MOLT_TEST_FUZZ_SCHEMA_H
#define MOLT_TEST_FUZZ_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "molt/builder.h"

enum { FUZZ_STRUCTS = 4, FUZZ_FIELDS = 7, FUZZ_ENUMS = 2, FUZZ_PATCHES = 16 };

typedef struct FuzzField {
    uint8_t name, kind, target, length, columns, bits, note, argument;
} FuzzField;

typedef struct FuzzStruct {
    uint8_t name, form, count, note;
    FuzzField fields[FUZZ_FIELDS];
} FuzzStruct;

typedef struct FuzzEnum {
    uint8_t form, count, names[6];
} FuzzEnum;

/* All a schema says; any bytes are one. */
typedef struct FuzzRecords {
    FuzzStruct structs[FUZZ_STRUCTS]; /* a struct holds by value only later ones */
    FuzzEnum enums[FUZZ_ENUMS];
} FuzzRecords;

typedef struct FuzzPatch {
    uint8_t what, value;
    uint16_t at;
} FuzzPatch;

static inline void fuzz_patch(FuzzRecords *records, const FuzzPatch *patch)
{
    uint8_t *bytes = (uint8_t *)records;
    FuzzStruct *owner = &records->structs[patch->at % FUZZ_STRUCTS];
    FuzzField *field = &owner->fields[patch->at / FUZZ_STRUCTS % FUZZ_FIELDS];
    FuzzField *other = &owner->fields[patch->value % FUZZ_FIELDS], kept = *field;
    switch (patch->what % 4) {
    case 1: bytes[patch->at % sizeof *records] = patch->value; break;
    case 2:
        *field = *other;
        *other = kept;
        break;
    case 3: /* renamed, and annotated */
        field->argument = field->name;
        field->name = patch->value;
        field->note = 5;
        break;
    default: break;
    }
}

/* ---- types ----------------------------------------------------------------------------------- */

typedef struct FuzzMaker {
    MoltBuilder *builder;
    const FuzzRecords *records;
    MoltTypeId structs[FUZZ_STRUCTS], enums[FUZZ_ENUMS];
} FuzzMaker;

static inline MoltTypeId fuzz_add(MoltBuilder *builder, const char *name, MoltType type)
{
    MoltTypeId known = molt_builder_find_type(builder, name);
    if (known != MOLT_NO_TYPE)
        return known;
    type.name = molt_builder_string(builder, name);
    return molt_builder_add_type(builder, &type);
}

static inline const char *fuzz_name_of(MoltBuilder *builder, MoltTypeId id)
{
    static const char *const numbered[] = {"S0", "S1", "S2", "S3", "S4", "S5"};
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++)
        if (molt_builder_find_type(builder, numbered[i]) == id)
            return numbered[i];
    return NULL;
}

static inline MoltTypeId fuzz_number(MoltBuilder *builder, uint32_t which)
{
    enum { S = MOLT_TYPE_SIGNED, B = MOLT_TYPE_BINARY_FLOAT };
    static const struct {
        const char *name;
        uint16_t kind, flags;
        uint32_t size;
    } numbers[] = {{"bool", MOLT_KIND_BOOL, 0, 1},          {"signed char", MOLT_KIND_INT, S, 1},
                   {"short", MOLT_KIND_INT, S, 2},          {"int", MOLT_KIND_INT, S, 4},
                   {"long", MOLT_KIND_INT, S, 8},           {"float", MOLT_KIND_FLOAT, B, 4},
                   {"double", MOLT_KIND_FLOAT, B, 8},       {"unsigned char", MOLT_KIND_INT, 0, 1},
                   {"unsigned short", MOLT_KIND_INT, 0, 2}, {"unsigned int", MOLT_KIND_INT, 0, 4},
                   {"unsigned long", MOLT_KIND_INT, 0, 8},  {"long double", MOLT_KIND_FLOAT, 0, 16},
                   {"__int128", MOLT_KIND_INT, S, 16}};
    which %= sizeof numbers / sizeof *numbers;
    return fuzz_add(builder, numbers[which].name,
                    (MoltType){.kind = numbers[which].kind,
                               .flags = numbers[which].flags,
                               .size = numbers[which].size,
                               .align = numbers[which].size,
                               .elem = MOLT_NO_TYPE});
}

static inline MoltTypeId fuzz_character(MoltBuilder *builder)
{
    return fuzz_add(builder, "char",
                    (MoltType){.kind = MOLT_KIND_INT,
                               .flags = MOLT_TYPE_SIGNED | MOLT_TYPE_CHAR,
                               .size = 1,
                               .align = 1,
                               .elem = MOLT_NO_TYPE});
}

static inline MoltTypeId fuzz_pointer(MoltBuilder *builder, const char *name, MoltTypeId to)
{
    return fuzz_add(builder, name,
                    (MoltType){.kind = MOLT_KIND_POINTER, .size = 8, .align = 8, .elem = to});
}

static inline MoltTypeId fuzz_function(MoltBuilder *builder, uint32_t which)
{
    MoltTypeId nothing = fuzz_add(
        builder, "void", (MoltType){.kind = MOLT_KIND_VOID, .align = 1, .elem = MOLT_NO_TYPE});
    MoltTypeId params[1] = {fuzz_number(builder, 3)};
    const char *name = which % 2 ? "void (int)" : "void (void)";
    bool known = molt_builder_find_type(builder, name) != MOLT_NO_TYPE;
    MoltTypeId id = fuzz_add(builder, name,
                             (MoltType){.kind = MOLT_KIND_FUNCTION, .align = 1, .elem = nothing});
    if (!known && which % 2)
        molt_builder_set_params(builder, id, params, 1);
    return fuzz_pointer(builder, which % 2 ? "void (*)(int)" : "void (*)(void)", id);
}

/* A sequence of `length` elements called `name`. */
static inline MoltTypeId fuzz_sequence(MoltBuilder *builder, const char *name, uint16_t kind,
                                       MoltTypeId elem, uint64_t length)
{
    const MoltType of = *molt_builder_type(builder, elem);
    uint64_t size = of.size * length;
    return fuzz_add(builder, name,
                    (MoltType){.kind = kind,
                               .flags = length == 0 ? MOLT_TYPE_FLEXIBLE : 0,
                               .size = size,
                               .align = kind == MOLT_KIND_VECTOR ? (uint32_t)size : of.align,
                               .elem = elem,
                               .length = length});
}

static inline MoltTypeId fuzz_struct_pointer(FuzzMaker *maker, uint32_t which, bool twice)
{
    MoltTypeId to = maker->structs[which % FUZZ_STRUCTS];
    char name[16];
    snprintf(name, sizeof name, "%s *", fuzz_name_of(maker->builder, to));
    MoltTypeId id = fuzz_pointer(maker->builder, name, to);
    if (!twice)
        return id;
    snprintf(name, sizeof name, "%s **", fuzz_name_of(maker->builder, to));
    return fuzz_pointer(maker->builder, name, id);
}

/* Type of a field without its dimensions. `owner`: index of the struct that declares it. */
static inline MoltTypeId fuzz_base(FuzzMaker *maker, const FuzzField *field, uint32_t owner)
{
    MoltBuilder *builder = maker->builder;
    switch (field->kind % 27) {
    case 13: return fuzz_character(builder);
    case 14: return fuzz_pointer(builder, "char *", fuzz_character(builder));
    case 15: return fuzz_struct_pointer(maker, field->target, false);
    case 16:
        return fuzz_pointer(
            builder, "void *",
            fuzz_add(builder, "void",
                     (MoltType){.kind = MOLT_KIND_VOID, .align = 1, .elem = MOLT_NO_TYPE}));
    case 17: return fuzz_function(builder, field->target);
    case 18:
    case 19:
        if (owner + 1 >= FUZZ_STRUCTS)
            return fuzz_number(builder, field->target);
        return maker->structs[owner + 1 + field->target % (FUZZ_STRUCTS - 1 - owner)];
    case 20: return maker->enums[field->target % FUZZ_ENUMS];
    case 21:
        return field->target % 2 ? fuzz_sequence(builder, "_Atomic int", MOLT_KIND_ATOMIC,
                                                 fuzz_number(builder, 3), 1)
                                 : fuzz_sequence(builder, "_Atomic unsigned long", MOLT_KIND_ATOMIC,
                                                 fuzz_number(builder, 10), 1);
    case 22:
        return field->target % 2 ? fuzz_sequence(builder, "float complex", MOLT_KIND_COMPLEX,
                                                 fuzz_number(builder, 5), 2)
                                 : fuzz_sequence(builder, "double complex", MOLT_KIND_COMPLEX,
                                                 fuzz_number(builder, 6), 2);
    case 23:
        return field->target % 2
                   ? fuzz_sequence(builder, "float4", MOLT_KIND_VECTOR, fuzz_number(builder, 5), 4)
                   : fuzz_sequence(builder, "int2", MOLT_KIND_VECTOR, fuzz_number(builder, 3), 2);
    case 24: return fuzz_struct_pointer(maker, field->target, true);
    case 25: return fuzz_pointer(builder, "int *", fuzz_number(builder, 3));
    case 26:
        return fuzz_pointer(
            builder, "Hidden *",
            fuzz_add(builder, "Hidden",
                     (MoltType){.kind = MOLT_KIND_OPAQUE, .align = 1, .elem = MOLT_NO_TYPE}));
    default: return fuzz_number(builder, field->kind % 27);
    }
}

static inline MoltTypeId fuzz_array(FuzzMaker *maker, MoltTypeId elem, const char *base,
                                    const uint32_t *lengths, uint32_t depth)
{
    char name[64];
    int at = snprintf(name, sizeof name, "%s", base);
    for (uint32_t d = 0; d < depth; d++)
        at += snprintf(name + at, sizeof name - (size_t)at, "[%u]", lengths[d]);
    if (depth == 0)
        return elem;
    MoltTypeId row = fuzz_array(maker, elem, base, lengths + 1, depth - 1);
    return fuzz_sequence(maker->builder, name, MOLT_KIND_ARRAY, row, lengths[0]);
}

/* Arrays are called after what their records say, so that both schemas call them alike. */
static inline MoltTypeId fuzz_type(FuzzMaker *maker, const FuzzField *field, uint32_t owner)
{
    MoltTypeId elem = fuzz_base(maker, field, owner);
    uint32_t lengths[2], depth = 0, kind = field->kind % 27;
    const char *name = fuzz_name_of(maker->builder, elem);
    char base[24];
    if (field->length % 8 > 4 || field->kind % 27 == 13)
        lengths[depth++] = 1 + field->length / 8 % (field->length > 250 ? 300 : 9);
    if (field->columns > 230)
        lengths[depth++] = 1 + field->columns % 4;
    if (kind == 15 || kind == 24)
        name = fuzz_name_of(maker->builder, maker->structs[field->target % FUZZ_STRUCTS]);
    if (name)
        snprintf(base, sizeof base, "%s %u", name, kind);
    else
        snprintf(base, sizeof base, "%u %u", kind, field->target % 2u);
    return fuzz_array(maker, elem, base, lengths, depth);
}

/* ---- annotations ----------------------------------------------------------------------------- */

static inline uint32_t fuzz_field_name(MoltBuilder *builder, uint8_t name)
{
    const char text[2] = {(char)('a' + name % 12), '\0'};
    return molt_builder_string(builder, text);
}

static inline MoltNote fuzz_default(MoltBuilder *builder, const MoltType *type,
                                    const FuzzField *field, bool bits)
{
    unsigned char bytes[4096];
    memset(bytes, field->argument, sizeof bytes);
    if (type->kind == MOLT_KIND_POINTER)
        memcpy(bytes, "\0\0\0\0\0\0\0", 8);
    uint32_t size = bits ? 8 : (uint32_t)type->size;
    if (type->kind != MOLT_KIND_POINTER &&
        (type->kind == MOLT_KIND_STRUCT || type->size > sizeof bytes))
        size = 0;
    return (MoltNote){.kind = MOLT_NOTE_DEFAULT,
                      .text = molt_builder_string(builder, "it"),
                      .constant = molt_builder_add_constant(builder, bytes, size),
                      .constant_size = size};
}

static inline uint32_t fuzz_notes(FuzzMaker *maker, const FuzzField *field, const MoltType *type,
                                  bool bits, MoltNote notes[2])
{
    static const char *const words[] = {"trunc", "round", "saturate", "truncate"};
    static const char *const arms[] = {"E0", "E1", "E2", "E3"};
    static const char *const paths[] = {"^.a", "^.b.c", "a.b", "c[1]", "^.d[0].a", "b"};
    static const char *const along[] = {"0", "1", "31", "x"};
    static const uint16_t plain[] = {MOLT_NOTE_REQUIRED, MOLT_NOTE_TRANSIENT, MOLT_NOTE_EXTERNAL};
    MoltBuilder *builder = maker->builder;
    uint8_t argument = field->argument;
    uint32_t name = fuzz_field_name(builder, argument);
    switch (field->note % 24) {
    case 5: notes[0] = (MoltNote){.kind = MOLT_NOTE_WAS, .text = name}; return 1;
    case 6: notes[0] = fuzz_default(builder, type, field, bits); return 1;
    case 7:
        notes[0] = (MoltNote){.kind = MOLT_NOTE_CONVERT,
                              .text = molt_builder_string(builder, words[argument % 4])};
        return 1;
    case 8: notes[0] = (MoltNote){.kind = MOLT_NOTE_COUNT, .text = name}; return 1;
    case 9: notes[0] = (MoltNote){.kind = plain[argument % 3]}; return 1;
    case 10:
        notes[0] = (MoltNote){.kind = MOLT_NOTE_MOVED,
                              .text = molt_builder_string(builder, paths[argument % 6])};
        return 1;
    case 11:
        notes[0] = (MoltNote){.kind = MOLT_NOTE_INDEX,
                              .text = molt_builder_string(builder, argument % 2 ? "E" : "F")};
        notes[1] = (MoltNote){.kind = MOLT_NOTE_ALONG,
                              .text = molt_builder_string(builder, along[argument / 2 % 4])};
        return argument % 16 < 8 ? 1 : 2;
    case 12:
        notes[0] = (MoltNote){.kind = MOLT_NOTE_TAG, .text = name};
        return type->kind == MOLT_KIND_UNION; /* of nothing else it is refused */
    case 13:
        notes[0] = (MoltNote){.kind = MOLT_NOTE_ARM,
                              .text = molt_builder_string(builder, arms[argument % 4])};
        return 1;
    case 14:
        notes[0] = (MoltNote){.kind = MOLT_NOTE_WAS, .text = name};
        notes[1] = (MoltNote){.kind = MOLT_NOTE_WAS, .text = fuzz_field_name(builder, field->bits)};
        return 2;
    case 15:
        notes[0] = (MoltNote){.kind = MOLT_NOTE_WAS, .text = name};
        notes[1] = fuzz_default(builder, type, field, bits);
        return 2;
    default: return 0;
    }
}

/* ---- layout ---------------------------------------------------------------------------------- */

static inline uint64_t fuzz_round(uint64_t value, uint64_t to)
{
    return (value + to - 1) / to * to;
}

/* Where the compiler would put it; *bit is where the field before ended. */
static inline uint64_t fuzz_place(uint64_t *bit, const MoltType *type, uint32_t bits, bool in_union)
{
    uint64_t unit = (uint64_t)type->align * 8, at = in_union ? 0 : *bit;
    if (bits == 0)
        at = fuzz_round(at, unit);
    else if (at / unit != (at + bits - 1) / unit)
        at = fuzz_round(at, unit);
    uint64_t end = at + (bits > 0 ? bits : type->size * 8);
    *bit = end > *bit ? end : *bit;
    return at;
}

static inline bool fuzz_is_integer(const MoltType *type)
{
    return (type->kind == MOLT_KIND_INT || type->kind == MOLT_KIND_BOOL ||
            type->kind == MOLT_KIND_ENUM) &&
           type->size <= 8;
}

static inline void fuzz_fields(FuzzMaker *maker, uint32_t index)
{
    const FuzzStruct *record = &maker->records->structs[index];
    MoltBuilder *builder = maker->builder;
    bool in_union = index > 0 && record->form % 4 == 1;
    MoltField fields[FUZZ_FIELDS] = {0};
    uint32_t count = 0, wanted = record->count % (FUZZ_FIELDS + 1), names = 0, align = 1;
    uint64_t bit = 0;
    for (uint32_t f = 0; f < wanted; f++) {
        const FuzzField *field = &record->fields[f];
        MoltTypeId id = fuzz_type(maker, field, index);
        const MoltType type = *molt_builder_type(builder, id);
        uint32_t bits = 0, bit_of_name = 1u << field->name % 12;
        MoltNote notes[2];
        if ((names & bit_of_name) != 0 || type.size == 0)
            continue;
        if (!in_union && field->bits > 200 && fuzz_is_integer(&type))
            bits = type.kind == MOLT_KIND_BOOL ? 1 : 1 + field->bits % (uint32_t)(type.size * 8);
        if (index == 0 && f + 1 == wanted && count > 0 && record->form % 4 == 2 && bits == 0)
            id = fuzz_sequence(builder, "tail[]", MOLT_KIND_ARRAY, id, 0);
        uint32_t note_count = fuzz_notes(maker, field, &type, bits > 0, notes);
        const MoltType placed = *molt_builder_type(builder, id);
        names |= bit_of_name;
        fields[count++] = (MoltField){
            .name = fuzz_field_name(builder, field->name),
            .type = id,
            .bit_offset = fuzz_place(&bit, &placed, bits, in_union),
            .bit_width = bits,
            .flags = bits > 0 ? MOLT_FIELD_BITS : 0,
            .note_first = note_count ? molt_builder_add_notes(builder, notes, note_count) : 0,
            .note_count = note_count};
        align = type.align > align ? type.align : align;
    }
    MoltType *type = molt_builder_type(builder, maker->structs[index]);
    type->align = align;
    type->size = fuzz_round(bit > 0 ? (bit + 7) / 8 : 1, align);
    molt_builder_set_fields(builder, maker->structs[index], fields, count);
}

static inline void fuzz_enum(FuzzMaker *maker, uint32_t index)
{
    static const char *const enumerators[] = {"E0", "E1", "E2", "E3", "E4", "E5", "E6", "E7"};
    const FuzzEnum *record = &maker->records->enums[index];
    MoltBuilder *builder = maker->builder;
    MoltTypeId elem = fuzz_number(builder, record->form & 1u ? 3 : 9);
    MoltNote flags = {.kind = MOLT_NOTE_FLAGS}, fallback = {.kind = MOLT_NOTE_FALLBACK};
    MoltEnumerator items[6] = {0};
    uint32_t count = 0, names = 0;
    MoltTypeId id =
        fuzz_add(builder, index ? "F" : "E",
                 (MoltType){.kind = MOLT_KIND_ENUM, .size = 4, .align = 4, .elem = elem});
    for (uint32_t i = 0; i < 1u + record->count % 6; i++) {
        uint8_t name = record->names[i] % 8;
        if ((names >> name & 1u) != 0)
            continue;
        names |= 1u << name;
        bool falls = record->form > 200 && count == 0;
        items[count++] = (MoltEnumerator){
            .name = molt_builder_string(builder, enumerators[name]),
            .value = record->form & 2u ? (uint64_t)1 << i : (uint64_t)record->names[i] / 8,
            .note_first = falls ? molt_builder_add_notes(builder, &fallback, 1) : 0,
            .note_count = falls};
    }
    molt_builder_set_enumerators(builder, id, items, count);
    if ((record->form & 2u) != 0)
        molt_builder_set_notes(builder, id, molt_builder_add_notes(builder, &flags, 1), 1);
    maker->enums[index] = id;
}

static inline void fuzz_struct_notes(FuzzMaker *maker, uint32_t index)
{
    const FuzzStruct *record = &maker->records->structs[index];
    const char number[2] = {(char)('0' + record->note % 10), '\0'};
    char name[8];
    snprintf(name, sizeof name, "S%u", record->note % 6u);
    MoltNote note = {.kind = record->note > 230 ? MOLT_NOTE_VERSION : MOLT_NOTE_WAS,
                     .text =
                         molt_builder_string(maker->builder, record->note > 230 ? number : name)};
    if (record->note > 200)
        molt_builder_set_notes(maker->builder, maker->structs[index],
                               molt_builder_add_notes(maker->builder, &note, 1), 1);
}

/* NULL when what the records say is no schema. */
static inline MoltSchema *fuzz_schema(const FuzzRecords *records, bool plain)
{
    FuzzMaker maker = {.builder = molt_builder_create(NULL), .records = records};
    MoltSchema *schema = NULL, *with_plain = NULL;
    uint32_t names = 0;
    for (uint32_t i = 0; i < FUZZ_STRUCTS; i++) {
        uint32_t name = records->structs[i].name % 6u;
        char text[8];
        while ((names >> name & 1u) != 0)
            name = (name + 1) % 6;
        names |= 1u << name;
        snprintf(text, sizeof text, "S%u", name);
        bool is_union = i > 0 && records->structs[i].form % 4 == 1;
        maker.structs[i] =
            fuzz_add(maker.builder, text,
                     (MoltType){.kind = is_union ? MOLT_KIND_UNION : MOLT_KIND_STRUCT,
                                .align = 1,
                                .elem = MOLT_NO_TYPE});
    }
    for (uint32_t i = 0; i < FUZZ_ENUMS; i++)
        fuzz_enum(&maker, i);
    for (uint32_t i = FUZZ_STRUCTS; i-- > 0;) {
        fuzz_fields(&maker, i);
        fuzz_struct_notes(&maker, i);
    }
    fuzz_character(maker.builder);
    molt_builder_add_root(maker.builder, "state", maker.structs[0]);
    MoltError error;
    if (molt_builder_finish(maker.builder, &schema, &error) != MOLT_OK)
        schema = NULL;
    molt_builder_destroy(maker.builder);
    if (!schema || !plain)
        return schema;
    if (molt_schema_copy_plain(&schema->tables, NULL, &with_plain, &error) != MOLT_OK)
        with_plain = NULL;
    molt_schema_free(schema);
    return with_plain;
}

#endif
