/* The threads of a host on their own: each step and part is run as often as it should be, and rest is
 * rest. */
#include "sandbox.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <molt/threads.h>

enum { PARTS = 3000, RESTS = 200 };

static MoltThreads *make(uint32_t count)
{
    const MoltThreadsDesc desc = {.count = count, .deadline_ms = 100};
    MoltThreads *threads = NULL;
    assert_int_equal(molt_threads_create(&desc, &threads, NULL), MOLT_OK);
    assert_int_equal(molt_threads_count(threads), count);
    return threads;
}

typedef struct Parts {
    MoltThreads *threads;
    unsigned counts[PARTS]; /* written by one thread each */
    atomic_uint inner;
} Parts;

static void count_part(void *context, uint32_t index)
{
    Parts *parts = context;
    parts->counts[index]++;
}

static void count_inner(void *context, uint32_t index)
{
    Parts *parts = context;
    (void)index;
    atomic_fetch_add(&parts->inner, 1);
}

static void nest(void *context, uint32_t index)
{
    Parts *parts = context;
    parts->counts[index]++;
    molt_threads_parallel_for(parts->threads, 10, count_inner, parts);
}

static void each_part_is_run_once(void **state)
{
    static const uint32_t counts[] = {1, 2, 4};
    (void)state;
    for (int c = 0; c < 3; c++) {
        Parts *parts = calloc(1, sizeof *parts);
        parts->threads = make(counts[c]);
        for (uint32_t n = 0; n <= PARTS; n += 500) {
            molt_threads_parallel_for(parts->threads, n, count_part, parts);
        }
        for (uint32_t i = 0; i < PARTS; i++) {
            assert_int_equal(parts->counts[i], (PARTS - i + 499) / 500);
        }
        molt_threads_parallel_for(parts->threads, 100, nest, parts);
        assert_int_equal(atomic_load(&parts->inner), 1000);
        molt_threads_destroy(parts->threads);
        free(parts);
    }
}

typedef struct Work {
    MoltThreads *threads;
    atomic_uint steps;
    unsigned most; /* steps */
    atomic_bool inside, held;
    atomic_uint wrong; /* a step in a rest */
} Work;

static bool step(void *context)
{
    Work *work = context;
    atomic_store(&work->inside, true);
    atomic_fetch_add(&work->wrong, atomic_load(&work->held));
    bool more = atomic_fetch_add(&work->steps, 1) + 1 < work->most;
    atomic_store(&work->inside, false);
    return more;
}

static void jobs_and_threads_run_until_they_say_so(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 3; count++) {
        Work job = {.most = 70}, own = {.most = 30};
        MoltThreads *threads = make(count);
        assert_true(molt_threads_job_start(threads, "job", step, &job));
        assert_true(molt_threads_start(threads, "own", step, &own));
        molt_threads_job_wait(threads, "job");
        assert_int_equal(atomic_load(&job.steps), 70);
        assert_false(molt_threads_running(threads, "job"));
        for (int i = 0; i < 5000 && molt_threads_running(threads, "own"); i++) {
            sandbox_sleep(1);
        }
        assert_int_equal(atomic_load(&own.steps), 30);
        molt_threads_job_wait(threads, "nobody");
        molt_threads_stop(threads, "nobody");
        molt_threads_destroy(threads);
    }
}

static void names_are_unique(void **state)
{
    char name[MOLT_THREAD_NAME + 1];
    Work first = {.most = UINT32_MAX}, other = {.most = UINT32_MAX};
    MoltThreads *threads = make(2);
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_false(molt_threads_start(threads, name, step, &first));
    assert_false(molt_threads_start(threads, "", step, &first));
    name[sizeof name - 2] = 0;
    assert_true(molt_threads_start(threads, name, step, &first));
    assert_true(molt_threads_start(threads, name, step, &first)); /* it runs already */
    assert_false(molt_threads_start(threads, name, step, &other));
    assert_false(molt_threads_job_start(threads, name, step, &first));
    molt_threads_stop(threads, name);
    unsigned steps = atomic_load(&first.steps);
    assert_false(molt_threads_running(threads, name));
    assert_true(molt_threads_job_start(threads, name, step, &other));
    molt_threads_destroy(threads);
    assert_int_equal(atomic_load(&first.steps), steps);
}

static bool stop_myself(void *context)
{
    Work *work = context;
    atomic_fetch_add(&work->steps, 1);
    molt_threads_job_wait(work->threads, "me");
    molt_threads_stop(work->threads, "me");
    return true;
}

static void step_may_stop_itself(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        Work work = {.threads = make(2)};
        assert_true(own ? molt_threads_start(work.threads, "me", stop_myself, &work)
                        : molt_threads_job_start(work.threads, "me", stop_myself, &work));
        for (int i = 0; i < 5000 && molt_threads_running(work.threads, "me"); i++) {
            sandbox_sleep(1);
        }
        molt_threads_destroy(work.threads);
        assert_int_equal(atomic_load(&work.steps), 1);
    }
}

static void nobody_is_inside_at_rest(void **state)
{
    Work works[4];
    static const char *const names[] = {"a", "b", "c", "d"};
    MoltThreads *threads = make(3);
    (void)state;
    for (int i = 0; i < 4; i++) {
        works[i] = (Work){.most = UINT32_MAX};
        assert_true(i < 2 ? molt_threads_start(threads, names[i], step, &works[i])
                          : molt_threads_job_start(threads, names[i], step, &works[i]));
    }
    for (int rest = 0; rest < RESTS; rest++) {
        while (!molt_threads_rest(threads)) { /* a loaded machine may take its time */
        }
        assert_true(molt_threads_rest(threads));
        for (int i = 0; i < 4; i++) {
            assert_false(atomic_load(&works[i].inside));
            atomic_store(&works[i].held, true);
        }
        molt_threads_go_on(threads);
        if (rest == RESTS / 2) {
            molt_threads_stop(threads, "b"); /* ends without a further step */
            molt_threads_stop(threads, "d");
        }
        for (int i = 0; i < 4; i++) {
            atomic_store(&works[i].held, false);
        }
        molt_threads_go_on(threads);
    }
    assert_false(molt_threads_running(threads, "b"));
    assert_false(molt_threads_running(threads, "d"));
    while (!molt_threads_end(threads)) {
    }
    assert_false(molt_threads_running(threads, "a"));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(atomic_load(&works[i].wrong), 0);
    }
    assert_true(molt_threads_start(threads, "again", step, &works[0]));
    molt_threads_destroy(threads);
}

static bool wait_until_asked(void *context)
{
    Work *work = context;
    atomic_fetch_add(&work->steps, 1);
    while (!molt_threads_pending(work->threads)) {
        sandbox_sleep(1);
    }
    return true;
}

static bool wait_for_most(void *context)
{
    Work *work = context;
    atomic_fetch_add(&work->steps, 1);
    while (!atomic_load(&work->held)) {
        sandbox_sleep(1);
    }
    return false;
}

static void who_does_not_return_is_named(void **state)
{
    Work polite = {.threads = make(2)}, rude = {0};
    MoltThreads *threads = polite.threads;
    (void)state;
    assert_true(molt_threads_start(threads, "polite", wait_until_asked, &polite));
    while (atomic_load(&polite.steps) == 0) {
        sandbox_sleep(1);
    }
    while (!molt_threads_rest(threads)) {
    }
    assert_string_equal(molt_threads_late(threads), "");
    molt_threads_go_on(threads);
    assert_true(molt_threads_start(threads, "rude", wait_for_most, &rude));
    while (atomic_load(&rude.steps) == 0) {
        sandbox_sleep(1);
    }
    assert_false(molt_threads_rest(threads));
    assert_string_equal(molt_threads_late(threads), "rude");
    assert_true(molt_threads_is_late(threads));
    assert_false(molt_threads_pending(threads));
    molt_threads_ask(threads, true);
    assert_true(molt_threads_pending(threads));
    molt_threads_ask(threads, false);
    assert_false(molt_threads_end(threads));
    assert_string_equal(molt_threads_late(threads), "rude");
    atomic_store(&rude.held, true);
    while (molt_threads_is_late(threads)) {
        sandbox_sleep(1);
    }
    while (!molt_threads_rest(threads)) {
    }
    molt_threads_go_on(threads);
    assert_string_equal(molt_threads_late(threads), "");
    molt_threads_destroy(threads);
}

static bool take_long(void *context)
{
    Work *work = context;
    sandbox_sleep(500); /* more than the deadline */
    return atomic_fetch_add(&work->steps, 1) < work->most;
}

/* One try meets it inside; from then on it waits between two steps to be met there. */
static void steps_that_are_always_late_come_to_rest(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        Work work = {.most = UINT32_MAX};
        MoltThreads *threads = make(2);
        assert_true(own ? molt_threads_start(threads, "long", take_long, &work)
                        : molt_threads_job_start(threads, "long", take_long, &work));
        sandbox_sleep(20);
        assert_false(molt_threads_rest(threads));
        molt_threads_ask(threads, true);
        bool rests = false;
        for (int tries = 0; tries < 10 && !rests; tries++) { /* a busy machine may miss its wait */
            for (int i = 0; i < 5000 && molt_threads_is_late(threads); i++) {
                sandbox_sleep(1);
            }
            rests = molt_threads_rest(threads);
        }
        assert_true(rests);
        molt_threads_ask(threads, false);
        molt_threads_stop(threads, "long");
        molt_threads_go_on(threads);
        molt_threads_destroy(threads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_is_run_once),
        cmocka_unit_test(jobs_and_threads_run_until_they_say_so),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(step_may_stop_itself),
        cmocka_unit_test(nobody_is_inside_at_rest),
        cmocka_unit_test(who_does_not_return_is_named),
        cmocka_unit_test(steps_that_are_always_late_come_to_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
