/* Puts what happened into words: fills a MoltReloadEvent and owns its texts. It must never know
 * how an event comes about. */
#ifndef MOLT_CORE_EVENT_H
#define MOLT_CORE_EVENT_H

#include <molt/reload.h>

#include "build.h"
#include "cause.h"
#include "diagnostic_list.h"
#include "transaction.h"

/* Zero-initialised: holds nothing. A text that could not be allocated reads as "". */
typedef struct MoltEventTexts {
    char *library, *trigger, *headline, *detail, *output, *report_json;
    MoltDiagnosticList diagnostics;
} MoltEventTexts;

void molt__event_clear(MoltEventTexts *texts);

/* An event that is not about a build or an attempt; nothing is allocated. */
MoltReloadEvent molt__event_none(uint32_t generation);

/* `build` NULL: it could not be started, `error` says why; else `error` is not looked at. */
MoltReloadEvent molt__event_build(MoltEventTexts *texts, MoltEventKind kind, const MoltBuild *build,
                                  const MoltError *error, const MoltCause *cause);

/* A crash; `trigger` and `output` are empty. */
MoltReloadEvent molt__event_crash(MoltEventTexts *texts, const char *headline, const char *detail);

/* The report stays the transaction's. */
MoltReloadEvent molt__event_attempt(MoltEventTexts *texts, const MoltTransactionResult *result,
                                    const char *library, const MoltCause *cause);

/* A library that no longer runs is not closed; `why` is for people. */
MoltReloadEvent molt__event_held(MoltEventTexts *texts, const char *why);
MoltReloadEvent molt__event_no_checkpoint(MoltEventTexts *texts, const char *why);

/* The attempt waits for a step of the job or thread `name`; `waited_ns` is how long the game stood still
 * for it. */
MoltReloadEvent molt__event_postponed(MoltEventTexts *texts, const char *name, uint64_t waited_ns,
                                      const char *library, const MoltCause *cause);

#endif
