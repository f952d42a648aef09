/* Kept values that are lost: pointers that have nothing to point at, because their field comes back and they
 * are NULL there, or their target goes for good; and values of a block that becomes a part of another object.
 * Each is a loss of its own, beside that of the edit that took the value away. It must never know why. */
#ifndef MOLT_ATTIC_LOST_H
#define MOLT_ATTIC_LOST_H

#include "molt/report.h"
#include "molt/schema.h"

struct MoltMigration;

typedef struct MoltAtticLost {
    const MoltSchema *schema; /* that has the field */
    MoltTypeId owner;
    uint32_t field; /* MOLT__NO_FIELD: values of the type itself */
    MoltRule rule;
    bool unnamed; /* the target's type has no name of the sources, as numbers have none */
    bool returns; /* the field is back, and `schema` is the new one */
    bool told; /* as a loss of its target, or MOLT_REMOVED lets that go: this is no other one */
    uint64_t last_object; /* which object it is, so that several pointers of one count once */
    uint64_t objects;     /* counted here */
    char target[100];     /* of the first one; "" for what is no pointer */
} MoltAtticLost;

/* One value; out of memory shows in m->failed. */
void molt__attic_lose(struct MoltMigration *m, const MoltAtticLost *what);
/* Adds a finding for each field and reason. */
void molt__attic_report_lost(struct MoltMigration *m);

#endif
