/* What the runner and the generated libraries share: the platform API that start_up() gets is the
 * first member of this. It must never know a program. */
#ifndef PROGRAMS_HARNESS_H
#define PROGRAMS_HARNESS_H

#include <molt/platform_api.h>

typedef struct Harness {
    MoltPlatformApi api;
    uint64_t step;        /* what the next frame does: tell places, or play */
    void *const *objects; /* for a frame that plays: where the objects of the programs are */
} Harness;

enum { HARNESS_TELL, HARNESS_PLAY };

#endif
