/* Variables of a library over reloads, with everything that molt_add_game() does to keep them. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/reload.h>

typedef struct Meter { /* as in fixtures/meter.c */
    int shown[4];
    void *hidden_at;
    int version;
    unsigned right_places;
} Meter;

typedef struct Session {
    MoltReload *reload;
    MoltReloadEvent event;
    char library[512];
    int frames;
} Session;

static const MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};

static void frame(Session *session)
{
    assert_true(molt_reload_frame(session->reload));
    session->frames++;
    const Meter *meter = molt_reload_state(session->reload);
    assert_int_equal(meter->shown[0], 2 * session->frames);
    assert_int_equal(meter->shown[1], 3 * session->frames);
    assert_int_equal(meter->shown[2], 50 + session->frames);
    assert_int_equal(meter->shown[3], session->frames);
    assert_int_equal(meter->right_places, session->frames);
}

static void open_session(Session *session, void **state)
{
    MoltError error = {0};
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session->library, FIXTURE_METER_1);
    MoltReloadDesc desc = {.library = session->library, .api = &api};
    if (molt_reload_create(&desc, &session->reload, &error) != MOLT_OK ||
        molt_reload_start(session->reload, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    frame(session);
}

static void close_session(Session *session)
{
    molt_reload_stop(session->reload);
    molt_reload_destroy(session->reload);
}

static int version_of(const Session *session)
{
    return ((const Meter *)molt_reload_state(session->reload))->version;
}

static void force(Session *session, const char *library, MoltEventKind kind)
{
    sandbox_replace(session->library, library);
    molt_reload_force(session->reload, &session->event);
    if (session->event.kind != kind) {
        fail_msg("%s: %s\n%s", molt_event_id(session->event.kind), session->event.headline,
                 session->event.detail);
    }
}

static void values_and_pointers_go_on_over_many_reloads(void **state)
{
    Session session = {0};
    open_session(&session, state);
    for (int i = 0; i < 20; i++) {
        force(&session, i % 2 == 0 ? FIXTURE_METER_2 : FIXTURE_METER_1, MOLT_EVENT_RELOADED);
        frame(&session);
        assert_int_equal(version_of(&session), i % 2 == 0 ? 2 : 1);
        molt_reload_force(session.reload, &session.event); /* the same library */
        assert_int_equal(session.event.kind, MOLT_EVENT_RELOADED);
        frame(&session);
    }
    close_session(&session);
}

/* Another thread opens the library, and has thread-locals of its own. */
static void thread_locals_are_those_of_the_games_thread(void **state)
{
    Session session = {0};
    open_session(&session, state);
    sandbox_replace(session.library, FIXTURE_METER_2);
    for (int i = 0; i < 2500 && version_of(&session) != 2; i++) {
        molt_reload_poll(session.reload, &session.event);
        frame(&session);
        sandbox_sleep(2);
    }
    assert_int_equal(version_of(&session), 2);
    close_session(&session);
}

static void a_refusal_leaves_the_variables_alone(void **state)
{
    Session session = {0};
    open_session(&session, state);
    MoltHash before = molt_heap_digest(molt_reload_heap(session.reload));
    force(&session, FIXTURE_METER_3, MOLT_EVENT_REFUSED);
    MoltHash after = molt_heap_digest(molt_reload_heap(session.reload));
    assert_memory_equal(&before, &after, sizeof before);
    assert_non_null(strstr(session.event.detail, "meter.c:hidden"));
    frame(&session);
    assert_int_equal(version_of(&session), 1);
    force(&session, FIXTURE_METER_2, MOLT_EVENT_RELOADED);
    frame(&session);
    close_session(&session);
}

static void the_dump_has_the_values_of_the_moment(void **state)
{
    Session session = {0};
    char *text = NULL;
    size_t length = 0;
    open_session(&session, state);
    frame(&session);
    assert_int_equal(molt_reload_dump(session.reload, false, &text, &length, NULL), MOLT_OK);
    assert_non_null(strstr(text, "\"shared\":4"));
    assert_non_null(strstr(text, "meter.c:hidden\":6"));
    assert_non_null(strstr(text, "meter.c:next_call():calls\":2"));
    assert_non_null(strstr(text, "meter.c:local\":52"));
    free(text);
    close_session(&session);
}

/* ---- without metadata ---------------------------------------------------------------------- */

typedef struct Drawer { /* as in fixtures/drawer.c */
    int open, sum;
} Drawer;

static void open_drawer(Session *session, void **state, const char *library, MoltPolicy policy)
{
    MoltError error = {0};
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session->library, library);
    MoltReloadDesc desc = {.library = session->library, .api = &api, .policy = policy};
    if (molt_reload_create(&desc, &session->reload, &error) != MOLT_OK ||
        molt_reload_start(session->reload, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    assert_true(molt_reload_frame(session->reload));
}

static uint32_t untracked(const Session *session)
{
    const MoltReport *report = session->event.report;
    uint32_t count = 0;
    for (uint32_t i = 0; report != NULL && i < report->count; i++) {
        count += report->findings[i].rule == MOLT_RULE_VARIABLE_UNTRACKED;
    }
    return count;
}

static void assert_told(const Session *session, const char *text)
{
    if (strstr(session->event.detail, text) == NULL) {
        fail_msg("%s\nis not in\n%s", text, session->event.detail);
    }
}

static void what_starts_anew_is_told(void **state, const char *library)
{
    Session session = {0};
    open_drawer(&session, state, library, MOLT_POLICY_LIVE);
    force(&session, library, MOLT_EVENT_RELOADED); /* nothing but what is tracked or transient */
    assert_int_equal(untracked(&session), 0);
    ((Drawer *)molt_reload_state(session.reload))->open = 1;
    assert_true(molt_reload_frame(session.reload));
    assert_int_equal(((const Drawer *)molt_reload_state(session.reload))->sum, 21 + 8 + 5 + 1);
    force(&session, library, MOLT_EVENT_RELOADED);
    assert_int_equal(untracked(&session), 5);
    assert_told(&session, "loss   variable-untracked     drawer_archive.c:opened");
    assert_told(&session, "last: 1 object"); /* clang puts the function in front */
    assert_told(&session, "archive_shared");
    assert_told(&session, "what fixtures/drawer.c:list in line 18 points at");
    assert_told(&session, "what fixtures/drawer.c:table in line 19 points at");
    assert_true(molt_reload_frame(session.reload));
    assert_int_equal(((const Drawer *)molt_reload_state(session.reload))->sum, 21 + 8 + 5 + 1);
    close_session(&session);
}

static void variables_that_start_anew_are_told(void **state)
{
    what_starts_anew_is_told(state, FIXTURE_DRAWER);
}

static void they_are_told_without_debug_information(void **state)
{
    what_starts_anew_is_told(state, FIXTURE_DRAWER_BARE);
}

static void the_strict_policy_refuses_to_start_them_anew(void **state)
{
    Session session = {0};
    open_drawer(&session, state, FIXTURE_DRAWER, MOLT_POLICY_STRICT);
    force(&session, FIXTURE_DRAWER, MOLT_EVENT_RELOADED);
    ((Drawer *)molt_reload_state(session.reload))->open = 1;
    assert_true(molt_reload_frame(session.reload));
    MoltHash before = molt_heap_digest(molt_reload_heap(session.reload));
    force(&session, FIXTURE_DRAWER, MOLT_EVENT_REFUSED);
    MoltHash after = molt_heap_digest(molt_reload_heap(session.reload));
    assert_memory_equal(&before, &after, sizeof before);
    assert_told(&session, "molt_add_game()");
    assert_true(molt_reload_frame(session.reload));
    assert_int_equal(((const Drawer *)molt_reload_state(session.reload))->sum, 22 + 9 + 6 + 2);
    close_session(&session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_and_pointers_go_on_over_many_reloads),
        TEST(thread_locals_are_those_of_the_games_thread),
        TEST(a_refusal_leaves_the_variables_alone),
        TEST(the_dump_has_the_values_of_the_moment),
        TEST(variables_that_start_anew_are_told),
        TEST(they_are_told_without_debug_information),
        TEST(the_strict_policy_refuses_to_start_them_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
