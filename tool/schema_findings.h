/* What stands between two schemas, each finding at the line of the declaration it is about. It must
 * never know where the schemas come from. */
#ifndef MOLT_TOOL_SCHEMA_FINDINGS_H
#define MOLT_TOOL_SCHEMA_FINDINGS_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include "accepted.h"
#include "molt/chain.h"

typedef struct MoltSchemaFindings {
    const MoltSchema *before, *after;
    MoltReport report; /* what holds for every state, and what some state would lose */
    bool *accepted;    /* per finding of the report: a team accepts it */
} MoltSchemaFindings;

/* Both schemas must outlive it. A refusal is a finding, not a failure. What a hook of its struct sees to is
 * only possible. `chain`: the recorded versions that lie between, of which `before` is number `from` and
 * `after` the last; NULL: none are known. */
MoltStatus molt__schema_findings(const MoltSchema *before, const MoltSchema *after,
                                 const MoltChain *chain, uint32_t from, MoltSchemaFindings *out,
                                 MoltError *error);
void molt__schema_findings_free(MoltSchemaFindings *findings);

/* Marks what `accepted` takes, for a pair of versions of which `older` is the older one. */
void molt__schema_findings_accept(MoltSchemaFindings *findings, MoltAccepted *accepted,
                                  uint32_t older);

/* LOSS and REFUSE that nobody accepts; what is possible and nobody accepts; what is accepted. */
typedef struct MoltFindingTotals {
    uint32_t bad, notes, accepted;
} MoltFindingTotals;

MoltFindingTotals molt__schema_findings_total(const MoltSchemaFindings *findings);

/* What of them is shown, and what their remedies may speak of. */
typedef struct MoltFindingView {
    bool infos;             /* INFO and what is accepted, too */
    bool notes;             /* what is only possible, too */
    const char *ignore;     /* patterns of paths that are left out (path_pattern.h); NULL: none */
    const char *acceptance; /* the file that accepts findings; NULL: there is none */
    const char *folder;     /* of recorded schemas */
    uint32_t older;         /* version of the pair that is older */
    bool frozen;            /* that one reads: it is recorded, so it takes no annotation */
} MoltFindingView;

/* How many the view leaves out by its patterns. */
uint32_t molt__schema_findings_ignored(const MoltSchemaFindings *findings,
                                       const MoltFindingView *view);

/* "colony.h:42: loss field-removed Ant.hp: ...", a line each. */
void molt__schema_findings_print(const MoltSchemaFindings *findings, const MoltFindingView *view,
                                 FILE *out);

/* The same as an array of objects; NULL when memory is out. */
cJSON *molt__schema_findings_json(const MoltSchemaFindings *findings, const MoltFindingView *view);

#endif
