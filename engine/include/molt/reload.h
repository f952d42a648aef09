/* The reload core as a host sees it: it owns the heap, the loaded generation of the game
 * library, the watch on sources and library, and the build. Once per frame the host polls it; at
 * that boundary the new code takes over, or the old code goes on and the event says why. It must
 * never know windows, drawing or what the game is, and it never prints.
 *
 *   save -> build -> new library -> open, check, plan             (beside the running game)
 *        -> stop -> begin_reload -> build new state -> swap -> end_reload -> go   (the pause)
 *
 * One thread calls everything here; what is prepared beside the game runs on a thread of its own
 * that never touches the heap. Whatever reads or writes the state has the threads of the game rest
 * meanwhile, and fails with MOLT_BUSY, naming one that does not. */
#ifndef MOLT_RELOAD_H
#define MOLT_RELOAD_H

#include <stdbool.h>

#include <molt/diagnostic.h>
#include <molt/heap.h>
#include <molt/import.h>
#include <molt/plan.h>
#include <molt/platform_api.h>
#include <molt/reload_step.h>
#include <molt/report.h>
#include <molt/text_sink.h>
#include <molt/threads.h>

typedef struct MoltReload MoltReload;

/* X(name, identifier in messages and JSON) */
#define MOLT_EVENT_LIST(X)                                                                         \
    X(NONE, "none")                                                                                \
    X(BUILD_STARTED, "build-started")                                                              \
    X(BUILD_FAILED, "build-failed")       /* the game goes on; detail has the compiler's words */  \
    X(BUILD_CANCELLED, "build-cancelled") /* a newer save overtook it; the next build follows */   \
    X(BUILD_SUCCEEDED, "build-succeeded")                                                          \
    X(RELOADED, "reloaded")               /* the new code runs from the next frame on */           \
    X(REFUSED, "refused")                 /* old code and old state go on; the report says why */  \
    X(LOAD_FAILED, "load-failed")         /* the library cannot be used; old code goes on */       \
    X(POSTPONED, "postponed")             /* a step of a thread did not return in time; polling    \
                                             goes on with the reload when it has */               \
    X(LIBRARY_HELD, "library-held")       /* an earlier library stays loaded, because something   \
                                             of the state still leads into it; detail says what */ \
    X(NO_CHECKPOINT, "no-checkpoint")     /* from now on a new process would have to go on with an   \
                                             older state, or with none; detail says why */         \
    X(CRASHED, "crashed") /* the game did: an earlier state, which stands still until new code comes */

typedef enum MoltEventKind {
#define X(name, id) MOLT_EVENT_##name,
    MOLT_EVENT_LIST(X)
#undef X
    MOLT_EVENT_KIND_COUNT
} MoltEventKind;

/* Short stable identifier such as "build-failed". Never NULL; unknown kinds give "unknown". */
const char *molt_event_id(MoltEventKind kind);

/* What happened. Strings and the report belong to the core and stay valid until the next call of
 * molt_reload_poll, molt_reload_force or molt_reload_destroy. No string is NULL. */
typedef struct MoltReloadEvent {
    MoltEventKind kind;
    const char *outcome; /* "code", "migrated", "refused", "build-failed", "load-failed", "postponed";
                            else "" */
    const char *headline; /* one line for people */
    const char *detail;   /* several lines for people: what changed, or why not and what to do */
    const char *library;  /* path that was, or was to be, loaded */
    const char *trigger;  /* path whose change started it; "" when it was forced */
    const char *output;   /* of the build, its last 256 KiB, escape sequences removed; else "" */
    const MoltDiagnostic *diagnostics; /* what compilers and linkers said in `output`, in its order */
    uint32_t diagnostic_count;
    const char *report_json; /* the migration report, one JSON object on one line; "{}" without */
    const MoltReport *report; /* NULL without one */
    uint32_t types;       /* types whose layout changed */
    uint64_t objects;     /* objects rebuilt in a new layout */
    uint64_t pause_ns;    /* from the frame boundary at which the game stops to the moment the new
                             (refused: the old) code may run; host hooks and checkpoints are
                             not in it */
    uint64_t prepare_ns;  /* opening, checking and planning, beside the running game */
    uint64_t build_ns;    /* of the build that ended */
    uint32_t resident_runs; /* of a build that ended: runs of the generator that the one in memory has done,
                               since the host began */
    uint64_t resident_kib;  /* memory of that one; 0: there is none */
    int32_t resident_signal; /* by which it was ended since the build before, as one that hangs is; 0: it
                                was not */
    uint64_t since_save_ns; /* from the first change that started it to this event; 0 when forced */
    uint32_t generation;  /* the running generation after the event, from 1 */
    int32_t steps;        /* of a reload that molt_reload_step asked for; else 0 */
    uint64_t frames_back; /* CRASHED: calls of main_loop() that are undone */
    bool reload_follows;  /* BUILD_SUCCEEDED: the library changed, an attempt to load it follows */
} MoltReloadEvent;

/* Called around every attempt that ends in RELOADED, REFUSED, LOAD_FAILED or BUILD_FAILED, at the
 * frame boundary and outside the measured pause. In `before` the old code and state still stand; in
 * `after` the outcome stands. Both may read the heap and dump it, and must not poll or reload. */
typedef struct MoltReloadHooks {
    void (*before)(void *context); /* NULL allowed */
    void (*after)(void *context, const MoltReloadEvent *event); /* NULL allowed */
    void *context;
} MoltReloadHooks;

/* Whether what a reload does to much of the state is compiled before the game stops (docs/architecture.md).
 * The result is the same either way. */
typedef enum MoltConverterUse {
    MOLT_CONVERTERS_LARGE, /* where more is rebuilt than the compiler takes time for; needs `cc` */
    MOLT_CONVERTERS_NEVER,
    MOLT_CONVERTERS_ALWAYS /* for tests */
} MoltConverterUse;

/* Zero means the default. Everything pointed to, except `api`, is copied. */
typedef struct MoltReloadDesc {
    const char *library;  /* path of the game library; not NULL */
    const char *manifest; /* JSON written by the build; default `library` + ".molt". Without such
                             a file the core drives no build and only watches the library. */
    MoltThreads *threads; /* that run game code, brought to rest for whatever looks at the state; must
                             outlive the reload; NULL: there are none */
    const MoltPlatformApi *api; /* handed to start_up(); not NULL; must outlive the reload */
    MoltPolicy policy;
    MoltMissingFunctions missing_functions; /* that pointers lead to; in loads with
                                               `load_live` only */
    MoltReloadHooks hooks;
    MoltHeapDesc heap;
    /* Called when the game misuses the heap; must not return. Default: as molt_heap_set_fault. */
    void (*fault)(void *context, const char *text);
    void *fault_context;
    const char *build;    /* command for the shell that builds the library, run in the current folder in
                             the place of the manifest's; NULL: the manifest's */
    const char *const *watch; /* files and folders whose saves start a build, beside the manifest's; ends in
                             NULL; NULL: none */
    /* The program molt-trial. Each library is loaded by it first, in a process of its own; one that does not
     * survive that is refused, and this process does. NULL: no library is tried, and what the loader or a
     * constructor does with a damaged file happens to this process. */
    const char *trial;
    uint32_t settle_ms;   /* quiet time after the last write of a file; default 0: a file that was closed
                             after writing, or renamed into its place, is taken at once */
    uint32_t history;     /* generations that molt_reload_step can go to, the running one included;
                             default 8, at most 1,000 */
    bool no_history;      /* none, and no files are kept for them */
    MoltReloadSteps steps; /* a test: has steps of reloads fail */
    bool through_file;    /* a test: each reload takes the state through a snapshot file */
    bool load_live;       /* molt_reload_load takes losses, and keeps nothing of them */
    MoltConverterUse converters;
    bool no_build;        /* watch the library only, whatever the manifest says */
    bool no_resident;     /* no generator stays in memory for the builds; each starts its own */
    bool no_watch;        /* nothing happens on its own: only molt_reload_force reloads */
    /* A crash of main_loop() (a signal, an abort, misuse of the heap, a call without end, a stack overflow)
     * ends the frame and not the process, where that is safe: back to the code and state before a reload
     * that is younger than `probation` frames and two seconds of play, else to the last checkpoint. Takes
     * the signals, so one reload of a process can have it, and none under a sanitizer;
     * molt_reload_guard_problem says so. A hook or an entry of the library that crashes refuses what called
     * it, or is as a crash of a frame. */
    bool guard;
    uint32_t probation;     /* frames; default 60; no more than two seconds of play */
    uint32_t checkpoint_ms; /* between checkpoints; default 1000; more where they cost more than a
                               hundredth of that */
    uint32_t hang_ms;       /* processor time of a call that has no end; default 5000 */
    bool no_watchdog;       /* a call may take for ever */
    /* The host's command line, NULL at its end (NULL: none), which must outlive the reload. Where a crash
     * cannot be ended safely, the process becomes a new one with that and `--resume DIRECTORY`. */
    char *const *restart;
    int kept; /* a descriptor of the host's that this process has under the same number; 0: none */
    /* The last words of a process that a crash ends after all; one line; async-signal-safe. NULL: none. */
    void (*dying)(void *context, const char *text);
    void *dying_context;
    const char *resume;     /* such a directory: begin with the code and state in it, and remove it */
    void *host;             /* what the host wants back then; read between frames, must stay (NULL: none) */
    size_t host_size;
    /* By CLOCK_REALTIME_COARSE, in ns: what was saved since then, before there was a watch for it, is built,
     * too; 0: nothing. */
    uint64_t since_ns;
    bool synchronous;     /* prepare inside molt_reload_poll instead of beside the game, so that the
                             frame at which a reload happens follows from the calls alone */
} MoltReloadDesc;

/* Makes the heap and reads the manifest; loads nothing yet. *out is untouched on failure. */
MoltStatus molt_reload_create(const MoltReloadDesc *desc, MoltReload **out, MoltError *error);

/* Loads the first generation and calls start_up(), whose result must be the start of a live heap
 * block of the root type. To be called once; on failure only molt_reload_destroy may follow. */
MoltStatus molt_reload_start(MoltReload *reload, MoltError *error);

/* One call of main_loop(); its result. Only after a successful start and before stop. With a guard, a call
 * that crashes gives true, the next molt_reload_poll the event CRASHED, and until new code or another
 * state is loaded main_loop() is not called. */
bool molt_reload_frame(MoltReload *reload);
/* What a crash may have come of is another thing now, such as a file: main_loop() is called again, of the
 * same code, which may crash again. Nothing unless the game stands still. */
void molt_reload_go_on(MoltReload *reload);
/* main_loop() is not called, because it crashed. */
bool molt_reload_frozen(const MoltReload *reload);
/* Why there is no guard although one was asked for, for people; "" when all is well. */
const char *molt_reload_guard_problem(const MoltReload *reload);
/* When the process crashed for which this one goes on, by CLOCK_MONOTONIC in ns; 0: none did. */
uint64_t molt_reload_crash_ns(const MoltReload *reload);
/* What `kept` was in that process, still open and the caller's; 0: nothing. */
int molt_reload_kept(const MoltReload *reload);
/* What the last checkpoint took, with the fork for its files when there was one; 0 without a guard. */
uint64_t molt_reload_checkpoint_ns(const MoltReload *reload);

/* Once per frame, between frames. True when something happened, with *out filled; call it again
 * until it gives false, so that a finished build is loaded in the same frame. `out` is not NULL. */
bool molt_reload_poll(MoltReload *reload, MoltReloadEvent *out);

/* Waits until there is something to be polled for, or until `until_ns` on the monotonic clock, without
 * using the processor. True when polling makes sense; events of the system that come to nothing wake it,
 * too. A host that has time between two frames spends it here, and so need not wait for the next frame to
 * notice a save, the end of a build, or a library that is ready. */
bool molt_reload_wait(MoltReload *reload, uint64_t until_ns);

/* Loads the library file now, whether or not it changed, through the whole transaction, and
 * waits for it. The event is RELOADED, REFUSED, LOAD_FAILED, or POSTPONED, after which polling brings
 * the outcome. */
void molt_reload_force(MoltReload *reload, MoltReloadEvent *out);

/* Goes back to the code that ran `-steps` generations before this one, or forward again above 0, and
 * carries the state there as any reload does: what the attic keeps returns. The library's file and the
 * sources stay as they are; the next change of them is a new generation after this one, and those that
 * had been undone are forgotten. False when no such generation is kept, with nothing done; else the event
 * is as for molt_reload_force, and after REFUSED or LOAD_FAILED the running code goes on. */
bool molt_reload_step(MoltReload *reload, int32_t steps, MoltReloadEvent *out);

/* The numbers of the generations that are kept, oldest first, at most `most` of them; *at is the index of
 * the running one (NULL: not wanted). How many there are. */
uint32_t molt_reload_history(const MoltReload *reload, uint32_t *numbers, uint32_t most, uint32_t *at);

/* Writes the state to a snapshot file (snapshot_file.h), with `host_size` bytes of the host's own
 * beside it (NULL: none). LOSS under the live policy is written and reported; findings are added to
 * `report` (not NULL). begin_reload() and end_reload() are called around it, so that a file always holds
 * a state as begin_reload() left it. Between two frames only. On failure `path` is as it was. */
MoltStatus molt_reload_save(MoltReload *reload, const char *path, const void *host,
                            size_t host_size, MoltReport *report, MoltError *error);

/* Puts the state of a snapshot file in the place of the running one, migrated by the rules under the
 * strict policy (load_live: live) when it is of another schema. begin_reload() and end_reload() are called as
 * for a reload. MOLT_EXTERNAL pointers of the root stay those of the running state, all others are
 * NULL. `trusted` as for molt_snapshot_file_open. `host` takes the first of the host's bytes where there are
 * at least `host_size` (NULL: not wanted); *host_found says so (NULL allowed). Between two frames only. On
 * failure the running state goes on untouched. */
MoltStatus molt_reload_load(MoltReload *reload, const char *path, bool trusted, void *host,
                            size_t host_size, bool *host_found, MoltReport *report,
                            MoltError *error);

/* ---- the process ends in the middle of the game's code: in a handler that on_exit() has registered */

/* Where the game called exit(): "in quit (menu.c:12)", or "below play (menu.c:40)" where something that this
 * called did. False when no function of the game is on the stack. On any thread. */
bool molt_reload_exit_place(const MoltReload *reload, char *text, size_t size);
/* Writes the state of the last checkpoint, which is on disk about once a second with a guard and `restart`,
 * to `path`, as molt_reload_save does; *age_ns is how long ago that was. The host's bytes are those that
 * `host` of the desc had. On any thread. MOLT_NOT_FOUND: there is none; MOLT_SYSTEM. On failure `path` is as
 * it was. */
MoltStatus molt_reload_keep_checkpoint(const MoltReload *reload, const char *path, uint64_t *age_ns,
                                       MoltError *error);
/* Ends a build and removes the private files. Nothing may be called afterwards. On the thread that runs
 * main_loop(); NULL allowed. */
void molt_reload_abandon(MoltReload *reload);

/* Ends the game's jobs and threads, then calls shut_down(). Nothing when start did not succeed or stop has
 * been called. A thread that does not return from its step keeps shut_down() from being called. */
void molt_reload_stop(MoltReload *reload);

/* After stop: MOLT_BUSY names a thread that still runs in the library. Library and heap stay then for
 * the rest of the process, also after molt_reload_destroy. MOLT_REFUSED says where shut_down() crashed. */
MoltStatus molt_reload_left(const MoltReload *reload, MoltError *error);

/* Cancels a build, closes the library and frees the heap. Does not call shut_down(). NULL
 * allowed. */
void molt_reload_destroy(MoltReload *reload);

/* The state as JSON (dump.h) with names for code addresses; the caller frees *text with free().
 * `addresses` adds the address of every block. */
MoltStatus molt_reload_dump(const MoltReload *reload, bool addresses, char **text, size_t *length,
                            MoltError *error);

/* The same text in pieces to `sink`, for states whose text should not stand in memory (text_sink.h). */
MoltStatus molt_reload_dump_write(const MoltReload *reload, bool addresses,
                                  const MoltTextSink *sink, MoltError *error);

/* What lies at a path of the state, as molt_dump_path_json (dump.h) writes it. */
MoltStatus molt_reload_dump_path(const MoltReload *reload, const char *path, char **text,
                                 size_t *length, MoltError *error);

/* Puts the state of such a text (the whole, not a path) in the place of the running one, between two
 * frames, as import.h says; `desc->code` and `desc->roots_required` are not looked at. The library's
 * begin_reload and end_reload are called around it. On failure the game goes on with the state that
 * it has. */
MoltStatus molt_reload_load_json(MoltReload *reload, const char *text, size_t length,
                                 const MoltImportDesc *desc, MoltError *error);

/* Owned by the core. */
MoltHeap *molt_reload_heap(const MoltReload *reload);
/* Of the running generation, until the next poll or force; NULL before start. */
const MoltSchema *molt_reload_schema(const MoltReload *reload);
/* What main_loop gets; NULL before start. */
void *molt_reload_state(const MoltReload *reload);
/* The number of the code that runs: 1 at first, one more than any before for new code. 0 before start. */
uint32_t molt_reload_generation(const MoltReload *reload);
/* The host writes that file, or what is below that folder: among the sources it starts no build. */
void molt_reload_own_file(MoltReload *reload, const char *path);

/* A build is running. */
bool molt_reload_building(const MoltReload *reload);
/* How far it is, *done steps of *total, when its output says so; false otherwise, with nothing written. */
bool molt_reload_progress(const MoltReload *reload, uint32_t *done, uint32_t *total);
/* The manifest named a build command. */
bool molt_reload_can_build(const MoltReload *reload);

#endif
