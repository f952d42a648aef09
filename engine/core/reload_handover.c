#include "reload_parts.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"

static bool is_some(const MoltFileStamp *stamp)
{
    const MoltFileStamp none = {0};
    return !molt__file_stamp_equal(stamp, &none);
}

/* ---- in the process that may crash ----------------------------------------------------------- */

/* What is being built is as little done as what waits for a build. */
static void note_save(const MoltReload *reload, MoltRestartWork *work)
{
    const MoltCause *cause = &reload->saved;
    if (reload->building && (cause->first_ns == 0 || reload->built.first_ns < cause->first_ns)) {
        cause = &reload->built;
    }
    if (cause->first_ns != work->saved_ns) {
        snprintf(work->saved, sizeof work->saved, "%s", cause->path != NULL ? cause->path : "");
        work->saved_ns = cause->first_ns;
    }
}

void molt__reload_note_generations(MoltReload *reload)
{
    MoltRestartWork *work = molt__recovery_work(reload->recovery);
    const MoltHistory *history = &reload->history;
    if (work == NULL) {
        return;
    }
    uint32_t first =
        history->count > MOLT__RESTART_GENERATIONS ? history->count - MOLT__RESTART_GENERATIONS : 0;
    work->generation_count = history->count - first;
    work->last_generation = reload->generations;
    for (uint32_t i = first; i < history->count; i++) {
        work->generations[i - first] = history->items[i].number;
    }
}

void molt__reload_note_work(MoltReload *reload)
{
    MoltRestartWork *work = molt__recovery_work(reload->recovery);
    if (work == NULL) {
        return;
    }
    note_save(reload, work);
    work->tried = reload->tried;
    work->resident = (int32_t)molt__resident_process(reload->resident);
    work->build = reload->building ? (int32_t)molt__build_process(reload->build) : 0;
    if (reload->transaction == NULL) {
        work->attempt = (MoltFileStamp){0};
    }
}

void molt__reload_note_attempt(MoltReload *reload, const char *library)
{
    MoltRestartWork *work = molt__recovery_work(reload->recovery);
    if (work != NULL) {
        work->attempt = molt__file_stamp(library);
    }
}

/* By the clock that files are stamped with, so that a file written from now on is not older. While something
 * that was seen waits to settle it has not been heard of. */
void molt__reload_note_look(MoltReload *reload)
{
    MoltRestartWork *work = molt__recovery_work(reload->recovery);
    struct timespec now;
    if (work != NULL && !molt__watch_pending(reload->watch) &&
        clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0) {
        work->seen_seconds = now.tv_sec;
        work->seen_nanoseconds = now.tv_nsec;
    }
}

/* ---- before there was a watch ---------------------------------------------------------------- */

void molt__reload_tell_since(MoltReload *reload, int64_t seconds, int64_t nanoseconds)
{
    const struct timespec since = {.tv_sec = (time_t)seconds, .tv_nsec = (long)nanoseconds};
    if (reload->watch != NULL && (seconds != 0 || nanoseconds != 0)) {
        molt__watch_tell_since(reload->watch, &since);
        reload->settling = molt__watch_pending(reload->watch);
    }
}

/* ---- in the one that goes on ----------------------------------------------------------------- */

/* A library that was being loaded when the process crashed may have been what crashed it. It gets a second
 * chance, and no third. */
static void judge_attempt(MoltReload *reload, const MoltRestartWork *before, MoltRestartWork *work)
{
    if (!is_some(&before->attempt)) {
        return;
    }
    if (work == NULL || molt__file_stamp_equal(&before->attempt, &before->suspect)) {
        reload->tried = before->attempt;
    } else {
        work->suspect = before->attempt;
    }
}

/* Where nobody knows, what is there counts as tried. */
static void take_stamps(MoltReload *reload, const MoltRestartWork *before, MoltRestartWork *work)
{
    if (!is_some(&before->running)) {
        reload->tried = molt__file_stamp(reload->library);
        return;
    }
    reload->current->stamp = before->running; /* what runs was read from a copy of that */
    reload->tried = before->tried;
    judge_attempt(reload, before, work);
}

/* What the program before has started is this one's; any other process is none of its business. */
static bool is_child(int32_t process)
{
    siginfo_t info = {0};
    return process > 0 && waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* It serves at a place that goes with the folder of the process before. */
static void end_resident(MoltReload *reload, const MoltRestartWork *before)
{
    if (is_child(before->resident)) {
        kill(before->resident, SIGKILL);
        reload->orphan = before->resident;
    }
}

void molt__reload_reap_orphan(MoltReload *reload)
{
    if (reload->orphan > 0 && waitpid(reload->orphan, NULL, WNOHANG) != 0) {
        reload->orphan = 0;
    }
}

void molt__reload_take_history(MoltReload *reload, const MoltLeft *left)
{
    const MoltRestartWork *work = &left->work;
    uint32_t count = work->generation_count < MOLT__RESTART_GENERATIONS ? work->generation_count
                                                                        : MOLT__RESTART_GENERATIONS;
    if (molt__history_adopt(&reload->history, reload->resume, work->generations, count, left->library,
                            reload->folder.path)) {
        reload->generation = molt__history_look(&reload->history, 0)->number;
        reload->generations = work->last_generation;
    }
    molt__reload_note_generations(reload);
}

void molt__reload_take_work(MoltReload *reload, const MoltRestartWork *before)
{
    MoltRestartWork *work = molt__recovery_work(reload->recovery);
    take_stamps(reload, before, work);
    end_resident(reload, before);
    if (reload->watch == NULL) {
        return;
    }
    reload->library_touched = molt__reload_library_differs(reload);
    if (reload->build != NULL && before->saved_ns != 0) {
        reload->building = is_child(before->build);
        molt__cause_note(reload->building ? &reload->built : &reload->saved, before->saved,
                         before->saved_ns);
    }
    if (reload->building) { /* two at a time would write the same files */
        molt__build_adopt(reload->build, (pid_t)before->build);
    }
    molt__reload_tell_since(reload, before->seen_seconds, before->seen_nanoseconds);
    if (work != NULL) { /* for a crash before anything of it is done */
        work->seen_seconds = before->seen_seconds;
        work->seen_nanoseconds = before->seen_nanoseconds;
        molt__reload_note_work(reload);
    }
}
