#include "recovery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <molt/plain_memory.h>

#include "called_function.h"
#include "clock.h"
#include "crash_words.h"
#include "game_timers.h"
#include "runner.h"
#include "thread_moment.h"
#include "transaction.h"

#define PROBATION 60u
/* Of play: a frame counts for as long as it took, within limits, so that a process that stood still is not
 * taken for one that played. */
#define PROBATION_NS (2000 * MOLT__MILLISECOND)
#define PROBATION_FRAME_NS (500 * MOLT__MILLISECOND)
#define CHECKPOINT_MS 1000u
#define HANG_MS 5000u
/* A checkpoint may take a hundredth of the time: what takes longer is made less often. */
#define CHECKPOINT_SHARE 100
/* How long threads are waited for: before the first checkpoint, as nothing can be gone back to; before
 * others, of which one may be left out; after a crash, as it is all that keeps the process. */
#define FIRST_REST_NS (500 * MOLT__MILLISECOND)
#define REST_NS (2 * MOLT__MILLISECOND)
#define CRASH_REST_NS (500 * MOLT__MILLISECOND)
#define REST_AGAIN_NS (100 * MOLT__MILLISECOND)

enum { STRETCHES = 1024, STRETCHES_AHEAD = 8 };

/* Parts of the state that a reload writes in place. */
typedef struct Stretches {
    struct {
        uintptr_t begin, end;
    } items[STRETCHES];
    uint32_t count;
} Stretches;

/* Invariant: while `previous` is not NULL, the checkpoint is of its state. */
struct MoltRecovery {
    MoltRecoveryDesc desc;
    MoltHeap *heap;
    MoltGuard *guard;
    MoltRestart *restart; /* NULL: not wanted */
    MoltCheckpoint *checkpoint;
    MoltThreadMoment threads; /* of the checkpoint */
    bool stopped;             /* the checkpoint is of a state as begin_reload() left it */
    bool due;                 /* at once */
    uint64_t next_ns;         /* else by this clock */
    uint64_t again_ns;        /* not before, as some thread did not rest */
    uint64_t taken_ns;        /* when the last one was made; 0: none was */
    uint64_t cost_ns;
    uint64_t fork_ns; /* of the process that wrote its files; 0: none did */
    uint64_t frames;  /* since then */
    MoltLibrary *previous;
    uint32_t previous_generation, frames_left;
    uint64_t play_left_ns, played_ns; /* of the probation; when the last frame was counted */
    bool unwritten;                   /* no files of the state before the swap are begun yet */
    void *host_then; /* the host's bytes of the checkpoint; NULL: there are none */
    Stretches last, now; /* what the last reload wrote, as the next one will; what this one does */
    uint32_t seen;       /* of `last`, by this one */
    char headline[512], detail[4096];
};

static uint32_t or_default(uint32_t value, uint32_t preset)
{
    return value != 0 ? value : preset;
}

MoltRecoveryDesc molt__recovery_describe(const MoltReloadDesc *desc)
{
    return (MoltRecoveryDesc){
        .wanted = desc->guard,
        .probation = or_default(desc->probation, PROBATION),
        .every_ns = or_default(desc->checkpoint_ms, CHECKPOINT_MS) * MOLT__MILLISECOND,
        .hang_ns = desc->no_watchdog ? 0 : or_default(desc->hang_ms, HANG_MS) * MOLT__MILLISECOND,
        .threads = desc->threads,
        .restart = desc->restart,
        .kept = desc->kept,
        .host = desc->host,
        .host_size = desc->host_size,
        .fault = desc->fault,
        .fault_context = desc->fault_context,
        .dying = desc->dying,
        .dying_context = desc->dying_context,
    };
}

/* The heap tells of misuse from a function that the game called, and holds no lock then. */
static void on_fault(void *context, const char *text)
{
    const MoltRecovery *recovery = context;
    molt__guard_misuse(recovery->guard, text);
    if (recovery->desc.fault != NULL) {
        recovery->desc.fault(recovery->desc.fault_context, text);
    }
}

MoltStatus molt__recovery_open(const MoltRecoveryDesc *desc, const char *directory, MoltHeap *heap,
                               MoltRecovery **out, MoltError *error)
{
    if (!desc->wanted) {
        return MOLT_OK;
    }
    MoltRecovery *recovery = calloc(1, sizeof *recovery);
    if (recovery == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for recovery from crashes.");
    }
    recovery->desc = *desc;
    recovery->heap = heap;
    recovery->due = true;
    MoltGuardDesc guard = {
        .hang_ns = desc->hang_ns, .dying = desc->dying, .dying_context = desc->dying_context};
    MoltStatus status =
        molt_checkpoint_create(MOLT_CHECKPOINT_TRACKED, NULL, &recovery->checkpoint, error);
    if (status == MOLT_OK && desc->host_size > 0 &&
        (recovery->host_then = malloc(desc->host_size)) == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for recovery from crashes.");
    }
    if (status == MOLT_OK && desc->restart != NULL) {
        const MoltRestartDesc restart = {.directory = directory,
                                         .command = desc->restart,
                                         .threads = desc->threads,
                                         .lock = desc->lock,
                                         .kept = desc->kept};
        status = molt__restart_create(&restart, &recovery->restart, error);
        guard.last_resort = molt__restart_now;
        guard.context = recovery->restart;
    }
    if (status == MOLT_OK) {
        status = molt__guard_create(&guard, &recovery->guard, error);
    }
    if (status != MOLT_OK) {
        molt__recovery_close(recovery);
        return status;
    }
    molt_heap_set_fault(heap, on_fault, recovery);
    molt__threads_watch(desc->threads, desc->hang_ns);
    *out = recovery;
    return MOLT_OK;
}

static void end_probation(MoltRecovery *recovery)
{
    molt__held_library_add(recovery->desc.held, recovery->previous);
    recovery->previous = NULL;
    recovery->unwritten = false;
    recovery->frames_left = 0;
}

void molt__recovery_close(MoltRecovery *recovery)
{
    if (recovery == NULL) {
        return;
    }
    molt__threads_watch(recovery->desc.threads, 0);
    molt_heap_set_fault(recovery->heap, recovery->desc.fault, recovery->desc.fault_context);
    molt__guard_destroy(recovery->guard);
    molt__restart_destroy(recovery->restart);
    molt_checkpoint_free(recovery->checkpoint);
    molt__thread_moment_clear(&recovery->threads);
    end_probation(recovery);
    free(recovery->host_then);
    free(recovery);
}

void molt__recovery_renounce(MoltRecovery *recovery)
{
    if (recovery != NULL) {
        molt__guard_renounce(recovery->guard);
        molt__restart_destroy(recovery->restart);
        recovery->restart = NULL;
    }
}

uint64_t molt__recovery_cost_ns(const MoltRecovery *recovery)
{
    return recovery->cost_ns + recovery->fork_ns;
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

static bool has_own_threads(const MoltRecovery *recovery)
{
    uintptr_t function;
    return recovery->desc.game_threads != NULL &&
           molt__game_threads_live(recovery->desc.game_threads, 0, 0, &function);
}

/* Code of the game that runs, or may any moment, and that nobody brings to rest for long. */
static bool has_own_code(const MoltRecovery *recovery)
{
    uintptr_t function;
    return has_own_threads(recovery) || molt__game_timers_live(0, 0, 0, &function);
}

/* Nobody but the caller runs code of the game, until molt_threads_go_on. */
static bool rest(const MoltRecovery *recovery, uint64_t wait_ns)
{
    return !has_own_code(recovery) && molt__threads_rest_within(recovery->desc.threads, wait_ns);
}

/* For as long as a checkpoint takes, until go_on_after_checkpoint: calls of timers can wait for that, too. */
static bool rest_for_checkpoint(const MoltRecovery *recovery, uint64_t wait_ns)
{
    if (has_own_threads(recovery) || !molt__game_timers_rest(wait_ns)) {
        return false;
    }
    bool rests = molt__threads_rest_within(recovery->desc.threads, wait_ns);
    if (!rests) {
        molt__game_timers_go_on();
    }
    return rests;
}

static void go_on_after_checkpoint(const MoltRecovery *recovery)
{
    molt_threads_go_on(recovery->desc.threads);
    molt__game_timers_go_on();
}

static void wait_for_next(MoltRecovery *recovery)
{
    uint64_t wait = (recovery->cost_ns + recovery->fork_ns) * CHECKPOINT_SHARE;
    recovery->next_ns =
        recovery->taken_ns + (wait > recovery->desc.every_ns ? wait : recovery->desc.every_ns);
}

/* All rest. Without memory the moment before stays the one to go back to, and the next frame tries again. */
static bool take(MoltRecovery *recovery, MoltHeap *heap, bool stopped)
{
    uint64_t start = molt__clock_ns();
    MoltThreadMoment threads = {0};
    if (!molt__thread_moment_take(&threads, recovery->desc.threads)) {
        return false;
    }
    if (molt_checkpoint_take(recovery->checkpoint, heap, NULL) != MOLT_OK) {
        molt__thread_moment_clear(&threads);
        return false;
    }
    molt__thread_moment_clear(&recovery->threads);
    recovery->threads = threads;
    if (recovery->host_then != NULL) {
        memcpy(recovery->host_then, recovery->desc.host, recovery->desc.host_size);
    }
    recovery->stopped = stopped;
    recovery->taken_ns = molt__clock_ns();
    recovery->cost_ns = recovery->taken_ns - start;
    recovery->fork_ns = 0;
    wait_for_next(recovery);
    recovery->frames = 0;
    recovery->due = false;
    return true;
}

/* In the child. */
static bool go_back_there(void *context)
{
    MoltRecovery *recovery = context;
    return molt_checkpoint_restore(recovery->checkpoint, recovery->heap, NULL) == MOLT_OK;
}

/* Of the checkpoint, which the child has and not the heap: `state` says what differs between one of now and
 * one from before a swap. */
static bool write_state(MoltRecovery *recovery, MoltRestartState *state)
{
    if (recovery->restart == NULL || molt__guard_is_traced()) {
        return true;
    }
    state->heap = recovery->heap;
    state->go_back = go_back_there;
    state->context = recovery;
    state->host = recovery->host_then;
    state->host_size = recovery->desc.host_size;
    state->taken_ns = recovery->taken_ns;
    state->frames = molt__restart_work(recovery->restart)->frames - recovery->frames;
    bool begun = false;
    if (!molt__restart_writes(recovery->restart)) {
        molt_checkpoint_before_fork(recovery->checkpoint, recovery->heap);
        begun = molt__restart_write(recovery->restart, state);
        molt_checkpoint_after_fork(recovery->checkpoint, recovery->heap);
    }
    recovery->fork_ns = molt__restart_cost_ns(recovery->restart);
    wait_for_next(recovery);
    return begun;
}

static void write_files(MoltRecovery *recovery, const MoltRunning *running)
{
    MoltRestartState state = {.library = running->library, .stopped = running->stopped};
    write_state(recovery, &state);
}

/* Of the old code and the state before the swap: that is what a crash in probation goes back to, in a new
 * process too. The fork comes after the swap: its time is not the pause's, and no page that the swap writes,
 * the library's variables and the host's own, is shared then. */
static void write_before_swap(MoltRecovery *recovery)
{
    MoltRestartState state = {
        .library = recovery->previous, .stopped = recovery->stopped, .threads = &recovery->threads};
    if (write_state(recovery, &state)) {
        recovery->unwritten = false;
    }
}

static void take_by_time(MoltRecovery *recovery, const MoltRunning *running)
{
    uint64_t now = molt__clock_ns();
    bool due = recovery->due || now >= recovery->next_ns;
    bool first = recovery->taken_ns == 0 && recovery->again_ns == 0;
    bool waits = recovery->previous != NULL;
    if (waits && recovery->unwritten && recovery->restart != NULL &&
        molt__restart_writes(recovery->restart)) {
        return;
    }
    if ((waits ? !recovery->unwritten : !due) || now < recovery->again_ns) {
        return;
    }
    if (!rest_for_checkpoint(recovery, first ? FIRST_REST_NS : REST_NS)) {
        recovery->again_ns = molt__clock_ns() + REST_AGAIN_NS;
        return;
    }
    if (waits) {
        write_before_swap(recovery);
    } else if (take(recovery, running->heap, running->stopped)) {
        write_files(recovery, running);
    }
    go_on_after_checkpoint(recovery);
}

void molt__recovery_reset(MoltRecovery *recovery)
{
    if (recovery == NULL) {
        return;
    }
    end_probation(recovery);
    molt_checkpoint_forget(recovery->checkpoint);
    recovery->due = true;
}

/* ---- reloads --------------------------------------------------------------------------------- */

/* The pages of pointers into the library, which every reload writes: here and not in its pause. */
static void expect_writes(MoltRecovery *recovery)
{
    uint64_t start = molt__clock_ns();
    for (uint32_t i = 0; i < recovery->last.count; i++) {
        molt_checkpoint_expect(recovery->checkpoint, recovery->last.items[i].begin,
                               recovery->last.items[i].end);
    }
    recovery->cost_ns += molt__clock_ns() - start;
}

void molt__recovery_before_swap(MoltRecovery *recovery, MoltHeap *heap, bool stopped)
{
    if (recovery == NULL) {
        return;
    }
    end_probation(recovery);
    if (has_own_code(recovery) || !take(recovery, heap, stopped)) {
        molt__recovery_reset(recovery);
        return;
    }
    expect_writes(recovery);
}

void molt__recovery_stopped(MoltRecovery *recovery, MoltHeap *heap)
{
    if (recovery == NULL) {
        return;
    }
    uint64_t before = recovery->cost_ns;
    if (has_own_code(recovery) || !take(recovery, heap, true)) {
        molt__recovery_reset(recovery);
        return;
    }
    expect_writes(recovery);
    recovery->cost_ns += before;
}

/* Those of the last reload come in the same order, and each was expected before the pause: the call for it
 * costs as much as a fault or two. */
static void expect(void *context, uintptr_t begin, uintptr_t end)
{
    MoltRecovery *recovery = context;
    const Stretches *last = &recovery->last;
    Stretches *now = &recovery->now;
    uint32_t i = recovery->seen, end_of_look = i + STRETCHES_AHEAD;
    end_of_look = end_of_look < last->count ? end_of_look : last->count;
    while (i < end_of_look && !(begin >= last->items[i].begin && end <= last->items[i].end)) {
        i++;
    }
    if (i < end_of_look) {
        recovery->seen = i + 1;
    } else {
        molt_checkpoint_expect(recovery->checkpoint, begin, end);
    }
    if (now->count < STRETCHES) {
        now->items[now->count].begin = begin;
        now->items[now->count++].end = end;
    }
}

MoltLookout *molt__recovery_lookout(MoltRecovery *recovery, MoltHeap *heap)
{
    return recovery != NULL ? molt_lookout_begin(heap, recovery->checkpoint, MOLT_LOOKOUT_LEAST)
                            : NULL;
}

void molt__recovery_before_commit(MoltRecovery *recovery, const MoltMigration *migration)
{
    if (recovery != NULL && molt_checkpoint_cost(recovery->checkpoint).tracked) {
        recovery->now.count = recovery->seen = 0;
        molt_migrate_stretches(migration, expect, recovery);
        recovery->last = recovery->now;
    }
}

bool molt__recovery_swapped(MoltRecovery *recovery, MoltHeap *heap, MoltLibrary *old,
                            uint32_t generation)
{
    if (recovery == NULL) {
        return false;
    }
    if (recovery->desc.probation == 0 || !molt_checkpoint_fits(recovery->checkpoint, heap)) {
        molt__recovery_reset(recovery);
        return false;
    }
    recovery->previous = old;
    recovery->previous_generation = generation;
    recovery->frames_left = recovery->desc.probation;
    recovery->play_left_ns = PROBATION_NS;
    recovery->played_ns = molt__clock_ns();
    recovery->unwritten = true;
    write_before_swap(recovery);
    return true;
}

void molt__recovery_runs(MoltRecovery *recovery, const MoltLibrary *library)
{
    if (recovery != NULL) {
        molt__guard_image(recovery->guard, library->begin, library->end, library->copy,
                          library->base);
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

/* `missing`: lines that say what did not come back; "". */
static void describe(MoltRecovery *recovery, const MoltCrash *crash, const MoltCodePlace *places,
                     const char *where, const char *missing)
{
    char what[400];
    molt__crash_write(crash, places, what, sizeof what);
    snprintf(recovery->headline, sizeof recovery->headline, "crashed%s%s",
             strncmp(what, "in ", 3) == 0 || strncmp(what, "on ", 3) == 0 ? " " : ": ", what);
    snprintf(recovery->detail, sizeof recovery->detail,
             "%s; the game stands still until new code comes: save a corrected source.\n%s%s", where, missing,
             missing[0] != 0 ? "\n" : "");
    molt__crash_write_calls(crash, places, recovery->detail, sizeof recovery->detail);
}

static void say_where(const MoltRecovery *recovery, char *text, size_t size)
{
    if (recovery->previous != NULL) {
        snprintf(text, size, "Back to generation %" PRIu32 " and the state before the reload",
                 recovery->previous_generation);
    } else {
        snprintf(text, size, "Back to the state of %.1f s before",
                 (double)(molt__clock_ns() - recovery->taken_ns) / 1e9);
    }
}

static void describe_here(MoltRecovery *recovery, const MoltLibrary *library,
                          const MoltCrash *crash)
{
    MoltCodePlace places[MOLT__CRASH_FRAMES];
    char where[100];
    molt__code_places(library->copy, library->base, library->symbols, crash->frames,
                      crash->frame_count, places);
    say_where(recovery, where, sizeof where);
    describe(recovery, crash, places, where, "");
}

MoltRestartWork *molt__recovery_work(const MoltRecovery *recovery)
{
    return recovery != NULL && recovery->restart != NULL ? molt__restart_work(recovery->restart)
                                                         : NULL;
}

bool molt__recovery_problem(MoltRecovery *recovery, char *text, size_t size)
{
    return recovery != NULL && recovery->restart != NULL &&
           molt__restart_problem(recovery->restart, text, size);
}

bool molt__recovery_newest(const MoltRecovery *recovery, char path[MOLT__RESTART_PATH])
{
    return recovery != NULL && recovery->restart != NULL &&
           molt__restart_newest(recovery->restart, path);
}

/* The panel may show no more than the first part of a line, which therefore says how far. */
static void say_how_far(const MoltLeft *left, char *text, size_t size)
{
    const MoltRestartMoment *moment = &left->moment;
    char built[40] = "";
    struct tm local;
    time_t seconds = (time_t)moment->built;
    double ago = left->crash_ns > moment->taken_ns ? (double)(left->crash_ns - moment->taken_ns) / 1e9 : 0;
    if (localtime_r(&seconds, &local) != NULL) {
        (void)strftime(built, sizeof built, ", with the code of %H:%M:%S", &local);
    }
    snprintf(text, size,
             "Back to the state of %.1f s before (%" PRIu64 " frames)%s: the host started again with its "
             "last checkpoint, as the crash could not be ended safely",
             ago, left->work.frames - moment->frames, built);
}

void molt__recovery_left(MoltRecovery *recovery, const MoltRunning *running, const MoltLeft *left,
                         const char *missing, MoltRecovered *recovered)
{
    MoltCodePlace places[MOLT__CRASH_FRAMES];
    MoltCrash crash = left->crash;
    char where[300];
    const char *file = crash.file[0] != 0 ? crash.file : left->file;
    uint64_t base = crash.file[0] != 0 ? crash.base : left->base;
    molt__code_places(file, base, NULL, crash.frames, crash.frame_count, places);
    if (crash.outside && crash.frame_count > 0) {
        molt__called_function(file, base, crash.frames[0], crash.called, sizeof crash.called);
    }
    say_how_far(left, where, sizeof where);
    describe(recovery, &crash, places, where, missing);
    *recovered = (MoltRecovered){.headline = recovery->headline, .detail = recovery->detail};
    if (recovery->restart != NULL) {
        molt__restart_go_on(recovery->restart, left);
    }
    if (take(recovery, running->heap, running->stopped)) {
        write_files(recovery, running);
    }
}

/* ---- going back ------------------------------------------------------------------------------ */

/* The state is what a crash left, or others still work on it: nothing can go on with it. */
static _Noreturn void give_up(const MoltRecovery *recovery, const MoltCrash *crash)
{
    if (recovery->restart != NULL) {
        molt__restart_now(recovery->restart, crash);
    }
    abort();
}

/* All rest. The crashed code's schema and variables may go once this has succeeded. */
static bool go_back(MoltRecovery *recovery, MoltRunning *running, MoltRecovered *recovered)
{
    MoltLibrary *back = recovery->previous != NULL ? recovery->previous : running->library;
    if (molt_checkpoint_restore(recovery->checkpoint, running->heap, NULL) != MOLT_OK ||
        molt_heap_set_call_sites(running->heap, back->call_sites) != MOLT_OK ||
        !molt__thread_moment_restore(&recovery->threads, recovery->desc.threads)) {
        return false;
    }
    running->state = molt_heap_root(running->heap, molt__state_root(back->schema));
    running->stopped = recovery->stopped;
    *recovered = (MoltRecovered){
        .headline = recovery->headline, .detail = recovery->detail, .frames = recovery->frames};
    recovery->frames = 0;
    if (recovery->previous != NULL) {
        recovered->crashed = running->library;
        running->library = back;
        running->generation = recovery->previous_generation;
        recovery->previous = NULL;
        recovery->unwritten = false;
        recovery->frames_left = 0;
    }
    recovery->due = true; /* of the same moment, but not of one that is in probation */
    return true;
}

void molt__recovery_undo(MoltRecovery *recovery, MoltHeap *heap)
{
    const MoltCrash unknown = {.kind = MOLT_CRASH_MISUSE, .text = "begin_reload() crashed"};
    if (molt_checkpoint_restore(recovery->checkpoint, heap, NULL) != MOLT_OK ||
        !molt__thread_moment_restore(&recovery->threads, recovery->desc.threads)) {
        give_up(recovery, &unknown);
    }
}

void molt__recovery_go_back(MoltRecovery *recovery, MoltRunning *running, const char *what,
                            MoltRecovered *recovered)
{
    MoltCrash unknown = {.kind = MOLT_CRASH_MISUSE};
    char where[100];
    snprintf(unknown.text, sizeof unknown.text, "%.190s", what);
    say_where(recovery, where, sizeof where);
    snprintf(recovery->headline, sizeof recovery->headline, "%s", what);
    snprintf(recovery->detail, sizeof recovery->detail,
             "%s; the game stands still until new code comes: save a corrected source.\n", where);
    if (!rest(recovery, CRASH_REST_NS) || !go_back(recovery, running, recovered)) {
        give_up(recovery, &unknown);
    }
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void count_probation(MoltRecovery *recovery)
{
    if (recovery->previous == NULL) {
        return;
    }
    uint64_t now = molt__clock_ns(), took = now - recovery->played_ns;
    took = took < PROBATION_FRAME_NS ? took : PROBATION_FRAME_NS;
    took = took < recovery->play_left_ns ? took : recovery->play_left_ns;
    recovery->played_ns = now;
    recovery->play_left_ns -= took;
    if (--recovery->frames_left == 0 || recovery->play_left_ns == 0) {
        end_probation(recovery);
        recovery->due = true;
    }
}

bool molt__recovery_frame(MoltRecovery *recovery, MoltRunning *running, bool *result,
                          MoltRecovered *recovered)
{
    MoltCrash crash;
    const MoltLibrary *library = running->library;
    MoltGuardedCall call = {.begin = library->begin,
                            .end = library->end,
                            .file = library->copy,
                            .base = library->base,
                            .loop = library->main_loop,
                            .state = running->state};
    if (recovery->restart != NULL) {
        molt__restart_running(recovery->restart, library);
    }
    take_by_time(recovery, running);
    if (molt__guard_call(recovery->guard, &call, &crash)) {
        *result = call.going;
        recovery->frames++;
        if (recovery->restart != NULL) {
            molt__restart_work(recovery->restart)->frames++;
        }
        count_probation(recovery);
        return true;
    }
    describe_here(recovery, library, &crash);
    /* Others may have been in a step, and go on with it on a state that will not be: what they do until
     * they rest is undone. Who does not come to rest keeps the process from going on. */
    if (!rest(recovery, CRASH_REST_NS) || !go_back(recovery, running, recovered)) {
        give_up(recovery, &crash);
    }
    return false;
}

void molt__recovery_turn(MoltRecovery *recovery, MoltThreads *threads)
{
    if (threads == NULL) {
        return;
    }
    if (recovery != NULL) {
        molt__guard_watch(recovery->guard, true);
    }
    molt_threads_turn(threads);
    if (recovery != NULL) {
        molt__guard_watch(recovery->guard, false);
    }
}
