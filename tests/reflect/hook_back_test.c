/* Hooks over undo and redo: called once on the same data, and what they made goes with the edit. */
#include "hook_fixture.h"

/* ---- once, and back ------------------------------------------------------------------------- */

static void a_hook_runs_only_when_its_struct_changes(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    calls = 0;
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, count_calls), MOLT_OK);
    assert_int_equal(calls, ANTS);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, count_calls), MOLT_OK);
    assert_int_equal(calls, ANTS);
    StructSpec grown[3] = {new_specs[0], new_specs[1], new_specs[2]};
    grown[2].size += 8; /* another struct changes */
    MoltSchema *after = spec_schema_with(grown, 3, &jobs, 1);
    assert_int_equal(change_to(&session, after, MOLT_POLICY_LIVE, count_calls), MOLT_OK);
    assert_int_equal(calls, ANTS);
    assert_int_equal(found(&session, MOLT_RULE_HOOK_RAN, "Ant"), 0);
    stop(&session);
}

static void undoing_an_edit_that_a_hook_carried_returns_the_old_values(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    calls = 0;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(change(&session, MOLT_POLICY_LIVE, scale), MOLT_OK);
        const NewAnt *ants = (const NewAnt *)(const void *)((const State *)root(&session))->ants;
        assert_int_equal(ants[7].hp, 700);
        MoltSchema *back = spec_schema_with(old_specs, 3, &jobs, 1);
        assert_int_equal(change_to(&session, back, MOLT_POLICY_LIVE, NULL), MOLT_OK);
        const State *state = root(&session);
        for (int i = 0; i < ANTS; i++) {
            assert_int_equal(state->ants[i].hp, i);
            assert_int_equal(state->ants[i].m[1][0], i + 3);
            assert_true(state->ants[i].speed == 0.5);
            assert_memory_equal(state->ants[i].name, "12345678", 8);
            assert_memory_equal(state->ants[i].label, "abc", 4);
        }
    }
    assert_int_equal(calls, ANTS);
    stop(&session);
}

static void going_on_from_what_a_hook_made_returns_nothing_from_before(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, scale), MOLT_OK);
    StructSpec wider[3] = {new_specs[0], new_specs[1], new_specs[2]};
    wider[1].size += 8;
    MoltSchema *after = spec_schema_with(wider, 3, &jobs, 1);
    assert_int_equal(change_to(&session, after, MOLT_POLICY_LIVE, NULL), MOLT_OK);
    const State *state = root(&session);
    assert_int_equal(((const NewAnt *)(const void *)state->ants)->hp, 0);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Ant.hp"), 0);
    const char *second = (const char *)state->ants + sizeof(NewAnt) + 8;
    assert_int_equal(((const NewAnt *)(const void *)second)->hp, 100);
    stop(&session);
}

static void an_undone_edit_keeps_what_the_game_wrote_since(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, scale), MOLT_OK);
    ((NewAnt *)(void *)((const State *)root(&session))->ants)[7].hp = 5;
    MoltSchema *back = spec_schema_with(old_specs, 3, &jobs, 1);
    assert_int_equal(change_to(&session, back, MOLT_POLICY_LIVE, NULL), MOLT_OK);
    const State *state = root(&session);
    assert_int_equal(state->ants[7].hp, 5);
    assert_int_equal(state->ants[8].hp, 8);
    stop(&session);
}

/* ---- the edit is done again ----------------------------------------------------------------- */

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
    assert_int_equal(
        change_to(session, spec_schema_with(old_specs, 3, &jobs, 1), MOLT_POLICY_LIVE, NULL),
        MOLT_OK);
}

static void go_on(Session *session, uint64_t ran, uint64_t restored)
{
    assert_int_equal(change(session, MOLT_POLICY_LIVE, scale), MOLT_OK);
    assert_int_equal(found(session, MOLT_RULE_HOOK_RAN, "Ant"), ran);
    assert_int_equal(found(session, MOLT_RULE_HOOK_RESTORED, "Ant"), restored);
}

static void a_hook_runs_once_on_the_same_data(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    calls = 0;
    go_on(&session, ANTS, 0);
    new_ants(&session)[7].hp = 5; /* in the units of the new code */
    new_ants(&session)[9].calls = 3;
    for (int round = 0; round < 3; round++) {
        go_back(&session);
        assert_int_equal(old_ants(&session)[7].hp, 5);
        assert_int_equal(old_ants(&session)[8].hp, 8);
        go_on(&session, 0, ANTS);
        assert_int_equal(molt_report_total(&session.report, MOLT_LOSS), 0);
        assert_int_equal(new_ants(&session)[7].hp, 5);
        assert_int_equal(new_ants(&session)[8].hp, 800);
        assert_int_equal(new_ants(&session)[9].calls, 3);
    }
    assert_int_equal(calls, ANTS);
    stop(&session);
}

static void a_hook_runs_on_what_the_old_code_wrote_and_made(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    go_on(&session, ANTS, 0);
    for (int i = 0; i < 3; i++)
        new_ants(&session)[i].calls = 10 + i; /* which the hook leaves alone */
    new_ants(&session)[1].hp = 5;             /* which it does not */
    go_back(&session);
    State *state = root(&session);
    state->ants[1].hp = 6;
    state->ants[2].speed = 0.75;
    const MoltSchema *schema = molt_heap_schema(session.heap);
    OldAnt *born = molt_heap_new(session.heap, molt_schema_find(schema, "Ant"), 1);
    *born = (OldAnt){.hp = 3};
    state->world->first = born;
    go_on(&session, 3, ANTS - 2);
    state = root(&session);
    const NewAnt *ants = new_ants(&session);
    assert_int_equal(ants[1].hp, 600);
    assert_int_equal(ants[2].hp, 200);
    assert_int_equal(((const NewAnt *)(const void *)state->world->first)->hp, 300);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ants[i].calls, 10 + i);
    go_back(&session);
    assert_int_equal(old_ants(&session)[1].hp, 6);
    assert_true(old_ants(&session)[2].speed == 0.75);
    stop(&session);
}

static void a_hook_that_stays_is_not_called_on_the_way_back(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    calls = 0;
    go_on(&session, ANTS, 0);
    StructSpec wider[3] = {new_specs[0], new_specs[1], new_specs[2]};
    wider[1].size += 8;
    for (int round = 0; round < 2; round++) {
        MoltSchema *after = spec_schema_with(wider, 3, &jobs, 1);
        assert_int_equal(change_to(&session, after, MOLT_POLICY_LIVE, NULL), MOLT_OK);
        const MoltSchema *schema = molt_heap_schema(session.heap);
        molt_heap_new(session.heap, molt_schema_find(schema, "Ant"),
                      1);              /* never was in the old one */
        hook.from_layout = ant_layout; /* which the live objects do not have */
        go_on(&session, 0, 0);
        hook.from_layout = 0;
        assert_int_equal(new_ants(&session)[8].hp, 800);
    }
    assert_int_equal(calls, ANTS);
    /* two edits back at once, and the first one again */
    MoltSchema *after = spec_schema_with(wider, 3, &jobs, 1);
    assert_int_equal(change_to(&session, after, MOLT_POLICY_LIVE, NULL), MOLT_OK);
    go_back(&session);
    assert_int_equal(old_ants(&session)[8].hp, 8);
    assert_int_equal(
        change_to(&session, spec_schema_with(wider, 3, &jobs, 1), MOLT_POLICY_LIVE, scale),
        MOLT_OK);
    assert_int_equal(found(&session, MOLT_RULE_HOOK_RESTORED, "Ant"), ANTS + 2);
    stop(&session);
}

static bool descale(const MoltOld *old, void *new)
{
    OldAnt *now = new;
    now->hp = (int)molt_old_int(old, "hp") / 100;
    calls++;
    return true;
}

/* The layout was there before, its hook was not: it is a new edit for all that was written since. */
static void a_hook_may_lead_back_by_intent(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    go_on(&session, ANTS, 0);
    new_ants(&session)[7].hp = 1500;
    calls = 0;
    MoltSchema *back = spec_schema_with(old_specs, 3, &jobs, 1);
    assert_int_equal(change_to(&session, back, MOLT_POLICY_LIVE, descale), MOLT_OK);
    assert_int_equal(old_ants(&session)[7].hp, 15);
    assert_int_equal(old_ants(&session)[8].hp, 8);
    assert_int_equal(found(&session, MOLT_RULE_HOOK_RAN, "Ant"), calls);
    assert_int_equal(found(&session, MOLT_RULE_HOOK_RESTORED, "Ant"), ANTS - calls);
    assert_true(calls >= 1);
    stop(&session);
}

/* ---- what hooks made ------------------------------------------------------------------------ */

static bool make_a_ring(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    settle(old);
    now->extra = make("Ant", 1);
    now->extra->extra = make("Ant", 1);
    now->extra->extra->extra = now->extra;
    if (now->hp == 4) /* which every version knows */
        now->world->first = (OldAnt *)(void *)now->extra->extra;
    if (now->hp == 5)
        memcpy(&now->world->n, &now->extra, sizeof now->extra); /* an address as a number */
    return true;
}

static void what_a_hook_made_goes_unless_something_points_there(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(change(&session, MOLT_POLICY_LIVE, make_a_ring), MOLT_OK);
        assert_int_equal(live_blocks(&session, "Ant"), 1 + 2 * ANTS);
        State *state = root(&session);
        const NewAnt *kept = (const NewAnt *)(const void *)state->world->first;
        assert_ptr_equal(kept->extra->extra, kept);
        if (round == 1) { /* now nothing does */
            state->world->first = NULL;
            state->world->n = 0;
        }
        go_back(&session);
        /* those at which something points; the old layout has no ring */
        assert_int_equal(found(&session, MOLT_RULE_HOOK_OBJECT_STAYS, "Ant"), round == 0 ? 2 : 0);
        assert_int_equal(live_blocks(&session, "Ant"), round == 0 ? 3 : 1);
        if (round == 0) { /* takes them away, as the old code would */
            state = root(&session);
            uint64_t cursor = 0;
            MoltBlock block;
            void *leave[2];
            int count = 0;
            MoltTypeId type = molt_schema_find(molt_heap_schema(session.heap), "Ant");
            while (molt_heap_next(session.heap, type, &cursor, &block))
                if (block.start != (void *)state->ants)
                    leave[count++] = block.start;
            assert_int_equal(count, 2);
            for (int i = 0; i < 2; i++)
                assert_true(molt_heap_delete(session.heap, leave[i]));
            state->world->first = &state->ants[1];
            state->world->n = 0;
        }
    }
    stop(&session);
}

static bool make_one_each(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    settle(old);
    now->hp *= 100;
    now->extra = now->hp % 300 == 0 ? make("Ant", 1) : NULL;
    return now->extra != NULL || now->hp % 300 != 0 || molt_old_fail(old, "no memory");
}

/* Undo and redo, with some objects restored, some called for, some late values and made objects. */
static MoltStatus there_and_back(Session *session, int step)
{
    MoltSchema *back = step % 2 == 0 ? spec_schema_with(old_specs, 3, &jobs, 1) : NULL;
    if (back)
        return change_to(session, back, MOLT_POLICY_LIVE, NULL);
    old_ants(session)[5].hp = 77;
    return change(session, MOLT_POLICY_LIVE, make_one_each);
}

static void memory_running_out_on_the_way_loses_nothing(void **unused)
{
    (void)unused;
    for (int step = 0; step < 2; step++) {
        bool done = false;
        for (uint64_t n = 1; !done; n++) {
            CountingAllocator counting = {0};
            MoltAllocator allocator = counting_allocator(&counting);
            Session session;
            begin(&session, &allocator);
            assert_int_equal(change(&session, MOLT_POLICY_LIVE, make_one_each), MOLT_OK);
            new_ants(&session)[5].calls = 9;
            if (step == 1)
                assert_int_equal(there_and_back(&session, 0), MOLT_OK);
            if (step == 1)
                old_ants(&session)[5].hp = 77;
            MoltHash before = molt_heap_digest(session.heap);
            counting.calls = 0;
            counting.fail_at = n;
            MoltStatus status = there_and_back(&session, step);
            done = counting.calls < n;
            counting.fail_at = 0;
            MoltHash after = molt_heap_digest(session.heap);
            if (!done) {
                assert_true(status == MOLT_OUT_OF_MEMORY || status == MOLT_REFUSED);
                assert_memory_equal(&before, &after, sizeof before);
            } else {
                assert_int_equal(status, MOLT_OK);
            }
            stop(&session);
            assert_int_equal(counting.blocks, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hook_runs_only_when_its_struct_changes),
        cmocka_unit_test(undoing_an_edit_that_a_hook_carried_returns_the_old_values),
        cmocka_unit_test(going_on_from_what_a_hook_made_returns_nothing_from_before),
        cmocka_unit_test(an_undone_edit_keeps_what_the_game_wrote_since),
        cmocka_unit_test(a_hook_runs_once_on_the_same_data),
        cmocka_unit_test(a_hook_runs_on_what_the_old_code_wrote_and_made),
        cmocka_unit_test(a_hook_that_stays_is_not_called_on_the_way_back),
        cmocka_unit_test(a_hook_may_lead_back_by_intent),
        cmocka_unit_test(what_a_hook_made_goes_unless_something_points_there),
        cmocka_unit_test(memory_running_out_on_the_way_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
