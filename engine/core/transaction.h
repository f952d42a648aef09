/* One attempt to go from the running generation to what the library file holds now. First
 * everything that needs no stopped game, on a thread of its own; then, at a frame boundary, the
 * change itself, which happens wholly or not at all. It must never know what started the attempt
 * or who is told about it.
 *
 *   start  -> opening: library, schema, allocation sites, plan, converters and room, code addresses
 *             (thread)
 *   finish -> begin_reload, prepare, commit, end_reload     (game stopped, its threads at rest)
 *   close  -> the generation that is not needed any more goes */
#ifndef MOLT_CORE_TRANSACTION_H
#define MOLT_CORE_TRANSACTION_H

#include <molt/heap.h>
#include <molt/migrate.h>
#include <molt/reload_step.h>

#include "code_pair.h"
#include "converters.h"
#include "follow_threads.h"
#include "game_threads.h"
#include "library.h"

typedef struct MoltTransaction MoltTransaction;

/* Strings are copied; `current` and its schema must stay until the transaction is closed. */
typedef struct MoltTransactionDesc {
    const char *library;        /* path to load */
    const char *directory;      /* for the private copy */
    uint32_t number;            /* of the copy, unique in `directory` */
    const char *trial; /* program that loads it first, which must outlive the transaction; NULL: none */
    const MoltLibrary *current; /* running generation */
    MoltPolicy policy;
    MoltMissingFunctions missing_functions;
    MoltThreads *threads;          /* that follow the state; NULL: there are none */
    MoltGameThreads *game_threads; /* while one lives, nothing is changed */
    bool through_file; /* the state goes through a snapshot file in `directory` */
    MoltHeapDesc heap; /* of the heap that it is loaded into */
    MoltHeap *state; /* what start() looks at, before it returns, for how much there is of each type and
                      * where; it must stay until the transaction is finished or closed */
    MoltConverterUse converters;
    int wake; /* eventfd that is written to when the attempt has become ready; -1: none */
    MoltReloadSteps steps; /* a test; all zero: none */
    struct MoltRecovery *recovery; /* is told when begin_reload() has returned; NULL: nobody */
} MoltTransactionDesc;

typedef enum MoltTransactionStage {
    MOLT_STAGE_LOAD, /* the library could not be used */
    MOLT_STAGE_PLAN, /* a rule refuses whatever the values are */
    MOLT_STAGE_STATE /* the state as it is was refused, or carried over */
} MoltTransactionStage;

typedef struct MoltTransactionResult {
    MoltStatus status;
    MoltTransactionStage stage; /* where it ended */
    MoltError error;            /* when status is not MOLT_OK */
    const MoltReport *report;   /* owned by the transaction; never NULL */
    const char *note;    /* more about code addresses that were not found again; "" without */
    MoltFileStamp stamp; /* of the file that was loaded; all zero when it could not be read */
    MoltThreadName thread; /* that stands in the way; "" when none does */
    bool same_schema;
    bool begin_crashed; /* begin_reload(), which left the state in the middle of something */
    bool end_crashed;   /* end_reload(), of the new code when status is MOLT_OK, else of the old */
    MoltError crash;    /* where end_reload() did */
    uint64_t prepare_ns; /* what start did */
    uint64_t pause_ns;   /* what finish did, from its call to the moment code may run, but for the recovery */
} MoltTransactionResult;

/* Opens the new side. With `threaded` that goes on beside the caller and the result is known
 * once molt__transaction_ready says so; where no thread can be had, and without `threaded`, it
 * is done when the call returns. MOLT_OUT_OF_MEMORY is the only failure of the call itself. */
MoltStatus molt__transaction_start(const MoltTransactionDesc *desc, bool threaded,
                                   MoltTransaction **out, MoltError *error);
bool molt__transaction_ready(const MoltTransaction *transaction); /* never waits */
void molt__transaction_wait(MoltTransaction *transaction);        /* until it is ready */
/* Another state takes the heap's place: what opening reads of this one counts no more, nor does it read on.
 * On the thread of molt__transaction_start. NULL allowed. */
void molt__transaction_lose_state(MoltTransaction *transaction);
/* How opening went, and of which file; only once it is ready. */
MoltStatus molt__transaction_status(const MoltTransaction *transaction);
MoltFileStamp molt__transaction_stamp(const MoltTransaction *transaction);

/* The stopped part; once, after the transaction is ready, also when opening failed. `*state` is
 * what main_loop gets; it is updated with the swap. `waited_ns` is how long the game stood still before
 * the call. `stopped`: the old code's begin_reload() has been called already, and after a failure its
 * end_reload() is still to be. On MOLT_OK the heap holds the new state, and
 * molt__transaction_take gives the new generation; otherwise heap, state and old code are as
 * begin_reload left them, which end_reload of the old code was told. */
const MoltTransactionResult *molt__transaction_finish(MoltTransaction *transaction, MoltHeap *heap,
                                                      void **state, bool stopped, uint64_t waited_ns);

/* The new generation after a finish that succeeded, once; the caller owns it. The old one may be
 * closed after molt__transaction_close. */
MoltLibrary *molt__transaction_take(MoltTransaction *transaction);

/* Waits, and closes a new generation that was not taken. NULL allowed. */
void molt__transaction_close(MoltTransaction *transaction);

/* Index of the root that start_up() returns, or UINT32_MAX. */
uint32_t molt__state_root(const MoltSchema *schema);

#endif
