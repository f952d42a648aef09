/* One run of the host: opens what the options ask for, runs frames and the reloads between them, and
 * closes everything. It must never know how drawing or reloading is done. */
#ifndef MOLT_HOST_SESSION_H
#define MOLT_HOST_SESSION_H

#include <signal.h>

#include "options.h"

/* Returns the exit code of the process: 0, or 1 after a message on standard error. The session ends
 * early when *interrupted becomes non-zero. */
int molt__session_run(const MoltOptions *options, const volatile sig_atomic_t *interrupted);

#endif
