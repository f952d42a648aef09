#include "thread_moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

void molt__thread_moment_clear(MoltThreadMoment *moment)
{
    free(moment->items);
    *moment = (MoltThreadMoment){0};
}

/* A step that has said that it is not to be called again is not part of the state any more. */
static bool lives(const MoltRunner *runner)
{
    return !runner->ended && !runner->stop;
}

bool molt__thread_moment_take(MoltThreadMoment *moment, MoltThreads *threads)
{
    MoltThreadMoment fresh = {0};
    uint32_t count = 0;
    bool good = true;
    if (threads != NULL) {
        pthread_mutex_lock(&threads->lock);
        for (const MoltRunner *runner = threads->first; runner != NULL; runner = runner->next) {
            count += lives(runner);
        }
        good = count == 0 || (fresh.items = calloc(count, sizeof *fresh.items)) != NULL;
        for (const MoltRunner *runner = threads->first; runner != NULL && good;
             runner = runner->next) {
            if (lives(runner)) {
                MoltThreadMark *mark = &fresh.items[fresh.count++];
                *mark = (MoltThreadMark){
                    .step = runner->step, .context = runner->context, .own = runner->own};
                memcpy(mark->name, runner->name, sizeof mark->name);
            }
        }
        pthread_mutex_unlock(&threads->lock);
    }
    if (good) {
        molt__thread_moment_clear(moment);
        *moment = fresh;
    }
    return good;
}

static const MoltThreadMark *find_mark(const MoltThreadMoment *moment, const MoltRunner *runner)
{
    for (uint32_t i = 0; i < moment->count; i++) {
        const MoltThreadMark *mark = &moment->items[i];
        if (mark->own == runner->own && strcmp(mark->name, runner->name) == 0) {
            return mark;
        }
    }
    return NULL;
}

static MoltRunner *find_stopped(const MoltThreads *threads)
{
    MoltRunner *runner = threads->first;
    while (runner != NULL && (!runner->stop || runner->ended)) {
        runner = runner->next;
    }
    return runner;
}

/* Everybody rests, so a thread that is to end does so at once. */
static void end_stopped(MoltThreads *threads)
{
    pthread_cond_broadcast(&threads->work);
    while (find_stopped(threads) != NULL) {
        pthread_cond_wait(&threads->quiet, &threads->lock);
    }
    molt__threads_reap(threads);
}

bool molt__thread_moment_restore(const MoltThreadMoment *moment, MoltThreads *threads)
{
    bool all = true;
    if (threads == NULL) {
        return true;
    }
    pthread_mutex_lock(&threads->lock);
    for (MoltRunner *runner = threads->first; runner != NULL; runner = runner->next) {
        const MoltThreadMark *mark = lives(runner) ? find_mark(moment, runner) : NULL;
        if (mark != NULL) {
            runner->step = mark->step;
            runner->context = mark->context;
        } else {
            runner->stop = true;
            runner->ended = runner->ended || !runner->own;
        }
    }
    end_stopped(threads);
    pthread_mutex_unlock(&threads->lock);
    for (uint32_t i = 0; i < moment->count;
         i++) { /* of one that goes on already, nothing is done */
        const MoltThreadMark *mark = &moment->items[i];
        bool started = mark->own
                           ? molt_threads_start(threads, mark->name, mark->step, mark->context)
                           : molt_threads_job_start(threads, mark->name, mark->step, mark->context);
        all = all && started;
    }
    return all;
}

bool molt__thread_moment_missing(const MoltThreadMoment *moment, MoltThreads *threads, char *text,
                                 size_t size)
{
    size_t length = 0;
    text[0] = 0;
    for (uint32_t i = 0; i < moment->count && length < size; i++) {
        const MoltThreadMark *mark = &moment->items[i];
        if (!molt_threads_running(threads, mark->name)) {
            int added = snprintf(text + length, size - length, "%sthe %s %s", length > 0 ? ", " : "",
                                 mark->own ? "thread" : "job", mark->name);
            length += added > 0 ? (size_t)added : 0;
        }
    }
    return length > 0;
}

/* ---- forks ----------------------------------------------------------------------------------- */

void molt__threads_before_fork(MoltThreads *threads)
{
    if (threads != NULL) {
        pthread_mutex_lock(&threads->lock);
    }
}

void molt__threads_after_fork(MoltThreads *threads, bool child)
{
    if (threads == NULL) {
        return;
    }
    if (child) {
        for (MoltRunner *runner = threads->first; runner != NULL; runner = runner->next) {
            runner->absent = runner->own;
        }
        threads->worker_count = 0;
        threads->count = 1;
    }
    pthread_mutex_unlock(&threads->lock);
}
