/* Hooks over the heap: what they see, make and may not do. Hooks in real libraries are in
 * tests/evolution. */
#include "hook_fixture.h"

/* The hook refuses, with these words, and every bit is as it was. */
static void assert_refused(bool (*run)(const MoltOld *, void *), MoltRule rule, const char *path,
                           const char *words)
{
    Session session;
    begin(&session, NULL);
    MoltHash before = molt_heap_digest(session.heap);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, run), MOLT_REFUSED);
    MoltHash after = molt_heap_digest(session.heap);
    assert_memory_equal(&before, &after, sizeof before);
    const MoltFinding *finding = molt_report_refusal(&session.report);
    assert_non_null(finding);
    assert_string_equal(molt_rule_id(finding->rule), molt_rule_id(rule));
    assert_string_equal(finding->path, path);
    char text[2048];
    molt_finding_text(finding, text, sizeof text);
    if (!strstr(text, words))
        fail_msg("\"%s\" is not in: %s", words, text);
    stop(&session);
}

/* ---- what hooks see ------------------------------------------------------------------------- */

static bool read_everything(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    int i = now->hp;
    assert_int_equal(molt_old_int(old, "hp"), i);
    assert_true(molt_old_bool(old, "on"));
    assert_int_equal(molt_old_int(old, "on"), 1);
    assert_string_equal(molt_old_enum(old, "job"), "CARRY");
    assert_int_equal(molt_old_uint(old, "job"), 2);
    assert_true(molt_old_double(old, "speed") == 0.5);
    assert_string_equal(molt_old_text(old, "name"), "12345678");
    assert_string_equal(molt_old_text(old, "label"), "abc");
    assert_int_equal(molt_old_int(old, "m[%d][%d]", 1, 0), i + 3);
    assert_int_equal(molt_old_int(molt_old_at(old, "m[1]"), "[0]"), i + 3);
    assert_int_equal(molt_old_int(molt_old_at(old, "m[1][0]"), "."), i + 3);
    assert_int_equal(molt_old_count(old, "m"), 2);
    assert_int_equal(molt_old_uint(old, "low"), 5);
    assert_int_equal(molt_old_int(old, "high"), 17);
    assert_int_equal(molt_old_int(old, "big"), -1);
    assert_string_equal(molt_old_type(old), "Ant");
    assert_true(molt_old_has(old, "m[1][1]"));
    assert_false(molt_old_has(old, "m[2]"));
    assert_false(molt_old_has(old, "legs"));
    assert_false(molt_old_has(old, "hp.x"));
    assert_ptr_equal(molt_old_now(old), now);
    assert_string_equal(molt_old_text(old, "world->tag"), "");
    now->calls++;
    now->m[0] = (int)molt_old_int(old, "m[1][0]");
    return true;
}

static void accessors_give_what_the_old_object_holds(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, read_everything), MOLT_OK);
    const State *state = root(&session);
    const NewAnt *ants = (const NewAnt *)(const void *)state->ants;
    for (int i = 0; i < ANTS; i++) {
        assert_int_equal(ants[i].calls, 1);
        assert_int_equal(ants[i].m[0], i + 3);
    }
    assert_int_equal(found(&session, MOLT_RULE_HOOK_RAN, "Ant"), ANTS);
    assert_int_equal(molt_report_total(&session.report, MOLT_LOSS), 0);
    stop(&session);
}

static bool follow_pointers(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    settle(old);
    const MoltOld *next = molt_old_follow(old, "next");
    int left = ANTS - 1 - now->hp;
    assert_int_equal(molt_old_count(old, "next"), left);
    if (!next) {
        assert_int_equal(left, 0);
        assert_null(molt_old_pointer(old, "next"));
        return true;
    }
    assert_int_equal(molt_old_int(next, "hp"), now->hp + 1);
    assert_int_equal(molt_old_int(old, "next->hp"), now->hp + 1);
    assert_int_equal(molt_old_int(old, "next[%d].hp", left - 1), ANTS - 1);
    assert_false(molt_old_has(old, "next[%d].hp", left));
    assert_ptr_equal(molt_old_now(next), now + 1);
    assert_ptr_equal(molt_old_pointer(old, "next"), now->next);
    /* The world stays where it is: its pointers are new ones, but by name one sees the old state. */
    assert_ptr_equal(molt_old_pointer(old, "world"), now->world);
    assert_ptr_equal(molt_old_pointer(old, "world->first"), now->world->first);
    assert_int_equal(molt_old_int(old, "world->n"), 0);
    now->world->n++;
    now->extra = now->next;
    return true;
}

static void pointers_lead_to_old_and_to_new_objects(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, follow_pointers), MOLT_OK);
    const State *state = root(&session);
    const NewAnt *ants = (const NewAnt *)(const void *)state->ants;
    assert_int_equal(state->world->n, ANTS - 1);
    assert_ptr_equal(state->world->first, &ants[1]);
    assert_ptr_equal(ants[7].extra, &ants[8]);
    assert_ptr_equal(ants[7].world, state->world);
    stop(&session);
}

/* ---- mistakes ------------------------------------------------------------------------------- */

static bool ask_int_of_double(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_int(old, "speed") == 0;
}
static bool ask_double_of_int(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_double(old, "hp") == 0;
}
static bool ask_uint_of_negative(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_uint(old, "big") == 0;
}
static bool ask_text_of_int(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_text(old, "hp")[0] == '\0';
}
static bool ask_bool_of_int(const MoltOld *old, void *now)
{
    (void)now;
    return !molt_old_bool(old, "hp");
}
static bool ask_enum_of_int(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_enum(old, "hp")[0] == '\0';
}
static bool ask_missing(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_int(old, "legs") == 0;
}
static bool ask_beyond(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_int(old, "m[0][2]") == 0;
}
static bool ask_through_null(const MoltOld *old, void *now)
{
    (void)now;
    const MoltOld *last = old;
    while (molt_old_follow(last, "next"))
        last = molt_old_follow(last, "next");
    return molt_old_int(last, "next->hp") == 0;
}
static bool ask_dot_through_pointer(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_int(old, "next.hp") == 0;
}
static bool ask_nonsense(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_int(old, "m[x]") == 0;
}
static bool ask_on_after_a_mistake(const MoltOld *old, void *now)
{
    (void)now;
    const MoltOld *none = molt_old_at(old, "legs");
    for (const MoltOld *at = none; at; at = molt_old_follow(at, "next"))
        assert_int_equal(molt_old_int(at, "x"), 0);
    assert_string_equal(molt_old_text(none, "x"), "");
    assert_int_equal(molt_old_uint(molt_old_at(none, "y"), "x"), 0);
    assert_null(molt_old_now(none));
    assert_string_equal(molt_old_type(none), "");
    return molt_old_fail(none, "not this one");
}
static bool give_false(const MoltOld *old, void *now)
{
    (void)old;
    (void)now;
    return false;
}

static void mistakes_refuse_and_say_what_it_really_is(void **unused)
{
    (void)unused;
    const MoltRule failed = MOLT_RULE_HOOK_FAILED;
    assert_refused(ask_int_of_double, failed, "Ant.speed", "double speed");
    assert_refused(ask_int_of_double, failed, "Ant.speed", "Ask with molt_old_double");
    assert_refused(ask_int_of_double, failed, "Ant.speed", "the hook of Ant, game.c:7");
    assert_refused(ask_double_of_int, failed, "Ant.hp", "Ask with molt_old_int");
    assert_refused(ask_uint_of_negative, failed, "Ant.big", "it is -1 in this object");
    assert_refused(ask_text_of_int, failed, "Ant.hp", "it is of type int");
    assert_refused(ask_bool_of_int, failed, "Ant.hp", "it is of type int");
    assert_refused(ask_enum_of_int, failed, "Ant.hp", "it is of type int");
    assert_refused(ask_missing, failed, "Ant", "has no field legs");
    assert_refused(ask_beyond, failed, "Ant.m", "it has 2 elements");
    assert_refused(ask_through_null, failed, "Ant.next", "it is NULL in this object");
    assert_refused(ask_dot_through_pointer, failed, "Ant.next", "Go through it with ->");
    assert_refused(ask_nonsense, failed, "Ant.m", "no index at [x]");
    assert_refused(ask_on_after_a_mistake, failed, "Ant", "has no field legs");
    assert_refused(give_false, failed, "Ant", "gave false");
}

/* ---- memory --------------------------------------------------------------------------------- */

static bool make_and_free(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    settle(old);
    now->extra = make("Ant", 1);
    assert_non_null(now->extra);
    assert_int_equal(now->extra->hp, 0);
    now->extra->hp = -now->hp;
    now->extra->next = now;
    NewAnt *many = make("Ant", 3);
    many[2].hp = 4;
    many = heap_api->resize(heap_api, many, 30);
    assert_int_equal(many[2].hp, 4);
    assert_int_equal(many[29].hp, 0);
    assert_int_equal(heap_api->count(heap_api, many), 30);
    heap_api->destroy(heap_api, many);
    char *text = heap_api->duplicate(heap_api, "text");
    assert_string_equal(text, "text");
    heap_api->destroy(heap_api, text);
    heap_api->destroy(heap_api, NULL);
    assert_int_equal(heap_api->count(heap_api, now->world), 1);
    return true;
}

static void what_hooks_make_belongs_to_the_new_state(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, make_and_free), MOLT_OK);
    const State *state = root(&session);
    const NewAnt *ants = (const NewAnt *)(const void *)state->ants;
    for (int i = 0; i < ANTS; i++) {
        MoltPlace place;
        molt_heap_locate(session.heap, ants[i].extra, &place);
        assert_int_equal(place.kind, MOLT_PLACE_BLOCK);
        assert_int_equal(ants[i].extra->hp, -i);
        assert_ptr_equal(ants[i].extra->next, &ants[i]);
    }
    assert_int_equal(live_blocks(&session, "Ant"), ANTS + 1);
    stop(&session);
}

static bool delete_the_label(const MoltOld *old, void *now)
{
    (void)now;
    settle(old);
    heap_api->destroy(heap_api, molt_old_pointer(old, "label"));
    return true;
}

static void hooks_may_delete_what_the_rules_carried_over(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(live_blocks(&session, "char"), ANTS);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, delete_the_label), MOLT_OK);
    assert_int_equal(live_blocks(&session, "char"), 0);
    stop(&session);
}

static bool resize_a_carried_block(const MoltOld *old, void *now)
{
    (void)old;
    return heap_api->resize(heap_api, now, 1000) != NULL;
}
static bool delete_into_a_block(const MoltOld *old, void *now)
{
    (void)old;
    heap_api->destroy(heap_api, (NewAnt *)now + 1);
    return true;
}
static bool write_everywhere_and_fail(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    now->extra = make("Ant", 9);
    now->world->n = 77;
    now->world->first = NULL;
    memset(now->world->tag, 'x', sizeof now->world->tag);
    memset(molt_old_pointer(old, "label"), 'y', 3);
    heap_api->destroy(heap_api, molt_old_pointer(old, "label"));
    if (now->hp == ANTS - 1)
        return molt_old_fail(old, "ant %d is no good", now->hp);
    return true;
}
static bool store_an_old_address(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    if (now->hp == 200) {
        const OldAnt *was = old->api->bytes(old, "Ant_old", sizeof(OldAnt), ant_layout);
        memcpy(&now->extra, &was->next, sizeof now->extra);
    }
    return true;
}
static bool expect_another_layout(const MoltOld *old, void *now)
{
    (void)now;
    return old->api->bytes(old, "Ant_old", sizeof(OldAnt), 1) == NULL;
}

static void what_hooks_may_not_do_leaves_every_bit_as_it_was(void **unused)
{
    (void)unused;
    const MoltRule failed = MOLT_RULE_HOOK_FAILED;
    assert_refused(resize_a_carried_block, failed, "Ant", "molt_resize of what no hook made");
    assert_refused(delete_into_a_block, failed, "Ant", "molt_delete of what is not the start");
    assert_refused(write_everywhere_and_fail, failed, "Ant", "ant 299 is no good");
    assert_refused(expect_another_layout, MOLT_RULE_HOOK_MISMATCH, "Ant", "Ant_old");
}

static void an_old_address_does_not_get_into_the_new_state(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    MoltHash before = molt_heap_digest(session.heap);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, store_an_old_address), MOLT_REFUSED);
    MoltHash after = molt_heap_digest(session.heap);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(found(&session, MOLT_RULE_HOOK_FAILED, "Ant.extra"), 1);
    stop(&session);
}

/* ---- what is read is handled ---------------------------------------------------------------- */

static bool read_nothing(const MoltOld *old, void *now)
{
    (void)old;
    (void)now;
    return true;
}
static bool look_for_all(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_has(old, "speed") && molt_old_has(old, "m[0][0]");
}
static bool read_the_shape(const MoltOld *old, void *now)
{
    (void)now;
    return molt_old_int(old, "m[0][0]") == 0;
}

static void a_field_that_the_hook_reads_is_no_loss(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(change(&session, MOLT_POLICY_STRICT, read_everything), MOLT_OK);
    assert_int_equal(molt_report_total(&session.report, MOLT_LOSS), 0);
    stop(&session);
}

static void a_field_that_nobody_reads_is_refused_as_ever(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_refused(read_nothing, MOLT_RULE_SHAPE_CHANGED, "Ant.m", "int m[2][2] -> int m[4]");
    assert_refused(look_for_all, MOLT_RULE_SHAPE_CHANGED, "Ant.m", "int m[2][2] -> int m[4]");
    assert_int_equal(change(&session, MOLT_POLICY_STRICT, read_the_shape), MOLT_REFUSED);
    assert_int_equal(found(&session, MOLT_RULE_FIELD_REMOVED, "Ant.speed"), ANTS);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, read_the_shape), MOLT_OK);
    assert_int_equal(found(&session, MOLT_RULE_FIELD_REMOVED, "Ant.speed"), ANTS);
    assert_true(molt_report_total(&session.report, MOLT_LOSS) > 0);
    stop(&session);
}

static bool read_some(const MoltOld *old, void *new)
{
    const NewAnt *now = new;
    (void)molt_old_int(old, "m[0][0]");
    if (now->hp % 3 == 0) {
        assert_true(molt_old_double(old, "speed") == 0.5);
        assert_int_equal(molt_old_uint(old, "job"), 2);
    }
    if (now->hp == 1) /* those behind it */
        for (int i = 0; i < ANTS - 2; i++)
            assert_true(molt_old_bool(old, "next[%d].on", i));
    return true;
}

/* What it says of Ant.`field`; NULL when nothing. */
static const MoltFinding *said_of(const Session *session, const char *field)
{
    char path[64];
    snprintf(path, sizeof path, "Ant.%s", field);
    for (uint32_t f = 0; f < session->report.count; f++)
        if (strcmp(session->report.findings[f].path, path) == 0)
            return &session->report.findings[f];
    return NULL;
}

static void each_object_counts_for_itself(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(change(&session, MOLT_POLICY_STRICT, read_some), MOLT_REFUSED);
    assert_int_equal(said_of(&session, "speed")->severity, MOLT_REFUSE);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, read_some), MOLT_OK);
    const MoltFinding *speed = said_of(&session, "speed"), *job = said_of(&session, "job");
    assert_int_equal(speed->severity, MOLT_LOSS);
    assert_int_equal(speed->objects, ANTS * 2 / 3);
    assert_non_null(strstr(speed->value, "in Ant:0[1], which no hook read"));
    assert_non_null(strstr(speed->value, "in 100 others"));
    assert_int_equal(job->severity, MOLT_LOSS);
    assert_int_equal(job->objects, ANTS * 2 / 3);
    /* the first two ants are asked by nobody */
    assert_int_equal(said_of(&session, "on")->severity, MOLT_LOSS);
    assert_int_equal(said_of(&session, "on")->objects, 2);
    stop(&session);
}

static void without_a_hook_the_report_has_one_to_paste(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, NULL), MOLT_REFUSED);
    assert_int_equal(session.report.stub_count, 1);
    assert_string_equal(session.report.stubs[0].type, "Ant");
    const char *code = session.report.stubs[0].code;
    assert_non_null(strstr(code, "MOLT_MIGRATE(Ant)(const MoltOld *old, Ant *now)"));
    assert_non_null(strstr(code, "molt_old_int(old, \"m[%d][%d]\", i0, i1)"));
    assert_non_null(strstr(code, "const char *old_job = molt_old_enum(old, \"job\");"));
    assert_non_null(strstr(code, "now->m[i0] = 0;"));
    assert_null(strstr(code, "\"hp\""));
    char *text = molt_report_to_text(&session.report), *json = molt_report_to_json(&session.report);
    assert_non_null(strstr(text, code));
    assert_non_null(strstr(json, "\"stubs\""));
    free(text);
    free(json);
    stop(&session);
}

/* The schema as the generator makes it of a game with a hook. */
static MoltSchema *noted_schema(void)
{
    static const char place[] = "\"name\":\"Ant\",\"kind\":\"struct\",";
    char *text = NULL;
    MoltSchema *plain = spec_schema_with(new_specs, 3, &jobs, 1), *noted = NULL;
    assert_int_equal(molt_schema_to_json(plain, &text, NULL), MOLT_OK);
    char *at = strstr(text, place);
    assert_non_null(at);
    size_t size = strlen(text) + 32, front = (size_t)(at - text) + sizeof place - 1;
    char *changed = malloc(size);
    snprintf(changed, size, "%.*s\"migrate\":true,%s", (int)front, text, text + front);
    assert_int_equal(molt_schema_from_json(changed, strlen(changed), NULL, &noted, NULL), MOLT_OK);
    free(changed);
    free(text);
    molt_schema_free(plain);
    return noted;
}

static void a_schema_that_names_a_hook_is_nothing_without_it(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    assert_int_equal(change_to(&session, noted_schema(), MOLT_POLICY_LIVE, NULL), MOLT_REFUSED);
    assert_int_equal(found(&session, MOLT_RULE_HOOK_MISSING, "Ant"), ANTS);
    assert_int_equal(change_to(&session, noted_schema(), MOLT_POLICY_LIVE, scale), MOLT_OK);
    assert_int_equal(change_to(&session, noted_schema(), MOLT_POLICY_LIVE, NULL), MOLT_OK);
    stop(&session);
}

static void a_hook_for_another_layout_refuses_before_anything_runs(void **unused)
{
    (void)unused;
    Session session;
    begin(&session, NULL);
    hook.from = "Ant_old";
    hook.from_layout = 1;
    calls = 0;
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, count_calls), MOLT_REFUSED);
    assert_int_equal(calls, 0);
    assert_int_equal(molt_report_refusal(&session.report)->rule, MOLT_RULE_HOOK_MISMATCH);
    hook.from_layout = ant_layout;
    assert_int_equal(change(&session, MOLT_POLICY_LIVE, count_calls), MOLT_OK);
    assert_int_equal(calls, ANTS);
    hook.from_layout = 0;
    hook.from = "";
    stop(&session);
}

static bool make_one(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    now->extra = make("Ant", 1 + (size_t)(now->hp % 3));
    now->world->n++;
    now->m[0] = (int)molt_old_int(old, "m[1][0]") + (int)strlen(molt_old_text(old, "label"));
    return now->extra != NULL || molt_old_fail(old, "no memory");
}

static void memory_running_out_at_any_point_loses_nothing(void **unused)
{
    (void)unused;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        CountingAllocator counting = {0};
        MoltAllocator allocator = counting_allocator(&counting);
        Session session;
        begin(&session, &allocator);
        MoltHash before = molt_heap_digest(session.heap);
        counting.calls = 0;
        counting.fail_at = n;
        MoltStatus status = change(&session, MOLT_POLICY_LIVE, make_one);
        done = counting.calls < n;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accessors_give_what_the_old_object_holds),
        cmocka_unit_test(pointers_lead_to_old_and_to_new_objects),
        cmocka_unit_test(mistakes_refuse_and_say_what_it_really_is),
        cmocka_unit_test(what_hooks_make_belongs_to_the_new_state),
        cmocka_unit_test(hooks_may_delete_what_the_rules_carried_over),
        cmocka_unit_test(what_hooks_may_not_do_leaves_every_bit_as_it_was),
        cmocka_unit_test(an_old_address_does_not_get_into_the_new_state),
        cmocka_unit_test(a_field_that_the_hook_reads_is_no_loss),
        cmocka_unit_test(a_field_that_nobody_reads_is_refused_as_ever),
        cmocka_unit_test(each_object_counts_for_itself),
        cmocka_unit_test(without_a_hook_the_report_has_one_to_paste),
        cmocka_unit_test(a_schema_that_names_a_hook_is_nothing_without_it),
        cmocka_unit_test(a_hook_for_another_layout_refuses_before_anything_runs),
        cmocka_unit_test(memory_running_out_at_any_point_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
