/* What a converter is called with. Its text has a copy of this, which converter_text.c writes with
 * the offsets that the engine's compiler gave. It must never know operations.
 *
 * Invariant: whatever a converter does not do itself it passes to `other`, once for each operation
 * and object; but what may be in every object, dropped values that are not zero and integers that
 * do not fit, it notes as bits. */
#ifndef MOLT_CONVERTER_BATCH_H
#define MOLT_CONVERTER_BATCH_H

#include "aim.h"
#include "aim_map.h"

/* Of one such operation in one batch; those of one function beyond MOLT__LOST_OPS pass each object to
 * `other`. */
enum { MOLT__LOST_WORDS = 2, MOLT__LOST_OPS = 8 };

typedef struct MoltConverterBatch {
    const unsigned char *source;
    unsigned char *destination; /* zeroed, unless `fills` holds for the converter */
    uint64_t source_stride, destination_stride, n;
    const MoltAim *aims;
    const MoltAimRow *rows; /* of an aim map */
    const MoltAimStep *steps;
    const uint32_t *granules;
    uintptr_t heap_base;
    uint64_t granule_count;
    uintptr_t low, range; /* addresses of all that moves or goes */
    uint64_t changed;     /* pointers that got another value */
    uint64_t near;        /* not 0: a 64-bit integer is in that range */
    uint64_t *lost;       /* MOLT__LOST_WORDS for each noting operation: bits of the objects */
    /* For each noting operation of a single value of at most 8 bytes: where it writes the values as they
     * were, object by object, and those that it stores instead. Room for all of the batch. */
    unsigned char *kept[MOLT__LOST_OPS], *left[MOLT__LOST_OPS];
    void *context;
    /* Runs operation `op` of those that the converter stands for on object `i` of the batch. */
    void (*other)(void *context, uint32_t op, uint64_t i);
} MoltConverterBatch;

typedef void MoltConvert(MoltConverterBatch *batch);

/* `count` operations of a plan from `first` on that one function stands for. */
typedef struct MoltConverter {
    uint32_t first, count;
    uint32_t notes; /* of them that note what they lose, the first ones in no loop */
    bool fills;     /* with the others of its type it leaves no byte of an object as it was */
    MoltConvert *run;
} MoltConverter;

#endif
