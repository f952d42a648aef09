#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sync_file_range */
#endif

#include "snapshot_writer.h"

#include <fcntl.h>
#include <signal.h>

/* So many bytes go to the disk while the next ones are made, instead of all of them in the end. */
#define FLUSH_STEP ((uint64_t)8 << 20)

static void *write_jobs(void *context)
{
    MoltWriter *writer = context;
    uint64_t begin = 0, end = 0; /* written, and not on its way to the disk */
    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        while (writer->done == writer->put && !writer->ends)
            pthread_cond_wait(&writer->changed, &writer->mutex);
        if (writer->done == writer->put)
            break;
        const MoltWriterJob job = writer->jobs[writer->done % MOLT__WRITER_JOBS];
        pthread_mutex_unlock(&writer->mutex);
        molt__output_write(writer->output, job.offset, job.bytes, job.size);
        begin = job.offset == end ? begin : job.offset;
        end = job.offset + job.size;
        if (end - begin >= FLUSH_STEP) {
            /* only advice: what it does not do is done in the end */
            (void)sync_file_range(writer->output->fd, (off_t)begin, (off_t)(end - begin),
                                  SYNC_FILE_RANGE_WRITE);
            begin = end;
        }
        pthread_mutex_lock(&writer->mutex);
        writer->done++;
        pthread_cond_broadcast(&writer->changed);
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

void molt__writer_start(MoltWriter *writer, MoltOutput *output)
{
    sigset_t all, before;
    *writer = (MoltWriter){.output = output};
    if (pthread_mutex_init(&writer->mutex, NULL) != 0)
        return;
    if (pthread_cond_init(&writer->changed, NULL) != 0) {
        pthread_mutex_destroy(&writer->mutex);
        return;
    }
    sigfillset(&all); /* signals are the process's own affair */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    writer->running = pthread_create(&writer->thread, NULL, write_jobs, writer) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!writer->running) {
        pthread_cond_destroy(&writer->changed);
        pthread_mutex_destroy(&writer->mutex);
    }
}

void molt__writer_end(MoltWriter *writer)
{
    if (!writer->running)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->ends = true;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->mutex);
    writer->running = false;
}

uint64_t molt__writer_put(MoltWriter *writer, uint64_t offset, const void *bytes, uint64_t size)
{
    if (!writer->running) {
        molt__output_write(writer->output, offset, bytes, size);
        writer->done = writer->put + 1;
        return ++writer->put;
    }
    pthread_mutex_lock(&writer->mutex);
    while (writer->put - writer->done == MOLT__WRITER_JOBS)
        pthread_cond_wait(&writer->changed, &writer->mutex);
    writer->jobs[writer->put % MOLT__WRITER_JOBS] = (MoltWriterJob){offset, size, bytes};
    uint64_t number = ++writer->put;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->mutex);
    return number;
}

void molt__writer_wait(MoltWriter *writer, uint64_t number)
{
    if (!writer->running)
        return;
    pthread_mutex_lock(&writer->mutex);
    while (writer->done < number)
        pthread_cond_wait(&writer->changed, &writer->mutex);
    pthread_mutex_unlock(&writer->mutex);
}
