/* A round trip: the ants before the edit, written by somebody's library in its own format, read again, and
 * made into the ants after it. What a program does without Molt that wants to go on with its state under
 * another layout. It must never know Molt. */
#ifndef MOLT_BENCH_ROUND_TRIP_H
#define MOLT_BENCH_ROUND_TRIP_H

#include <stdbool.h>

#include "ant.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct RoundTrip {
    const char *name;
    double times; /* how many times faster a migration is to be, at least */
    /* False when the library failed. May keep what serves the next one. */
    bool (*run)(const AntBefore *before, AntAfter *after, uint32_t count);
    void (*forget)(void); /* lets go of all that was kept; NULL: nothing is */
} RoundTrip;

extern const RoundTrip bench_capnp, bench_cjson, bench_jansson, bench_msgpack, bench_protobuf,
    bench_sqlite;

#ifdef __cplusplus
}
#endif

#endif
