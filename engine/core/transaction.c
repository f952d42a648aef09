#include "transaction.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <molt/attic.h>
#include <molt/heap_room.h>
#include <molt/kept_types.h>
#include <molt/lookout.h>
#include <molt/plain_memory.h>
#include <molt/rename_guess.h>

#include "clock.h"
#include "guarded_calls.h"
#include "recovery.h"
#include "reload_step.h"
#include "rest.h"
#include "through_file.h"

/* Until `ready` is set the opening thread owns everything in here; from then on the caller does.
 * The thread reads only `current`'s schema and symbols, which never change, and of the heap only what the
 * lookout may read beside the game: what else it needs of that, `bytes` and `room` had from it before. */
struct MoltTransaction {
    char *path, *directory;
    uint32_t number;
    const MoltLibrary *current;
    MoltPolicy policy;
    MoltMissingFunctions missing;
    MoltThreads *threads;
    MoltGameThreads *game_threads;
    bool through_file;
    MoltHeapDesc heap;
    MoltConverterUse use;
    uint64_t *bytes; /* of the state, per type */
    MoltHeap *state;
    MoltHeapRoom *room; /* for what the plan makes of the state, or NULL */
    MoltLookout *lookout; /* for what points at what the plan moves, or NULL */
    uint64_t keep_limit; /* of those of types that the new code lacks; 0: keep none */
    int wake; /* eventfd; -1: none */
    const char *trial;
    MoltReloadSteps steps;
    MoltRecovery *recovery;
    uint64_t guard_ns; /* that the recovery, and its pages, took of the pause */
    pthread_t thread;
    bool threaded; /* `thread` must be joined */
    atomic_bool ready;
    MoltLibrary *next;
    MoltPlan *plan;
    MoltConverters *converters; /* that the plan uses, or NULL */
    MoltUsage *usage_before, *usage_after; /* where structs changed; NULL: not known */
    MoltCodePair *code;
    MoltReport report;
    MoltTransactionResult result;
};

uint32_t molt__state_root(const MoltSchema *schema)
{
    for (uint32_t i = 0; i < schema->tables.root_count; i++) {
        if (strcmp(molt_string(schema, schema->tables.roots[i].name), "state") == 0) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* ---- beside the running game --------------------------------------------------------------- */

static bool same_hash(const MoltSchema *a, const MoltSchema *b)
{
    return a->tables.hash.low == b->tables.hash.low && a->tables.hash.high == b->tables.hash.high;
}

static MoltStatus check_root(const MoltLibrary *library, MoltError *error)
{
    if (molt__state_root(library->schema) != UINT32_MAX) {
        return MOLT_OK;
    }
    return molt_error(
        error, MOLT_INVALID,
        "The type metadata of %s has no root called \"state\". Say MOLT_ROOT(Type) for the "
        "type that start_up() returns, once in the game.",
        library->source);
}

static void run_parallel(void *threads, uint32_t count, MoltParallelTask *task, void *context)
{
    molt_threads_parallel_for(threads, count, task, context);
}

/* Those of the game's jobs, which rest while its state changes. */
static void lend_threads(MoltTransaction *transaction)
{
    MoltThreads *threads = transaction->threads;
    const MoltParallel parallel = {.threads = threads != NULL ? molt_threads_count(threads) : 1,
                                   .run = run_parallel,
                                   .context = threads,
                                   .least = transaction->use == MOLT_CONVERTERS_ALWAYS};
    molt_plan_set_parallel(transaction->plan, &parallel);
}

/* Plans anew with the types that the new code lacks, where there is something to keep of them. */
static MoltStatus keep_types(MoltTransaction *transaction, const MoltHooks *hooks, MoltError *error)
{
    MoltLibrary *next = transaction->next;
    MoltSchema *kept = NULL;
    if (transaction->policy != MOLT_POLICY_LIVE || transaction->through_file ||
        transaction->keep_limit == 0) {
        return MOLT_OK;
    }
    MoltStatus status = molt_schema_keep(transaction->plan, transaction->bytes,
                                         transaction->keep_limit, &kept, error);
    if (status != MOLT_OK || kept == NULL) {
        return status;
    }
    molt_plan_free(transaction->plan);
    transaction->plan = NULL;
    if (!molt__library_keep(next, kept)) {
        molt_schema_free(kept);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the types of %s.",
                          next->source);
    }
    molt_report_clear(&transaction->report);
    return molt_plan_build_with_hooks(transaction->current->schema, next->schema,
                                      transaction->policy, hooks, NULL, &transaction->plan,
                                      &transaction->report, error);
}

static void *prepare_state(void *context)
{
    MoltTransaction *transaction = context;
    molt_heap_room_prepare(transaction->room, transaction->plan);
    if (molt_lookout_run(transaction->lookout, transaction->plan) > 0) {
        molt_plan_set_lookout(transaction->plan, transaction->lookout);
    }
    return NULL;
}

/* What changes many objects: their converters, and beside the compiler the pages for them, and what points at
 * them. */
static void prepare_for_many(MoltTransaction *transaction)
{
    pthread_t thread;
    bool beside = (transaction->room != NULL || transaction->lookout != NULL) &&
                  pthread_create(&thread, NULL, prepare_state, transaction) == 0;
    transaction->converters =
        molt__converters_make(transaction->plan, transaction->bytes, transaction->use,
                              transaction->directory, transaction->number);
    if (beside) {
        pthread_join(thread, NULL);
    }
}

static MoltStatus open_new_side(MoltTransaction *transaction, MoltTransactionResult *result)
{
    const MoltSchema *before = transaction->current->schema;
    result->stage = MOLT_STAGE_LOAD;
    MoltStatus status =
        molt__library_open(transaction->path, transaction->directory, transaction->number,
                           transaction->trial, &transaction->steps, &transaction->next,
                           &result->error);
    if (status != MOLT_OK) {
        result->stamp = molt__file_stamp(transaction->path);
        return status;
    }
    MoltLibrary *next = transaction->next;
    next->threads = transaction->threads;
    result->stamp = next->stamp;
    result->same_schema = same_hash(before, next->schema);
    status = molt__reload_step(&transaction->steps, MOLT_STEP_SELF_CHECK, &result->error);
    if (status == MOLT_OK) {
        status = check_root(next, &result->error);
    }
    if (status == MOLT_OK) {
        status = molt_module_bind(next->module, next->schema, &result->error);
    }
    if (status != MOLT_OK) {
        return status;
    }
    result->stage = MOLT_STAGE_PLAN;
    const MoltHooks hooks = molt__library_hooks(next);
    status = molt__reload_step(&transaction->steps, MOLT_STEP_PLAN, &result->error);
    if (status == MOLT_OK) {
        status =
            molt_plan_build_with_hooks(before, next->schema, transaction->policy, &hooks, NULL,
                                       &transaction->plan, &transaction->report, &result->error);
    }
    if (status == MOLT_OK) {
        status = keep_types(transaction, &hooks, &result->error);
    }
    if (status != MOLT_OK) {
        return status;
    }
    molt_plan_set_missing_functions(transaction->plan, transaction->missing);
    molt__reload_step_watch(&transaction->steps, transaction->plan);
    if (!result->same_schema) {
        transaction->usage_before = molt__usage_file_parse(&transaction->current->usage);
        transaction->usage_after = molt__usage_file_parse(&next->usage);
        molt_plan_set_usage(transaction->plan, transaction->usage_before, transaction->usage_after);
        prepare_for_many(transaction);
        lend_threads(transaction);
    }
    status = molt__reload_step(&transaction->steps, MOLT_STEP_CODE, &result->error);
    return status != MOLT_OK ? status
                             : molt__code_pair_create(transaction->current->symbols, next->symbols,
                                                      &transaction->code, &result->error);
}

static void *open_thread(void *context)
{
    MoltTransaction *transaction = context;
    uint64_t start = molt__clock_ns();
    transaction->result.status = open_new_side(transaction, &transaction->result);
    transaction->result.prepare_ns = molt__clock_ns() - start;
    int wake = transaction->wake; /* the caller owns everything from the next line on */
    atomic_store_explicit(&transaction->ready, true, memory_order_release);
    if (wake >= 0) {
        eventfd_write(wake, 1);
    }
    return NULL;
}

MoltStatus molt__transaction_start(const MoltTransactionDesc *desc, bool threaded,
                                   MoltTransaction **out, MoltError *error)
{
    MoltTransaction *transaction = calloc(1, sizeof *transaction);
    if (transaction == NULL || (transaction->path = strdup(desc->library)) == NULL ||
        (transaction->directory = strdup(desc->directory)) == NULL ||
        (transaction->bytes = molt__converters_weigh(desc->state)) == NULL) {
        if (transaction != NULL) {
            free(transaction->path);
            free(transaction->directory);
            free(transaction);
        }
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to load %s.", desc->library);
    }
    transaction->number = desc->number;
    transaction->keep_limit = molt_attic_limit(desc->state);
    transaction->current = desc->current;
    transaction->policy = desc->policy;
    transaction->missing = desc->missing_functions;
    transaction->threads = desc->threads;
    transaction->game_threads = desc->game_threads;
    transaction->through_file = desc->through_file;
    transaction->heap = desc->heap;
    transaction->use = desc->converters;
    transaction->state = desc->state;
    transaction->room = desc->through_file ? NULL : molt_heap_room_look(desc->state);
    transaction->lookout =
        desc->through_file ? NULL : molt__recovery_lookout(desc->recovery, desc->state);
    transaction->wake = desc->wake;
    transaction->steps = desc->steps;
    transaction->trial = desc->trial;
    transaction->recovery = desc->recovery;
    atomic_init(&transaction->ready, false);
    molt_report_init(&transaction->report, NULL);
    transaction->result.report = &transaction->report;
    transaction->result.note = "";
    transaction->threaded =
        threaded && pthread_create(&transaction->thread, NULL, open_thread, transaction) == 0;
    if (!transaction->threaded) {
        open_thread(transaction);
    }
    *out = transaction;
    return MOLT_OK;
}

bool molt__transaction_ready(const MoltTransaction *transaction)
{
    return atomic_load_explicit(&transaction->ready, memory_order_acquire);
}

void molt__transaction_wait(MoltTransaction *transaction)
{
    if (transaction->threaded) {
        pthread_join(transaction->thread, NULL);
        transaction->threaded = false;
    }
}

MoltStatus molt__transaction_status(const MoltTransaction *transaction)
{
    return transaction->result.status;
}

MoltFileStamp molt__transaction_stamp(const MoltTransaction *transaction)
{
    return transaction->result.stamp;
}

/* ---- with the game stopped ----------------------------------------------------------------- */

/* A file has no place for what steps work on, so they end as with a load. */
static MoltStatus change_through_file(MoltTransaction *transaction, MoltHeap *heap,
                                      const MoltCodeMap *code)
{
    MoltTransactionResult *result = &transaction->result;
    const MoltThroughFile way = {.directory = transaction->directory,
                                 .before = transaction->current,
                                 .after = transaction->next,
                                 .code = code,
                                 .plan = transaction->plan,
                                 .policy = transaction->policy,
                                 .heap = transaction->heap};
    MoltStatus status = molt__reload_step(&transaction->steps, MOLT_STEP_SNAPSHOT, &result->error);
    if (status == MOLT_OK) {
        status = molt__through_file(&way, heap, &transaction->report, &result->error);
    }
    if (status == MOLT_OK) {
        molt_threads_end(transaction->threads);
    }
    return status;
}

/* Builds the new state and puts it in the place of the old one, or leaves that. */
static MoltStatus change_state(MoltTransaction *transaction, MoltHeap *heap)
{
    MoltTransactionResult *result = &transaction->result;
    MoltCodeMap code = *molt__code_pair_map(transaction->code);
    MoltMigration *migration = NULL;
    code.globals = transaction->next->globals;
    code.call_sites = transaction->next->call_sites;
    if (transaction->through_file) {
        molt__library_doubt(transaction->next);
        return change_through_file(transaction, heap, &code);
    }
    code.apart = transaction->current->apart;
    code.next_apart = transaction->next->apart;
    MoltStatus status = molt__reload_step(&transaction->steps, MOLT_STEP_THREADS, &result->error);
    if (status == MOLT_OK) {
        status = molt__follow_threads_code(transaction->threads, &code, transaction->next,
                                           &result->thread, &result->error);
    }
    if (status == MOLT_OK) {
        status = molt_migrate_prepare(heap, transaction->plan, &code, &migration,
                                      &transaction->report, &result->error);
        result->thread.text[0] = 0;
    }
    if (status != MOLT_OK) {
        return status;
    }
    status = molt__reload_step(&transaction->steps, MOLT_STEP_CONTEXTS, &result->error);
    if (status == MOLT_OK) {
        status = molt__follow_threads_state(transaction->threads, migration, heap, &result->thread,
                                            &result->error);
    }
    if (status == MOLT_OK) {
        status = molt__reload_step(&transaction->steps, MOLT_STEP_SWAP, &result->error);
    }
    if (status == MOLT_OK) {
        status = molt_heap_set_call_sites(heap, transaction->next->call_sites);
        result->thread.text[0] = 0;
        if (status != MOLT_OK) {
            molt_error(&result->error, status, "No memory for the allocation sites of %s.",
                       transaction->next->source);
        }
    }
    if (status != MOLT_OK) {
        molt_migrate_discard(migration);
        return status;
    }
    molt__recovery_before_commit(transaction->recovery, migration);
    molt_migrate_commit(migration);
    molt__follow_threads_commit(transaction->threads);
    return MOLT_OK;
}

/* Has the old code let go of what lies outside of the state, if it wants to. */
static MoltStatus call_begin(MoltTransaction *transaction, MoltHeap *heap, void *state)
{
    const MoltLibrary *old = transaction->current;
    MoltTransactionResult *result = &transaction->result;
    MoltStatus status = molt__call_begin_reload(old, state, &result->error);
    result->begin_crashed = status != MOLT_OK;
    if (status == MOLT_OK && old->begin_reload != NULL) {
        uint64_t start = molt__clock_ns();
        molt__recovery_stopped(transaction->recovery, heap);
        transaction->guard_ns = molt__clock_ns() - start;
    }
    return status;
}

/* No code of the game runs from here on. That pages have to be let go is the guard's doing. */
static void settle_lookout(MoltTransaction *transaction)
{
    uint64_t start = molt__clock_ns();
    molt_lookout_settle(transaction->lookout);
    transaction->guard_ns += molt__clock_ns() - start;
}

static void call_end(MoltTransaction *transaction, const MoltLibrary *library, void *state)
{
    MoltTransactionResult *result = &transaction->result;
    result->end_crashed = molt__call_end_reload(library, state, &result->crash) != MOLT_OK;
}

static MoltStatus swap_state(MoltTransaction *transaction, MoltHeap *heap, void **state, bool stopped)
{
    const MoltLibrary *old = transaction->current;
    MoltLibrary *next = transaction->next;
    MoltStatus status = MOLT_OK;
    molt__library_settle(next);
    if (!stopped && (status = call_begin(transaction, heap, *state)) != MOLT_OK) {
        return status;
    }
    if (next->thread_route != NULL) {
        *next->thread_route = molt__game_threads_route(transaction->game_threads);
    }
    MoltTransactionResult *result = &transaction->result;
    status = molt__reload_step(&transaction->steps, MOLT_STEP_REST, &result->error);
    if (status == MOLT_OK) {
        status = molt__rest_check(transaction->game_threads, old, next, &result->thread,
                                  &result->error);
    }
    if (status == MOLT_OK) {
        status = molt__untracked_report(old->untracked, transaction->policy, &transaction->report,
                                        &result->error);
    }
    if (status == MOLT_OK) {
        settle_lookout(transaction);
        status = change_state(transaction, heap);
    }
    if (status != MOLT_OK) {
        if (!stopped && old->begin_reload != NULL) {
            call_end(transaction, old, *state);
        }
        return status;
    }
    *next->module->heap = molt_heap_api(heap);
    *state = molt_heap_root(heap, molt__state_root(next->schema));
    call_end(transaction, next, *state);
    return MOLT_OK;
}

void molt__transaction_lose_state(MoltTransaction *transaction)
{
    if (transaction != NULL) {
        molt_lookout_stop(transaction->lookout);
    }
}

/* What the migration left of the room is the system's again, as is all of it without one; what was known of
 * pointers is known no more. */
static void give_room_back(MoltTransaction *transaction)
{
    if (transaction->plan != NULL) {
        molt_plan_set_lookout(transaction->plan, NULL);
    }
    molt_lookout_end(transaction->lookout);
    transaction->lookout = NULL;
    molt_heap_room_free(transaction->room, transaction->state);
    transaction->room = NULL;
}

const MoltTransactionResult *molt__transaction_finish(MoltTransaction *transaction, MoltHeap *heap,
                                                      void **state, bool stopped, uint64_t waited_ns)
{
    MoltTransactionResult *result = &transaction->result;
    molt__transaction_wait(transaction);
    if (result->status == MOLT_OK) {
        uint64_t start = molt__clock_ns();
        result->stage = MOLT_STAGE_STATE;
        result->status = swap_state(transaction, heap, state, stopped);
        result->pause_ns = waited_ns + molt__clock_ns() - start - transaction->guard_ns;
        result->note = molt__code_pair_note(transaction->code);
        if (result->status == MOLT_OK && transaction->current->symbol_note[0] == 0) {
            result->note = transaction->next->symbol_note;
        }
    }
    give_room_back(transaction);
    return result;
}

MoltLibrary *molt__transaction_take(MoltTransaction *transaction)
{
    MoltLibrary *next = transaction->result.status == MOLT_OK ? transaction->next : NULL;
    if (next != NULL) {
        transaction->next = NULL;
    }
    return next;
}

void molt__transaction_close(MoltTransaction *transaction)
{
    if (transaction == NULL) {
        return;
    }
    molt__transaction_wait(transaction);
    give_room_back(transaction);
    molt__code_pair_free(transaction->code);
    molt_plan_free(transaction->plan);
    molt__converters_free(transaction->converters);
    molt_usage_free(transaction->usage_before);
    molt_usage_free(transaction->usage_after);
    molt_report_clear(&transaction->report);
    molt__library_close(transaction->next);
    free(transaction->path);
    free(transaction->directory);
    free(transaction->bytes);
    free(transaction);
}
