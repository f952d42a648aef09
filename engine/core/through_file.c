#include "through_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <molt/migrate.h>
#include <molt/plain_memory.h>

#include "saved_state.h"

static MoltStatus migrate(const MoltThroughFile *way, MoltHeap *heap, MoltReport *report,
                          MoltError *error)
{
    MoltMigration *migration = NULL;
    MoltStatus status = molt_migrate_prepare(heap, way->plan, way->code, &migration, report, error);
    if (status == MOLT_OK) {
        status = molt_heap_set_call_sites(heap, way->after->call_sites);
        if (status != MOLT_OK) {
            molt_migrate_discard(migration);
            molt_error(error, status, "No memory for the allocation sites of %s.",
                       way->after->source);
        }
    }
    if (status == MOLT_OK) {
        molt_migrate_commit(migration);
    }
    return status;
}

MoltStatus molt__through_file(const MoltThroughFile *way, MoltHeap *heap, MoltReport *report,
                              MoltError *error)
{
    MoltSnapshotFile *file = NULL;
    MoltHeap *made = NULL;
    size_t size = strlen(way->directory) + sizeof "/state.molt";
    char *path = malloc(size);
    if (path == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for a reload through a file.");
    }
    snprintf(path, size, "%s/state.molt", way->directory);
    MoltSavedStateLoad load = {
        .path = path, .policy = way->policy, .heap = way->heap, .running = heap};
    const MoltSaveDesc save = {.policy = way->policy};
    MoltStatus status = molt__saved_state_write(way->before, heap, path, &save, report, error);
    if (status == MOLT_OK) {
        status = molt__saved_state_read(way->before, &load, &file, &made, report, error);
    }
    if (status == MOLT_OK) {
        molt_heap_take_globals(made, way->before->globals);
        status = migrate(way, made, report, error);
        if (status != MOLT_OK) {
            molt_heap_scatter_globals(heap); /* the variables are those of this state again */
        }
    }
    if (status == MOLT_OK) {
        molt_heap_exchange(heap, made);
    }
    molt_heap_destroy(made);
    molt_snapshot_file_close(file);
    unlink(path);
    free(path);
    return status;
}
