/* Reloads at exact frames: at frame N another library takes the place of the game's. It must never
 * know what a reload does with it. */
#ifndef MOLT_HOST_SWAP_H
#define MOLT_HOST_SWAP_H

#include <stdint.h>

#include <molt/status.h>

#define MOLT__SWAPS_MAX 64

/* `library` points into argv. */
typedef struct MoltSwap {
    uint64_t frame;
    const char *library;
} MoltSwap;

/* Replaces the file `to` by a copy of `from` in one step: who reads `to` meanwhile sees the old file
 * or the new one. On failure `to` is as it was. */
MoltStatus molt__swap_library(const char *from, const char *to, MoltError *error);

#endif
