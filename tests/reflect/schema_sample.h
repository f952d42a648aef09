/* The schema that the tests of schemas share, with everything a schema can say. It must never know
 * what is tested with it. */
#ifndef SCHEMA_SAMPLE_H
#define SCHEMA_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "molt/builder.h"

/* Variations of the sample, each a difference that hashes must tell or must not tell. */
typedef struct Variation {
    bool reversed; /* leaf types are added in another order */
    bool no_notes;
    bool other_lines;
    const char *hp_name;
    unsigned hp_offset, carrying_width, name_length;
    uint64_t dig_value;
    bool no_transient;
    const char *spelling, *root;
} Variation;

static const Variation plain = {.hp_name = "hp",
                                .hp_offset = 0,
                                .carrying_width = 1,
                                .name_length = 16,
                                .dig_value = UINT64_C(1) << 62,
                                .spelling = "struct Ant",
                                .root = "state"};

static inline MoltTypeId add_type(MoltBuilder *builder, const char *name, MoltType type)
{
    type.name = molt_builder_string(builder, name);
    return molt_builder_add_type(builder, &type);
}

static inline MoltTypeId add_integer(MoltBuilder *builder, const char *name, uint32_t size,
                                     uint16_t flags)
{
    MoltType type = {.kind = MOLT_KIND_INT, .size = size, .align = size, .flags = flags};
    return add_type(builder, name, type);
}

static inline MoltTypeId add_pointer(MoltBuilder *builder, const char *name, MoltTypeId to)
{
    MoltType type = {
        .kind = MOLT_KIND_POINTER, .size = sizeof(void *), .align = sizeof(void *), .elem = to};
    return add_type(builder, name, type);
}

static inline MoltTypeId add_array(MoltBuilder *builder, const char *name, MoltTypeId of,
                                   uint64_t length)
{
    const MoltType *elem = molt_builder_type(builder, of);
    MoltType type = {.kind = MOLT_KIND_ARRAY,
                     .size = elem->size * length,
                     .align = elem->align,
                     .elem = of,
                     .length = length};
    return add_type(builder, name, type);
}

static inline MoltField field(MoltBuilder *builder, const char *name, MoltTypeId type,
                              uint32_t offset)
{
    MoltField made = {
        .name = molt_builder_string(builder, name), .type = type, .bit_offset = offset * 8};
    return made;
}

static inline uint32_t add_note(MoltBuilder *builder, MoltNoteKind kind, const char *text,
                                const void *bytes, uint32_t size)
{
    MoltNote note = {.kind = kind, .text = molt_builder_string(builder, text)};
    note.constant = molt_builder_add_constant(builder, bytes, size);
    note.constant_size = size;
    return molt_builder_add_notes(builder, &note, 1);
}

static inline MoltTypeId add_job(MoltBuilder *builder, const Variation *v)
{
    MoltTypeId storage = molt_builder_find_type(builder, "long");
    MoltType type = {.kind = MOLT_KIND_ENUM, .size = 8, .align = 8, .elem = storage};
    type.file = molt_builder_string(builder, "game/ant.h");
    type.line = 3;
    MoltTypeId job = add_type(builder, "Job", type);
    MoltEnumerator jobs[] = {
        {.name = molt_builder_string(builder, "IDLE"), .value = (uint64_t)-1},
        {.name = molt_builder_string(builder, "DIG"), .value = v->dig_value},
        {.name = molt_builder_string(builder, "LOWEST"), .value = UINT64_C(1) << 63},
    };
    if (!v->no_notes) {
        jobs[0].note_first = add_note(builder, MOLT_NOTE_FALLBACK, NULL, NULL, 0);
        jobs[0].note_count = 1;
    }
    molt_builder_set_enumerators(builder, job, jobs, 3);
    return job;
}

static inline void add_leaves(MoltBuilder *builder, bool reversed)
{
    for (int i = 0; i < 5; i++) {
        switch (reversed ? 4 - i : i) {
        case 0: add_integer(builder, "int", 4, MOLT_TYPE_SIGNED); break;
        case 1: add_integer(builder, "unsigned int", 4, 0); break;
        case 2: add_integer(builder, "char", 1, MOLT_TYPE_SIGNED | MOLT_TYPE_CHAR); break;
        case 3: add_integer(builder, "long", 8, MOLT_TYPE_SIGNED); break;
        case 4:
            add_type(builder, "float",
                     (MoltType){.kind = MOLT_KIND_FLOAT,
                                .size = 4,
                                .align = 4,
                                .flags = MOLT_TYPE_BINARY_FLOAT});
            break;
        }
    }
}

/* struct Ant { int hp; unsigned carrying : 1; float pos[2]; char name[16]; struct Ant *next;
 *              void (*on_hit)(Ant *, int); Job job; char *title; unsigned cells[4][3]; } */
static inline void add_ant(MoltBuilder *builder, const Variation *v)
{
    const MoltTypeId type_int = molt_builder_find_type(builder, "int");
    const MoltTypeId type_unsigned = molt_builder_find_type(builder, "unsigned int");
    const MoltTypeId type_char = molt_builder_find_type(builder, "char");
    const MoltTypeId type_float = molt_builder_find_type(builder, "float");
    const MoltTypeId type_void = add_type(builder, "void", (MoltType){.kind = MOLT_KIND_VOID});
    const MoltTypeId job = add_job(builder, v);
    char name_type[32];
    snprintf(name_type, sizeof name_type, "char[%u]", v->name_length);
    const MoltTypeId name = add_array(builder, name_type, type_char, v->name_length);
    const MoltTypeId pos = add_array(builder, "float[2]", type_float, 2);
    const MoltTypeId row = add_array(builder, "unsigned int[3]", type_unsigned, 3);
    const MoltTypeId cells = add_array(builder, "unsigned int[4][3]", row, 4);
    const MoltTypeId text = add_pointer(builder, "char *", type_char);
    const MoltTypeId ant = add_type(
        builder, "Ant", (MoltType){.kind = MOLT_KIND_STRUCT, .size = 128, .align = 8, .line = 10});
    molt_builder_type(builder, ant)->file = molt_builder_string(builder, "game/ant.h");
    const MoltTypeId ant_pointer = add_pointer(builder, "Ant *", ant);
    const MoltTypeId hit = add_type(builder, "void (Ant *, int)",
                                    (MoltType){.kind = MOLT_KIND_FUNCTION, .elem = type_void});
    const MoltTypeId params[] = {ant_pointer, type_int};
    molt_builder_set_params(builder, hit, params, 2);
    const MoltTypeId on_hit = add_pointer(builder, "void (*)(Ant *, int)", hit);

    MoltField fields[] = {
        field(builder, v->hp_name, type_int, v->hp_offset),
        field(builder, "carrying", type_unsigned, 8),
        field(builder, "pos", pos, 12),
        field(builder, "name", name, 20),
        field(builder, "next", ant_pointer, 40),
        field(builder, "on_hit", on_hit, 48),
        field(builder, "job", job, 56),
        field(builder, "title", text, 64),
        field(builder, "cells", cells, 72),
    };
    fields[1].flags = MOLT_FIELD_BITS;
    fields[1].bit_width = v->carrying_width;
    if (!v->no_notes) {
        fields[0].note_first = add_note(builder, MOLT_NOTE_WAS, "life", NULL, 0);
        add_note(builder, MOLT_NOTE_WAS, "health", NULL, 0);
        add_note(builder, MOLT_NOTE_DEFAULT, "42", "\x2a\0\0\0", 4);
        add_note(builder, MOLT_NOTE_CONVERT, "saturate", NULL, 0);
        fields[0].note_count = 4;
        fields[7].note_first = add_note(builder, MOLT_NOTE_DEFAULT, "\"none\"", "none", 5);
        fields[7].note_count = 1;
    }
    if (!v->no_transient) {
        fields[5].note_first = add_note(builder, MOLT_NOTE_TRANSIENT, NULL, NULL, 0);
        fields[5].note_count = 1;
        fields[8].flags = MOLT_FIELD_TRANSIENT; /* by flag only */
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        fields[i].line = (uint32_t)i + (v->other_lines ? 30 : 11);
    molt_builder_set_fields(builder, ant, fields, sizeof fields / sizeof fields[0]);
}

/* The sample in a builder: everything a schema can say. */
static inline MoltBuilder *fill_sample(const MoltAllocator *allocator, const Variation *v)
{
    MoltBuilder *builder = molt_builder_create(allocator);
    add_leaves(builder, v->reversed);
    if (molt_builder_status(builder))
        return builder;
    add_ant(builder, v);
    if (molt_builder_status(builder))
        return builder;
    const MoltTypeId ant = molt_builder_find_type(builder, "Ant");
    const MoltTypeId type_int = molt_builder_find_type(builder, "int");
    const MoltTypeId type_float = molt_builder_find_type(builder, "float");

    MoltTypeId number =
        add_type(builder, "Number", (MoltType){.kind = MOLT_KIND_UNION, .size = 4, .align = 4});
    MoltField arms[] = {field(builder, "i", type_int, 0), field(builder, "f", type_float, 0)};
    molt_builder_set_fields(builder, number, arms, 2);
    MoltTypeId device = add_type(builder, "Device", (MoltType){.kind = MOLT_KIND_OPAQUE});
    MoltTypeId device_pointer = add_pointer(builder, "Device *", device);
    MoltTypeId flag =
        add_type(builder, "_Bool", (MoltType){.kind = MOLT_KIND_BOOL, .size = 1, .align = 1});

    MoltTypeId game =
        add_type(builder, "Game", (MoltType){.kind = MOLT_KIND_STRUCT, .size = 152, .align = 8});
    MoltField fields[] = {field(builder, "queen", ant, 0), field(builder, "<i,f>", number, 128),
                          field(builder, "on", flag, 132),
                          field(builder, "device", device_pointer, 136),
                          field(builder, "first", type_int, 144)};
    if (!v->no_notes) {
        uint32_t note = add_note(builder, MOLT_NOTE_WAS, "World", NULL, 0);
        add_note(builder, MOLT_NOTE_REMOVED, "king", NULL, 0);
        add_note(builder, MOLT_NOTE_REMOVED, "struct Egg", NULL, 0);
        molt_builder_set_notes(builder, game, note, 3);
        fields[4].note_first = add_note(builder, MOLT_NOTE_REQUIRED, NULL, NULL, 0);
        fields[4].note_count = 1;
    }
    if (!v->no_transient)
        fields[3].flags = MOLT_FIELD_EXTERNAL;
    molt_builder_set_fields(builder, game, fields, 5);
    molt_builder_add_root(builder, v->root, game);
    molt_builder_add_spelling(builder, v->spelling, ant);
    molt_builder_add_spelling(builder, "Game", game);
    molt_builder_add_spelling(builder, "Ant", ant);
    return builder;
}

static inline MoltSchema *build_variation(const Variation *v)
{
    MoltSchema *schema = NULL;
    MoltError error = {0};
    MoltBuilder *builder = fill_sample(NULL, v);
    if (molt_builder_finish(builder, &schema, &error))
        fail_msg("%s", error.text);
    molt_builder_destroy(builder);
    return schema;
}

static inline uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

#endif
