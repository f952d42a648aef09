/* The way of a saved state through recorded schemas, a step to each, so that the notes of every version
 * count where that version needs them. It must never know the words of a command. */
#ifndef MOLT_TOOL_STEPS_H
#define MOLT_TOOL_STEPS_H

#include "recordings.h"
#include "state.h"

typedef struct MoltToolStep {
    uint32_t from, to; /* numbers of recordings; from 0: a schema that is not recorded */
    MoltReport report;
} MoltToolStep;

/* Begins as zeros. */
typedef struct MoltToolSteps {
    MoltToolStep *items; /* in order; the last one may have failed */
    uint32_t count;
} MoltToolSteps;

/* Takes a state that has the schema of its file from the recording with that schema to the next ones, up to
 * the newest; of several alike it has the last one. Without such a recording it goes to the newest at once.
 * `before_hooks`: ends before the newest, and before a step that needs a hook; what is left is for the
 * library. Strict and live are for each step. After a failure the state is that of the last step that went
 * well, and must only be closed. The recordings must outlive the state. */
MoltStatus molt__tool_steps_take(MoltToolState *state, const MoltRecordings *recordings,
                                 MoltPolicy policy, MoltMissingFunctions missing, bool before_hooks,
                                 MoltToolSteps *out, MoltError *error);
void molt__tool_steps_free(MoltToolSteps *steps);

/* Lines for people on standard error, as molt__tool_report_print, with the step in each. */
void molt__tool_steps_print(const char *name, const MoltToolSteps *steps);
/* {"steps": [...]}: the report of each with its "from" and "to"; freed with free(); NULL: memory is out. */
char *molt__tool_steps_json(const MoltToolSteps *steps);
/* Findings of all steps. */
uint32_t molt__tool_steps_total(const MoltToolSteps *steps, MoltSeverity severity);

#endif
