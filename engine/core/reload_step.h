/* How the engine's files ask before each step of the table in <molt/reload_step.h>. It must never know
 * what a step does. */
#ifndef MOLT_CORE_RELOAD_STEP_H
#define MOLT_CORE_RELOAD_STEP_H

#include <molt/reload_step.h>

/* MOLT_SYSTEM with the step's name when it is to fail. `steps` NULL, or without `begin`: MOLT_OK. */
MoltStatus molt__reload_step(const MoltReloadSteps *steps, MoltReloadStep step, MoltError *error);

/* Has the steps of the plan's migrations asked about as well. `steps` must outlive the plan. */
void molt__reload_step_watch(MoltReloadSteps *steps, MoltPlan *plan);

#endif
