/* Saving and loading in a running game: what is loaded goes on, and what is refused changes nothing. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/reload.h>
#include <molt/snapshot_file.h>

typedef struct Session {
    MoltReload *reload;
    MoltReport report;
    MoltError error;
    char library[512], file[512];
} Session;

static const MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};

static void stop_test(void *context, const char *text)
{
    (void)context;
    fail_msg("heap fault: %s", text);
}

static void open_session(Session *session, void **state, const char *name, const char *library,
                         bool through_file)
{
    MoltReloadDesc desc = {.library = session->library,
                           .api = &api,
                           .fault = stop_test,
                           .through_file = through_file,
                           .no_build = true,
                           .no_watch = true};
    *session = (Session){.reload = NULL};
    molt_report_init(&session->report, NULL);
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, name));
    snprintf(session->file, sizeof session->file, "%s", sandbox_path(state, "state.molt"));
    sandbox_replace(session->library, library);
    if (molt_reload_create(&desc, &session->reload, &session->error) != MOLT_OK ||
        molt_reload_start(session->reload, &session->error) != MOLT_OK) {
        fail_msg("%s", session->error.text);
    }
}

static void close_session(Session *session)
{
    molt_reload_stop(session->reload);
    molt_reload_destroy(session->reload);
    molt_report_clear(&session->report);
}

static void save(Session *session)
{
    uint64_t host = 4711;
    if (molt_reload_save(session->reload, session->file, &host, sizeof host, &session->report,
                         &session->error) != MOLT_OK) {
        fail_msg("%s", session->error.text);
    }
}

static MoltStatus load(Session *session, bool trusted)
{
    uint64_t host = 0;
    bool found = false;
    MoltStatus status = molt_reload_load(session->reload, session->file, trusted, &host,
                                         sizeof host, &found, &session->report, &session->error);
    assert_int_equal(host, status == MOLT_OK ? 4711 : 0);
    assert_int_equal(found, status == MOLT_OK);
    return status;
}

static uint64_t number(const Session *session, const char *name)
{
    const MoltSchema *schema = molt_reload_schema(session->reload);
    MoltTypeId pond = molt_schema_find(schema, "Pond");
    const MoltField *field = &schema->tables.fields[molt_schema_find_field(schema, pond, name)];
    uint64_t value = 0;
    memcpy(&value, (const char *)molt_reload_state(session->reload) + field->bit_offset / 8,
           molt_type(schema, field->type)->size);
    return value;
}

static void loaded_state_goes_on(void **state)
{
    Session session;
    open_session(&session, state, "game.so", FIXTURE_POND_1, false);
    assert_true(molt_reload_frame(session.reload));
    save(&session);
    for (int round = 0; round < 6; round++) { /* heaps take each other's places */
        for (int i = 0; i < 10; i++) {
            assert_true(molt_reload_frame(session.reload));
        }
        assert_int_equal(number(&session, "frames"), 11);
        assert_int_equal(load(&session, round % 2 != 0), MOLT_OK);
        assert_int_equal(number(&session, "frames"), 1);
    }
    assert_true(molt_reload_frame(session.reload)); /* the game checks every value itself */
    close_session(&session);
}

static void newer_game_loads_what_an_older_one_saved(void **state)
{
    Session old, new;
    open_session(&old, state, "old.so", FIXTURE_POND_1, false);
    assert_true(molt_reload_frame(old.reload));
    save(&old);
    close_session(&old);
    open_session(&new, state, "new.so", FIXTURE_POND_2, false);
    assert_int_equal(number(&new, "frames"), 0);
    assert_int_equal(load(&new, false), MOLT_OK);
    assert_int_equal(number(&new, "frames"), 1);
    assert_true(molt_reload_frame(new.reload));
    close_session(&new);
}

static void refused_load_changes_nothing(void **state)
{
    Session old, new;
    open_session(&old, state, "old.so", FIXTURE_POND_1, false);
    assert_true(molt_reload_frame(old.reload));
    save(&old);
    close_session(&old);
    open_session(&new, state, "new.so", FIXTURE_POND_3, false);
    assert_true(molt_reload_frame(new.reload));
    MoltHash before = molt_heap_digest(molt_reload_heap(new.reload));
    const void *pond = molt_reload_state(new.reload);
    assert_int_equal(load(&new, false), MOLT_REFUSED);
    assert_non_null(strstr(new.error.text, "function-missing"));
    assert_non_null(strstr(new.error.text, "rest"));
    sandbox_text(new.file, "no snapshot at all");
    assert_int_equal(load(&new, false), MOLT_INVALID);
    sandbox_remove(new.file);
    assert_int_equal(load(&new, false), MOLT_NOT_FOUND);
    MoltHash after = molt_heap_digest(molt_reload_heap(new.reload));
    assert_memory_equal(&before, &after, sizeof after);
    assert_ptr_equal(pond, molt_reload_state(new.reload));
    assert_true(molt_reload_frame(new.reload));
    close_session(&new);
}

static void game_is_told_in_pairs(void **state)
{
    Session session;
    open_session(&session, state, "game.so", FIXTURE_POND_HOOKS_1, false);
    assert_true(molt_reload_frame(session.reload));
    save(&session); /* as begin_reload() left it */
    assert_int_equal(number(&session, "begun"), 1);
    assert_int_equal(number(&session, "ended"), 1);
    assert_int_equal(load(&session, false), MOLT_OK);
    assert_int_equal(number(&session, "begun"), 1);
    assert_int_equal(number(&session, "ended"), 1);
    sandbox_text(session.file, "no snapshot at all");
    assert_int_equal(load(&session, false), MOLT_INVALID);
    assert_int_equal(number(&session, "begun"), 2);
    assert_int_equal(number(&session, "ended"), 2);
    close_session(&session);
}

static void file_without_the_games_state_is_refused(void **state)
{
    Session session;
    MoltHeap *heap = NULL;
    uint64_t host = 4711;
    open_session(&session, state, "game.so", FIXTURE_POND_1, false);
    assert_true(molt_reload_frame(session.reload));
    const MoltSchema *schema = molt_reload_schema(session.reload);
    MoltSaveDesc desc = {.host = &host, .host_size = sizeof host};
    assert_int_equal(molt_heap_create(NULL, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    void *frog = molt_heap_new(heap, molt_schema_find(schema, "Frog"), 1);
    for (int with_frog = 0; with_frog < 2; with_frog++) {
        molt_heap_set_root(heap, 0, with_frog != 0 ? frog : NULL);
        assert_int_equal(
            molt_snapshot_file_save(heap, session.file, &desc, &session.report, &session.error),
            MOLT_OK);
        uint64_t got = 0;
        assert_int_equal(molt_reload_load(session.reload, session.file, false, &got, sizeof got,
                                          NULL, &session.report, &session.error),
                         MOLT_INVALID);
        assert_non_null(strstr(session.error.text, "no state of this game"));
        assert_true(molt_reload_frame(session.reload));
    }
    molt_heap_destroy(heap);
    close_session(&session);
}

static void reload_through_a_file_migrates(void **state)
{
    Session session;
    MoltReloadEvent event;
    open_session(&session, state, "game.so", FIXTURE_POND_1, true);
    assert_true(molt_reload_frame(session.reload));
    static const char *const libraries[] = {FIXTURE_POND_2, FIXTURE_POND_5, FIXTURE_POND_1};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        sandbox_replace(session.library, libraries[i]);
        molt_reload_force(session.reload, &event);
        if (event.kind != MOLT_EVENT_RELOADED) {
            fail_msg("%s\n%s", event.headline, event.detail);
        }
        assert_string_equal(event.outcome, i < 2 ? "migrated" : "code");
        assert_true(molt_reload_frame(session.reload));
    }
    sandbox_replace(session.library, FIXTURE_POND_3);
    MoltHash before = molt_heap_digest(molt_reload_heap(session.reload));
    molt_reload_force(session.reload, &event);
    assert_int_equal(event.kind, MOLT_EVENT_REFUSED);
    MoltHash after = molt_heap_digest(molt_reload_heap(session.reload));
    assert_memory_equal(&before, &after, sizeof after);
    assert_true(molt_reload_frame(session.reload));
    close_session(&session);
}

static void nothing_is_left_behind(void **state)
{
    Session session;
    open_session(&session, state, "game.so", FIXTURE_POND_1, false);
    assert_true(molt_reload_frame(session.reload));
    save(&session);
    assert_int_equal(load(&session, true), MOLT_OK);
    unsigned files = sandbox_open_files(), mappings = sandbox_mappings("");
    for (int i = 0; i < 40; i++) {
        assert_int_equal(load(&session, i % 2 != 0), MOLT_OK);
        save(&session);
    }
    assert_int_equal(sandbox_open_files(), files);
    assert_true(sandbox_mappings("") < mappings + 20); /* the allocator's own; a leak has 40 */
    assert_int_equal(sandbox_mappings("state.molt"), 0);
    close_session(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(loaded_state_goes_on, sandbox_setup, sandbox_teardown),
        cmocka_unit_test_setup_teardown(newer_game_loads_what_an_older_one_saved, sandbox_setup,
                                        sandbox_teardown),
        cmocka_unit_test_setup_teardown(refused_load_changes_nothing, sandbox_setup,
                                        sandbox_teardown),
        cmocka_unit_test_setup_teardown(game_is_told_in_pairs, sandbox_setup, sandbox_teardown),
        cmocka_unit_test_setup_teardown(file_without_the_games_state_is_refused, sandbox_setup,
                                        sandbox_teardown),
        cmocka_unit_test_setup_teardown(reload_through_a_file_migrates, sandbox_setup,
                                        sandbox_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_left_behind, sandbox_setup, sandbox_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
