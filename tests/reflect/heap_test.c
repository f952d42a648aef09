/* The heap as its users see it: where blocks lie, what an address means, what a failure leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "heap_fixture.h"
#include "molt/heap.h"

typedef struct Fixture {
    MoltSchema *schema;
    MoltHeap *heap;
} Fixture;

static MoltHeap *heap_of(const MoltSchema *schema, const MoltHeapDesc *desc)
{
    MoltHeap *heap = NULL;
    MoltError error;
    assert_int_equal(molt_heap_create(desc, &heap, &error), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    return heap;
}

static int set_up(void **state)
{
    Fixture *fixture = malloc(sizeof *fixture);
    fixture->schema = heap_fixture_schema(24);
    fixture->heap = heap_of(fixture->schema, NULL);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    molt_heap_destroy(fixture->heap);
    molt_schema_free(fixture->schema);
    free(fixture);
    return 0;
}

static MoltHeap *heap_from(void **state)
{
    return ((Fixture *)*state)->heap;
}

static const MoltSchema *schema_from(void **state)
{
    return ((Fixture *)*state)->schema;
}

static MoltBlock block_at(const MoltHeap *heap, const void *address)
{
    MoltPlace place;
    molt_heap_locate(heap, address, &place);
    assert_int_equal(place.kind, MOLT_PLACE_BLOCK);
    assert_ptr_equal(place.block.start, address);
    return place.block;
}

static uint64_t same_hash(MoltHash a, MoltHash b)
{
    return a.low == b.low && a.high == b.high;
}

/* ---- allocation ---------------------------------------------------------------------------- */

static void new_block_is_zeroed_and_aligned(void **state)
{
    MoltHeap *heap = heap_from(state);
    for (MoltTypeId type = 0; type < LIVE_TYPES; type++) {
        const MoltType *layout = molt_type(schema_from(state), type);
        for (uint64_t count = 1; count < 40; count += 7) {
            for (int round = 0; round < 2; round++) {
                unsigned char *block = molt_heap_new(heap, type, count);
                assert_non_null(block);
                assert_int_equal((uintptr_t)block % layout->align, 0);
                for (uint64_t i = 0; i < layout->size * count; i++)
                    assert_int_equal(block[i], 0);
                memset(block, 0xff, layout->size * count);
                assert_true(molt_heap_delete(heap, block));
            }
        }
    }
}

static void new_fails_without_size_or_room(void **state)
{
    MoltHeap *heap = heap_from(state);
    assert_null(molt_heap_new(heap, TYPE_ANT, 0));
    assert_null(molt_heap_new(heap, TYPE_OPAQUE, 1));
    assert_null(molt_heap_new(heap, TYPE_COUNT, 1));
    assert_null(molt_heap_new(heap, MOLT_NO_TYPE, 1));
    assert_null(molt_heap_new(heap, TYPE_ANT, UINT64_MAX));
    assert_null(molt_heap_new(heap, TYPE_ANT, UINT64_MAX / 24 + 1));
    assert_null(molt_heap_new(heap, TYPE_CHAR, (uint64_t)1 << 62));
    MoltHeapStats stats;
    molt_heap_stats(heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, 0);
}

static void lowest_free_block_is_taken_first(void **state)
{
    MoltHeap *heap = heap_from(state);
    void *ants[1000];
    for (unsigned i = 0; i < 1000; i++) {
        ants[i] = molt_heap_new(heap, TYPE_ANT, 1);
        assert_int_equal(block_at(heap, ants[i]).serial, i);
    }
    static const unsigned holes[] = {700, 3, 999, 64, 512};
    static const unsigned filled[] = {3, 64, 512, 700, 999};
    for (unsigned i = 0; i < 5; i++)
        assert_true(molt_heap_delete(heap, ants[holes[i]]));
    for (unsigned i = 0; i < 5; i++)
        assert_ptr_equal(molt_heap_new(heap, TYPE_ANT, 1), ants[filled[i]]);
    assert_int_equal(block_at(heap, molt_heap_new(heap, TYPE_ANT, 1)).serial, 1000);
}

static void arrays_of_any_count_keep_their_elements(void **state)
{
    MoltHeap *heap = heap_from(state);
    for (uint64_t count = 1; count < 20000; count += 1 + count / 3) {
        unsigned char *block = molt_heap_new(heap, TYPE_ODD, count);
        assert_non_null(block);
        MoltBlock found = block_at(heap, block);
        assert_int_equal(found.count, count);
        assert_true(found.capacity >= count);
        assert_true(found.capacity < 2 * count);
        memset(block, 1, count * 5);
    }
}

static void large_array_gives_its_span_back(void **state)
{
    MoltHeap *heap = heap_from(state);
    MoltHeapStats before;
    MoltHeapStats with;
    MoltHeapStats after;
    molt_heap_stats(heap, TYPE_ANT, &before);
    void *first = molt_heap_new(heap, TYPE_ANT, 100000);
    void *second = molt_heap_new(heap, TYPE_ANT, 100000);
    molt_heap_stats(heap, TYPE_ANT, &with);
    assert_int_equal(with.spans, before.spans + 2);
    assert_int_equal(with.elements, 200000);
    assert_true(molt_heap_delete(heap, first));
    assert_true(molt_heap_delete(heap, second));
    molt_heap_stats(heap, TYPE_ANT, &after);
    assert_int_equal(after.spans, before.spans);
    assert_int_equal(after.span_bytes, before.span_bytes);
    assert_ptr_equal(molt_heap_new(heap, TYPE_ANT, 100000), first);
}

static void address_space_that_is_used_up_can_be_used_again(void **state)
{
    const MoltHeapDesc desc = {.reserve = 1 << 20};
    MoltHeap *heap = heap_of(schema_from(state), &desc);
    void *blocks[64];
    unsigned count = 0;
    while (count < 64 && (blocks[count] = molt_heap_new(heap, TYPE_CHAR, 40000)) != NULL)
        count++;
    assert_int_equal(count, 16);
    assert_null(molt_heap_new(heap, TYPE_ANT, 1));
    assert_true(molt_heap_delete(heap, blocks[5]));
    assert_true(molt_heap_delete(heap, blocks[7]));
    assert_null(molt_heap_new(heap, TYPE_CHAR, 80000)); /* neighbours do not touch */
    assert_true(molt_heap_delete(heap, blocks[6]));
    assert_non_null(molt_heap_new(heap, TYPE_CHAR, 80000));
    assert_non_null(molt_heap_new(heap, TYPE_CHAR, 40000));
    assert_null(molt_heap_new(heap, TYPE_CHAR, 40000));
    molt_heap_destroy(heap);
}

/* ---- resize and delete --------------------------------------------------------------------- */

static void resize_keeps_elements_and_zeroes_new_ones(void **state)
{
    MoltHeap *heap = heap_from(state);
    static const uint64_t counts[] = {1, 3, 2, 12, 11, 12, 5000, 4097, 9000, 100, 101, 1, 40};
    unsigned char *block = molt_heap_new(heap, TYPE_ODD, 1);
    memset(block, 7, 5);
    uint64_t kept = 1;
    for (unsigned i = 1; i < sizeof counts / sizeof counts[0]; i++) {
        uint64_t count = counts[i];
        block = molt_heap_resize(heap, block, count);
        assert_non_null(block);
        assert_int_equal(block_at(heap, block).count, count);
        if (count < kept)
            kept = count;
        for (uint64_t at = 0; at < count * 5; at++)
            assert_int_equal(block[at], at < kept * 5 ? 7 : 0);
        memset(block, 7, count * 5);
        kept = count;
    }
    MoltHeapStats stats;
    molt_heap_stats(heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, 1);
}

static void resize_within_capacity_stays(void **state)
{
    MoltHeap *heap = heap_from(state);
    void *block = molt_heap_new(heap, TYPE_ANT, 9);
    assert_int_equal(block_at(heap, block).capacity, 12);
    assert_ptr_equal(molt_heap_resize(heap, block, 12), block);
    assert_ptr_equal(molt_heap_resize(heap, block, 4), block);
    assert_ptr_not_equal(molt_heap_resize(heap, block, 3), block);
}

static void failed_resize_leaves_the_block(void **state)
{
    MoltHeap *heap = heap_from(state);
    unsigned char *block = molt_heap_new(heap, TYPE_ANT, 2);
    memset(block, 9, 48);
    MoltHash before = molt_heap_digest(heap);
    assert_null(molt_heap_resize(heap, block, 0));
    assert_null(molt_heap_resize(heap, block, UINT64_MAX / 2));
    assert_null(molt_heap_resize(heap, block + 24, 4));
    assert_null(molt_heap_resize(heap, NULL, 4));
    assert_true(same_hash(before, molt_heap_digest(heap)));
}

static void delete_takes_only_starts_of_live_blocks(void **state)
{
    MoltHeap *heap = heap_from(state);
    unsigned char *block = molt_heap_new(heap, TYPE_ANT, 2);
    int outside = 0;
    assert_false(molt_heap_delete(heap, NULL));
    assert_false(molt_heap_delete(heap, &outside));
    assert_false(molt_heap_delete(heap, block + 1));
    assert_false(molt_heap_delete(heap, block + 24));
    assert_false(molt_heap_delete(heap, block + 48));
    assert_true(molt_heap_delete(heap, block));
    assert_false(molt_heap_delete(heap, block));
}

/* ---- places -------------------------------------------------------------------------------- */

static void check_every_byte(const MoltHeap *heap, const MoltBlock *block, uint64_t size)
{
    const unsigned char *start = block->start;
    MoltPlace place;
    for (uint64_t at = 0; at <= size * block->count; at++) {
        molt_heap_locate(heap, start + at, &place);
        assert_int_equal(place.kind, MOLT_PLACE_BLOCK);
        assert_ptr_equal(place.block.start, start);
        assert_int_equal(place.block.serial, block->serial);
        assert_int_equal(place.block.type, block->type);
        assert_int_equal(place.element, at / size);
        assert_int_equal(place.offset, at % size);
    }
    /* Slack, and room for elements that the block does not have. */
    for (uint64_t at = size * block->count + 1; at <= size * block->capacity; at++) {
        molt_heap_locate(heap, start + at, &place);
        assert_int_equal(place.kind, MOLT_PLACE_FREE);
    }
}

static void every_byte_of_a_block_is_located(void **state)
{
    MoltHeap *heap = heap_from(state);
    static const uint64_t counts[] = {1, 2, 5, 9, 31, 4097};
    for (MoltTypeId type = 0; type < TYPE_MAP; type++) {
        uint64_t size = molt_type(schema_from(state), type)->size;
        for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            void *before = molt_heap_new(heap, type, counts[i]);
            MoltBlock block = block_at(heap, molt_heap_new(heap, type, counts[i]));
            void *after = molt_heap_new(heap, type, counts[i]);
            check_every_byte(heap, &block, size);
            assert_true(molt_heap_delete(heap, before));
            assert_true(molt_heap_delete(heap, after));
            check_every_byte(heap, &block, size);
        }
    }
    MoltBlock map = block_at(heap, molt_heap_new(heap, TYPE_MAP, 3));
    check_every_byte(heap, &map, 70000);
}

static void past_the_end_is_not_the_next_block(void **state)
{
    MoltHeap *heap = heap_from(state);
    unsigned char *first = molt_heap_new(heap, TYPE_WIDE, 1);
    unsigned char *second = molt_heap_new(heap, TYPE_WIDE, 1);
    assert_true(second > first + 64);
    MoltPlace place;
    molt_heap_locate(heap, first + 64, &place);
    assert_ptr_equal(place.block.start, first);
    assert_int_equal(place.element, 1);
    assert_int_equal(place.offset, 0);
}

static void freed_and_foreign_addresses_are_told_apart(void **state)
{
    MoltHeap *heap = heap_from(state);
    MoltPlace place;
    int local = 0;
    molt_heap_locate(heap, &local, &place);
    assert_int_equal(place.kind, MOLT_PLACE_OUTSIDE);
    molt_heap_locate(heap, NULL, &place);
    assert_int_equal(place.kind, MOLT_PLACE_OUTSIDE);

    unsigned char *ant = molt_heap_new(heap, TYPE_ANT, 1);
    molt_heap_delete(heap, ant);
    for (unsigned at = 0; at < 200; at++) {
        molt_heap_locate(heap, ant + at, &place);
        assert_int_equal(place.kind, MOLT_PLACE_FREE);
    }
    molt_heap_locate(heap, ant - 1, &place); /* the first block of the range */
    assert_int_equal(place.kind, MOLT_PLACE_OUTSIDE);
    molt_heap_locate(heap, ant + ((uint64_t)64 << 30) - 1, &place);
    assert_int_equal(place.kind, MOLT_PLACE_FREE);
    molt_heap_locate(heap, ant + ((uint64_t)64 << 30), &place);
    assert_int_equal(place.kind, MOLT_PLACE_OUTSIDE);

    unsigned char *large = molt_heap_new(heap, TYPE_ANT, 50000);
    molt_heap_delete(heap, large);
    molt_heap_locate(heap, large, &place);
    assert_int_equal(place.kind, MOLT_PLACE_FREE);
}

/* ---- a random game against a model --------------------------------------------------------- */

#define MODEL_BLOCKS 600u

typedef struct ModelBlock {
    unsigned char *start;
    MoltTypeId type;
    uint64_t count;
    unsigned char fill;
} ModelBlock;

typedef struct Model {
    MoltHeap *heap;
    ModelBlock blocks[MODEL_BLOCKS];
    uint64_t seed;
} Model;

static uint64_t model_size(const Model *model, const ModelBlock *block)
{
    return molt_type(molt_heap_schema(model->heap), block->type)->size * block->count;
}

static void model_check(const Model *model, const ModelBlock *block)
{
    MoltBlock found = block_at(model->heap, block->start);
    assert_int_equal(found.type, block->type);
    assert_int_equal(found.count, block->count);
    uint64_t size = model_size(model, block);
    for (uint64_t i = 0; i < size; i++)
        if (block->start[i] != block->fill)
            fail_msg("a byte of a block changed");
}

static uint64_t random_count(Model *model)
{
    uint64_t random = fixture_random(&model->seed);
    if (random % 200 == 0)
        return 4000 + random / 200 % 3000;
    return random % 3 == 0 ? 1 + random / 3 % 60 : 1;
}

static void model_step(Model *model)
{
    ModelBlock *block = &model->blocks[fixture_random(&model->seed) % MODEL_BLOCKS];
    uint64_t action = fixture_random(&model->seed) % 3;
    if (!block->start) {
        block->type = (MoltTypeId)(fixture_random(&model->seed) % TYPE_MAP);
        block->count = random_count(model);
        block->start = molt_heap_new(model->heap, block->type, block->count);
    } else if (action == 0) {
        block->count = random_count(model);
        block->start = molt_heap_resize(model->heap, block->start, block->count);
    } else {
        assert_true(molt_heap_delete(model->heap, block->start));
        block->start = NULL;
        return;
    }
    assert_non_null(block->start);
    block->fill = (unsigned char)(fixture_random(&model->seed) % 256);
    memset(block->start, block->fill, model_size(model, block));
}

/* molt_heap_next lists exactly the model's blocks, in order. */
static void model_check_all(const Model *model)
{
    uint64_t expected = 0;
    uint64_t elements = 0;
    for (unsigned i = 0; i < MODEL_BLOCKS; i++) {
        if (!model->blocks[i].start)
            continue;
        model_check(model, &model->blocks[i]);
        expected++;
        elements += model->blocks[i].count;
    }
    uint64_t listed = 0;
    uint64_t cursor = 0;
    MoltBlock last = {0};
    MoltBlock block;
    while (molt_heap_next(model->heap, MOLT_NO_TYPE, &cursor, &block)) {
        if (listed > 0)
            assert_true(block.type > last.type ||
                        (block.type == last.type && block.serial > last.serial));
        MoltBlock found = block_at(model->heap, block.start);
        assert_int_equal(found.serial, block.serial);
        assert_int_equal(found.count, block.count);
        assert_true(found.type == block.type && found.span == block.span);
        assert_int_equal(found.index, block.index);
        last = block;
        listed++;
    }
    assert_int_equal(listed, expected);
    MoltHeapStats stats;
    molt_heap_stats(model->heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, expected);
    assert_int_equal(stats.elements, elements);
}

static void model_run(Model *model, MoltHeap *heap, unsigned steps)
{
    memset(model, 0, sizeof *model);
    model->heap = heap;
    model->seed = 88172645463325252u;
    for (unsigned step = 0; step < steps; step++) {
        model_step(model);
        if (step % 2500 == 0)
            model_check_all(model);
    }
    model_check_all(model);
}

static void random_calls_agree_with_a_model(void **state)
{
    Model *model = malloc(sizeof *model);
    assert_non_null(model);
    model_run(model, heap_from(state), 20000);
    for (unsigned i = 0; i < MODEL_BLOCKS; i++)
        if (model->blocks[i].start)
            assert_true(molt_heap_delete(model->heap, model->blocks[i].start));
    uint64_t cursor = 0;
    MoltBlock block;
    assert_false(molt_heap_next(model->heap, MOLT_NO_TYPE, &cursor, &block));
    free(model);
}

static void addresses_follow_from_the_calls_alone(void **state)
{
    const MoltHeapDesc elsewhere = {.base = (uintptr_t)0x300000000000};
    MoltHeap *other = heap_of(schema_from(state), &elsewhere);
    Model *first = malloc(sizeof *first);
    Model *second = malloc(sizeof *second);
    assert_true(first && second);
    model_run(first, heap_from(state), 8000);
    model_run(second, other, 8000);
    uintptr_t distance = 0;
    for (unsigned i = 0; i < MODEL_BLOCKS; i++) {
        if (!first->blocks[i].start)
            continue;
        uintptr_t apart = (uintptr_t)second->blocks[i].start - (uintptr_t)first->blocks[i].start;
        if (distance == 0)
            distance = apart;
        assert_true(apart == distance);
    }
    free(first);
    free(second);
    molt_heap_destroy(other);
}

/* What makes a run with reloads that widen a type number its blocks like one without. */
static void serials_do_not_depend_on_the_size_of_a_type(void **state)
{
    MoltSchema *wider = heap_fixture_schema(1000);
    MoltHeap *other = heap_of(wider, NULL);
    Model *first = malloc(sizeof *first);
    Model *second = malloc(sizeof *second);
    assert_true(first && second);
    model_run(first, heap_from(state), 8000);
    model_run(second, other, 8000);
    for (unsigned i = 0; i < MODEL_BLOCKS; i++)
        if (first->blocks[i].start)
            assert_int_equal(block_at(first->heap, first->blocks[i].start).serial,
                             block_at(second->heap, second->blocks[i].start).serial);
    free(first);
    free(second);
    molt_heap_destroy(other);
    molt_schema_free(wider);
}

/* ---- listing, roots, schema ---------------------------------------------------------------- */

static void next_lists_one_type_in_order_of_serials(void **state)
{
    MoltHeap *heap = heap_from(state);
    for (unsigned i = 0; i < 300; i++) {
        molt_heap_new(heap, TYPE_ANT, 1 + i % 5);
        molt_heap_new(heap, TYPE_ODD, 1);
    }
    uint64_t cursor = 0;
    uint64_t listed = 0;
    uint64_t last = 0;
    MoltBlock block;
    while (molt_heap_next(heap, TYPE_ANT, &cursor, &block)) {
        assert_int_equal(block.type, TYPE_ANT);
        assert_true(listed == 0 || block.serial > last);
        last = block.serial;
        listed++;
    }
    assert_int_equal(listed, 300);
    assert_false(molt_heap_next(heap, TYPE_ANT, &cursor, &block)); /* stays at the end */
    cursor = 0;
    assert_false(molt_heap_next(heap, TYPE_WIDE, &cursor, &block));
    cursor = 0;
    assert_false(molt_heap_next(heap, TYPE_COUNT + 5, &cursor, &block));
}

static void roots_are_null_until_set(void **state)
{
    MoltHeap *heap = heap_from(state);
    assert_null(molt_heap_root(heap, 0));
    assert_null(molt_heap_root(heap, 1));
    assert_null(molt_heap_root(heap, 2));
    void *ant = molt_heap_new(heap, TYPE_ANT, 1);
    molt_heap_set_root(heap, 1, ant);
    assert_ptr_equal(molt_heap_root(heap, 1), ant);
    assert_null(molt_heap_root(heap, 0));
}

static void schema_is_set_only_without_blocks(void **state)
{
    MoltHeap *heap = heap_from(state);
    MoltSchema *other = heap_fixture_schema(40);
    void *ant = molt_heap_new(heap, TYPE_ANT, 1);
    assert_int_equal(molt_heap_set_schema(heap, other), MOLT_INVALID);
    assert_ptr_equal(molt_heap_schema(heap), schema_from(state));
    molt_heap_delete(heap, ant);
    assert_int_equal(molt_heap_set_schema(heap, other), MOLT_OK);
    assert_ptr_equal(molt_heap_schema(heap), other);
    MoltBlock block = block_at(heap, molt_heap_new(heap, TYPE_ANT, 1));
    assert_int_equal(block.serial, 0);
    MoltHeapStats stats;
    molt_heap_stats(heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.live_bytes, 40);
    molt_heap_destroy(heap);
    ((Fixture *)*state)->heap = NULL;
    molt_schema_free(other);
}

static void digest_sees_every_bit_and_no_reading(void **state)
{
    MoltHeap *heap = heap_from(state);
    Model *model = malloc(sizeof *model);
    assert_non_null(model);
    model_run(model, heap, 1500);
    MoltHash before = molt_heap_digest(heap);
    model_check_all(model);
    assert_true(same_hash(before, molt_heap_digest(heap)));

    for (unsigned i = 0; i < MODEL_BLOCKS; i += 37) {
        ModelBlock *block = &model->blocks[i];
        if (!block->start)
            continue;
        unsigned char *last = block->start + model_size(model, block) - 1;
        *last ^= 0x80;
        assert_false(same_hash(before, molt_heap_digest(heap)));
        *last ^= 0x80;
        assert_true(same_hash(before, molt_heap_digest(heap)));
    }
    free(model);

    void *ant = molt_heap_new(heap, TYPE_ANT, 1);
    assert_false(same_hash(before, molt_heap_digest(heap)));
    molt_heap_delete(heap, ant);
    assert_true(same_hash(before, molt_heap_digest(heap)));
    molt_heap_set_root(heap, 0, heap);
    assert_false(same_hash(before, molt_heap_digest(heap)));
}

/* ---- failure ------------------------------------------------------------------------------- */

static void every_failing_allocation_leaves_a_whole_heap(void **state)
{
    const MoltSchema *schema = schema_from(state);
    bool completed = false;
    for (uint64_t fail_at = 1; !completed; fail_at++) {
        CountingAllocator counting = {.fail_at = fail_at};
        MoltAllocator allocator = counting_allocator(&counting);
        const MoltHeapDesc desc = {.reserve = 1 << 28, .allocator = &allocator};
        MoltHeap *heap = NULL;
        MoltError error;
        if (molt_heap_create(&desc, &heap, &error) != MOLT_OK) {
            assert_int_equal(error.status, MOLT_OUT_OF_MEMORY);
            assert_null(heap);
            assert_int_equal(counting.blocks, 0);
            continue;
        }
        if (molt_heap_set_schema(heap, schema) != MOLT_OK)
            assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
        uint64_t made = 0;
        for (unsigned i = 0; i < 200; i++) {
            MoltTypeId type = i % TYPE_MAP;
            void *block = molt_heap_new(heap, type, 1 + i % 50 * (i % 50));
            made += block != NULL;
            void *moved = block ? molt_heap_resize(heap, block, 1 + i * 3) : NULL;
            assert_true(!block || moved || block_at(heap, block).start == block);
        }
        completed = counting.calls < fail_at;
        assert_true(made >= 199);
        MoltHeapStats stats;
        molt_heap_stats(heap, MOLT_NO_TYPE, &stats);
        assert_int_equal(stats.blocks, made);
        molt_heap_destroy(heap);
        assert_int_equal(counting.blocks, 0);
    }
}

static void create_rejects_what_cannot_be(void **state)
{
    (void)state;
    MoltHeap *heap = NULL;
    MoltError error;
    const MoltHeapDesc odd = {.base = 4097};
    assert_int_equal(molt_heap_create(&odd, &heap, &error), MOLT_INVALID);
    const MoltHeapDesc huge = {.reserve = UINT64_MAX};
    assert_int_equal(molt_heap_create(&huge, &heap, &error), MOLT_INVALID);
    const MoltHeapDesc more_than_there_is = {.reserve = (uint64_t)1 << 46};
    MoltStatus status = molt_heap_create(&more_than_there_is, &heap, NULL);
    assert_true(status == MOLT_OK || status == MOLT_SYSTEM || status == MOLT_OUT_OF_MEMORY);
    if (status == MOLT_OK)
        molt_heap_destroy(heap);
    molt_heap_destroy(NULL);
}

static void second_heap_lies_elsewhere(void **state)
{
    MoltHeap *other = heap_of(schema_from(state), NULL);
    void *here = molt_heap_new(heap_from(state), TYPE_ANT, 1);
    void *there = molt_heap_new(other, TYPE_ANT, 1);
    MoltPlace place;
    molt_heap_locate(other, here, &place);
    assert_int_equal(place.kind, MOLT_PLACE_OUTSIDE);
    molt_heap_locate(heap_from(state), there, &place);
    assert_int_equal(place.kind, MOLT_PLACE_OUTSIDE);
    molt_heap_destroy(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        X(new_block_is_zeroed_and_aligned),
        X(new_fails_without_size_or_room),
        X(lowest_free_block_is_taken_first),
        X(arrays_of_any_count_keep_their_elements),
        X(large_array_gives_its_span_back),
        X(address_space_that_is_used_up_can_be_used_again),
        X(resize_keeps_elements_and_zeroes_new_ones),
        X(resize_within_capacity_stays),
        X(failed_resize_leaves_the_block),
        X(delete_takes_only_starts_of_live_blocks),
        X(every_byte_of_a_block_is_located),
        X(past_the_end_is_not_the_next_block),
        X(freed_and_foreign_addresses_are_told_apart),
        X(random_calls_agree_with_a_model),
        X(addresses_follow_from_the_calls_alone),
        X(serials_do_not_depend_on_the_size_of_a_type),
        X(next_lists_one_type_in_order_of_serials),
        X(roots_are_null_until_set),
        X(schema_is_set_only_without_blocks),
        X(digest_sees_every_bit_and_no_reading),
        X(every_failing_allocation_leaves_a_whole_heap),
        X(create_rejects_what_cannot_be),
        X(second_heap_lies_elsewhere),
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
