/* Inside of a migration, shared by migrate.c, execute.c, relocate.c, descent.c and tally.c: the new
 * side while it is being built, and what was found on the way. It must never know libraries but
 * through code_map.h.
 *
 * Invariant: until commit, nothing that the heap owned before prepare is written; but for blocks that stay
 * while hooks run, of which hook_run.h keeps copies for a refusal. */
#ifndef MOLT_MIGRATION_H
#define MOLT_MIGRATION_H

#include "aim.h"
#include "aim_map.h"
#include "attic_page.h"
#include "awaited.h"
#include "byte_words.h"
#include "code_patches.h"
#include "ahead.h"
#include "converter_batch.h"
#include "held_lock.h"
#include "hook_lineage.h"
#include "hook_made.h"
#include "kept_types.h"
#include "heap_span.h"
#include "made_text.h"
#include "molt/migrate.h"
#include "plan_ops.h"
#include "raw_memory.h"
#include "retype.h"
#include "row_stand.h"

struct MoltHookWork;
struct MoltLookout;
struct MoltStaleSearch;

typedef struct MoltPatch {
    unsigned char *address; /* of a pointer in a block that stays; packed structs align nothing */
    uintptr_t value;
} MoltPatch;

/* Objects per batch: source and destination of a hundred objects stay in the first cache while
 * the operations of the type pass over them one after the other. */
enum { MOLT__BATCH = 128 };

/* A field with pointers to objects of a type that is gone. */
typedef struct MoltGonePointer {
    MoltTypeId type;
    uint32_t check;
} MoltGonePointer;

/* How often one rule applied at one check. An object counts once however many of its values are hit:
 * several operations of one batch may share a check, when a struct lies in another more than once. */
typedef struct MoltTally {
    uint32_t check;
    uint8_t rule, severity; /* MoltRule, MoltSeverity */
    bool unkept;            /* some of what it counts is not in the attic */
    uint8_t firm;           /* severity of what does not wait for the hooks */
    bool lasting;           /* some of it was not settled by what returned from the attic */
    bool returned;          /* some of it was */
    bool deferred;          /* decided when the hooks have run: who reads a value handles it */
    bool handled;           /* by a hook */
    bool broken;            /* the rules have no value for some of it, whatever the policy */
    uint64_t objects;
    uint64_t unread;        /* of those: with a value that no hook read, once hooks ran */
    uintptr_t first_unread;
    uint64_t batch;                     /* first object of the batch that `counted` speaks of */
    uint64_t counted[MOLT__BATCH / 64]; /* bits: objects of that batch which are in `objects` */
    char value[288];                    /* the first value and where it was */
} MoltTally;

/* What an address in the library becomes depends on the type of the pointer, too. */
typedef struct MoltCodeEntry {
    uintptr_t before, after;
    MoltTypeId pointee, to; /* old and new; `to` counts where the new one says something else */
    bool pointee_ok;
    uint8_t number; /* in the code patches, 0 for none */
    uint8_t rule;   /* that applies to each such pointer, as a loss; MOLT_RULE_COUNT: none */
} MoltCodeEntry;

/* A row of a constant of the library that goes away, and its copy in the new state. */
typedef struct MoltRowCopy {
    uintptr_t before, after;
    MoltTypeId type; /* old */
} MoltRowCopy;

typedef struct MoltRowCopies {
    MoltRowCopy *items;
    uint64_t count, slots;
    uint64_t made; /* of the first ones the values are there */
    bool running, ran;
} MoltRowCopies;

typedef struct MoltOffsetEntry {
    MoltTypeId type, pointee, to; /* to: MOLT_NO_TYPE when the way is not exact */
    uint64_t before, after;
    bool to_void, valid, found;
    MoltTypeId ambiguous; /* see descent.h */
} MoltOffsetEntry;

/* Whether what a pointer becomes leads back to what it was. */
typedef struct MoltBackEntry {
    MoltTypeId type, before, after; /* of the block, and of what the pointers mean */
    uint64_t offset, inner;         /* of the old place in its element, of the new one in its */
    bool first, last;               /* the element of the block */
    bool valid, returns;
} MoltBackEntry;

enum { MOLT__CODE_CACHE = 256, MOLT__OFFSET_CACHE = 64 };

/* The library's variables (migrate_globals.c). `next` is NULL where there are none to carry over. */
typedef struct MoltGlobalsWork {
    struct MoltGlobals *next;   /* of the library that comes */
    MoltTypeId before, after;
    unsigned char *mirror;      /* in the old state */
    uint32_t old_count, new_count;
    bool *set;                  /* per old field: the game set it */
    bool *written;              /* per new field: operations give it a value */
    uint32_t *from;             /* per new field: the old one, or MOLT__NO_FIELD */
    uintptr_t aim;              /* of the new mirror */
    uint64_t aim_size;
    uint32_t running;           /* old field whose operations run, or MOLT__NO_FIELD */
    bool *hooked;               /* per new field: a hook wrote it; NULL while none had them */
    unsigned char *kept;        /* of a load: what the running library's variables held, until hooks ran */
    uint64_t kept_size;
} MoltGlobalsWork;

/* What operations run on. Only the state's values are counted and reported. */
typedef enum MoltRunMode {
    MOLT__RUN_STATE,
    MOLT__RUN_VALUE,   /* one value from the attic */
    MOLT__RUN_DEFAULTS /* samples (leaf.h): a `char *` stands for the hash of its text */
} MoltRunMode;

/* An inline struct of the old state and the block that it becomes. A struct and its first member begin
 * at one address, so the type tells them apart. */
typedef struct MoltBox {
    uintptr_t before, after;
    MoltTypeId type;      /* old */
    uint32_t span, block; /* the span among those of the new blocks, and in it */
    bool loses;           /* values that the attic can keep (attic_box.h) */
    uintptr_t holder;     /* where the new state has its pointer */
    bool aimed;           /* another pointer leads into it */
    bool gone;            /* its pointer is NULL after all (attic_null.h) */
} MoltBox;

/* A block of the old state that becomes part of the object whose pointer, at `owner`, points at it. */
typedef struct MoltClaim {
    uintptr_t block, owner;
    uintptr_t after; /* where the block's first element is in the new object, as a `type` */
    MoltTypeId type;
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
    uintptr_t *nulls; /* structs of the new state that stand for NULL; in order once all are there */
    uint64_t null_count, null_slots;
    bool nulls_sorted;
} MoltOwnership;

struct MoltMigration {
    MoltHeap *heap;
    const MoltPlan *plan;
    const MoltCodeMap *code; /* NULL: no library goes away */
    /* All addresses of the library that goes away and of its variables, thread-locals included, lie from
     * `library_begin` on in as many bytes; others may lie between them. */
    uintptr_t library_begin, library_size;
    MoltReport *report;
    MoltAllocator allocator;

    MoltSpan *spans; /* per span of the heap: its new side; bytes == 0 where it stays */
    uint32_t span_count;
    uint32_t *busy; /* those of them that are looked at (busy_spans.h) */
    uint32_t busy_count;
    MoltSpan *fresh; /* spans of blocks that did not exist before: strings */
    uint64_t fresh_count, fresh_slots;
    MoltPatch *patches;
    uint64_t patch_count, patch_slots;
    MoltCodePatches code_patches; /* of those, the ones into the library, while nothing else moves */
    void **roots;          /* per root of the new schema */
    MoltTypeId *new_types; /* per old type */
    bool *rebuilt;         /* per old type: counted as changed */
    bool *contained;       /* per old type: may lie in a block that moves or goes */
    bool *into;            /* per old type: a pointer to it leads into the library that goes */
    bool into_unknown;     /* so may others */
    bool *numbers_reached; /* per old type: numbers whose type goes, and a pointer leads to some */
    bool *missing;         /* per old type: gone, and a pointer that stays leads to an object of it */
    MoltGonePointer *gone_pointers; /* the same, where a hook may settle the pointer */
    uint64_t gone_count, gone_slots;
    struct MoltStaleSearch **stale; /* per old type whose objects pass by, or NULL */
    bool moves;            /* at least one block moves or goes */
    bool edits;            /* at least one struct or union changes, whether or not a block has it */

    MoltAim *aims; /* per span of the heap; NULL before any pointer is followed */
    MoltAimMap aim_map; /* the same for converters, where there are some */
    MoltAhead ahead;
    struct MoltLookout *lookout; /* what is known of objects that stay; NULL: nothing */
    MoltOwnership owned;
    MoltRawFacts raw; /* memory that nobody described */
    MoltByteFacts bytes; /* addresses in bytes */
    MoltLockFacts locks; /* that somebody has */
    MoltRetypes retypes; /* bytes that get a type */
    MoltTally *tallies;
    uint64_t tally_count, tally_slots;
    MoltAwaitedList awaited;

    /* the batch being executed: element i of it is object `object + i` of the whole run */
    const MoltSpan *batch_span;
    uint32_t batch_block;
    uint64_t batch_element;
    bool batch_of_blocks; /* the batch advances from block to block, else within one */
    uint64_t object;
    bool apart;   /* inside of a BOX or EMBED, whose values the attic does not know */
    MoltBox *box; /* inside of a BOX: the struct that becomes a block, of which it knows some */
    uint64_t run; /* inside of a UNION: element of the batch where the arm's run begins */
    bool in_loop; /* then all of a loop's values belong to object loop_index of the batch */
    uint64_t loop_index;
    uint8_t pool; /* MOLT__POOL_...: the batch is of objects in a block of bytes */
    bool keeping; /* the batch is of objects of a kept type: nothing of theirs is told or refuses, and
                     their pointers are in the attic. Pointers may lead to such objects */
    bool in_tail; /* the batch is of elements of a flexible array, which all belong to one object */
    uintptr_t moving_low, moving_high; /* addresses of all that moves or goes; equal: nothing does */
    bool integers_near; /* a converter saw a 64-bit integer of the batch that lies there */
    const MoltOp *op;      /* the running NUMBER or POINTER */
    uintptr_t value_at;    /* where the running operation reads its first value, */
    uint64_t value_stride; /* and the way to the next */
    bool scanning; /* the batch stays in place: relocated pointers become patches */

    MoltRunMode mode;
    bool value_lost, value_refused; /* VALUE: it did not fit; there is no rule for it */
    MoltAtticWork attic;
    MoltMadeTexts texts;
    MoltRowCopies row_copies;
    MoltRowStands *stands; /* as they are after commit */
    MoltHookWay *ways;   /* per old type */
    MoltLineage lineage; /* as it is after commit */
    MoltHookBlock *made; /* by hooks of edits that this one undoes */
    MoltHookAfter *made_after;
    uint64_t made_count, made_slots;
    struct MoltHookWork *hooks; /* NULL while there is nothing to call */
    MoltGlobalsWork globals;

    MoltCodeEntry code_cache[MOLT__CODE_CACHE];
    MoltOffsetEntry offset_cache[MOLT__OFFSET_CACHE];
    MoltPlan *back; /* from the new schema to the old one, NULL until it is asked for */
    MoltBackEntry back_cache[MOLT__OFFSET_CACHE];
    bool failed; /* memory is out, or a step was made to fail */
    const char *stopped; /* then: that step */
    bool refused;
};

/* While nothing moves: pointers to the type stay as they are, and need not be read. */
static inline bool molt__stays_apart(const MoltMigration *m, const MoltOp *op)
{
    return m->code && m->code->apart && op->pointee_ok && !m->moves && !m->edits &&
           !m->texts.stand_ins && m->code->apart[op->before];
}

/* Which element of the batch the `i`th of an operation's elements is. */
static inline uint64_t molt__batch_index(const MoltMigration *m, uint64_t i)
{
    return m->in_loop ? m->loop_index : m->run + i;
}

/* execute.c: runs operations over `n` elements that are strides apart. */
void molt__execute(MoltMigration *m, uint32_t first, uint32_t count, unsigned char *source,
                   uint64_t source_stride, unsigned char *destination, uint64_t destination_stride,
                   uint64_t n);
/* One operation that drops values, of which `set` (MOLT__BATCH bits) says where they are not zero. */
void molt__execute_drop_set(MoltMigration *m, uint32_t index, unsigned char *source,
                            uint64_t source_stride, uint64_t n, const uint64_t *set);
/* One operation, which is no loop, on one value at `source`; op belongs to m->plan. */
void molt__execute_value(MoltMigration *m, const MoltOp *op, const unsigned char *source,
                         unsigned char *destination);
/* converter.c: the same for operations of the outermost level, of which compiled converters stand for some:
 * from the one of that index in the plan on. */
void molt__convert(MoltMigration *m, uint32_t converter, uint32_t first, uint32_t count,
                   unsigned char *source, uint64_t source_stride, unsigned char *destination,
                   uint64_t destination_stride, uint64_t n);
/* migrate.c: the operations of the objects from number `first` to `end` that stay, in order: of the blocks
 * of a span where a block holds one object, else in that block. */
void molt__migration_look(MoltMigration *m, const MoltSpan *span, uint32_t block, uint64_t first,
                          uint64_t end);
/* What every batch of a converter knows of the state. */
MoltConverterBatch molt__converter_batch(const MoltMigration *m);
/* What its operations may take away goes to room that nobody reads, of 8 bytes for each object. */
void molt__converter_forget(MoltConverterBatch *batch, unsigned char *unread);
/* A new block of `length` chars and a NUL on the new side; NULL when memory is out. */
char *molt__migration_string(MoltMigration *m, const char *text, uint64_t length);
/* The address is that of such a block. */
bool molt__migration_made(const MoltMigration *m, uintptr_t string);
/* Takes back a block that molt__migration_string made, which nothing refers to. */
void molt__migration_unstring(MoltMigration *m, uintptr_t string);

/* Objects of the type, and of all that it holds, may lie in a block that moves or goes. */
void molt__migration_contains(MoltMigration *m, MoltTypeId type);

static inline uint32_t molt__relocate_slot(uintptr_t value)
{
    return (uint32_t)(value >> 4 ^ value >> 12) % MOLT__CODE_CACHE;
}

/* What an address in the library that is no variable's became before, NULL when it is not known or when
 * there is more to do than to take it. */
static inline const MoltCodeEntry *molt__relocate_known(const MoltMigration *m, const MoltOp *op,
                                                        uintptr_t value)
{
    const MoltCodeEntry *entry = &m->code_cache[molt__relocate_slot(value)];
    bool known = value != 0 && entry->before == value && entry->pointee == op->before &&
                 entry->pointee_ok == op->pointee_ok && (op->pointee_ok || entry->to == op->after) &&
                 entry->rule == MOLT_RULE_COUNT;
    return known ? entry : NULL;
}

/* relocate.c: what a pointer becomes. `i` is the element of the batch, for messages. */
uintptr_t molt__relocate(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i);
/* The same for addresses in the heap, those of the mirror of the globals included, which stay in it; any
 * other address is itself. */
uintptr_t molt__relocate_mirrored(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i);
/* A constant of the new library whose place of `target` is at `after` has the bytes that the old one
 * had, but for words that were addresses in the old library. */
bool molt__relocate_same_content(const MoltMigration *m, const MoltCodeTarget *target,
                                 uintptr_t after);
/* Readable text at a `char *` of the old state: bytes up to `*length`, NULL when it is none. */
const char *molt__relocate_text(MoltMigration *m, uintptr_t value, uint64_t *length);

/* gone_types.c: objects of types that the new code lacks, and of those that it has again. */
void molt__gone_types_report(MoltMigration *m);
/* Numbers that a pointer leads to come in sight. */
void molt__gone_types_commit(const MoltMigration *m);

/* migrate_globals.c */
/* Fills the mirror and finds out which variables the game set; false when memory is out. */
bool molt__migrate_globals_make(MoltMigration *m, struct MoltGlobals *next);
void molt__migrate_globals_free(MoltMigration *m);
/* Widens [*begin, *end) to the addresses in and one past the end of the old library's variables. */
void molt__migrate_globals_bound(const MoltMigration *m, uintptr_t *begin, uintptr_t *end);
/* The span is that of the mirror. */
bool molt__migrate_globals_is(const MoltMigration *m, const MoltSpan *span);
void molt__migrate_globals_run(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved);
/* The same for the survey of ownership; false when the span is another one. */
bool molt__migrate_globals_survey(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved);
/* Puts what added variables, and added parts of others, start with into `defaults`, an object of what type
 * `before` becomes. */
void molt__migrate_globals_defaults(const MoltMigration *m, MoltTypeId before,
                                    unsigned char *defaults);
/* What the library started with where `from` is part of a variable of the old state; else NULL. */
const unsigned char *molt__migrate_globals_initial(const MoltMigration *m,
                                                   const unsigned char *from);
/* Adds a finding for each variable that takes its new initialiser. */
void molt__migrate_globals_report(MoltMigration *m);
/* The variable whose operations run, for messages, or NULL. */
const char *molt__migrate_globals_name(const MoltMigration *m);
/* What the library began with where `value` lies, a part of the variable whose operations run; NULL where
 * that is none, or goes on in the new library. */
const unsigned char *molt__migrate_globals_beginning(const MoltMigration *m,
                                                     const unsigned char *value);
/* False when the address is in no variable; else *out is its place in the new library, 0 after a
 * refusal. */
bool molt__migrate_globals_relocate(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i,
                                    uintptr_t *out);
/* The name of the variable that an address lies in, NULL when it is in none; *out is the same place in
 * the new library, 0 when the variable is gone or what lies there is no longer laid out alike. */
const char *molt__migrate_globals_follow(const MoltMigration *m, uintptr_t value, uintptr_t *out);
/* The new spans are made: finds the new mirror. */
void molt__migrate_globals_aim(MoltMigration *m);
/* The variable's address for one in the new mirror, 0 where it has no place; any other address is
 * itself. */
uintptr_t molt__migrate_globals_image(const MoltMigration *m, uintptr_t address);
/* A new mirror that stays has the old values of variables that nobody set: they begin anew. */
void molt__migrate_globals_start_unset(const MoltMigration *m, unsigned char *mirror);
/* After the new spans are in: the mirror is that of the new library, which it describes but for what
 * the attic returns. */
void molt__migrate_globals_switch(MoltMigration *m);

/* Bytes before the NUL, at most `size`. */
uint64_t molt__text_length(const char *text, uint64_t size);

/* ownership.c. The survey lists what becomes a block or stops being one; it runs before all others. */
void molt__ownership_survey(MoltMigration *m);
/* After the heap has its new schema: registers the new blocks. */
void molt__ownership_commit(MoltMigration *m);
/* After the attic is committed: frees the blocks that are part of others now, and new ones that go. */
void molt__ownership_free_claimed(MoltMigration *m);
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
/* No other pointer leads into the blocks that the structs in these bytes of the old state become. */
bool molt__ownership_is_alone(const MoltMigration *m, uintptr_t before, uint64_t size);
/* The pointer to the block of the struct there is NULL; that and the blocks of what is in it go at commit. */
void molt__ownership_unbox(MoltMigration *m, uintptr_t before, MoltTypeId type, uint64_t size);
/* A struct of the new state is there because a pointer was NULL. */
bool molt__ownership_is_null(MoltMigration *m, uintptr_t after);
/* Whether a block of the old state becomes part of another object. */
bool molt__ownership_is_claimed(const MoltMigration *m, MoltTypeId type, uintptr_t block);
/* Where the first element of such a block is then, a value of the new *type; 0 where several objects claim
 * it, or one that becomes part of another itself. */
uintptr_t molt__ownership_part(const MoltMigration *m, uintptr_t block, MoltTypeId *type);
/* hook_run.c and hook_settle.c: hooks. */
/* Notes that the hook of op->after is to be called for `n` objects. */
void molt__hook_note(MoltMigration *m, const MoltOp *op, const unsigned char *source,
                     uint64_t source_stride, const unsigned char *destination,
                     uint64_t destination_stride, uint64_t n);
/* They are all noted: sorts them. */
void molt__hook_sort(MoltMigration *m);
/* Values of the new struct around `place` returned that replace the calls for it. */
void molt__hook_note_restored(MoltMigration *m, MoltTypeId type, uintptr_t place);
/* What stands at `place` of the new state is the business of a hook: one has changed such bytes in some
 * object, or it is another hook than before. */
bool molt__hook_owns(const MoltMigration *m, uintptr_t place, uint64_t size);
/* Calls all of them. The new state is complete; afterwards it is what they made of it. */
void molt__hook_run(MoltMigration *m);
/* What a rule says of an operation's value is decided by what hooks read. */
bool molt__hook_may_settle(const MoltMigration *m, const MoltOp *op, MoltRule rule,
                           MoltSeverity severity);
/* A refusal gives way because an edit that a hook carried is being undone. */
bool molt__hook_undoes(const MoltMigration *m, const MoltOp *op, MoltRule rule);
/* Decides what waited for the hooks. */
void molt__hook_settle(MoltMigration *m);
/* A value at `place` is lost, or refused, unless a hook reads it. */
void molt__hook_note_loss(MoltMigration *m, uint32_t tally, uint64_t object, uintptr_t place);
/* Hooks ran, and read every value that a check is about. */
bool molt__hook_settled(const MoltMigration *m, uint32_t check);
/* Adds hooks to the report that could settle what was refused, for people to paste. */
void molt__hook_suggest(MoltMigration *m);
/* How many objects of an old type that is gone hooks read. */
uint64_t molt__hook_saw(const MoltMigration *m, MoltTypeId type);
uint64_t molt__hook_spans(const MoltMigration *m); /* to adopt at commit */
/* Takes what hooks made into the heap, whose schema is the new one. Cannot fail. */
void molt__hook_adopt(MoltMigration *m);
/* The new state is in use: deletes what hooks deleted, and frees the work. Cannot fail. */
void molt__hook_commit(MoltMigration *m);
/* Puts back what hooks wrote, and frees the work. */
void molt__hook_discard(MoltMigration *m);
/* hook_variables.c: the variables while hooks run. */
/* The new state is complete: writes its mirror to the variables that the hooks see. */
void molt__hook_variables_lend(MoltMigration *m);
/* Takes into the mirror what hooks wrote to them, and gives a library that stays its values back. */
void molt__hook_variables_take(MoltMigration *m);
/* Both happened. */
bool molt__hook_variables_had(const MoltMigration *m);
void molt__hook_variables_free(MoltMigration *m);
/* stale_integer.c: tells of integers that hold the address of what moves or goes. The objects of types that
 * change are looked at on their way (`source` is the old side of a batch), others afterwards. */
void molt__stale_integers_begin(MoltMigration *m);
void molt__stale_integers_look(MoltMigration *m, MoltTypeId type, const unsigned char *source,
                               uint64_t stride, uint64_t n);
/* Some may; asked by any thread. */
bool molt__stale_integers_any(const MoltMigration *m, MoltTypeId type, const unsigned char *source,
                              uint64_t stride, uint64_t n);
void molt__stale_integers_report(MoltMigration *m);
void molt__stale_integers_free(MoltMigration *m);
/* stored_size.c: tells of numbers that were computed from a layout or an address which the edit changes. */
void molt__stored_sizes_report(MoltMigration *m);

/* tally.c: counts a rule that applies to element `i` of the batch; decides its severity by policy and
 * annotation. True when the value may be written nevertheless. `format` is the offending value. */
bool molt__tally(MoltMigration *m, const MoltOp *op, MoltRule rule, MoltSeverity severity,
                 uint64_t i, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The same for all elements whose bits are set, from element `at` (a multiple of 64) of the batch on, which
 * lose a value. False, with nothing done, where each of them has to be gone into, as the first one has. */
bool molt__tally_all(MoltMigration *m, const MoltOp *op, MoltRule rule, uint64_t at, uint64_t bits);
/* What the rule refuses is left to the attic instead, because it had waited there before. */
bool molt__tally_waits(const MoltMigration *m, const MoltOp *op, MoltRule rule);
/* The value is written down only where the rule applies for the first time. */
bool molt__tally_wants_value(const MoltMigration *m, const MoltOp *op, MoltRule rule);
/* Turns the tallies into findings of the report. */
void molt__tally_report(MoltMigration *m);

/* Writes the new pointers of blocks that stay. Cannot fail. */
void molt__migration_patch(MoltMigration *m);
/* A zeroed table of exactly that size (more than 0), and its end; NULL, with m->failed set, when memory
 * is out. */
void *molt__migration_table(MoltMigration *m, uint64_t count, size_t item_size);
void molt__migration_free(MoltMigration *m, void *table, uint64_t count, size_t item_size);
/* Asks whoever tests the steps; false, with m->failed set, when this one is to fail. */
bool molt__migration_step(MoltMigration *m, MoltMigrateStep step);
/* Grows an array of the migration; false, with m->failed set, when memory is out. */
bool molt__migration_grow(MoltMigration *m, void **items, uint64_t *slots, uint64_t count,
                          uint64_t more, size_t item_size);

#endif
