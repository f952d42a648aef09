/* What a session keeps beside its state, as bytes for another process that goes on with the same state
 * and the same library: the attic, objects that wait for their type, which versions the session had,
 * and which blocks edits made. It must never know files, libraries or why somebody goes on.
 *
 * The state itself goes another way, as a snapshot file does, and is there before these bytes are
 * read. They go by types, numbers of blocks and names, never by addresses. What is damaged, or of
 * another state, is refused as a whole: the heap is as if nobody had kept anything. */
#ifndef MOLT_KEEPSAKES_H
#define MOLT_KEEPSAKES_H

#include "heap.h"
#include "text_sink.h"

/* Writes them piece by piece; the heap is only read. `error` (NULL allowed) says why not:
 * MOLT_OUT_OF_MEMORY, or what the sink says. */
MoltStatus molt_keepsakes_write(const MoltHeap *heap, const MoltTextSink *sink, MoltError *error);

/* The schema that the heap has to have before the bytes are read: `source`, which is that of the
 * library's sources, with the types of objects that wait (molt/kept_types.h). *out is NULL where
 * `source` will do, else the caller's to free; with the allocator of `source`. `bytes` begin where
 * malloc's blocks may begin. MOLT_INVALID: they are damaged, or of another library. MOLT_VERSION:
 * another Molt wrote them. */
MoltStatus molt_keepsakes_schema(const void *bytes, size_t size, const MoltSchema *source,
                                 MoltSchema **out, MoltError *error);

/* Gives the heap what the bytes keep, in the place of what it has of that. Its state is the one that
 * they were written beside, of that schema. On failure, which `error` (NULL allowed) says, the heap is
 * untouched. */
MoltStatus molt_keepsakes_read(MoltHeap *heap, const void *bytes, size_t size, MoltError *error);

#endif
