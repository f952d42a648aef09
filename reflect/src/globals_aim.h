/* What a migration of a state from elsewhere leaves to be done for its variables. It must never know
 * files. */
#ifndef MOLT_GLOBALS_AIM_H
#define MOLT_GLOBALS_AIM_H

#include "molt/globals.h"
#include "molt/plan.h"

/* In the mirror that a plan made for a heap without variables of its own (NULL allowed): those that the
 * state before the plan did not have start as the library's do, and so do parts of others that it did not
 * have. */
void molt__globals_start_added(unsigned char *mirror, const MoltPlan *plan,
                               const MoltGlobals *globals);

#endif
