#include "sandbox.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf_check.h"
#include "library.h"
#include "retired_code.h"

/* Opens a copy of `bytes` and gives status and message; nothing may be left behind. */
static MoltStatus open_bytes(void **state, const unsigned char *bytes, size_t size,
                             MoltError *error)
{
    const char *path = sandbox_path(state, "libpond.so");
    MoltLibrary *library = NULL;
    sandbox_write(path, bytes, size);
    MoltStatus status = molt__library_open(path, *state, 7, NULL, NULL, &library, error);
    if (status == MOLT_OK) {
        molt__library_close(library);
    }
    assert_int_equal(access(sandbox_path(state, "libpond.7.so"), F_OK), -1);
    assert_int_equal(sandbox_mappings("libpond.7.so"), 0);
    return status;
}

static uintptr_t first_start; /* of the first library that has left this process */

static void opens_a_good_library(void **state)
{
    MoltLibrary *library = NULL;
    MoltError error = {0};
    MoltStatus status = molt__library_open(FIXTURE_POND_1, *state, 3, NULL, NULL, &library, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, MOLT_OK);
    assert_non_null(library->start_up);
    assert_non_null(library->main_loop);
    assert_non_null(library->shut_down);
    assert_null(library->begin_reload);
    assert_null(library->end_reload);
    assert_true(library->begin < library->end);
    assert_true((uintptr_t)library->module >= library->begin);
    assert_true((uintptr_t)library->module < library->end);
    assert_int_not_equal(molt_schema_find(library->schema, "Frog"), MOLT_NO_TYPE);
    assert_true(library->symbols->available);
    assert_int_equal(access(sandbox_path(state, "libpond_1.3.so"), F_OK), 0);
    memcpy(&first_start, &library->start_up, sizeof first_start);
    molt__library_close(library);
    assert_int_equal(access(sandbox_path(state, "libpond_1.3.so"), F_OK), -1);
    assert_int_equal(sandbox_mappings("libpond_1.3.so"), 0);
}

static void truncated_library_is_incomplete(void **state)
{
    size_t size;
    unsigned char *bytes = sandbox_read(FIXTURE_POND_1, &size);
    const size_t lengths[] = {
        0, 1, 4, 16, 63, 64, 100, size / 4, size / 2, size - size / 4, size - 64, size - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        MoltError error = {0};
        MoltStatus status = open_bytes(state, bytes, lengths[i], &error);
        if (status != MOLT_INCOMPLETE) {
            fail_msg("%zu of %zu bytes: %s (%s)", lengths[i], size, molt_status_id(status),
                     error.text);
        }
        assert_non_null(strstr(error.text, "libpond.so"));
    }
    free(bytes);
}

/* No prefix may crash the check, whatever it says. */
static void every_prefix_is_judged(void **state)
{
    size_t size;
    (void)state;
    unsigned char *bytes = sandbox_read(FIXTURE_NAMES_STRIPPED, &size);
    for (size_t length = 0; length < size; length++) {
        unsigned char *exact = malloc(length > 0 ? length : 1);
        assert_non_null(exact);
        memcpy(exact, bytes, length);
        assert_int_equal(molt__elf_check("x.so", exact, length, NULL), MOLT_INCOMPLETE);
        free(exact);
    }
    assert_int_equal(molt__elf_check("x.so", bytes, size, NULL), MOLT_OK);
    free(bytes);
}

static void damaged_headers_are_refused(void **state)
{
    size_t size;
    (void)state;
    unsigned char *good = sandbox_read(FIXTURE_POND_1, &size);
    unsigned char *bytes = malloc(size);
    assert_non_null(bytes);
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        memcpy(bytes, good, size);
        for (int k = 0; k < 3; k++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[(seed >> 8) % 1024] ^= (unsigned char)(seed >> 24);
        }
        molt__elf_check("x.so", bytes, size, NULL); /* any answer, no crash */
    }
    free(bytes);
    free(good);
}

static void file_that_begins_with_zeros_is_incomplete(void **state)
{
    unsigned char zeros[4096] = {0};
    MoltError error = {0};
    assert_int_equal(open_bytes(state, zeros, sizeof zeros, &error), MOLT_INCOMPLETE);
}

static void garbage_is_invalid(void **state)
{
    const char *text = "#!/bin/sh\necho this is no library, whatever its name says; exit 1\n";
    MoltError error = {0};
    assert_int_equal(open_bytes(state, (const unsigned char *)text, strlen(text), &error),
                     MOLT_INVALID);
    assert_non_null(strstr(error.text, "not an ELF file"));
}

static void wrong_machine_class_and_type_are_invalid(void **state)
{
    size_t size;
    unsigned char *bytes = sandbox_read(FIXTURE_POND_1, &size);
    MoltError error = {0};
    Elf64_Ehdr header;
    memcpy(&header, bytes, sizeof header);
    Elf64_Ehdr changed = header;

    changed.e_machine = EM_S390;
    memcpy(bytes, &changed, sizeof changed);
    assert_int_equal(open_bytes(state, bytes, size, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "another processor"));

    changed = header;
    changed.e_type = ET_REL;
    memcpy(bytes, &changed, sizeof changed);
    assert_int_equal(open_bytes(state, bytes, size, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "-shared"));

    changed = header;
    changed.e_ident[EI_CLASS] = changed.e_ident[EI_CLASS] == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64;
    memcpy(bytes, &changed, sizeof changed);
    assert_int_equal(open_bytes(state, bytes, size, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "word size"));
    free(bytes);
}

static void refuse(void **state, const char *path, MoltStatus wanted, const char *words)
{
    MoltLibrary *library = NULL;
    MoltError error = {0};
    MoltStatus status = molt__library_open(path, *state, 1, NULL, NULL, &library, &error);
    assert_null(library);
    if (status != wanted || strstr(error.text, words) == NULL) {
        fail_msg("%s: %s, \"%s\" lacks \"%s\"", path, molt_status_id(status), error.text, words);
    }
}

static void what_is_missing_is_named(void **state)
{
    refuse(state, FIXTURE_BARE_WITHOUT_ENTRY, MOLT_NOT_FOUND, "void shut_down(void *state)");
    refuse(state, FIXTURE_BARE_WITHOUT_METADATA, MOLT_NOT_FOUND, "molt_module");
    refuse(state, FIXTURE_BARE_UNDEFINED, MOLT_INVALID, "nobody_defines_this");
    refuse(state, FIXTURE_BARE_OLD_METADATA, MOLT_VERSION, "version 99");
    refuse(state, FIXTURE_BARE_PLATFORM_2, MOLT_VERSION, "Build the game again");
    refuse(state, FIXTURE_BARE_PLATFORM_4, MOLT_VERSION, "version 4 of <molt/platform_api.h>");
    refuse(state, sandbox_path(state, "nowhere.so"), MOLT_NOT_FOUND, "nowhere.so");
    refuse(state, *state, MOLT_INVALID, "not a file");
}

static void failures_leave_no_descriptor(void **state)
{
    unsigned before = sandbox_open_files();
    for (int i = 0; i < 20; i++) {
        what_is_missing_is_named(state);
    }
    assert_int_equal(sandbox_open_files(), before);
}

/* Nobody can map anything there. */
static bool is_taken(uintptr_t at)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *wanted = (void *)(at & ~(uintptr_t)(page - 1)); /* NOLINT: an address */
    void *got = mmap(wanted, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != MAP_FAILED) {
        munmap(got, page);
    }
    return got != wanted;
}

static void addresses_of_a_library_that_has_left_stay_its_own(void **state)
{
    uintptr_t places[20];
    MoltRetiredPlace place;
    for (unsigned i = 0; i < 20; i++) {
        MoltLibrary *library = NULL;
        assert_int_equal(molt__library_open(FIXTURE_POND_1, *state, i, NULL, NULL, &library, NULL), MOLT_OK);
        memcpy(&places[i], &library->start_up, sizeof places[i]);
        uintptr_t last = library->end - 1;
        assert_false(molt__retired_code_find(places[i], &place));
        molt__library_close(library);
        assert_true(molt__retired_code_find(last, &place));
    }
    for (unsigned i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "libpond_1.%u.so", i);
        assert_true(is_taken(places[i]));
        for (unsigned inside = 0; inside < 2; inside++) { /* at its entry, and behind that */
            assert_true(molt__retired_code_find(places[i] + inside, &place));
            assert_true(place.known);
            assert_string_equal(place.library, name);
            assert_string_equal(place.function, "start_up");
        }
        for (unsigned j = 0; j < i; j++) {
            assert_int_not_equal(places[i], places[j]);
        }
    }
}

/* However many there have been; the first one is the most likely to be called. */
static void addresses_of_libraries_that_have_left_are_bounded(void **state)
{
    enum { MANY = 5000 };
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    static uintptr_t places[MANY];
    MoltRetiredPlace place;
    MoltLibrary *library = NULL;
    assert_int_equal(molt__library_open(FIXTURE_POND_1, *state, 1, NULL, NULL, &library, NULL), MOLT_OK);
    MoltSymbols *symbols = library->symbols;
    unsigned before = sandbox_mappings(" ---p ");
    for (unsigned i = 0; i < MANY; i++) {
        void *there = mmap(NULL, 2 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_ptr_not_equal(there, MAP_FAILED);
        munmap(there, page);
        places[i] = (uintptr_t)there;
        molt__retired_code_keep(places[i], places[i] + page - 1, molt__retired_names(symbols, "x.so"));
        assert_true(molt__retired_code_find(places[i], &place));
    }
    unsigned known = 0;
    for (unsigned i = 0; i < MANY; i++) {
        known += molt__retired_code_find(places[i], &place);
    }
    assert_in_range(known, 200, 256);
    assert_true(molt__retired_code_find(places[MANY - 1], &place));
    assert_true(molt__retired_code_find(first_start, &place));
    assert_string_equal(place.function, "start_up");
    assert_in_range(sandbox_mappings(" ---p "), before, before + 256);
    for (unsigned i = 0; i < MANY; i++) {
        munmap((void *)(places[i] + page), page); /* NOLINT: an address */
    }
    molt__library_close(library);
}

/* Who has the memory by then keeps it, and nobody is told about a library there. */
static void addresses_that_somebody_has_are_left_alone(void **state)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    MoltRetiredPlace place;
    char *mine = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)state;
    assert_ptr_not_equal(mine, MAP_FAILED);
    mine[5] = 'm';
    molt__retired_code_keep((uintptr_t)mine, (uintptr_t)mine + page, NULL);
    assert_int_equal(mine[5], 'm');
    assert_false(molt__retired_code_find((uintptr_t)mine, &place));
    munmap(mine, page);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
    const struct CMUnitTest tests[] = {
        TEST(opens_a_good_library),
        TEST(truncated_library_is_incomplete),
        TEST(every_prefix_is_judged),
        TEST(damaged_headers_are_refused),
        TEST(file_that_begins_with_zeros_is_incomplete),
        TEST(garbage_is_invalid),
        TEST(wrong_machine_class_and_type_are_invalid),
        TEST(what_is_missing_is_named),
        TEST(failures_leave_no_descriptor),
        TEST(addresses_of_a_library_that_has_left_stay_its_own),
        TEST(addresses_that_somebody_has_are_left_alone),
        TEST(addresses_of_libraries_that_have_left_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
