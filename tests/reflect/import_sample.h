/* A schema with every kind of value and a state of it, for tests that read dumps back. It must never
 * know what is tested with it. */
#ifndef IMPORT_SAMPLE_H
#define IMPORT_SAMPLE_H

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "molt/builder.h"
#include "molt/code_map.h"
#include "molt/dump.h"
#include "molt/heap.h"

__extension__ typedef __int128 SampleWide;

typedef struct Vec {
    float x, y;
} Vec;

typedef struct Thing {
    uint64_t huge;
    int8_t small;
    bool flag;
    char mark;
    int32_t kind;  /* enum Kind */
    uint32_t bits; /* flags Bits */
    float ratio;
    double precise;
    long double longest;
    SampleWide wide;
    double complex plane;
    char name[8];
    uint32_t grid[2][3];
    Vec pos[2];
    unsigned low : 3;
    int high : 5;
    unsigned sort : 2; /* enum Kind without its negative one */
    union {
        int32_t whole;
        float real;
    };
    int32_t counter; /* _Atomic int */
    struct Thing *next;
    void *any;
    float *watched;
    char *text;
    void (*act)(void);
    const int *table;
    void *outside; /* external */
} Thing;

typedef struct Bag {
    int32_t weight;
    char label[];
} Bag;

typedef struct Row {
    int16_t id;
    double values[];
} Row;

/* A union with a tag behind it, and every kind of default. */
typedef struct Tuned {
    union {
        int32_t whole;
        Thing *thing;
    } value;
    int32_t kind; /* enum Kind: IDLE selects thing, DIG whole */
    int32_t speed;
    unsigned mode : 3;
    char *title;
    Vec at;
    int32_t scratch; /* transient */
    int32_t must;    /* required */
} Tuned;

#define SAMPLE_LONG_NAME 300

typedef struct Sample {
    MoltSchema *schema;
    MoltHeap *heap;
    MoltTypeId thing, vec, bag, row, character, number, quad, other, tuned;
    char long_name[SAMPLE_LONG_NAME + 1];
} Sample;

/* ---- the schema ------------------------------------------------------------------------------ */

static inline MoltTypeId sample_type(MoltBuilder *builder, const char *name, MoltType type)
{
    type.name = molt_builder_string(builder, name);
    return molt_builder_add_type(builder, &type);
}

static inline MoltTypeId sample_scalar(MoltBuilder *builder, const char *name, uint16_t kind,
                                       uint32_t size, uint16_t flags)
{
    return sample_type(builder, name,
                       (MoltType){.kind = kind, .size = size, .align = size, .flags = flags});
}

static inline MoltTypeId sample_of(MoltBuilder *builder, const char *name, uint16_t kind,
                                   MoltTypeId elem, uint64_t length)
{
    const MoltType of = *molt_builder_type(builder, elem);
    if (kind == MOLT_KIND_POINTER)
        return sample_type(
            builder, name,
            (MoltType){
                .kind = kind, .size = sizeof(void *), .align = sizeof(void *), .elem = elem});
    return sample_type(builder, name,
                       (MoltType){.kind = kind,
                                  .size = of.size * length,
                                  .align = of.align,
                                  .elem = elem,
                                  .length = length,
                                  .flags = length == 0 ? MOLT_TYPE_FLEXIBLE : 0});
}

static inline MoltField sample_field(MoltBuilder *builder, const char *name, MoltTypeId type,
                                     size_t offset)
{
    return (MoltField){
        .name = molt_builder_string(builder, name), .type = type, .bit_offset = offset * 8};
}

static inline MoltField sample_bits(MoltBuilder *builder, const char *name, MoltTypeId type,
                                    size_t bit, uint32_t width)
{
    MoltField made = sample_field(builder, name, type, 0);
    made.bit_offset = bit;
    made.bit_width = width;
    made.flags = MOLT_FIELD_BITS;
    return made;
}

static inline MoltTypeId sample_enum(MoltBuilder *builder, const char *name, MoltTypeId storage,
                                     uint16_t flags, const char *const *names,
                                     const int64_t *values, uint32_t count)
{
    MoltEnumerator items[8] = {0};
    MoltTypeId id = sample_type(
        builder, name,
        (MoltType){.kind = MOLT_KIND_ENUM, .size = 4, .align = 4, .flags = flags, .elem = storage});
    for (uint32_t i = 0; i < count; i++)
        items[i] = (MoltEnumerator){.name = molt_builder_string(builder, names[i]),
                                    .value = (uint64_t)values[i]};
    molt_builder_set_enumerators(builder, id, items, count);
    return id;
}

static inline void sample_things(MoltBuilder *builder, Sample *sample)
{
    MoltTypeId i32 = sample->number;
    MoltTypeId u32 = sample_scalar(builder, "unsigned int", MOLT_KIND_INT, 4, 0);
    MoltTypeId i8 = sample_scalar(builder, "signed char", MOLT_KIND_INT, 1, MOLT_TYPE_SIGNED);
    MoltTypeId u64 = sample_scalar(builder, "unsigned long", MOLT_KIND_INT, 8, 0);
    MoltTypeId i128 = sample_scalar(builder, "__int128", MOLT_KIND_INT, 16, MOLT_TYPE_SIGNED);
    MoltTypeId boolean = sample_scalar(builder, "_Bool", MOLT_KIND_BOOL, 1, 0);
    MoltTypeId f32 = molt_builder_find_type(builder, "float");
    MoltTypeId f64 = molt_builder_find_type(builder, "double");
    MoltTypeId f80 = sample_scalar(builder, "long double", MOLT_KIND_FLOAT, sizeof(long double), 0);
    MoltTypeId kind = sample_enum(builder, "Kind", i32, MOLT_TYPE_SIGNED,
                                  (const char *const[]){"LOST", "IDLE", "DIG", "WORK"},
                                  (const int64_t[]){-1, 0, 1, 1}, 4);
    MoltTypeId sort = sample_enum(builder, "Sort", u32, 0, (const char *const[]){"ONE", "TWO"},
                                  (const int64_t[]){1, 2}, 2);
    MoltTypeId bits = sample_enum(builder, "Bits", u32, MOLT_TYPE_FLAGS,
                                  (const char *const[]){"A", "B", "C", "PAIR"},
                                  (const int64_t[]){1, 2, 4, 48}, 4);
    MoltTypeId either = sample_type(builder, "Thing::<whole,real>",
                                    (MoltType){.kind = MOLT_KIND_UNION, .size = 4, .align = 4});
    MoltField arms[] = {sample_field(builder, "whole", i32, 0),
                        sample_field(builder, "real", f32, 0)};
    molt_builder_set_fields(builder, either, arms, 2);
    MoltTypeId nothing =
        sample_type(builder, "void", (MoltType){.kind = MOLT_KIND_VOID, .align = 1});
    MoltTypeId any = sample_of(builder, "void *", MOLT_KIND_POINTER, nothing, 1);
    MoltTypeId act =
        sample_type(builder, "void (void)",
                    (MoltType){.kind = MOLT_KIND_FUNCTION, .align = 1, .elem = nothing});
    MoltTypeId row = sample_of(builder, "unsigned int[3]", MOLT_KIND_ARRAY, u32, 3);
    size_t packed = offsetof(Thing, pos) + sizeof(Vec[2]);
    MoltField external = sample_field(builder, "outside", any, offsetof(Thing, outside));
    external.flags = MOLT_FIELD_EXTERNAL;
    MoltField fields[] = {
        sample_field(builder, "huge", u64, offsetof(Thing, huge)),
        sample_field(builder, "small", i8, offsetof(Thing, small)),
        sample_field(builder, "flag", boolean, offsetof(Thing, flag)),
        sample_field(builder, "mark", sample->character, offsetof(Thing, mark)),
        sample_field(builder, "kind", kind, offsetof(Thing, kind)),
        sample_field(builder, "bits", bits, offsetof(Thing, bits)),
        sample_field(builder, "ratio", f32, offsetof(Thing, ratio)),
        sample_field(builder, "precise", f64, offsetof(Thing, precise)),
        sample_field(builder, "longest", f80, offsetof(Thing, longest)),
        sample_field(builder, "wide", i128, offsetof(Thing, wide)),
        sample_field(builder, "plane",
                     sample_of(builder, "double _Complex", MOLT_KIND_COMPLEX, f64, 2),
                     offsetof(Thing, plane)),
        sample_field(builder, "name",
                     sample_of(builder, "char[8]", MOLT_KIND_ARRAY, sample->character, 8),
                     offsetof(Thing, name)),
        sample_field(builder, "grid",
                     sample_of(builder, "unsigned int[2][3]", MOLT_KIND_ARRAY, row, 2),
                     offsetof(Thing, grid)),
        sample_field(builder, "pos", sample_of(builder, "Vec[2]", MOLT_KIND_ARRAY, sample->vec, 2),
                     offsetof(Thing, pos)),
        sample_bits(builder, "low", u32, packed * 8, 3),
        sample_bits(builder, "high", i32, packed * 8 + 3, 5),
        sample_bits(builder, "sort", sort, packed * 8 + 8, 2),
        sample_field(builder, "<whole,real>", either, offsetof(Thing, whole)),
        sample_field(builder, "counter",
                     sample_of(builder, "_Atomic(int)", MOLT_KIND_ATOMIC, i32, 1),
                     offsetof(Thing, counter)),
        sample_field(builder, "next",
                     sample_of(builder, "Thing *", MOLT_KIND_POINTER, sample->thing, 1),
                     offsetof(Thing, next)),
        sample_field(builder, "any", any, offsetof(Thing, any)),
        sample_field(builder, "watched", sample_of(builder, "float *", MOLT_KIND_POINTER, f32, 1),
                     offsetof(Thing, watched)),
        sample_field(builder, "text",
                     sample_of(builder, "char *", MOLT_KIND_POINTER, sample->character, 1),
                     offsetof(Thing, text)),
        sample_field(builder, "act",
                     sample_of(builder, "void (*)(void)", MOLT_KIND_POINTER, act, 1),
                     offsetof(Thing, act)),
        sample_field(builder, "table", sample_of(builder, "int *", MOLT_KIND_POINTER, i32, 1),
                     offsetof(Thing, table)),
        external,
    };
    molt_builder_set_fields(builder, sample->thing, fields, sizeof fields / sizeof *fields);
}

static inline MoltTypeId sample_struct(MoltBuilder *builder, const char *name, size_t size,
                                       size_t align)
{
    return sample_type(
        builder, name,
        (MoltType){.kind = MOLT_KIND_STRUCT, .size = size, .align = (uint32_t)align});
}

static inline uint32_t sample_note(MoltBuilder *builder, MoltNoteKind kind, const char *text,
                                   const void *constant, uint32_t size)
{
    MoltNote note = {.kind = (uint32_t)kind, .text = molt_builder_string(builder, text)};
    if (constant) {
        note.constant = molt_builder_add_constant(builder, constant, size);
        note.constant_size = size;
    }
    return molt_builder_add_notes(builder, &note, 1);
}

static inline MoltField sample_noted(MoltField field, uint32_t note)
{
    field.note_first = note;
    field.note_count = 1;
    return field;
}

static inline void sample_tuned(MoltBuilder *builder, Sample *sample)
{
    static const int32_t speed = 5;
    static const uint64_t mode = 6;
    static const Vec at = {1, 2};
    MoltTypeId kind = molt_builder_find_type(builder, "Kind");
    MoltTypeId u32 = molt_builder_find_type(builder, "unsigned int");
    MoltTypeId text = molt_builder_find_type(builder, "char *");
    MoltTypeId arms = sample_type(builder, "Tuned::value",
                                  (MoltType){.kind = MOLT_KIND_UNION, .size = 8, .align = 8});
    uint32_t dig = sample_note(builder, MOLT_NOTE_ARM, "DIG", NULL, 0);
    uint32_t idle = sample_note(builder, MOLT_NOTE_ARM, "IDLE", NULL, 0);
    MoltField arm[] = {
        sample_noted(sample_field(builder, "whole", sample->number, 0), dig),
        sample_noted(sample_field(builder, "thing", molt_builder_find_type(builder, "Thing *"), 0),
                     idle)};
    molt_builder_set_fields(builder, arms, arm, 2);
    uint32_t notes[] = {sample_note(builder, MOLT_NOTE_TAG, "kind", NULL, 0),
                        sample_note(builder, MOLT_NOTE_DEFAULT, "5", &speed, sizeof speed),
                        sample_note(builder, MOLT_NOTE_DEFAULT, "6", &mode, sizeof mode),
                        sample_note(builder, MOLT_NOTE_DEFAULT, "\"queen\"", "queen", 6),
                        sample_note(builder, MOLT_NOTE_DEFAULT, "{1, 2}", &at, sizeof at),
                        sample_note(builder, MOLT_NOTE_TRANSIENT, NULL, NULL, 0),
                        sample_note(builder, MOLT_NOTE_REQUIRED, NULL, NULL, 0)};
    MoltField fields[] = {
        sample_noted(sample_field(builder, "value", arms, offsetof(Tuned, value)), notes[0]),
        sample_field(builder, "kind", kind, offsetof(Tuned, kind)),
        sample_noted(sample_field(builder, "speed", sample->number, offsetof(Tuned, speed)),
                     notes[1]),
        sample_noted(
            sample_bits(builder, "mode", u32, (offsetof(Tuned, speed) + sizeof speed) * 8, 3),
            notes[2]),
        sample_noted(sample_field(builder, "title", text, offsetof(Tuned, title)), notes[3]),
        sample_noted(sample_field(builder, "at", sample->vec, offsetof(Tuned, at)), notes[4]),
        sample_noted(sample_field(builder, "scratch", sample->number, offsetof(Tuned, scratch)),
                     notes[5]),
        sample_noted(sample_field(builder, "must", sample->number, offsetof(Tuned, must)),
                     notes[6])};
    sample->tuned = sample_struct(builder, "Tuned", sizeof(Tuned), _Alignof(Tuned));
    molt_builder_set_fields(builder, sample->tuned, fields, sizeof fields / sizeof *fields);
}

static inline MoltSchema *sample_schema(Sample *sample)
{
    MoltSchema *schema = NULL;
    MoltError error = {0};
    MoltBuilder *builder = molt_builder_create(NULL);
    sample->number = sample_scalar(builder, "int", MOLT_KIND_INT, 4, MOLT_TYPE_SIGNED);
    MoltTypeId i16 = sample_scalar(builder, "short", MOLT_KIND_INT, 2, MOLT_TYPE_SIGNED);
    sample->character =
        sample_scalar(builder, "char", MOLT_KIND_INT, 1, MOLT_TYPE_SIGNED | MOLT_TYPE_CHAR);
    MoltTypeId f32 = sample_scalar(builder, "float", MOLT_KIND_FLOAT, 4, MOLT_TYPE_BINARY_FLOAT);
    MoltTypeId f64 = sample_scalar(builder, "double", MOLT_KIND_FLOAT, 8, MOLT_TYPE_BINARY_FLOAT);
    sample->vec = sample_struct(builder, "Vec", sizeof(Vec), 4);
    MoltField vec[] = {sample_field(builder, "x", f32, 0), sample_field(builder, "y", f32, 4)};
    molt_builder_set_fields(builder, sample->vec, vec, 2);
    sample->thing = sample_struct(builder, "Thing", sizeof(Thing), _Alignof(Thing));
    sample_things(builder, sample);
    sample->bag = sample_struct(builder, "Bag", sizeof(Bag), _Alignof(Bag));
    MoltField bag[] = {
        sample_field(builder, "weight", sample->number, 0),
        sample_field(builder, "label",
                     sample_of(builder, "char[]", MOLT_KIND_ARRAY, sample->character, 0),
                     offsetof(Bag, label))};
    molt_builder_set_fields(builder, sample->bag, bag, 2);
    sample->row = sample_struct(builder, "ground.c:Row", sizeof(Row), _Alignof(Row));
    MoltField row[] = {sample_field(builder, "id", i16, 0),
                       sample_field(builder, "values",
                                    sample_of(builder, "double[]", MOLT_KIND_ARRAY, f64, 0),
                                    offsetof(Row, values))};
    molt_builder_set_fields(builder, sample->row, row, 2);
    sample->quad = sample_of(builder, "int[4]", MOLT_KIND_ARRAY, sample->number, 4);
    memset(sample->long_name, 'n', SAMPLE_LONG_NAME);
    sample->other = sample_struct(builder, sample->long_name, 4, 4);
    MoltField other = sample_field(builder, "i", sample->number, 0);
    molt_builder_set_fields(builder, sample->other, &other, 1);
    sample_tuned(builder, sample);
    molt_builder_add_root(builder, "state", sample->thing);
    molt_builder_add_root(builder, "spare", sample->vec);
    if (molt_builder_finish(builder, &schema, &error) != MOLT_OK) {
        fprintf(stderr, "import_sample: %s\n", error.text);
        abort();
    }
    molt_builder_destroy(builder);
    return schema;
}

/* ---- a library -------------------------------------------------------------------------------- */

/* 256 bytes that stand for a library: a function, a static one, a constant and a literal. */
static unsigned char sample_image[256];

enum { SAMPLE_ACT = 16, SAMPLE_HIDDEN = 32, SAMPLE_TABLE = 64, SAMPLE_LITERAL = 128 };

static inline bool sample_describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    uint64_t at = address - (uintptr_t)sample_image;
    (void)context;
    *out = (MoltCodeTarget){.file = "", .name = ""};
    if (at == SAMPLE_ACT || at == SAMPLE_HIDDEN) {
        out->kind = MOLT_CODE_FUNCTION;
        out->name = at == SAMPLE_ACT ? "act" : "hidden";
        out->file = at == SAMPLE_ACT ? "" : "thing.c";
        return true;
    }
    if (at >= SAMPLE_TABLE && at <= SAMPLE_TABLE + 16) {
        out->kind = MOLT_CODE_DATA;
        out->name = "table";
        out->file = "thing.c";
        out->offset = at - SAMPLE_TABLE;
        out->bytes = (const char *)sample_image + SAMPLE_TABLE;
        out->size = 16;
        return true;
    }
    if (at != SAMPLE_LITERAL)
        return false;
    *out = (MoltCodeTarget){
        .kind = MOLT_CODE_LITERAL, .file = "", .name = "", .bytes = "worker", .size = 7};
    return true;
}

static inline uintptr_t sample_resolve(void *context, const MoltCodeTarget *target)
{
    uintptr_t base = (uintptr_t)sample_image;
    (void)context;
    if (target->kind == MOLT_CODE_LITERAL)
        return target->size == 7 && memcmp(target->bytes, "worker", 7) == 0 ? base + SAMPLE_LITERAL
                                                                            : 0;
    if (target->kind == MOLT_CODE_DATA)
        return strcmp(target->name, "table") == 0 && strcmp(target->file, "thing.c") == 0
                   ? base + SAMPLE_TABLE + (uintptr_t)target->offset
                   : 0;
    if (strcmp(target->name, "act") == 0 && target->file[0] == '\0')
        return base + SAMPLE_ACT;
    return strcmp(target->name, "hidden") == 0 && strcmp(target->file, "thing.c") == 0
               ? base + SAMPLE_HIDDEN
               : 0;
}

static inline MoltCodeMap sample_code(void)
{
    return (MoltCodeMap){.begin = (uintptr_t)sample_image,
                         .end = (uintptr_t)sample_image + sizeof sample_image,
                         .describe = sample_describe,
                         .resolve = sample_resolve};
}

/* ---- a state ---------------------------------------------------------------------------------- */

static inline void *sample_new(const Sample *sample, MoltTypeId type, uint64_t count)
{
    void *block = molt_heap_new(sample->heap, type, count);
    if (!block)
        abort();
    return block;
}

static inline void sample_numbers(Thing *thing)
{
    static const unsigned char bytes[] = {0xff, 0xfe, 0, 'x', 0x80, 0, 0, 1};
    static const double parts[2] = {INFINITY, -0.0};
    uint32_t payload = 0xffc00001u;
    thing->huge = UINT64_MAX;
    thing->small = -128;
    thing->flag = true;
    thing->mark = -1;
    thing->kind = -1;
    thing->bits = 0x40000035u;
    memcpy(&thing->ratio, &payload, sizeof payload);
    thing->precise = 0.1;
    thing->longest = -0.0L;
    thing->wide = -((SampleWide)INT64_MAX * INT64_MAX);
    memcpy(&thing->plane, parts, sizeof parts);
    memcpy(thing->name, bytes, sizeof bytes);
    thing->pos[1] = (Vec){0.1f, -0.0f};
    thing->low = 5;
    thing->high = -16;
    thing->sort = 3;
    thing->whole = 0x01020304;
    thing->counter = INT32_MIN;
}

/* Shared and cyclic objects, pointers into the middle and to the end, freed numbers in between. */
static inline void sample_fill(Sample *sample)
{
    Thing *things[24], *many = sample_new(sample, sample->thing, 3);
    for (int i = 0; i < 24; i++) {
        things[i] = sample_new(sample, sample->thing, 1);
        things[i]->huge = (uint64_t)i << 60;
        things[i]->longest = 1.0L / (i + 1);
        things[i]->grid[1][2] = (uint32_t)i;
    }
    Vec *vecs = sample_new(sample, sample->vec, 5);
    int *quad = sample_new(sample, sample->quad, 1);
    Bag *bag = sample_new(sample, sample->bag, 12), *empty = sample_new(sample, sample->bag, 0);
    Row *row = sample_new(sample, sample->row, 3);
    char *text = sample_new(sample, sample->character, 20);
    Tuned *tuned = sample_new(sample, sample->tuned, 3);
    sample_new(sample, sample->other, 1);
    tuned[0].value.thing = things[3];
    tuned[1].kind = 1;
    tuned[1].value.whole = -5;
    tuned[2].kind = -1;
    tuned[2].value.whole = 77;
    memcpy(text, "a \"q\" \n \xc3\xa9", 10);
    memcpy(bag->label, "sack", 5);
    bag->weight = 7;
    row->values[0] = NAN;
    row->values[2] = 5e-324;
    sample_numbers(things[0]);
    things[0]->next = things[1];
    things[1]->next = things[0];
    things[2]->next = things[0];
    things[0]->any = &many[3];
    things[1]->any = (char *)&many[1] + 3;
    things[2]->any = (char *)bag + offsetof(Bag, label) + 5;
    things[3]->any = &quad[4];
    things[4]->any = &quad[1];
    things[5]->any = empty;
    things[6]->any = row->values + 3;
    things[7]->any = &things[8]->pos[1];
    things[9]->any = vecs + 5;
    things[0]->watched = &vecs[4].y;
    things[1]->watched = &things[20]->pos[1].y;
    things[2]->watched = &things[20]->real;
    things[0]->text = text;
    things[1]->text = text + 3;
    things[2]->text = things[20]->name + 2;
    things[0]->act = (void (*)(void))((uintptr_t)sample_image + SAMPLE_ACT);
    things[1]->act = (void (*)(void))((uintptr_t)sample_image + SAMPLE_HIDDEN);
    things[0]->table = (const int *)(void *)(sample_image + SAMPLE_TABLE);
    things[1]->table = (const int *)(void *)(sample_image + SAMPLE_TABLE + 8);
    things[3]->text = (char *)(sample_image + SAMPLE_LITERAL);
    for (int i = 10; i < 19; i++)
        molt_heap_delete(sample->heap, things[i]);
    many[2].next = things[23];
    molt_heap_set_root(sample->heap, 1, things[0]);
    molt_heap_set_root(sample->heap, 0, &vecs[2]);
}

static inline Sample *sample_create(void)
{
    Sample *sample = calloc(1, sizeof *sample);
    sample->schema = sample_schema(sample);
    MoltHeapDesc desc = {.reserve = (uint64_t)64 << 20};
    if (molt_heap_create(&desc, &sample->heap, NULL) != MOLT_OK ||
        molt_heap_set_schema(sample->heap, sample->schema) != MOLT_OK)
        abort();
    return sample;
}

static inline void sample_destroy(Sample *sample)
{
    molt_heap_destroy(sample->heap);
    molt_schema_free(sample->schema);
    free(sample);
}

static inline char *sample_dump(const MoltHeap *heap)
{
    MoltCodeMap code = sample_code();
    MoltDumpDesc desc = {.code = &code};
    char *text = NULL;
    if (molt_dump_json(heap, &desc, &text, NULL, NULL) != MOLT_OK)
        abort();
    return text;
}

#endif
