/* What is tried on a running game, under Molt and under a plain loader, and what comes of it. It must never
 * know how outcomes are told. */
#ifndef MOLT_TEST_TRIAL_H
#define MOLT_TEST_TRIAL_H

#include <stddef.h>

#include "fixtures/guest.h"

typedef enum TrialKind {
    TRIAL_SWAP,     /* the library is replaced by another */
    TRIAL_CRASH,    /* the same, and the new code ends its first frame with a crash */
    TRIAL_TORN,     /* by the first half of what is loaded of one */
    TRIAL_EMPTY,    /* by nothing */
    TRIAL_GARBAGE,  /* by bytes that are no library */
    TRIAL_MACHINE,  /* by one for another machine */
    TRIAL_IN_PLACE, /* by a linker that writes into the file; a frame is played meanwhile */
    TRIAL_TWICE     /* by another, and again by the first one, within a second */
} TrialKind;

typedef struct Trial {
    TrialKind kind;
    GuestRow row;        /* what is asked about afterwards */
    const char *library; /* that replaces version 1 */
} Trial;

enum { TRIAL_TEXT = 200 };

/* In a child process. One of "right", "wrong value", "crash", "no code left" (the loader refused, and the
 * old code is gone), "never loaded", "hangs". */
void trial_plain(const Trial *trial, char text[static TRIAL_TEXT]);

/* In words, from what the reload told and what the game answers then. */
void trial_molt(const Trial *trial, char text[static TRIAL_TEXT]);

#endif
