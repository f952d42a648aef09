#include "benches.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <molt/reload.h>

#include "stage.h"

/* ---- the two sides -------------------------------------------------------------------------- */

/* The loader keys libraries by file, so the bare side opens a copy that Molt never loads. */
static bool copy_file(const char *from, char *to_template)
{
    FILE *in = fopen(from, "rb");
    int descriptor = in ? mkstemp(to_template) : -1;
    FILE *out = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
    bool ok = out != NULL;
    char buffer[1 << 16];
    size_t length;
    while (ok && (length = fread(buffer, 1, sizeof buffer, in)) > 0)
        ok = fwrite(buffer, 1, length, out) == length;
    ok = ok && !ferror(in);
    if (out)
        ok = fclose(out) == 0 && ok;
    if (in)
        fclose(in);
    return ok;
}

static bool bare_reload(const char *path, Samples *samples)
{
    uint64_t started = bench_now();
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    bool found = handle && dlsym(handle, "start_up") && dlsym(handle, "main_loop") &&
                 dlsym(handle, "shut_down");
    if (handle)
        dlclose(handle);
    bench_sample(samples, bench_now() - started);
    if (!found)
        fprintf(stderr, "molt-bench: %s: %s\n", path, dlerror());
    return found;
}

static bool molt_code_reload(MoltReload *reload, Samples *samples)
{
    MoltReloadEvent event;
    molt_reload_force(reload, &event);
    if (event.kind != MOLT_EVENT_RELOADED) {
        fprintf(stderr, "molt-bench: %s\n%s\n", event.headline, event.detail);
        return false;
    }
    bench_sample(samples, event.pause_ns);
    return true;
}

static void play(MoltReload *reload, int frames)
{
    for (int i = 0; i < frames; i++) {
        molt_reload_frame(reload);
        bench_stage_now.frames++;
    }
}

/* ---- state that no edit concerns ------------------------------------------------------------ */

enum { BLOCK_BYTES = 1 << 20, MOST_POINTERS = 1 << 20 };

/* `bytes` in blocks of elements of `type`, each a copy of `element`. */
static bool fill(MoltHeap *heap, MoltTypeId type, uint64_t bytes, const void *element)
{
    size_t size = molt_type(molt_heap_schema(heap), type)->size;
    for (uint64_t done = 0; done < bytes; done += BLOCK_BYTES) {
        uint64_t count = (bytes - done < BLOCK_BYTES ? bytes - done : BLOCK_BYTES) / size;
        unsigned char *block = molt_heap_new(heap, type, count);
        if (!block)
            return false;
        for (size_t i = 0; i < count; i++)
            memcpy(block + i * size, element, size);
    }
    return true;
}

/* What a pointer is declared to lead to. */
typedef enum Aim {
    TO_OBJECT, /* of the heap, of a type of which the library has none */
    TO_TEXT,   /* which may as well be a literal */
    TO_CODE
} Aim;

static bool is_aimed(const MoltType *pointee, Aim aim)
{
    return aim == TO_CODE     ? pointee->kind == MOLT_KIND_FUNCTION
           : aim == TO_OBJECT ? pointee->kind == MOLT_KIND_STRUCT
                              : pointee->kind == MOLT_KIND_INT && pointee->size == 1;
}

/* A pointer of that kind that some object has; *type is the pointer's. */
static bool find_pointer(const MoltHeap *heap, Aim aim, MoltTypeId *type, uintptr_t *value)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    const MoltField *fields = schema->tables.fields;
    uint64_t cursor = 0;
    MoltBlock block;
    *value = 0;
    while (*value == 0 && molt_heap_next(heap, MOLT_NO_TYPE, &cursor, &block)) {
        const MoltType *of = molt_type(schema, block.type);
        for (uint32_t f = of->first;
             of->kind == MOLT_KIND_STRUCT && f < of->first + of->count && *value == 0; f++) {
            const MoltType *is = molt_type(schema, fields[f].type);
            if (is->kind != MOLT_KIND_POINTER || fields[f].flags & MOLT_FIELD_EXTERNAL ||
                !is_aimed(molt_type(schema, is->elem), aim))
                continue;
            *type = fields[f].type;
            memcpy(value, (const char *)block.start + fields[f].bit_offset / 8, sizeof *value);
        }
    }
    return *value != 0;
}

/* What each reload pauses for `count` pointers of a kind that were not there before. */
static bool cost_of(MoltReload *reload, Aim aim, uint64_t count, int rounds, const Samples *before,
                    Samples *out)
{
    MoltHeap *heap = molt_reload_heap(reload);
    MoltTypeId type = MOLT_NO_TYPE;
    uintptr_t value = 0;
    uint64_t without = bench_median(before);
    bool ok = find_pointer(heap, aim, &type, &value) &&
              fill(heap, type, count * sizeof value, &value);
    for (int round = 0; ok && round < rounds; round++) {
        Samples with = {.count = 0};
        ok = molt_code_reload(reload, &with);
        bench_sample(out, with.ns[0] > without ? with.ns[0] - without : 0);
    }
    return ok;
}

/* ---- the rows ------------------------------------------------------------------------------- */

/* `checkpoint`: what the guard against crashes took for each, which is not in the pause. */
static bool reload_in_turns(MoltReload *reload, const char *copy, int rounds, Samples *bare,
                            Samples *molt, Samples *checkpoint)
{
    bool ok = true;
    for (int round = 0; ok && round < rounds; round++) {
        ok = bare_reload(copy, bare) && molt_code_reload(reload, molt);
        bench_sample(checkpoint, molt_reload_checkpoint_ns(reload));
        play(reload, 1);
    }
    return ok;
}

/* Two rows of the same reloads. */
static void add_reload(Table *table, const MoltReload *reload, const char *where, const Samples *molt,
                       const Samples *bare, const Samples *checkpoint)
{
    char name[128];
    snprintf(name, sizeof name, "code-only reload %s", where);
    bench_add(table, name, molt, "bare dlopen + dlsym + dlclose", bare, 1, 1.5);
    if (!*molt_reload_guard_problem(reload)) {
        snprintf(name, sizeof name, "the guard's checkpoint before a reload %s", where);
        bench_add(table, name, checkpoint, "the reload", molt, 1, 0);
    }
}

/* The same with numbers beside the game, `bytes` of them more than before. */
static bool measure_beside(Table *table, MoltReload *reload, const char *copy, uint64_t bytes,
                           uint64_t all, int rounds, Samples *molt)
{
    const float number = 1;
    char where[64];
    MoltTypeId numbers = molt_schema_find(molt_reload_schema(reload), "float");
    Samples bare = {.count = 0}, checkpoint = {.count = 0};
    if (numbers == MOLT_NO_TYPE || !fill(molt_reload_heap(reload), numbers, bytes, &number) ||
        !reload_in_turns(reload, copy, rounds, &bare, molt, &checkpoint))
        return false;
    snprintf(where, sizeof where, "with %llu MiB of numbers beside the game",
             (unsigned long long)(all >> 20));
    add_reload(table, reload, where, molt, &bare, &checkpoint);
    return true;
}

/* Each kind of pointers lies beside those of the rows before. */
static bool measure_pointers(Table *table, MoltReload *reload, const char *copy, uint64_t count,
                             int rounds)
{
    static const char *const names[] = {
        [TO_OBJECT] = "code-only reload, for each pointer to a type that the library has no object of",
        [TO_TEXT] = "code-only reload, for each char pointer into the heap",
        [TO_CODE] = "code-only reload, for each pointer to a function"};
    Samples each = bench_budget(5 * count);
    bool ok = true;
    for (int aim = TO_OBJECT; ok && aim <= TO_CODE; aim++) {
        Samples before = {.count = 0}, with = {.count = 0}, bare = {.count = 0};
        Samples checkpoint = {.count = 0};
        ok = reload_in_turns(reload, copy, rounds, &bare, &before, &checkpoint) &&
             cost_of(reload, (Aim)aim, count, rounds, &before, &with);
        if (ok)
            bench_add(table, names[aim], &with, "5 ns", &each, (double)count, 1);
    }
    return ok;
}

static bool measure(Table *table, MoltReload *reload, const char *copy, uint64_t size, int rounds)
{
    /* A 16th of the state, in pointers; but a pause of many milliseconds is interrupted. */
    const uint64_t sixteenth = size << 20 >> 7, count = sixteenth < MOST_POINTERS ? sixteenth : MOST_POINTERS;
    const uint64_t small = 1 << 20;
    Samples bare = {.count = 0}, molt = {.count = 0}, checkpoint = {.count = 0}, kept = {.count = 0};
    Samples least = {.count = 0}, large = {.count = 0};
    Samples budget = bench_budget(1000000), frame = bench_budget(1000000000 / 60);
    bench_sample(&kept, molt_reload_checkpoint_ns(reload));
    if (!*molt_reload_guard_problem(reload))
        bench_add(table, "the guard's checkpoint and fork, once a second", &kept, "a frame", &frame, 1, 0);
    if (!reload_in_turns(reload, copy, rounds, &bare, &molt, &checkpoint))
        return false;
    add_reload(table, reload, "of the sample game", &molt, &bare, &checkpoint);
    bench_add(table, "code-only reload of the sample game", &molt, "a budget of 1 ms", &budget, 1,
              1);
    if (!measure_beside(table, reload, copy, small, small, rounds, &least) ||
        !measure_beside(table, reload, copy, (size << 20) - small, size << 20, rounds, &large))
        return false;
    bench_add(table, "code-only reload with all of those numbers", &large, "with 1 MiB of them", &least, 1,
              1.1);
    return measure_pointers(table, reload, copy, count, rounds);
}

bool bench_code_reload(Table *table, const char *path, uint64_t size, int rounds)
{
    bool ok = false;
    char copy[] = "/tmp/molt-bench-XXXXXX";
    static char name[] = "molt-bench", *command[] = {name, NULL};
    MoltReload *reload = NULL;
    MoltError error = {.text = ""};
    MoltReloadDesc desc = {
        .library = path, .api = &bench_stage, .no_build = true, .no_watch = true, .synchronous = true,
        .guard = true, .restart = command};
    if (!copy_file(path, copy)) {
        fprintf(stderr, "molt-bench: cannot copy %s: %s\n", path, strerror(errno));
        goto cleanup;
    }
    if (molt_reload_create(&desc, &reload, &error) != MOLT_OK ||
        molt_reload_start(reload, &error) != MOLT_OK) {
        fprintf(stderr, "molt-bench: %s\n", error.text);
        goto cleanup;
    }
    bench_stage_now.frames = 0;
    play(reload, 60);
    ok = measure(table, reload, copy, size, rounds);
    if (!ok)
        fprintf(stderr, "molt-bench: a reload failed, or the game has no numbers or pointers\n");
    molt_reload_stop(reload);

cleanup:
    molt_reload_destroy(reload);
    unlink(copy);
    return ok;
}

/* ---- a new process --------------------------------------------------------------------------- */

enum { NO_GUARD = 3 };

static bool open_game(const char *path, char *const *command, const char *resume, MoltReload **reload)
{
    MoltError error = {.text = ""};
    const MoltReloadDesc desc = {.library = path,
                                 .api = &bench_stage,
                                 .no_build = true,
                                 .no_watch = true,
                                 .guard = true,
                                 .restart = command,
                                 .resume = resume};
    if (molt_reload_create(&desc, reload, &error) == MOLT_OK &&
        molt_reload_start(*reload, &error) == MOLT_OK)
        return true;
    fprintf(stderr, "molt-bench: %s\n", error.text);
    return false;
}

static bool send_time(int pipe_end)
{
    uint64_t now = bench_now();
    return write(pipe_end, &now, sizeof now) == (ssize_t)sizeof now;
}

int bench_go_on(const char *path, const char *pipe_end, const char *resume)
{
    MoltReload *reload = NULL;
    MoltReloadEvent event;
    bool ok = open_game(path, NULL, resume, &reload) && molt_reload_poll(reload, &event) &&
              event.kind == MOLT_EVENT_CRASHED && molt_reload_frame(reload) &&
              send_time((int)strtol(pipe_end, NULL, 10));
    molt_reload_destroy(reload);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* In a child: plays until the files to start again with are there, and crashes. */
static void crash(const char *path, int pipe_end, const char *folder)
{
    static char name[] = "molt-bench", option[] = "--go-on", library[512], number[16];
    char *command[] = {name, option, library, number, NULL}, pattern[440];
    MoltReload *reload = NULL;
    glob_t found = {0};
    snprintf(library, sizeof library, "%s", path);
    snprintf(number, sizeof number, "%d", pipe_end);
    snprintf(pattern, sizeof pattern, "%.400s/molt-*/restart", folder);
    setenv("TMPDIR", folder, 1);
    if (!open_game(path, command, NULL, &reload))
        _exit(EXIT_FAILURE);
    if (*molt_reload_guard_problem(reload)) {
        molt_reload_destroy(reload);
        _exit(NO_GUARD);
    }
    while (glob(pattern, 0, NULL, &found) != 0) {
        play(reload, 1);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    globfree(&found);
    bench_stage_now.crashing = send_time(pipe_end);
    play(reload, 1);
    _exit(EXIT_FAILURE);
}

bool bench_restart(Table *table, const char *path, int rounds)
{
    Samples taken = {.count = 0}, second = bench_budget(1000000000);
    bool ok = true;
    for (int round = 0; ok && round < rounds; round++) {
        int ends[2], status = 0;
        uint64_t times[2] = {0, 0};
        char folder[] = "/tmp/molt-bench-XXXXXX";
        ok = mkdtemp(folder) && pipe(ends) == 0;
        pid_t child = ok ? fork() : -1;
        if (child == 0)
            crash(path, ends[1], folder);
        ok = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status);
        if (ok && WEXITSTATUS(status) != NO_GUARD)
            ok = WEXITSTATUS(status) == EXIT_SUCCESS &&
                 read(ends[0], times, sizeof times) == (ssize_t)sizeof times;
        close(ends[0]);
        close(ends[1]);
        rmdir(folder);
        if (ok && times[0] == 0)
            return true; /* a sanitizer has the signals */
        bench_sample(&taken, times[1] - times[0]);
    }
    if (ok)
        bench_add(table, "a crash in the host: a new process with the state", &taken, "a second",
                  &second, 1, 1);
    else
        fprintf(stderr, "molt-bench: no new process went on after a crash\n");
    return ok;
}
