/* Hot reload as it is done without Molt: dlclose, dlopen, dlsym, and memory of malloc that stays. It must
 * never know types. */
#ifndef MOLT_TEST_PLAIN_LOADER_H
#define MOLT_TEST_PLAIN_LOADER_H

#include <stdbool.h>
#include <time.h>

#include <molt/platform_api.h>

typedef struct PlainLoader {
    const char *path;
    void *handle; /* NULL: no code is left */
    bool (*main_loop)(void *state);
    void *(*start_up)(const MoltPlatformApi *api);
    void (*shut_down)(void *state);
    void *state;
    time_t changed; /* of the file that was loaded, in whole seconds, as such loaders compare it */
} PlainLoader;

/* Loads the library for the first time and starts the game. */
bool plain_loader_start(PlainLoader *loader, const char *path);
/* Loads the library anew, on the state as it is. False: no code is left. */
bool plain_loader_reload(PlainLoader *loader);
/* The same when the file has changed. */
bool plain_loader_poll(PlainLoader *loader);

#endif
