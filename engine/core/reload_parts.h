/* A running game as the files that make up <molt/reload.h> see it: reload.c (generations and
 * attempts), reload_sources.c (what is watched and built), reload_wait.c (the time between two frames),
 * reload_files.c (what is saved, read and dumped), reload_crashes.c (frames, and what becomes of a
 * crash) and reload_handover.c (what a new process is told of saves and builds). Nothing else may look
 * inside. */
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
#include "private_folder.h"
#include "recovery.h"
#include "resident.h"
#include "source_changes.h"
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
    MoltMissingFunctions missing_functions;
    MoltReloadHooks hooks;
    MoltHeapDesc heap_desc; /* for heaps that files are loaded into */
    bool load_live;         /* by files that lose values */
    MoltAllocator heap_allocator;
    MoltConverterUse converters;
    bool no_build, no_resident, synchronous, through_file;
    MoltReloadSteps steps;

    MoltPrivateFolder folder; /* for the copies of libraries */
    uint32_t copies;
    MoltHeap *heap;
    MoltLibrary *current;
    void *state;
    uint32_t generation, generations; /* the running one, and the last that was new */
    MoltHistory history;
    bool running; /* between start and stop */

    MoltRecoveryDesc guarding;
    MoltRecovery *recovery;  /* NULL: a crash is the end */
    MoltRecovered recovered; /* from a crash that nobody has heard of yet; else no headline */
    MoltError guard_problem;
    MoltError end_problem; /* what went wrong in stop; "" */
    const char *resume;    /* folder with what a process before left; NULL: none did */
    void *host;            /* the host's bytes in it */
    size_t host_size;
    uint64_t crash_ns; /* of the process before; 0: none crashed */
    int kept;          /* the host's descriptor from there */
    bool frozen;  /* main_loop() crashed and is not called; the threads are held at rest for that */
    bool stopped; /* begin_reload() has been called, or is not to be called again, as it crashed */

    MoltWatch *watch; /* NULL: nothing happens on its own */
    MoltBuild *build; /* NULL: nothing names a command */
    MoltSourceChanges *changes; /* with `watch` */
    char *assets;     /* folder below the sources of which nothing is built; NULL: none */
    char *trial;      /* program that loads libraries first; NULL: none */
    pid_t orphan; /* generator of the process before, which is ending; 0: none */
    MoltResident *resident; /* NULL: builds do without, or it is not due yet */
    char *generator;        /* what it runs; NULL: nothing names it, or it could not be started */
    uint64_t resident_ns;   /* when it is due; 0: not known yet */
    char *command;    /* that the desc gives; NULL: the manifest's counts */
    int wake;         /* eventfd: an attempt has become ready; -1 until made */
    bool building, manifest_changed;
    bool settling; /* saves from before this process are still to be told: one build is for all of them */
    bool urgent;   /* a save came that the build under way is to make way for */
    bool landing;  /* what the last build has made is loaded before the next one begins */
    uint32_t overtaken; /* builds in a row that a newer save has ended */
    MoltCause saved, built, loading;
    char **raced; /* sources saved while a build ran, which may have read what they were before */
    uint32_t raced_count;
    uint64_t build_ended_ns; /* the last one; 0: none has */

    MoltTransaction *transaction; /* under way, or NULL */
    MoltFileStamp tried; /* of the file whose attempt failed last: not tried again by itself */
    bool library_touched;
    bool postponed; /* `transaction` is ready, and waits for a step of a thread to return */
    uint64_t retry_ns, give_up_ns; /* while the library is incomplete; 0 otherwise */

    MoltTransaction *retired_transaction;
    bool trims; /* the heap may have memory to give back, some in each poll */
    MoltLibrary *retired_library;
    MoltHeldLibraries held; /* that were retired before it, and are still needed */
    MoltEventTexts texts;
};

/* Watches the library, the manifest and the sources that it names, unless the desc says not to. */
MoltStatus molt__reload_watch(MoltReload *reload, const MoltReloadDesc *desc, MoltError *error);

/* Forgets what a build may have read too early. */
void molt__reload_drop_raced(MoltReload *reload);

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

/* Gives up an attempt that is under way. */
void molt__reload_drop_attempt(MoltReload *reload);

/* ---- reload_files.c */

/* Puts the state of a file in the place of the running one, between begin_reload() and end_reload(). */
MoltStatus molt__reload_put_state(MoltReload *reload, const char *path, bool trusted, void *host,
                                  size_t host_size, bool *host_found, MoltReport *report,
                                  MoltError *error);

/* ---- reload_crashes.c; the threads of the host at rest */

/* Calls begin_reload() unless the state is stopped; *here says that it did. When it crashes the game
 * stands still, and the next poll tells of it. */
MoltStatus molt__reload_stop_state(MoltReload *reload, bool *here, MoltError *error);
/* Calls end_reload() when `here`. It may crash, too. */
void molt__reload_start_state(MoltReload *reload, bool here);
/* What a crash went back to is not of the state that is there now: the game goes on. */
void molt__reload_replaced(MoltReload *reload);
/* New code runs: a game that stood still goes on. */
void molt__reload_thaw(MoltReload *reload);
/* An entry of the running code crashed, as `what` says, and that was ended: back, and stand still. */
void molt__reload_fall(MoltReload *reload, const char *what);
/* After molt__first_load: the state that the process before left, and the news of its crash. */
MoltStatus molt__reload_resume(MoltReload *reload, const MoltLeft *left, MoltError *error);
/* True when a crash was still to be told. */
bool molt__reload_tell_crash(MoltReload *reload, MoltReloadEvent *out);

/* ---- reload_handover.c */

/* Which generations there are, after each change of that. */
void molt__reload_note_generations(MoltReload *reload);
/* After every poll: what is under way now. */
void molt__reload_note_work(MoltReload *reload);
/* Before the library is opened, which may crash on another thread at once. */
void molt__reload_note_attempt(MoltReload *reload, const char *library);
/* Before what the watch has seen is taken: what it has not seen yet comes later than this. */
void molt__reload_note_look(MoltReload *reload);
/* What was saved since then, by the wall clock, counts as saved now. */
void molt__reload_tell_since(MoltReload *reload, int64_t seconds, int64_t nanoseconds);
/* Waits for what is ending, if it has ended. */
void molt__reload_reap_orphan(MoltReload *reload);
/* This process goes on where that work ended: a build that was under way is begun anew, saves that nobody has
 * heard of are found, and a library that is there and was not loaded yet is. */
void molt__reload_take_work(MoltReload *reload, const MoltRestartWork *work);
/* The generations of the process before are this one's, before its folder goes. */
void molt__reload_take_history(MoltReload *reload, const MoltLeft *left);

/* The hooks of the desc, around what stops the game. */
void molt__reload_before(const MoltReload *reload);
void molt__reload_after(const MoltReload *reload, const MoltReloadEvent *event);

#endif
