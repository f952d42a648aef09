/* Inside of a lookout: what lookout.c found beside the game, and lookout_pass.c uses in the pause.
 *
 *     span -> sightings, sorted by address: place of a pointer | what it was
 *     page -> written since, or not
 *
 * Invariant: of an object in a listed span, none of whose pages is marked in `written` and none of which
 * the kernel calls written since the last checkpoint, every pointer that is no sighting is NULL, or leads
 * to the beginning of an element of a `relied` span; what a sighting says it was it still is. Blocks that
 * came since were written, so this holds for whatever lives there. */
#ifndef MOLT_LOOKOUT_PARTS_H
#define MOLT_LOOKOUT_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "heap_span.h"
#include "molt/lookout.h"
#include "plan_ops.h"

struct MoltMigration;
struct MoltPiece;

/* The number of the pointer among those of its type is above the address. */
enum { MOLT__SIGHTING_SHIFT = 56, MOLT__SIGHTING_ODD = 255 };

typedef struct MoltSighting {
    uint64_t place; /* MOLT__SIGHTING_ODD: nothing is known of what it leads to */
    uintptr_t value;
} MoltSighting;

static inline uintptr_t molt__sighting_place(const MoltSighting *sighting)
{
    return sighting->place & (((uint64_t)1 << MOLT__SIGHTING_SHIFT) - 1);
}

/* A span as it was when the lookout began. */
typedef struct MoltLookoutSpan {
    uintptr_t base;
    uint64_t stride, elem_size, capacity, bytes;
    MoltReciprocal reciprocal;
    MoltTypeId type;
    uint32_t blocks;
    uint32_t end;        /* no live block from this one on */
    uint64_t counts;     /* where those of its blocks are in lookout->counts; capacity > 1 */
    bool plain;          /* nothing is special about it but its type */
    bool stays, changes; /* by the plan */
    bool relied;         /* pointers that lead here are no sightings */
    bool listed;
    uint64_t first, count; /* its sightings */
    uint64_t patches;      /* of those, the first ones: what a migration writes */
} MoltLookoutSpan;

/* A pointer of an object. */
typedef struct MoltLookoutPointer {
    uint64_t offset;
    const MoltOp *op;
} MoltLookoutPointer;

/* More than this in an object are not listed. */
enum { MOLT__LOOKOUT_POINTERS = 64 };

struct MoltLookout {
    MoltAllocator allocator;
    const MoltSchema *schema;
    const MoltPlan *plan; /* NULL: nothing was found yet */
    MoltCheckpoint *checkpoint;
    uint64_t least; /* bytes */
    uintptr_t base;
    uint64_t opened;
    uint32_t *granules; /* as in the heap, up to `opened` */
    MoltLookoutSpan *spans;
    uint32_t span_count;
    uint64_t *counts; /* elements of the blocks of spans with arrays */
    uint64_t counts_count;
    uint64_t *written; /* a bit for each page, by the thread of the checkpoints */
    uint64_t written_words;
    MoltSighting *sightings; /* in memory of the system's own */
    uint64_t sighting_count, sighting_slots;
    pthread_mutex_t reading; /* held while memory of the heap is read beside the game */
    atomic_bool spoiled;     /* it counts no more */
    bool settled;            /* `written` is all that was */
};

/* The pointers of an object of a type that stays, in the order of the plan's operations; how many, or -1
 * where there are others than a lookout can judge, or too many. */
int molt__lookout_pointers(const MoltPlan *plan, MoltTypeId type,
                           MoltLookoutPointer out[MOLT__LOOKOUT_POINTERS]);

/* Marks what was written to spans that are listed. False when nobody knows. */
bool molt__lookout_ask(MoltLookout *lookout);
/* checkpoint.c tells: these bytes of the heap were written, and the kernel forgets it. */
void molt__lookout_written(MoltLookout *lookout, uintptr_t begin, uintptr_t end);
/* Nobody knows any more what was written. Waits for who reads. */
void molt__lookout_spoil(MoltLookout *lookout);

/* lookout_pass.c. Where the plan has a lookout that counts, it is the migration's from now on. After the
 * aims, before any span is looked at. */
void molt__lookout_take(struct MoltMigration *m);
/* Does for the objects of span `index`, which stay, what reading all of them would. False where they are to
 * be read. */
bool molt__lookout_scan(struct MoltMigration *m, uint32_t index);
/* How many pointers change that are not among the migration's patches. */
uint64_t molt__lookout_patches(const struct MoltMigration *m);
/* Writes them. Cannot fail. */
void molt__lookout_patch(struct MoltMigration *m);
/* Visits the address of each, where the lookout is not settled. */
void molt__lookout_places(const struct MoltMigration *m, void (*visit)(void *context, uintptr_t at),
                          void *context);

/* checkpoint.c: from now on the lookout is told what was written, as long as both are there. False where no
 * pages of that heap are tracked or another one is told. */
bool molt__checkpoint_watch(MoltCheckpoint *checkpoint, MoltLookout *lookout, uintptr_t base);
void molt__checkpoint_unwatch(MoltCheckpoint *checkpoint);
/* Visits what was written since the last checkpoint, among the heap's bytes from offset `first` to `last`.
 * False when nobody knows. */
bool molt__checkpoint_written(const MoltCheckpoint *checkpoint, uint64_t first, uint64_t last,
                              void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                              void *context);

#endif
