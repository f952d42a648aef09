/* What a session keeps beside its state (molt/keepsakes.h) as a file, for a process that goes on with
 * the same library. It must never know what is kept, or how the state itself gets there. */
#ifndef MOLT_CORE_KEPT_FILE_H
#define MOLT_CORE_KEPT_FILE_H

#include <molt/heap.h>

#include "library.h"

/* False, and no file is left, when it cannot be written: a state can go on without. */
bool molt__kept_file_write(const char *path, const MoltHeap *heap);

/* Gives the library, of which no state is there yet, the types of objects that wait in the file. On
 * failure, MOLT_NOT_FOUND without a file, it is as it was. */
MoltStatus molt__kept_file_types(const char *path, MoltLibrary *library, MoltError *error);

/* Gives the state, which is the one that the file was written beside, what the file keeps. On failure
 * it is as it was. */
MoltStatus molt__kept_file_read(const char *path, MoltHeap *heap, MoltError *error);

#endif
