/* Objects in blocks of bytes, behind a header as MOLT_POOL(T, H) says: where an element of theirs is in
 * a migration, and whose number its record has. The heap knows such a block as bytes alone, and a migration
 * that converts it makes another one of it. It must never know what is kept.
 *
 * Invariant: a record has the number of the block that has its object in the running state. */
#ifndef MOLT_ATTIC_POOL_H
#define MOLT_ATTIC_POOL_H

#include "attic_carry.h"

/* Of pages, losses and running batches. */
enum { MOLT__POOL_NONE, MOLT__POOL_ITEMS, MOLT__POOL_HEADER };

/* The old type of an object that loses a value. */
MoltTypeId molt__attic_loss_type(const MoltMigration *m, const MoltLoss *loss);
/* Where an element is in the running state and in the new one; false when no note says so any more, or says
 * another type. */
bool molt__attic_pool_stand(const MoltMigration *m, const MoltLoss *place, MoltTypeId type,
                            MoltCarryObject *object);
/* Makes room for the number of the block that has the objects in the new state. False when memory is out. */
bool molt__attic_pool_make_number(MoltMigration *m, const MoltLoss *place);
/* At commit, when the new blocks are in the heap: that number, for an old block. Cannot fail. */
uint32_t molt__attic_pool_number(MoltMigration *m, uint32_t span, uint32_t block);
/* Then: the element of a numbered block; NULL where it is none. *hint is 0 first, for those that follow each
 * other. */
const unsigned char *molt__attic_pool_element(const MoltMigration *m, const MoltAtticPage *page,
                                              const unsigned char *record, uint64_t *hint);

#endif
