/* Drives generated libraries through the real reload, told what to do by lines on standard input:
 *
 *   start LIBRARY live|strict    a new session of that library; ends the one before
 *   frame STEP ADDRESS...        one frame; the addresses are where the programs' objects are
 *   dump NAME                    the state, to FOLDER/NAME.json
 *   reload LIBRARY NAME          the library takes the running one's place: FOLDER/NAME.report.json
 *   step N NAME                  the same of the code that ran N generations later, or -N before
 *
 * Each is answered by what the library logs, the outcome of a reload, and "done". A refusal must leave
 * the state as it was, to the bit; anything else that is wrong ends the runner. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "molt/reload.h"

typedef struct Runner {
    const char *folder;
    char library[4096];
    Harness harness;
    void **objects;
    size_t object_slots;
    MoltReload *reload;
    MoltThreads *threads;
} Runner;

static void log_line(const MoltPlatformApi *api, const char *text)
{
    (void)api;
    puts(text);
}

static uint64_t zero(const MoltPlatformApi *api)
{
    (void)api;
    return 0;
}

static bool fail(const char *what, const char *why)
{
    printf("runner: %s: %s\n", what, why);
    return false;
}

/* A new file under the library's name: the running one keeps its own. */
static bool put_library(const Runner *runner, const char *from)
{
    char buffer[65536];
    size_t got;
    unlink(runner->library);
    FILE *in = fopen(from, "rb"), *out = fopen(runner->library, "wb");
    bool good = in && out;
    while (good && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
        good = fwrite(buffer, 1, got, out) == got;
    if (in)
        fclose(in);
    if (out)
        good = fclose(out) == 0 && good;
    return good || fail(from, "cannot be put in place");
}

static bool write_text(const Runner *runner, const char *name, const char *ending, const char *text)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s%s", runner->folder, name, ending) >= (int)sizeof path)
        return fail(name, "too long");
    FILE *file = fopen(path, "wb");
    bool good = file && fputs(text, file) >= 0;
    if (file)
        good = fclose(file) == 0 && good;
    return good || fail(path, "cannot be written");
}

/* NULL on failure, which was told; to be freed. */
static char *dump(const Runner *runner)
{
    char *text = NULL;
    size_t length = 0;
    MoltError error = {0};
    if (molt_reload_dump(runner->reload, true, &text, &length, &error) != MOLT_OK)
        fail("dump", error.text);
    return text;
}

static void stop(Runner *runner)
{
    if (runner->reload)
        molt_reload_stop(runner->reload);
    molt_reload_destroy(runner->reload);
    molt_threads_destroy(runner->threads);
    runner->reload = NULL;
    runner->threads = NULL;
}

static bool start(Runner *runner, const char *library, const char *policy)
{
    bool strict = strcmp(policy, "strict") == 0;
    /* so that each program goes through the plan and through what it compiles to */
    MoltReloadDesc desc = {.library = runner->library,
                           .api = &runner->harness.api,
                           .policy = strict ? MOLT_POLICY_STRICT : MOLT_POLICY_LIVE,
                           .converters = strict ? MOLT_CONVERTERS_NEVER : MOLT_CONVERTERS_ALWAYS,
                           .no_build = true,
                           .no_watch = true};
    const MoltThreadsDesc two = {.count = 2}; /* which convert together */
    MoltError error = {0};
    stop(runner);
    if (!put_library(runner, library))
        return false;
    if (molt_threads_create(&two, &runner->threads, &error) != MOLT_OK)
        return fail("threads", error.text);
    desc.threads = runner->threads;
    if (molt_reload_create(&desc, &runner->reload, &error) != MOLT_OK ||
        molt_reload_start(runner->reload, &error) != MOLT_OK)
        return fail("start", error.text);
    return true;
}

static bool frame(Runner *runner, char *words)
{
    size_t count = 0;
    runner->harness.step = strtoull(words, &words, 10);
    for (char *end; *words; words = end) {
        unsigned long long address = strtoull(words, &end, 0);
        if (end == words)
            break;
        if (count == runner->object_slots) {
            size_t slots = 2 * count + 64;
            void **grown = realloc(runner->objects, slots * sizeof *grown);
            if (!grown)
                return fail("frame", "out of memory");
            runner->objects = grown;
            runner->object_slots = slots;
        }
        runner->objects[count++] = (void *)(uintptr_t)address;
    }
    runner->harness.objects = runner->objects;
    return molt_reload_frame(runner->reload) || fail("frame", "the game ends");
}

static bool dump_to(const Runner *runner, const char *name)
{
    char *text = dump(runner);
    bool good = text && write_text(runner, name, ".json", text);
    free(text);
    return good;
}

/* `library` is NULL where the code comes from the history. */
static bool reload(Runner *runner, const char *library, int32_t steps, const char *name)
{
    MoltReloadEvent event;
    char *before = dump(runner), *after = NULL;
    bool good = false;
    MoltHash digest = molt_heap_digest(molt_reload_heap(runner->reload));
    if (!before || (library && !put_library(runner, library)))
        goto out;
    if (library)
        molt_reload_force(runner->reload, &event);
    else if (!molt_reload_step(runner->reload, steps, &event)) {
        fail("step", "there is no such generation");
        goto out;
    }
    printf("outcome %s\n", event.outcome);
    if (event.kind != MOLT_EVENT_RELOADED)
        printf("detail %s: %s\n", event.headline, event.detail);
    after = dump(runner);
    if (!after || !write_text(runner, name, ".report.json", event.report_json))
        goto out;
    if (event.kind != MOLT_EVENT_RELOADED) {
        MoltHash now = molt_heap_digest(molt_reload_heap(runner->reload));
        if (memcmp(&now, &digest, sizeof now) != 0 || strcmp(before, after) != 0) {
            fail("refusal", "the state is not bit-identical");
            goto out;
        }
    }
    good = true;
out:
    free(before);
    free(after);
    return good;
}

static bool obey(Runner *runner, char *line)
{
    char *words = NULL, *first, *second;
    const char *order = strtok_r(line, " \n", &words);
    if (!order)
        return fail("order", "empty");
    if (strcmp(order, "frame") == 0)
        return frame(runner, words);
    first = strtok_r(NULL, " \n", &words);
    second = strtok_r(NULL, " \n", &words);
    if (strcmp(order, "dump") == 0 && first)
        return dump_to(runner, first);
    if (strcmp(order, "start") == 0 && second)
        return start(runner, first, second);
    if (strcmp(order, "reload") == 0 && second)
        return reload(runner, first, 0, second);
    if (strcmp(order, "step") == 0 && second)
        return reload(runner, NULL, (int32_t)strtol(first, NULL, 10), second);
    return fail(order, "no such order");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: programs-runner FOLDER\n");
        return 2;
    }
    Runner runner = {.folder = argv[1]};
    runner.harness.api = (MoltPlatformApi){.size = sizeof(MoltPlatformApi),
                                           .version = MOLT_PLATFORM_VERSION,
                                           .frame = zero,
                                           .seed = zero,
                                           .log = log_line};
    snprintf(runner.library, sizeof runner.library, "%s/game.so", runner.folder);
    char *line = NULL;
    size_t size = 0;
    int result = 0;
    while (result == 0 && getline(&line, &size, stdin) > 0) {
        result = obey(&runner, line) ? 0 : 1;
        puts(result == 0 ? "done" : "failed");
        fflush(stdout);
    }
    stop(&runner);
    free(runner.objects);
    free(line);
    return result;
}
