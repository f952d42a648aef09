/* Where the bytes of a value lie: elements of one byte, alone or in arrays, however deep; and unions of
 * which nobody knows whether they hold a pointer, since no tag says it. What a game keeps there is its own
 * affair, so whoever carries bytes on looks for addresses in them. This must never know what one means.
 *
 * Invariants: offsets are in the value, inside of a LOOP in its element; a LOOP or an ARM is followed by
 * its `body` entries. */
#ifndef MOLT_BYTE_RUNS_H
#define MOLT_BYTE_RUNS_H

#include "heap_span.h"
#include "tagged_union.h"

typedef enum MoltByteRunCode {
    MOLT__BYTES_RUN,  /* size bytes */
    MOLT__BYTES_LOOP, /* count times the body, stride apart */
    MOLT__BYTES_ARM   /* the body, when the struct at offset has that arm of its union */
} MoltByteRunCode;

typedef struct MoltByteRun {
    MoltByteRunCode code;
    uint32_t body;
    uint64_t offset, size, count, stride;
    MoltTypeId type;  /* RUN: of the bytes, an array mostly */
    MoltUnionTag tag; /* ARM */
    uint32_t field, arm;
} MoltByteRun;

typedef struct MoltByteRuns {
    MoltAllocator allocator;
    const MoltSchema *schema;
    MoltByteRun *items;
    uint32_t count, slots;
    bool failed; /* memory is out */
} MoltByteRuns;

/* One run of the value at `value`; `run` is its index. */
typedef void MoltByteVisit(void *context, uint32_t run, const unsigned char *at, uint64_t size);

void molt__byte_runs_init(MoltByteRuns *runs, const MoltAllocator *allocator,
                          const MoltSchema *schema);
void molt__byte_runs_free(MoltByteRuns *runs);
/* Lists those of a type that have room for an address, in place of what was listed before; of a type of
 * nothing but bytes all, for its elements lie side by side. MOLT_TRANSIENT fields on request. Sets
 * runs->failed when memory is out. */
void molt__byte_runs_list(MoltByteRuns *runs, MoltTypeId type, bool transient);
/* `count` values that lie one after the other, as one run where they are nothing but bytes. */
void molt__byte_runs_visit(const MoltByteRuns *runs, const unsigned char *values, uint64_t stride,
                           uint64_t count, MoltByteVisit *visit, void *context);
/* The type is one of single bytes, or of arrays of them: nobody said what lies there. */
bool molt__is_bytes(const MoltSchema *schema, MoltTypeId type);

#endif
