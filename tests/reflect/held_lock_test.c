/* Locks in the state: when somebody has one, that it neither moves nor goes then, and that nobody has one
 * that comes from a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pthread.h>
#include <semaphore.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "molt/migrate.h"
#include "molt/snapshot_file.h"
#include "schema_spec.h"
#include "system_lock.h"

typedef struct State {
    char first;
    pthread_mutex_t mutex[2];
    pthread_rwlock_t rwlock;
    pthread_cond_t condition;
    pthread_barrier_t barrier;
    sem_t semaphore;
} State;
typedef struct NewState {
    char first, second[8];
    pthread_mutex_t mutex[2];
    pthread_rwlock_t rwlock;
    pthread_cond_t condition;
    pthread_barrier_t barrier;
    sem_t semaphore;
} NewState;

#define TEXT_OF(n) #n
#define BYTES(n) "unsigned char[" TEXT_OF(n) "]"
#define LOCK_SPEC(T, length)                                                                       \
    {                                                                                              \
#T, sizeof(T), _Alignof(T), {{.name = "bytes", .type = BYTES(length) } }, NULL             \
    }
#define SPECS(T, ...)                                                                              \
    {                                                                                              \
        {"State",                                                                                  \
         sizeof(T),                                                                                \
         _Alignof(T),                                                                              \
         {FIELD(T, first, "char"), FIELD(T, mutex, "pthread_mutex_t[2]"),                          \
          FIELD(T, rwlock, "pthread_rwlock_t"), FIELD(T, condition, "pthread_cond_t"),             \
          FIELD(T, barrier, "pthread_barrier_t"), FIELD(T, semaphore, "sem_t"), __VA_ARGS__},      \
         NULL},                                                                                    \
            LOCK_SPEC(pthread_mutex_t, __SIZEOF_PTHREAD_MUTEX_T),                                  \
            LOCK_SPEC(pthread_rwlock_t, __SIZEOF_PTHREAD_RWLOCK_T),                                \
            LOCK_SPEC(pthread_cond_t, __SIZEOF_PTHREAD_COND_T),                                    \
            LOCK_SPEC(pthread_barrier_t, __SIZEOF_PTHREAD_BARRIER_T),                              \
            LOCK_SPEC(sem_t, __SIZEOF_SEM_T)                                                       \
    }

static const StructSpec old_specs[] = SPECS(State, {.name = NULL});
static const StructSpec new_specs[] = SPECS(NewState, FIELD(NewState, second, "char[8]"));

typedef struct Fixture {
    MoltSchema *before, *after;
    MoltHeap *heap;
    State *state;
    MoltReport report;
    char path[64];
} Fixture;

static void start(Fixture *fixture, const MoltAllocator *allocator)
{
    MoltHeapDesc desc = {.reserve = (uint64_t)1 << 30, .allocator = allocator};
    assert_int_equal(molt_heap_create(&desc, &fixture->heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(fixture->heap, fixture->before), MOLT_OK);
    State *state = fixture->state =
        molt_heap_new(fixture->heap, molt_schema_find(fixture->before, "State"), 1);
    molt_heap_set_root(fixture->heap, 0, state);
    molt_report_init(&fixture->report, NULL);
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&state->mutex[0], NULL);
    pthread_mutex_init(&state->mutex[1], &kind);
    pthread_rwlock_init(&state->rwlock, NULL);
    pthread_cond_init(&state->condition, NULL);
    pthread_barrier_init(&state->barrier, NULL, 2);
    sem_init(&state->semaphore, 0, 0);
}

static void stop(Fixture *fixture)
{
    molt_report_clear(&fixture->report);
    molt_heap_destroy(fixture->heap);
}

static int set_up(void **context)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    fixture->before = spec_schema(old_specs, 6);
    fixture->after = spec_schema(new_specs, 6);
    snprintf(fixture->path, sizeof fixture->path, "/tmp/molt-lock-test-%d.molt", (int)getpid());
    start(fixture, NULL);
    *context = fixture;
    return 0;
}

static int tear_down(void **context)
{
    Fixture *fixture = *context;
    stop(fixture);
    unlink(fixture->path);
    molt_schema_free(fixture->before);
    molt_schema_free(fixture->after);
    free(fixture);
    return 0;
}

static const char *use(const Fixture *fixture, const char *type, const void *lock)
{
    const MoltLockClass *class =
        molt__lock_class(fixture->before, molt_schema_find(fixture->before, type));
    assert_non_null(class);
    return molt__lock_use(class, lock);
}

static MoltStatus migrate(Fixture *fixture, const MoltAllocator *allocator)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltStatus status = molt_plan_build(fixture->before, fixture->after, MOLT_POLICY_LIVE,
                                        allocator, &plan, &fixture->report, NULL);
    if (status == MOLT_OK)
        status =
            molt_migrate_prepare(fixture->heap, plan, NULL, &migration, &fixture->report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_plan_free(plan);
    return status;
}

static bool told(const Fixture *fixture, const char *path, const char *value)
{
    for (uint32_t i = 0; i < fixture->report.count; i++) {
        const MoltFinding *finding = &fixture->report.findings[i];
        if (finding->rule == MOLT_RULE_LOCK_HELD && finding->severity == MOLT_REFUSE &&
            finding->objects == 1 && strcmp(finding->path, path) == 0 &&
            strcmp(finding->value, value) == 0)
            return true;
    }
    return false;
}

/* ---- who waits -------------------------------------------------------------------------------- */

static void *wait_for_condition(void *context)
{
    State *state = context;
    pthread_mutex_lock(&state->mutex[0]);
    while (state->first == 0)
        pthread_cond_wait(&state->condition, &state->mutex[0]);
    pthread_mutex_unlock(&state->mutex[0]);
    return NULL;
}

static void *wait_at(void *barrier)
{
    pthread_barrier_wait(barrier);
    return NULL;
}

static void *wait_for_semaphore(void *context)
{
    State *state = context;
    sem_wait(&state->semaphore);
    return NULL;
}

static void await_use(const Fixture *fixture, const char *type, const void *lock)
{
    for (int i = 0; i < 5000 && !use(fixture, type, lock); i++)
        usleep(1000);
    assert_string_equal(use(fixture, type, lock), "waited for");
}

static void who_waits_is_seen(void **context)
{
    Fixture *fixture = *context;
    State *state = fixture->state;
    pthread_t threads[3];
    assert_null(use(fixture, "pthread_cond_t", &state->condition));
    assert_null(use(fixture, "pthread_barrier_t", &state->barrier));
    assert_null(use(fixture, "sem_t", &state->semaphore));
    pthread_create(&threads[0], NULL, wait_for_condition, state);
    pthread_create(&threads[1], NULL, wait_at, &state->barrier);
    pthread_create(&threads[2], NULL, wait_for_semaphore, state);
    await_use(fixture, "pthread_cond_t", &state->condition);
    await_use(fixture, "pthread_barrier_t", &state->barrier);
    await_use(fixture, "sem_t", &state->semaphore);
    assert_int_equal(migrate(fixture, NULL), MOLT_REFUSED);
    assert_true(told(fixture, "State.condition", "waited for in State:0"));
    assert_true(told(fixture, "State.barrier", "waited for in State:0"));
    assert_true(told(fixture, "State.semaphore", "waited for in State:0"));
    pthread_mutex_lock(&state->mutex[0]);
    state->first = 1;
    pthread_cond_broadcast(&state->condition);
    pthread_mutex_unlock(&state->mutex[0]);
    pthread_barrier_wait(&state->barrier);
    sem_post(&state->semaphore);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_null(use(fixture, "pthread_cond_t", &state->condition));
    assert_null(use(fixture, "pthread_barrier_t", &state->barrier));
    assert_null(use(fixture, "sem_t", &state->semaphore));
    assert_int_equal(migrate(fixture, NULL), MOLT_OK);
}

/* ---- who has it ------------------------------------------------------------------------------- */

static void who_has_it_is_seen(void **context)
{
    Fixture *fixture = *context;
    State *state = fixture->state;
    pthread_mutex_lock(&state->mutex[1]);
    pthread_rwlock_rdlock(&state->rwlock);
    assert_null(use(fixture, "pthread_mutex_t", &state->mutex[0]));
    assert_string_equal(use(fixture, "pthread_mutex_t", &state->mutex[1]), "locked");
    assert_string_equal(use(fixture, "pthread_rwlock_t", &state->rwlock), "locked for reading");
    assert_int_equal(migrate(fixture, NULL), MOLT_REFUSED);
    assert_true(told(fixture, "State.mutex[1]", "locked in State:0"));
    assert_true(told(fixture, "State.rwlock", "locked for reading in State:0"));
    pthread_rwlock_unlock(&state->rwlock);
    pthread_rwlock_wrlock(&state->rwlock);
    assert_string_equal(use(fixture, "pthread_rwlock_t", &state->rwlock), "locked for writing");
    pthread_rwlock_unlock(&state->rwlock);
    pthread_mutex_unlock(&state->mutex[1]);
    assert_null(use(fixture, "pthread_rwlock_t", &state->rwlock));
    assert_int_equal(migrate(fixture, NULL), MOLT_OK);
}

static void memory_running_out_at_any_point_loses_nothing(void **context)
{
    Fixture *fixture = *context;
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    for (uint64_t fail = 1; status == MOLT_OUT_OF_MEMORY && fail < 10000; fail++) {
        CountingAllocator counting = {0};
        MoltAllocator allocator = counting_allocator(&counting);
        Fixture own = {.before = fixture->before, .after = fixture->after};
        start(&own, &allocator);
        pthread_mutex_lock(&own.state->mutex[1]);
        MoltHash digest = molt_heap_digest(own.heap), now;
        counting.fail_at = counting.calls + fail;
        status = migrate(&own, &allocator);
        counting.fail_at = 0;
        now = molt_heap_digest(own.heap);
        assert_memory_equal(&digest, &now, sizeof now);
        stop(&own);
        assert_int_equal(counting.bytes, 0);
    }
    assert_int_equal(status, MOLT_REFUSED);
}

/* ---- files ------------------------------------------------------------------------------------ */

static void nobody_has_a_lock_that_was_loaded(void **context)
{
    Fixture *fixture = *context;
    MoltSnapshotFile *file = NULL;
    MoltHeap *loaded = NULL;
    State *state = fixture->state;
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, wait_for_condition, state);
    pthread_create(&threads[1], NULL, wait_at, &state->barrier);
    await_use(fixture, "pthread_cond_t", &state->condition);
    await_use(fixture, "pthread_barrier_t", &state->barrier);
    pthread_mutex_lock(&state->mutex[1]);
    pthread_rwlock_wrlock(&state->rwlock);
    sem_post(&state->semaphore);
    assert_int_equal(molt_snapshot_file_save(fixture->heap, fixture->path, &(MoltSaveDesc){0},
                                             &fixture->report, NULL),
                     MOLT_OK);
    state->first = 1;
    pthread_cond_broadcast(&state->condition);
    pthread_barrier_wait(&state->barrier);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(molt_snapshot_file_open(fixture->path, false, NULL, &file, NULL), MOLT_OK);
    MoltLoadDesc desc = {.schema = fixture->after, .heap.reserve = (uint64_t)1 << 30};
    assert_int_equal(molt_snapshot_file_load(file, &desc, &loaded, &fixture->report, NULL),
                     MOLT_OK);
    molt_snapshot_file_close(file);
    NewState *now = molt_heap_root(loaded, 0);
    int value = 0;
    assert_int_equal(pthread_mutex_trylock(&now->mutex[1]), 0);
    assert_int_equal(pthread_mutex_trylock(&now->mutex[1]), 0); /* it is recursive still */
    assert_int_equal(pthread_rwlock_trywrlock(&now->rwlock), 0);
    assert_int_equal(sem_getvalue(&now->semaphore, &value), 0);
    assert_int_equal(value, 1);
    assert_null(use(fixture, "pthread_cond_t", &now->condition));
    assert_null(use(fixture, "pthread_barrier_t", &now->barrier));
    pthread_create(&threads[0], NULL, wait_at, &now->barrier);
    await_use(fixture, "pthread_barrier_t", &now->barrier);
    pthread_barrier_wait(&now->barrier);
    pthread_join(threads[0], NULL);
    molt_heap_destroy(loaded);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_waits_is_seen),
        TEST(who_has_it_is_seen),
        TEST(memory_running_out_at_any_point_loses_nothing),
        TEST(nobody_has_a_lock_that_was_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
