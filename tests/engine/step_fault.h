/* Makes the steps of reloads fail, one after the other. It must never know what is reloaded. */
#ifndef MOLT_TEST_STEP_FAULT_H
#define MOLT_TEST_STEP_FAULT_H

#include <molt/reload_step.h>

typedef struct StepFault {
    unsigned asked;
    unsigned fail_at; /* 1: the first step that is asked about; 0: none */
    MoltReloadStep last;
    uint64_t seen; /* a bit per step that was asked about at any time */
} StepFault;

static inline bool step_fault_begin(void *context, MoltReloadStep step)
{
    StepFault *fault = context;
    fault->last = step;
    fault->seen |= UINT64_C(1) << step;
    return ++fault->asked != fault->fail_at;
}

static inline MoltReloadSteps step_fault_steps(StepFault *fault)
{
    return (MoltReloadSteps){step_fault_begin, fault};
}

#endif
