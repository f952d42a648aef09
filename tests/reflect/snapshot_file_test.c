/* Snapshot files: what is saved is what is loaded, equal states are equal files, and what is not
 * sound is refused. Hostile files are in snapshot_hostile_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "molt/code_names.h"
#include "molt/dump.h"
#include "molt/hook.h"
#include "molt/import.h"
#include "molt/snapshot_file.h"
#include "snapshot_state.h"

typedef struct Fixture {
    CountingAllocator counting;
    MoltAllocator allocator;
    MoltSchema *schema;
    Library library;
    MoltReport report;
    char path[64], other[64];
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    fixture->allocator = counting_allocator(&fixture->counting);
    fixture->schema = spec_schema(state_specs, 2);
    library_load(&fixture->library);
    molt_report_init(&fixture->report, NULL);
    snprintf(fixture->path, sizeof fixture->path, "/tmp/molt-file-test-%d.molt", (int)getpid());
    snprintf(fixture->other, sizeof fixture->other, "/tmp/molt-file-test-%d-b.molt", (int)getpid());
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    int leaked = fixture->counting.blocks != 0;
    unlink(fixture->path);
    unlink(fixture->other);
    molt_report_clear(&fixture->report);
    molt_schema_free(fixture->schema);
    free(fixture);
    return leaked;
}

static MoltHeap *new_heap(Fixture *fixture)
{
    MoltHeap *heap = NULL;
    assert_int_equal(molt_heap_create(&(MoltHeapDesc){.reserve = (uint64_t)4 << 30,
                                                      .allocator = &fixture->allocator},
                                      &heap, NULL),
                     MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, fixture->schema), MOLT_OK);
    return heap;
}

static void save(Fixture *fixture, const MoltHeap *heap, const char *path)
{
    MoltError error = {0};
    MoltSaveDesc desc = {.code = &fixture->library.map, .host = "frame 12", .host_size = 8};
    if (molt_snapshot_file_save(heap, path, &desc, &fixture->report, &error) != MOLT_OK)
        fail_msg("save: %s", error.text);
}

static MoltStatus try_load(Fixture *fixture, const char *path, bool trusted,
                           const MoltLoadDesc *wanted, MoltHeap **heap, MoltError *error)
{
    MoltSnapshotFile *file = NULL;
    MoltLoadDesc desc = *wanted;
    desc.heap.reserve = (uint64_t)4 << 30;
    MoltStatus status = molt_snapshot_file_open(path, trusted, &fixture->allocator, &file, error);
    if (status == MOLT_OK)
        status = molt_snapshot_file_load(file, &desc, heap, &fixture->report, error);
    molt_snapshot_file_close(file);
    return status;
}

static MoltHeap *load(Fixture *fixture, const char *path, bool trusted)
{
    MoltHeap *heap = NULL;
    MoltError error = {0};
    MoltLoadDesc desc = {
        .schema = fixture->schema, .code = &fixture->library.map, .policy = MOLT_POLICY_STRICT};
    if (try_load(fixture, path, trusted, &desc, &heap, &error) != MOLT_OK)
        fail_msg("load: %s", error.text);
    return heap;
}

/* Inlined, it makes gcc 12 take the text for the variable that holds it. */
static __attribute__((noinline)) char *dump(Fixture *fixture, const MoltHeap *heap)
{
    char *text = NULL;
    size_t length = 0;
    MoltDumpDesc desc = {.code = &fixture->library.map};
    assert_int_equal(molt_dump_json(heap, &desc, &text, &length, NULL), MOLT_OK);
    return text;
}

static unsigned char *read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void assert_same_files(const char *left, const char *right)
{
    size_t left_size = 0, right_size = 0;
    unsigned char *a = read_all(left, &left_size), *b = read_all(right, &right_size);
    assert_int_equal(left_size, right_size);
    assert_memory_equal(a, b, left_size);
    free(a);
    free(b);
}

static const MoltFinding *finding(const MoltReport *report, MoltRule rule)
{
    for (uint32_t i = 0; i < report->count; i++)
        if (report->findings[i].rule == rule)
            return &report->findings[i];
    return NULL;
}

/* ---- round trips ---------------------------------------------------------------------------- */

static void check_round_trip(Fixture *fixture, unsigned nodes, bool trusted)
{
    MoltHeap *heap = new_heap(fixture);
    make_state(heap, &fixture->library, nodes, 0);
    State *state = molt_heap_root(heap, 0);
    state->cached = 7; /* what a load gives to transient fields */
    save(fixture, heap, fixture->path);
    for (int moved = 0; moved < 2; moved++) { /* the second heap is in the first one's place */
        MoltHeap *copy = load(fixture, fixture->path, trusted);
        State *got = molt_heap_root(copy, 0);
        char *before = NULL, *after = NULL;
        assert_string_equal(got->label, "none");
        molt_heap_delete(copy, got->label);
        got->label = NULL;
        after = dump(fixture, copy);
        if (heap) {
            before = dump(fixture, heap);
            assert_string_equal(before, after);
        }
        save(fixture, copy, fixture->other);
        assert_same_files(fixture->path, fixture->other);
        assert_ptr_equal(got->anything, got);
        assert_int_equal(*got->number, 5);
        if (nodes > 0)
            assert_ptr_equal(got->inside, &got->shared->hp);
        free(before);
        free(after);
        molt_heap_destroy(copy);
        molt_heap_destroy(heap);
        heap = NULL;
    }
}

static void round_trip_gives_the_same_state(void **state)
{
    check_round_trip(*state, 20, false);
    check_round_trip(*state, 0, false);
}

static void large_state_is_read_and_mapped_alike(void **state)
{
    check_round_trip(*state, 20000, false);
    check_round_trip(*state, 20000, true);
}

static void mapped_state_can_be_written_without_changing_the_file(void **state)
{
    Fixture *fixture = *state;
    size_t size = 0, now = 0;
    MoltHeap *heap = new_heap(fixture);
    make_state(heap, &fixture->library, 30000, 0);
    save(fixture, heap, fixture->path);
    molt_heap_destroy(heap);
    unsigned char *before = read_all(fixture->path, &size);
    heap = load(fixture, fixture->path, true);
    State *got = molt_heap_root(heap, 0);
    for (Node *node = got->head; node;) {
        Node *next = node->next;
        node->hp++;
        if (node->hp % 7 == 0)
            assert_true(molt_heap_delete(heap, node));
        node = next;
    }
    MoltTypeId type = molt_schema_find(fixture->schema, "Node");
    for (int i = 0; i < 5000; i++) {
        Node *node = molt_heap_new(heap, type, 1);
        assert_int_equal(node->hp, 0);
    }
    unsigned char *after = read_all(fixture->path, &now);
    assert_int_equal(size, now);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);
    molt_heap_destroy(heap);
}

static void host_bytes_come_back(void **state)
{
    Fixture *fixture = *state;
    MoltSnapshotFile *file = NULL;
    size_t size = 0;
    MoltHeap *heap = new_heap(fixture);
    make_state(heap, &fixture->library, 1, 0);
    save(fixture, heap, fixture->path);
    assert_int_equal(molt_snapshot_file_open(fixture->path, false, NULL, &file, NULL), MOLT_OK);
    const void *host = molt_snapshot_file_host(file, &size);
    assert_int_equal(size, 8);
    assert_memory_equal(host, "frame 12", 8);
    assert_memory_equal(&molt_snapshot_file_schema(file)->tables.hash,
                        &fixture->schema->tables.hash, sizeof(MoltHash));
    molt_snapshot_file_close(file);
    molt_heap_destroy(heap);
}

/* Blocks go on being numbered as if there had been no file. */
static void allocation_goes_on_as_without_a_file(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = new_heap(fixture);
    MoltTypeId node = molt_schema_find(fixture->schema, "Node");
    MoltTypeId text = molt_schema_find(fixture->schema, "char");
    State *made = make_state(heap, &fixture->library, 50, 0);
    for (unsigned i = 0; i < 60; i++) {
        void *block = molt_heap_new(heap, i % 2 ? text : node, i % 2 ? 1 + i * 31 % 6000 : 1);
        if (i % 3)
            molt_heap_delete(heap, block);
    }
    made->label = molt_heap_new(heap, text, 5);
    memcpy(made->label, "none", 5);
    made->cached = 7;
    save(fixture, heap, fixture->path);
    MoltHeap *copy = load(fixture, fixture->path, false);
    State *got = molt_heap_root(copy, 0);
    molt_heap_delete(copy, got->label); /* a string of its own, behind all others */
    MoltPlace place;
    molt_heap_locate(heap, made->label, &place);
    molt_heap_delete(heap, made->label);
    made->label = got->label = NULL;
    uint64_t cursor = 0;
    MoltBlock block;
    while (molt_heap_next(copy, text, &cursor, &block)) /* what the file still had of it */
        if (block.serial == place.block.serial && block.count == 5)
            assert_true(molt_heap_delete(copy, block.start));
    for (unsigned i = 0; i < 500; i++) {
        MoltTypeId type = i % 2 ? text : node;
        uint64_t count = i % 2 ? 1 + i * 17 % 5000 : 1;
        assert_non_null(molt_heap_new(heap, type, count));
        assert_non_null(molt_heap_new(copy, type, count));
    }
    char *left = dump(fixture, heap), *right = dump(fixture, copy);
    assert_string_equal(left, right);
    free(left);
    free(right);
    molt_heap_destroy(heap);
    molt_heap_destroy(copy);
}

/* ---- equal states --------------------------------------------------------------------------- */

static void equal_states_are_equal_files(void **state)
{
    Fixture *fixture = *state;
    Library elsewhere;
    library_load(&elsewhere);
    MoltHeap *left = new_heap(fixture), *right = new_heap(fixture);
    make_state(left, &fixture->library, 100, 0);
    make_state(right, &elsewhere, 100, 0xee);
    MoltTypeId node = molt_schema_find(fixture->schema, "Node");
    void *blocks[400];
    for (int i = 0; i < 400; i++) /* what was there once and is not any more */
        memset(blocks[i] = molt_heap_new(right, node, 1), 0xdd, sizeof(Node));
    for (int i = 0; i < 400; i++)
        molt_heap_delete(right, blocks[i]);
    save(fixture, left, fixture->path);
    MoltSaveDesc desc = {.code = &elsewhere.map, .host = "frame 12", .host_size = 8};
    assert_int_equal(molt_snapshot_file_save(right, fixture->other, &desc, &fixture->report, NULL),
                     MOLT_OK);
    assert_same_files(fixture->path, fixture->other);
    molt_heap_destroy(left);
    molt_heap_destroy(right);
}

/* Dirt where no value is, and gaps between the blocks. */
static MoltHeap *make_large(Fixture *fixture, Library *library, unsigned char dirt)
{
    MoltHeap *heap = new_heap(fixture);
    MoltBlock block;
    uint64_t cursor = 0;
    State *state = make_state(heap, library, 140000, dirt);
    unsigned n = 0;
    for (Node *node = state->head; node->next; n++) {
        Node *next = node->next;
        if (n % 53 == 0 && next->next && next != state->shared) {
            node->next = next->next;
            memset(next, dirt, sizeof *next);
            assert_true(molt_heap_delete(heap, next));
        } else {
            node = next;
        }
    }
    while (molt_heap_next(heap, molt_schema_find(fixture->schema, "Node"), &cursor, &block))
        memset((char *)block.start + sizeof(Node), dirt, _Alignof(Node)); /* the slack behind it */
    return heap;
}

static void large_states_are_written_and_read_as_exactly_as_small_ones(void **state)
{
    Fixture *fixture = *state;
    Library elsewhere;
    library_load(&elsewhere);
    MoltHeap *clean = make_large(fixture, &fixture->library, 0);
    MoltHeap *dirty = make_large(fixture, &elsewhere, 0xee);
    save(fixture, clean, fixture->path);
    MoltSaveDesc desc = {.code = &elsewhere.map, .host = "frame 12", .host_size = 8};
    assert_int_equal(molt_snapshot_file_save(dirty, fixture->other, &desc, &fixture->report, NULL),
                     MOLT_OK);
    assert_same_files(fixture->path, fixture->other);
    molt_heap_destroy(dirty);
    for (int trusted = 0; trusted < 2; trusted++) {
        /* while `clean` has the usual place, the other one is elsewhere */
        MoltHeap *copy = load(fixture, fixture->path, trusted);
        State *was = molt_heap_root(clean, 0), *is = molt_heap_root(copy, 0);
        Node *left = was->head, *right = is->head;
        for (; left && right; left = left->next, right = right->next) {
            assert_true(left != right);
            assert_true(left->tag == right->tag && left->hp == right->hp &&
                        left->behave == right->behave);
        }
        assert_true(!left && !right);
        molt_heap_destroy(copy);
    }
    molt_heap_destroy(clean);
    MoltHeap *copy = load(fixture, fixture->path, false);
    ((State *)molt_heap_root(copy, 0))->api = NULL;
    save(fixture, copy, fixture->other);
    molt_heap_destroy(copy);
    assert_int_equal(molt_report_total(&fixture->report, MOLT_LOSS), 0);
}

static void files_leave_out_what_is_external_or_transient(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = new_heap(fixture);
    State *made = make_state(heap, &fixture->library, 3, 0xee);
    made->cached = 99;
    made->scratch = made->head;
    made->api = fixture;
    save(fixture, heap, fixture->path);
    MoltHeap *bare = load(fixture, fixture->path, false), *kept = NULL;
    State *got = molt_heap_root(bare, 0);
    assert_int_equal(got->cached, 7);
    assert_string_equal(got->label, "none");
    assert_null(got->scratch);
    assert_null(got->api);
    MoltLoadDesc desc = {.schema = fixture->schema, .code = &fixture->library.map, .running = heap};
    assert_int_equal(try_load(fixture, fixture->path, false, &desc, &kept, NULL), MOLT_OK);
    got = molt_heap_root(kept, 0);
    assert_ptr_equal(got->api, fixture); /* the root's, of the state that runs */
    assert_null(got->scratch);
    molt_heap_destroy(heap);
    molt_heap_destroy(bare);
    molt_heap_destroy(kept);
}

/* ---- the library ---------------------------------------------------------------------------- */

static MoltStatus load_with(Fixture *fixture, Library *library, MoltHeap **heap, MoltError *error)
{
    MoltLoadDesc desc = {
        .schema = fixture->schema, .code = &library->map, .policy = MOLT_POLICY_STRICT};
    return try_load(fixture, fixture->path, false, &desc, heap, error);
}

static void names_are_found_in_another_library(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = new_heap(fixture), *copy = NULL;
    Library later;
    MoltError error = {0};
    library_load(&later);
    make_state(heap, &fixture->library, 4, 0);
    save(fixture, heap, fixture->path);
    molt_heap_destroy(heap);

    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_OK);
    State *got = molt_heap_root(copy, 0);
    assert_ptr_equal(got->text, later.image + 32);
    assert_ptr_equal(got->head->behave, later.image + 16);
    assert_ptr_equal(got->number, later.image + 56);
    assert_null(finding(&fixture->report, MOLT_RULE_CONSTANT_UNCHECKED));
    molt_heap_destroy(copy);

    later.no_hello = true; /* text that the library has no more becomes the state's own */
    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_OK);
    got = molt_heap_root(copy, 0);
    assert_string_equal(got->text, "hello");
    assert_non_null(finding(&fixture->report, MOLT_RULE_LITERAL_COPIED));
    molt_heap_destroy(copy);

    later.no_fly = true;
    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_REFUSED);
    assert_non_null(strstr(error.text, "function-missing"));
    assert_non_null(strstr(error.text, "fly of ant.c"));
    assert_int_equal(finding(&fixture->report, MOLT_RULE_FUNCTION_MISSING)->objects, 2);

    later.no_fly = false;
    later.image[48 + 8] = 11; /* the number that is pointed at is another one */
    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_REFUSED);
    assert_non_null(strstr(error.text, "library-data-missing"));
}

/* As a tool does that has no library: what the file knows of a number in a constant goes on. */
static void a_save_of_a_loaded_file_keeps_the_numbers_of_constants(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = new_heap(fixture), *copy = NULL;
    MoltSnapshotFile *file = NULL;
    Library later;
    MoltError error = {0};
    library_load(&later);
    make_state(heap, &fixture->library, 4, 0);
    save(fixture, heap, fixture->other);
    molt_heap_destroy(heap);
    assert_int_equal(
        molt_snapshot_file_open(fixture->other, false, &fixture->allocator, &file, NULL), MOLT_OK);
    MoltLoadDesc as_it_is = {.schema = fixture->schema};
    assert_int_equal(molt_snapshot_file_load(file, &as_it_is, &heap, &fixture->report, NULL),
                     MOLT_OK);
    MoltSaveDesc desc = {.code = molt_snapshot_file_code(file), .policy = MOLT_POLICY_STRICT};
    assert_int_equal(
        molt_snapshot_file_save(heap, fixture->path, &desc, &fixture->report, &error), MOLT_OK);
    molt_heap_destroy(heap);
    molt_snapshot_file_close(file);

    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_OK);
    molt_heap_destroy(copy);
    later.image[48 + 8] = 11;
    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_REFUSED);
    assert_non_null(strstr(error.text, "library-data-missing"));
}

static void file_names_pointers_without_a_library(void **state)
{
    Fixture *fixture = *state;
    MoltSnapshotFile *file = NULL;
    MoltHeap *heap = new_heap(fixture), *copy = NULL;
    State *made = make_state(heap, &fixture->library, 4, 0);
    made->cached = 7;
    save(fixture, heap, fixture->path);
    assert_int_equal(
        molt_snapshot_file_open(fixture->path, false, &fixture->allocator, &file, NULL), MOLT_OK);
    MoltLoadDesc in_order = {.schema = fixture->schema}; /* of types, which dumps follow */
    assert_int_equal(molt_snapshot_file_load(file, &in_order, &copy, &fixture->report, NULL),
                     MOLT_OK);
    State *got = molt_heap_root(copy, 0);
    molt_heap_delete(copy, got->label);
    got->label = NULL;
    char *left = dump(fixture, heap), *right = NULL;
    size_t length = 0;
    MoltDumpDesc desc = {.code = molt_snapshot_file_code(file)};
    assert_int_equal(molt_dump_json(copy, &desc, &right, &length, NULL), MOLT_OK);
    assert_string_equal(left, right);
    free(left);
    free(right);
    molt_heap_destroy(copy);
    molt_snapshot_file_close(file);
    molt_heap_destroy(heap);
}

/* The state's own text, read where there is no library, saved to the fixture's path. */
static void save_from_text(Fixture *fixture, const char *text)
{
    MoltError error = {0};
    MoltHeap *heap = new_heap(fixture);
    MoltCodeNames *names = molt_code_names_create(&fixture->allocator);
    MoltImportDesc import = {.code = molt_code_names_map(names), .policy = MOLT_POLICY_STRICT};
    MoltSaveDesc desc = {.code = import.code, .policy = MOLT_POLICY_STRICT};
    if (molt_import_json(heap, text, strlen(text), &import, &error) != MOLT_OK ||
        molt_snapshot_file_save(heap, fixture->path, &desc, &fixture->report, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    char *again = NULL;
    size_t length = 0;
    MoltDumpDesc dumped = {.code = import.code};
    assert_int_equal(molt_dump_json(heap, &dumped, &again, &length, NULL), MOLT_OK);
    assert_string_equal(again, text);
    free(again);
    molt_heap_destroy(heap);
    molt_code_names_free(names);
}

static void names_of_a_text_go_into_a_file_without_a_library(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = new_heap(fixture), *copy = NULL;
    Library later;
    MoltError error = {0};
    library_load(&later);
    make_state(heap, &fixture->library, 100, 0xee)->cached = 7;
    char *text = dump(fixture, heap), *at;
    molt_heap_destroy(heap);
    assert_non_null(strstr(text, "{\"data\":\"primes\",\"at\":8,\"size\":16,\"holds\":\""));
    save_from_text(fixture, text);

    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_OK);
    State *got = molt_heap_root(copy, 0);
    assert_ptr_equal(got->text, later.image + 32);
    assert_ptr_equal(got->head->behave, later.image + 16);
    molt_heap_destroy(copy);
    assert_null(finding(&fixture->report, MOLT_RULE_CONSTANT_UNCHECKED));
    later.image[56] ^= 1; /* another number than the text says */
    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_REFUSED);
    forget_constants(text);
    save_from_text(fixture, text); /* which does not see that */
    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_OK);
    molt_heap_destroy(copy);
    const MoltFinding *unchecked = finding(&fixture->report, MOLT_RULE_CONSTANT_UNCHECKED);
    assert_string_equal(unchecked->path, "State:0.number");
    assert_non_null(strstr(unchecked->value, "primes"));

    /* in other structs the table may have other elements, and the file does not tell its size */
    StructSpec specs[2];
    memcpy(specs, state_specs, sizeof specs);
    specs[1].fields[0].name = "kind";
    MoltSchema *other = spec_schema(specs, 2);
    MoltLoadDesc desc = {.schema = other, .code = &later.map, .policy = MOLT_POLICY_LIVE};
    assert_int_equal(try_load(fixture, fixture->path, false, &desc, &copy, &error), MOLT_REFUSED);
    assert_non_null(strstr(error.text, "library-data-missing"));
    assert_non_null(strstr(error.text, "size is not known, primes"));
    desc.code = NULL;
    assert_int_equal(try_load(fixture, fixture->path, false, &desc, &copy, &error), MOLT_REFUSED);
    molt_schema_free(other);

    later.no_fly = true;
    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_REFUSED);
    assert_non_null(strstr(error.text, "fly of ant.c"));
    later.no_fly = false;
    assert_non_null(at = strstr(text, "\"primes\",\"at\":8}"));
    char *longer = malloc(strlen(text) + 2); /* and now one that leads out of the table */
    sprintf(longer, "%.*s98%s", (int)(at - text) + 14, text, at + 15);
    save_from_text(fixture, longer);
    assert_int_equal(load_with(fixture, &later, &copy, &error), MOLT_REFUSED);
    assert_non_null(strstr(error.text, "library-data-missing"));
    free(longer);
    free(text);
}

static void pointers_to_nowhere_are_a_loss_and_under_strict_a_refusal(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = new_heap(fixture);
    MoltError error = {0};
    State *made = make_state(heap, &fixture->library, 4, 0);
    save(fixture, heap, fixture->path);
    made->anything = fixture;             /* foreign */
    made->inside = &made->head->next->hp; /* dangling, soon */
    Node *gone = made->head->next;
    made->head->next = gone->next;
    if (made->shared == gone)
        made->shared = NULL;
    molt_heap_delete(heap, gone);

    MoltSaveDesc desc = {.code = &fixture->library.map, .policy = MOLT_POLICY_STRICT};
    assert_int_equal(molt_snapshot_file_save(heap, fixture->other, &desc, &fixture->report, &error),
                     MOLT_REFUSED);
    assert_int_not_equal(access(fixture->other, F_OK), 0);
    molt_report_clear(&fixture->report);
    desc.policy = MOLT_POLICY_LIVE;
    assert_int_equal(molt_snapshot_file_save(heap, fixture->other, &desc, &fixture->report, &error),
                     MOLT_OK);
    assert_string_equal(finding(&fixture->report, MOLT_RULE_FOREIGN_POINTER)->path,
                        "State.anything");
    assert_string_equal(finding(&fixture->report, MOLT_RULE_DANGLING_POINTER)->path,
                        "State.inside");
    MoltHeap *copy = load(fixture, fixture->other, false);
    State *got = molt_heap_root(copy, 0);
    assert_null(got->anything);
    assert_null(got->inside);
    molt_heap_destroy(copy);

    made->anything = fixture->library.image + 5; /* in the library, and nobody knows what */
    assert_int_equal(molt_snapshot_file_save(heap, fixture->other, &desc, &fixture->report, &error),
                     MOLT_REFUSED);
    assert_non_null(strstr(error.text, "library-data-missing"));
    molt_heap_destroy(heap);
}

/* ---- other schemas -------------------------------------------------------------------------- */

typedef struct NewNode {
    int hunger; /* default 50 */
    struct NewNode *next;
    long hp;
    char tag;
    void *behave;
} NewNode;

static const int hunger = 50;

static StructSpec new_state_spec(bool keep_tag)
{
    StructSpec spec = {"Node",
                       sizeof(NewNode),
                       _Alignof(NewNode),
                       {{.name = "hunger",
                         .type = "int",
                         .offset = offsetof(NewNode, hunger),
                         .default_value = &hunger,
                         .default_size = sizeof hunger},
                        FIELD(NewNode, next, "Node *"),
                        FIELD(NewNode, hp, "long"),
                        FIELD(NewNode, behave, "void *")},
                       NULL};
    if (keep_tag)
        spec.fields[4] = (FieldSpec)FIELD(NewNode, tag, "char");
    return spec;
}

static void older_file_migrates_by_the_rules(void **state)
{
    Fixture *fixture = *state;
    StructSpec specs[2] = {state_specs[0], new_state_spec(true)};
    /* What pointed at an int inside of a node has no place any more. */
    MoltHeap *heap = new_heap(fixture), *copy = NULL;
    State *made = make_state(heap, &fixture->library, 10, 0);
    made->inside = NULL;
    save(fixture, heap, fixture->path);
    molt_heap_destroy(heap);
    MoltSchema *later = spec_schema(specs, 2);
    MoltLoadDesc desc = {
        .schema = later, .code = &fixture->library.map, .policy = MOLT_POLICY_STRICT};
    MoltError error = {0};
    if (try_load(fixture, fixture->path, false, &desc, &copy, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    State *got = molt_heap_root(copy, 0);
    unsigned count = 0;
    for (NewNode *node = (NewNode *)(void *)got->head; node; node = node->next, count++) {
        assert_int_equal(node->hunger, 50);
        assert_int_equal(node->hp, (9 - (long)count) * 1000);
        assert_int_equal(node->tag, 9 - (int)count);
        assert_ptr_equal(node->behave, fixture->library.image + ((9 - count) % 2) * 16);
    }
    assert_int_equal(count, 10);
    molt_heap_destroy(copy);
    molt_schema_free(later);

    specs[1] = new_state_spec(false); /* strict: the tags would be lost */
    later = spec_schema(specs, 2);
    desc.schema = later;
    assert_int_equal(try_load(fixture, fixture->path, false, &desc, &copy, &error), MOLT_REFUSED);
    assert_non_null(strstr(error.text, "field-removed"));
    molt_schema_free(later);
}

static const MoltHeapApi *heap_api; /* where the hook finds the heap */

static bool keep_tag(const MoltOld *old, void *now)
{
    ((NewNode *)now)->hunger = (int)molt_old_int(old, "tag");
    return heap_api != NULL;
}

static void older_file_runs_the_hooks_of_the_library(void **state)
{
    Fixture *fixture = *state;
    const StructSpec specs[2] = {state_specs[0], new_state_spec(false)};
    MoltHeap *heap = new_heap(fixture), *copy = NULL;
    State *made = make_state(heap, &fixture->library, 10, 0);
    made->inside = NULL;
    save(fixture, heap, fixture->path);
    molt_heap_destroy(heap);
    MoltSchema *later = spec_schema(specs, 2);
    const MoltHook hook = {.run = keep_tag,
                           .spelling = "Node",
                           .file = "src/game.c",
                           .from = "",
                           .line = 7,
                           .type = molt_schema_find(later, "Node")};
    const MoltHooks hooks = {&hook, &hook + 1, &heap_api, NULL, NULL, NULL};
    MoltLoadDesc desc = {.schema = later,
                         .code = &fixture->library.map,
                         .hooks = &hooks,
                         .policy = MOLT_POLICY_STRICT};
    MoltError error = {0};
    if (try_load(fixture, fixture->path, false, &desc, &copy, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    assert_non_null(finding(&fixture->report, MOLT_RULE_HOOK_RAN));
    assert_null(heap_api);
    State *got = molt_heap_root(copy, 0);
    int count = 0;
    for (NewNode *node = (NewNode *)(void *)got->head; node; node = node->next, count++) {
        assert_int_equal(node->hunger, 9 - count);
        assert_int_equal(node->hp, (9 - (long)count) * 1000);
    }
    assert_int_equal(count, 10);
    molt_heap_destroy(copy);
    molt_schema_free(later);
}

/* ---- failures ------------------------------------------------------------------------------- */

static void memory_may_run_out_at_any_moment(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = new_heap(fixture);
    MoltSaveDesc desc = {.code = &fixture->library.map};
    make_state(heap, &fixture->library, 20, 0);
    save(fixture, heap, fixture->path);
    uint64_t blocks = fixture->counting.blocks;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        MoltError error = {0};
        fixture->counting.calls = 0;
        fixture->counting.fail_at = n;
        MoltStatus status =
            molt_snapshot_file_save(heap, fixture->other, &desc, &fixture->report, &error);
        done = fixture->counting.calls < n;
        assert_int_equal(status, done ? MOLT_OK : MOLT_OUT_OF_MEMORY);
        assert_int_equal(fixture->counting.blocks, blocks);
        assert_int_equal(access(fixture->other, F_OK) == 0, done);
    }
    for (uint64_t n = 1, ended = 0; !ended; n++) {
        MoltError error = {0};
        MoltHeap *copy = NULL;
        fixture->counting.calls = 0;
        fixture->counting.fail_at = n;
        MoltStatus status = load_with(fixture, &fixture->library, &copy, &error);
        ended = fixture->counting.calls < n;
        assert_int_equal(status, ended ? MOLT_OK : MOLT_OUT_OF_MEMORY);
        fixture->counting.fail_at = 0;
        if (status == MOLT_OK)
            molt_heap_destroy(copy);
        assert_int_equal(fixture->counting.blocks, blocks);
    }
    molt_heap_destroy(heap);
}

static void unwritable_places_are_named(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = new_heap(fixture);
    MoltError error = {0};
    make_state(heap, &fixture->library, 1, 0);
    assert_int_equal(
        molt_snapshot_file_save(heap, "/no/such/folder/a.molt", NULL, &fixture->report, &error),
        MOLT_SYSTEM);
    assert_non_null(strstr(error.text, "/no/such/folder/a.molt"));
    MoltSnapshotFile *file = NULL;
    assert_int_equal(molt_snapshot_file_open("/no/such.molt", false, NULL, &file, &error),
                     MOLT_NOT_FOUND);
    assert_int_equal(molt_snapshot_file_open("/tmp", false, NULL, &file, &error), MOLT_INVALID);
    molt_heap_destroy(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(round_trip_gives_the_same_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_state_is_read_and_mapped_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mapped_state_can_be_written_without_changing_the_file,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(host_bytes_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(allocation_goes_on_as_without_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_states_are_equal_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_states_are_written_and_read_as_exactly_as_small_ones,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_leave_out_what_is_external_or_transient, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_are_found_in_another_library, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_save_of_a_loaded_file_keeps_the_numbers_of_constants, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(file_names_pointers_without_a_library, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_a_text_go_into_a_file_without_a_library, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(pointers_to_nowhere_are_a_loss_and_under_strict_a_refusal,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(older_file_migrates_by_the_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(older_file_runs_the_hooks_of_the_library, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(memory_may_run_out_at_any_moment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unwritable_places_are_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
