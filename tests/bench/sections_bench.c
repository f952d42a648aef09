/* A code-only reload against the scheme of simple hot reloaders: open the new library, copy .data and .bss
 * of the old one over its own, look up the entries, close the old one. */
#define _GNU_SOURCE /* dlinfo */
#include "benches.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <molt/reload.h>

#include "stage.h"

enum { PARTS = 2 };

static const char *const part_names[PARTS] = {".data", ".bss"};

/* Where the two sections are, from the library's beginning; the same in every copy of the file. */
typedef struct Sections {
    struct {
        uint64_t at, size;
    } parts[PARTS];
} Sections;

typedef struct Loaded {
    void *handle, *state;
    bool (*main_loop)(void *state);
} Loaded;

static void find_parts(const unsigned char *file, uint64_t size, Sections *out)
{
    const ElfW(Ehdr) *header = (const void *)file;
    if (size < sizeof *header || header->e_shoff > size ||
        header->e_shnum > (size - header->e_shoff) / sizeof(ElfW(Shdr)))
        return;
    const ElfW(Shdr) *sections = (const void *)(file + header->e_shoff);
    const char *names = (const char *)file + sections[header->e_shstrndx].sh_offset;
    for (unsigned i = 0; i < header->e_shnum; i++) {
        for (int part = 0; part < PARTS; part++) {
            if (strcmp(names + sections[i].sh_name, part_names[part]) == 0) {
                out->parts[part].at = sections[i].sh_addr;
                out->parts[part].size = sections[i].sh_size;
            }
        }
    }
}

/* The linker has just written the file: it is taken as it is. */
static bool read_sections(const char *path, Sections *out)
{
    struct stat is;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = file >= 0 && fstat(file, &is) == 0
                      ? mmap(NULL, (size_t)is.st_size, PROT_READ, MAP_PRIVATE, file, 0)
                      : MAP_FAILED;
    *out = (Sections){0};
    if (bytes != MAP_FAILED) {
        find_parts(bytes, (uint64_t)is.st_size, out);
        munmap(bytes, (size_t)is.st_size);
    }
    if (file >= 0)
        close(file);
    return out->parts[1].size > 0;
}

/* POSIX promises that pointers to functions fit. */
static bool open_library(const char *path, Loaded *out)
{
    *out = (Loaded){.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    void *symbol = out->handle ? dlsym(out->handle, "main_loop") : NULL;
    memcpy(&out->main_loop, &symbol, sizeof symbol);
    bool found = symbol && dlsym(out->handle, "start_up") && dlsym(out->handle, "shut_down");
    if (!found)
        fprintf(stderr, "molt-bench: %s\n", dlerror());
    return found;
}

static unsigned char *base_of(const Loaded *library)
{
    struct link_map *map = NULL;
    return dlinfo(library->handle, RTLD_DI_LINKMAP, &map) == 0 ? (unsigned char *)map->l_addr
                                                               : NULL;
}

static bool copy_sections(const Sections *sections, Loaded *library, const char *next,
                          Samples *samples)
{
    uint64_t started = bench_now();
    Loaded now;
    if (!open_library(next, &now))
        return false;
    unsigned char *from = base_of(library), *to = base_of(&now);
    for (int part = 0; part < PARTS; part++)
        memcpy(to + sections->parts[part].at, from + sections->parts[part].at,
               sections->parts[part].size);
    now.state = to + ((unsigned char *)library->state - from);
    dlclose(library->handle);
    *library = now;
    bench_sample(samples, bench_now() - started);
    return now.main_loop(now.state);
}

static bool copy_file(const char *from, char *to_template)
{
    char buffer[1 << 16];
    int in = open(from, O_RDONLY | O_CLOEXEC), out = mkstemp(to_template);
    ssize_t length = -1;
    while (in >= 0 && out >= 0 && (length = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)length) != length)
            break;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return length == 0;
}

/* As much state in Molt's heap. */
static MoltReload *open_ours(const char *game, uint64_t bytes)
{
    MoltReload *reload = NULL;
    MoltError error = {.text = "the game has no float"};
    const MoltReloadDesc desc = {.library = game,
                                 .api = &bench_stage,
                                 .no_build = true,
                                 .no_watch = true,
                                 .synchronous = true};
    if (molt_reload_create(&desc, &reload, &error) == MOLT_OK &&
        molt_reload_start(reload, &error) == MOLT_OK) {
        MoltTypeId type = molt_schema_find(molt_reload_schema(reload), "float");
        void *block = type == MOLT_NO_TYPE
                          ? NULL
                          : molt_heap_new(molt_reload_heap(reload), type, bytes / sizeof(float));
        if (block) {
            memset(block, 1, bytes);
            return reload;
        }
    }
    fprintf(stderr, "molt-bench: %s\n", error.text);
    molt_reload_destroy(reload);
    return NULL;
}

static bool reload_ours(MoltReload *reload, Samples *samples)
{
    MoltReloadEvent event;
    molt_reload_force(reload, &event);
    bench_sample(samples, event.pause_ns);
    molt_reload_frame(reload);
    return event.kind == MOLT_EVENT_RELOADED;
}

static void *start(const Loaded *library)
{
    void *symbol = dlsym(library->handle, "start_up"), *(*entry)(const void *api);
    memcpy(&entry, &symbol, sizeof symbol);
    return entry(NULL);
}

bool bench_sections(Table *table, const char *game, const char *library, int rounds)
{
    char copies[2][32] = {"/tmp/molt-bench-XXXXXX", "/tmp/molt-bench-XXXXXX"}, name[96];
    Samples ours = {.count = 0}, theirs = {.count = 0};
    Sections sections;
    Loaded loaded = {.handle = NULL};
    bool ok = copy_file(library, copies[0]) && copy_file(library, copies[1]) &&
              read_sections(library, &sections) && open_library(copies[0], &loaded);
    uint64_t bytes = ok ? sections.parts[1].size : 0;
    MoltReload *reload = ok ? open_ours(game, bytes) : NULL;
    ok = reload != NULL;
    if (ok)
        loaded.state = start(&loaded);
    for (int round = 0; ok && round < rounds; round++)
        ok = copy_sections(&sections, &loaded, copies[(round + 1) % 2], &theirs) &&
             reload_ours(reload, &ours);
    if (ok) {
        snprintf(name, sizeof name, "code-only reload with %llu MiB of numbers beside the game",
                 (unsigned long long)bytes >> 20);
        bench_add(table, name, &ours, "copying .data and .bss of that size", &theirs, 1, 1);
    } else {
        fputs("molt-bench: sections were not copied, or the game was not reloaded\n", stderr);
    }
    if (loaded.handle)
        dlclose(loaded.handle);
    if (reload)
        molt_reload_stop(reload);
    molt_reload_destroy(reload);
    unlink(copies[0]);
    unlink(copies[1]);
    return ok;
}
