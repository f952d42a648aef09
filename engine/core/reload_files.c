#include "reload_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <molt/dump.h>

#include "exit_place.h"
#include "game_timers.h"
#include "rest.h"
#include "saved_state.h"
#include "state_json.h"
#include "thread_moment.h"

/* ---- files --------------------------------------------------------------------------------- */

MoltStatus molt_reload_save(MoltReload *reload, const char *path, const void *host,
                            size_t host_size, MoltReport *report, MoltError *error)
{
    if (!reload->running) {
        return molt_error(error, MOLT_INVALID, "A state can be saved only while the game runs.");
    }
    MoltStatus status = molt__rest_begin(reload->threads, "saved", error);
    if (status != MOLT_OK) {
        return status;
    }
    bool here = false;
    status = molt__reload_stop_state(reload, &here, error);
    if (status == MOLT_OK) {
        const MoltSaveDesc desc = {.policy = reload->policy, .host = host, .host_size = host_size};
        status = molt__saved_state_write(reload->current, reload->heap, path, &desc, report, error);
        molt__reload_start_state(reload, here);
    }
    molt__rest_end(reload->threads);
    return status;
}

/* A state that comes from elsewhere has none of the jobs and threads that worked on the one before. A game
 * that has not started them again may not know. */
static void tell_of_ended(const MoltReload *reload, MoltThreadMoment *before)
{
    char names[300], text[600];
    if (reload->api->log != NULL &&
        molt__thread_moment_missing(before, reload->threads, names, sizeof names)) {
        snprintf(text, sizeof text,
                 "the load ended %s, and end_reload() did not start what works on the loaded state", names);
        reload->api->log(reload->api, text);
    }
    molt__thread_moment_clear(before);
}

static void take_host(const MoltSnapshotFile *file, void *host, size_t host_size, bool *found)
{
    size_t size = 0;
    const void *bytes = molt_snapshot_file_host(file, &size);
    bool fits = host != NULL && bytes != NULL && size >= host_size;
    if (fits) {
        memcpy(host, bytes, host_size);
    }
    if (found != NULL) {
        *found = fits;
    }
}

MoltStatus molt__reload_put_state(MoltReload *reload, const char *path, bool trusted, void *host,
                                  size_t host_size, bool *host_found, MoltReport *report,
                                  MoltError *error)
{
    MoltSnapshotFile *file = NULL;
    MoltHeap *made = NULL;
    const MoltLibrary *current = reload->current;
    MoltSavedStateLoad load = {.path = path,
                               .trusted = trusted,
                               .policy = reload->load_live ? MOLT_POLICY_LIVE : MOLT_POLICY_STRICT,
                               .missing = reload->missing_functions,
                               .heap = reload->heap_desc,
                               .running = reload->heap};
    load.heap.no_attic |= reload->load_live;
    MoltStatus status = molt__saved_state_read(current, &load, &file, &made, report, error);
    if (status == MOLT_OK) {
        molt_threads_end(reload->threads); /* what their steps work on goes */
        (void)molt__game_timers_end(0);    /* none of them is in a call */
        take_host(file, host, host_size, host_found);
        molt__transaction_lose_state(reload->transaction);
        molt_heap_exchange(reload->heap, made);
        molt_heap_take_globals(reload->heap, current->globals);
        molt_heap_destroy(made);
        molt_snapshot_file_close(file);
        reload->state = molt_heap_root(reload->heap, molt__state_root(current->schema));
        molt__reload_replaced(reload);
    }
    return status;
}

MoltStatus molt_reload_load(MoltReload *reload, const char *path, bool trusted, void *host,
                            size_t host_size, bool *host_found, MoltReport *report,
                            MoltError *error)
{
    MoltThreadMoment threads = {0};
    bool here = false;
    if (!reload->running) {
        return molt_error(error, MOLT_INVALID, "A state can be loaded only while the game runs.");
    }
    MoltStatus status = molt__rest_begin(reload->threads, "replaced", error);
    if (status != MOLT_OK) {
        return status;
    }
    status = molt__reload_stop_state(reload, &here, error);
    if (status == MOLT_OK) {
        (void)molt__thread_moment_take(&threads, reload->threads); /* without memory nobody is named */
        status = molt__reload_put_state(reload, path, trusted, host, host_size, host_found, report, error);
        molt__reload_start_state(reload, here || status == MOLT_OK);
        tell_of_ended(reload, &threads);
    }
    molt__rest_end(reload->threads);
    return status;
}

/* ---- a sudden end ---------------------------------------------------------------------------- */

bool molt_reload_exit_place(const MoltReload *reload, char *text, size_t size)
{
    return molt__exit_place(reload->folder.path, text, size);
}

static bool copy_whole(int from, int to)
{
    char bytes[65536];
    ssize_t got;
    while ((got = read(from, bytes, sizeof bytes)) > 0) {
        if (write(to, bytes, (size_t)got) != got) {
            return false;
        }
    }
    return got == 0 && fsync(to) == 0;
}

/* Beside it, and then in its place. */
static bool copy_file(int from, const char *path)
{
    char fresh[MOLT__RESTART_PATH];
    int length = snprintf(fresh, sizeof fresh, "%s.saving", path);
    int to = length > 0 && (size_t)length < sizeof fresh
                 ? open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
                 : -1;
    bool good = to >= 0 && copy_whole(from, to);
    good = to >= 0 && close(to) == 0 && good && rename(fresh, path) == 0;
    if (to >= 0 && !good) {
        unlink(fresh);
    }
    return good;
}

MoltStatus molt_reload_keep_checkpoint(const MoltReload *reload, const char *path, uint64_t *age_ns,
                                       MoltError *error)
{
    char newest[MOLT__RESTART_PATH];
    struct stat status;
    struct timespec now;
    int from = molt__recovery_newest(reload->recovery, newest) ? open(newest, O_RDONLY | O_CLOEXEC) : -1;
    if (from < 0 || fstat(from, &status) != 0) {
        return molt_error(error, MOLT_NOT_FOUND, "There is no checkpoint.");
    }
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age = (now.tv_sec - status.st_mtim.tv_sec) * INT64_C(1000000000) +
                  (now.tv_nsec - status.st_mtim.tv_nsec);
    *age_ns = age > 0 ? (uint64_t)age : 0;
    bool good = copy_file(from, path);
    close(from);
    return good ? MOLT_OK
                : molt_error(error, MOLT_SYSTEM, "Cannot write %s: %s.", path, strerror(errno));
}

void molt_reload_abandon(MoltReload *reload)
{
    if (reload == NULL) {
        return;
    }
    molt__build_destroy(reload->build);
    reload->build = NULL;
    molt__private_folder_abandon(&reload->folder);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

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
        molt__rest_end(reload->threads);
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
    MoltThreadMoment threads = {0};
    bool here = false;
    status = molt__reload_stop_state(reload, &here, error);
    if (status == MOLT_OK) {
        (void)molt__thread_moment_take(&threads, reload->threads);
        status = molt__state_load(reload->current, reload->heap, reload->threads, text, length, desc,
                                  &reload->state, error);
        if (status == MOLT_OK) {
            (void)molt__game_timers_end(0);
            molt__reload_replaced(reload);
        }
        molt__reload_start_state(reload, here || status == MOLT_OK);
        tell_of_ended(reload, &threads);
    }
    molt__rest_end(reload->threads);
    return status;
}
