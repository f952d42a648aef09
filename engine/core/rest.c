#include "rest.h"

#include <stdio.h>

#include "clock.h"
#include "game_timers.h"

/* A call that has begun before its timer was deleted is mostly over at once. */
#define TIMER_NS (100 * MOLT__MILLISECOND)

MoltStatus molt__rest_begin(MoltThreads *threads, const char *wish, MoltError *error)
{
    if (!molt_threads_rest(threads)) {
        return molt_error(
            error, MOLT_BUSY,
            "The state cannot be %s: the thread or job %s does not return from its "
            "step. Let a step do less, or let it ask api->reload_pending() and return "
            "true early.",
            wish, molt_threads_late(threads));
    }
    if (!molt__game_timers_rest(MOLT__TIMERS_NS)) {
        molt_threads_go_on(threads);
        return molt_error(error, MOLT_BUSY,
                          "The state cannot be %s: what a timer of the game calls does not return. Let it do "
                          "less, or let a step of a job do it.",
                          wish);
    }
    return MOLT_OK;
}

void molt__rest_end(MoltThreads *threads)
{
    molt_threads_go_on(threads);
    molt__game_timers_go_on();
}

static const char *name_of(const MoltLibrary *library, uintptr_t function)
{
    MoltCodeTarget target = {.name = "a function outside of the library"};
    if (library != NULL) {
        molt__symbols_describe(library->symbols, function, &target);
    }
    return target.name;
}

/* What a thread of the game's own was started with, other than in `next`; NULL when none lives. */
static const char *find_game_thread(MoltGameThreads *game_threads, const MoltLibrary *library,
                                    const MoltLibrary *next)
{
    uintptr_t function;
    return game_threads != NULL &&
                   molt__game_threads_live(game_threads, next != NULL ? next->begin : 0,
                                           next != NULL ? next->end : 0, &function)
               ? name_of(library, function)
               : NULL;
}

/* The same of its timers. */
static const char *find_game_timer(const MoltLibrary *library, const MoltLibrary *next)
{
    uintptr_t function;
    return molt__game_timers_live(next != NULL ? next->begin : 0, next != NULL ? next->end : 0, TIMER_NS,
                                  &function)
               ? name_of(library, function)
               : NULL;
}

MoltStatus molt__rest_left(MoltThreads *threads, MoltGameThreads *game_threads,
                           const MoltLibrary *library, MoltError *error)
{
    const char *late = molt_threads_late(threads);
    const char *function = find_game_thread(game_threads, library, NULL);
    const char *timer = find_game_timer(library, NULL);
    if (late[0] != 0) {
        return molt_error(
            error, MOLT_BUSY,
            "The thread or job %s does not return from its step, so shut_down() was not "
            "called.",
            late);
    }
    if (timer != NULL) {
        return molt_error(error, MOLT_BUSY,
                          "%s, which a timer of the game calls, does not return. The timer is deleted, and "
                          "the library stays.",
                          timer);
    }
    return function == NULL
               ? MOLT_OK
               : molt_error(error, MOLT_BUSY,
                            "A thread that the game started by itself still runs %s. Join it in "
                            "shut_down().",
                            function);
}

static MoltStatus check_timers(const MoltLibrary *library, const MoltLibrary *next, MoltThreadName *name,
                               MoltError *error)
{
    const char *timer = find_game_timer(library, next);
    if (timer == NULL) {
        return MOLT_OK;
    }
    snprintf(name->text, sizeof name->text, "a timer that calls %s", timer);
    return molt_error(error, MOLT_REFUSED,
                      "A timer that the game made with timer_create() and SIGEV_THREAD calls %s, in the "
                      "library that would go. Delete it in begin_reload() and make it in end_reload(), or "
                      "let the host call: api->thread_start() takes a step that is called again and "
                      "again, and may sleep.",
                      timer);
}

MoltStatus molt__rest_check(MoltGameThreads *game_threads, const MoltLibrary *library,
                            const MoltLibrary *next, MoltThreadName *name, MoltError *error)
{
    const char *function = find_game_thread(game_threads, library, next);
    if (function == NULL) {
        return check_timers(library, next, name, error);
    }
    snprintf(name->text, sizeof name->text, "a thread in %s", function);
    return molt_error(
        error, MOLT_REFUSED,
        "A thread that the game started with pthread_create() or thrd_create() still "
        "runs %s, in the library that would go. Join it in begin_reload() and start it "
        "in end_reload(), or let the host run it: api->thread_start() takes a step that "
        "is called again and again.",
        function);
}
