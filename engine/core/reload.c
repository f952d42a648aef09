#include <molt/reload.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <molt/dump.h>

#include "build.h"
#include "cause.h"
#include "clock.h"
#include "event.h"
#include "first_load.h"
#include "history.h"
#include "manifest.h"
#include "rest.h"
#include "saved_state.h"
#include "state_json.h"
#include "transaction.h"
#include "watch.h"

#define SETTLE_MS 15u
#define RETRY_NS (50 * MOLT__MILLISECOND)
#define PATIENCE_NS (2000 * MOLT__MILLISECOND) /* for a library that stays incomplete */

enum { HISTORY = 8, HISTORY_MOST = 1000 };
enum { TAG_SOURCE, TAG_LIBRARY, TAG_MANIFEST };

/* A change waits in one cause after the other until it runs or is reported: `saved` (source
 * written) -> `built` (build under way) -> `loading` (library changed, attempt under way).
 *
 * Invariant: `transaction` and `build` may be under way at the same time, but an attempt is
 * begun only while no build runs, so that a library is not taken in the middle of being linked
 * again. What an event points to (retired_*, texts) lives until the next poll. */
struct MoltReload {
    char *library, *manifest;
    const MoltPlatformApi *api;
    MoltThreads *threads;          /* NULL: the game has none */
    MoltGameThreads *game_threads; /* that it started by itself */
    MoltPolicy policy;
    MoltReloadHooks hooks;
    MoltHeapDesc heap_desc; /* for heaps that files are loaded into */
    MoltAllocator heap_allocator;
    bool no_build, synchronous, through_file;

    char *directory; /* private, for the copies of libraries */
    uint32_t copies;
    MoltHeap *heap;
    MoltLibrary *current;
    void *state;
    uint32_t generation, generations; /* the running one, and the last that was new */
    MoltHistory history;
    bool running; /* between start and stop */

    MoltWatch *watch; /* NULL: nothing happens on its own */
    MoltBuild *build; /* NULL: the manifest names no command */
    bool building, manifest_changed;
    MoltCause saved, built, loading;

    MoltTransaction *transaction; /* under way, or NULL */
    MoltFileStamp tried; /* of the file whose attempt failed last: not tried again by itself */
    bool library_touched;
    bool postponed; /* `transaction` is ready, and waits for a step of a thread to return */
    uint64_t retry_ns, give_up_ns; /* while the library is incomplete; 0 otherwise */

    MoltTransaction *retired_transaction;
    MoltLibrary *retired_library;
    MoltEventTexts texts;
};

/* ---- setting up ---------------------------------------------------------------------------- */

static MoltStatus watch_sources(MoltReload *reload, const MoltManifest *manifest, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    for (char **path = manifest->watch; *path != NULL && status == MOLT_OK; path++) {
        struct stat info;
        bool file = stat(*path, &info) == 0 && S_ISREG(info.st_mode);
        status = file ? molt__watch_add_file(reload->watch, *path, TAG_SOURCE, error)
                      : molt__watch_add_tree(reload->watch, *path, TAG_SOURCE, error);
    }
    return status;
}

/* Takes build command and source directories from the manifest; without the file nothing
 * changes. */
static MoltStatus read_manifest(MoltReload *reload, MoltError *error)
{
    MoltManifest *manifest = NULL;
    MoltBuild *build = NULL;
    if (reload->no_build || reload->watch == NULL) {
        return MOLT_OK;
    }
    MoltStatus status = molt__manifest_read(reload->manifest, &manifest, error);
    if (status != MOLT_OK) {
        return status == MOLT_NOT_FOUND ? MOLT_OK : status;
    }
    if (manifest->build[0] != NULL) {
        status = molt__build_create((const char *const *)manifest->build, manifest->directory,
                                    &build, error);
    }
    if (status == MOLT_OK && build != NULL) {
        status = watch_sources(reload, manifest, error);
    }
    if (status == MOLT_OK) {
        molt__build_destroy(reload->build);
        reload->build = build;
        build = NULL;
    }
    molt__build_destroy(build);
    molt__manifest_free(manifest);
    return status;
}

static MoltStatus make_directory(MoltReload *reload, MoltError *error)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] == 0) {
        base = "/tmp";
    }
    size_t size = strlen(base) + sizeof "/molt-XXXXXX";
    char *path = malloc(size);
    if (path == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to set up reloading.");
    }
    snprintf(path, size, "%s/molt-XXXXXX", base);
    if (mkdtemp(path) == NULL) {
        MoltStatus status =
            molt_error(error, MOLT_SYSTEM,
                       "Cannot make a directory for library copies in %s: %s. Set TMPDIR "
                       "to a directory that can be written to and executed from.",
                       base, strerror(errno));
        free(path);
        return status;
    }
    reload->directory = path;
    return MOLT_OK;
}

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
    return reload->library != NULL && reload->manifest != NULL
               ? MOLT_OK
               : molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to set up reloading.");
}

static MoltStatus set_up_watch(MoltReload *reload, const MoltReloadDesc *desc, MoltError *error)
{
    if (desc->no_watch) {
        return MOLT_OK;
    }
    uint32_t settle = desc->settle_ms != 0 ? desc->settle_ms : SETTLE_MS;
    MoltStatus status = molt__watch_create(settle, &reload->watch, error);
    if (status == MOLT_OK) {
        status = molt__watch_add_file(reload->watch, reload->library, TAG_LIBRARY, error);
    }
    if (status == MOLT_OK) {
        status = molt__watch_add_file(reload->watch, reload->manifest, TAG_MANIFEST, error);
    }
    return status == MOLT_OK ? read_manifest(reload, error) : status;
}

MoltStatus molt_reload_create(const MoltReloadDesc *desc, MoltReload **out, MoltError *error)
{
    MoltReload *reload = calloc(1, sizeof *reload);
    if (reload == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to set up reloading.");
    }
    reload->api = desc->api;
    reload->threads = desc->threads;
    reload->policy = desc->policy;
    reload->hooks = desc->hooks;
    reload->no_build = desc->no_build;
    reload->synchronous = desc->synchronous;
    reload->through_file = desc->through_file;
    reload->heap_desc = desc->heap;
    reload->heap_desc.base = 0; /* where pointers in files are right as they are */
    if (desc->heap.allocator != NULL) {
        reload->heap_allocator = *desc->heap.allocator;
        reload->heap_desc.allocator = &reload->heap_allocator;
    }
    MoltStatus status = copy_paths(reload, desc, error);
    if (status == MOLT_OK) {
        status = make_directory(reload, error);
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
    if (status == MOLT_OK) {
        status = set_up_watch(reload, desc, error);
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
        return;
    }
    reload->generation = ++reload->generations;
    reload->tried = (MoltFileStamp){0};
    /* without a file of it there is only no way back to it */
    (void)molt__history_add(&reload->history, reload->generation, reload->current->copy,
                            reload->directory, NULL);
}

MoltStatus molt_reload_start(MoltReload *reload, MoltError *error)
{
    MoltStatus status = molt__library_open(reload->library, reload->directory, ++reload->copies,
                                           &reload->current, error);
    if (status == MOLT_OK) {
        status =
            molt__first_load(reload->current, reload->heap, reload->api, reload->game_threads,
                             &reload->state, error);
    }
    if (status == MOLT_OK) {
        reload->running = true;
        count_generation(reload, 0);
    }
    return status;
}

/* ---- shutting down ------------------------------------------------------------------------- */

/* A plan refers to the schema of the generation it came from, so it goes first. */
static void retire(MoltReload *reload)
{
    molt__transaction_close(reload->retired_transaction);
    reload->retired_transaction = NULL;
    molt__library_close(reload->retired_library);
    reload->retired_library = NULL;
    molt__event_clear(&reload->texts);
}

/* Gives up an attempt that is under way. */
static void drop_attempt(MoltReload *reload)
{
    molt__transaction_close(reload->transaction);
    reload->transaction = NULL;
    if (reload->postponed) {
        molt_threads_ask(reload->threads, false);
        reload->postponed = false;
    }
}

void molt_reload_stop(MoltReload *reload)
{
    if (reload->running) {
        reload->running = false;
        drop_attempt(reload);
        if (molt_threads_end(reload->threads)) {
            reload->current->shut_down(reload->state);
        }
    }
}

MoltStatus molt_reload_left(const MoltReload *reload, MoltError *error)
{
    return molt__rest_left(reload->threads, reload->game_threads, reload->current, error);
}

void molt_reload_destroy(MoltReload *reload)
{
    if (reload == NULL) {
        return;
    }
    molt__build_destroy(reload->build);
    drop_attempt(reload);
    retire(reload);
    molt__watch_destroy(reload->watch);
    if (molt_threads_end(reload->threads) && molt_reload_left(reload, NULL) == MOLT_OK) {
        molt__library_close(reload->current); /* its destructors may free */
        molt_heap_destroy(reload->heap);
    } else if (reload->current != NULL) {
        unlink(reload->current->copy);
    }
    molt__game_threads_destroy(reload->game_threads);
    molt__history_clear(&reload->history);
    if (reload->directory != NULL) {
        rmdir(reload->directory);
    }
    molt__cause_clear(&reload->saved);
    molt__cause_clear(&reload->built);
    molt__cause_clear(&reload->loading);
    free(reload->directory);
    free(reload->library);
    free(reload->manifest);
    free(reload);
}

/* ---- events -------------------------------------------------------------------------------- */

static void call_before(const MoltReload *reload)
{
    if (reload->hooks.before != NULL) {
        reload->hooks.before(reload->hooks.context);
    }
}

static void call_after(const MoltReload *reload, const MoltReloadEvent *event)
{
    if (reload->hooks.after != NULL) {
        reload->hooks.after(reload->hooks.context, event);
    }
}

/* ---- building ------------------------------------------------------------------------------ */

static bool library_differs(const MoltReload *reload)
{
    MoltFileStamp none = {0}, now = molt__file_stamp(reload->library);
    return !molt__file_stamp_equal(&now, &none) &&
           !molt__file_stamp_equal(&now, &reload->current->stamp) &&
           !molt__file_stamp_equal(&now, &reload->tried);
}

static void build_failed(MoltReload *reload, const MoltBuild *build, const MoltError *error,
                         MoltReloadEvent *out)
{
    call_before(reload);
    *out = molt__event_build(&reload->texts, MOLT_EVENT_BUILD_FAILED, build, error, &reload->built);
    out->generation = reload->generation;
    molt__cause_clear(&reload->built);
    call_after(reload, out);
}

/* A save during a build waits in `saved` and starts the next one. */
static bool start_build(MoltReload *reload, MoltReloadEvent *out)
{
    if (reload->build == NULL || reload->building || reload->saved.first_ns == 0) {
        return false;
    }
    MoltError error = {0};
    molt__cause_clear(&reload->built);
    molt__cause_pass(&reload->saved, &reload->built);
    if (molt__build_start(reload->build, &error) != MOLT_OK) {
        build_failed(reload, NULL, &error, out);
        return true;
    }
    reload->building = true;
    *out = molt__event_build(&reload->texts, MOLT_EVENT_BUILD_STARTED, reload->build, NULL,
                             &reload->built);
    out->generation = reload->generation;
    return true;
}

static bool end_build(MoltReload *reload, MoltReloadEvent *out)
{
    if (!reload->building || molt__build_poll(reload->build) == MOLT_BUILD_RUNNING) {
        return false;
    }
    reload->building = false;
    if (molt__build_poll(reload->build) != MOLT_BUILD_SUCCEEDED) {
        build_failed(reload, reload->build, NULL, out);
        return true;
    }
    *out = molt__event_build(&reload->texts, MOLT_EVENT_BUILD_SUCCEEDED, reload->build, NULL,
                             &reload->built);
    out->generation = reload->generation;
    out->reload_follows = library_differs(reload);
    if (out->reload_follows) {
        reload->library_touched = true;
        molt__cause_pass(&reload->built, &reload->loading);
    } else {
        out->headline = "the build changed nothing in the library";
        molt__cause_clear(&reload->built);
    }
    return true;
}

/* ---- loading ------------------------------------------------------------------------------- */

static MoltStatus begin_attempt(MoltReload *reload, const char *library, bool threaded,
                                MoltError *error)
{
    MoltTransactionDesc desc = {
        .library = library,
        .directory = reload->directory,
        .number = ++reload->copies,
        .current = reload->current,
        .threads = reload->threads,
        .game_threads = reload->game_threads,
        .policy = reload->policy,
        .through_file = reload->through_file,
        .heap = reload->heap_desc,
    };
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
    call_before(reload);
    const MoltTransactionResult *result =
        molt__transaction_finish(transaction, reload->heap, &reload->state, waited);
    MoltLibrary *next = molt__transaction_take(transaction);
    if (next != NULL) {
        reload->retired_library = reload->current;
        reload->current = next;
        count_generation(reload, reload->loading.steps);
    } else if (reload->loading.steps == 0) {
        reload->tried = result->stamp;
    }
    reload->transaction = NULL;
    drop_attempt(reload);
    reload->retired_transaction = transaction;
    reload->give_up_ns = 0;
    *out = molt__event_attempt(&reload->texts, result, reload->library, &reload->loading);
    out->generation = reload->generation;
    molt__cause_clear(&reload->loading);
    call_after(reload, out);
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
            drop_attempt(reload); /* a newer library is there */
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
        if (!library_differs(reload)) {
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

static void take_changes(MoltReload *reload)
{
    MoltWatchChange change;
    while (molt__watch_poll(reload->watch, &change)) {
        if (change.tag == TAG_SOURCE) {
            molt__cause_note(&reload->saved, change.path, change.first_ns);
        } else if (change.tag == TAG_LIBRARY) {
            reload->library_touched = true;
            reload->give_up_ns = 0;
            if (!reload->building && library_differs(reload)) {
                molt__cause_note(&reload->loading, change.path, change.first_ns);
            }
        } else {
            reload->manifest_changed = true;
        }
    }
    /* A manifest that cannot be read is one that is being written: the old one serves on. */
    if (reload->manifest_changed && !reload->building) {
        reload->manifest_changed = false;
        read_manifest(reload, NULL);
    }
}

bool molt_reload_poll(MoltReload *reload, MoltReloadEvent *out)
{
    retire(reload);
    *out = molt__event_none(reload->generation);
    if (!reload->running) {
        return false;
    }
    if (reload->watch != NULL) {
        take_changes(reload);
    }
    return end_build(reload, out) || start_build(reload, out) || load(reload, out);
}

/* Loads a library now, in the place of what is being loaded. */
static void load_now(MoltReload *reload, const char *library, int32_t steps, MoltReloadEvent *out)
{
    MoltError error = {0};
    drop_attempt(reload);
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

bool molt_reload_frame(MoltReload *reload)
{
    bool more = reload->current->main_loop(reload->state);
    molt_threads_turn(reload->threads);
    return more;
}

/* ---- files --------------------------------------------------------------------------------- */

MoltStatus molt_reload_save(const MoltReload *reload, const char *path, const void *host,
                            size_t host_size, MoltReport *report, MoltError *error)
{
    if (!reload->running) {
        return molt_error(error, MOLT_INVALID, "A state can be saved only while the game runs.");
    }
    const MoltLibrary *current = reload->current;
    MoltStatus status = molt__rest_begin(reload->threads, "saved", error);
    if (status != MOLT_OK) {
        return status;
    }
    if (current->begin_reload != NULL) {
        current->begin_reload(reload->state);
    }
    status = molt__saved_state_write(current, reload->heap, path, reload->policy, host, host_size,
                                     report, error);
    if (current->begin_reload != NULL && current->end_reload != NULL) {
        current->end_reload(reload->state);
    }
    molt_threads_go_on(reload->threads);
    return status;
}

static void take_host(const MoltSnapshotFile *file, void *host, size_t host_size, bool *found)
{
    size_t size = 0;
    const void *bytes = molt_snapshot_file_host(file, &size);
    bool fits = host != NULL && bytes != NULL && size == host_size;
    if (fits) {
        memcpy(host, bytes, size);
    }
    if (found != NULL) {
        *found = fits;
    }
}

MoltStatus molt_reload_load(MoltReload *reload, const char *path, bool trusted, void *host,
                            size_t host_size, bool *host_found, MoltReport *report,
                            MoltError *error)
{
    MoltSnapshotFile *file = NULL;
    MoltHeap *made = NULL;
    const MoltLibrary *current = reload->current;
    if (!reload->running) {
        return molt_error(error, MOLT_INVALID, "A state can be loaded only while the game runs.");
    }
    MoltStatus status = molt__rest_begin(reload->threads, "replaced", error);
    if (status != MOLT_OK) {
        return status;
    }
    if (current->begin_reload != NULL) {
        current->begin_reload(reload->state);
    }
    MoltSavedStateLoad load = {.path = path,
                               .trusted = trusted,
                               .policy = MOLT_POLICY_STRICT,
                               .heap = reload->heap_desc,
                               .running = reload->heap};
    status = molt__saved_state_read(current, &load, &file, &made, report, error);
    if (status == MOLT_OK) {
        molt_threads_end(reload->threads); /* what their steps work on goes */
        take_host(file, host, host_size, host_found);
        molt_heap_exchange(reload->heap, made);
        molt_heap_take_globals(reload->heap, current->globals);
        molt_heap_destroy(made);
        molt_snapshot_file_close(file);
        reload->state = molt_heap_root(reload->heap, molt__state_root(current->schema));
    }
    bool paired = current->begin_reload != NULL || status == MOLT_OK;
    if (current->end_reload != NULL && paired) {
        current->end_reload(reload->state);
    }
    molt_threads_go_on(reload->threads);
    return status;
}

/* ---- questions ----------------------------------------------------------------------------- */

static MoltStatus not_started(MoltError *error)
{
    return molt_error(error, MOLT_INVALID, "There is no state before the game has started.");
}

static MoltStatus dump(const MoltReload *reload, const char *path, bool addresses, char **text,
                       size_t *length, MoltError *error)
{
    if (reload->generation == 0) {
        return not_started(error);
    }
    MoltStatus status = molt__rest_begin(reload->threads, "read", error);
    if (status == MOLT_OK) {
        status =
            molt__state_dump(reload->current, reload->heap, path, addresses, text, length, error);
        molt_threads_go_on(reload->threads);
    }
    return status;
}

MoltStatus molt_reload_dump(const MoltReload *reload, bool addresses, char **text, size_t *length,
                            MoltError *error)
{
    return dump(reload, NULL, addresses, text, length, error);
}

MoltStatus molt_reload_dump_write(const MoltReload *reload, bool addresses,
                                  const MoltTextSink *sink, MoltError *error)
{
    if (reload->generation == 0) {
        return not_started(error);
    }
    return molt__state_dump_write(reload->current, reload->heap, addresses, sink, error);
}

MoltStatus molt_reload_dump_path(const MoltReload *reload, const char *path, char **text,
                                 size_t *length, MoltError *error)
{
    return dump(reload, path, false, text, length, error);
}

MoltStatus molt_reload_load_json(MoltReload *reload, const char *text, size_t length,
                                 const MoltImportDesc *desc, MoltError *error)
{
    if (!reload->running) {
        return not_started(error);
    }
    MoltStatus status = molt__rest_begin(reload->threads, "replaced", error);
    if (status != MOLT_OK) {
        return status;
    }
    status = molt__state_load(reload->current, reload->heap, reload->threads, text, length, desc,
                              &reload->state, error);
    molt_threads_go_on(reload->threads);
    return status;
}

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
