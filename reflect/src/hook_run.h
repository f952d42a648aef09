/* Inside of a migration that runs hooks, shared by hook_run.c, hook_view.c, hook_heap.c, hook_carried.c
 * and hook_verify.c: the calls to make, what the hooks see, make and read. It must never know libraries
 * but through the table of functions that came with the new schema.
 *
 * While hooks run, blocks that stay where they are hold the new state: their pointers are patched, and a
 * hook may write them. What they held before lies in `shadows`, which the accessors read and a refusal
 * puts back. Blocks that go are as they were, and read-only where the system allows. */
#ifndef MOLT_HOOK_RUN_H
#define MOLT_HOOK_RUN_H

#include "leaf.h"
#include "migration.h"

typedef struct MoltHookCall {
    uintptr_t old, now;
    const MoltOp *op; /* HOOK */
    bool restored;    /* its values returned: there is nothing to call it for */
} MoltHookCall;

typedef struct MoltHookNow {
    uintptr_t now;
    uint64_t call;
} MoltHookNow;

/* A copy of a span that stays, up to its last live block. */
typedef struct MoltHookShadow {
    unsigned char *bytes; /* aligned as the span is, up to MOLT__SHADOW_ALIGN; NULL: none */
    uint64_t size;
    void *allocation;
} MoltHookShadow;

enum { MOLT__SHADOW_ALIGN = 64, MOLT__HOOK_CHUNK = 4096 };

/* Memory that lives until the hook returns. */
typedef struct MoltHookChunk {
    struct MoltHookChunk *next;
    uint64_t size, used; /* behind this header */
} MoltHookChunk;

/* A value of the old state that is lost or refused unless a hook reads it. */
typedef struct MoltHookLoss {
    uint64_t object; /* running number */
    uintptr_t place;
    uint32_t tally;
    bool read;
} MoltHookLoss;

/* A place that hooks read. */
typedef struct MoltHookRead {
    uintptr_t at;
    uint64_t size;
    uint64_t field; /* old field; or one of these */
} MoltHookRead;

#define MOLT__HOOK_WHOLE ((uint64_t)UINT32_MAX) /* all fields there */
#define MOLT__HOOK_SEEN                                                                            \
    ((uint64_t)UINT32_MAX + 1) /* + old type: an object of a type that is gone */

/* A span of the new state that the rules filled, by its address; `number` is hook_carried.c's. */
typedef struct MoltHookSpan {
    uintptr_t base;
    uint64_t number;
} MoltHookSpan;

/* A live block of the new state that no hook made. */
typedef struct MoltHookCarried {
    const MoltSpan *span;
    uint32_t index;
    uintptr_t start;
    MoltTypeId type;      /* in the new schema; MOLT_NO_TYPE: a text that the rules made */
    uintptr_t before;     /* where it is in the old state; 0: it is in none */
    uint64_t size_before; /* bytes there */
} MoltHookCarried;

/* A block of the new state that goes at commit. */
typedef struct MoltHookDeleted {
    uintptr_t block;
    MoltTypeId type;      /* as above */
    const MoltHook *hook; /* that deleted it */
} MoltHookDeleted;

/* A field of the new state with pointers to such blocks, which are NULL now. */
typedef struct MoltHookDangling {
    MoltTypeId owner, type; /* of the field; of the first such block */
    uint32_t field;
    const MoltHook *hook;
    uint64_t objects;
} MoltHookDangling;

typedef struct MoltHookWork {
    MoltHookCall *calls;
    uint64_t call_count, call_slots;
    MoltHookNow *by_now;     /* calls in the order of the new objects' addresses */
    uint64_t largest;        /* size of the new structs among them */
    MoltHookShadow *shadows; /* per span of the heap; NULL until hooks run */
    MoltSpan *made;          /* types are those of the new schema */
    uint64_t made_count, made_slots;
    MoltHookSpan *spans; /* NULL until one is looked for */
    uint64_t span_count, span_total;
    MoltHookDeleted *deleted;
    uint64_t deleted_count, deleted_slots;
    uint64_t *deleted_at; /* hash table of their numbers + 1, by address */
    uint64_t deleted_room;
    MoltHookDangling *dangling;
    uint64_t dangling_count, dangling_slots;
    bool *wanted; /* per old field: it depends on its readers what becomes of some value */
    MoltHookLoss *losses;
    uint64_t loss_count, loss_slots;
    MoltHookRead *reads;
    uint64_t read_count, read_slots;
    uint64_t *ran, *restored; /* per new type: calls */
    bool done;                /* whatever there was to call has been called */
    MoltHookChunk *chunks;
    const MoltHook *current;  /* NULL while none runs */
    MoltTypeId current_type;  /* in the new schema */
    const MoltHookCall *call; /* that is under way */
    MoltHeapApi heap_api;
    bool refused; /* by a hook, or for what it did; the finding is in the report */
} MoltHookWork;

/* The work, made when there is none; NULL, with m->failed set, when memory is out. */
MoltHookWork *molt__hook_work(MoltMigration *m);
/* Where the bytes of an old address are while hooks run. */
const unsigned char *molt__hook_bytes(const MoltMigration *m, uintptr_t address);
/* Zeroed memory until the hook returns; NULL, with m->failed set, when there is none. */
void *molt__hook_alloc(MoltMigration *m, uint64_t size);
/* Refuses the reload for what a hook did. Only the first finding counts. */
void molt__hook_refuse(MoltMigration *m, const MoltFinding *finding);
/* "the hook of Player, game.c:12", for messages. */
void molt__hook_name(const MoltMigration *m, char *buffer, size_t size);

/* hook_view.c: the old object of a call as its hook sees it; NULL when memory is out. */
const MoltOld *molt__hook_view(MoltMigration *m, MoltTypeId type, uintptr_t address);

/* hook_heap.c: the heap as hooks see it. */
void molt__hook_make_api(MoltMigration *m);

/* hook_carried.c: blocks that the rules carried over, and what hooks delete of them. */
/* The live block that has the address in it, or at its end; false when there is none, or it is part of
 * another object now. */
bool molt__hook_carried(MoltMigration *m, uintptr_t address, MoltHookCarried *out);
/* The block goes at commit. It was not deleted before. */
void molt__hook_delete(MoltMigration *m, const MoltHookCarried *block);
/* The address of the new state is in such a block, or at its end. */
bool molt__hook_is_deleted(MoltMigration *m, uintptr_t address);
/* A pointer at `place` of the new state is made NULL where it leads there, and counted once for an object;
 * `type` is the type that the leaf is of. True when it did. */
bool molt__hook_clear_pointer(MoltMigration *m, MoltTypeId type, const MoltLeaf *leaf,
                              unsigned char *place, bool counted);
void molt__hook_report_dangling(MoltMigration *m);
void molt__hook_carried_free(MoltMigration *m);

/* hook_settle.c: what hooks read they have handled. */
/* A rule speaks of what happens to one value. */
bool molt__hook_about_value(MoltRule rule);
/* A value of `type` holds one of `wanted`, or is one. */
bool molt__hook_holds(const MoltSchema *schema, MoltTypeId type, MoltTypeId wanted);
/* All losses are noted and no hook has run. */
void molt__hook_settle_begin(MoltMigration *m);
/* A hook read a field, a struct with all that is in it, or looked at an object. */
void molt__hook_note_read(MoltMigration *m, uint32_t field, uintptr_t place, uint64_t size);
void molt__hook_note_whole(MoltMigration *m, MoltTypeId type, uintptr_t place);
void molt__hook_note_seen(MoltMigration *m, MoltTypeId type, uintptr_t place);
/* A hook deleted a block, and with it all that an edit would have taken from it. */
void molt__hook_note_gone(MoltMigration *m, uintptr_t block, uint64_t size);
void molt__hook_settle_free(MoltMigration *m);

/* hook_verify.c: refuses when a pointer of the new state leads into what goes with the old one; those to
 * what hooks deleted become NULL. */
void molt__hook_verify(MoltMigration *m);

#endif
