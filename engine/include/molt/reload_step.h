/* Every step of a reload at which something can fail, in order, and a way for tests to have it fail there.
 * Whatever the step, the old code goes on with the state as it was, to the byte, and the event says which
 * step it was. Behind the last one nothing can fail: that is the swap. It must never know what makes a
 * step fail.
 *
 *   COPY ... CODE         beside the running game, maybe on another thread
 *   REST ... SWAP         the game stands still */
#ifndef MOLT_RELOAD_STEP_H
#define MOLT_RELOAD_STEP_H

#include <molt/migrate_step.h>

/* X(name, identifier, what it does) */
#define MOLT_RELOAD_STEP_LIST(X)                                                                   \
    X(COPY, "copy", "copies the library")                                                          \
    X(FILE, "file", "checks that the copy is a whole library for this machine")                    \
    X(TRIAL, "trial", "has another process load it first")                                         \
    X(OPEN, "open", "has the loader map it")                                                       \
    X(ENTRY, "entry", "finds the game's functions, and the version of the API")                    \
    X(SCHEMA, "schema", "checks the type metadata")                                                \
    X(SYMBOLS, "symbols", "reads the names of functions and constants")                            \
    X(VARIABLES, "variables", "finds the variables")                                               \
    X(CALLS, "calls", "finds the calls of malloc")                                                 \
    X(SELF_CHECK, "self-check", "compares the sizes that the objects were compiled with")          \
    X(PLAN, "plan", "compares the schemas")                                                        \
    X(CODE, "code", "looks up old functions and constants in the new library")                     \
    X(REST, "rest", "has the threads of the game stand still")                                     \
    X(SNAPSHOT, "snapshot", "where a reload goes through a file: writes the state there")          \
    X(THREADS, "threads", "finds the step functions of threads")                                   \
    MOLT_MIGRATE_STEP_LIST(X)                                                                      \
    X(CONTEXTS, "contexts", "follows what threads work on")                                        \
    X(SWAP, "swap", "makes the last room that the swap needs")

typedef enum MoltReloadStep {
#define X(name, id, does) MOLT_STEP_##name,
    MOLT_RELOAD_STEP_LIST(X)
#undef X
    MOLT_STEP_COUNT
} MoltReloadStep;

/* "re-point". Never NULL; unknown steps give "unknown". */
const char *molt_reload_step_id(MoltReloadStep step);

/* Asked before each step, some of them several times in one reload; false makes it fail. Steps that come
 * before REST may be asked about on another thread. `begin` NULL: nobody is asked, and nothing fails. */
typedef struct MoltReloadSteps {
    bool (*begin)(void *context, MoltReloadStep step);
    void *context;
} MoltReloadSteps;

#endif
