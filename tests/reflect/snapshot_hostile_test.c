/* Snapshot files from anybody: cut at every byte, with every byte flipped, with every number of the
 * tables replaced under right checksums, from other machines and later versions, and from writers that
 * were killed. A load gives the state or an error that says where, never something in between. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "molt/dump.h"
#include "molt/snapshot_file.h"
#include "snapshot_seal.h"
#include "snapshot_state.h"

#define KILLS 20

typedef struct Fixture {
    CountingAllocator counting;
    MoltAllocator allocator;
    MoltSchema *schema;
    Library library;
    MoltReport report;
    char path[64];
    unsigned char *bytes; /* of a sound file */
    size_t size;
} Fixture;

/* No file of a few kilobytes is worth more than this at a time: spans have tables for each block that
 * they may hold, 8 bytes for a bit of the file. */
#define ALLOCATION_MAX ((size_t)1 << 20)

static void *limited_resize(void *context, void *block, size_t old_size, size_t new_size)
{
    if (new_size > ALLOCATION_MAX)
        fail_msg("%zu bytes were asked for", new_size);
    return counting_resize(context, block, old_size, new_size);
}

static MoltHeap *new_heap(Fixture *fixture)
{
    MoltHeap *heap = NULL;
    assert_int_equal(molt_heap_create(&(MoltHeapDesc){.reserve = (uint64_t)1 << 30,
                                                      .allocator = &fixture->allocator},
                                      &heap, NULL),
                     MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, fixture->schema), MOLT_OK);
    return heap;
}

static void save_state(Fixture *fixture, unsigned nodes)
{
    MoltHeap *heap = new_heap(fixture);
    MoltError error = {0};
    MoltSaveDesc desc = {.code = &fixture->library.map, .host = "host", .host_size = 4};
    State *state = make_state(heap, &fixture->library, nodes, 0);
    state->text = molt_heap_new(heap, molt_schema_find(fixture->schema, "char"), 6);
    memcpy(state->text, "words", 6);
    if (molt_snapshot_file_save(heap, fixture->path, &desc, &fixture->report, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    molt_heap_destroy(heap);
}

static unsigned char *read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    fixture->allocator = counting_allocator(&fixture->counting);
    fixture->schema = spec_schema(state_specs, 2);
    library_load(&fixture->library);
    molt_report_init(&fixture->report, NULL);
    snprintf(fixture->path, sizeof fixture->path, "/tmp/molt-hostile-test-%d.molt", (int)getpid());
    *state = fixture;
    save_state(fixture, 6);
    fixture->bytes = read_all(fixture->path, &fixture->size);
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    int leaked = fixture->counting.blocks != 0;
    unlink(fixture->path);
    molt_report_clear(&fixture->report);
    molt_schema_free(fixture->schema);
    free(fixture->bytes);
    free(fixture);
    return leaked;
}

/* Loads from memory; the whole state is dumped when that succeeds, which follows every pointer. */
static MoltStatus load(Fixture *fixture, const unsigned char *bytes, size_t size, MoltError *error)
{
    MoltSnapshotFile *file = NULL;
    MoltHeap *heap = NULL;
    MoltLoadDesc desc = {.schema = fixture->schema,
                         .code = &fixture->library.map,
                         .heap = {.reserve = (uint64_t)1 << 30}};
    MoltAllocator limited = {limited_resize, &fixture->counting};
    molt_report_clear(&fixture->report);
    MoltStatus status = molt_snapshot_file_open_memory(bytes, size, &limited, &file, error);
    if (status == MOLT_OK)
        status = molt_snapshot_file_load(file, &desc, &heap, &fixture->report, error);
    if (status == MOLT_OK) {
        char *text = NULL;
        size_t length = 0;
        MoltDumpDesc how = {.code = &fixture->library.map};
        assert_int_equal(molt_dump_json(heap, &how, &text, &length, NULL), MOLT_OK);
        free(text);
        molt_heap_destroy(heap);
    }
    molt_snapshot_file_close(file);
    return status;
}

static void assert_says_where(const MoltError *error)
{
    bool place = (strstr(error->text, "section ") || strstr(error->text, "header")) &&
                 strstr(error->text, "offset ");
    if (!place && error->status != MOLT_VERSION)
        fail_msg("no section and offset: %s", error->text);
}

/* ---- damage --------------------------------------------------------------------------------- */

static void file_cut_at_any_byte_is_refused(void **state)
{
    Fixture *fixture = *state;
    MoltError error = {0};
    assert_int_equal(load(fixture, fixture->bytes, fixture->size, &error), MOLT_OK);
    for (size_t size = 0; size < fixture->size; size++) {
        unsigned char *cut = malloc(size + 1); /* exactly so much: reading more is found out */
        memcpy(cut, fixture->bytes, size);
        cut = realloc(cut, size ? size : 1);
        assert_int_equal(load(fixture, cut, size, &error), MOLT_INVALID);
        assert_says_where(&error);
        free(cut);
    }
}

static void any_flipped_byte_is_refused(void **state)
{
    Fixture *fixture = *state;
    MoltError error = {0};
    for (size_t at = 0; at < fixture->size; at++) {
        static const unsigned char flips[] = {0x01, 0x80, 0xff};
        unsigned char was = fixture->bytes[at];
        for (size_t f = 0; f < sizeof flips; f++) {
            fixture->bytes[at] = was ^ flips[f];
            MoltStatus status = load(fixture, fixture->bytes, fixture->size, &error);
            if (status != MOLT_INVALID && status != MOLT_VERSION)
                fail_msg("byte %zu: status %d", at, status);
            assert_says_where(&error);
        }
        fixture->bytes[at] = was;
    }
}

static void file_on_disk_is_read_like_one_in_memory(void **state)
{
    Fixture *fixture = *state;
    for (size_t size = 0; size < fixture->size; size += 61) {
        MoltSnapshotFile *file = NULL;
        assert_int_equal(truncate(fixture->path, (off_t)(fixture->size - 1 - size)), 0);
        assert_int_equal(
            molt_snapshot_file_open(fixture->path, size % 2, &fixture->allocator, &file, NULL),
            MOLT_INVALID);
    }
}

/* Every word of the tables becomes numbers that break limits. Checksums are right again, so that the
 * checks behind them have to hold. */
static void any_number_in_the_tables_may_be_wrong(void **state)
{
    Fixture *fixture = *state;
    static const uint64_t numbers[] = {0,
                                       1,
                                       2,
                                       0x7fffffff,
                                       0xffffffff,
                                       0x100000000,
                                       (uint64_t)1 << 40,
                                       (uint64_t)1 << 47,
                                       INT64_MAX,
                                       UINT64_MAX - 7,
                                       UINT64_MAX,
                                       MOLT__FILE_BASE,
                                       MOLT__FILE_BASE + 8,
                                       MOLT__FILE_BASE + 65535};
    size_t begin = offsetof(MoltFileHeader, file_size), refused = 0, loaded = 0;
    size_t end = section_begin(fixture->bytes, fixture->size, MOLT__FILE_SCHEMA);
    unsigned char *bytes = malloc(fixture->size);
    for (size_t at = begin; at + 8 <= end; at += 4) {
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
            MoltError error = {0};
            memcpy(bytes, fixture->bytes, fixture->size);
            memcpy(bytes + at, &numbers[n], at % 8 == 0 ? 8 : 4);
            seal(bytes, fixture->size);
            uint64_t most = fixture->counting.bytes;
            MoltStatus status = load(fixture, bytes, fixture->size, &error);
            assert_int_equal(fixture->counting.bytes, most); /* nothing is left behind */
            if (status == MOLT_INVALID)
                assert_says_where(&error);
            else
                assert_true(status == MOLT_OK || status == MOLT_REFUSED);
            refused += status != MOLT_OK;
            loaded += status == MOLT_OK;
        }
    }
    assert_true(refused > loaded); /* numbers in objects may be anything */
    free(bytes);
}

/* ---- tables that contradict themselves -------------------------------------------------------- */

static size_t section(const Fixture *fixture, MoltFileSection section)
{
    return section_begin(fixture->bytes, fixture->size, (int)section);
}

static void assert_refused(Fixture *fixture, const char *words)
{
    MoltError error = {0};
    seal(fixture->bytes, fixture->size);
    assert_int_equal(load(fixture, fixture->bytes, fixture->size, &error), MOLT_INVALID);
    if (!strstr(error.text, words))
        fail_msg("\"%s\" is not in: %s", words, error.text);
    assert_says_where(&error);
}

static void overlapping_spans_are_refused(void **state)
{
    Fixture *fixture = *state;
    size_t at = section(fixture, MOLT__FILE_SPANS);
    memmove(fixture->bytes + at + sizeof(MoltFileSpan), fixture->bytes + at, sizeof(MoltFileSpan));
    assert_refused(fixture, "spans overlap");
}

static void blocks_that_are_too_long_are_refused(void **state)
{
    Fixture *fixture = *state;
    MoltFileSpan span;
    size_t at = section(fixture, MOLT__FILE_SPANS);
    memcpy(&span, fixture->bytes + at, sizeof span); /* char, the text */
    span.capacity = UINT64_MAX / 2;
    memcpy(fixture->bytes + at, &span, sizeof span);
    assert_refused(fixture, "section spans, offset 0");
}

static void pointers_out_of_the_state_are_refused(void **state)
{
    Fixture *fixture = *state;
    uint64_t value = MOLT__FILE_BASE + ((uint64_t)1 << 20);
    size_t packed = section(fixture, MOLT__FILE_PACKED);
    for (size_t at = packed; at + 8 <= section(fixture, MOLT__FILE_TYPES); at += 8) {
        uint64_t was;
        memcpy(&was, fixture->bytes + at, sizeof was);
        if (was < MOLT__FILE_BASE || was > MOLT__FILE_BASE + 0x40000)
            continue;
        memcpy(fixture->bytes + at, &value, sizeof value);
        assert_refused(fixture, "a pointer leads");
        memcpy(fixture->bytes + at, &was, sizeof was);
    }
}

static void repeated_types_are_refused(void **state)
{
    Fixture *fixture = *state;
    size_t at = section(fixture, MOLT__FILE_SCHEMA);
    char *name = strstr((char *)fixture->bytes + at, "{\"name\":\"Node\"");
    assert_non_null(name);
    char *other = strstr((char *)fixture->bytes + at, "{\"name\":\"char\"");
    assert_non_null(other);
    memcpy(other, "{\"name\":\"Node\"", 14);
    assert_refused(fixture, "section schema");
}

/* ---- other machines and versions -------------------------------------------------------------- */

static void another_abi_is_named(void **state)
{
    Fixture *fixture = *state;
    MoltError error = {0};
    MoltFileHeader header;
    memcpy(&header, fixture->bytes, sizeof header);
    header.abi.pointer_size = 4;
    header.abi.long_size = 4;
    memcpy(fixture->bytes, &header, sizeof header);
    seal(fixture->bytes, fixture->size);
    assert_int_equal(load(fixture, fixture->bytes, fixture->size, &error), MOLT_VERSION);
    assert_non_null(strstr(error.text, "little-endian, 4-byte pointers, 4-byte long"));
    assert_non_null(strstr(error.text, "8-byte pointers"));
}

static void newer_version_is_named_with_our_own(void **state)
{
    Fixture *fixture = *state;
    MoltError error = {0};
    MoltFileHeader header, own;
    memcpy(&own, fixture->bytes, sizeof own);
    for (int part = 0; part < 4; part++) {
        char theirs[64], ours[64];
        header = own;
        if (part < 3)
            header.version[part]++;
        else
            header.format++;
        snprintf(theirs, sizeof theirs, "Molt %u.%u.%u in format %u", header.version[0],
                 header.version[1], header.version[2], header.format);
        snprintf(ours, sizeof ours, "this is Molt %u.%u.%u", own.version[0], own.version[1],
                 own.version[2]);
        memcpy(fixture->bytes, &header, sizeof header);
        seal(fixture->bytes, fixture->size);
        assert_int_equal(load(fixture, fixture->bytes, fixture->size, &error), MOLT_VERSION);
        assert_non_null(strstr(error.text, theirs));
        assert_non_null(strstr(error.text, ours));
    }
    header = own;
    if (header.version[1] > 0) { /* an older one is read */
        header.version[1]--;
        memcpy(fixture->bytes, &header, sizeof header);
        seal(fixture->bytes, fixture->size);
        assert_int_equal(load(fixture, fixture->bytes, fixture->size, &error), MOLT_OK);
    }
}

/* ---- killed writers --------------------------------------------------------------------------- */

static unsigned kills(void)
{
    const char *text = getenv("MOLT_TEST_KILLS");
    unsigned long count = text ? strtoul(text, NULL, 10) : 0;
    return count ? (unsigned)count : KILLS;
}

/* Never returns: saves two states in turn, the larger one on pages of its own. */
static void write_for_ever(Fixture *fixture)
{
    MoltHeap *heaps[2];
    MoltSaveDesc desc = {.code = &fixture->library.map};
    for (unsigned h = 0; h < 2; h++) {
        heaps[h] = new_heap(fixture);
        make_state(heaps[h], &fixture->library, h ? 9000 : 40, 0);
    }
    for (unsigned i = 0;; i++)
        if (molt_snapshot_file_save(heaps[i % 2], fixture->path, &desc, &fixture->report, NULL) !=
            MOLT_OK)
            _exit(1);
}

static void killed_writer_leaves_the_old_file_or_the_new_one(void **state)
{
    Fixture *fixture = *state;
    uint64_t seed = (uint64_t)getpid() * 2654435761u + 1;
    unsigned counts[2] = {0, 0};
    char beside[80];
    for (unsigned i = 0; i < kills(); i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_for_ever(fixture);
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        struct timespec nap = {0, (long)(1000000 + seed % 40000000)};
        nanosleep(&nap, NULL);
        int status = 0;
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status)); /* it was still writing */

        size_t size = 0;
        MoltError error = {0};
        unsigned char *bytes = read_all(fixture->path, &size);
        if (load(fixture, bytes, size, &error) != MOLT_OK)
            fail_msg("after kill %u: %s", i, error.text);
        counts[size > 100000]++;
        free(bytes);
    }
    assert_int_equal(counts[0] + counts[1], kills());
    snprintf(beside, sizeof beside, "%s.saving", fixture->path);
    save_state(fixture, 3); /* takes over what the last one left */
    assert_int_not_equal(access(beside, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(file_cut_at_any_byte_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_flipped_byte_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(file_on_disk_is_read_like_one_in_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_number_in_the_tables_may_be_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(overlapping_spans_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blocks_that_are_too_long_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pointers_out_of_the_state_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeated_types_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_abi_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(newer_version_is_named_with_our_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_writer_leaves_the_old_file_or_the_new_one, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
