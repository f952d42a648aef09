/* Puts what happened into words: fills a MoltReloadEvent and owns its texts. It must never know
 * how an event comes about. */
#ifndef MOLT_CORE_EVENT_H
#define MOLT_CORE_EVENT_H

#include <molt/reload.h>

#include "build.h"
#include "transaction.h"

/* Zero-initialised: holds nothing. A text that could not be allocated reads as "". */
typedef struct MoltEventTexts {
    char *library, *trigger, *headline, *detail, *output, *report_json;
} MoltEventTexts;

/* What started an attempt. */
typedef struct MoltCause {
    char *path;        /* NULL: forced */
    uint64_t first_ns; /* molt__clock_ns() of the first change; 0: forced */
    int32_t steps;     /* in the history, to a generation that ran before; 0: to a new one */
} MoltCause;

void molt__event_clear(MoltEventTexts *texts);

/* An event that is not about a build or an attempt; nothing is allocated. */
MoltReloadEvent molt__event_none(uint32_t generation);

/* `build` NULL: it could not be started, `error` says why; else `error` is not looked at. */
MoltReloadEvent molt__event_build(MoltEventTexts *texts, MoltEventKind kind, const MoltBuild *build,
                                  const MoltError *error, const MoltCause *cause);

/* The report stays the transaction's. */
MoltReloadEvent molt__event_attempt(MoltEventTexts *texts, const MoltTransactionResult *result,
                                    const char *library, const MoltCause *cause);

#endif
