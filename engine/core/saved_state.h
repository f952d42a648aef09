/* The running state to a snapshot file and back, with the names of one library. It must never know how
 * the library came to run, or what a host does with the files. */
#ifndef MOLT_CORE_SAVED_STATE_H
#define MOLT_CORE_SAVED_STATE_H

#include <molt/heap.h>
#include <molt/snapshot_file.h>

#include "library.h"

typedef struct MoltSavedStateLoad {
    const char *path;
    bool trusted;
    MoltPolicy policy;
    MoltMissingFunctions missing; /* under LIVE */
    MoltHeapDesc heap;
    const MoltHeap *running; /* whose MOLT_EXTERNAL pointers the roots take over */
} MoltSavedStateLoad;

/* `desc`: all but its code, which is the library's. */
MoltStatus molt__saved_state_write(const MoltLibrary *library, const MoltHeap *heap,
                                   const char *path, const MoltSaveDesc *desc, MoltReport *report,
                                   MoltError *error);

/* Makes a heap of its own with the file's state, whose root is sure to be what main_loop() takes. The
 * file is left open for its host bytes; the caller closes it. Neither on failure. */
MoltStatus molt__saved_state_read(const MoltLibrary *library, const MoltSavedStateLoad *load,
                                  MoltSnapshotFile **file, MoltHeap **heap, MoltReport *report,
                                  MoltError *error);

#endif
