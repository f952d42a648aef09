/* What a frame of the sample game takes with Molt, and built as one plain executable: user time, in pairs
 * of processes, so that what disturbs the machine disturbs both. */
#include "benches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <molt/reload.h>

#include "stage.h"

int bench_play(const char *game, const char *before_text, const char *frames_text, bool guard)
{
    static char name[] = "molt-bench", *command[] = {name, NULL};
    MoltReload *reload = NULL;
    MoltReloadEvent event;
    MoltError error = {.text = ""};
    const MoltReloadDesc desc = {.library = game,
                                 .api = &bench_stage,
                                 .no_build = true,
                                 .guard = guard,
                                 .restart = guard ? command : NULL};
    unsigned long before = strtoul(before_text, NULL, 10), frames = strtoul(frames_text, NULL, 10);
    uint64_t started = 0;
    bench_stage_now.visible = true;
    bool ok = molt_reload_create(&desc, &reload, &error) == MOLT_OK &&
              molt_reload_start(reload, &error) == MOLT_OK;
    for (unsigned long i = 0; ok && i < before + frames; i++) {
        if (i == before)
            started = bench_user_time();
        while (molt_reload_poll(reload, &event))
            ok = ok && event.kind != MOLT_EVENT_CRASHED;
        ok = molt_reload_frame(reload) && ok;
        bench_stage_now.frames++;
    }
    uint64_t taken = bench_user_time() - started;
    if (ok) {
        printf("%llu\n", (unsigned long long)taken);
        molt_reload_stop(reload);
    } else {
        fprintf(stderr, "molt-bench: %s\n", error.text);
    }
    molt_reload_destroy(reload);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* *out is what the program prints. */
static bool run(char *const *command, uint64_t *out)
{
    int ends[2], status = 0;
    char text[32] = "";
    if (pipe(ends) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        execv(command[0], command);
        _exit(EXIT_FAILURE);
    }
    close(ends[1]);
    FILE *file = fdopen(ends[0], "r");
    bool ok = child > 0 && file && fgets(text, sizeof text, file);
    if (file)
        fclose(file);
    ok = child > 0 && waitpid(child, &status, 0) == child && ok;
    *out = strtoull(text, NULL, 10);
    return ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

typedef struct Pairs {
    Samples ours, plain;
} Pairs;

/* Which of the two goes first alternates, too. */
static bool run_pair(char *const *ours, char *const *plain, int round, Pairs *pairs)
{
    uint64_t taken[2] = {0, 0};
    for (int turn = 0; turn < 2; turn++) {
        int side = (turn + round) % 2;
        if (!run(side == 0 ? ours : plain, &taken[side]))
            return false;
    }
    bench_sample(&pairs->ours, taken[0] + 1); /* the clock may be too coarse for few frames */
    bench_sample(&pairs->plain, taken[1] + 1);
    return true;
}

bool bench_frame(Table *table, const char *game, const char *plain, uint32_t before,
                 uint32_t frames, int rounds)
{
    static const char *const names[] = {"a frame of the game, checkpoints off",
                                        "a frame of the game, with checkpoints"};
    char self[4096], library[4096], program[4096], skip[16], number[16];
    static char play[] = "--play", guarded[] = "guard", bare[] = "bare";
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return false;
    self[length] = '\0';
    snprintf(library, sizeof library, "%s", game);
    snprintf(program, sizeof program, "%s", plain);
    snprintf(skip, sizeof skip, "%u", before);
    snprintf(number, sizeof number, "%u", frames);
    char *theirs[] = {program, skip, number, NULL};
    for (int guard = 0; guard < 2; guard++) {
        char *ours[] = {self, play, library, skip, number, guard ? guarded : bare, NULL};
        Pairs pairs = {.ours = {.count = 0}, .plain = {.count = 0}};
        for (int round = 0; round < rounds; round++) {
            if (!run_pair(ours, theirs, round, &pairs)) {
                fputs("molt-bench: the game did not play\n", stderr);
                return false;
            }
        }
        bench_add(table, names[guard], &pairs.ours, "the same as one plain executable",
                  &pairs.plain, (double)frames, guard ? 0 : 1.03);
        bench_pairs(table, &pairs.ours, &pairs.plain);
    }
    return true;
}
