/* Pointers into named constants of the library: which row of the next library they mean, and copies on the
 * heap of rows that it no longer has. It must never know how a library is read, only its constants'
 * places (constants.h).
 *
 * A row is known, in this order, by the enumerator that designates it, by the text that its struct begins
 * with where no other row has that, and by its index. */
#ifndef MOLT_CONSTANT_ROW_H
#define MOLT_CONSTANT_ROW_H

#include "migration.h"

/* False: the address is in no constant whose type is known, and nothing was decided. Else entry->after is
 * what a pointer at entry->before becomes, 0 after a refusal, and entry->rule what it loses. */
bool molt__constant_relocate(MoltMigration *m, const MoltOp *op, uint64_t i, MoltCodeEntry *entry);

/* After all pointers: makes the copies that these asked for. From then on copies are made at once. */
void molt__constant_rows_run(MoltMigration *m);
void molt__constant_rows_release(MoltMigration *m);

#endif
