/* Plain memory in the heap: types by call site, what C promises, places, and what nothing reaches. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "heap_fault.h"
#include "heap_fixture.h"
#include "heap_gate.h"
#include "molt/leaks.h"
#include "molt/plain_memory.h"
#include "molt/snapshot.h"

/* Addresses that calls of the test return to. */
enum { AT_ANT = 0x1000, AT_ODD = 0x2000, AT_WRAPPER = 0x3000, AT_POOL = 0x4000, AT_NOWHERE = 0x9000 };

typedef struct Fixture {
    CountingAllocator counting;
    MoltAllocator allocator;
    MoltSchema *schema;
    MoltCallSites *sites;
    MoltHeap *heap;
    const MoltHeapApi *api;
    HeapFault fault;
} Fixture;

static const MoltCallSite call_sites[] = {
    {.address = AT_ANT, .type = TYPE_ANT, .file = "ant.c", .function = "hatch", .reason = "",
     .line = 10},
    {.address = AT_ODD, .type = TYPE_ODD, .file = "odd.c", .function = "make", .reason = "",
     .line = 20},
    {.address = AT_WRAPPER, .type = MOLT_NO_TYPE, .wrapper = true,
     .frame = {.base = MOLT_FRAME_STACK, .offset = 32, .return_address = -8, .frame_pointer = -16},
     .file = "memory.c", .function = "xmalloc", .reason = "no type is named", .line = 30},
    {.address = AT_POOL, .type = TYPE_ANT, .pool = true, .file = "pool.c", .function = "open",
     .reason = "", .line = 40},
};
enum { SITE_COUNT = sizeof call_sites / sizeof call_sites[0] };

static MoltSchema *schema_with_untyped(void)
{
    MoltSchema *bare = heap_fixture_schema(24), *schema = NULL;
    MoltError error;
    assert_int_equal(molt_schema_copy_plain(&bare->tables, NULL, &schema, &error), MOLT_OK);
    molt_schema_free(bare);
    return schema;
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    MoltError error;
    fixture->allocator = counting_allocator(&fixture->counting);
    MoltHeapDesc desc = {.allocator = &fixture->allocator};
    fixture->schema = schema_with_untyped();
    if (molt_call_sites_create(NULL, call_sites, SITE_COUNT, &fixture->sites, &error) != MOLT_OK ||
        molt_heap_create(&desc, &fixture->heap, &error) != MOLT_OK ||
        molt_heap_set_schema(fixture->heap, fixture->schema) != MOLT_OK ||
        molt_heap_set_call_sites(fixture->heap, fixture->sites) != MOLT_OK)
        return -1;
    fixture->api = molt_heap_api(fixture->heap);
    molt_heap_set_fault(fixture->heap, heap_fault_take, &fixture->fault);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    molt_heap_destroy(fixture->heap);
    assert_int_equal(fixture->counting.blocks, 0);
    molt_call_sites_free(fixture->sites);
    molt_schema_free(fixture->schema);
    free(fixture);
    return 0;
}

static void *new_at(const Fixture *fixture, uintptr_t address, size_t size)
{
    const MoltCaller caller = {.address = address};
    return fixture->api->plain_new(fixture->api, &caller, size, 1);
}

static void *resize_at(const Fixture *fixture, uintptr_t address, void *block, size_t size)
{
    const MoltCaller caller = {.address = address};
    return fixture->api->plain_resize(fixture->api, &caller, block, size);
}

static MoltBlock block_at(const Fixture *fixture, const void *address)
{
    MoltPlace place;
    molt_heap_locate(fixture->heap, address, &place);
    assert_int_equal(place.kind, MOLT_PLACE_BLOCK);
    assert_ptr_equal(place.block.start, address);
    return place.block;
}

static void assert_block(const Fixture *fixture, const void *address, const char *type,
                         uint64_t count)
{
    MoltBlock block = block_at(fixture, address);
    assert_string_equal(molt_type_name(fixture->schema, block.type), type);
    assert_int_equal(block.count, count);
    assert_int_equal((uintptr_t)address % 16, 0);
}

/* ---- types ----------------------------------------------------------------------------------- */

static void untyped_type_comes_after_all_others(void **state)
{
    const Fixture *fixture = *state;
    assert_int_equal(fixture->schema->tables.type_count, TYPE_COUNT + 1);
    MoltTypeId untyped = molt_schema_find(fixture->schema, MOLT_UNTYPED_NAME);
    assert_int_equal(untyped, TYPE_COUNT);
    MoltSchema *again = NULL;
    assert_int_equal(molt_schema_copy_plain(&fixture->schema->tables, NULL, &again, NULL), MOLT_OK);
    assert_int_equal(again->tables.type_count, TYPE_COUNT + 1);
    assert_memory_equal(&again->tables.hash, &fixture->schema->tables.hash, sizeof(MoltHash));
    molt_schema_free(again);
}

static void site_and_size_give_the_type(void **state)
{
    const Fixture *fixture = *state;
    assert_block(fixture, new_at(fixture, AT_ANT, 24), "Ant", 1);
    assert_block(fixture, new_at(fixture, AT_ANT, 72), "Ant", 3);
    assert_block(fixture, new_at(fixture, AT_ODD, 5), "Odd", 1);
    assert_block(fixture, new_at(fixture, AT_ODD, 35), "Odd", 7);
    assert_block(fixture, new_at(fixture, AT_ANT, 25), MOLT_UNTYPED_NAME, 25);
    assert_block(fixture, new_at(fixture, AT_ANT, 0), MOLT_UNTYPED_NAME, 1);
    assert_block(fixture, new_at(fixture, AT_NOWHERE, 24), MOLT_UNTYPED_NAME, 24);
    assert_block(fixture, new_at(fixture, AT_POOL, 100), "Ant", 5);
    assert_block(fixture, fixture->api->plain_text(fixture->api, "words", 3), "char", 4);
}

static void wrapper_asks_its_caller(void **state)
{
    const Fixture *fixture = *state;
    /* the wrapper's frame takes 32 bytes; above the saved frame pointer lies the return address */
    uintptr_t stack[8] = {0};
    MoltCaller caller = {.address = AT_WRAPPER, .stack = (uintptr_t)&stack[1]};
    stack[4] = AT_ODD;
    assert_block(fixture, fixture->api->plain_new(fixture->api, &caller, 10, 1), "Odd", 2);
    stack[4] = AT_NOWHERE;
    void *block = fixture->api->plain_new(fixture->api, &caller, 10, 1);
    assert_block(fixture, block, MOLT_UNTYPED_NAME, 10);
    MoltBlock found = block_at(fixture, block);
    assert_string_equal(molt_heap_origin(fixture->heap, &found)->function, "xmalloc");
    caller.stack = 0; /* a machine whose frames are not walked */
    stack[4] = AT_ODD;
    assert_block(fixture, fixture->api->plain_new(fixture->api, &caller, 10, 1),
                 MOLT_UNTYPED_NAME, 10);
}

static void realloc_keeps_the_type_while_all_agree(void **state)
{
    const Fixture *fixture = *state;
    unsigned char *block = resize_at(fixture, AT_ANT, NULL, 24);
    memset(block, 7, 24);
    block = resize_at(fixture, AT_NOWHERE, block, 24 * 100);
    assert_block(fixture, block, "Ant", 100);
    assert_int_equal(block[23], 7);
    block = resize_at(fixture, AT_NOWHERE, block, 30);
    assert_block(fixture, block, MOLT_UNTYPED_NAME, 30);
    assert_int_equal(block[23], 7);
    block = resize_at(fixture, AT_ANT, block, 48);
    assert_block(fixture, block, "Ant", 2);
    block = resize_at(fixture, AT_ODD, block, 120); /* a size of both, but two places disagree */
    assert_block(fixture, block, MOLT_UNTYPED_NAME, 120);
    assert_int_equal(block[23], 7);
    assert_null(resize_at(fixture, AT_ODD, block, 0));
    MoltHeapStats stats;
    molt_heap_stats(fixture->heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, 0);
}

/* ---- what C promises ------------------------------------------------------------------------- */

static void alignment_is_kept(void **state)
{
    const Fixture *fixture = *state;
    const MoltCaller caller = {.address = AT_ODD};
    for (size_t align = 1; align <= (size_t)1 << 16; align *= 2) {
        void *first = fixture->api->plain_new(fixture->api, &caller, 5, align);
        void *second = fixture->api->plain_new(fixture->api, &caller, 5, align);
        assert_int_equal((uintptr_t)first % align, 0);
        assert_int_equal((uintptr_t)second % align, 0);
        assert_string_equal(
            molt_type_name(fixture->schema, block_at(fixture, second).type), "Odd");
        void *moved = resize_at(fixture, AT_ODD, first, 50000);
        assert_int_equal((uintptr_t)moved % align, 0);
    }
    void *foreign = fixture->api->plain_new(fixture->api, &caller, 5, (size_t)1 << 17);
    MoltPlace place;
    molt_heap_locate(fixture->heap, foreign, &place);
    assert_int_equal(place.kind, MOLT_PLACE_OUTSIDE);
    assert_int_equal((uintptr_t)foreign % ((size_t)1 << 17), 0);
    fixture->api->plain_free(fixture->api, foreign);
}

static void foreign_blocks_go_back_to_libc(void **state)
{
    const Fixture *fixture = *state;
    char *foreign = malloc(10);
    strcpy(foreign, "foreign");
    foreign = resize_at(fixture, AT_ANT, foreign, 5000);
    assert_string_equal(foreign, "foreign");
    assert_true(fixture->api->plain_size(fixture->api, foreign) >= 5000);
    fixture->api->plain_free(fixture->api, foreign);
    fixture->api->plain_free(fixture->api, NULL);
    assert_int_equal(fixture->api->plain_size(fixture->api, NULL), 0);
}

static void impossible_sizes_set_errno(void **state)
{
    const Fixture *fixture = *state;
    void *block = new_at(fixture, AT_ANT, 24);
    errno = 0;
    assert_null(new_at(fixture, AT_ANT, SIZE_MAX));
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(new_at(fixture, AT_NOWHERE, (size_t)1 << 50)); /* more than the heap has */
    assert_int_equal(errno, ENOMEM);
    errno = 0;
    assert_null(resize_at(fixture, AT_ANT, block, (size_t)24 << 45));
    assert_int_equal(errno, ENOMEM);
    assert_block(fixture, block, "Ant", 1);
}

static void free_interior(void *context)
{
    Fixture *fixture = context;
    unsigned char *block = new_at(fixture, AT_ANT, 48);
    fixture->api->plain_free(fixture->api, block + 8);
}

static void resize_freed(void *context)
{
    Fixture *fixture = context;
    void *block = new_at(fixture, AT_ANT, 48);
    fixture->api->plain_free(fixture->api, block);
    resize_at(fixture, AT_ANT, block, 10);
}

/* Whatever the block held before, and without touching the one behind it. */
static void new_blocks_are_zeroed(void **state)
{
    enum { SIZES = 400 };
    const Fixture *fixture = *state;
    for (size_t size = 1; size <= SIZES; size++) {
        unsigned char *block = new_at(fixture, AT_NOWHERE, size);
        unsigned char *next = new_at(fixture, AT_NOWHERE, size);
        memset(block, 0xab, size);
        memset(next, 0xcd, size);
        fixture->api->plain_free(fixture->api, block);
        assert_ptr_equal(new_at(fixture, AT_NOWHERE, size), block);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(block[i], 0);
            assert_int_equal(next[i], 0xcd);
        }
    }
}

static void misuse_is_told(void **state)
{
    Fixture *fixture = *state;
    expect_fault(&fixture->fault, free_interior, fixture, "free(");
    assert_non_null(strstr(fixture->fault.text, "element 0 of Ant:0"));
    expect_fault(&fixture->fault, resize_freed, fixture, "realloc(");
    assert_block(fixture, new_at(fixture, AT_ANT, 24), "Ant", 1); /* and the heap goes on */
}

static void out_of_memory_leaves_everything(void **state)
{
    Fixture *fixture = *state;
    unsigned char *block = new_at(fixture, AT_ANT, 24);
    block[5] = 5;
    for (uint64_t n = 1; n < 20; n++) {
        fixture->counting.calls = 0;
        fixture->counting.fail_at = n;
        void *fresh = new_at(fixture, AT_NOWHERE, 100 + 50 * n);
        void *grown = resize_at(fixture, AT_ODD, block, 24 * (n + 1) * 5);
        fixture->counting.fail_at = 0;
        assert_true(fresh || errno == ENOMEM);
        block = grown ? grown : block;
        assert_int_equal(block[5], 5);
    }
}

/* ---- places ---------------------------------------------------------------------------------- */

static void place_stays_with_its_block(void **state)
{
    Fixture *fixture = *state;
    void *odd = new_at(fixture, AT_ODD, 6), *typed = new_at(fixture, AT_ANT, 24);
    void *moved = resize_at(fixture, AT_NOWHERE, odd, 100000);
    MoltSnapshot *snapshot = NULL;
    assert_int_equal(molt_snapshot_capture(fixture->heap, &snapshot, NULL), MOLT_OK);
    fixture->api->plain_free(fixture->api, typed);
    assert_int_equal(molt_heap_set_call_sites(fixture->heap, NULL), MOLT_OK); /* library is gone */
    assert_int_equal(molt_snapshot_restore(snapshot, fixture->heap, NULL), MOLT_OK);
    MoltBlock block = block_at(fixture, moved);
    assert_true(molt_heap_is_untyped(fixture->heap, &block));
    assert_string_equal(molt_heap_origin(fixture->heap, &block)->file, "odd.c");
    block = block_at(fixture, typed);
    assert_int_equal(molt_heap_origin(fixture->heap, &block)->line, 10);
    void *late = new_at(fixture, AT_ANT, 24);
    block = block_at(fixture, late);
    assert_true(molt_heap_is_untyped(fixture->heap, &block));
    assert_string_equal(molt_heap_origin(fixture->heap, &block)->file, "");
    void *typed_new = molt_heap_new(fixture->heap, TYPE_ANT, 1);
    block = block_at(fixture, typed_new);
    assert_null(molt_heap_origin(fixture->heap, &block));
    molt_heap_set_schema(fixture->heap, fixture->schema); /* has live blocks: nothing happens */
    molt_heap_destroy(fixture->heap);
    molt_snapshot_free(snapshot);
    MoltHeapDesc desc = {.allocator = &fixture->allocator};
    assert_int_equal(molt_heap_create(&desc, &fixture->heap, NULL), MOLT_OK);
}

/* ---- leaks ----------------------------------------------------------------------------------- */

static void what_nothing_reaches_is_listed(void **state)
{
    const Fixture *fixture = *state;
    void **root = molt_heap_new(fixture->heap, TYPE_ANT, 1);
    void **kept = new_at(fixture, AT_NOWHERE, 64);
    char *text = fixture->api->plain_text(fixture->api, "kept", 4);
    root[0] = (char *)kept + 9; /* into the middle */
    kept[7] = text + 5;         /* one past the end */
    molt_heap_set_root(fixture->heap, 1, root);
    MoltLeaks leaks;
    assert_int_equal(molt_leaks_find(fixture->heap, &leaks, NULL), MOLT_OK);
    assert_int_equal(leaks.blocks, 0);
    molt_leaks_clear(&leaks);

    void **first = new_at(fixture, AT_ANT, 24), **second = new_at(fixture, AT_ANT, 24);
    first[0] = second; /* a cycle keeps nothing */
    second[0] = first;
    new_at(fixture, AT_NOWHERE, 1000);
    const MoltCaller hatch = {.address = AT_ANT};
    fixture->api->plain_text(fixture->api, "nobody's", 8);
    for (int i = 0; i < 3; i++) /* among texts of others, by both doors */
        fixture->api->plain_text_at(fixture->api, &hatch, "leaked", 6);
    assert_int_equal(molt_leaks_find(fixture->heap, &leaks, NULL), MOLT_OK);
    assert_int_equal(leaks.count, 4);
    assert_int_equal(leaks.blocks, 7);
    assert_int_equal(leaks.bytes, 1078);
    char line[300];
    molt_leak_text(fixture->heap, &leaks.items[2], line, sizeof line);
    assert_string_equal(line, "3 blocks, 21 bytes of char from ant.c:10 (hatch)");
    molt_leak_text(fixture->heap, &leaks.items[3], line, sizeof line);
    assert_string_equal(line, "1 block, 9 bytes of char from a place that is not known");
    molt_leak_text(fixture->heap, &leaks.items[1], line, sizeof line);
    assert_string_equal(line, "2 blocks, 48 bytes of Ant from ant.c:10 (hatch)");
    molt_leaks_clear(&leaks);
}

static void leaks_without_memory_are_an_error(void **state)
{
    Fixture *fixture = *state;
    new_at(fixture, AT_ANT, 24);
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    uint64_t before = fixture->counting.blocks;
    for (uint64_t n = 1; status != MOLT_OK; n++) {
        MoltLeaks leaks;
        fixture->counting.calls = 0;
        fixture->counting.fail_at = n;
        status = molt_leaks_find(fixture->heap, &leaks, NULL);
        assert_true(status == MOLT_OK || leaks.count == 0);
        molt_leaks_clear(&leaks);
        assert_int_equal(fixture->counting.blocks, before);
    }
    fixture->counting.fail_at = 0;
}

/* ---- threads --------------------------------------------------------------------------------- */

static void *churn(void *context)
{
    const Fixture *fixture = context;
    void *blocks[50] = {0};
    for (unsigned round = 0; round < 4000; round++) {
        void **block = &blocks[round * 7 % 50];
        fixture->api->plain_free(fixture->api, *block);
        *block = new_at(fixture, round % 2 ? AT_ANT : AT_NOWHERE, 24 * (1 + round % 9));
        if (!*block)
            return context;
        memset(*block, (int)round, 24);
        *block = resize_at(fixture, AT_NOWHERE, *block, 24 * (2 + round % 5));
    }
    for (unsigned i = 0; i < 50; i++)
        fixture->api->plain_free(fixture->api, blocks[i]);
    return NULL;
}

static void threads_may_allocate_at_once(void **state)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, *state), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    const Fixture *fixture = *state;
    MoltHeapStats stats;
    molt_heap_stats(fixture->heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, 0);
}

/* Where threads leave blocks for each other. */
typedef struct Mailbox {
    const Fixture *fixture;
    _Atomic(unsigned char *) slots[64];
    atomic_int running;
} Mailbox;

/* A block says how long it is, and where. */
static bool is_as_written(const unsigned char *block)
{
    uintptr_t at;
    uint32_t size;
    memcpy(&at, block, sizeof at);
    memcpy(&size, block + sizeof at, sizeof size);
    bool whole = at == (uintptr_t)block;
    for (uint32_t i = sizeof at + sizeof size; i < size; i++)
        whole = whole && block[i] == (unsigned char)size;
    return whole;
}

static unsigned char *write_block(unsigned char *block, uint32_t size)
{
    const uintptr_t at = (uintptr_t)block;
    bool zeroed = true;
    for (uint32_t i = 0; i < size; i++)
        zeroed = zeroed && block[i] == 0;
    memset(block, (int)size, size);
    memcpy(block, &at, sizeof at);
    memcpy(block + sizeof at, &size, sizeof size);
    return zeroed ? block : NULL;
}

static void *exchange_blocks(void *context)
{
    Mailbox *mailbox = context;
    const MoltHeapApi *api = mailbox->fixture->api;
    uint64_t chance = (uint64_t)(uintptr_t)&chance | 1;
    void *failed = NULL;
    for (unsigned round = 0; round < 4000 && !failed; round++) {
        uint64_t random = fixture_random(&chance);
        uint32_t size = 24 * (1 + (uint32_t)(random >> 20) % 9);
        unsigned char *block =
            new_at(mailbox->fixture, random >> 30 & 1 ? AT_ANT : AT_NOWHERE, size);
        block = block ? write_block(block, size) : NULL;
        if (!block)
            failed = context;
        block = atomic_exchange(&mailbox->slots[random % 64], block);
        if (block && (!is_as_written(block) || api->count(api, block) == 0))
            failed = context;
        api->plain_free(api, block);
    }
    atomic_fetch_sub(&mailbox->running, 1);
    return failed;
}

/* More threads than have doors of their own, and one that has all doors now and then. */
static void blocks_go_from_thread_to_thread(void **state)
{
    enum { THREADS = MOLT__DOORS + 2 };
    const Fixture *fixture = *state;
    static Mailbox mailbox;
    pthread_t threads[THREADS];
    uint64_t bytes[TYPE_COUNT + 1];
    mailbox.fixture = fixture;
    atomic_store(&mailbox.running, THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, exchange_blocks, &mailbox), 0);
    while (atomic_load(&mailbox.running) > 0) {
        molt_heap_weigh(fixture->heap, bytes);
        fixture->api->plain_free(fixture->api, new_at(fixture, AT_ODD, 10));
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    for (int i = 0; i < 64; i++) {
        assert_true(!mailbox.slots[i] || is_as_written(mailbox.slots[i]));
        fixture->api->plain_free(fixture->api, mailbox.slots[i]);
        mailbox.slots[i] = NULL;
    }
    MoltHeapStats stats;
    molt_heap_stats(fixture->heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, 0);
}

static void *take_ants(void *context)
{
    const Fixture *fixture = context;
    void **ants = test_calloc(8, sizeof *ants);
    for (int i = 0; i < 8; i++)
        ants[i] = new_at(fixture, AT_ANT, 24);
    return ants;
}

static void threads_take_from_spans_of_their_own(void **state)
{
    const Fixture *fixture = *state;
    pthread_t thread;
    void *result = NULL;
    void *mine = new_at(fixture, AT_ANT, 24);
    assert_int_equal(pthread_create(&thread, NULL, take_ants, *state), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    void **ants = result;
    uint32_t span = block_at(fixture, ants[0]).span;
    assert_int_not_equal(span, block_at(fixture, mine).span);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(block_at(fixture, ants[i]).span, span);
        assert_int_equal(block_at(fixture, ants[i]).index, i);
        fixture->api->plain_free(fixture->api, ants[i]);
    }
    MoltBlock next = block_at(fixture, new_at(fixture, AT_ANT, 24));
    assert_int_equal(next.span, block_at(fixture, mine).span);
    assert_int_equal(next.index, 1);
    test_free(ants);
}

/* ---- call sites ------------------------------------------------------------------------------ */

/* Another library may have another call at the same address. */
static void sites_that_change_are_asked_again(void **state)
{
    const Fixture *fixture = *state;
    MoltCallSites *others = NULL;
    MoltCallSite other = call_sites[1];
    other.address = AT_ANT;
    for (int i = 0; i < 3; i++)
        assert_block(fixture, new_at(fixture, AT_ANT, 120), "Ant", 5);
    assert_int_equal(molt_call_sites_create(NULL, &other, 1, &others, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_call_sites(fixture->heap, others), MOLT_OK);
    for (int i = 0; i < 3; i++) {
        void *odd = new_at(fixture, AT_ANT, 120);
        assert_block(fixture, odd, "Odd", 24);
        MoltBlock block = block_at(fixture, odd);
        assert_int_equal(molt_heap_origin(fixture->heap, &block)->line, 20);
    }
    assert_int_equal(molt_heap_set_call_sites(fixture->heap, fixture->sites), MOLT_OK);
    molt_call_sites_free(others);
}

/* Calls of several places take blocks of the same spans. */
static void places_in_one_span_are_kept_apart(void **state)
{
    const Fixture *fixture = *state;
    void *blocks[40];
    for (int i = 0; i < 40; i++) {
        blocks[i] = new_at(fixture, i % 3 ? AT_ANT : AT_POOL, 24);
        if (i % 5 == 4) {
            fixture->api->plain_free(fixture->api, blocks[i - 2]);
            blocks[i - 2] = new_at(fixture, AT_POOL, 24);
        }
    }
    for (int i = 0; i < 40; i++) {
        MoltBlock block = block_at(fixture, blocks[i]);
        bool pool = i % 3 == 0 || i % 5 == 2;
        assert_int_equal(molt_heap_origin(fixture->heap, &block)->line, pool ? 40 : 10);
    }
}

static void call_sites_are_found_by_address(void **state)
{
    enum { COUNT = 1000 };
    static MoltCallSite items[COUNT];
    MoltCallSites *sites = NULL;
    (void)state;
    for (uint32_t i = 0; i < COUNT; i++)
        items[i] = (MoltCallSite){.address = 0x7f0000000000 + 5 * (uintptr_t)i,
                                  .type = i,
                                  .file = "a.c",
                                  .function = "f",
                                  .reason = ""};
    assert_int_equal(molt_call_sites_create(NULL, items, COUNT, &sites, NULL), MOLT_OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(molt_call_sites_find(sites, items[i].address), i);
        assert_int_equal(molt_call_sites_find(sites, items[i].address + 1), UINT32_MAX);
        assert_int_equal(molt_call_sites_at(sites, i)->type, i);
    }
    molt_call_sites_free(sites);
    assert_int_equal(molt_call_sites_find(NULL, 1), UINT32_MAX);
    CountingAllocator counting = {0};
    MoltAllocator allocator = counting_allocator(&counting);
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    for (uint64_t n = 1; status != MOLT_OK; n++) {
        counting.calls = 0;
        counting.fail_at = n;
        status = molt_call_sites_create(&allocator, items, COUNT, &sites, NULL);
        assert_true(status == MOLT_OK || counting.blocks == 0);
    }
    molt_call_sites_free(sites);
    assert_int_equal(counting.blocks, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(untyped_type_comes_after_all_others),
        TEST(site_and_size_give_the_type),
        TEST(wrapper_asks_its_caller),
        TEST(realloc_keeps_the_type_while_all_agree),
        TEST(alignment_is_kept),
        TEST(foreign_blocks_go_back_to_libc),
        TEST(impossible_sizes_set_errno),
        TEST(new_blocks_are_zeroed),
        TEST(misuse_is_told),
        TEST(out_of_memory_leaves_everything),
        TEST(place_stays_with_its_block),
        TEST(what_nothing_reaches_is_listed),
        TEST(leaks_without_memory_are_an_error),
        TEST(threads_may_allocate_at_once),
        TEST(blocks_go_from_thread_to_thread),
        TEST(threads_take_from_spans_of_their_own),
        TEST(sites_that_change_are_asked_again),
        TEST(places_in_one_span_are_kept_apart),
        cmocka_unit_test(call_sites_are_found_by_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
