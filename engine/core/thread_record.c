#include "thread_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state_place.h"

/* Byte for byte in the file, which the same program reads. */
typedef struct Record {
    char name[MOLT_THREAD_NAME];
    uint32_t own;
    MoltStatePlace step, context;
} Record;

/* ---- the file -------------------------------------------------------------------------------- */

bool molt__thread_record_write(const char *path, MoltThreads *threads, const MoltThreadMoment *moment,
                               const MoltLibrary *library, const MoltHeap *heap)
{
    MoltThreadMoment now = {0};
    if (moment == NULL && !molt__thread_moment_take(&now, threads)) {
        return false;
    }
    const MoltThreadMoment *of = moment != NULL ? moment : &now;
    FILE *file = fopen(path, "wb");
    bool good = file != NULL;
    for (uint32_t i = 0; i < of->count && good; i++) {
        const MoltThreadMark *mark = &of->items[i];
        Record record = {.own = mark->own,
                         .step = molt__state_place(library, heap, (uintptr_t)mark->step),
                         .context =
                             molt__state_place(library, heap, (uintptr_t)mark->context)};
        memcpy(record.name, mark->name, sizeof record.name);
        good = fwrite(&record, sizeof record, 1, file) == 1;
    }
    good = file != NULL && fclose(file) == 0 && good;
    molt__thread_moment_clear(&now);
    return good;
}

static bool start(const Record *record, MoltThreads *threads, const MoltLibrary *library,
                  const MoltHeap *heap)
{
    uintptr_t address, context;
    MoltStep step;
    if (!molt__state_place_find(library, heap, &record->step, NULL, &address) || address == 0 ||
        !molt__state_place_find(library, heap, &record->context, NULL, &context)) {
        return false;
    }
    memcpy(&step, &address, sizeof step);
    return record->own ? molt_threads_start(threads, record->name, step, (void *)context) /* NOLINT */
                       : molt_threads_job_start(threads, record->name, step,
                                                (void *)context); /* NOLINT: as above */
}

static void note_missing(const Record *record, char *missing, size_t size)
{
    size_t length = strlen(missing);
    snprintf(missing + length, size - length, "%s the %s %s", length == 0 ? "Not started again:" : ",",
             record->own ? "thread" : "job", record->name);
}

void molt__thread_record_start(const char *path, MoltThreads *threads, const MoltLibrary *library,
                               const MoltHeap *heap, char *missing, size_t size)
{
    Record record;
    missing[0] = 0;
    FILE *file = threads != NULL ? fopen(path, "rb") : NULL;
    while (file != NULL && fread(&record, sizeof record, 1, file) == 1) {
        record.name[sizeof record.name - 1] = 0;
        if (!start(&record, threads, library, heap)) {
            note_missing(&record, missing, size);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}
