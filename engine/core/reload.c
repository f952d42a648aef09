#include "reload_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <molt/heap_room.h>

#include "clock.h"
#include "first_load.h"
#include "game_signals.h"
#include "game_timers.h"
#include "guarded_calls.h"
#include "kept_file.h"
#include "rest.h"

#define RETRY_NS (50 * MOLT__MILLISECOND)
#define PATIENCE_NS (2000 * MOLT__MILLISECOND) /* for a library that stays incomplete */

enum { HISTORY = 8, HISTORY_MOST = 1000 };

/* ---- setting up ---------------------------------------------------------------------------- */

static MoltStatus copy_paths(MoltReload *reload, const MoltReloadDesc *desc, MoltError *error)
{
    reload->library = strdup(desc->library);
    if (desc->manifest != NULL) {
        reload->manifest = strdup(desc->manifest);
    } else {
        size_t size = strlen(desc->library) + sizeof ".molt";
        reload->manifest = malloc(size);
        if (reload->manifest != NULL) {
            snprintf(reload->manifest, size, "%s.molt", desc->library);
        }
    }
    reload->trial = desc->trial != NULL ? strdup(desc->trial) : NULL;
    return reload->library != NULL && reload->manifest != NULL &&
                   (reload->trial != NULL || desc->trial == NULL)
               ? MOLT_OK
               : molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to set up reloading.");
}

MoltStatus molt_reload_create(const MoltReloadDesc *desc, MoltReload **out, MoltError *error)
{
    MoltReload *reload = calloc(1, sizeof *reload);
    if (reload == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to set up reloading.");
    }
    reload->api = desc->api;
    reload->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); /* without it nothing is noticed early */
    reload->threads = desc->threads;
    reload->policy = desc->policy;
    reload->missing_functions = desc->missing_functions;
    reload->hooks = desc->hooks;
    reload->steps = desc->steps;
    reload->no_build = desc->no_build;
    reload->no_resident = desc->no_resident;
    reload->synchronous = desc->synchronous;
    reload->through_file = desc->through_file;
    reload->load_live = desc->load_live;
    reload->converters = desc->converters;
    reload->heap_desc = desc->heap;
    reload->heap_desc.base = 0; /* where pointers in files are right as they are */
    if (desc->heap.allocator != NULL) {
        reload->heap_allocator = *desc->heap.allocator;
        reload->heap_desc.allocator = &reload->heap_allocator;
    }
    MoltStatus status = copy_paths(reload, desc, error);
    if (status == MOLT_OK) {
        status = molt__private_folder_make(&reload->folder, error);
    }
    if (status == MOLT_OK && desc->resume == NULL) { /* it would cost time that somebody waits for */
        molt__private_folder_sweep(&reload->folder);
    }
    if (status == MOLT_OK) {
        status = molt_heap_create(&desc->heap, &reload->heap, error);
    }
    if (status == MOLT_OK) {
        status = molt__game_threads_create(&reload->game_threads, error);
    }
    if (status == MOLT_OK) {
        uint32_t most = desc->history == 0 ? HISTORY : desc->history;
        most = most < HISTORY_MOST ? most : HISTORY_MOST;
        status = molt__history_init(&reload->history, desc->no_history ? 0 : most, error);
    }
    if (status == MOLT_OK && desc->fault != NULL) {
        molt_heap_set_fault(reload->heap, desc->fault, desc->fault_context);
    }
    reload->guarding = molt__recovery_describe(desc);
    reload->guarding.game_threads = reload->game_threads;
    reload->guarding.held = &reload->held;
    reload->guarding.lock = reload->folder.lock;
    reload->resume = desc->resume;
    reload->host = desc->host;
    reload->host_size = desc->host_size;
    if (status == MOLT_OK) {
        status = molt__reload_watch(reload, desc, error);
    }
    if (status != MOLT_OK) {
        molt_reload_destroy(reload);
        return status;
    }
    *out = reload;
    return MOLT_OK;
}

/* The code that has just become current is a new generation, or one that ran before. */
static void count_generation(MoltReload *reload, int32_t steps)
{
    if (steps != 0) {
        molt__history_go(&reload->history, steps);
        reload->generation = molt__history_look(&reload->history, 0)->number;
        /* the file stays the newer code's, which is not to come back by itself */
        reload->tried = molt__file_stamp(reload->library);
    } else {
        reload->generation = ++reload->generations;
        reload->tried = (MoltFileStamp){0};
        /* without a file of it there is only no way back to it */
        (void)molt__history_add(&reload->history, reload->generation, reload->current->copy,
                                reload->folder.path, NULL);
    }
    molt__reload_note_generations(reload);
}

MoltStatus molt_reload_start(MoltReload *reload, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    MoltLeft left;
    if (reload->resume != NULL) {
        status = molt__restart_left(reload->resume, &left, error);
    }
    if (status == MOLT_OK) {
        /* no guard is no reason not to run */
        (void)molt__recovery_open(&reload->guarding, reload->folder.path, reload->heap, &reload->recovery,
                                  &reload->guard_problem);
        status = molt__library_open(reload->resume != NULL ? left.library : reload->library,
                                    reload->folder.path, ++reload->copies, reload->trial, &reload->steps,
                                    &reload->current, error);
    }
    if (status == MOLT_OK && reload->resume != NULL) {
        (void)molt__kept_file_types(left.kept_file, reload->current, NULL); /* told when the rest is read */
    }
    if (status == MOLT_OK) {
        reload->current->threads = reload->threads;
        status =
            molt__first_load(reload->current, reload->heap, reload->api, reload->game_threads,
                             &reload->state, error);
    }
    if (status == MOLT_OK) {
        reload->running = true;
        count_generation(reload, 0);
    }
    if (status == MOLT_OK && reload->resume != NULL) {
        status = molt__reload_resume(reload, &left, error);
    }
    return status;
}

/* ---- shutting down ------------------------------------------------------------------------- */

/* A plan refers to the schema of the generation it came from, so it goes first. */
static void retire(MoltReload *reload)
{
    molt__transaction_close(reload->retired_transaction);
    reload->retired_transaction = NULL;
    molt__held_library_add(&reload->held, reload->retired_library);
    reload->retired_library = NULL;
    molt__held_library_look(&reload->held, reload->heap, reload->running ? reload->current : NULL,
                            reload->threads);
    molt__event_clear(&reload->texts);
}

void molt__reload_drop_attempt(MoltReload *reload)
{
    molt__transaction_close(reload->transaction);
    reload->transaction = NULL;
    reload->trims = true;
    if (reload->postponed) {
        molt_threads_ask(reload->threads, false);
        reload->postponed = false;
    }
}

void molt_reload_stop(MoltReload *reload)
{
    if (reload->running) {
        reload->running = false;
        molt__reload_drop_attempt(reload);
        molt__recovery_renounce(reload->recovery);
        if (molt_threads_end(reload->threads)) {
            molt__reload_start_state(reload, reload->frozen && reload->stopped);
            (void)molt__call_shut_down(reload->current, reload->state, &reload->end_problem);
        }
        (void)molt__game_timers_end(MOLT__TIMERS_NS); /* molt_reload_left names who does not return */
    }
}

MoltStatus molt_reload_left(const MoltReload *reload, MoltError *error)
{
    MoltStatus status =
        molt__rest_left(reload->threads, reload->game_threads, reload->current, error);
    return status == MOLT_OK && reload->end_problem.text[0] != 0
               ? molt_error(error, MOLT_REFUSED, "%s", reload->end_problem.text)
               : status;
}

void molt_reload_destroy(MoltReload *reload)
{
    if (reload == NULL) {
        return;
    }
    molt__build_destroy(reload->build);
    molt__resident_destroy(reload->resident);
    free(reload->generator);
    molt__reload_drop_attempt(reload);
    retire(reload);
    molt__watch_destroy(reload->watch);
    molt__source_changes_destroy(reload->changes);
    molt__recovery_reset(reload->recovery);
    molt__recovery_renounce(reload->recovery); /* what closes the library may crash as well */
    (void)molt__game_timers_end(MOLT__TIMERS_NS);
    if (molt_threads_end(reload->threads) &&
        molt__rest_left(reload->threads, reload->game_threads, reload->current, NULL) == MOLT_OK) {
        molt__library_close(reload->current); /* its destructors may free */
        molt__held_library_clear(&reload->held);
        molt__recovery_close(reload->recovery);
        molt_heap_destroy(reload->heap);
    } else {
        molt__recovery_close(reload->recovery);
        molt__held_library_add(&reload->held, reload->current);
        molt__held_library_abandon(&reload->held);
    }
    molt__game_threads_destroy(reload->game_threads);
    molt__history_clear(&reload->history);
    molt__private_folder_remove(&reload->folder);
    molt__cause_clear(&reload->saved);
    molt__cause_clear(&reload->built);
    molt__cause_clear(&reload->loading);
    if (reload->wake >= 0) {
        close(reload->wake);
    }
    free(reload->assets);
    molt__reload_drop_raced(reload);
    free(reload->command);
    free(reload->trial);
    free(reload->library);
    free(reload->manifest);
    free(reload);
}

/* ---- events -------------------------------------------------------------------------------- */

void molt__reload_before(const MoltReload *reload)
{
    if (reload->hooks.before != NULL) {
        reload->hooks.before(reload->hooks.context);
    }
}

void molt__reload_after(const MoltReload *reload, const MoltReloadEvent *event)
{
    if (reload->hooks.after != NULL) {
        reload->hooks.after(reload->hooks.context, event);
    }
}

/* ---- loading ------------------------------------------------------------------------------- */

static MoltStatus begin_attempt(MoltReload *reload, const char *library, bool threaded,
                                MoltError *error)
{
    MoltTransactionDesc desc = {
        .library = library,
        .directory = reload->folder.path,
        .number = ++reload->copies,
        .trial = reload->trial,
        .current = reload->current,
        .threads = reload->threads,
        .game_threads = reload->game_threads,
        .wake = reload->wake,
        .policy = reload->policy,
        .missing_functions = reload->missing_functions,
        .through_file = reload->through_file,
        .steps = reload->steps,
        .heap = reload->heap_desc,
        .state = reload->heap,
        .converters = reload->converters,
        .recovery = reload->recovery,
    };
    molt__reload_note_attempt(reload, library);
    return molt__transaction_start(&desc, threaded, &reload->transaction, error);
}

/* A step did not return in time. The next polls try again once it has, and the game goes on meanwhile:
 * what it does in the step is not to be cut off. */
static void postpone_for_step(MoltReload *reload, uint64_t waited_ns, MoltReloadEvent *out)
{
    reload->postponed = true;
    molt_threads_ask(reload->threads, true);
    *out = molt__event_postponed(&reload->texts, molt_threads_late(reload->threads), waited_ns,
                                 reload->library, &reload->loading);
    out->generation = reload->generation;
}

static void put_in_place(MoltReload *reload, MoltLibrary *next)
{
    bool kept = molt__recovery_swapped(reload->recovery, reload->heap, reload->current,
                                       reload->generation);
    reload->retired_library = kept ? NULL : reload->current;
    reload->current = next;
    molt__recovery_runs(reload->recovery, next);
    reload->stopped = false;
    molt__reload_thaw(reload);
    count_generation(reload, reload->loading.steps);
}

/* What game code did between begin_reload() and end_reload() that it should not. */
static void mind_crashes(MoltReload *reload, const MoltTransactionResult *result)
{
    if (result->begin_crashed) {
        molt__recovery_undo(reload->recovery, reload->heap);
        reload->stopped = true;
    }
    if (result->end_crashed) {
        molt__reload_fall(reload, result->crash.text);
    }
}

/* Keeps the outcome: the new generation is current, or the old one stays. */
static void finish_attempt(MoltReload *reload, MoltReloadEvent *out)
{
    MoltTransaction *transaction = reload->transaction;
    uint64_t start = molt__clock_ns();
    molt__transaction_wait(transaction);
    bool rests = molt__transaction_status(transaction) == MOLT_OK;
    if (rests) {
        start = molt__clock_ns();
        if (!molt_threads_rest(reload->threads)) {
            postpone_for_step(reload, molt__clock_ns() - start, out);
            return;
        }
    }
    uint64_t waited = molt__clock_ns() - start;
    molt__reload_before(reload);
    if (rests) {
        molt__recovery_before_swap(reload->recovery, reload->heap, reload->stopped);
    }
    const MoltTransactionResult *result = molt__transaction_finish(
        transaction, reload->heap, &reload->state, reload->stopped, waited);
    MoltLibrary *next = molt__transaction_take(transaction);
    if (next != NULL) {
        put_in_place(reload, next);
    } else if (reload->loading.steps == 0) {
        reload->tried = result->stamp;
    }
    reload->transaction = NULL;
    molt__reload_drop_attempt(reload);
    reload->retired_transaction = transaction;
    reload->give_up_ns = 0;
    *out = molt__event_attempt(&reload->texts, result, reload->library, &reload->loading);
    out->generation = reload->generation;
    molt__cause_clear(&reload->loading);
    mind_crashes(reload, result);
    molt__reload_after(reload, out);
    if (rests) {
        molt_threads_go_on(reload->threads);
    }
}

/* A file that is still being written is tried again for a while before anybody hears of it. */
static bool postpone(MoltReload *reload)
{
    uint64_t now = molt__clock_ns();
    if (molt__transaction_status(reload->transaction) != MOLT_INCOMPLETE) {
        return false;
    }
    if (reload->give_up_ns == 0) {
        reload->give_up_ns = now + PATIENCE_NS;
    }
    if (now >= reload->give_up_ns) {
        return false;
    }
    molt__transaction_close(reload->transaction);
    reload->transaction = NULL;
    reload->retry_ns = now + RETRY_NS;
    reload->library_touched = true;
    return true;
}

static bool load(MoltReload *reload, MoltReloadEvent *out)
{
    if (reload->postponed && reload->library_touched && !reload->building) {
        MoltFileStamp now = molt__file_stamp(reload->library);
        MoltFileStamp waiting = molt__transaction_stamp(reload->transaction);
        if (!molt__file_stamp_equal(&now, &waiting)) {
            molt__reload_drop_attempt(reload); /* a newer library is there */
        }
    }
    if (reload->postponed && molt_threads_is_late(reload->threads)) {
        return false;
    }
    if (reload->transaction == NULL) {
        bool waiting = reload->give_up_ns != 0 && molt__clock_ns() < reload->retry_ns;
        if (!reload->library_touched || reload->building || waiting) {
            return false;
        }
        reload->library_touched = false;
        if (!molt__reload_library_differs(reload)) {
            molt__cause_clear(&reload->loading);
            return false;
        }
        if (begin_attempt(reload, reload->library, !reload->synchronous, NULL) != MOLT_OK) {
            reload->library_touched = true; /* memory is out: the next frame tries again */
            return false;
        }
    }
    if (!molt__transaction_ready(reload->transaction) || postpone(reload)) {
        return false;
    }
    finish_attempt(reload, out);
    return true;
}

/* ---- polling ------------------------------------------------------------------------------- */

static bool tell_of_held(MoltReload *reload, MoltReloadEvent *out)
{
    char text[sizeof reload->held.text];
    if (!molt__held_library_tell(&reload->held, text, sizeof text)) {
        return false;
    }
    *out = molt__event_held(&reload->texts, text);
    out->generation = reload->generation;
    return true;
}

static bool tell_of_checkpoints(MoltReload *reload, MoltReloadEvent *out)
{
    char text[1000];
    if (!molt__recovery_problem(reload->recovery, text, sizeof text)) {
        return false;
    }
    *out = molt__event_no_checkpoint(&reload->texts, text);
    out->generation = reload->generation;
    return true;
}

/* To whom it may concern, and nothing that has become of a reload. */
static void tell_of_signals(const MoltReload *reload)
{
    char text[400];
    while (molt__game_signals_tell(text, sizeof text)) {
        if (reload->api->log != NULL) {
            reload->api->log(reload->api, text);
        }
    }
}

bool molt_reload_poll(MoltReload *reload, MoltReloadEvent *out)
{
    retire(reload);
    tell_of_signals(reload);
    reload->trims = reload->trims && molt_heap_room_trim(reload->heap);
    *out = molt__event_none(reload->generation);
    if (molt__reload_tell_crash(reload, out)) {
        return true;
    }
    if (!reload->running) {
        return false;
    }
    if (tell_of_held(reload, out) || tell_of_checkpoints(reload, out)) {
        return true;
    }
    if (reload->watch != NULL) {
        molt__reload_take_changes(reload);
    }
    bool told = molt__reload_build(reload, out) || load(reload, out);
    molt__reload_note_work(reload);
    return told;
}

/* Loads a library now, in the place of what is being loaded. */
static void load_now(MoltReload *reload, const char *library, int32_t steps, MoltReloadEvent *out)
{
    MoltError error = {0};
    molt__reload_drop_attempt(reload);
    molt__cause_clear(&reload->loading);
    if (begin_attempt(reload, library, false, &error) == MOLT_OK) {
        reload->loading.steps = steps;
        finish_attempt(reload, out);
    } else {
        out->kind = MOLT_EVENT_LOAD_FAILED;
        out->outcome = "load-failed";
        out->headline = "no memory for a reload";
    }
}

void molt_reload_force(MoltReload *reload, MoltReloadEvent *out)
{
    retire(reload);
    *out = molt__event_none(reload->generation);
    if (reload->running) {
        load_now(reload, reload->library, 0, out);
    }
}

bool molt_reload_step(MoltReload *reload, int32_t steps, MoltReloadEvent *out)
{
    retire(reload);
    *out = molt__event_none(reload->generation);
    const MoltKeptGeneration *kept = molt__history_look(&reload->history, steps);
    if (!reload->running || kept == NULL || steps == 0) {
        return false;
    }
    load_now(reload, kept->path, steps, out);
    return true;
}

/* ---- questions ----------------------------------------------------------------------------- */

MoltHeap *molt_reload_heap(const MoltReload *reload)
{
    return reload->heap;
}

const MoltSchema *molt_reload_schema(const MoltReload *reload)
{
    return reload->generation > 0 ? reload->current->schema : NULL;
}

void *molt_reload_state(const MoltReload *reload)
{
    return reload->state;
}

uint32_t molt_reload_history(const MoltReload *reload, uint32_t *numbers, uint32_t most, uint32_t *at)
{
    const MoltHistory *history = &reload->history;
    for (uint32_t i = 0; i < history->count && i < most; i++) {
        numbers[i] = history->items[i].number;
    }
    if (at != NULL) {
        *at = history->at;
    }
    return history->count;
}

uint32_t molt_reload_generation(const MoltReload *reload)
{
    return reload->generation;
}

bool molt_reload_building(const MoltReload *reload)
{
    return reload->building;
}

bool molt_reload_can_build(const MoltReload *reload)
{
    return reload->build != NULL;
}
