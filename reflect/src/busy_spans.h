/* The spans that a migration may have to look at. While no type changes, most of a large state is of
 * types without pointers: to ask each of its spans, in each of several passes, would cost more than all else
 * that a reload does. It must never know what is done with a span. */
#ifndef MOLT_BUSY_SPANS_H
#define MOLT_BUSY_SPANS_H

#include "migration.h"

/* Lists them, in order, in m->busy. Once the plan is known, before anything is built. */
void molt__busy_spans_find(MoltMigration *m);
void molt__busy_spans_free(MoltMigration *m);

#endif
