/* Inside of a migration, shared by migrate.c, execute.c, relocate.c and tally.c: the new side while it
 * is being built, and what was found on the way. It must never know libraries but through code_map.h.
 *
 * Invariant: until commit, nothing that the heap owned before prepare is written. */
#ifndef MOLT_MIGRATION_H
#define MOLT_MIGRATION_H

#include "heap_span.h"
#include "molt/migrate.h"
#include "plan_ops.h"

typedef struct MoltPatch {
    uintptr_t *address; /* a pointer in a block that stays */
    uintptr_t value;
} MoltPatch;

/* How often one rule applied at one check. */
typedef struct MoltTally {
    uint32_t check;
    uint8_t rule, severity; /* MoltRule, MoltSeverity */
    uint64_t objects;
    uint64_t last_object; /* so that an object counts once however many of its values are hit */
    char value[160];      /* the first value and where it was */
} MoltTally;

typedef struct MoltCodeEntry {
    uintptr_t before, after;
} MoltCodeEntry;

typedef struct MoltOffsetEntry {
    MoltTypeId type, pointee;
    uint64_t before, after;
    bool valid, found;
} MoltOffsetEntry;

enum { MOLT__CODE_CACHE = 256, MOLT__OFFSET_CACHE = 64 };

/* An inline struct of the old state and the block that it becomes. A struct and its first member begin
 * at one address, so the type tells them apart. */
typedef struct MoltBox {
    uintptr_t before, after;
    MoltTypeId type; /* old */
} MoltBox;

/* A block of the old state that becomes part of the object whose pointer, at `owner`, points at it. */
typedef struct MoltClaim {
    uintptr_t block, owner;
    uint32_t span, index;
} MoltClaim;

/* Inline structs that become blocks and the other way round. Pointers to them may be met before they
 * are, so both are listed, sorted by address, before anything is converted. */
typedef struct MoltOwnership {
    MoltBox *boxes;
    uint64_t box_count, box_slots;
    MoltClaim *claims;
    uint64_t claim_count, claim_slots;
    MoltSpan *spans; /* of the new blocks; their types are those of the new schema */
    uint64_t span_count, span_slots;
    bool *claimed; /* per old type: some of its blocks are claimed; NULL when none is */
    bool surveying;
} MoltOwnership;

struct MoltMigration {
    MoltHeap *heap;
    const MoltPlan *plan;
    const MoltCodeMap *code; /* NULL: no library goes away */
    MoltReport *report;
    MoltAllocator allocator;

    MoltSpan *spans; /* per span of the heap: its new side; bytes == 0 where it stays */
    uint32_t span_count;
    MoltSpan *fresh; /* spans of blocks that did not exist before: strings */
    uint64_t fresh_count, fresh_slots;
    MoltPatch *patches;
    uint64_t patch_count, patch_slots;
    void **roots;          /* per root of the new schema */
    MoltTypeId *new_types; /* per old type */
    bool *rebuilt;         /* per old type: counted as changed */
    bool *contained;       /* per old type: may lie in a block that moves or goes */
    bool moves;            /* at least one block moves or goes */

    MoltOwnership owned;
    MoltTally *tallies;
    uint64_t tally_count, tally_slots;

    /* the batch being executed: element i of it is object `object + i` of the whole run */
    const MoltSpan *batch_span;
    uint32_t batch_block;
    uint64_t batch_element;
    bool batch_of_blocks; /* the batch advances from block to block, else within one */
    uint64_t object;
    uint64_t run;         /* inside of a UNION: element of the batch where the arm's run begins */
    bool in_loop;         /* then all of a loop's values belong to object loop_index of the batch */
    uint64_t loop_index;
    const MoltOp *op;
    bool scanning; /* the batch stays in place: relocated pointers become patches */

    MoltCodeEntry code_cache[MOLT__CODE_CACHE];
    MoltOffsetEntry offset_cache[MOLT__OFFSET_CACHE];
    bool failed;  /* memory is out */
    bool refused;
};

/* Which element of the batch the `i`th of an operation's elements is. */
static inline uint64_t molt__batch_index(const MoltMigration *m, uint64_t i)
{
    return m->in_loop ? m->loop_index : m->run + i;
}

/* execute.c: runs operations over `n` elements that are strides apart. */
void molt__execute(MoltMigration *m, uint32_t first, uint32_t count, unsigned char *source,
                   uint64_t source_stride, unsigned char *destination, uint64_t destination_stride,
                   uint64_t n);
/* A new block of `length` chars and a NUL on the new side; NULL when memory is out. */
char *molt__migration_string(MoltMigration *m, const char *text, uint64_t length);

/* relocate.c: what a pointer becomes. `i` is the element of the batch, for messages. */
uintptr_t molt__relocate(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i);
/* Readable text at a `char *` of the old state: bytes up to `*length`, NULL when it is none. */
const char *molt__relocate_text(MoltMigration *m, uintptr_t value, uint64_t *length);

/* Bytes before the NUL, at most `size`. */
uint64_t molt__text_length(const char *text, uint64_t size);

/* ownership.c. The survey lists what becomes a block or stops being one; it runs before all others. */
void molt__ownership_survey(MoltMigration *m);
/* After the heap has its new schema: registers the new blocks and frees those that are embedded. */
void molt__ownership_commit(MoltMigration *m);
void molt__ownership_discard(MoltMigration *m);
void molt__ownership_release(MoltMigration *m); /* the tables, after either */
/* BOX and EMBED over `n` elements; during the survey they are only listed. */
void molt__run_box(MoltMigration *m, uint32_t index, unsigned char *source, uint64_t source_stride,
                   unsigned char *destination, uint64_t destination_stride, uint64_t n);
void molt__run_embed(MoltMigration *m, uint32_t index, unsigned char *source,
                     uint64_t source_stride, unsigned char *destination,
                     uint64_t destination_stride, uint64_t n);
/* The block that the inline struct at an old address becomes, 0 when it becomes none. */
uintptr_t molt__ownership_box(const MoltMigration *m, uintptr_t before, MoltTypeId type);
/* Whether a block of the old state becomes part of another object. */
bool molt__ownership_is_claimed(const MoltMigration *m, MoltTypeId type, uintptr_t block);

/* tally.c: counts a rule that applies to element `i` of the batch; decides its severity by policy and
 * annotation. True when the value may be written nevertheless. `format` is the offending value. */
bool molt__tally(MoltMigration *m, const MoltOp *op, MoltRule rule, MoltSeverity severity, uint64_t i,
                 const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Turns the tallies into findings of the report. */
void molt__tally_report(MoltMigration *m);

/* Grows an array of the migration; false, with m->failed set, when memory is out. */
bool molt__migration_grow(MoltMigration *m, void **items, uint64_t *slots, uint64_t count,
                          uint64_t more, size_t item_size);

#endif
