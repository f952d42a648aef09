#include "reload_parts.h"

#include <sys/stat.h>

#include "manifest.h"

#define SETTLE_MS 15u

enum { TAG_SOURCE, TAG_LIBRARY, TAG_MANIFEST };

/* ---- watching -------------------------------------------------------------------------------- */

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

MoltStatus molt__reload_watch(MoltReload *reload, const MoltReloadDesc *desc, MoltError *error)
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

void molt__reload_take_changes(MoltReload *reload)
{
    MoltWatchChange change;
    while (molt__watch_poll(reload->watch, &change)) {
        if (change.tag == TAG_SOURCE) {
            molt__cause_note(&reload->saved, change.path, change.first_ns);
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

static void build_failed(MoltReload *reload, const MoltBuild *build, const MoltError *error,
                         MoltReloadEvent *out)
{
    molt__reload_before(reload);
    *out = molt__event_build(&reload->texts, MOLT_EVENT_BUILD_FAILED, build, error, &reload->built);
    out->generation = reload->generation;
    molt__cause_clear(&reload->built);
    molt__reload_after(reload, out);
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
    out->reload_follows = molt__reload_library_differs(reload);
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
    return end_build(reload, out) || start_build(reload, out);
}
