/* Whatever takes the library's place while the game runs: it is refused in words, the game goes on, and the
 * next good library is taken. And what only looks foreign, such as another compiler's, works. */
#include "sandbox.h"

#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reload_parts.h"

#ifdef __SANITIZE_ADDRESS__ /* each trial takes a tenth of a second then */
#define DAMAGES 60u
#else
#define DAMAGES 300u
#endif
#define FIRST_SEED 1u
#define PATIENCE_SECONDS 60u

typedef struct Session {
    MoltReload *reload;
    MoltReloadEvent event;
    char library[512];
} Session;

static const MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};

static void open_tried_session(Session *session, void **state, const char *trial)
{
    MoltError error = {0};
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session->library, FIXTURE_POND_1);
    const MoltReloadDesc desc = {.library = session->library,
                                 .api = &api,
                                 .trial = trial,
                                 .no_history = true,
                                 .no_watch = true};
    MoltStatus status = molt_reload_create(&desc, &session->reload, &error);
    if (status == MOLT_OK) {
        status = molt_reload_start(session->reload, &error);
    }
    if (status != MOLT_OK) {
        fail_msg("%s", error.text);
    }
}

static void open_session(Session *session, void **state)
{
    open_tried_session(session, state, NULL);
}

static void close_session(Session *session)
{
    molt_reload_stop(session->reload);
    molt_reload_destroy(session->reload);
}

/* What lies in the library's place is tried, and the game plays on with its own code. */
static void refused(Session *session, const char *words)
{
    molt_reload_force(session->reload, &session->event);
    if (session->event.kind != MOLT_EVENT_LOAD_FAILED ||
        strstr(session->event.detail, words) == NULL) {
        fail_msg("%s: \"%s\" lacks \"%s\"", molt_event_id(session->event.kind),
                 session->event.detail, words);
    }
    assert_int_equal(session->event.generation, molt_reload_generation(session->reload));
    assert_true(molt_reload_frame(session->reload));
}

static void taken(Session *session, const char *library)
{
    sandbox_replace(session->library, library);
    molt_reload_force(session->reload, &session->event);
    if (session->event.kind != MOLT_EVENT_RELOADED) {
        fail_msg("%s: %s\n%s", library, session->event.headline, session->event.detail);
    }
    assert_true(molt_reload_frame(session->reload)); /* the game checks every value itself */
}

static void libraries_that_lack_something_are_refused(void **state)
{
    static const struct {
        const char *library, *words;
    } rows[] = {
        {FIXTURE_BARE_WITHOUT_ENTRY, "void shut_down(void *state)"},
        {FIXTURE_BARE_WITHOUT_METADATA, "molt_module"},
        {FIXTURE_BARE_UNDEFINED, "nobody_defines_this"},
        {FIXTURE_BARE_OLD_METADATA, "version 99"},
        {FIXTURE_BARE_PLATFORM_2, "Build the game again"},
        {FIXTURE_BARE_PLATFORM_4, "Run it with the host that this header came with"},
        {FIXTURE_BARE_MEMORY_SANITIZER, "memory sanitizer (-fsanitize=memory)"},
#ifdef FIXTURE_BARE_ADDRESS_SANITIZER
        {FIXTURE_BARE_ADDRESS_SANITIZER, "address sanitizer (-fsanitize=address)"},
        {FIXTURE_BARE_THREAD_SANITIZER, "thread sanitizer (-fsanitize=thread)"},
#endif
        {"/proc/self/exe", "executable"},
    };
    Session session = {0};
    open_session(&session, state);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sandbox_replace(session.library, rows[i].library);
        refused(&session, rows[i].words);
    }
    taken(&session, FIXTURE_POND_2);
    close_session(&session);
}

typedef void Spoil(unsigned char *bytes, size_t size);

static void to_another_machine(unsigned char *bytes, size_t size)
{
    (void)size;
    ((Elf64_Ehdr *)(void *)bytes)->e_machine = EM_S390;
}

static void to_another_class(unsigned char *bytes, size_t size)
{
    (void)size;
    bytes[EI_CLASS] = bytes[EI_CLASS] == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64;
}

static void to_another_byte_order(unsigned char *bytes, size_t size)
{
    (void)size;
    bytes[EI_DATA] = bytes[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
}

static void to_an_object(unsigned char *bytes, size_t size)
{
    (void)size;
    ((Elf64_Ehdr *)(void *)bytes)->e_type = ET_REL;
}

static void to_zeros(unsigned char *bytes, size_t size)
{
    memset(bytes, 0, size);
}

static void to_noise(unsigned char *bytes, size_t size)
{
    unsigned seed = 1;
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(seed >> 24);
    }
}

/* Headers are there, the content is not yet. */
static void to_headers(unsigned char *bytes, size_t size)
{
    Elf64_Ehdr header;
    memcpy(&header, bytes, sizeof header);
    size_t head = header.e_phoff + (size_t)header.e_phnum * header.e_phentsize;
    memset(bytes + head, 0, header.e_shoff - head);
    (void)size;
}

static void garbage_is_refused(void **state)
{
    static const struct {
        Spoil *spoil;
        const char *words;
    } rows[] = {
        {to_another_machine, "another processor"}, {to_another_class, "word size"},
        {to_another_byte_order, "byte order"},     {to_an_object, "-shared"},
        {to_zeros, "still being written"},         {to_noise, "not an ELF file"},
        {to_headers, "dynamic section"},
    };
    Session session = {0};
    size_t size;
    open_session(&session, state);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char *bytes = sandbox_read(FIXTURE_POND_2, &size);
        rows[i].spoil(bytes, size);
        sandbox_write(session.library, bytes, size);
        free(bytes);
        refused(&session, rows[i].words);
    }
    sandbox_text(session.library,
                 "#!/bin/sh\necho this is no library\n# and it is long enough ....\n");
    refused(&session, "not an ELF file");
    unlink(session.library);
    refused(&session, "No such file");
    assert_int_equal(mkdir(session.library, 0700), 0);
    refused(&session, "not a file");
    assert_int_equal(rmdir(session.library), 0);
    assert_int_equal(symlink("nowhere", session.library), 0);
    refused(&session, "No such file");
    assert_int_equal(unlink(session.library), 0);
    taken(&session, FIXTURE_POND_2);
    close_session(&session);
}

/* library_test.c judges every length; here the running game tries those around the ends of headers and
 * file, and some between. */
static void library_cut_off_anywhere_is_refused(void **state)
{
    Session session = {0};
    size_t size;
    open_session(&session, state);
    unsigned char *bytes = sandbox_read(FIXTURE_NAMES_STRIPPED, &size);
    unsigned before = sandbox_open_files();
    for (size_t length = 0; length < size; length += length < 80 || length + 80 > size ? 1 : 211) {
        sandbox_write(session.library, bytes, length);
        molt_reload_force(session.reload, &session.event);
        if (session.event.kind != MOLT_EVENT_LOAD_FAILED ||
            strstr(session.event.detail, "still being written") == NULL) {
            fail_msg("%zu of %zu bytes: %s", length, size, session.event.detail);
        }
    }
    free(bytes);
    assert_int_equal(sandbox_open_files(), before);
    assert_true(molt_reload_frame(session.reload));
    taken(&session, FIXTURE_POND_2);
    close_session(&session);
}

/* ---- random damage -------------------------------------------------------------------------- */

typedef struct Random {
    uint64_t state;
} Random;

static uint32_t pick(Random *random, uint32_t below)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random->state >> 33) % below);
}

static void make_noise(Random *random, unsigned char *bytes, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        bytes[i] = (unsigned char)pick(random, 256);
    }
}

/* A section in which a loader, a constructor or the host itself believes what it finds. */
static bool is_believed(const Elf64_Shdr *section, const char *name)
{
    static const char *const names[] = {".init_array", ".fini_array", ".data.rel.ro", ".got",
                                        ".data"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return section->sh_type == SHT_DYNAMIC || section->sh_type == SHT_RELA ||
           section->sh_type == SHT_DYNSYM || section->sh_type == SHT_GNU_HASH ||
           section->sh_type == SHT_STRTAB || section->sh_type == SHT_GNU_verneed ||
           section->sh_type == SHT_GNU_versym || section->sh_type == SHT_SYMTAB;
}

static const Elf64_Shdr *pick_section(Random *random, const unsigned char *bytes)
{
    const Elf64_Ehdr *header = (const void *)bytes;
    const Elf64_Shdr *sections = (const void *)(bytes + header->e_shoff);
    const char *names = (const char *)bytes + sections[header->e_shstrndx].sh_offset;
    for (;;) {
        const Elf64_Shdr *section = &sections[pick(random, header->e_shnum)];
        if (section->sh_size > 0 && is_believed(section, names + section->sh_name)) {
            return section;
        }
    }
}

/* One byte or a piece anywhere, or the same in a section of those; headers stay as they are. */
static void damage(Random *random, unsigned char *bytes, size_t size)
{
    const Elf64_Ehdr *header = (const void *)bytes;
    size_t from = header->e_phoff + (size_t)header->e_phnum * header->e_phentsize;
    size_t to = header->e_shoff < size ? header->e_shoff : size;
    if (pick(random, 3) > 0) {
        const Elf64_Shdr *section = pick_section(random, bytes);
        from = section->sh_offset;
        to = from + section->sh_size;
    }
    size_t at = from + pick(random, (uint32_t)(to - from));
    switch (pick(random, 4)) {
    case 0: bytes[at] ^= (unsigned char)(1u << pick(random, 8)); break;
    case 1: bytes[at] = (unsigned char)pick(random, 256); break;
    case 2: make_noise(random, bytes, at, at + 16 < to ? at + 16 : to); break;
    default: make_noise(random, bytes, from, to); break;
    }
}

/* In a child of its own, so that one that dies is named; what it took is not run. */
static void try_damaged(Session *session, uint32_t seed)
{
    char copy[600];
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
        for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
            signal(fatal[i], SIG_DFL); /* else the test program takes it for its own */
        }
        alarm(PATIENCE_SECONDS);
        molt_reload_force(session->reload, &session->event);
        bool taken_over = session->event.kind == MOLT_EVENT_RELOADED;
        _exit(taken_over || molt_reload_frame(session->reload) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0) {
        fail_msg("damage %u ends the host: status %d", seed, status);
    }
    snprintf(copy, sizeof copy, "%s/game.%u.so", session->reload->folder.path,
             session->reload->copies + 1);
    unlink(copy);
}

/* What runs while a library is loaded runs in another process first. */
static void constructor_that_ends_its_process_is_refused(void **state)
{
    Session session = {0};
    open_tried_session(&session, state, MOLT_TRIAL);
    sandbox_replace(session.library, FIXTURE_BARE_CONSTRUCTOR_CRASHES);
    refused(&session, "crashes whoever loads it (SIGABRT)");
    sandbox_replace(session.library, FIXTURE_BARE_CONSTRUCTOR_EXITS);
    refused(&session, "ends whoever loads it (exit status 0)");
    sandbox_replace(session.library, FIXTURE_BARE_CONSTRUCTOR_STOPS);
    refused(&session, "stops whoever loads it (SIGSTOP)");
    sandbox_replace(session.library, FIXTURE_BARE_UNDEFINED);
    refused(&session, "nobody_defines_this"); /* the trial leaves the words to the loader */
    taken(&session, FIXTURE_POND_2);
    close_session(&session);
    open_tried_session(&session, state, "/nowhere/molt-trial"); /* nothing is known then */
    taken(&session, FIXTURE_POND_2);
    close_session(&session);
}

static void randomly_damaged_library_does_not_end_the_host(void **state)
{
    Session session = {0};
    size_t size;
    open_tried_session(&session, state, MOLT_TRIAL);
    unsigned char *whole = sandbox_read(FIXTURE_POND_2, &size), *bytes = malloc(size);
    assert_non_null(bytes);
    for (uint32_t seed = FIRST_SEED; seed < FIRST_SEED + DAMAGES; seed++) {
        Random random = {seed};
        pick(&random, 2);
        memcpy(bytes, whole, size);
        damage(&random, bytes, size);
        sandbox_write(session.library, bytes, size);
        try_damaged(&session, seed);
    }
    free(bytes);
    free(whole);
    taken(&session, FIXTURE_POND_2);
    close_session(&session);
}

/* What has the library's name and is no file of a library, also where to read it would never end. */
static void what_is_no_file_is_refused(void **state)
{
    Session session = {0};
    open_session(&session, state);
    assert_int_equal(unlink(session.library), 0);
    assert_int_equal(mkfifo(session.library, 0600), 0);
    refused(&session, "is not a file");
    assert_int_equal(unlink(session.library), 0);
    assert_int_equal(mkdir(session.library, 0700), 0);
    refused(&session, "is not a file");
    assert_int_equal(rmdir(session.library), 0);
    assert_int_equal(symlink("/nowhere/game.so", session.library), 0);
    refused(&session, "No such file");
    assert_int_equal(unlink(session.library), 0);
    assert_int_equal(symlink(session.library, session.library), 0);
    refused(&session, "symbolic links");
    assert_int_equal(unlink(session.library), 0);
    sandbox_write(session.library, "", 0);
    assert_int_equal(truncate(session.library, (off_t)3 << 30), 0);
    refused(&session, "begins with zeros"); /* and nobody copies all of it */
    assert_int_equal(unlink(session.library), 0);
    taken(&session, FIXTURE_POND_2);
    close_session(&session);
}

static void library_of_another_compiler_works(void **state)
{
#ifdef OTHER_COMPILER_2
    Session session = {0};
    open_session(&session, state);
    taken(&session, OTHER_COMPILER_2);
    assert_string_equal(session.event.outcome, "migrated");
    taken(&session, FIXTURE_POND_1);
    taken(&session, OTHER_COMPILER_1);
    assert_string_equal(session.event.outcome, "code");
    taken(&session, FIXTURE_POND_2);
    close_session(&session);
#else
    (void)state;
    skip(); /* there is one compiler here */
#endif
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
    const struct CMUnitTest tests[] = {
        TEST(libraries_that_lack_something_are_refused),
        TEST(garbage_is_refused),
        TEST(library_cut_off_anywhere_is_refused),
        TEST(constructor_that_ends_its_process_is_refused),
        TEST(randomly_damaged_library_does_not_end_the_host),
        TEST(what_is_no_file_is_refused),
        TEST(library_of_another_compiler_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
