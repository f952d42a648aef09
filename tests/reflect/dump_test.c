/* The dump of hand-made states: every kind of value, every place a pointer may mean, and the
 * document around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counting_allocator.h"
#include "json_writer.h"
#include "molt/builder.h"
#include "molt/dump.h"

typedef struct Vec {
    float x, y;
} Vec;

typedef struct Rec {
    int64_t big;
    uint64_t huge;
    double ratio;
    bool flag;
    int32_t state; /* enum State */
    uint32_t bits; /* flags Bits */
    char name[8];
    uint32_t grid[2][3];
    Vec pos[2];
    unsigned low : 3;
    int high : 5;
    void *any;
    struct Rec *next;
    float *watched;
    char *text;
    void *outside;  /* external */
    uint8_t raw[4]; /* union */
} Rec;

typedef struct World {
    MoltSchema *schema;
    MoltHeap *heap;
    MoltTypeId character, rec, vec;
} World;

static MoltTypeId add(MoltBuilder *builder, const char *name, MoltType type)
{
    type.name = molt_builder_string(builder, name);
    return molt_builder_add_type(builder, &type);
}

static MoltTypeId add_integer(MoltBuilder *builder, const char *name, uint32_t size, uint16_t flags)
{
    return add(builder, name,
               (MoltType){.kind = MOLT_KIND_INT, .size = size, .align = size, .flags = flags});
}

static MoltTypeId add_float(MoltBuilder *builder, const char *name, uint32_t size)
{
    return add(
        builder, name,
        (MoltType){
            .kind = MOLT_KIND_FLOAT, .size = size, .align = size, .flags = MOLT_TYPE_BINARY_FLOAT});
}

static MoltTypeId add_pointer(MoltBuilder *builder, const char *name, MoltTypeId to)
{
    return add(builder, name,
               (MoltType){.kind = MOLT_KIND_POINTER, .size = 8, .align = 8, .elem = to});
}

static MoltTypeId add_array(MoltBuilder *builder, const char *name, MoltTypeId of, uint64_t length)
{
    const MoltType elem = *molt_builder_type(builder, of);
    return add(builder, name,
               (MoltType){.kind = MOLT_KIND_ARRAY,
                          .size = elem.size * length,
                          .align = elem.align,
                          .elem = of,
                          .length = length});
}

static MoltField field(MoltBuilder *builder, const char *name, MoltTypeId type, size_t offset)
{
    return (MoltField){
        .name = molt_builder_string(builder, name), .type = type, .bit_offset = offset * 8};
}

static MoltField bit_field(MoltBuilder *builder, const char *name, MoltTypeId type, size_t bit,
                           uint32_t width)
{
    MoltField made = field(builder, name, type, 0);
    made.bit_offset = bit;
    made.bit_width = width;
    made.flags = MOLT_FIELD_BITS;
    return made;
}

static MoltEnumerator enumerator(MoltBuilder *builder, const char *name, int64_t value)
{
    return (MoltEnumerator){.name = molt_builder_string(builder, name), .value = (uint64_t)value};
}

static MoltTypeId add_state_enum(MoltBuilder *builder, MoltTypeId int_type)
{
    MoltTypeId id = add(builder, "State",
                        (MoltType){.kind = MOLT_KIND_ENUM,
                                   .size = 4,
                                   .align = 4,
                                   .flags = MOLT_TYPE_SIGNED,
                                   .elem = int_type});
    MoltEnumerator states[] = {enumerator(builder, "LOST", -1), enumerator(builder, "IDLE", 0),
                               enumerator(builder, "DIG", 7), enumerator(builder, "WORK", 7)};
    molt_builder_set_enumerators(builder, id, states, 4);
    return id;
}

static MoltTypeId add_flags_enum(MoltBuilder *builder, MoltTypeId unsigned_type)
{
    MoltTypeId id = add(builder, "Bits",
                        (MoltType){.kind = MOLT_KIND_ENUM,
                                   .size = 4,
                                   .align = 4,
                                   .flags = MOLT_TYPE_FLAGS,
                                   .elem = unsigned_type});
    MoltEnumerator flags[] = {enumerator(builder, "ALL", 7), enumerator(builder, "A", 1),
                              enumerator(builder, "B", 2), enumerator(builder, "C", 4),
                              enumerator(builder, "PAIR", 48)};
    molt_builder_set_enumerators(builder, id, flags, 5);
    return id;
}

static void set_rec_fields(MoltBuilder *builder, World *world, MoltTypeId i32, MoltTypeId u32)
{
    MoltTypeId i64 = add_integer(builder, "long", 8, MOLT_TYPE_SIGNED);
    MoltTypeId u64 = add_integer(builder, "unsigned long", 8, 0);
    MoltTypeId f32 = molt_builder_find_type(builder, "float");
    MoltTypeId nothing = add(builder, "void", (MoltType){.kind = MOLT_KIND_VOID, .align = 1});
    MoltTypeId any = add_pointer(builder, "void *", nothing);
    MoltTypeId row = add_array(builder, "unsigned int[3]", u32, 3);
    MoltTypeId bytes =
        add(builder, "Raw", (MoltType){.kind = MOLT_KIND_UNION, .size = 4, .align = 4});
    MoltField member = field(builder, "f", f32, 0);
    molt_builder_set_fields(builder, bytes, &member, 1);
    MoltTypeId boolean =
        add(builder, "_Bool", (MoltType){.kind = MOLT_KIND_BOOL, .size = 1, .align = 1});
    MoltField external = field(builder, "outside", any, offsetof(Rec, outside));
    external.flags = MOLT_FIELD_EXTERNAL;
    size_t bits = offsetof(Rec, pos) + sizeof(Vec) * 2;
    MoltField fields[] = {
        field(builder, "big", i64, offsetof(Rec, big)),
        field(builder, "huge", u64, offsetof(Rec, huge)),
        field(builder, "ratio", add_float(builder, "double", 8), offsetof(Rec, ratio)),
        field(builder, "flag", boolean, offsetof(Rec, flag)),
        field(builder, "state", add_state_enum(builder, i32), offsetof(Rec, state)),
        field(builder, "bits", add_flags_enum(builder, u32), offsetof(Rec, bits)),
        field(builder, "name", add_array(builder, "char[8]", world->character, 8),
              offsetof(Rec, name)),
        field(builder, "grid", add_array(builder, "unsigned int[2][3]", row, 2),
              offsetof(Rec, grid)),
        field(builder, "pos", add_array(builder, "Vec[2]", world->vec, 2), offsetof(Rec, pos)),
        bit_field(builder, "low", u32, bits * 8, 3),
        bit_field(builder, "high", i32, bits * 8 + 3, 5),
        field(builder, "any", any, offsetof(Rec, any)),
        field(builder, "next", add_pointer(builder, "Rec *", world->rec), offsetof(Rec, next)),
        field(builder, "watched", add_pointer(builder, "float *", f32), offsetof(Rec, watched)),
        field(builder, "text", add_pointer(builder, "char *", world->character),
              offsetof(Rec, text)),
        external,
        field(builder, "raw", bytes, offsetof(Rec, raw)),
    };
    molt_builder_set_fields(builder, world->rec, fields, sizeof fields / sizeof *fields);
}

static int set_up(void **context)
{
    static World world;
    MoltBuilder *builder = molt_builder_create(NULL);
    assert_non_null(builder);
    MoltTypeId i32 = add_integer(builder, "int", 4, MOLT_TYPE_SIGNED);
    MoltTypeId u32 = add_integer(builder, "unsigned int", 4, 0);
    MoltTypeId f32 = add_float(builder, "float", 4);
    world.character = add_integer(builder, "char", 1, MOLT_TYPE_SIGNED | MOLT_TYPE_CHAR);
    world.vec =
        add(builder, "Vec", (MoltType){.kind = MOLT_KIND_STRUCT, .size = sizeof(Vec), .align = 4});
    world.rec =
        add(builder, "Rec", (MoltType){.kind = MOLT_KIND_STRUCT, .size = sizeof(Rec), .align = 8});
    MoltField vec[] = {field(builder, "x", f32, 0), field(builder, "y", f32, 4)};
    molt_builder_set_fields(builder, world.vec, vec, 2);
    set_rec_fields(builder, &world, i32, u32);
    molt_builder_add_root(builder, "state", world.rec);

    MoltError error;
    if (molt_builder_finish(builder, &world.schema, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    molt_builder_destroy(builder);
    if (molt_heap_create(NULL, &world.heap, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    assert_int_equal(molt_heap_set_schema(world.heap, world.schema), MOLT_OK);
    *context = &world;
    return 0;
}

static int tear_down(void **context)
{
    World *world = *context;
    molt_heap_destroy(world->heap);
    molt_schema_free(world->schema);
    return 0;
}

static char *dump(const World *world, const MoltDumpDesc *desc)
{
    char *text = NULL;
    size_t length = 0;
    MoltError error;
    if (molt_dump_json(world->heap, desc, &text, &length, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    assert_int_equal(strlen(text), length);
    assert_int_equal(text[length - 1], '\n');
    cJSON *parsed = cJSON_ParseWithLength(text, length);
    if (!parsed)
        fail_msg("no JSON: %s", text);
    cJSON_Delete(parsed);
    return text;
}

static void expect_with(const World *world, const MoltDumpDesc *desc, const char *wanted)
{
    char *text = dump(world, desc);
    if (!strstr(text, wanted))
        fail_msg("%s\nis not in\n%s", wanted, text);
    free(text);
}

static void expect(const World *world, const char *wanted)
{
    expect_with(world, NULL, wanted);
}

static Rec *new_rec(const World *world)
{
    Rec *rec = molt_heap_new(world->heap, world->rec, 1);
    assert_non_null(rec);
    return rec;
}

/* ---- values --------------------------------------------------------------------------------- */

static void integers_keep_every_digit(void **context)
{
    Rec *rec = new_rec(*context);
    rec->big = INT64_MIN;
    rec->huge = UINT64_MAX;
    expect(*context, "\"big\":-9223372036854775808,\"huge\":18446744073709551615,");
}

static void floats_are_the_shortest_text_that_reads_back(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    rec->pos[0] = (Vec){0.1f, -0.0f};
    rec->pos[1] = (Vec){16777216.0f, FLT_MIN / 8};
    rec->ratio = 0.1;
    expect(world, "\"ratio\":0.1,");
    expect(world, "\"pos\":[{\"x\":0.1,\"y\":-0.0},");
    expect(world, "{\"x\":16777216,");
}

static void words_stand_for_what_json_has_no_number_for(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    uint32_t payload = 0xffc00001u, quiet = 0x7fc00000u;
    memcpy(&rec->pos[0].x, &payload, 4);
    memcpy(&rec->pos[0].y, &quiet, 4);
    rec->pos[1] = (Vec){INFINITY, -INFINITY};
    expect(world, "\"pos\":[{\"x\":\"NaN(0xffc00001)\",\"y\":\"NaN\"},"
                  "{\"x\":\"Infinity\",\"y\":\"-Infinity\"}]");
}

static void enums_go_by_first_name_else_number(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    rec->state = 7;
    expect(world, "\"state\":\"DIG\"");
    rec->state = -1;
    expect(world, "\"state\":\"LOST\"");
    rec->state = -5;
    expect(world, "\"state\":-5");
}

static void flags_go_bit_by_bit_with_the_rest_as_number(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    expect(world, "\"bits\":0");
    rec->bits = 5;
    expect(world, "\"bits\":\"A|C\"");
    rec->bits = 2 | 48 | 0x40;
    expect(world, "\"bits\":\"B|PAIR|0x40\"");
    rec->bits = 0x80000000u;
    expect(world, "\"bits\":\"0x80000000\"");
}

static void bools_and_bit_fields_go_by_value(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    rec->flag = true;
    rec->low = 5;
    rec->high = -16;
    expect(world, "\"flag\":true");
    expect(world, "\"low\":5,\"high\":-16,");
    memset((unsigned char *)rec + offsetof(Rec, flag), 3, 1);
    expect(world, "\"flag\":3");
}

static void char_arrays_are_text_only_when_a_string_says_all(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    memcpy(rec->name, "a\"\xc3\xa9\n", 5);
    expect(world, "\"name\":\"a\\\"\xc3\xa9\\n\"");
    memcpy(rec->name, "abcdefgh", 8);
    expect(world, "\"name\":{\"bytes\":\"6162636465666768\"}");
    memcpy(rec->name, "ab\0cd\0\0\0", 8);
    expect(world, "\"name\":{\"bytes\":\"6162006364000000\"}");
    memcpy(rec->name, "\xc3\0\0\0\0\0\0\0", 8);
    expect(world, "\"name\":{\"bytes\":\"c300000000000000\"}");
    memcpy(rec->name, "\xed\xa0\x80\0\0\0\0\0", 8);
    expect(world, "\"name\":{\"bytes\":\"eda0800000000000\"}");
}

static void arrays_nest_and_unions_are_bytes(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    rec->grid[1][2] = 9;
    memcpy(rec->raw, "\x01\x02\xfe\xff", 4);
    expect(world, "\"grid\":[[0,0,0],[0,0,9]]");
    expect(world, "\"raw\":{\"bytes\":\"0102feff\"}");
}

/* ---- pointers ------------------------------------------------------------------------------- */

static void cycles_and_sharing_are_references(void **context)
{
    World *world = *context;
    Rec *a = new_rec(world), *b = new_rec(world);
    a->next = b;
    b->next = a;
    b->any = a;
    molt_heap_set_root(world->heap, 0, a);
    expect(world, "\"roots\":{\"state\":{\"ref\":\"Rec:0\"}}");
    expect(world, "\"next\":{\"ref\":\"Rec:1\"}");
    expect(world, "\"any\":{\"ref\":\"Rec:0\"},\"next\":{\"ref\":\"Rec:0\"}");
}

static void interior_pointers_take_the_path_of_their_type(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    Vec *vecs = molt_heap_new(world->heap, world->vec, 5);
    rec->watched = &rec->pos[1].y;
    expect(world, "\"watched\":{\"ref\":\"Rec:0\",\"at\":\".pos[1].y\"}");
    rec->watched = &vecs[3].x;
    expect(world, "\"watched\":{\"ref\":\"Vec:0\",\"at\":\"[3].x\"}");
    rec->watched = &vecs[0].x;
    expect(world, "\"watched\":{\"ref\":\"Vec:0\",\"at\":\"[0].x\"}");
    rec->watched = (float *)(void *)rec->raw;
    expect(world, "\"watched\":{\"ref\":\"Rec:0\",\"at\":\".raw.f\"}");
}

static void void_pointers_take_the_outermost_object(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    Vec *vecs = molt_heap_new(world->heap, world->vec, 5);
    rec->any = &rec->pos[1].x;
    expect(world, "\"any\":{\"ref\":\"Rec:0\",\"at\":\".pos[1]\"}");
    rec->any = vecs;
    expect(world, "\"any\":{\"ref\":\"Vec:0\"}");
    rec->any = &vecs[4];
    expect(world, "\"any\":{\"ref\":\"Vec:0\",\"at\":\"[4]\"}");
}

static void places_without_the_type_are_bytes_from_the_element(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    Vec *vecs = molt_heap_new(world->heap, world->vec, 5);
    rec->text = (char *)rec + 12;
    expect(world, "\"text\":{\"ref\":\"Rec:0\",\"at\":\"+12\"}");
    rec->text = (char *)&vecs[2] + 3;
    expect(world, "\"text\":{\"ref\":\"Vec:0\",\"at\":\"[2]+3\"}");
    rec->text = (char *)vecs + 3;
    expect(world, "\"text\":{\"ref\":\"Vec:0\",\"at\":\"[0]+3\"}");
}

static void one_past_the_end_is_an_index(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    Vec *vecs = molt_heap_new(world->heap, world->vec, 5);
    rec->any = vecs + 5;
    rec->next = rec + 1;
    expect(world, "\"any\":{\"ref\":\"Vec:0\",\"at\":\"[5]\"},\"next\":{\"ref\":\"Rec:0\","
                  "\"at\":\"[1]\"}");
}

static void freed_foreign_and_external_pointers_are_told_apart(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world), *gone = new_rec(world);
    int foreign = 0;
    rec->next = gone;
    molt_heap_delete(world->heap, gone);
    rec->any = &foreign;
    expect(world, "\"any\":{\"foreign\":true},\"next\":{\"dangling\":true}");
    expect(world, "\"outside\":{\"external\":true}");
    rec->outside = &foreign;
    expect(world, "\"outside\":{\"external\":true}");
    rec->outside = rec;
    expect(world, "\"outside\":{\"external\":true}");
}

static bool describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    switch (address - (uintptr_t)context) {
    case 0:
        *out = (MoltCodeTarget){.kind = MOLT_CODE_FUNCTION, .file = "ants.c", .name = "forage"};
        return true;
    case 1:
        *out = (MoltCodeTarget){.kind = MOLT_CODE_FUNCTION, .file = "", .name = "tick"};
        return true;
    case 2:
        *out = (MoltCodeTarget){
            .kind = MOLT_CODE_DATA, .file = "castes.c", .name = "castes", .offset = 16};
        return true;
    case 3:
        *out = (MoltCodeTarget){.kind = MOLT_CODE_LITERAL, .bytes = "worker", .size = 7};
        return true;
    default: return false;
    }
}

static void library_addresses_go_by_name(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    char image[8];
    MoltCodeMap map = {.context = image,
                       .begin = (uintptr_t)image,
                       .end = (uintptr_t)image + sizeof image,
                       .describe = describe};
    MoltDumpDesc desc = {.code = &map};
    static const char *const wanted[] = {
        "\"any\":{\"code\":\"ants.c:forage\"}", "\"any\":{\"code\":\"tick\"}",
        "\"any\":{\"data\":\"castes.c:castes\",\"at\":16}", "\"any\":{\"literal\":\"worker\"}",
        "\"any\":{\"unnamed\":true}"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        rec->any = image + i;
        expect_with(world, &desc, wanted[i]);
    }
    expect(world, "\"any\":{\"foreign\":true}");
}

/* ---- the document --------------------------------------------------------------------------- */

static void text_blocks_are_strings_with_their_room(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    rec->text = molt_heap_new(world->heap, world->character, 6);
    memcpy(rec->text, "queen", 6);
    expect(world, "\"text\":{\"ref\":\"char:0\"}");
    expect(world, "{\"id\":\"char:0\",\"type\":\"char\",\"count\":6,\"value\":\"queen\"}");
    rec->text[5] = '!';
    expect(world, "\"count\":6,\"value\":{\"bytes\":\"717565656e21\"}");
}

static void arrays_list_their_elements(void **context)
{
    World *world = *context;
    Vec *vecs = molt_heap_new(world->heap, world->vec, 2);
    vecs[1].y = 2;
    expect(world, "{\"id\":\"Vec:0\",\"type\":\"Vec\",\"count\":2,\"value\":[\n"
                  "  {\"x\":0,\"y\":0},\n  {\"x\":0,\"y\":2}]}");
}

static void addresses_are_written_on_demand_only(void **context)
{
    World *world = *context;
    Rec *rec = new_rec(world);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"addr\":\"0x%llx\"", (unsigned long long)(uintptr_t)rec);
    expect_with(world, &(MoltDumpDesc){.addresses = true}, wanted);
    expect_with(world, &(MoltDumpDesc){.addresses = true}, "\"outside\":{\"external\":true}");
    rec->outside = (void *)0x7c0;
    expect_with(world, &(MoltDumpDesc){.addresses = true},
                "\"outside\":{\"external\":true,\"addr\":\"0x7c0\"}");
    char *text = dump(world, NULL);
    assert_null(strstr(text, "addr"));
    free(text);
}

static void empty_heap_names_its_schema(void **context)
{
    World *world = *context;
    char head[128];
    MoltHash hash = molt_schema_source_hash(world->schema);
    snprintf(head, sizeof head,
             "{\"molt_dump\":1,\"schema\":\"%016llx%016llx\",\n\"roots\":{\"state\":null},\n",
             (unsigned long long)hash.high, (unsigned long long)hash.low);
    expect(world, head);
    expect(world, "\"objects\":[\n]}\n");
}

static void dumping_changes_nothing_and_repeats_itself(void **context)
{
    World *world = *context;
    Rec *head = NULL;
    for (int i = 0; i < 1000; i++) {
        Rec *rec = new_rec(world);
        rec->next = head;
        rec->big = i;
        head = rec;
    }
    molt_heap_set_root(world->heap, 0, head);
    MoltHash before = molt_heap_digest(world->heap);
    char *first = dump(world, NULL), *second = dump(world, NULL);
    MoltHash after = molt_heap_digest(world->heap);
    assert_string_equal(first, second);
    assert_memory_equal(&before, &after, sizeof before);
    free(first);
    free(second);
}

static void heap_without_schema_is_an_error(void **context)
{
    (void)context;
    MoltHeap *heap = NULL;
    char *text = NULL;
    MoltError error = {.status = MOLT_OK};
    assert_int_equal(molt_heap_create(NULL, &heap, &error), MOLT_OK);
    assert_int_equal(molt_dump_json(heap, NULL, &text, NULL, &error), MOLT_INVALID);
    assert_null(text);
    assert_non_null(strstr(error.text, "schema"));
    molt_heap_destroy(heap);
}

static void every_failed_allocation_fails_the_dump(void **context)
{
    World *world = *context;
    CountingAllocator counting = {.stays_out = true};
    MoltAllocator allocator = counting_allocator(&counting);
    const MoltHeapDesc desc = {.allocator = &allocator};
    MoltHeap *heap = NULL;
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    assert_int_equal(molt_heap_create(&desc, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, world->schema), MOLT_OK);
    molt_heap_new(heap, world->rec, 1);
    uint64_t bytes = counting.bytes;
    int tries = 0;
    for (; status != MOLT_OK && tries < 100; tries++) {
        char *text = NULL;
        counting.fail_at = counting.calls + 1 + (uint64_t)tries;
        status = molt_dump_json(heap, NULL, &text, NULL, NULL);
        assert_true(status == MOLT_OK || (status == MOLT_OUT_OF_MEMORY && !text));
        assert_int_equal(counting.bytes, bytes);
        free(text);
    }
    assert_int_equal(status, MOLT_OK);
    assert_in_range(tries, 5, 99);
    molt_heap_destroy(heap);
}

/* ---- sinks ----------------------------------------------------------------------------------- */

typedef struct Pieces {
    char *text;
    size_t length, largest;
    uint64_t limit; /* of bytes, beyond which it fails */
    unsigned calls_after;
    bool failed;
} Pieces;

static MoltStatus take_piece(void *context, const char *text, size_t length, MoltError *error)
{
    Pieces *pieces = context;
    pieces->calls_after += pieces->failed;
    if (pieces->length + length > pieces->limit) {
        pieces->failed = true;
        return molt_error(error, MOLT_SYSTEM, "the disk is full");
    }
    assert_true(length > 0);
    pieces->largest = length > pieces->largest ? length : pieces->largest;
    memcpy(pieces->text + pieces->length, text, length);
    pieces->length += length;
    return MOLT_OK;
}

/* Enough for several buffers, with texts that are longer than one and escapes at every place in it. */
static void fill_large(World *world)
{
    for (int i = 0; i < 200; i++)
        new_rec(world)->big = i;
    for (size_t length = 1; length < 300000; length = length * 3 + 1) {
        char *text = molt_heap_new(world->heap, world->character, length + 1);
        for (size_t c = 0; c < length; c++)
            text[c] = "ab\"\\\n\x01 xyz"[c * (length % 7 + 1) % 10];
    }
}

static void sinks_get_the_same_text_in_pieces(void **context)
{
    World *world = *context;
    fill_large(world);
    char *whole = dump(world, NULL);
    size_t length = strlen(whole);
    Pieces pieces = {.text = malloc(length), .limit = length};
    const MoltTextSink sink = {take_piece, &pieces};
    assert_int_equal(molt_dump_write(world->heap, NULL, &sink, NULL), MOLT_OK);
    assert_int_equal(pieces.length, length);
    assert_memory_equal(pieces.text, whole, length);
    assert_true(pieces.largest <= MOLT__JSON_BUFFER && length > 4 * MOLT__JSON_BUFFER);
    for (uint64_t limit = 0; limit < length; limit += length / 9) {
        MoltError error = {.status = MOLT_OK};
        Pieces cut = {.text = pieces.text, .limit = limit};
        const MoltTextSink full = {take_piece, &cut};
        assert_int_equal(molt_dump_write(world->heap, NULL, &full, &error), MOLT_SYSTEM);
        assert_string_equal(error.text, "the disk is full");
        assert_int_equal(cut.calls_after, 0);
    }
    free(pieces.text);
    free(whole);
}

static void long_texts_are_escaped_whole(void **context)
{
    World *world = *context;
    fill_large(world);
    char *text = dump(world, NULL);
    cJSON *parsed = cJSON_Parse(text), *object;
    uint64_t cursor = 0;
    MoltBlock block;
    object = cJSON_GetArrayItem(cJSON_GetObjectItem(parsed, "objects"), 0);
    while (molt_heap_next(world->heap, world->character, &cursor, &block)) {
        char id[32];
        snprintf(id, sizeof id, "char:%llu", (unsigned long long)block.serial);
        while (object && strcmp(cJSON_GetObjectItem(object, "id")->valuestring, id) != 0)
            object = object->next;
        assert_non_null(object);
        assert_string_equal(cJSON_GetObjectItem(object, "value")->valuestring, block.start);
    }
    cJSON_Delete(parsed);
    free(text);
}

#define DUMP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DUMP_TEST(integers_keep_every_digit),
        DUMP_TEST(floats_are_the_shortest_text_that_reads_back),
        DUMP_TEST(words_stand_for_what_json_has_no_number_for),
        DUMP_TEST(enums_go_by_first_name_else_number),
        DUMP_TEST(flags_go_bit_by_bit_with_the_rest_as_number),
        DUMP_TEST(bools_and_bit_fields_go_by_value),
        DUMP_TEST(char_arrays_are_text_only_when_a_string_says_all),
        DUMP_TEST(arrays_nest_and_unions_are_bytes),
        DUMP_TEST(cycles_and_sharing_are_references),
        DUMP_TEST(interior_pointers_take_the_path_of_their_type),
        DUMP_TEST(void_pointers_take_the_outermost_object),
        DUMP_TEST(places_without_the_type_are_bytes_from_the_element),
        DUMP_TEST(one_past_the_end_is_an_index),
        DUMP_TEST(freed_foreign_and_external_pointers_are_told_apart),
        DUMP_TEST(library_addresses_go_by_name),
        DUMP_TEST(text_blocks_are_strings_with_their_room),
        DUMP_TEST(arrays_list_their_elements),
        DUMP_TEST(addresses_are_written_on_demand_only),
        DUMP_TEST(empty_heap_names_its_schema),
        DUMP_TEST(dumping_changes_nothing_and_repeats_itself),
        cmocka_unit_test(heap_without_schema_is_an_error),
        DUMP_TEST(every_failed_allocation_fails_the_dump),
        DUMP_TEST(sinks_get_the_same_text_in_pieces),
        DUMP_TEST(long_texts_are_escaped_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
