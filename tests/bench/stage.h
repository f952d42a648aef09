/* A platform for games that shows nothing and plays nothing: what a frame takes here is the game's. It must
 * never know who runs the game. */
#ifndef MOLT_BENCH_STAGE_H
#define MOLT_BENCH_STAGE_H

#include <molt/platform_api.h>

typedef struct BenchStageNow {
    uint64_t frames; /* done so far; whoever runs the game counts them */
    bool visible;    /* the game is to draw, although nothing comes of it */
    bool crashing;   /* the next call for input crashes, in the host */
} BenchStageNow;

extern BenchStageNow bench_stage_now;
extern const MoltPlatformApi bench_stage;

#endif
