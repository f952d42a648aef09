/* Blank pages: what an edit took away from objects that held the default of then. Such values get no
 * records, because mostly they return as the default that they were; but the field may return with another
 * one. So a page says once what they were, of all objects that are older than its edit, and only the edit
 * that brings the field back with something else makes records of it. It must never know objects one by
 * one before that.
 *
 *   page.blank: one record | page.others: elements that held something else, which have records
 *
 * How old an object is says its birth (attic_block.h). A block that was resized since counts as new: it
 * begins, like any new object, with the default of the version that brings the field. */
#ifndef MOLT_ATTIC_BLANK_H
#define MOLT_ATTIC_BLANK_H

#include "attic_carry.h"

/* Some operation of the running plan drops a value that may be a default of live objects. */
bool molt__attic_has_blank(const MoltMigration *m);
/* Makes the pages of the running migration, with their places in work->pages. */
void molt__attic_file_blank(MoltMigration *m, MoltAtticStep *step);
/* Takes a blank page over the migration: what has a place again gets records, what has none waits on. */
void molt__attic_carry_blank(MoltMigration *m, const MoltAtticSlot *slot, const MoltPlan *direct);

#endif
