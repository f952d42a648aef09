/* Findings that a team accepts, in accepted.txt beside its recorded schemas: values that no save has. It must
 * never know what a finding means. */
#ifndef MOLT_TOOL_ACCEPTED_H
#define MOLT_TOOL_ACCEPTED_H

#include <stdbool.h>

#include "molt/report.h"

/* "v0003 elements-dropped Nest.stock": of the saves of v0003 and of what is older. */
typedef struct MoltAcceptance {
    uint32_t version, line;
    MoltRule rule;
    char *path;
    bool used;
} MoltAcceptance;

typedef struct MoltAccepted {
    MoltAcceptance *items;
    uint32_t count;
    char *name; /* of the file */
} MoltAccepted;

/* A line for each; empty ones and those that begin with # are left out. A folder without the file accepts
 * nothing; a line that cannot be one is an error with its number. */
MoltStatus molt__accepted_read(const char *folder, MoltAccepted *out, MoltError *error);
void molt__accepted_free(MoltAccepted *accepted);

/* Whether a line accepts the finding, for a pair of versions of which `older` is the older one. */
bool molt__accepted_takes(MoltAccepted *accepted, uint32_t older, const MoltFinding *finding);

#endif
