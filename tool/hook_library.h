/* Migration by a game library's own hooks: molt-host loads and saves the state, because this program opens
 * no library. It must never know what a hook does. */
#ifndef MOLT_TOOL_HOOK_LIBRARY_H
#define MOLT_TOOL_HOOK_LIBRARY_H

#include "molt/plan.h"
#include "molt/report.h"
#include "molt/schema.h"

typedef struct MoltToolHooks {
    const char *library;
    const MoltSchema *schema; /* that the library is to have been built under */
    const char *schema_name;  /* the file it came from, for errors */
    MoltPolicy policy;
    MoltMissingFunctions missing; /* under LIVE: of functions that the library does not have, too */
} MoltToolHooks;

/* Has the library load the snapshot file `from` (a path) under the policy, hooks included, and save it as
 * `to`. The game is started but plays no frame. molt-host is the one beside this program, else one on the
 * PATH. The host's findings go to `report` (initialised). MOLT_REFUSED: a rule or a hook refuses, and the
 * report says why. MOLT_INVALID: the file, the library, or a library of another schema. */
MoltStatus molt__tool_run_hooks(const MoltToolHooks *hooks, const char *from, const char *to,
                                MoltReport *report, MoltError *error);

#endif
