#include "guarded_calls.h"

#include "crash_words.h"
#include "guard.h"
#include "runner.h"

static void describe(const MoltLibrary *library, const MoltCrash *crash, char *text, size_t size)
{
    MoltCodePlace places[MOLT__CRASH_FRAMES];
    molt__code_places(library->copy, library->base, library->symbols, crash->frames,
                      crash->frame_count, places);
    molt__crash_write(crash, places, text, size);
}

/* `name` is what is called, for people. */
static MoltStatus call(const MoltLibrary *library, MoltGuardedCall *what, const char *name,
                       MoltError *error)
{
    MoltCrash crash;
    char words[400];
    what->begin = library->begin;
    what->end = library->end;
    what->file = library->copy;
    what->base = library->base;
    if (molt__guard_call(molt__guard_mine(), what, &crash)) {
        return MOLT_OK;
    }
    describe(library, &crash, words, sizeof words);
    return molt_error(error, MOLT_REFUSED, "%s of %s crashed %s.", name, library->source, words);
}

MoltStatus molt__call_start_up(const MoltLibrary *library, const MoltPlatformApi *api, void **made,
                               MoltError *error)
{
    MoltGuardedCall what = {.start = library->start_up, .api = api};
    if (molt__guard_mine() == NULL) {
        *made = library->start_up(api);
        return MOLT_OK;
    }
    MoltStatus status = call(library, &what, "start_up()", error);
    *made = what.made;
    return status;
}

static MoltStatus notify(const MoltLibrary *library, void (*function)(void *state),
                         const char *name, void *state, MoltError *error)
{
    MoltGuardedCall what = {.notice = function, .state = state};
    if (function == NULL) {
        return MOLT_OK;
    }
    if (molt__guard_mine() == NULL) {
        function(state);
        return MOLT_OK;
    }
    return call(library, &what, name, error);
}

MoltStatus molt__call_begin_reload(const MoltLibrary *library, void *state, MoltError *error)
{
    return notify(library, library->begin_reload, "begin_reload()", state, error);
}

MoltStatus molt__call_end_reload(const MoltLibrary *library, void *state, MoltError *error)
{
    return notify(library, library->end_reload, "end_reload()", state, error);
}

MoltStatus molt__call_shut_down(const MoltLibrary *library, void *state, MoltError *error)
{
    return notify(library, library->shut_down, "shut_down()", state, error);
}

static bool run_hook(const MoltLibrary *of, const MoltHook *hook, const MoltOld *old, void *now)
{
    MoltGuardedCall what = {.begin = of->begin,
                            .end = of->end,
                            .file = of->copy,
                            .base = of->base,
                            .hook = hook->run,
                            .old = old,
                            .state = now};
    MoltCrash crash;
    char words[400];
    MoltGuard *guard = molt__guard_mine();
    if (guard == NULL) {
        return hook->run(old, now);
    }
    if (molt__guard_call(guard, &what, &crash)) {
        return what.going;
    }
    describe(of, &crash, words, sizeof words);
    return molt_old_fail(old, "it crashed %s", words);
}

bool molt__call_hook(void *library, const MoltHook *hook, const MoltOld *old, void *now)
{
    const MoltLibrary *of = library;
    char call[MOLT__SEALED_CALL];
    molt__threads_seal(of->threads);
    bool good = run_hook(of, hook, old, now);
    if (!molt__threads_unseal(of->threads, call)) {
        return good;
    }
    return molt_old_fail(old,
                         "it called %s: a hook starts, stops and waits for no threads and jobs, which "
                         "would go on if the reload failed. Do that in end_reload()",
                         call);
}
