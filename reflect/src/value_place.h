/* Where a value of the state is in its object, for the findings of a migration: ".mobs[3].hp". It must
 * never know rules, or what the value is. */
#ifndef MOLT_VALUE_PLACE_H
#define MOLT_VALUE_PLACE_H

#include "migration.h"

/* Writes the path of the value that the running operation reads for the `i`th of its elements, of
 * the field that its check names, with the indices of the first element in it that is not zero. "" where
 * the name of the field in the object says it all, where the value is in no object, and where the path has no
 * room. */
void molt__value_place(const MoltMigration *m, const MoltOp *op, uint64_t i, char *text, size_t room);

#endif
