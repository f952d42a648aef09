/* Schemas for tests from tables beside real C structs: names of types are written as in C ("int",
 * "Node *", "int[4][3]", "char[16]"), offsets and sizes come from the compiler. */
#ifndef MOLT_TEST_SCHEMA_SPEC_H
#define MOLT_TEST_SCHEMA_SPEC_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "molt/builder.h"

typedef struct FieldSpec {
    const char *name;
    const char *type;
    size_t offset;
    const char *was;           /* one earlier name, or NULL */
    const void *default_value; /* bytes of the field's type, or NULL */
    uint32_t default_size;
    uint32_t flags;
    uint32_t bit_shift, bit_width; /* bit-field: bit from `offset` on, and bits */
    const char *pool;      /* MOLT_POOL of that type, or NULL */
    const char *holds;     /* what the sources say lies there, "Ant game.c:9", or NULL */
    const char *tag, *arm; /* of a union the field that says which arm; of an arm its enumerator */
} FieldSpec;

/* An enum over unsigned int; enumerators count from 0. */
typedef struct EnumSpec {
    const char *name;
    const char *enumerators[8]; /* ends with NULL; '+' in front: MOLT_FALLBACK */
} EnumSpec;

enum { SPEC_FIELDS = 16 };

/* A union when its members are arms. */
typedef struct StructSpec {
    const char *name;
    size_t size, align;
    FieldSpec fields[SPEC_FIELDS]; /* ends with a NULL name */
    const char *was;
} StructSpec;

#define FIELD(T, member, spelling)                                                                 \
    {                                                                                              \
        .name = #member, .type = spelling, .offset = offsetof(T, member)                           \
    }

static inline MoltTypeId spec_number(MoltBuilder *builder, const char *name)
{
    static const struct {
        const char *name;
        uint16_t kind, flags;
        size_t size;
    } numbers[] = {{"void", MOLT_KIND_VOID, 0, 0},
                   {"bool", MOLT_KIND_BOOL, 0, 1},
                   {"char", MOLT_KIND_INT, MOLT_TYPE_SIGNED | MOLT_TYPE_CHAR, 1},
                   {"short", MOLT_KIND_INT, MOLT_TYPE_SIGNED, sizeof(short)},
                   {"int", MOLT_KIND_INT, MOLT_TYPE_SIGNED, sizeof(int)},
                   {"long", MOLT_KIND_INT, MOLT_TYPE_SIGNED, sizeof(long)},
                   {"signed char", MOLT_KIND_INT, MOLT_TYPE_SIGNED, 1},
                   {"unsigned char", MOLT_KIND_INT, 0, 1},
                   {"unsigned int", MOLT_KIND_INT, 0, sizeof(unsigned)},
                   {"float", MOLT_KIND_FLOAT, MOLT_TYPE_BINARY_FLOAT, sizeof(float)},
                   {"double", MOLT_KIND_FLOAT, MOLT_TYPE_BINARY_FLOAT, sizeof(double)}};
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        if (strcmp(numbers[n].name, name) == 0)
            return molt_builder_add_type(
                builder, &(MoltType){.name = molt_builder_string(builder, name),
                                     .kind = numbers[n].kind,
                                     .flags = numbers[n].flags,
                                     .size = numbers[n].size,
                                     .align = numbers[n].size ? (uint32_t)numbers[n].size : 1,
                                     .elem = MOLT_NO_TYPE});
    }
    fprintf(stderr, "schema_spec: unknown type %s\n", name);
    abort();
}

/* Id of a type by its C name, made when it is not there yet. */
static inline MoltTypeId spec_type(MoltBuilder *builder, const char *name)
{
    MoltTypeId known = molt_builder_find_type(builder, name);
    size_t length = strlen(name);
    char part[128];
    if (known != MOLT_NO_TYPE)
        return known;
    if (name[length - 1] == '*') {
        snprintf(part, sizeof part, "%.*s", (int)(length - (name[length - 2] == ' ' ? 2 : 1)),
                 name);
        MoltTypeId elem = spec_type(builder, part);
        return molt_builder_add_type(builder,
                                     &(MoltType){.name = molt_builder_string(builder, name),
                                                 .kind = MOLT_KIND_POINTER,
                                                 .size = sizeof(void *),
                                                 .align = sizeof(void *),
                                                 .elem = elem});
    }
    const char *open = strchr(name, '[');
    if (!open)
        return spec_number(builder, name);
    const char *close = strchr(open, ']');
    unsigned long count = strtoul(open + 1, NULL, 10);
    snprintf(part, sizeof part, "%.*s%s", (int)(open - name), name, close + 1);
    MoltTypeId elem = spec_type(builder, part);
    uint64_t size = molt_builder_type(builder, elem)->size;
    uint32_t align = molt_builder_type(builder, elem)->align;
    return molt_builder_add_type(builder, &(MoltType){.name = molt_builder_string(builder, name),
                                                      .kind = MOLT_KIND_ARRAY,
                                                      .size = size * count,
                                                      .align = align,
                                                      .elem = elem,
                                                      .length = count});
}

static inline void spec_enum(MoltBuilder *builder, const EnumSpec *spec)
{
    MoltEnumerator items[8] = {0};
    uint32_t count = 0;
    MoltTypeId elem = spec_type(builder, "unsigned int");
    MoltTypeId id = molt_builder_add_type(
        builder, &(MoltType){.name = molt_builder_string(builder, spec->name),
                             .kind = MOLT_KIND_ENUM,
                             .size = sizeof(unsigned),
                             .align = sizeof(unsigned),
                             .elem = elem});
    for (; count < 8 && spec->enumerators[count]; count++) {
        const char *name = spec->enumerators[count];
        uint32_t fallback = name[0] == '+';
        MoltNote note = {.kind = MOLT_NOTE_FALLBACK};
        items[count] = (MoltEnumerator){
            .name = molt_builder_string(builder, name + fallback),
            .value = count,
            .note_first = fallback ? molt_builder_add_notes(builder, &note, 1) : 0,
            .note_count = fallback};
    }
    molt_builder_set_enumerators(builder, id, items, count);
}

/* A schema of these structs and enums; the first struct is the root, one called "(globals)" the
 * variables. Aborts on a mistake in the
 * table. */
static inline MoltSchema *spec_schema_with(const StructSpec *specs, uint32_t count,
                                           const EnumSpec *enums, uint32_t enum_count)
{
    MoltBuilder *builder = molt_builder_create(NULL);
    for (uint32_t s = 0; s < count; s++) {
        bool globals = strcmp(specs[s].name, MOLT_GLOBALS_TYPE) == 0;
        molt_builder_add_type(builder,
                              &(MoltType){.name = molt_builder_string(builder, specs[s].name),
                                          .kind = specs[s].fields[0].arm ? MOLT_KIND_UNION
                                                                         : MOLT_KIND_STRUCT,
                                          .flags = globals ? MOLT_TYPE_GLOBALS : 0,
                                          .size = specs[s].size,
                                          .align = (uint32_t)specs[s].align,
                                          .elem = MOLT_NO_TYPE});
        if (globals)
            molt_builder_add_root(builder, MOLT_GLOBALS_ROOT, s);
    }
    for (uint32_t e = 0; e < enum_count; e++)
        spec_enum(builder, &enums[e]);
    for (uint32_t s = 0; s < count; s++) {
        MoltField fields[SPEC_FIELDS] = {0};
        uint32_t n = 0;
        for (; n < SPEC_FIELDS && specs[s].fields[n].name; n++) {
            const FieldSpec *spec = &specs[s].fields[n];
            MoltNote notes[6];
            uint32_t note_count = 0;
            if (spec->was)
                notes[note_count++] = (MoltNote){.kind = MOLT_NOTE_WAS,
                                                 .text = molt_builder_string(builder, spec->was)};
            if (spec->default_value)
                notes[note_count++] =
                    (MoltNote){.kind = MOLT_NOTE_DEFAULT,
                               .text = molt_builder_string(builder, "default"),
                               .constant = molt_builder_add_constant(builder, spec->default_value,
                                                                     spec->default_size),
                               .constant_size = spec->default_size};
            if (spec->pool)
                notes[note_count++] = (MoltNote){.kind = MOLT_NOTE_POOL,
                                                 .text = molt_builder_string(builder, spec->pool)};
            if (spec->tag)
                notes[note_count++] = (MoltNote){.kind = MOLT_NOTE_TAG,
                                                 .text = molt_builder_string(builder, spec->tag)};
            if (spec->arm)
                notes[note_count++] = (MoltNote){.kind = MOLT_NOTE_ARM,
                                                 .text = molt_builder_string(builder, spec->arm)};
            if (spec->holds)
                notes[note_count++] = (MoltNote){.kind = MOLT_NOTE_HOLDS,
                                                 .text = molt_builder_string(builder, spec->holds)};
            fields[n] = (MoltField){
                .name = molt_builder_string(builder, spec->name),
                .type = spec_type(builder, spec->type),
                .bit_offset = spec->offset * 8 + spec->bit_shift,
                .bit_width = spec->bit_width,
                .flags = spec->flags | (spec->bit_width ? MOLT_FIELD_BITS : 0),
                .note_first = note_count ? molt_builder_add_notes(builder, notes, note_count) : 0,
                .note_count = note_count};
        }
        molt_builder_set_fields(builder, s, fields, n);
        if (specs[s].was) {
            MoltNote note = {.kind = MOLT_NOTE_WAS,
                             .text = molt_builder_string(builder, specs[s].was)};
            molt_builder_set_notes(builder, s, molt_builder_add_notes(builder, &note, 1), 1);
        }
    }
    spec_type(builder, "char"); /* molt_strdup and migrated strings live in it */
    molt_builder_add_root(builder, "state", 0);
    MoltSchema *schema = NULL;
    MoltError error = {0};
    if (molt_builder_finish(builder, &schema, &error) != MOLT_OK) {
        fprintf(stderr, "schema_spec: %s\n", error.text);
        abort();
    }
    molt_builder_destroy(builder);
    return schema;
}

static inline MoltSchema *spec_schema(const StructSpec *specs, uint32_t count)
{
    return spec_schema_with(specs, count, NULL, 0);
}

#endif
