/* Where values of one type lie one after the other in a block, around an address that points at one: how far
 * an index behind a pointer may count. It must never know paths or who asks. */
#ifndef MOLT__VALUE_RUN_H
#define MOLT__VALUE_RUN_H

#include "molt/heap.h"

/* In bytes from the start of the block. */
typedef struct MoltValueRun {
    uint64_t begin, end;
} MoltValueRun;

/* The array that the value of type `wanted` at `offset` bytes from the block's start is an element of, the
 * outermost one of arrays of arrays; of a value that is no element just the value. Of a tagged union the arm
 * counts that its tag selects, of another any. Integers of one size are the same here, and bytes of blocks
 * of char or of no type may be anything. False where no such value begins. */
bool molt__value_run(const MoltSchema *schema, const MoltBlock *block, uint64_t offset,
                     MoltTypeId wanted, MoltValueRun *out);

#endif
