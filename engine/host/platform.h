/* The platform API of one session: the table of functions a game gets, over the host's canvas, sound,
 * input, threads, assets and event stream. It must never know reloads; the table stays the same object
 * through them. */
#ifndef MOLT_HOST_PLATFORM_H
#define MOLT_HOST_PLATFORM_H

#include "canvas.h"
#include "events.h"
#include "input.h"
#include "pictures.h"
#include "sound.h"

#include <molt/threads.h>

/* Invariant: `api` is the first member, so that the pointer a game passes back is the platform. All
 * pointers are borrowed. */
typedef struct MoltPlatform {
    MoltPlatformApi api;
    MoltCanvas *canvas; /* NULL: never visible */
    MoltSound *sound;   /* NULL: silent */
    MoltThreads *threads;
    MoltAssets *assets;     /* NULL: there are none */
    MoltPictures *pictures; /* NULL: likewise */
    MoltEvents *events; /* NULL: the log goes to standard error alone */
    MoltInputState input;
    uint64_t seed;
    uint64_t frame; /* finished main_loop() calls of this session */
    uint64_t frames_before; /* the game's frames are so many more, modulo 2^64: of a loaded state */
    bool visible;   /* what is drawn in this frame will be seen; drawing does nothing otherwise */
} MoltPlatform;

/* Zeroes `platform` and fills in the table; the caller sets the rest. */
void molt__platform_init(MoltPlatform *platform);

#endif
