/* What an evolution case includes. A case is one file with two versions of some declarations, chosen
 * by VERSION. Version 1 defines `State *make(void)`; both define `bool check(State *)`, which says
 * whether the state is what that version must see. After a refusal version 1's check runs again. */
#ifndef MOLT_EVOLUTION_CASE_H
#define MOLT_EVOLUTION_CASE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <molt/molt.h>
#include <molt/platform_api.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: version %d: %s\n", __FILE__, __LINE__, VERSION, #condition);   \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

/* The exports of a case; `make` is the expression that makes the state in version 1. */
#if VERSION == 1
#define CASE_START make()
#else
#define CASE_START NULL
#endif
#define CASE_MAIN                                                                                  \
    void *start_up(const MoltPlatformApi *api)                                                     \
    {                                                                                              \
        (void)api;                                                                                 \
        return CASE_START;                                                                         \
    }                                                                                              \
    bool main_loop(void *state)                                                                    \
    {                                                                                              \
        return check(state);                                                                       \
    }                                                                                              \
    void shut_down(void *state)                                                                    \
    {                                                                                              \
        (void)state;                                                                               \
    }

#endif
