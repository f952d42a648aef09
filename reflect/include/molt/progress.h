/* How far a long call is, told to whoever asked. It must never know what is done, nor how it is shown. */
#ifndef MOLT_PROGRESS_H
#define MOLT_PROGRESS_H

#include <stdint.h>

/* `tell` is called in the thread of the call, often, and must be quick; done <= of, in a unit that the call
 * chooses. All zero: nobody asks. */
typedef struct MoltProgress {
    void (*tell)(void *context, uint64_t done, uint64_t of);
    void *context;
} MoltProgress;

static inline void molt_progress_tell(const MoltProgress *progress, uint64_t done, uint64_t of)
{
    if (progress->tell)
        progress->tell(progress->context, done, of);
}

#endif
