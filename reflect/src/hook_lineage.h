/* Which layouts a struct had on the way to the present one, and into which of them a hook led. Going back
 * to one of them undoes edits, and a hook that led there before has nothing to do; going on from there again
 * is an edit like the first. It must never know objects.
 *
 * Invariant: of one struct, steps stand in the order in which it took their layouts, and the last one is its
 * present layout. A struct without steps has not changed yet. */
#ifndef MOLT_HOOK_LINEAGE_H
#define MOLT_HOOK_LINEAGE_H

#include "molt/heap.h"

enum { MOLT__TRACE_BITS = 512 };

typedef struct MoltLineageStep {
    uint64_t layout; /* hash of the struct */
    MoltTypeId type; /* in the running schema */
    uint32_t reload; /* number of the one that led there; 0: none did */
    bool hooked;     /* a hook of the struct led there */
} MoltLineageStep;

/* What the hook that last led to a layout is known to do. It stays when the edit is undone, for the values
 * that are kept then are of that hook's making. */
typedef struct MoltHookTrace {
    uint64_t layout; /* hash of the struct */
    uint64_t code;   /* of the hook: MoltHook.code */
    uint64_t
        touched[MOLT__TRACE_BITS / 64]; /* bytes of the struct, or equal parts of a larger one, that
                                                it has changed in some object */
} MoltHookTrace;

typedef struct MoltLineage {
    MoltLineageStep *steps;
    uint64_t count, slots;
    MoltHookTrace *traces;
    uint64_t trace_count, trace_slots;
    uint32_t reloads; /* that ran hooks, ever */
} MoltLineage;

/* What a migration means for one old struct. */
typedef struct MoltHookWay {
    uint64_t step; /* where it goes back to, when `back` */
    bool back;
    bool skips;  /* a hook led to that layout before: it is not called */
    bool leaves; /* a layout that a hook led to: all of its values are kept for a return */
} MoltHookWay;

struct MoltMigration;

/* False when memory is out. */
bool molt__lineage_copy(const MoltAllocator *allocator, const MoltLineage *from, MoltLineage *to);
void molt__lineage_release(const MoltAllocator *allocator, MoltLineage *lineage);

/* Finds out the ways of all structs, and makes the lineage that follows; m->failed when memory is out. */
void molt__lineage_begin(struct MoltMigration *m);
/* The hook of an old struct is to be called for its objects. */
bool molt__lineage_calls(const struct MoltMigration *m, MoltTypeId before);
/* That hook is another one than led to the layout before: what was kept of it there is of no use. */
bool molt__lineage_alters(const struct MoltMigration *m, MoltTypeId before);
/* The hook of new struct `after` made of an object's bytes `was` those at `is`; m->failed when memory is
 * out. */
void molt__lineage_touch(struct MoltMigration *m, MoltTypeId after, const unsigned char *was,
                         const unsigned char *is);
/* It changed, in this or in an earlier migration, one of `size` bytes at `offset` of some object. */
bool molt__lineage_touched(const struct MoltMigration *m, MoltTypeId after, uint64_t offset,
                           uint64_t size);
/* The migration undoes what hooks did in that reload. */
bool molt__lineage_undoes(const struct MoltMigration *m, uint32_t reload);
/* Cannot fail. */
void molt__lineage_commit(struct MoltMigration *m);
void molt__lineage_discard(struct MoltMigration *m);

#endif
