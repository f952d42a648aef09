#include "reload_parts.h"

#include <stdio.h>
#include <string.h>

#include "guarded_calls.h"
#include "kept_file.h"
#include "lost_words.h"
#include "rest.h"
#include "thread_record.h"
#include "word_record.h"

/* ---- standing still -------------------------------------------------------------------------- */

static MoltRunning what_runs(const MoltReload *reload)
{
    return (MoltRunning){.library = reload->current,
                         .heap = reload->heap,
                         .state = reload->state,
                         .generation = reload->generation,
                         .stopped = reload->stopped};
}

/* After a crash the recovery has brought the threads to rest, which lasts as long as the game is frozen. */
static void take_back(MoltReload *reload, const MoltRunning *running)
{
    MoltLibrary *crashed = reload->recovered.crashed;
    if (crashed != NULL) {
        if (reload->transaction != NULL) { /* what it compares with does not run any more */
            molt__reload_drop_attempt(reload);
            reload->library_touched = true;
        }
        reload->retired_library = crashed;
        reload->tried = crashed->stamp; /* it is not to come back by itself */
        molt__history_find(&reload->history, running->generation);
    }
    reload->current = running->library;
    reload->generation = running->generation;
    reload->state = running->state;
    reload->stopped = running->stopped;
    if (reload->frozen) {
        molt__rest_end(reload->threads);
    }
    reload->frozen = true;
}

void molt__reload_thaw(MoltReload *reload)
{
    if (reload->frozen) {
        reload->frozen = false;
        molt__rest_end(reload->threads);
    }
}

void molt_reload_go_on(MoltReload *reload)
{
    if (reload->frozen && !reload->stopped && reload->recovered.headline == NULL) {
        molt__reload_thaw(reload);
    }
}

void molt__reload_fall(MoltReload *reload, const char *what)
{
    MoltRunning running = what_runs(reload);
    molt__recovery_go_back(reload->recovery, &running, what, &reload->recovered);
    take_back(reload, &running);
}

bool molt__reload_tell_crash(MoltReload *reload, MoltReloadEvent *out)
{
    const MoltRecovered *recovered = &reload->recovered;
    if (recovered->headline == NULL) {
        return false;
    }
    *out = molt__event_crash(&reload->texts, recovered->headline, recovered->detail);
    out->generation = reload->generation;
    out->frames_back = recovered->frames;
    reload->recovered = (MoltRecovered){0};
    return true;
}

/* ---- between frames -------------------------------------------------------------------------- */

MoltStatus molt__reload_stop_state(MoltReload *reload, bool *here, MoltError *error)
{
    MoltError crash = {0};
    *here = !reload->stopped && reload->current->begin_reload != NULL;
    if (*here && molt__call_begin_reload(reload->current, reload->state, &crash) != MOLT_OK) {
        molt__reload_fall(reload, crash.text);
        return molt_error(error, MOLT_REFUSED, "%s", crash.text);
    }
    return MOLT_OK;
}

void molt__reload_start_state(MoltReload *reload, bool here)
{
    MoltError crash = {0};
    if (here && molt__call_end_reload(reload->current, reload->state, &crash) != MOLT_OK) {
        molt__reload_fall(reload, crash.text);
    }
}

void molt__reload_replaced(MoltReload *reload)
{
    reload->stopped = false;
    molt__library_doubt(reload->current);
    molt__reload_thaw(reload);
    molt__recovery_reset(reload->recovery);
}

/* ---- starting again -------------------------------------------------------------------------- */

/* Brings back what goes beside the state, and says what could not be. */
static void say_missing(MoltReload *reload, const MoltLeft *left, char *text, size_t size)
{
    char threads[400];
    MoltError why = {0};
    bool kept = molt__kept_file_read(left->kept_file, reload->heap, &why) == MOLT_OK;
    molt__lost_words_read(left->lost, kept, text, size - sizeof threads - sizeof why.text);
    if (!kept && text[0] != 0) {
        size_t end = strlen(text);
        snprintf(text + end, size - end, "\n%s", why.text);
    }
    molt__thread_record_start(left->threads, reload->threads, reload->current, reload->heap, threads,
                              sizeof threads);
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s%s", length > 0 && threads[0] != 0 ? "\n" : "", threads);
}

MoltStatus molt__reload_resume(MoltReload *reload, const MoltLeft *left, MoltError *error)
{
    MoltReport report;
    char missing[3200] = "";
    bool here = false;
    MoltStatus status = molt__rest_begin(reload->threads, "replaced", error);
    if (status != MOLT_OK) {
        return status;
    }
    molt_report_init(&report, NULL);
    status = molt__reload_stop_state(reload, &here, error);
    if (status == MOLT_OK) {
        status = molt__reload_put_state(reload, left->state, false, reload->host, reload->host_size,
                                        NULL, &report, error);
    }
    molt_report_clear(&report);
    if (status == MOLT_OK) {
        (void)molt__word_record_put_back(left->words, reload->current, reload->heap);
        say_missing(reload, left, missing, sizeof missing);
    }
    if (status == MOLT_OK && left->crashed && reload->recovery != NULL) {
        reload->stopped = true; /* end_reload() is the new code's */
        MoltRunning running = what_runs(reload);
        molt__recovery_left(reload->recovery, &running, left, missing, &reload->recovered);
        molt__reload_take_history(reload, left);
        molt__reload_take_work(reload, &left->work);
        reload->crash_ns = left->crash_ns;
        reload->kept = left->kept;
        reload->frozen = true;
    } else {
        molt__reload_start_state(reload, status == MOLT_OK);
        molt__rest_end(reload->threads);
    }
    if (status == MOLT_OK) {
        molt__restart_clean(reload->resume, left);
    }
    return status;
}

/* ---- frames ---------------------------------------------------------------------------------- */

bool molt_reload_frame(MoltReload *reload)
{
    bool result = true;
    MoltRunning running = what_runs(reload);
    if (reload->frozen) {
        return true;
    }
    if (reload->recovery == NULL) {
        result = reload->current->main_loop(reload->state);
    } else if (!molt__recovery_frame(reload->recovery, &running, &result, &reload->recovered)) {
        take_back(reload, &running);
        return true;
    }
    molt__recovery_turn(reload->recovery, reload->threads);
    return result;
}

bool molt_reload_frozen(const MoltReload *reload)
{
    return reload->frozen;
}

const char *molt_reload_guard_problem(const MoltReload *reload)
{
    return reload->guard_problem.text;
}

uint64_t molt_reload_crash_ns(const MoltReload *reload)
{
    return reload->crash_ns;
}

int molt_reload_kept(const MoltReload *reload)
{
    return reload->kept;
}

uint64_t molt_reload_checkpoint_ns(const MoltReload *reload)
{
    return reload->recovery != NULL ? molt__recovery_cost_ns(reload->recovery) : 0;
}
