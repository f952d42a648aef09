/* A reload has the pages for the new layout before the game stops. */
#include "sandbox.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <molt/reload.h>

static const MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};

static uint64_t resident_bytes(void)
{
    unsigned long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &all, &resident), 2);
    fclose(file);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* As the pause begins. */
static void before(void *context)
{
    *(uint64_t *)context = resident_bytes();
}

static void reload(MoltReload *reload, const char *library, const char *with, MoltReloadEvent *event)
{
    sandbox_replace(library, with);
    molt_reload_force(reload, event);
    assert_int_equal(event->kind, MOLT_EVENT_RELOADED);
}

/* What comes with the new library, and is no page of the state, is less than half of these. */
static void pages_for_the_new_layout_are_there_before_the_pause(void **state)
{
    enum { FROGS = 400000 };
    const uint64_t bytes = FROGS * (uint64_t)64;
    uint64_t seen = 0, resident;
    MoltReload *session = NULL;
    MoltReloadEvent event;
    const char *library = sandbox_path(state, "game.so");
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool can = madvise(page, 4096, 23) == 0; /* MADV_POPULATE_WRITE */
    munmap(page, 4096);
    if (!can) {
        skip();
    }
    const MoltReloadDesc desc = {
        .library = library, .api = &api, .hooks = {.before = before, .context = &seen}};
    sandbox_replace(library, FIXTURE_POND_1);
    assert_int_equal(molt_reload_create(&desc, &session, NULL), MOLT_OK);
    assert_int_equal(molt_reload_start(session, NULL), MOLT_OK);
    assert_true(molt_reload_frame(session));
    MoltHeap *heap = molt_reload_heap(session);
    MoltTypeId frog = molt_schema_find(molt_heap_schema(heap), "Frog");
    for (int i = 0; i < FROGS; i++) {
        assert_non_null(molt_heap_new(heap, frog, 1));
    }
    resident = resident_bytes();
    reload(session, library, FIXTURE_POND_5, &event); /* other code alone */
    assert_in_range(seen, 0, resident + bytes / 2);
    resident = resident_bytes();
    reload(session, library, FIXTURE_POND_2, &event);
    assert_in_range(seen, resident + bytes / 2, UINT64_MAX);
    assert_int_equal(event.objects, FROGS + 100);
    assert_true(molt_reload_frame(session));
    molt_reload_stop(session);
    molt_reload_destroy(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_for_the_new_layout_are_there_before_the_pause,
                                        sandbox_setup, sandbox_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
