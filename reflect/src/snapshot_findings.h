/* What a save or a load finds in a state that does not go the way it came, counted by place. It must
 * never know how files are written. */
#ifndef MOLT_SNAPSHOT_FINDINGS_H
#define MOLT_SNAPSHOT_FINDINGS_H

#include "molt/report.h"
#include "molt/schema.h"

typedef struct MoltFileFinding {
    uint8_t rule, severity; /* MoltRule, MoltSeverity */
    const void *place;      /* identity only: what tells two places of the same rule apart */
    uint64_t objects, last; /* last: the object that was counted last */
    char path[200], declaration[200], value[200];
} MoltFileFinding;

typedef struct MoltFileFindings {
    MoltAllocator allocator;
    MoltPolicy policy;
    MoltFileFinding *items;
    uint32_t count, slots;
    bool refused, failed; /* failed: memory is out */
} MoltFileFindings;

/* Counts one more `object` (any number that names it; its values come one after the other). The entry
 * when its texts are to be filled in, which they are for the first object only; else NULL. */
MoltFileFinding *molt__file_find(MoltFileFindings *findings, MoltRule rule, MoltSeverity severity,
                                 const void *place, uint64_t object);
/* Adds everything to the report and frees it. MOLT_REFUSED with the first reason. */
MoltStatus molt__file_findings_report(MoltFileFindings *findings, MoltReport *report,
                                      MoltError *error);
void molt__file_findings_free(MoltFileFindings *findings);

#endif
