/* Hooks that delete objects: what goes, what still points there, what the attic keeps of it, and what an
 * undo gives back. */
#include "hook_fixture.h"

static OldAnt *old_ants(const Session *session)
{
    return ((const State *)root(session))->ants;
}

static NewAnt *new_ants(const Session *session)
{
    return (NewAnt *)(void *)((const State *)root(session))->ants;
}

static void go_back(Session *session)
{
    MoltSchema *back = spec_schema_with(old_specs, 3, &jobs, 1);
    assert_int_equal(change_to(session, back, MOLT_POLICY_LIVE, NULL), MOLT_OK);
}

enum { LONE = 20 };

static void *doomed_root;

static OldAnt *lone[LONE]; /* of the old state */

/* The fixture's ants are one block; beside them come some that are blocks of their own. The last ant of the
 * array leads to the first of them, and each to the next. */
static void begin_with_lone(Session *session, const MoltAllocator *allocator)
{
    begin(session, allocator);
    const MoltSchema *schema = molt_heap_schema(session->heap);
    OldAnt *last = &old_ants(session)[ANTS - 1];
    for (int i = 0; i < LONE; i++) {
        lone[i] = molt_heap_new(session->heap, molt_schema_find(schema, "Ant"), 1);
        *lone[i] = (OldAnt){.hp = 1000 + i, .big = i, .world = old_ants(session)->world};
        last->next = lone[i];
        last = lone[i];
    }
    old_ants(session)->world->first = lone[2];
}

static void assert_refused(bool (*run)(const MoltOld *, void *), const char *why)
{
    Session session;
    begin_with_lone(&session, NULL);
    MoltHash before = molt_heap_digest(session.heap);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, run), MOLT_REFUSED);
    const MoltFinding *finding = molt_report_refusal(&session.report);
    char text[2048];
    assert_non_null(finding);
    molt_finding_text(finding, text, sizeof text);
    assert_int_equal(finding->rule, MOLT_RULE_HOOK_FAILED);
    if (!strstr(text, why))
        fail_msg("\"%s\" does not say \"%s\"", text, why);
    MoltHash after = molt_heap_digest(session.heap);
    assert_memory_equal(&before, &after, sizeof before);
    stop(&session);
}

/* ---- what goes ------------------------------------------------------------------------------- */

static bool memory_is_short; /* then a hook runs to its end with what it gets */

/* The ant's own object goes, and so does the ant behind it. */
static bool delete_odd_and_next(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    calls++;
    settle(old);
    int hp = (int)molt_old_int(old, "hp");
    if (hp == 1005) {
        heap_api->destroy(heap_api, molt_old_pointer(old, "next"));
        assert_true(memory_is_short || !molt_old_pointer(old, "next"));
        assert_true(memory_is_short || !molt_old_now(molt_old_follow(old, "next")));
        assert_true(memory_is_short || molt_old_int(old, "next->hp") == 1006); /* to be read */
        now->next = NULL;
    } else if (hp == 1001 || hp == 1003) {
        heap_api->destroy(heap_api, now);
        now->hp = 3; /* of no use and no harm */
        assert_true(memory_is_short || !molt_old_now(old));
    }
    return true;
}

static void what_a_hook_deletes_is_gone_and_leaves_no_pointer(void **unused)
{
    (void)unused;
    Session session;
    begin_with_lone(&session, NULL);
    calls = 0;
    ((State *)root(&session))->world->first = lone[1];
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, delete_odd_and_next), MOLT_OK);
    assert_int_equal(live_blocks(&session, "Ant"), 1 + LONE - 3);
    assert_int_equal(calls, ANTS + LONE - 1); /* of 1006, whose turn would have come later, none */
    /* 1000 and 1002 lead to what is gone; what led from gone to gone is not counted */
    assert_int_equal(found(&session, MOLT_RULE_DANGLING_POINTER, "Ant.next"), 2);
    assert_int_equal(found(&session, MOLT_RULE_DANGLING_POINTER, "World.first"), 1);
    const State *state = root(&session);
    assert_null(state->world->first);
    const NewAnt *first = new_ants(&session)[ANTS - 1].next;
    assert_int_equal(first->hp, 1000);
    assert_null(first->next);
    go_back(&session);
    assert_null(old_ants(&session)[ANTS - 1].next->next);
    assert_int_equal(live_blocks(&session, "Ant"), 1 + LONE - 3);
    stop(&session);
}

static void strict_refuses_what_leaves_a_pointer(void **unused)
{
    (void)unused;
    Session session;
    begin_with_lone(&session, NULL);
    MoltHash before = molt_heap_digest(session.heap);
    assert_int_equal(change(&session, MOLT_POLICY_STRICT, delete_odd_and_next), MOLT_REFUSED);
    MoltHash after = molt_heap_digest(session.heap);
    assert_memory_equal(&before, &after, sizeof before);
    stop(&session);
}

static bool delete_both_ends(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    settle(old);
    (void)molt_old_bool(old, "on"), (void)molt_old_enum(old, "job"),
        (void)molt_old_text(old, "name");
    if (molt_old_int(old, "hp") == 1000 + LONE - 2) {
        heap_api->destroy(heap_api, now->next);
        now->next = NULL;
    }
    return true;
}

/* ---- what an edit would have taken from it --------------------------------------------------- */

static void what_a_deleted_object_loses_is_no_loss(void **unused)
{
    (void)unused;
    Session session;
    begin_with_lone(&session, NULL);
    for (int i = 0; i < LONE; i++)
        lone[i]->big = 0; /* of no object but the last one */
    for (int i = 0; i < ANTS; i++)
        old_ants(&session)[i].big = 0;
    lone[LONE - 1]->big = 77;
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, delete_both_ends), MOLT_OK);
    for (uint32_t f = 0; f < session.report.count; f++) {
        const MoltFinding *finding = &session.report.findings[f];
        bool of_big = finding->path && strcmp(finding->path, "Ant.big") == 0;
        assert_false(of_big && finding->severity != MOLT_INFO);
    }
    stop(&session);
}

/* ---- undo ------------------------------------------------------------------------------------ */

static bool delete_behind_1005(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    settle(old);
    calls++;
    if (molt_old_int(old, "hp") == 1005) {
        heap_api->destroy(heap_api, now->next);
        now->next = NULL;
    }
    return true;
}

/* What was kept of the object leaves with it: whatever takes its place begins anew, in either version. */
static void nothing_of_it_returns_to_what_takes_its_place(void **unused)
{
    (void)unused;
    Session session;
    begin_with_lone(&session, NULL);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, delete_behind_1005), MOLT_OK);
    assert_int_equal(stats_of(&session).objects, ANTS + LONE - 1);
    for (int round = 0; round < 2; round++) {
        const MoltSchema *schema = molt_heap_schema(session.heap);
        NewAnt *reused = molt_heap_new(session.heap, molt_schema_find(schema, "Ant"), 1);
        assert_non_null(reused);
        assert_int_equal(reused->hp, 0);
        reused->hp = 5;
        go_back(&session);
        assert_int_equal(found(&session, MOLT_RULE_DANGLING_POINTER, "Ant.next"), round == 0);
        OldAnt *ant = old_ants(&session)[ANTS - 1].next;
        for (int i = 0; i <= 5; i++, ant = ant->next) {
            assert_int_equal(ant->hp, 1000 + i);
            assert_int_equal(ant->big, i);
        }
        assert_null(ant); /* where 1006 was */
        const MoltSchema *old = molt_heap_schema(session.heap);
        MoltTypeId type = molt_schema_find(old, "Ant");
        OldAnt *born = molt_heap_new(session.heap, type, 1);
        assert_true(born->hp == 0 && born->big == 0 && !born->next);
        assert_int_equal(molt_heap_delete(session.heap, born), true);
        calls = 0;
        assert_int_equal(change(&session, MOLT_POLICY_LIVE, delete_behind_1005), MOLT_OK);
        assert_true(calls <= 1); /* at most for what took the place */
        assert_null(new_ants(&session)[ANTS - 1].next->next->next->next->next->next->next);
    }
    stop(&session);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static bool delete_its_array(const MoltOld *old, void *now)
{
    (void)old;
    heap_api->destroy(heap_api, now);
    return true;
}
static bool delete_twice(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    if (molt_old_int(old, "hp") == 1005) {
        NewAnt *next = now->next;
        heap_api->destroy(heap_api, next);
        heap_api->destroy(heap_api, next);
    }
    return true;
}
static bool delete_the_root(const MoltOld *old, void *new)
{
    (void)old, (void)new;
    heap_api->destroy(heap_api, doomed_root);
    return true;
}

static void mistakes_are_told_and_leave_every_bit_as_it_was(void **unused)
{
    (void)unused;
    assert_refused(delete_its_array, "part of a block with more in it");
    assert_refused(delete_twice, "has deleted before");
}

static void the_root_stays(void **unused)
{
    (void)unused;
    Session session;
    begin_with_lone(&session, NULL);
    doomed_root = root(&session); /* which stays where it is */
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, delete_the_root), MOLT_REFUSED);
    assert_ptr_equal(root(&session), doomed_root);
    stop(&session);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void memory_running_out_leaves_every_bit_as_it_was(void **unused)
{
    (void)unused;
    bool refused = true;
    unsigned failures = 0;
    memory_is_short = true;
    for (uint64_t n = 1; refused; n++) {
        CountingAllocator counting = {0};
        MoltAllocator allocator = counting_allocator(&counting);
        Session session;
        begin_with_lone(&session, &allocator);
        MoltHash before = molt_heap_digest(session.heap);
        uint64_t started = counting.calls;
        counting.fail_at = counting.calls + n;
        MoltStatus status = change(&session, MOLT_POLICY_LIVE, delete_odd_and_next);
        refused = counting.calls >= counting.fail_at;
        assert_true(counting.calls > started);
        counting.fail_at = 0;
        MoltHash after = molt_heap_digest(session.heap);
        if (status != MOLT_OK) {
            assert_int_equal(status, MOLT_OUT_OF_MEMORY);
            assert_memory_equal(&before, &after, sizeof before);
            failures++;
        }
        stop(&session);
        assert_int_equal(counting.blocks, 0);
    }
    memory_is_short = false;
    assert_true(failures > 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_hook_deletes_is_gone_and_leaves_no_pointer),
        cmocka_unit_test(strict_refuses_what_leaves_a_pointer),
        cmocka_unit_test(what_a_deleted_object_loses_is_no_loss),
        cmocka_unit_test(nothing_of_it_returns_to_what_takes_its_place),
        cmocka_unit_test(mistakes_are_told_and_leave_every_bit_as_it_was),
        cmocka_unit_test(the_root_stays),
        cmocka_unit_test(memory_running_out_leaves_every_bit_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
