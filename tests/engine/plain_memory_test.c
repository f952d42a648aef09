/* malloc of a real game library: routed to the heap and typed, however the library was built. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/leaks.h>
#include <molt/reload.h>

typedef struct Session {
    MoltReload *reload;
    char library[512];
    char log[400];
} Session;

static Session *running;

static void log_line(const MoltPlatformApi *api, const char *text)
{
    (void)api;
    snprintf(running->log, sizeof running->log, "%s", text);
}

static const MoltPlatformApi api = {
    .size = sizeof api, .version = MOLT_PLATFORM_VERSION, .log = log_line};

static void stop_test(void *context, const char *text)
{
    (void)context;
    fail_msg("heap fault: %s", text);
}

static void open_session(Session *session, void **state, const char *library)
{
    MoltError error = {0};
    running = session;
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session->library, library);
    MoltReloadDesc desc = {.library = session->library,
                           .api = &api,
                           .no_build = true,
                           .no_watch = true,
                           .fault = stop_test};
    if (molt_reload_create(&desc, &session->reload, &error) != MOLT_OK ||
        molt_reload_start(session->reload, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    assert_true(molt_reload_frame(session->reload));
}

static void close_session(Session *session)
{
    molt_reload_stop(session->reload);
    molt_reload_destroy(session->reload);
}

static uint64_t blocks_of(const Session *session, const char *type)
{
    MoltHeapStats stats = {0};
    MoltTypeId id = molt_schema_find(molt_reload_schema(session->reload), type);
    if (id != MOLT_NO_TYPE) {
        molt_heap_stats(molt_reload_heap(session->reload), id, &stats);
    }
    return stats.blocks;
}

static void replace(Session *session, const char *library, MoltReloadEvent *event)
{
    sandbox_replace(session->library, library);
    molt_reload_force(session->reload, event);
}

/* What strdup made is from where that is called. */
static void check_place_of_text(const Session *session)
{
    const MoltHeap *heap = molt_reload_heap(session->reload);
    MoltTypeId text = molt_schema_find(molt_reload_schema(session->reload), "char");
    MoltBlock block;
    uint64_t cursor = 0;
    assert_true(molt_heap_next(heap, text, &cursor, &block));
    const MoltOrigin *origin = molt_heap_origin(heap, &block);
    assert_non_null(origin);
    assert_non_null(strstr(origin->file, "pantry.c"));
    assert_string_equal(origin->reason, "");
    assert_true(origin->line > 0);
}

/* Types, places, an edit there and back, and nothing lost on the way. */
static void check_library(void **state, const char *first, const char *second)
{
    Session session = {0};
    MoltReloadEvent event;
    open_session(&session, state, first);
    assert_string_equal(session.log, "");
    assert_int_equal(blocks_of(&session, "Jar"), 21);
    assert_int_equal(blocks_of(&session, "Pantry"), 1);
    assert_int_equal(blocks_of(&session, "char"), 1);
    assert_int_equal(blocks_of(&session, MOLT_UNTYPED_NAME), 1);
    check_place_of_text(&session);

    MoltLeaks leaks;
    assert_int_equal(molt_leaks_find(molt_reload_heap(session.reload), &leaks, NULL), MOLT_OK);
    assert_int_equal(leaks.blocks, 0);
    molt_leaks_clear(&leaks);

    const char *const versions[] = {second, first, first};
    for (int i = 0; i < 3; i++) {
        replace(&session, versions[i], &event);
        if (event.kind != MOLT_EVENT_RELOADED) {
            fail_msg("%s: %s", event.headline, event.detail);
        }
        assert_int_equal(event.objects, i < 2 ? 27 : 0);
        assert_true(molt_reload_frame(session.reload));
        assert_int_equal(blocks_of(&session, "Jar"), 21);
    }
    close_session(&session);
}

static void debug_library(void **state)
{
    check_library(state, FIXTURE_PANTRY_1, FIXTURE_PANTRY_2);
}

static void optimised_library(void **state)
{
    check_library(state, FIXTURE_PANTRY_FAST_1, FIXTURE_PANTRY_FAST_2);
}

static void library_optimised_at_link_time(void **state)
{
    check_library(state, FIXTURE_PANTRY_LINK_1, FIXTURE_PANTRY_LINK_2);
}

static void archive_is_routed_and_named(void **state)
{
    Session session = {0};
    MoltBlock block;
    uint64_t cursor = 0;
    open_session(&session, state, FIXTURE_PANTRY_1);
    const MoltHeap *heap = molt_reload_heap(session.reload);
    MoltTypeId untyped = molt_schema_find(molt_reload_schema(session.reload), MOLT_UNTYPED_NAME);
    assert_true(molt_heap_next(heap, untyped, &cursor, &block));
    const MoltOrigin *origin = molt_heap_origin(heap, &block);
    assert_int_equal(block.count, 48);
    assert_non_null(strstr(origin->file, "pantry_archive.c"));
    assert_string_equal(origin->function, "archive_store");
    assert_non_null(strstr(origin->reason, "not read by molt-codegen"));
    char *dump = NULL;
    size_t length = 0;
    assert_int_equal(molt_reload_dump(session.reload, false, &dump, &length, NULL), MOLT_OK);
    assert_non_null(strstr(dump, "pantry_archive.c:7 (archive_store)\",\"count\":48"));
    free(dump);
    close_session(&session);
}

static void library_without_line_tables_says_so_and_refuses(void **state)
{
    Session session = {0};
    MoltReloadEvent event;
    open_session(&session, state, FIXTURE_PANTRY_BARE_1);
    assert_non_null(strstr(session.log, "Compile the game with -g"));
    assert_int_equal(blocks_of(&session, "Jar"), 0);
    replace(&session, FIXTURE_PANTRY_BARE_2, &event);
    assert_int_equal(event.kind, MOLT_EVENT_REFUSED);
    assert_non_null(strstr(event.headline, "untyped-memory"));
    assert_non_null(strstr(event.headline, "Jar"));
    assert_true(molt_reload_frame(session.reload));
    close_session(&session);
}

/* Without routing, blocks are foreign: an edit of what lies in them is refused, too. */
static void library_with_malloc_of_libc_is_left_alone(void **state)
{
    Session session = {0};
    MoltReloadEvent event;
    open_session(&session, state, FIXTURE_PANTRY_LIBC_1);
    assert_string_equal(session.log, "");
    assert_int_equal(blocks_of(&session, "Jar"), 0);
    assert_int_equal(
        molt_schema_find(molt_reload_schema(session.reload), MOLT_UNTYPED_NAME), MOLT_NO_TYPE);
    replace(&session, FIXTURE_PANTRY_LIBC_2, &event);
    assert_int_equal(event.kind, MOLT_EVENT_REFUSED);
    assert_non_null(strstr(event.headline, "unknown-target"));
    close_session(&session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(debug_library),
        TEST(optimised_library),
        TEST(library_optimised_at_link_time),
        TEST(archive_is_routed_and_named),
        TEST(library_without_line_tables_says_so_and_refuses),
        TEST(library_with_malloc_of_libc_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
