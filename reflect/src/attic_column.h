/* Columns: pages of the attic whose values lie field by field, each field's as one array over all objects,
 * beside the stretches of blocks that the objects are. Such a page is made where an edit took plain values
 * from single objects: none of its values is a pointer, a text of the heap or in an arm of a union, and no
 * hook carried them. Its records are put together one by one only when a migration has to look at them. It
 * must never know numbers of blocks but for those that moved.
 *
 *   page: stretches[] span, block.. -> record..      slot: alive bits, one for each record
 *         columns: kept of run 0 | left of run 0 | kept of run 1 | ...
 *
 * Invariants: a record's bit is set as long as its object is where the stretch says; it is cleared when the
 * object is freed, and when it moves, which attic.moved then says with the number of the block. */
#ifndef MOLT_ATTIC_COLUMN_H
#define MOLT_ATTIC_COLUMN_H

#include "attic_carry.h"

/* Whether the losses of the running migration that `page` is for can lie in columns; the runs are there. */
bool molt__attic_columns_fit(const MoltMigration *m, const MoltAtticPage *page);
static inline bool molt__attic_column_is_alive(const MoltAtticSlot *slot, uint64_t record)
{
    return (slot->alive[record / 64] >> (record % 64) & 1u) != 0;
}

/* Bytes that a record takes for what the edit left of a run. */
static inline uint64_t molt__attic_column_left_size(const MoltAtticRun *run)
{
    return run->placed ? run->was.count * molt__leaf_sample_size(&run->is) : 0;
}

/* The runs are of plain values. */
bool molt__attic_columns_plain(const MoltAtticPage *page);
/* Bytes that a record takes in columns. */
uint64_t molt__attic_columns_width(const MoltAtticPage *page);
/* Fills the page's stretches, and where it has no records yet its columns, with `records` losses; makes
 * slot->alive. False when memory is out. */
bool molt__attic_columns_fill(MoltMigration *m, MoltAtticPage *page, uint64_t records,
                              MoltAtticSlot *slot);
/* Columns for that many records, in the runs; then with as many as the page has, their values moved up. */
void molt__attic_columns_lay_out(MoltAtticPage *page, uint64_t records);
void molt__attic_columns_close_up(MoltAtticPage *page);
/* What the edit left of the values are plain bytes. */
bool molt__attic_columns_leave_bytes(const MoltAtticPage *page);
/* Copies the values of `n` old objects that are `stride` apart to the records from `first` on; and what the
 * edit left of them in the new ones, where that are bytes. Columns of runs whose bits `filled` has, by
 * index, have it already. */
void molt__attic_columns_keep(MoltAtticPage *page, uint64_t first, const unsigned char *objects,
                              uint64_t stride, uint64_t n, uint64_t filled);
void molt__attic_columns_leave_behind(MoltAtticPage *page, uint64_t first,
                                      const unsigned char *objects, uint64_t stride, uint64_t n,
                                      uint64_t filled);
/* Writes down what stands in the places of the values now, where that was not done before. */
void molt__attic_columns_sample(const MoltHeap *heap, MoltAtticPage *page);
/* attic_column_carry.c */
/* Few of the objects are left: as records they take less. */
bool molt__attic_columns_is_sparse(const MoltAtticSlot *slot);
/* Takes each record over; what stays open of them becomes records of carry->to. */
void molt__attic_columns_carry(MoltCarry *carry, const MoltAtticSlot *slot);
/* The page is in the attic no more: `slot` gives back what is its own. */
void molt__attic_columns_leave(MoltHeap *heap, MoltAtticSlot *slot);

#endif
