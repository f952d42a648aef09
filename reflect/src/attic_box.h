/* What the attic keeps of structs that become blocks of their own. Such a block is an object from then on, so
 * what it lost on its way is a page of its struct, like that of any block; only the old values lie in another
 * object, and the block has no place in the heap before commit. It must never know how a struct becomes a
 * block. The way back is that of any block: what becomes a part of an object takes its values along there
 * (attic_carry.c). */
#ifndef MOLT_ATTIC_BOX_H
#define MOLT_ATTIC_BOX_H

#include "attic_page.h"
#include "migration.h"

/* What the operation of a BOX that runs may lose is kept: it is a plain value, which the struct's own plan
 * has an operation for. */
bool molt__attic_box_keeps(const MoltMigration *m, const MoltOp *op);
/* It loses such a value. */
void molt__attic_box_mark(MoltMigration *m, const MoltOp *op);
/* Some struct lost values. */
bool molt__attic_has_boxes(const MoltMigration *m);
/* Makes the pages, with their places in work->pages, where these stand in the spans of new blocks. */
void molt__attic_file_boxes(MoltMigration *m, MoltAtticStep *step);
/* The new blocks are in the heap: says the pages where. */
void molt__attic_place_boxes(MoltMigration *m);

#endif
