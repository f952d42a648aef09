/* A running game as the files that make up <molt/reload.h> see it: reload.c (generations and
 * attempts), reload_sources.c (what is watched and built), reload_wait.c (the time between two frames)
 * and reload_files.c (what is saved, read and dumped). Nothing else may look inside. */
#ifndef MOLT_ENGINE_RELOAD_PARTS_H
#define MOLT_ENGINE_RELOAD_PARTS_H

#include <molt/reload.h>

#include "build.h"
#include "cause.h"
#include "event.h"
#include "file_stamp.h"
#include "held_library.h"
#include "history.h"
#include "library.h"
#include "transaction.h"
#include "watch.h"

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
    MoltConverterUse converters;
    bool no_build, synchronous, through_file;
    MoltReloadSteps steps;

    char *directory; /* private, for the copies of libraries */
    uint32_t copies;
    MoltHeap *heap;
    MoltLibrary *current;
    void *state;
    uint32_t generation, generations; /* the running one, and the last that was new */
    MoltHistory history;
    bool running; /* between start and stop */

    MoltWatch *watch; /* NULL: nothing happens on its own */
    MoltBuild *build; /* NULL: nothing names a command */
    char *assets;     /* folder below the sources of which nothing is built; NULL: none */
    char *command;    /* that the desc gives; NULL: the manifest's counts */
    int wake;         /* eventfd: an attempt has become ready; -1 until made */
    bool building, manifest_changed;
    uint32_t overtaken; /* builds in a row that a newer save has ended */
    MoltCause saved, built, loading;

    MoltTransaction *transaction; /* under way, or NULL */
    MoltFileStamp tried; /* of the file whose attempt failed last: not tried again by itself */
    bool library_touched;
    bool postponed; /* `transaction` is ready, and waits for a step of a thread to return */
    uint64_t retry_ns, give_up_ns; /* while the library is incomplete; 0 otherwise */

    MoltTransaction *retired_transaction;
    MoltLibrary *retired_library;
    MoltHeldLibraries held; /* that were retired before it, and are still needed */
    MoltEventTexts texts;
};

/* Watches the library, the manifest and the sources that it names, unless the desc says not to. */
MoltStatus molt__reload_watch(MoltReload *reload, const MoltReloadDesc *desc, MoltError *error);

/* Takes what the watch has seen since the last call. */
void molt__reload_take_changes(MoltReload *reload);

/* Starts the build that a save asks for, or ends the one under way. True when `out` tells of it. */
bool molt__reload_build(MoltReload *reload, MoltReloadEvent *out);

/* Descriptors that become readable when the sources or the build have something to tell; at most
 * MOLT__SOURCE_DESCRIPTORS. */
#define MOLT__SOURCE_DESCRIPTORS (1 + MOLT__BUILD_DESCRIPTORS)
size_t molt__reload_source_descriptors(const MoltReload *reload, int *descriptors);

/* True when the library's file is neither the running one nor the one whose attempt failed. */
bool molt__reload_library_differs(const MoltReload *reload);

/* The hooks of the desc, around what stops the game. */
void molt__reload_before(const MoltReload *reload);
void molt__reload_after(const MoltReload *reload, const MoltReloadEvent *event);

#endif
