/* A reload that takes the state through a snapshot file: what a file holds must be enough to go on. It
 * must never know why somebody wants that. */
#ifndef MOLT_CORE_THROUGH_FILE_H
#define MOLT_CORE_THROUGH_FILE_H

#include <molt/code_map.h>
#include <molt/heap.h>
#include <molt/report.h>

#include <molt/plan.h>

#include "library.h"

typedef struct MoltThroughFile {
    const char *directory; /* for the file, which does not stay */
    const MoltLibrary *before, *after;
    const MoltCodeMap *code; /* from `before` to `after` */
    const MoltPlan *plan;    /* the same */
    MoltPolicy policy;
    MoltHeapDesc heap; /* of the heap that the file is loaded into */
} MoltThroughFile;

/* Saves the heap's state with the names of `before`, loads it again, migrates it, and puts it in the
 * heap's place. On failure the heap is untouched. What the attic keeps does not go through a file. */
MoltStatus molt__through_file(const MoltThroughFile *way, MoltHeap *heap, MoltReport *report,
                              MoltError *error);

#endif
