/* Operations of a plan on a batch of values, as execute.c runs them: those with a file of their own. They
 * must never know what other operations do to the same objects. */
#ifndef MOLT_EXECUTE_PARTS_H
#define MOLT_EXECUTE_PARTS_H

#include "migration.h"

/* A batch as an operation sees it. */
typedef struct MoltBatch {
    unsigned char *source;
    uint64_t source_stride;
    unsigned char *destination;
    uint64_t destination_stride;
    uint64_t n;
} MoltBatch;

/* execute_names.c: ENUM and FLAGS, values that have names. */
void molt__run_enum(MoltMigration *m, const MoltOp *op, const MoltBatch *b);
/* Values of an enum that became numbers: the attic keeps those without a name, which would be refused on
 * the way back. */
void molt__keep_unnamed(MoltMigration *m, const MoltOp *op, const MoltBatch *b);
void molt__run_flags(MoltMigration *m, const MoltOp *op, const MoltBatch *b);
/* execute_drop.c: DROP_BYTES and DROP_NUMBER, values that have no place. */
void molt__run_drop(MoltMigration *m, const MoltOp *op, const MoltBatch *b);
/* The same where it is known which of the values are not zero: MOLT__BATCH bits, none beyond b->n. */
void molt__run_drop_set(MoltMigration *m, const MoltOp *op, const MoltBatch *b,
                        const uint64_t *set);

#endif
