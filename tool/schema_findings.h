/* What stands between two schemas, each finding at the line of the declaration it is about. It must
 * never know where the schemas come from. */
#ifndef MOLT_TOOL_SCHEMA_FINDINGS_H
#define MOLT_TOOL_SCHEMA_FINDINGS_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include "molt/plan.h"

typedef struct MoltSchemaFindings {
    const MoltSchema *before, *after;
    MoltReport report; /* what holds for every state, and what some state would lose */
} MoltSchemaFindings;

/* Both schemas must outlive it. A refusal is a finding, not a failure. */
MoltStatus molt__schema_findings(const MoltSchema *before, const MoltSchema *after,
                                 MoltSchemaFindings *out, MoltError *error);
void molt__schema_findings_free(MoltSchemaFindings *findings);

/* Findings of at least that severity. */
uint32_t molt__schema_findings_count(const MoltSchemaFindings *findings, MoltSeverity least);

/* "colony.h:42: loss field-removed Ant.hp: ...", a line each, of at least that severity. */
void molt__schema_findings_print(const MoltSchemaFindings *findings, MoltSeverity least, FILE *out);

/* The same as an array of objects; NULL when memory is out. */
cJSON *molt__schema_findings_json(const MoltSchemaFindings *findings, MoltSeverity least);

#endif
