/* What a snapshot file cannot keep of a state, as a file beside it, for another process that has the same
 * library: addresses in bytes, pointers to what has no name. Each goes by its place and by what it leads to.
 * It must never know how a snapshot looks, or why somebody goes on with it. */
#ifndef MOLT_CORE_WORD_RECORD_H
#define MOLT_CORE_WORD_RECORD_H

#include <stdio.h>

#include <molt/heap.h>

#include "library.h"

/* While a snapshot is written. */
typedef struct MoltWordRecord {
    const MoltLibrary *library;
    const MoltHeap *heap;
    FILE *file;
    bool failed;
} MoltWordRecord;

/* False when the file cannot be made. */
bool molt__word_record_open(MoltWordRecord *record, const char *path, const MoltLibrary *library,
                            const MoltHeap *heap);
/* MoltSaveDesc.aside, of a MoltWordRecord. */
void molt__word_record_add(void *record, const void *at, uintptr_t value);
/* True when all that was added is in the file. */
bool molt__word_record_close(MoltWordRecord *record);

/* Puts the words of a file back into the state that was loaded, and its variables. No file is as one without
 * any. How many have lost their place; those stay zero. */
uint64_t molt__word_record_put_back(const char *path, const MoltLibrary *library, MoltHeap *heap);

#endif
