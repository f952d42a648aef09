/* Runs one edit twice, once with the state in memory and once through a snapshot file, and compares
 * what comes of it: outcome, state, and what a frame of the new code says of that. Prints "through-file
 * same" or what came of each; then the dumps are in MEMORY.json and FILE.json. Exit 0 when both could be
 * run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "molt/reload.h"

typedef struct Result {
    const char *outcome;
    char *dump; /* of the state after it */
    bool holds; /* the next frame of the game was content with that */
    char detail[1000];
} Result;

static void log_line(const MoltPlatformApi *api, const char *text)
{
    (void)api;
    fprintf(stderr, "%s\n", text);
}

static uint64_t zero(const MoltPlatformApi *api)
{
    (void)api;
    return 0;
}

static bool copy_file(const char *from, const char *to)
{
    char buffer[65536];
    size_t got;
    unlink(to);
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    bool good = in && out;
    while (good && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
        good = fwrite(buffer, 1, got, out) == got;
    if (in)
        fclose(in);
    if (out)
        good = fclose(out) == 0 && good;
    return good;
}

static bool run(char **libraries, bool through_file, Result *result)
{
    MoltPlatformApi api = {.size = sizeof api,
                           .version = MOLT_PLATFORM_VERSION,
                           .frame = zero,
                           .seed = zero,
                           .log = log_line};
    const char *work = libraries[2];
    MoltReloadDesc desc = {.library = work,
                           .api = &api,
                           .through_file = through_file,
                           .no_build = true,
                           .no_watch = true};
    MoltReload *reload = NULL;
    MoltReloadEvent event;
    MoltError error = {0};
    size_t length = 0;
    bool good = copy_file(libraries[0], work) &&
                molt_reload_create(&desc, &reload, &error) == MOLT_OK &&
                molt_reload_start(reload, &error) == MOLT_OK && molt_reload_frame(reload) &&
                copy_file(libraries[1], work);
    if (good) {
        molt_reload_force(reload, &event);
        result->outcome = event.outcome;
        snprintf(result->detail, sizeof result->detail, "%s\n%s", event.headline, event.detail);
        good = molt_reload_dump(reload, false, &result->dump, &length, &error) == MOLT_OK;
        result->holds = molt_reload_frame(reload);
        molt_reload_stop(reload);
    }
    if (!good)
        fprintf(stderr, "through_file: %s: %s\n", work, error.text);
    molt_reload_destroy(reload);
    return good;
}

/* What a child leaves for its parent. */
typedef struct Shared {
    Result result;
    bool good;
    char dump[64 << 20]; /* only what is used takes memory */
} Shared;

/* Each in a process of its own, where the libraries lie at the same addresses: bytes may hold some. */
static bool run_alone(char **libraries, bool through_file, Result *result)
{
    Shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        shared->good = run(libraries, through_file, &shared->result) &&
                       strlen(shared->result.dump) < sizeof shared->dump;
        if (shared->good)
            strcpy(shared->dump, shared->result.dump);
        fflush(NULL);
        _exit(0);
    }
    bool good = child > 0 && waitpid(child, NULL, 0) == child && shared->good;
    if (good) {
        *result = shared->result;
        result->dump = strdup(shared->dump);
    }
    munmap(shared, sizeof *shared);
    return good;
}

static bool write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    bool good = file && fputs(text, file) >= 0;
    return file && fclose(file) == 0 && good;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: through_file V1.so V2.so WORK.so MEMORY.json FILE.json\n");
        return 2;
    }
    Result memory = {0}, file = {0};
    bool good = run_alone(argv + 1, false, &memory) && run_alone(argv + 1, true, &file);
    if (good && strcmp(memory.outcome, file.outcome) != 0)
        printf("through-file differs: %s in memory, %s through a file\n%s\n", memory.outcome,
               file.outcome, file.detail);
    else if (good && memory.holds && !file.holds)
        printf("through-file wrong: the game sees another state\n%s\n", file.detail);
    else if (good && strcmp(memory.dump, file.dump) != 0)
        printf("through-file differs\n%s\n", file.detail);
    else if (good)
        printf("through-file same\n");
    good = good && write_text(argv[4], memory.dump) && write_text(argv[5], file.dump);
    free(memory.dump);
    free(file.dump);
    return good ? 0 : 1;
}
