#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call_table.h"
#include "elf_check.h"
#include "elf_sanitizer.h"
#include "elf_tables.h"
#include "game_threads.h"
#include "game_timers.h"
#include "guarded_calls.h"
#include "library_module.h"
#include "library_trial.h"
#include "reload_step.h"
#include "retired_code.h"
#include "symbol_note.h"

#define COPY_CHUNK ((size_t)1 << 20)

/* ---- the private copy ---------------------------------------------------------------------- */

/* "game.so" and 3 give "<directory>/game.3.so": unique for the loader, familiar in a debugger. */
static char *copy_path(const char *path, const char *directory, uint32_t number)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    int stem = dot != NULL && dot != name ? (int)(dot - name) : (int)strlen(name);
    size_t size = strlen(directory) + strlen(name) + 16;
    char *result = malloc(size);
    if (result != NULL) {
        snprintf(result, size, "%s/%.*s.%u%s", directory, stem, name, number, name + stem);
    }
    return result;
}

static MoltStatus write_all(int file, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return MOLT_SYSTEM;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return MOLT_OK;
}

static MoltStatus copy_bytes(int from, int to, unsigned char *buffer)
{
    for (;;) {
        ssize_t got = read(from, buffer, COPY_CHUNK);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got == 0 ? MOLT_OK : MOLT_SYSTEM;
        }
        if (write_all(to, buffer, (size_t)got) != MOLT_OK) {
            return MOLT_SYSTEM;
        }
    }
}

/* A copy is good only when the source was the same file with the same times before and after. */
static MoltStatus copy_file(MoltLibrary *library, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    struct stat before, after;
    unsigned char *buffer = malloc(COPY_CHUNK);
    int from = open(library->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO has no writer */
    int to = -1;
    if (buffer == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to copy %s.", library->source);
        goto cleanup;
    }
    if (from < 0 || fstat(from, &before) != 0) {
        status = molt_error(error, errno == ENOENT ? MOLT_NOT_FOUND : MOLT_SYSTEM,
                            "Cannot open the game library %s: %s. Build the game first.",
                            library->source, strerror(errno));
        goto cleanup;
    }
    if (!S_ISREG(before.st_mode)) {
        status = molt_error(error, MOLT_INVALID,
                            "%s is not a file. Name the shared library that the build makes.",
                            library->source);
        goto cleanup;
    }
    unsigned char head[SELFMAG];
    if (pread(from, head, sizeof head, 0) == sizeof head && memcmp(head, ELFMAG, SELFMAG) != 0) {
        status = molt__elf_check(library->source, head, sizeof head, error); /* whatever its size */
        goto cleanup;
    }
    to = open(library->copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    if (to < 0 || copy_bytes(from, to, buffer) != MOLT_OK || fstat(from, &after) != 0) {
        status =
            molt_error(error, MOLT_SYSTEM,
                       "Cannot copy %s to %s: %s. Make room there or set TMPDIR to another place.",
                       library->source, library->copy, strerror(errno));
        goto cleanup;
    }
    library->stamp = molt__file_stamp_of(&before);
    MoltFileStamp end = molt__file_stamp_of(&after);
    if (!molt__file_stamp_equal(&library->stamp, &end)) {
        status =
            molt_error(error, MOLT_INCOMPLETE, "%s changed while it was copied.", library->source);
    }
cleanup:
    if (to >= 0 && close(to) != 0 && status == MOLT_OK) {
        status =
            molt_error(error, MOLT_SYSTEM, "Cannot write %s: %s.", library->copy, strerror(errno));
    }
    if (from >= 0) {
        close(from);
    }
    free(buffer);
    return status;
}

/* The addresses that the image takes before it is loaded, from a file that the check has passed. */
static void measure_image(MoltLibrary *library, const unsigned char *bytes)
{
    ElfW(Ehdr) header;
    memcpy(&header, bytes, sizeof header);
    library->begin = UINTPTR_MAX;
    for (size_t i = 0; i < header.e_phnum; i++) {
        ElfW(Phdr) segment;
        memcpy(&segment, bytes + header.e_phoff + i * header.e_phentsize, sizeof segment);
        if (segment.p_type == PT_LOAD) {
            uintptr_t to = segment.p_vaddr + segment.p_memsz;
            library->begin = segment.p_vaddr < library->begin ? segment.p_vaddr : library->begin;
            library->end = to > library->end ? to : library->end;
        }
    }
}

/* Looks at the copy, which nobody else writes, and not at the source, which may change any
 * moment. */
static MoltStatus check_copy(MoltLibrary *library, MoltError *error)
{
    int file = open(library->copy, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        int reason = errno;
        if (file >= 0) {
            close(file);
        }
        return molt_error(error, MOLT_SYSTEM, "Cannot read %s: %s.", library->copy,
                          strerror(reason));
    }
    if (status.st_size == 0) {
        close(file);
        return molt_error(
            error, MOLT_INCOMPLETE,
            "%s is empty: it is still being written, or the link failed. Build again.",
            library->source);
    }
    size_t size = (size_t)status.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (bytes == MAP_FAILED) {
        return molt_error(error, MOLT_SYSTEM, "Cannot map %s: %s.", library->copy, strerror(errno));
    }
    MoltStatus result = molt__elf_check(library->source, bytes, size, error);
    if (result == MOLT_OK) {
        result = molt__elf_tables_check(library->source, bytes, error);
    }
    if (result == MOLT_OK) {
        result = molt__elf_sanitizer_check(library->source, bytes, size, error);
    }
    if (result == MOLT_OK) {
        measure_image(library, bytes);
    }
    munmap(bytes, size);
    return result;
}

/* ---- the image ----------------------------------------------------------------------------- */

typedef struct ImageQuery {
    uintptr_t base;
    const char *path;
    uintptr_t begin, end;
    size_t thread_size;
} ImageQuery;

static int match_image(struct dl_phdr_info *info, size_t size, void *context)
{
    ImageQuery *query = context;
    (void)size;
    if (info->dlpi_addr != query->base || strcmp(info->dlpi_name, query->path) != 0) {
        return 0;
    }
    query->begin = UINTPTR_MAX;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD) {
            query->thread_size = segment->p_type == PT_TLS ? segment->p_memsz : query->thread_size;
            continue;
        }
        uintptr_t from = info->dlpi_addr + segment->p_vaddr;
        uintptr_t to = from + segment->p_memsz;
        query->begin = from < query->begin ? from : query->begin;
        query->end = to > query->end ? to : query->end;
    }
    return 1;
}

static MoltStatus find_image(MoltLibrary *library, MoltError *error)
{
    struct link_map *map = NULL;
    if (dlinfo(library->handle, RTLD_DI_LINKMAP, &map) != 0) {
        return molt_error(error, MOLT_SYSTEM, "Cannot find where %s was loaded: %s.",
                          library->source, dlerror());
    }
    ImageQuery query = {.base = map->l_addr, .path = map->l_name};
    if (dl_iterate_phdr(match_image, &query) == 0 || query.begin >= query.end) {
        return molt_error(error, MOLT_SYSTEM, "The loader does not list %s.", library->source);
    }
    library->begin = query.begin;
    library->thread_size = query.thread_size;
    library->end = query.end;
    library->base = query.base;
    return MOLT_OK;
}

/* dlsym also searches what the library links to; only its own definitions count. */
static void *own_symbol(const MoltLibrary *library, const char *name)
{
    void *address = dlsym(library->handle, name);
    uintptr_t at = (uintptr_t)address;
    return at >= library->begin && at < library->end ? address : NULL;
}

/* ISO C has no cast from object to function pointers; POSIX promises that they look alike. */
static bool bind_function(const MoltLibrary *library, const char *name, void *pointer, size_t size)
{
    void *address = own_symbol(library, name);
    if (address == NULL) {
        return false;
    }
    memcpy(pointer, &address, size);
    return true;
}

/* A library without the number was compiled with a header of before there was one. */
static MoltStatus check_platform(const MoltLibrary *library, MoltError *error)
{
    const uint32_t *found = own_symbol(library, "molt_platform_version");
    uint32_t version = found != NULL ? *found : 1;
    if (version == MOLT_PLATFORM_VERSION) {
        return MOLT_OK;
    }
    bool newer = version > MOLT_PLATFORM_VERSION;
    return molt_error(error, MOLT_VERSION,
                      "%s was compiled with version %u of <molt/platform_api.h>, this host has "
                      "version %u. %s.",
                      library->source, version, MOLT_PLATFORM_VERSION,
                      newer ? "Run it with the host that this header came with"
                            : "Build the game again with the header of this host");
}

static MoltStatus bind_entries(MoltLibrary *library, MoltError *error)
{
    const char *missing = NULL;
    const char *declaration = "";
    if (!bind_function(library, "start_up", &library->start_up, sizeof library->start_up)) {
        missing = "start_up";
        declaration = "void *start_up(const MoltPlatformApi *api)";
    } else if (!bind_function(library, "main_loop", &library->main_loop,
                              sizeof library->main_loop)) {
        missing = "main_loop";
        declaration = "bool main_loop(void *state)";
    } else if (!bind_function(library, "shut_down", &library->shut_down,
                              sizeof library->shut_down)) {
        missing = "shut_down";
        declaration = "void shut_down(void *state)";
    }
    if (missing != NULL) {
        return molt_error(error, MOLT_NOT_FOUND,
                          "%s does not export %s. Define `%s` in the game, not static, and include "
                          "<molt/platform_api.h> there so that it is exported.",
                          library->source, missing, declaration);
    }
    bind_function(library, "begin_reload", &library->begin_reload, sizeof library->begin_reload);
    bind_function(library, "end_reload", &library->end_reload, sizeof library->end_reload);
    library->thread_route = own_symbol(library, MOLT_THREAD_ROUTE_SYMBOL);
    return check_platform(library, error);
}

/* ---- the metadata -------------------------------------------------------------------------- */

/* Its calls of malloc go to the heap. */
static bool is_routed(const MoltLibrary *library)
{
    return own_symbol(library, MOLT_PLAIN_MEMORY_SYMBOL) != NULL;
}

/* What the sources say; where they are silent, pointers may lead anywhere. */
static MoltStatus find_apart(MoltLibrary *library, MoltError *error)
{
    const MoltModule *module = library->module;
    const MoltSchema *schema = library->schema;
    library->apart = calloc(schema->tables.type_count + 1u, sizeof *library->apart);
    if (library->apart == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the types of %s.",
                          library->source);
    }
    for (uint32_t i = 0; i < module->apart_count; i++) {
        MoltTypeId id = module->apart_types[i];
        if (id < module->tables->type_count) {
            library->apart[id] = true;
        }
    }
    return MOLT_OK;
}

static MoltStatus bind_module(MoltLibrary *library, MoltError *error)
{
    library->module = own_symbol(library, MOLT_MODULE_SYMBOL);
    if (library->module != NULL &&
        !molt__library_module_fits(library->module, library->begin, library->end)) {
        return molt_error(error, MOLT_INVALID,
                          "%s is damaged: its type metadata leads out of it. Build it again.",
                          library->source);
    }
    MoltStatus status = molt__library_module_read(library->source, library->module,
                                                  is_routed(library), &library->schema, error);
    return status == MOLT_OK ? find_apart(library, error) : status;
}

/* ---- the variables ------------------------------------------------------------------------- */

/* Those that the schema does not describe. */
static MoltStatus find_untracked(MoltLibrary *library, MoltError *error)
{
    const char *sources = library->module->sources != NULL ? library->module->sources : "";
    return molt__untracked_open(library->copy, library->base, library->symbols, sources,
                                library->variables, library->globals->count, &library->untracked,
                                error);
}

/* What debug information and symbols say may lead anywhere in a damaged file. */
static MoltStatus check_variables(const MoltLibrary *library, MoltError *error)
{
    const MoltGlobals *globals = library->globals;
    uint32_t first = molt_type(library->schema, globals->type)->first;
    for (uint32_t i = 0; i < globals->count; i++) {
        const MoltVariable *variable = &library->variables[i];
        const MoltField *field = &library->schema->tables.fields[first + i];
        uint64_t size = molt_type(library->schema, field->type)->size;
        uint64_t from = variable->thread_local ? 0 : library->begin;
        uint64_t to = variable->thread_local ? library->thread_size : library->end;
        if (variable->found && (variable->at < from || variable->at > to || size > to - variable->at)) {
            return molt_error(error, MOLT_INVALID,
                              "%s is damaged: its variable %s lies out of it. Build it again.",
                              library->source, molt_string(library->schema, field->name));
        }
    }
    return MOLT_OK;
}

static MoltStatus find_variables(MoltLibrary *library, MoltError *error)
{
    MoltStatus status = molt_globals_create(library->schema, NULL, &library->globals, error);
    if (status != MOLT_OK) {
        return status;
    }
    library->variables = calloc(library->globals->count + 1u, sizeof *library->variables);
    if (library->variables == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to find the variables of %s.",
                          library->source);
    }
    MoltError inner = {0};
    status = molt__variables_locate(library->copy, library->base, library->symbols, library->schema,
                                    library->variables, &inner);
    if (status != MOLT_OK) {
        return molt_error(error, status, "%s cannot be used. %s", library->source, inner.text);
    }
    status = check_variables(library, error);
    return status == MOLT_OK ? find_untracked(library, error) : status;
}

/* What compilers call for a thread-local of another library: the loader makes the block of the
 * calling thread when it asks for the first time. */
typedef struct ThreadIndex {
    size_t module;
    uintptr_t offset;
} ThreadIndex;

extern void *__tls_get_addr(ThreadIndex *index);

void molt__library_settle(MoltLibrary *library)
{
    MoltGlobals *globals = library->globals;
    ThreadIndex index = {0};
    for (uint32_t i = 0; i < globals->count; i++) {
        const MoltVariable *variable = &library->variables[i];
        globals->places[i] = NULL;
        if (!variable->found) {
            continue;
        }
        if (!variable->thread_local) {
            globals->places[i] = (void *)variable->at; /* NOLINT: in the loaded image */
        } else if (dlinfo(library->handle, RTLD_DI_TLS_MODID, &index.module) == 0 &&
                   index.module != 0) {
            index.offset = variable->at;
            globals->places[i] = __tls_get_addr(&index);
        }
    }
    molt_globals_settle(globals);
    molt__untracked_settle(library->untracked, globals);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static MoltStatus read_symbols(MoltLibrary *library, MoltError *error)
{
    return molt__symbols_open(library->copy, library->begin - library->base,
                              library->end - library->base, &library->symbols, error);
}

/* The symbols are in the file, and need no library that is loaded: to read them takes as long as the trial
 * does. What cannot be read is told in its turn. */
static MoltStatus try_copy(MoltLibrary *library, MoltError *error)
{
    pid_t child;
    if (library->trial == NULL ||
        !molt__library_trial_begin(library->trial, library->copy, &child)) {
        return MOLT_OK;
    }
    (void)read_symbols(library, NULL);
    return molt__library_trial_end(child, library->source, error);
}

static MoltStatus open_copy(MoltLibrary *library, MoltError *error)
{
    library->handle = dlopen(library->copy, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        return molt_error(
            error, MOLT_INVALID,
            "The loader refuses %s: %s. An undefined symbol means that a source file or a "
            "library is missing from the link.",
            library->source, dlerror());
    }
    return find_image(library, error);
}

static MoltStatus open_symbols(MoltLibrary *library, MoltError *error)
{
    MoltStatus status = library->symbols != NULL ? MOLT_OK : read_symbols(library, error);
    if (status == MOLT_OK) {
        molt__symbols_load(library->symbols, library->base);
        status = molt__literals_split(library->symbols->literals, library->module->split_texts,
                                      library->module->split_text_sizes,
                                      library->module->split_text_count, error);
    }
    if (status == MOLT_OK) {
        status = molt__constants_locate(library->module, library->schema, library->symbols,
                                        &library->constants, error);
    }
    if (status == MOLT_OK) {
        library->symbols->constants = &library->constants;
        library->symbols->schema = library->schema;
        molt__symbol_note(library->symbols, library->source, library->symbol_note,
                          sizeof library->symbol_note);
    }
    return status;
}

static MoltStatus find_calls(MoltLibrary *library, MoltError *error)
{
    if (!is_routed(library)) {
        return MOLT_OK;
    }
    return molt__call_table_open(library->copy, library->base, library->begin, library->end,
                                 library->module, &library->call_sites, &library->call_note, error);
}

static MoltStatus run_steps(MoltLibrary *library, const MoltReloadSteps *steps, MoltError *error)
{
    static const struct {
        MoltReloadStep step;
        MoltStatus (*run)(MoltLibrary *library, MoltError *error);
    } order[] = {
        {MOLT_STEP_COPY, copy_file},           {MOLT_STEP_FILE, check_copy},
        {MOLT_STEP_TRIAL, try_copy},           {MOLT_STEP_OPEN, open_copy},
        {MOLT_STEP_ENTRY, bind_entries},       {MOLT_STEP_SCHEMA, bind_module},
        {MOLT_STEP_SYMBOLS, open_symbols},     {MOLT_STEP_VARIABLES, find_variables},
        {MOLT_STEP_CALLS, find_calls},
    };
    MoltStatus status = MOLT_OK;
    for (size_t i = 0; i < sizeof order / sizeof order[0] && status == MOLT_OK; i++) {
        status = molt__reload_step(steps, order[i].step, error);
        if (status == MOLT_OK) {
            status = order[i].run(library, error);
        }
    }
    return status;
}

MoltStatus molt__library_open(const char *path, const char *directory, uint32_t number,
                              const char *trial, const MoltReloadSteps *steps, MoltLibrary **out,
                              MoltError *error)
{
    MoltStatus status = MOLT_OK;
    MoltLibrary *library = calloc(1, sizeof *library);
    if (library == NULL || (library->source = strdup(path)) == NULL ||
        (library->copy = copy_path(path, directory, number)) == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to load %s.", path);
        goto cleanup;
    }
    library->call_note = "";
    library->trial = trial;
    status = run_steps(library, steps, error);
    if (status == MOLT_OK) {
        library->usage = molt__usage_file_read(path);
        *out = library;
        library = NULL;
    }
cleanup:
    molt__library_close(library);
    return status;
}

void molt__library_doubt(MoltLibrary *library)
{
    memset(library->apart, 0, library->schema->tables.type_count * sizeof *library->apart);
}

bool molt__library_keep(MoltLibrary *library, MoltSchema *schema)
{
    uint32_t own = library->schema->tables.type_count, all = schema->tables.type_count;
    bool *apart = realloc(library->apart, (all + 1u) * sizeof *apart);
    if (apart == NULL) {
        return false;
    }
    memset(apart + own, 0, (all + 1u - own) * sizeof *apart);
    library->apart = apart;
    library->globals->schema = schema; /* its type of globals has the same number */
    molt_schema_free(library->schema);
    library->schema = schema;
    library->symbols->schema = schema;
    return true;
}

MoltHooks molt__library_hooks(const MoltLibrary *library)
{
    const MoltModule *module = library->module;
    return (MoltHooks){.items = module->hooks,
                       .end = module->hooks_end,
                       .heap = module->heap,
                       .globals = library->globals,
                       .run = molt__call_hook,
                       .run_context = (void *)(uintptr_t)library}; /* NOLINT: it comes back as const */
}

/* While its symbols are there. A thread that is in it, or a timer that calls it, keeps it for good. */
static void unload(MoltLibrary *library)
{
    bool threads = molt__game_threads_strand(library->begin, library->end);
    bool timers = molt__game_timers_strand(library->begin, library->end);
    if (library->handle == NULL || threads || timers) {
        return;
    }
    MoltRetiredNames *names =
        library->symbols != NULL ? molt__retired_names(library->symbols, library->copy) : NULL;
    dlclose(library->handle);
    if (library->begin < library->end) {
        molt__retired_code_keep(library->begin, library->end, names);
    }
}

void molt__library_close(MoltLibrary *library)
{
    if (library == NULL) {
        return;
    }
    molt__untracked_close(library->untracked);
    molt_globals_free(library->globals);
    free(library->variables);
    free(library->apart);
    molt__usage_file_free(&library->usage);
    molt_call_sites_free(library->call_sites);
    molt__constants_free(&library->constants);
    unload(library);
    molt__symbols_free(library->symbols);
    molt_schema_free(library->schema);
    if (library->copy != NULL) {
        unlink(library->copy);
    }
    free(library->copy);
    free(library->source);
    free(library);
}
