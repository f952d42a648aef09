/* Columns of a page that are filled while the migration runs: by converters, of values that they have in a
 * register, or else when a batch has just been converted and is still in the caches, on both sides. What is
 * kept is decided later; a draft that turns out to be something else
 * is thrown away, and the page is made from the losses. It must never know why a value is kept.
 *
 * Invariants: the records of a draft are those of the type's losses, in their order; nothing but the
 * operations of the plan writes the new objects, so what they hold now is what the edit leaves. */
#ifndef MOLT_ATTIC_DRAFT_H
#define MOLT_ATTIC_DRAFT_H

#include "attic_page.h"

/* Of one old type. */
typedef struct MoltAtticDraft {
    MoltAtticPage *page; /* with room for `slots` records in columns; NULL: none */
    uint64_t slots;
    uint64_t lossy; /* operations of the plan that had lost something when it was last looked at */
    bool begun;
    /* Bits by index of runs: converters have written their columns, from record page->count on, for the batch
     * that begins with that object of the migration, as if each of its objects lost values. */
    uint64_t filled, filled_object;
} MoltAtticDraft;

/* Where a converter may write what the operation takes from the `n` objects of the running batch, and what it
 * leaves, both of these sizes: in the columns, which have it then if the objects do lose something. Else
 * *kept and *left stay as they are. */
void molt__attic_draft_column(struct MoltMigration *m, const MoltOp *op, uint64_t kept_size,
                              uint64_t left_size, uint64_t n, unsigned char **kept,
                              unsigned char **left);
/* What was written so may not be what stands in the objects. */
void molt__attic_draft_spoil(struct MoltMigration *m);
/* `n` single objects of the running batch, from `block` on, lose values. */
void molt__attic_draft_keep(struct MoltMigration *m, uint32_t block, uint32_t n);
/* The page for that many losses of a type, in columns but without stretches; NULL when there is none. The
 * caller has it then. */
MoltAtticPage *molt__attic_draft_take(struct MoltMigration *m, MoltTypeId type, uint64_t losses);
void molt__attic_drafts_free(struct MoltMigration *m);

#endif
