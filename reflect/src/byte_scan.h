/* Goes over all bytes of a heap (byte_runs.h) and finds the words in them that lie in a range of
 * addresses, at the speed at which memory is read. Variables are looked at in their mirror. It must never
 * know what an address means, and never write.
 *
 * Looked at are the words that are aligned, and those at the begin of an array of bytes and at distances
 * of a word from there: what memcpy puts at other places is not seen. */
#ifndef MOLT_BYTE_SCAN_H
#define MOLT_BYTE_SCAN_H

#include "byte_runs.h"

struct MoltByteScan;

/* A word in the range: at `at`, in a run that begins at `begin`. The scan says where that is. */
typedef void MoltByteWordVisit(struct MoltByteScan *scan, uint32_t run, const unsigned char *begin,
                               const unsigned char *at, uintptr_t value);

typedef struct MoltByteScan {
    const MoltHeap *heap;
    MoltByteWordVisit *visit;
    void *context;
    uintptr_t low, size;         /* of the range */
    const unsigned char *mirror; /* of the variables; NULL: there are none */
    const bool *set;             /* per variable: look at it; NULL: at all */
    const bool *anew;            /* per type: MOLT_TRANSIENT fields begin anew; NULL: they do not */
    bool stop;                   /* set by the visitor to end the scan */

    /* where the scan is */
    MoltByteRuns runs;
    const MoltSpan *span;
    uint32_t block;
    uint32_t variable;           /* field of the mirror's type, UINT32_MAX: in no variable */
    const unsigned char *object; /* to be counted: differs from object to object */
    bool bytes_only;             /* the block is nothing but bytes */
    bool tail;                   /* in the array of a flexible struct */
    uintptr_t shift;             /* from the bytes to where the game has them */
} MoltByteScan;

/* False when memory is out. The fields down to `stop` are the caller's to set. */
bool molt__byte_scan(MoltByteScan *scan);

/* The same of `count` objects that lie in a block of bytes, with `span` and `block` set; a copy of the span
 * that has their type will do. */
bool molt__byte_scan_objects(MoltByteScan *scan, MoltTypeId type, const unsigned char *objects,
                             uint64_t count);

/* "State.data", the variable's name, or of a block of bytes the place that allocated it. */
void molt__byte_scan_path(const MoltByteScan *scan, uint32_t run, const unsigned char *begin,
                          char *path, size_t size);
/* Index of the block's origin, 0 when none is known. */
uint32_t molt__byte_scan_origin(const MoltByteScan *scan);

#endif
