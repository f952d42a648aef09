/* Migration by a game library's own hooks: molt-host loads and saves the state, because this program opens
 * no library. It must never know what a hook does. */
#ifndef MOLT_TOOL_HOOK_LIBRARY_H
#define MOLT_TOOL_HOOK_LIBRARY_H

#include "molt/status.h"

/* Has `library` load the snapshot file `from` (a path) under the strict policy, hooks included, and save
 * it as `to`. The game is started but plays no frame. molt-host is the one beside this program, else one
 * on the PATH. MOLT_REFUSED: a rule or a hook refuses. The text of an error is the host's. */
MoltStatus molt__tool_run_hooks(const char *library, const char *from, const char *to,
                                MoltError *error);

#endif
