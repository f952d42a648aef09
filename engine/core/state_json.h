/* The running state as JSON, with names for what it has of the running library. It must never know
 * another generation. */
#ifndef MOLT_CORE_STATE_JSON_H
#define MOLT_CORE_STATE_JSON_H

#include <molt/heap.h>
#include <molt/import.h>
#include <molt/text_sink.h>
#include <molt/threads.h>

#include "library.h"

/* The whole state, or with `path` (not NULL) what lies there; the caller frees *text with free(). */
MoltStatus molt__state_dump(const MoltLibrary *library, const MoltHeap *heap, const char *path,
                            bool addresses, char **text, size_t *length, MoltError *error);

/* The whole state to a sink. */
MoltStatus molt__state_dump_write(const MoltLibrary *library, const MoltHeap *heap, bool addresses,
                                  const MoltTextSink *sink, MoltError *error);

/* Replaces the state by that of a dump; begin_reload and end_reload of the library belong around it.
 * `desc->code` is not looked at. `threads` are at rest, and end when the state is replaced. On failure the
 * state is as it was. */
MoltStatus molt__state_load(const MoltLibrary *library, MoltHeap *heap, MoltThreads *threads,
                            const char *text, size_t length, const MoltImportDesc *desc,
                            void **state, MoltError *error);

#endif
