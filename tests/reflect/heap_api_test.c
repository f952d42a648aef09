/* The game's side of the heap, and binding a library's allocation sites. */
#include <stdlib.h>
#include <string.h>

#include "heap_fault.h"
#include "heap_fixture.h"
#include "molt/heap.h"

typedef struct Fixture {
    MoltSchema *schema;
    MoltHeap *heap;
    const MoltHeapApi *api;
    HeapFault fault;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    MoltError error;
    if (!fixture)
        return -1;
    fixture->schema = heap_fixture_schema(24);
    if (molt_heap_create(NULL, &fixture->heap, &error) != MOLT_OK ||
        molt_heap_set_schema(fixture->heap, fixture->schema) != MOLT_OK)
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
    molt_schema_free(fixture->schema);
    free(fixture);
    return 0;
}

static MoltSite site_of(const char *spelling, uint64_t size, uint32_t align)
{
    return (MoltSite){.spelling = spelling,
                      .file = "ant.c",
                      .size = size,
                      .align = align,
                      .line = 42,
                      .type = UINT32_MAX};
}

/* ---- the function table -------------------------------------------------------------------- */

static void table_creates_counts_resizes_and_destroys(void **state)
{
    const MoltHeapApi *api = ((Fixture *)*state)->api;
    MoltHeap *heap = ((Fixture *)*state)->heap;
    assert_int_equal(api->size, sizeof *api);
    assert_int_equal(api->version, 1);
    MoltSite site = site_of("Ant", 24, 8);
    site.type = TYPE_ANT;
    void *ants = api->create(api, &site, 3);
    assert_int_equal(api->count(api, ants), 3);
    assert_null(api->create(api, &site, 0));
    ants = api->resize(api, ants, 50);
    assert_int_equal(api->count(api, ants), 50);
    assert_null(api->resize(api, ants, 0));
    api->destroy(api, ants);
    api->destroy(api, NULL);
    MoltHeapStats stats;
    molt_heap_stats(heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, 0);
}

static void duplicate_makes_a_char_array(void **state)
{
    const Fixture *fixture = *state;
    char text[] = "forager";
    char *copy = fixture->api->duplicate(fixture->api, text);
    text[0] = 'x';
    assert_string_equal(copy, "forager");
    MoltPlace place;
    molt_heap_locate(fixture->heap, copy + 3, &place);
    assert_int_equal(place.block.type, TYPE_CHAR);
    assert_int_equal(place.block.count, 8);
    assert_int_equal(place.element, 3);
    copy = fixture->api->duplicate(fixture->api, "");
    assert_string_equal(copy, "");
}

static void create_unbound(void *context)
{
    Fixture *fixture = context;
    MoltSite site = site_of("Ant", 24, 8);
    fixture->api->create(fixture->api, &site, 1);
}

static void destroy_local(void *context)
{
    Fixture *fixture = context;
    int local = 0;
    fixture->api->destroy(fixture->api, &local);
}

static void destroy_twice(void *context)
{
    Fixture *fixture = context;
    void *ant = molt_heap_new(fixture->heap, TYPE_ANT, 1);
    fixture->api->destroy(fixture->api, ant);
    fixture->api->destroy(fixture->api, ant);
}

static void destroy_interior(void *context)
{
    Fixture *fixture = context;
    char *ants = molt_heap_new(fixture->heap, TYPE_ANT, 5);
    fixture->api->destroy(fixture->api, ants + 50);
}

static void resize_null(void *context)
{
    Fixture *fixture = context;
    fixture->api->resize(fixture->api, NULL, 4);
}

static void count_freed(void *context)
{
    Fixture *fixture = context;
    void *ant = molt_heap_new(fixture->heap, TYPE_ANT, 1);
    molt_heap_delete(fixture->heap, ant);
    fixture->api->count(fixture->api, ant);
}

static void duplicate_null(void *context)
{
    Fixture *fixture = context;
    fixture->api->duplicate(fixture->api, NULL);
}

static void misuse_ends_in_the_fault_handler(void **state)
{
    Fixture *fixture = *state;
    expect_fault(&fixture->fault, create_unbound, fixture, "ant.c:42: molt_new(Ant)");
    expect_fault(&fixture->fault, destroy_local, fixture, "not in the heap");
    expect_fault(&fixture->fault, destroy_twice, fixture, "may have been deleted before");
    expect_fault(&fixture->fault, destroy_interior, fixture, "into element 2 of Ant:");
    expect_fault(&fixture->fault, resize_null, fixture, "molt_resize");
    expect_fault(&fixture->fault, count_freed, fixture, "molt_count");
    expect_fault(&fixture->fault, duplicate_null, fixture, "molt_strdup(NULL)");
}

/* ---- binding ------------------------------------------------------------------------------- */

static void bind_sets_the_type_of_every_site(void **state)
{
    const Fixture *fixture = *state;
    MoltSite sites[] = {site_of("Ant", 24, 8), site_of("struct Odd", 5, 1), site_of("Ant", 24, 8)};
    const MoltModule module = {.sites = sites, .sites_end = sites + 3};
    MoltError error;
    assert_int_equal(molt_module_bind(&module, fixture->schema, &error), MOLT_OK);
    assert_int_equal(sites[0].type, TYPE_ANT);
    assert_int_equal(sites[1].type, TYPE_ODD);
    assert_int_equal(sites[2].type, TYPE_ANT);
    const MoltModule none = {0};
    assert_int_equal(molt_module_bind(&none, fixture->schema, &error), MOLT_OK);
}

static void stale_object_file_binds_nothing(void **state)
{
    const Fixture *fixture = *state;
    MoltSite sites[] = {site_of("Ant", 24, 8), site_of("struct Odd", 6, 1)};
    const MoltModule module = {.sites = sites, .sites_end = sites + 2};
    MoltError error;
    assert_int_equal(molt_module_bind(&module, fixture->schema, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "ant.c:42: molt_new(struct Odd)"));
    assert_non_null(strstr(error.text, "6 bytes"));
    assert_non_null(strstr(error.text, "5 bytes"));
    assert_int_equal(sites[0].type, UINT32_MAX);
    assert_int_equal(sites[1].type, UINT32_MAX);
}

static void unknown_spelling_binds_nothing(void **state)
{
    const Fixture *fixture = *state;
    MoltSite sites[] = {site_of("Ant", 24, 8), site_of("Wasp", 8, 8)};
    const MoltModule module = {.sites = sites, .sites_end = sites + 2};
    MoltError error;
    assert_int_equal(molt_module_bind(&module, fixture->schema, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "molt_new(Wasp)"));
    assert_int_equal(sites[0].type, UINT32_MAX);
}

static void type_with_more_alignment_than_known_is_refused(void **state)
{
    const Fixture *fixture = *state;
    MoltSite site = site_of("Ant", 24, 64);
    const MoltModule module = {.sites = &site, .sites_end = &site + 1};
    assert_int_equal(molt_module_bind(&module, fixture->schema, NULL), MOLT_INVALID);
    assert_int_equal(site.type, UINT32_MAX);
}

/* The sites of a library lie in one section, one after the other without gaps: as the compiler lays
 * out the macro's statics here, so it does there. */
typedef struct Ant {
    uint64_t words[3];
} Ant;

extern MoltSite __start_molt_sites[];
extern MoltSite __stop_molt_sites[];
const MoltHeapApi *molt__heap;

static void sites_of_the_macro_form_an_array(void **state)
{
    Fixture *fixture = *state;
    assert_int_equal(__stop_molt_sites - __start_molt_sites, 3);
    const MoltModule module = {.sites = __start_molt_sites, .sites_end = __stop_molt_sites};
    MoltError error;
    assert_int_equal(molt_module_bind(&module, fixture->schema, &error), MOLT_OK);
    molt__heap = fixture->api;
    Ant *one = molt_new(Ant);
    Ant *more = molt_new_array(Ant, 7);
    Ant *another = molt_new(Ant);
    more = molt_resize(more, 9);
    assert_int_equal(molt_count(one), 1);
    assert_int_equal(molt_count(more), 9);
    molt_delete(one);
    molt_delete(more);
    molt_delete(another);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        X(table_creates_counts_resizes_and_destroys),
        X(duplicate_makes_a_char_array),
        X(misuse_ends_in_the_fault_handler),
        X(bind_sets_the_type_of_every_site),
        X(stale_object_file_binds_nothing),
        X(unknown_spelling_binds_nothing),
        X(type_with_more_alignment_than_known_is_refused),
        X(sites_of_the_macro_form_an_array),
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
