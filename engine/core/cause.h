/* The change that an attempt or a build goes back to: what was written, and when. It must never know what
 * is done about it. */
#ifndef MOLT_CORE_CAUSE_H
#define MOLT_CORE_CAUSE_H

#include <stdint.h>

/* Zero-initialised: none. */
typedef struct MoltCause {
    char *path;        /* NULL: forced */
    uint64_t first_ns; /* molt__clock_ns() of the first change; 0: forced */
    int32_t steps;     /* in the history, to a generation that ran before; 0: to a new one */
} MoltCause;

void molt__cause_clear(MoltCause *cause);
/* The earliest change counts: it is the one that somebody waits for longest. */
void molt__cause_note(MoltCause *cause, const char *path, uint64_t first_ns);
/* Moves `from` to `to`, unless an older cause waits there. */
void molt__cause_pass(MoltCause *from, MoltCause *to);

#endif
