/* What things of the running version were called earlier in its session. A note may be gone from the running
 * version and its old name come up once more: "int r MOLT_WAS("e")" becomes "int r", and that "int q
 * MOLT_WAS("e")". The session knows that r was e, so q goes on with r. It must never know live objects. */
#ifndef MOLT_PLAN_PAST_H
#define MOLT_PLAN_PAST_H

#include "plan_names.h"

typedef enum MoltPastSort {
    MOLT__PAST_TYPES,
    MOLT__PAST_FIELDS,
    MOLT__PAST_ENUMERATORS
} MoltPastSort;

/* Things of one old type, or types; `ids` are their ids or indexes in the old schema. */
typedef struct MoltPastItems {
    MoltPastSort sort;
    MoltTypeId holder;   /* old; MOLT_NO_TYPE for types */
    const uint32_t *ids; /* NULL: the holder's members */
    MoltNamed *items;
    uint32_t count;
} MoltPastItems;

/* Goes on where names and notes have ended: old things without a successor, whose name is gone, and new ones
 * without a source, which name what the old ones were called. Under the live policy they may have that name
 * themselves, without a note. Does nothing in plans between known versions. */
void molt__past_match(const MoltPlan *plan, const MoltPastItems *olds, const MoltNamed *news,
                      uint32_t new_count, uint32_t *match);

/* Makes plan->past of a plan to a version that the session has not had. False when memory is out. */
bool molt__past_begin(MoltPlan *plan);
void molt__past_free(MoltPlan *plan);

#endif
