/* Structs that end in a flexible array: their blocks in the heap, in snapshots and dumps, and what a
 * schema may say of them. What edits do to them is tested with real libraries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "molt/builder.h"
#include "molt/dump.h"
#include "molt/heap.h"
#include "molt/snapshot.h"

/* The array begins in the padding. */
typedef struct Bag {
    int64_t n;
    char kind;
    int16_t data[];
} Bag;

enum { DATA = offsetof(Bag, data) };

typedef struct World {
    MoltSchema *schema;
    MoltHeap *heap;
    MoltTypeId bag;
} World;

static MoltTypeId add(MoltBuilder *builder, const char *name, MoltType type)
{
    type.name = molt_builder_string(builder, name);
    return molt_builder_add_type(builder, &type);
}

static MoltField field(MoltBuilder *builder, const char *name, MoltTypeId type, size_t offset)
{
    return (MoltField){
        .name = molt_builder_string(builder, name), .type = type, .bit_offset = offset * 8};
}

static MoltBuilder *make_types(MoltTypeId *bag)
{
    MoltBuilder *b = molt_builder_create(NULL);
    MoltType number = {.kind = MOLT_KIND_INT, .flags = MOLT_TYPE_SIGNED};
    number.size = number.align = 8;
    MoltTypeId i64 = add(b, "long", number);
    number.size = number.align = 2;
    MoltTypeId i16 = add(b, "short", number);
    number.size = number.align = 1;
    number.flags |= MOLT_TYPE_CHAR;
    MoltTypeId text = add(b, "char", number);
    MoltTypeId data = add(b, "short[]",
                          (MoltType){.kind = MOLT_KIND_ARRAY, .flags = MOLT_TYPE_FLEXIBLE,
                                     .align = 2, .elem = i16});
    *bag = add(b, "Bag",
               (MoltType){.kind = MOLT_KIND_STRUCT, .size = sizeof(Bag), .align = _Alignof(Bag)});
    MoltNote note = {.kind = MOLT_NOTE_COUNT, .text = molt_builder_string(b, "n")};
    MoltField fields[] = {field(b, "n", i64, offsetof(Bag, n)),
                          field(b, "kind", text, offsetof(Bag, kind)),
                          field(b, "data", data, DATA)};
    fields[2].note_first = molt_builder_add_notes(b, &note, 1);
    fields[2].note_count = 1;
    molt_builder_set_fields(b, *bag, fields, 3);
    molt_builder_add_root(b, "state", *bag);
    return b;
}

static int set_up(void **context)
{
    static World world;
    MoltBuilder *builder = make_types(&world.bag);
    assert_int_equal(molt_builder_finish(builder, &world.schema, NULL), MOLT_OK);
    molt_builder_destroy(builder);
    assert_int_equal(molt_heap_create(NULL, &world.heap, NULL), MOLT_OK);
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

static Bag *new_bag(const World *world, uint64_t count)
{
    Bag *bag = molt_heap_new(world->heap, world->bag, count);
    assert_non_null(bag);
    return bag;
}

static uint64_t count_of(const World *world, const Bag *bag)
{
    MoltPlace place;
    molt_heap_locate(world->heap, bag, &place);
    assert_int_equal(place.kind, MOLT_PLACE_BLOCK);
    assert_ptr_equal(place.block.start, bag);
    assert_int_equal(place.block.header, DATA);
    return place.block.count;
}

/* ---- the heap ------------------------------------------------------------------------------- */

static void blocks_are_zeroed_and_apart(void **context)
{
    World *world = *context;
    Bag *bags[200];
    for (int i = 0; i < 200; i++) {
        bags[i] = new_bag(world, (uint64_t)i % 7);
        assert_int_equal(count_of(world, bags[i]), i % 7);
        assert_int_equal((uintptr_t)bags[i] % _Alignof(Bag), 0);
        assert_int_equal(bags[i]->n, 0);
        for (int k = 0; k < i % 7; k++)
            assert_int_equal(bags[i]->data[k], 0);
        memset(bags[i], i, sizeof(Bag));
        for (int k = 0; k < i % 7; k++)
            bags[i]->data[k] = (int16_t)i;
    }
    for (int i = 0; i < 200; i++) {
        assert_int_equal(bags[i]->kind, (char)i);
        for (int k = 0; k < i % 7; k++)
            assert_int_equal(bags[i]->data[k], i);
    }
    assert_null(molt_heap_new(world->heap, world->bag, UINT64_MAX / 2));
    assert_null(molt_heap_new(world->heap, world->bag, UINT64_MAX));
}

static void resize_keeps_the_struct_and_the_first_elements(void **context)
{
    World *world = *context;
    Bag *bag = new_bag(world, 2);
    bag->n = -9;
    bag->kind = 'k';
    bag->data[0] = 10;
    bag->data[1] = 11;
    for (uint64_t count = 3; count < 5000; count += count / 2) {
        bag = molt_heap_resize(world->heap, bag, count);
        assert_non_null(bag);
        assert_int_equal(count_of(world, bag), count);
        assert_int_equal(bag->data[1], 11);
        assert_int_equal(bag->data[count - 1], 0);
        bag->data[count - 1] = 77;
    }
    bag = molt_heap_resize(world->heap, bag, 1);
    assert_int_equal(bag->data[0], 10);
    bag = molt_heap_resize(world->heap, bag, 0);
    assert_non_null(bag);
    assert_int_equal(count_of(world, bag), 0);
    assert_true(bag->n == -9 && bag->kind == 'k');
    bag = molt_heap_resize(world->heap, bag, 2);
    assert_true(bag->data[0] == 0 && bag->data[1] == 0 && bag->kind == 'k');
    assert_null(molt_heap_resize(world->heap, bag, UINT64_MAX / 2));
    assert_int_equal(count_of(world, bag), 2);
    assert_true(molt_heap_delete(world->heap, bag));
}

static void expect_place(const World *world, const void *address, MoltPlaceKind kind,
                         uint64_t element, uint64_t offset)
{
    MoltPlace place;
    molt_heap_locate(world->heap, address, &place);
    assert_int_equal(place.kind, kind);
    if (kind == MOLT_PLACE_BLOCK) {
        assert_int_equal(place.element, element);
        assert_int_equal(place.offset, offset);
    }
}

static void addresses_lie_in_one_object(void **context)
{
    World *world = *context;
    Bag *bag = new_bag(world, 10), *empty = new_bag(world, 0);
    expect_place(world, bag, MOLT_PLACE_BLOCK, 0, 0);
    expect_place(world, &bag->kind, MOLT_PLACE_BLOCK, 0, 8);
    expect_place(world, &bag->data[9], MOLT_PLACE_BLOCK, 0, DATA + 18);
    expect_place(world, &bag->data[10], MOLT_PLACE_BLOCK, 1, 0);
    expect_place(world, (char *)&bag->data[10] + 1, MOLT_PLACE_FREE, 0, 0);
    expect_place(world, &empty->data[0], MOLT_PLACE_BLOCK, 0, DATA);
    expect_place(world, (char *)empty + sizeof(Bag), MOLT_PLACE_BLOCK, 1, 0);
}

static void statistics_count_elements_and_bytes(void **context)
{
    World *world = *context;
    MoltHeapStats stats;
    new_bag(world, 10);
    new_bag(world, 0);
    molt_heap_stats(world->heap, world->bag, &stats);
    assert_int_equal(stats.blocks, 2);
    assert_int_equal(stats.elements, 10);
    assert_int_equal(stats.live_bytes, DATA + 20 + sizeof(Bag));
}

static void snapshots_and_digests_hold_the_whole_block(void **context)
{
    World *world = *context;
    Bag *bag = new_bag(world, 600);
    bag->n = 600;
    bag->data[599] = 5;
    MoltHash before = molt_heap_digest(world->heap);
    MoltSnapshot *snapshot = NULL;
    assert_int_equal(molt_snapshot_capture(world->heap, &snapshot, NULL), MOLT_OK);
    bag->data[599] = 6;
    MoltHash changed = molt_heap_digest(world->heap);
    assert_memory_not_equal(&before, &changed, sizeof before);
    assert_int_equal(molt_snapshot_restore(snapshot, world->heap, NULL), MOLT_OK);
    MoltHash after = molt_heap_digest(world->heap);
    assert_memory_equal(&before, &after, sizeof before);
    assert_true(bag->n == 600 && bag->data[599] == 5);
    assert_int_equal(molt_heap_set_schema(world->heap, world->schema), MOLT_INVALID);
    molt_heap_delete(world->heap, bag);
    assert_int_equal(molt_heap_set_schema(world->heap, world->schema), MOLT_OK);
    molt_snapshot_free(snapshot);
}

static void dump_writes_one_object(void **context)
{
    World *world = *context;
    char *text = NULL;
    size_t length = 0;
    Bag *bag = new_bag(world, 3);
    new_bag(world, 0);
    bag->n = 3;
    bag->data[2] = -4;
    assert_int_equal(molt_dump_json(world->heap, NULL, &text, &length, NULL), MOLT_OK);
    assert_non_null(strstr(text, "\"value\":{\"n\":3,\"kind\":0,\"data\":[0,0,-4]}}"));
    assert_non_null(strstr(text, "\"value\":{\"n\":0,\"kind\":0,\"data\":[]}}"));
    free(text);
}

/* ---- schemas -------------------------------------------------------------------------------- */

static void json_reads_back(void **context)
{
    const World *world = *context;
    MoltSchema *read = NULL;
    MoltError error = {0};
    char *text = NULL;
    assert_int_equal(molt_schema_to_json(world->schema, &text, NULL), MOLT_OK);
    assert_non_null(strstr(text, "\"flexible\":true"));
    assert_non_null(strstr(text, "\"offset\":10,\"count\":[\"n\"]"));
    if (molt_schema_from_json(text, strlen(text), NULL, &read, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    assert_memory_equal(&read->tables.hash, &world->schema->tables.hash, sizeof(MoltHash));
    const MoltField *tail = molt_schema_tail(read, molt_schema_find(read, "Bag"));
    assert_non_null(tail);
    assert_string_equal(molt_string(read, tail->name), "data");
    assert_null(molt_schema_tail(read, molt_schema_find(read, "short")));
    free(text);
    molt_schema_free(read);
}

static void expect_refusal(MoltBuilder *builder, const char *wanted)
{
    MoltSchema *schema = NULL;
    MoltError error = {0};
    assert_int_equal(molt_builder_finish(builder, &schema, &error), MOLT_INVALID);
    if (!strstr(error.text, wanted))
        fail_msg("%s", error.text);
    molt_builder_destroy(builder);
}

static void flexible_structs_are_held_by_nothing(void **context)
{
    (void)context;
    MoltTypeId bag;
    MoltBuilder *b = make_types(&bag);
    MoltTypeId holder = add(b, "Holder",
                            (MoltType){.kind = MOLT_KIND_STRUCT, .size = sizeof(Bag), .align = 8});
    MoltField held = field(b, "bag", bag, 0);
    molt_builder_set_fields(b, holder, &held, 1);
    expect_refusal(b, "\"bag\": a flexible array can only be the last member");

    b = make_types(&bag);
    add(b, "Bag[2]", (MoltType){.kind = MOLT_KIND_ARRAY, .size = 2 * sizeof(Bag), .align = 8,
                                .elem = bag, .length = 2});
    expect_refusal(b, "\"Bag[2]\": its elements have no size of their own");

    b = make_types(&bag);
    MoltTypeId data = molt_builder_find_type(b, "short[]");
    holder = add(b, "Holder",
                 (MoltType){.kind = MOLT_KIND_UNION, .size = sizeof(Bag), .align = 8});
    held = field(b, "data", data, 0);
    molt_builder_set_fields(b, holder, &held, 1);
    expect_refusal(b, "\"Holder\", \"data\": a flexible array can only be the last member");

    b = make_types(&bag);
    molt_builder_type(b, molt_builder_find_type(b, "short[]"))->length = 1;
    expect_refusal(b, "it is flexible but has a length");
}

static void sites_must_agree_about_the_elements(void **context)
{
    (void)context;
    MoltTypeId bag;
    MoltBuilder *b = make_types(&bag);
    MoltSchema *schema = NULL;
    MoltError error = {0};
    molt_builder_add_spelling(b, "Bag", bag);
    molt_builder_add_spelling(b, "game/a.c:Part", molt_builder_find_type(b, "long"));
    molt_builder_add_spelling(b, "b.c:Part", molt_builder_find_type(b, "short"));
    assert_int_equal(molt_builder_finish(b, &schema, NULL), MOLT_OK);
    molt_builder_destroy(b);
    MoltSite sites[] = {
        {.spelling = "Bag", .file = "a.c", .size = sizeof(Bag), .align = 8, .element = 2},
        {.spelling = "Part", .file = "/home/game/a.c", .size = 8, .align = 8},
        {.spelling = "Part", .file = "../b.c", .size = 2, .align = 2},
    };
    const MoltModule module = {.sites = sites, .sites_end = sites + 3};
    assert_int_equal(molt_module_bind(&module, schema, &error), MOLT_OK);
    assert_int_equal(sites[1].type, molt_schema_find(schema, "long"));
    assert_int_equal(sites[2].type, molt_schema_find(schema, "short"));
    sites[2].file = "other/c.c";
    assert_int_equal(molt_module_bind(&module, schema, &error), MOLT_INVALID);
    sites[2].file = "b.c";
    sites[0].element = 4;
    assert_int_equal(molt_module_bind(&module, schema, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "4 bytes for an element of its flexible array"));
    molt_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        X(blocks_are_zeroed_and_apart),
        X(resize_keeps_the_struct_and_the_first_elements),
        X(addresses_lie_in_one_object),
        X(statistics_count_elements_and_bytes),
        X(snapshots_and_digests_hold_the_whole_block),
        X(dump_writes_one_object),
        X(json_reads_back),
        X(flexible_structs_are_held_by_nothing),
        X(sites_must_agree_about_the_elements),
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
