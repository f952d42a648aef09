/* What structs lose on their way into a block of their own, and in it, is theirs there, and goes with them
 * when they become a part of their owner again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attic_session.h"
#include "counting_allocator.h"

enum { COUNT = 3 };

typedef struct Wide {
    int a;
    long b;
    int c;
    char name[8];
} Wide;
typedef struct Narrow {
    int a;
    int b;
    char name[4];
} Narrow;

typedef struct Inline { /* of wide ones */
    int n;
    Wide one;
    Wide more[COUNT];
} Inline;
typedef struct InlineNarrow {
    int n;
    Narrow one;
    Narrow more[COUNT];
} InlineNarrow;
typedef struct Boxed { /* of either */
    int n;
    void *one;
    void *more[COUNT];
} Boxed;

#define OWNER(T, first, rest)                                                                      \
    {                                                                                              \
        "Owner", sizeof(T), _Alignof(T),                                                           \
            {FIELD(T, n, "int"), FIELD(T, one, first), FIELD(T, more, rest)}, NULL                 \
    }
#define WIDE                                                                                       \
    {                                                                                              \
        "Part", sizeof(Wide), _Alignof(Wide),                                                      \
            {FIELD(Wide, a, "int"), FIELD(Wide, b, "long"), FIELD(Wide, c, "int"),                 \
             FIELD(Wide, name, "char[8]")},                                                        \
            NULL                                                                                   \
    }
#define NARROW                                                                                     \
    {                                                                                              \
        "Part", sizeof(Narrow), _Alignof(Narrow),                                                  \
            {FIELD(Narrow, a, "int"), FIELD(Narrow, b, "int"), FIELD(Narrow, name, "char[4]")},    \
            NULL                                                                                   \
    }

static const StructSpec inline_wide[] = {OWNER(Inline, "Part", "Part[3]"), WIDE};
static const StructSpec inline_narrow[] = {OWNER(InlineNarrow, "Part", "Part[3]"), NARROW};
static const StructSpec boxed_wide[] = {OWNER(Boxed, "Part *", "Part *[3]"), WIDE};
static const StructSpec boxed_narrow[] = {OWNER(Boxed, "Part *", "Part *[3]"), NARROW};

static Wide wide_of(int i)
{
    Wide part = {.a = i, .b = (1l << 40) + i, .c = 50 + i};
    memcpy(part.name, "part  0", 8);
    part.name[6] = (char)('0' + i);
    return part;
}

static void begin(Session *session, const MoltAllocator *allocator)
{
    start(session, inline_wide, 2, NULL, 0, allocator);
    const MoltSchema *schema = molt_heap_schema(session->heap);
    Inline *owner = molt_heap_new(session->heap, molt_schema_find(schema, "Owner"), 1);
    owner->n = 9;
    owner->one = wide_of(0);
    for (int i = 0; i < COUNT; i++)
        owner->more[i] = wide_of(i + 1);
    molt_heap_set_root(session->heap, 0, owner);
}

static void go(Session *session, const StructSpec *specs)
{
    edit_with(session, specs, 2, NULL);
}

static void check_part(const Wide *part, int i)
{
    Wide want = wide_of(i);
    assert_int_equal(part->a, want.a);
    assert_int_equal(part->b, want.b);
    assert_int_equal(part->c, want.c);
    assert_memory_equal(part->name, want.name, 8);
}

static void check_all(const Session *session)
{
    const Inline *owner = root(session);
    check_part(&owner->one, 0);
    for (int i = 0; i < COUNT; i++)
        check_part(&owner->more[i], i + 1);
    assert_int_equal(owner->n, 9);
}

static void check_narrow(const Narrow *part, int i)
{
    assert_int_equal(part->a, i);
    assert_int_equal(part->b, INT32_MAX);
    assert_memory_equal(part->name, "par", 4);
}

static void what_is_lost_on_the_way_into_a_block_returns(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    for (int round = 0; round < 2; round++) {
        go(&session, boxed_narrow);
        const Boxed *owner = root(&session);
        check_narrow(owner->one, 0);
        check_narrow(owner->more[2], 3);
        assert_int_equal(found(&session, MOLT_RULE_NUMBER_OUT_OF_RANGE, "Part.b"), 1);
        assert_int_equal(stats_of(&session).objects, 1 + COUNT);
        go(&session, inline_wide);
        check_all(&session);
        assert_true(found(&session, MOLT_RULE_VALUE_RESTORED, "Part.b") > 0);
        assert_int_equal(molt_report_total(&session.report, MOLT_LOSS), 0);
        assert_int_equal(stats_of(&session).objects, 0);
    }
    stop(&session);
}

static void it_returns_to_the_block_as_well(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    go(&session, boxed_narrow);
    go(&session, boxed_wide);
    const Boxed *owner = root(&session);
    check_part(owner->one, 0);
    for (int i = 0; i < COUNT; i++)
        check_part(owner->more[i], i + 1);
    go(&session, inline_wide);
    check_all(&session);
    stop(&session);
}

static void what_a_block_lost_returns_when_it_is_a_part_again(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    go(&session, boxed_wide);
    go(&session, boxed_narrow);
    go(&session, inline_wide); /* past the version between */
    check_all(&session);
    stop(&session);
}

static void what_the_game_wrote_or_made_keeps_its_values(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    go(&session, boxed_narrow);
    Boxed *owner = root(&session);
    MoltTypeId part = molt_schema_find(molt_heap_schema(session.heap), "Part");
    ((Narrow *)owner->one)->b = 7;
    memcpy(((Narrow *)owner->one)->name, "new", 4);
    Narrow *other = molt_heap_new(session.heap, part, 1); /* in the place of a part that goes */
    *other = (Narrow){.a = 70, .b = 71};
    molt_heap_delete(session.heap, owner->more[0]);
    owner->more[0] = other;
    void *swapped = owner->more[1]; /* parts take their values along */
    owner->more[1] = owner->more[2];
    owner->more[2] = swapped;
    assert_int_equal(stats_of(&session).objects, COUNT);
    go(&session, inline_wide);
    const Inline *now = root(&session);
    assert_int_equal(now->one.b, 7);
    assert_int_equal(now->one.c, 50);
    assert_string_equal(now->one.name, "new");
    assert_int_equal(now->more[0].a, 70);
    assert_int_equal(now->more[0].b, 71);
    assert_int_equal(now->more[0].c, 0);
    check_part(&now->more[1], 3);
    check_part(&now->more[2], 2);
    stop(&session);
}

static void a_block_that_takes_the_place_of_one_begins_anew(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    go(&session, boxed_narrow);
    Boxed *owner = root(&session);
    MoltTypeId part = molt_schema_find(molt_heap_schema(session.heap), "Part");
    for (int i = 0; i < COUNT; i++) {
        molt_heap_delete(session.heap, owner->more[i]);
        owner->more[i] = NULL;
    }
    molt_heap_delete(session.heap, owner->one);
    assert_int_equal(stats_of(&session).objects, 0);
    Narrow *again = molt_heap_new(session.heap, part, 1);
    again->b = INT32_MAX; /* what the edit had left there */
    owner->one = again;
    go(&session, inline_wide);
    const Inline *now = root(&session);
    assert_true(now->one.b == INT32_MAX && now->one.c == 0 && now->more[0].b == 0);
    stop(&session);
}

/* What the struct lost while it was a part of its owner is the owner's; it must not get into another one
 * that the owner takes in. */
static void what_the_part_lost_before_does_not_get_into_another(void **unused)
{
    (void)unused;
    for (int replaced = 0; replaced < 2; replaced++) {
        Session session;
        begin(&session, NULL);
        go(&session, inline_narrow);
        go(&session, boxed_narrow);
        Boxed *owner = root(&session);
        MoltTypeId part = molt_schema_find(molt_heap_schema(session.heap), "Part");
        if (replaced != 0) { /* the new one has the address of the old one */
            molt_heap_delete(session.heap, owner->one);
            owner->one = molt_heap_new(session.heap, part, 1);
        }
        go(&session, inline_wide);
        const Inline *now = root(&session);
        assert_true(now->more[2].c == 53 && now->more[2].a == 3);
        if (replaced == 0)
            assert_int_equal(now->one.c, 50);
        else
            assert_true(now->one.a == 0 && now->one.b == 0 && now->one.c == 0);
        stop(&session);
    }
}

/* Kept by the block, which is none any more, while the layout has no place for it yet. */
static void what_is_gone_for_good_is_told(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    go(&session, boxed_narrow);
    assert_int_equal(found(&session, MOLT_RULE_STRUCT_EMBEDDED, "Part.c"), 0);
    go(&session, inline_narrow);
    assert_int_equal(found(&session, MOLT_RULE_STRUCT_EMBEDDED, "Part.c"), 1 + COUNT);
    assert_int_equal(found(&session, MOLT_RULE_STRUCT_EMBEDDED, "Part.b"), 1 + COUNT);
    assert_true(molt_report_total(&session.report, MOLT_LOSS) > 0);
    assert_int_equal(stats_of(&session).objects, 0);
    go(&session, inline_wide);
    const Inline *owner = root(&session);
    assert_true(owner->one.a == 0 && owner->one.b == INT32_MAX && owner->one.c == 0);
    assert_true(owner->more[2].a == 3 && owner->more[2].c == 0);
    stop(&session);
}

static void memory_running_out_leaves_every_bit_as_it_was(void **unused)
{
    (void)unused;
    const StructSpec *const ways[] = {boxed_narrow, boxed_wide, boxed_narrow, inline_wide};
    unsigned failures = 0;
    for (unsigned fail = 1, done = 0; done < 4; fail++) {
        CountingAllocator counting = {0};
        MoltAllocator allocator = counting_allocator(&counting);
        Session session;
        begin(&session, &allocator);
        counting.fail_at = counting.calls + fail;
        done = 0;
        for (size_t e = 0; e < 4; e++) {
            MoltHash digest = molt_heap_digest(session.heap);
            MoltAtticStats kept = stats_of(&session);
            MoltSchema *after = spec_schema_with(ways[e], 2, NULL, 0);
            MoltStatus status = migrate(&session, after, MOLT_POLICY_LIVE);
            done += status == MOLT_OK;
            if (status == MOLT_OK)
                continue;
            failures++;
            assert_int_equal(status, MOLT_OUT_OF_MEMORY);
            MoltHash now = molt_heap_digest(session.heap);
            assert_memory_equal(&digest, &now, sizeof now);
            assert_int_equal(stats_of(&session).objects, kept.objects);
            counting.fail_at = 0;
            go(&session, ways[e]);
        }
        check_all(&session);
        stop(&session);
        assert_int_equal(counting.bytes, 0);
    }
    assert_true(failures > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_lost_on_the_way_into_a_block_returns),
        cmocka_unit_test(it_returns_to_the_block_as_well),
        cmocka_unit_test(what_a_block_lost_returns_when_it_is_a_part_again),
        cmocka_unit_test(what_the_game_wrote_or_made_keeps_its_values),
        cmocka_unit_test(a_block_that_takes_the_place_of_one_begins_anew),
        cmocka_unit_test(what_the_part_lost_before_does_not_get_into_another),
        cmocka_unit_test(what_is_gone_for_good_is_told),
        cmocka_unit_test(memory_running_out_leaves_every_bit_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
