/* Pages of the attic: one edit's kept values of the objects of one type, and the work that a migration
 * does on them. It must never know blocks of memory but by their numbers (attic_block.h).
 *
 *   step (schema before the edit) <- page -> runs[]: where a kept value was, and where its place is now
 *                                         -> records[]: number | element | open bits | kept | left
 *
 * `kept` are the values as they were before the edit; a pointer is 0 or a reference's index + 1. `left`
 * are samples of what stood in the values' places when the last migration ended. An open bit says that
 * the value has neither returned nor been written over. Pages do not change from the commit that made
 * them on: a migration that has to change one makes another.
 *
 * A blank page (attic_blank.h) has no records but says one thing of all objects from before its edit. */
#ifndef MOLT_ATTIC_PAGE_H
#define MOLT_ATTIC_PAGE_H

#include "attic_lost.h"
#include "heap_span.h"
#include "leaf.h"
#include "molt/code_map.h"

struct MoltMigration;

typedef struct MoltAtticSymbol {
    MoltCodeTarget target; /* strings and bytes in `text` */
    uintptr_t address;     /* in the library that went away */
    char *text;
    uint64_t size;
} MoltAtticSymbol;

/* What all pages of one edit share. */
typedef struct MoltAtticStep {
    uint32_t shares;
    MoltSchema *schema; /* before the edit */
    MoltAtticSymbol *symbols;
    uint64_t symbol_count, symbol_slots;
} MoltAtticStep;

/* An element of old blocks that loses a value; `tail`: one of a flexible struct's array. Of blocks that are
 * single objects, those behind each other are one entry. */
typedef struct MoltLoss {
    uint32_t span, block;
    uint32_t blocks; /* from `block` on, at least 1 */
    uint32_t element;
    bool tail;
    uint8_t pool; /* MOLT__POOL_...: in a block of bytes (attic_pool.h) */
} MoltLoss;

/* Blocks behind each other whose objects have records `first` and those behind it (attic_column.h). */
typedef struct MoltAtticStretch {
    uint32_t span, block, blocks;
    uint64_t first;
} MoltAtticStretch;

typedef enum MoltAtticRefKind {
    MOLT__REF_BLOCK,  /* index: number of a block; offset: bytes from its start */
    MOLT__REF_CODE,   /* index: symbol of the step */
    MOLT__REF_FOREIGN /* offset: the pointer itself */
} MoltAtticRefKind;

typedef struct MoltAtticRef {
    uint32_t kind;
    uint32_t index;  /* of a new page until commit: the span, not the number */
    uint32_t block;  /* until then: of the block in its span */
    MoltTypeId type; /* BLOCK: of the block in the step's schema */
    bool made;       /* BLOCK: a migration made it, as a field's default or as a copy */
    uint32_t becomes; /* of a new page until commit: 1 + the item of its block among those that
                         become another one; 0: it stays what it is */
    uint64_t offset; /* BLOCK: in the running layout, MOLT__NO_PLACE where that has no such place */
    uint64_t origin; /* BLOCK: the same in the step's layout; it never changes */
} MoltAtticRef;

#define MOLT__NO_PLACE UINT64_MAX

/* A union whose tag is a kept value: to give the tag its old value back is right only while the union
 * holds what the edit left there too. */
typedef struct MoltAtticWatch {
    uint64_t at, size; /* in the element that has the first tag of a run */
} MoltAtticWatch;

enum { MOLT__WATCHES = 3 }; /* unions of one tag; with more the tag stays as it is */

/* A run of values that one edit took away from each object of the page. */
typedef struct MoltAtticRun {
    MoltLeaf was; /* in the step's schema */
    MoltLeaf is;  /* in the running schema, when placed; its guards hold always */
    bool placed;
    bool
        lent; /* the values returned, over what the struct's newcomers had begun with: an edit that goes
                  back to where they had not returns that, and keeps them again */
    bool
        aims; /* pointers that went on as pointers, kept because undoing the edit would make them point
                  elsewhere: they return only to the very place that they pointed at */
    bool
        copy; /* of a value that stays and was made of the same one: `is` is where that one is, and while it
                  is what the edit left there the copy may return to a place of its own */
    bool
        part; /* of a struct that became a block since: `is` is the pointer to that, and as long as it is
                  the same one the value may return when the block is a part of the object again */
    bool null; /* of a pointer that was NULL: `is` is the struct that stands for it since (attic_null.h) */
    bool mixed;           /* of a blank page: the elements among its `others` held something else */
    uint32_t watch_count; /* of the unions beside tag `is`, MOLT__WATCHES + 1: too many */
    MoltAtticWatch watches[MOLT__WATCHES];
    uint64_t kept_at, left_at, watched_at; /* in a record */
    uint64_t open_at;                      /* first bit */
    uint64_t kept_column, left_column;     /* in the records of a page with columns */
    uint32_t
        hooked; /* struct in the step's schema whose hook may have changed it, + 1; 0: none. Such
                        values return only when that layout does: a hook says what they became. */
    const MoltOp *op; /* of the plan that took the values, while that plan runs */
} MoltAtticRun;

/* Values of the running type that no value of the step's type ever stood in: a field that was added
 * since. All of a run are equal to one sample, as long as the game does not write them. */
typedef struct MoltAtticFresh {
    MoltLeaf leaf;
    uint64_t sample; /* in the page's samples */
} MoltAtticFresh;

typedef struct MoltAtticFreshList {
    MoltAtticFresh *items;
    uint64_t count, slots;
    unsigned char *samples;
    uint64_t sample_count, sample_slots; /* bytes */
} MoltAtticFreshList;

typedef struct MoltAtticPage {
    uint32_t shares;
    MoltAtticStep *step;
    MoltTypeId type; /* in the step's schema */
    bool tail;       /* its objects are elements of that flexible struct's array */
    uint8_t pool;    /* they lie in blocks of bytes (attic_pool.h) */
    MoltAtticRun *runs;
    uint64_t run_count, run_slots;
    MoltAtticFreshList fresh;
    uint64_t count; /* of records */
    uint64_t open_bits, kept_at, left_at, stride;
    unsigned char *records;
    uint64_t record_bytes;
    MoltAtticRef *refs;
    uint64_t ref_count, ref_slots;
    uint64_t numbered; /* records of a new page that have their number */
    bool filed;        /* made from losses of the running migration: not numbered yet */
    bool rebuilt;      /* made in the running migration from another page */
    bool functions;    /* its pointers may lead to functions, which a library without edits of structs
                          may have again */
    bool raw;          /* addresses of a library may be among the foreign ones */
    bool partial;      /* of a struct that a hook carried, not every value is here */
    MoltLeaf *watched; /* in the running schema: what such structs are now */
    uint64_t watched_count, watched_slots;
    uint64_t digest_at; /* of `watched`, in a record; 0 there: written since */
    bool columns; /* the records lie field by field, of objects in stretches (attic_column.h) */
    bool sampled; /* then: what the edit left is there before the commit */
    MoltAtticStretch *stretches; /* then; in order of spans and blocks */
    uint64_t stretch_count;
    uint32_t edit;    /* of a blank page: it speaks of what was born before; 0: it has records */
    MoltLoss *others; /* then; in order of spans, blocks and elements */
    uint64_t other_count;
    MoltLoss *places; /* of objects without numbers that got records in the running migration */
    bool boxes;       /* then: their spans are those of the migration's new blocks (attic_box.h) */
    uint64_t place_slots;
} MoltAtticPage;

enum { MOLT__RECORD_HEAD = 8 }; /* number and element, 32 bits each */

static inline uint32_t molt__record_word(const unsigned char *record, unsigned word)
{
    uint32_t value;
    __builtin_memcpy(&value, record + word * 4, sizeof value);
    return value;
}

static inline bool molt__record_is_open(const unsigned char *record, uint64_t bit)
{
    unsigned bits = record[MOLT__RECORD_HEAD + bit / 8];
    return (bits >> (bit % 8) & 1u) != 0;
}

static inline void molt__record_close(unsigned char *record, uint64_t bit)
{
    unsigned bits = record[MOLT__RECORD_HEAD + bit / 8];
    record[MOLT__RECORD_HEAD + bit / 8] = (unsigned char)(bits & ~(1u << (bit % 8)));
}

/* Bytes that a run takes in a record for what is kept and for what the edit left. */
uint64_t molt__attic_kept_size(const MoltLeaf *leaf);
/* Lays out records for the runs of a page: sets every *_at and the stride. */
void molt__attic_page_layout(MoltAtticPage *page);
/* The entry that has the element of `place`, of entries in order of spans, blocks and elements; NULL when
 * there is none. */
const MoltLoss *molt__attic_find_place(const MoltLoss *places, uint64_t count,
                                       const MoltLoss *place);
/* One share less; frees page and step with the last one. */
void molt__attic_page_drop(const MoltAllocator *allocator, MoltAtticPage *page);
/* Gives back what is the slot's own, while its page is there; the page stays. */
void molt__attic_slot_free(const MoltAllocator *allocator, MoltAtticSlot *slot);
/* Bytes of the bits of a page with columns of that many records. */
static inline uint64_t molt__attic_alive_bytes(uint64_t records)
{
    return (records + 63) / 64 * sizeof(uint64_t);
}
void molt__attic_step_drop(const MoltAllocator *allocator, MoltAtticStep *step);
uint64_t molt__attic_pages_bytes(const MoltAtticSlot *pages, uint64_t count);
/* The struct has the same layout under the same name in another schema. */
bool molt__attic_same_layout(const MoltSchema *then, MoltTypeId type, const MoltSchema *now);
/* Bytes of one page without those of its step. */
uint64_t molt__attic_page_bytes(const MoltAtticPage *page);

/* ---- the work of one migration --------------------------------------------------------------- */

/* How many objects got a field's value back. */
typedef struct MoltReturned {
    MoltTypeId owner_before, owner_after; /* in the step's and in the new schema */
    uint32_t before, after;
    const MoltAtticStep *step;
    uint64_t objects, last_object;
} MoltReturned;

/* A value that returns after the hooks. */
typedef struct MoltAtticLate {
    MoltLeaf leaf;
    unsigned char *destination;
    uint64_t bytes; /* the value, then what its place held before the hooks */
    uint64_t returned, object;
} MoltAtticLate;

/* Where kept values are back. */
typedef struct MoltAtticBack {
    MoltTypeId after; /* of the objects, in the new schema */
    bool tail;
    MoltLeaf leaf;
} MoltAtticBack;

typedef struct MoltAtticWork {
    bool *lossy; /* per operation of the plan; NULL while there is no loss */
    uint64_t lossy_count;
    struct MoltAtticDraft *drafts; /* per old type, or NULL (attic_draft.h) */
    uint64_t marks[4];             /* of the running batch: elements that lose a value */
    MoltLoss *losses;              /* in order of spans, blocks and elements */
    uint64_t loss_count, loss_slots;
    uint64_t pool_losses;  /* the last ones, in another order: in blocks of bytes */
    uint64_t beyond;       /* more, in elements that no record can name */
    MoltAtticPage **filed; /* by molt__attic_filed_at of new types */
    MoltAtticSlot *pages;  /* the attic after commit; each page shared once more */
    uint64_t page_count, page_slots;
    unsigned char *writes; /* values that return to objects that stay: written at commit */
    uint64_t write_bytes, write_slots;
    MoltReturned *returned;
    uint64_t returned_count, returned_slots;
    unsigned char *scratch; /* one value */
    uint64_t scratch_slots;
    unsigned char *seen; /* an object that stays, as it is when what returned is written */
    uint64_t seen_slots;
    uint64_t object;  /* running number of the record looked at */
    uint64_t dropped; /* records that the limit costs */
    MoltAtticBack *backs;
    uint64_t back_count, back_slots;
    MoltAtticLost *lost;
    uint64_t lost_count, lost_slots;
    MoltAtticLate *late;
    uint64_t late_count, late_slots;
    unsigned char *late_bytes;
    uint64_t late_size, late_bytes_slots;
    MoltTypeId leaving_type; /* + 1: of which `leaving` says whether it goes back past a hook */
    bool leaving;
    bool blanks; /* this migration makes blank pages */
    bool keeps;  /* every loss of this migration is kept */
    bool active; /* there is something to commit */
} MoltAtticWork;

/* Pages of one type's losses: of objects, of those in its tail, in blocks of bytes, and of headers there. */
static inline uint64_t molt__attic_filed_at(MoltTypeId type, bool tail, unsigned pool)
{
    return (uint64_t)type * 4 + (pool != 0 ? 1 + pool : tail);
}

/* Element `element` of a block, or of the array at its end. */
static inline unsigned char *molt__attic_element(const MoltSpan *span, uint32_t block,
                                                 uint64_t element, bool tail)
{
    unsigned char *start = molt__span_block(span, block);
    return tail ? start + span->header + element * span->elem_size
                : start + (span->header > 0 ? 0 : element * span->elem_size);
}

/* attic_value.c: one value on its way. */
/* Runs an operation of `plan` on one value, which is not to be counted or reported. False when there is
 * no rule for it; m->value_lost says whether it fitted. */
bool molt__attic_convert(struct MoltMigration *m, const MoltPlan *plan, const MoltOp *op,
                         const unsigned char *from, unsigned char *to, bool is_sample);
/* Zeroed room for one value, until the next call; NULL when memory is out. */
unsigned char *molt__attic_scratch(struct MoltMigration *m, const MoltLeaf *leaf);

/* attic_tag.c: tags among the kept values. */
/* The unions beside a run that is placed, in the schema of its place. */
void molt__attic_watch(const MoltSchema *schema, MoltTypeId root, MoltAtticRun *run);
uint64_t molt__attic_watch_size(const MoltAtticRun *run);
/* Writes down the unions beside tag `i`, and compares them with that. */
void molt__attic_watch_sample(const MoltAtticRun *run, uint64_t i, const unsigned char *element,
                              unsigned char *record);
bool molt__attic_watch_equals(const MoltAtticRun *run, uint64_t i, const unsigned char *element,
                              const unsigned char *record);
/* Empties them: the tag has another value now, and what they hold is not what it says. */
void molt__attic_watch_clear(const MoltAtticRun *run, uint64_t i, unsigned char *element);

/* attic_file.c */
/* Element `i` of the running batch loses what `op` reads. */
void molt__attic_mark(struct MoltMigration *m, const MoltOp *op, uint64_t i);
/* The same of 64 elements of a batch in no loop, from `at` on. */
void molt__attic_mark_bits(struct MoltMigration *m, const MoltOp *op, uint64_t at, uint64_t bits);
/* The first `n` elements may lose everything that the operations of a HOOK's struct read. */
void molt__attic_mark_all(struct MoltMigration *m, const MoltOp *op, uint64_t n);
/* attic_waited.c: values of fields that were away in a version between. */
/* Marks what an operation with op->keeps reads. */
void molt__attic_mark_waited(struct MoltMigration *m, const MoltOp *op, uint64_t n);
/* Whether a value of a run is kept, of which `made` is what stands in the new state: `replaced`, what an
 * older page returned there. */
bool molt__attic_keeps_waited(struct MoltMigration *m, const MoltAtticPage *page,
                              const MoltAtticRun *run, const unsigned char *value,
                              const unsigned char *made, bool replaced);
/* attic_file.c */
/* One element loses what `op` reads, after all batches have run. */
void molt__attic_lose_one(struct MoltMigration *m, const MoltOp *op, const MoltLoss *place);
/* Takes the marks of a batch that has run; `first` is its first element in the block. */
void molt__attic_flush(struct MoltMigration *m, uint64_t first, uint64_t n);
/* Adds the runs of values that were lost so far, of objects of the page's type. False when memory is out. */
bool molt__attic_collect(struct MoltMigration *m, MoltAtticPage *page);
/* Makes pages of the losses. */
void molt__attic_file(struct MoltMigration *m);
/* What a pointer of the running schema's state into the heap points at, in the new layout. False when
 * it points at nothing that stays. */
bool molt__attic_block_ref(struct MoltMigration *m, MoltTypeId pointee, uintptr_t value,
                           MoltAtticRef *ref);
/* The fields that type `before` gets new in this migration, for pages of objects of it. */
void molt__attic_add_fresh(struct MoltMigration *m, MoltTypeId before, bool tail,
                           MoltAtticFreshList *list);
/* Adds a finding about records that the limit costs. */
void molt__attic_report_full(struct MoltMigration *m, const char *type, uint64_t objects);

/* attic_trace.c */
/* The field that a leaf of a type's objects is in; the tail itself where its elements are no structs. */
void molt__attic_field(const MoltSchema *schema, MoltTypeId type, bool tail, const MoltLeaf *leaf,
                       MoltTypeId *owner, uint32_t *field);

/* attic_carry.c */
/* Takes every page over the migration, newest first, and returns what has a place. */
void molt__attic_carry(struct MoltMigration *m);

/* attic_commit.c */
/* Adds findings about what returned. */
void molt__attic_report(struct MoltMigration *m);
/* Drops the oldest pages until the limit holds, and makes room for all that commit needs. */
void molt__attic_reserve(struct MoltMigration *m);
/* Writes what returned to objects that stay. Cannot fail. */
void molt__attic_write(MoltAtticWork *work);
/* The heap has its new spans. Cannot fail. */
void molt__attic_commit(struct MoltMigration *m);
/* Frees the work; the attic stays as it is. */
void molt__attic_discard(struct MoltMigration *m);

#endif
