/* Monotonic time in nanoseconds. It must never know what is measured. */
#ifndef MOLT_CORE_CLOCK_H
#define MOLT_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define MOLT__MILLISECOND UINT64_C(1000000)

static inline uint64_t molt__clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

#endif
