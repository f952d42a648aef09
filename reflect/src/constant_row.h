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

/* What a copy of a row is known by; strings of the library, which has the address. */
typedef struct MoltRowName {
    const char *constant, *key, *title; /* key, title: "" where the row has none that is its own */
    uint64_t row, element;
} MoltRowName;

/* False: the address, of an element of that type, is in no constant. */
bool molt__constant_row_name(const MoltMigration *m, uintptr_t address, MoltTypeId type,
                             MoltRowName *out);

/* Where in the library that comes a pointer at byte `at` of the copy of a row leads, if that has the row
 * again; 0 where it has not, or where the block is no such copy. */
uintptr_t molt__constant_row_again(MoltMigration *m, const MoltOp *op, uint32_t span,
                                   uint32_t block, uint64_t at);

/* After all pointers: makes the copies that these asked for. From then on copies are made at once. */
void molt__constant_rows_run(MoltMigration *m);
void molt__constant_rows_release(MoltMigration *m);

#endif
