/* A thread that writes to an output what it is given, while whoever gives it makes the next part ready. It
 * must never know what the bytes are, nor touch them.
 *
 * Invariant: what was put is read by the thread until it is waited for. */
#ifndef MOLT_SNAPSHOT_WRITER_H
#define MOLT_SNAPSHOT_WRITER_H

#include <pthread.h>

#include "snapshot_output.h"

enum { MOLT__WRITER_JOBS = 8 };

typedef struct MoltWriterJob {
    uint64_t offset, size;
    const void *bytes;
} MoltWriterJob;

struct MoltWriter {
    MoltOutput *output;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    MoltWriterJob
        jobs[MOLT__WRITER_JOBS]; /* the n-th that was put is jobs[n % MOLT__WRITER_JOBS] */
    uint64_t put, done;          /* how many */
    bool ends;
    bool running; /* there is a thread */
};

/* Without a thread, when the system has none to give, all calls work and write at once. */
void molt__writer_start(MoltWriter *writer, MoltOutput *output);
/* Everything is written, and the thread is gone. Zeroed, or ended before: nothing. */
void molt__writer_end(MoltWriter *writer);

/* To be written at `offset`; returns a number to wait for, never 0. */
uint64_t molt__writer_put(MoltWriter *writer, uint64_t offset, const void *bytes, uint64_t size);
/* Returns when what got that number is written; 0: at once. */
void molt__writer_wait(MoltWriter *writer, uint64_t number);

#endif
