/* Batches whose compiled converters other threads run before their turn comes: a window of batches is
 * converted by all threads at once, then the migration goes over them in order and does what is left,
 * the values that are not as usual and the operations without a converter. So everything that is counted,
 * kept or decided happens on one thread and in one order, whatever the number of threads. It must never
 * know what an operation does.
 *
 * Invariant: a batch is done by a thread as a whole or not at all; in between threads only read what
 * belongs to all. */
#ifndef MOLT_AHEAD_H
#define MOLT_AHEAD_H

#include "converter_batch.h"
#include "heap_span.h"

struct MoltMigration;

/* A value that its converter left to operation `op` of the plan. */
typedef struct MoltLeftValue {
    uint32_t op, i; /* of the batch */
} MoltLeftValue;

/* Of one batch; with more of them it is not done ahead. */
enum { MOLT__LEFT_VALUES = 128, MOLT__AHEAD_OPS = 2 * MOLT__LOST_OPS };

/* Objects that are converted together: `n` blocks from `block` on, or elements of one from `element` on. */
typedef struct MoltPiece {
    uint32_t block;
    uint32_t n;
    uint64_t element;
} MoltPiece;

typedef struct MoltAheadPiece {
    MoltPiece piece;
    bool done;
    bool integers; /* at least one may hold the address of what moves */
    uint32_t left_count;
    uint64_t changed; /* pointers that got another value */
    MoltLeftValue left[MOLT__LEFT_VALUES];
    uint64_t lost[MOLT__AHEAD_OPS * MOLT__LOST_WORDS]; /* of converter after converter */
} MoltAheadPiece;

typedef struct MoltAhead {
    MoltAheadPiece *pieces;
    uint32_t count, slots;
    const MoltAheadPiece *now; /* whose turn it is, when it is done; else NULL */
    uint32_t replayed;         /* of its values */
    uint32_t notes;            /* the same of what its operations noted */
} MoltAhead;

/* Whether the span's batches go to threads: they have converters, and are enough of them. Where memory is
 * out they do not. */
bool molt__ahead_begin(struct MoltMigration *m, const MoltSpan *span);
/* Converts the batches of the window, m->ahead.pieces up to m->ahead.count. */
void molt__ahead_run(struct MoltMigration *m, const MoltSpan *span, const MoltSpan *moved);
void molt__ahead_free(struct MoltMigration *m);

#endif
