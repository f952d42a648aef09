#include "reload_parts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "manifest.h"

/* Overtaken builds in a row, after which one runs to its end: saves that come faster than a build ends, and
 * a build that writes into its own sources, must not keep new code away for ever. */
#define MOST_OVERTAKEN 4u

/* A host that runs no longer than this never has a generator in memory. */
#define RESIDENT_AFTER_NS (500 * MOLT__MILLISECOND)

enum { TAG_SOURCE, TAG_NAMED_SOURCE, TAG_LIBRARY, TAG_MANIFEST };

/* ---- watching -------------------------------------------------------------------------------- */

static MoltStatus watch_source(MoltReload *reload, const char *path, MoltError *error)
{
    struct stat info;
    bool file = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    return file ? molt__watch_add_file(reload->watch, path, TAG_NAMED_SOURCE, error)
                : molt__watch_add_tree(reload->watch, path, TAG_SOURCE, error);
}

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == 0 || path[length] == '/');
}

/* The assets' folder, unless sources lie in it. */
static void keep_assets(MoltReload *reload, const MoltManifest *manifest)
{
    bool apart = manifest != NULL && manifest->assets != NULL;
    for (char **path = apart ? manifest->watch : NULL; path != NULL && *path != NULL; path++) {
        apart = apart && !is_below(*path, manifest->assets);
    }
    free(reload->assets);
    reload->assets = apart ? strdup(manifest->assets) : NULL; /* without memory: built once too often */
}

/* One that was found by another name serves on: builds that are to be done by another program do without. */
static void note_generator(MoltReload *reload, const MoltManifest *manifest)
{
    if (manifest != NULL && manifest->generator != NULL && reload->generator == NULL &&
        reload->resident_ns == 0 && !reload->no_resident) {
        reload->generator = strdup(manifest->generator);
        reload->resident_ns = molt__clock_ns() + RESIDENT_AFTER_NS;
    }
}

/* What goes wrong with it makes builds slower and nothing else. One that has ended is there again by the next
 * save. */
static void keep_resident(MoltReload *reload, bool now)
{
    if (reload->resident != NULL) {
        molt__resident_refresh(reload->resident);
    } else if (reload->generator != NULL &&
        (now || molt__clock_ns() >= reload->resident_ns)) {
        (void)molt__resident_create(reload->generator, reload->folder.path, &reload->resident, NULL);
        free(reload->generator);
        reload->generator = NULL;
    }
}

/* The command of the desc runs in the current folder, that of the manifest in its own. */
static MoltStatus make_build(const MoltReload *reload, const MoltManifest *manifest,
                             MoltBuild **out, MoltError *error)
{
    if (reload->command != NULL) {
        const char *const shell[] = {"/bin/sh", "-c", reload->command, NULL};
        return molt__build_create(shell, NULL, out, error);
    }
    if (manifest == NULL || manifest->build[0] == NULL) {
        return MOLT_OK;
    }
    return molt__build_create((const char *const *)manifest->build, manifest->directory, out,
                              error);
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
    if (status == MOLT_NOT_FOUND) {
        if (reload->command == NULL || reload->build != NULL) {
            return MOLT_OK;
        }
        status = MOLT_OK;
    }
    if (status == MOLT_OK) {
        status = make_build(reload, manifest, &build, error);
    }
    char **path = manifest != NULL && build != NULL ? manifest->watch : NULL;
    for (; path != NULL && *path != NULL && status == MOLT_OK; path++) {
        status = watch_source(reload, *path, error);
    }
    if (status == MOLT_OK) {
        molt__build_destroy(reload->build);
        reload->build = build;
        build = NULL;
        keep_assets(reload, manifest);
        note_generator(reload, manifest);
    }
    molt__build_destroy(build);
    molt__manifest_free(manifest);
    return status;
}

MoltStatus molt__reload_watch(MoltReload *reload, const MoltReloadDesc *desc, MoltError *error)
{
    if (desc->no_watch) {
        return MOLT_OK;
    }
    if (desc->build != NULL && (reload->command = strdup(desc->build)) == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the build command.");
    }
    MoltStatus status = molt__source_changes_create(reload->library, &reload->changes, error);
    if (status == MOLT_OK) {
        status = molt__watch_create(desc->settle_ms, &reload->watch, error);
    }
    if (status == MOLT_OK) {
        status = molt__watch_add_file(reload->watch, reload->library, TAG_LIBRARY, error);
    }
    if (status == MOLT_OK) {
        status = molt__watch_add_file(reload->watch, reload->manifest, TAG_MANIFEST, error);
    }
    for (const char *const *path = desc->watch; path != NULL && *path != NULL; path++) {
        if (status == MOLT_OK && !desc->no_build) {
            status = watch_source(reload, *path, error);
        }
    }
    status = status == MOLT_OK ? read_manifest(reload, error) : status;
    if (status == MOLT_OK && desc->resume == NULL) {
        molt__reload_tell_since(reload, (int64_t)(desc->since_ns / 1000000000u),
                                (int64_t)(desc->since_ns % 1000000000u));
    }
    return status;
}

/* ---- saves during a build -------------------------------------------------------------------- */

void molt__reload_drop_raced(MoltReload *reload)
{
    for (uint32_t i = 0; i < reload->raced_count; i++) {
        free(reload->raced[i]);
    }
    free(reload->raced);
    reload->raced = NULL;
    reload->raced_count = 0;
}

static void note_raced(MoltReload *reload, const char *path)
{
    for (uint32_t i = 0; i < reload->raced_count; i++) {
        if (strcmp(reload->raced[i], path) == 0) {
            return;
        }
    }
    char **raced = realloc(reload->raced, (reload->raced_count + 1) * sizeof *raced);
    if (raced != NULL) {
        reload->raced = raced;
        reload->raced_count += (raced[reload->raced_count] = strdup(path)) != NULL;
    }
}

/* A compiler that had read a source before it was saved anew writes what it makes of it afterwards. That is
 * the newer of the two files, and make and ninja would take it for made of the newest save. */
static void touch_raced(MoltReload *reload)
{
    const struct timespec now[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
    struct stat info;
    for (uint32_t i = 0; i < reload->raced_count; i++) {
        if (stat(reload->raced[i], &info) == 0 && S_ISREG(info.st_mode)) {
            utimensat(AT_FDCWD, reload->raced[i], now, 0);
        }
    }
    molt__reload_drop_raced(reload);
}

static void take_source(MoltReload *reload, const MoltWatchChange *change)
{
    bool named = change->tag == TAG_NAMED_SOURCE;
    if (!named && reload->assets != NULL && is_below(change->path, reload->assets)) {
        return;
    }
    bool during = reload->building || change->first_ns < reload->build_ended_ns;
    MoltChangeUse use =
        molt__source_changes_take(reload->changes, change->path, named, during);
    if (use == MOLT__CHANGE_NONE) {
        /* all that the next build was for may have been this */
        if (reload->saved.path != NULL && strcmp(reload->saved.path, change->path) == 0 &&
            !molt__source_changes_ask(reload->changes)) {
            molt__cause_clear(&reload->saved);
        }
        return;
    }
    molt__cause_note(&reload->saved, change->path, change->first_ns);
    reload->urgent = reload->urgent || use == MOLT__CHANGE_SAVED;
    if (during) {
        note_raced(reload, change->path);
    }
}

void molt_reload_own_file(MoltReload *reload, const char *path)
{
    if (reload->changes != NULL) {
        molt__source_changes_own(reload->changes, path);
    }
}

void molt__reload_take_changes(MoltReload *reload)
{
    MoltWatchChange change;
    molt__reload_note_look(reload);
    while (molt__watch_poll(reload->watch, &change)) {
        if (change.tag == TAG_SOURCE || change.tag == TAG_NAMED_SOURCE) {
            take_source(reload, &change);
        } else if (change.tag == TAG_LIBRARY) {
            reload->library_touched = true;
            reload->give_up_ns = 0;
            if (!reload->building && molt__reload_library_differs(reload)) {
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

/* ---- building ------------------------------------------------------------------------------ */

bool molt__reload_library_differs(const MoltReload *reload)
{
    MoltFileStamp none = {0}, now = molt__file_stamp(reload->library);
    return !molt__file_stamp_equal(&now, &none) &&
           !molt__file_stamp_equal(&now, &reload->current->stamp) &&
           !molt__file_stamp_equal(&now, &reload->tried);
}

static void add_resident(MoltReload *reload, MoltReloadEvent *event)
{
    MoltResidentState state = molt__resident_state(reload->resident);
    event->resident_runs = state.answered;
    event->resident_kib = state.memory_kib;
    event->resident_signal = state.signal;
}

static void build_failed(MoltReload *reload, const MoltBuild *build, const MoltError *error,
                         MoltReloadEvent *out)
{
    molt__reload_before(reload);
    *out = molt__event_build(&reload->texts, MOLT_EVENT_BUILD_FAILED, build, error, &reload->built);
    out->generation = reload->generation;
    add_resident(reload, out);
    molt__cause_clear(&reload->built);
    molt__reload_after(reload, out);
}

/* A save during a build waits in `saved`: it ends that build and starts the next one. */
static bool start_build(MoltReload *reload, MoltReloadEvent *out)
{
    if (reload->build == NULL || reload->building || reload->saved.first_ns == 0) {
        return false;
    }
    reload->landing = reload->landing && reload->library_touched;
    if (reload->landing || molt__clock_ns() < molt__source_changes_hold_ns(reload->changes)) {
        return false;
    }
    MoltError error = {0};
    molt__cause_clear(&reload->built);
    molt__cause_pass(&reload->saved, &reload->built);
    touch_raced(reload);
    molt__source_changes_begin(reload->changes);
    reload->urgent = false;
    keep_resident(reload, true);
    if (reload->resident != NULL) {
        molt__build_set_variable(reload->build, molt__resident_variable(reload->resident));
    }
    if (molt__build_start(reload->build, &error) != MOLT_OK) {
        molt__source_changes_end(reload->changes, MOLT__BUILD_BROKEN);
        build_failed(reload, NULL, &error, out);
        return true;
    }
    reload->building = true;
    *out = molt__event_build(&reload->texts, MOLT_EVENT_BUILD_STARTED, reload->build, NULL,
                             &reload->built);
    out->generation = reload->generation;
    return true;
}

static void build_cancelled(MoltReload *reload, MoltReloadEvent *out)
{
    *out = molt__event_build(&reload->texts, MOLT_EVENT_BUILD_CANCELLED, reload->build, NULL,
                             &reload->built);
    out->generation = reload->generation;
    reload->overtaken++;
    /* What it was for is in the next build: who saved first waits longest. */
    molt__cause_note(&reload->saved, out->trigger, reload->built.first_ns);
    molt__cause_clear(&reload->built);
}

static bool end_build(MoltReload *reload, MoltReloadEvent *out)
{
    if (!reload->building) {
        return false;
    }
    MoltBuildState state = molt__build_poll(reload->build);
    if (state == MOLT_BUILD_RUNNING) {
        if (reload->urgent && reload->overtaken < MOST_OVERTAKEN) {
            molt__build_interrupt(reload->build);
        }
        return false;
    }
    reload->building = false;
    reload->build_ended_ns = molt__clock_ns();
    if (state == MOLT_BUILD_IDLE) {
        molt__source_changes_end(reload->changes, MOLT__BUILD_OVERTAKEN);
        build_cancelled(reload, out);
        return true;
    }
    reload->landing = reload->overtaken >= MOST_OVERTAKEN;
    reload->overtaken = 0;
    if (state != MOLT_BUILD_SUCCEEDED) {
        molt__source_changes_end(reload->changes, MOLT__BUILD_BROKEN);
        build_failed(reload, reload->build, NULL, out);
        return true;
    }
    *out = molt__event_build(&reload->texts, MOLT_EVENT_BUILD_SUCCEEDED, reload->build, NULL,
                             &reload->built);
    out->generation = reload->generation;
    add_resident(reload, out);
    out->reload_follows = molt__reload_library_differs(reload);
    const char *told = molt__source_changes_end(
        reload->changes, out->reload_follows ? MOLT__BUILD_MADE : MOLT__BUILD_VAIN);
    out->detail = told != NULL ? told : out->detail;
    if (out->reload_follows) {
        reload->library_touched = true;
        molt__cause_pass(&reload->built, &reload->loading);
    } else {
        out->headline = "the build changed nothing in the library";
        molt__cause_clear(&reload->built);
    }
    return true;
}

bool molt__reload_build(MoltReload *reload, MoltReloadEvent *out)
{
    reload->settling = reload->settling && molt__watch_pending(reload->watch);
    if (end_build(reload, out) || (!reload->settling && start_build(reload, out))) {
        return true;
    }
    molt__reload_reap_orphan(reload);
    keep_resident(reload, false);
    return false;
}

bool molt_reload_progress(const MoltReload *reload, uint32_t *done, uint32_t *total)
{
    return reload->building && molt__build_progress(reload->build, done, total);
}

size_t molt__reload_source_descriptors(const MoltReload *reload, int *descriptors)
{
    size_t count = 0;
    if (reload->watch != NULL) {
        descriptors[count++] = molt__watch_descriptor(reload->watch);
    }
    return reload->building ? count + molt__build_descriptors(reload->build, descriptors + count)
                            : count;
}
