/* A snapshot in memory: the schema and a copy of every live block and root of a heap at one moment.
 * It must never know files or libraries. */
#ifndef MOLT_SNAPSHOT_H
#define MOLT_SNAPSHOT_H

#include "heap.h"

typedef struct MoltSnapshot MoltSnapshot;

/* Copies schema, spans and roots, and holds the attic of the moment. The heap is only read. */
MoltStatus molt_snapshot_capture(const MoltHeap *heap, MoltSnapshot **out, MoltError *error);

/* Puts the heap it was captured from back to that moment, addresses included, so that
 * molt_heap_digest() gives what it gave then. The heap then refers to the snapshot's schema, which
 * must outlive it. Blocks made since are gone. On failure the heap is untouched. */
MoltStatus molt_snapshot_restore(const MoltSnapshot *snapshot, MoltHeap *heap, MoltError *error);

const MoltSchema *molt_snapshot_schema(const MoltSnapshot *snapshot);
uint64_t molt_snapshot_bytes(const MoltSnapshot *snapshot); /* memory it holds */
void molt_snapshot_free(MoltSnapshot *snapshot);            /* NULL allowed */

#endif
