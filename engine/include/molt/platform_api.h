/* The whole boundary between host and game: what the host offers and what a game exports.
 * A game sees this header and <molt/molt.h>, nothing else; the host never sees the game's types.
 * MoltPlatformApi only grows at its end, and with each growth its version is raised; a host takes only
 * games that were compiled with its own version. All calls are made between start_up() and the return of
 * shut_down(), and, but for those under "threads", from the thread that runs main_loop(). */
#ifndef MOLT_PLATFORM_API_H
#define MOLT_PLATFORM_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOLT_PLATFORM_VERSION 3u

#if defined(__GNUC__)
#define MOLT_EXPORT __attribute__((visibility("default")))
#else
#define MOLT_EXPORT
#endif

/* The game draws on a fixed logical canvas, scaled to the window; origin top left, y down. */
#define MOLT_VIEW_WIDTH 1280
#define MOLT_VIEW_HEIGHT 720
/* One call of main_loop() is one simulation step of 1/60 s, whatever the real frame rate is. */
#define MOLT_FRAMES_PER_SECOND 60

typedef struct MoltColor {
    uint8_t r, g, b, a; /* straight alpha */
} MoltColor;

typedef struct MoltRect {
    float x, y, w, h;
} MoltRect;

typedef struct MoltVertex {
    float x, y;
    MoltColor color;
} MoltVertex;

typedef enum MoltKey {
    MOLT_KEY_1, MOLT_KEY_2, MOLT_KEY_3, MOLT_KEY_4, MOLT_KEY_5,
    MOLT_KEY_6, MOLT_KEY_7, MOLT_KEY_8, MOLT_KEY_9, MOLT_KEY_0,
    MOLT_KEY_UP, MOLT_KEY_DOWN, MOLT_KEY_LEFT, MOLT_KEY_RIGHT,
    MOLT_KEY_SPACE, MOLT_KEY_ENTER, MOLT_KEY_TAB, MOLT_KEY_SHIFT,
    MOLT_KEY_A, MOLT_KEY_D, MOLT_KEY_E, MOLT_KEY_P, MOLT_KEY_Q, MOLT_KEY_R, MOLT_KEY_S, MOLT_KEY_W,
    MOLT_KEY_PLUS, MOLT_KEY_MINUS,
    MOLT_KEY_COUNT
} MoltKey;

typedef enum MoltMouseButton {
    MOLT_MOUSE_LEFT, MOLT_MOUSE_MIDDLE, MOLT_MOUSE_RIGHT, MOLT_MOUSE_BUTTON_COUNT
} MoltMouseButton;

/* Input of this frame. `pressed` is true only in the frame in which the key or button went down. */
typedef struct MoltInput {
    float mouse_x, mouse_y; /* on the logical canvas */
    float wheel;            /* notches since the last frame, up positive */
    bool mouse_inside;
    bool mouse_down[MOLT_MOUSE_BUTTON_COUNT];
    bool mouse_pressed[MOLT_MOUSE_BUTTON_COUNT];
    bool key_down[MOLT_KEY_COUNT];
    bool key_pressed[MOLT_KEY_COUNT];
} MoltInput;

/* Part `index` of a job that parallel_for() cuts up. */
typedef void (*MoltTask)(void *context, uint32_t index);
/* One step of a background job or of a named thread, to be called again while it returns true. Between
 * two steps nothing of the game is on the stack: there a reload waits for it, and afterwards the new
 * code's function of the same name is called, with the context where it is then. So a step takes some
 * milliseconds and keeps what it needs in its context. */
typedef bool (*MoltStep)(void *context);

/* What a file of the game's asset folder holds. */
typedef struct MoltAsset {
    const unsigned char *bytes; /* `size` of them, and a NUL behind */
    size_t size;
    uint64_t version; /* of the content: equal contents have equal versions in every session, never 0 */
} MoltAsset;

/* A picture of the asset folder, as pixels() takes it. */
typedef struct MoltImage {
    const uint32_t *rgba; /* width * height, row by row from the top */
    int width, height;    /* above 0 */
    uint64_t version;     /* as in MoltAsset */
} MoltImage;

/* Bytes for the name of a job or thread, its NUL included. */
#define MOLT_THREAD_NAME 32

typedef struct MoltPlatformApi MoltPlatformApi;
struct MoltPlatformApi {
    uint32_t size;    /* sizeof(MoltPlatformApi) of the host */
    uint32_t version; /* MOLT_PLATFORM_VERSION of the host */

    /* ---- time and chance: equal seed and frame count, equal game */
    uint64_t (*frame)(const MoltPlatformApi *api); /* main_loop() calls finished since start_up();
                                                       a loaded state goes on with its own count */
    uint64_t (*seed)(const MoltPlatformApi *api);  /* of this run, from --seed;
                                                       of a loaded state its own */

    /* ---- input */
    const MoltInput *(*input)(const MoltPlatformApi *api); /* valid until main_loop() returns */

    /* ---- drawing: only inside main_loop(); without a display the calls do nothing */
    void (*clear)(const MoltPlatformApi *api, MoltColor color);
    void (*fill_rect)(const MoltPlatformApi *api, MoltRect rect, MoltColor color);
    /* `colors` holds one colour per rectangle. */
    void (*fill_rects)(const MoltPlatformApi *api, const MoltRect *rects, const MoltColor *colors,
                       int count);
    void (*line)(const MoltPlatformApi *api, float x0, float y0, float x1, float y1, MoltColor color);
    void (*circle)(const MoltPlatformApi *api, float x, float y, float radius, MoltColor color,
                   bool filled);
    /* Every three vertices are one triangle. */
    void (*fill_triangles)(const MoltPlatformApi *api, const MoltVertex *vertices, int count);
    /* An image of width * height pixels, one 0xAABBGGRR word each (bytes r, g, b, a in memory on a
     * little-endian machine), scaled into `dst`. Copied before the call returns. `slot` 0 to 7 keeps
     * the texture between frames, so use one slot per image size. */
    void (*pixels)(const MoltPlatformApi *api, int slot, int width, int height,
                   const uint32_t *rgba, MoltRect dst);
    /* 8 x 8 pixel ASCII font times `scale`; '\n' is not interpreted. */
    void (*text)(const MoltPlatformApi *api, float x, float y, float scale, MoltColor color,
                 const char *text);
    /* False when what is drawn in this frame will not be seen (headless without a capture): a game may
     * skip drawing then. It must never influence the simulation. */
    bool (*visible)(const MoltPlatformApi *api);

    /* ---- sound: a sine of at most 2 s with a soft edge, mixed with those that still sound */
    void (*tone)(const MoltPlatformApi *api, float hertz, float seconds, float volume);

    /* One line to the host's log and standard error. */
    void (*log)(const MoltPlatformApi *api, const char *text);

    /* ---- threads: these calls, the heap's and malloc are allowed on every thread that the host runs
     *
     * Jobs and threads have names, one space for both. `context` is NULL, an object of the heap, a
     * variable of the library or foreign memory; an object that is deleted while a step may still come
     * makes reloads be refused. What two threads touch at a time, the game guards with atomics; no mutex
     * is needed between a step and save, load, reload or dump, for which all threads rest.
     *
     * Migration hooks may only call parallel_for(): what starts, stops or waits for jobs and threads does
     * nothing there, and refuses the reload. */

    /* Calls task(context, 0) to task(context, count - 1), each once, on several threads and this one, in
     * no order; returns when all have returned. Inside of a task it runs on the calling thread alone. */
    void (*parallel_for)(const MoltPlatformApi *api, uint32_t count, MoltTask task, void *context);
    /* Threads that parallel_for() runs on, this one included: 1 or more. For sizes of parts only: results
     * should not depend on it. */
    uint32_t (*thread_count)(const MoltPlatformApi *api);
    /* Has `step` called in the background until it returns false. With a thread_count() of 1 that is one
     * step between two frames. False, with nothing started, when memory is out or `name` is too long or in
     * use with another step or context; with the same ones it goes on, and the result is true. So
     * end_reload() may start again whatever the game needs. */
    bool (*job_start)(const MoltPlatformApi *api, const char *name, MoltStep step, void *context);
    /* Returns when there is no job of that name, helping with its steps. */
    void (*job_wait)(const MoltPlatformApi *api, const char *name);
    /* The same as job_start() on a thread of its own, whose steps may sleep. */
    bool (*thread_start)(const MoltPlatformApi *api, const char *name, MoltStep step, void *context);
    /* Ends the thread or job of that name after the step it is in, and waits for that; from within that
     * step it returns at once. Without one nothing happens. */
    void (*thread_stop)(const MoltPlatformApi *api, const char *name);
    bool (*thread_running)(const MoltPlatformApi *api, const char *name); /* or job */
    /* The host waits for all steps to return: a long one should return true soon. */
    bool (*reload_pending)(const MoltPlatformApi *api);

    /* ---- assets: files that are read again when they were saved, between two frames
     *
     * `path` is relative to the folder that the library's manifest names. What these calls give belongs to
     * the host and is valid until main_loop() returns: keep the version in the state, as a number like
     * any other, and read again when it is another one. It says the same after a reload and in a saved
     * state. */

    /* The file as it was last saved completely. NULL when it is missing or was never usable: the host says
     * why, and the game does without. */
    const MoltAsset *(*asset)(const MoltPlatformApi *api, const char *path);
    /* A BMP, decoded; likewise. One that cannot be decoded is refused by the host. */
    const MoltImage *(*image)(const MoltPlatformApi *api, const char *path);
    /* The content cannot be used, and `problem` says why: "line 3: a number is missing". The host shows it,
     * and the calls above give the content of before, or NULL without one. */
    void (*asset_refuse)(const MoltPlatformApi *api, const char *path, const char *problem);
};

/* ---- what a game exports -------------------------------------------------------------------- */

/* With which version of this header the library was compiled, for the host. */
#ifndef MOLT_CODEGEN
extern MOLT_EXPORT const uint32_t molt_platform_version;
__attribute__((weak)) const uint32_t molt_platform_version = MOLT_PLATFORM_VERSION;
#endif

/* Makes the state on the Molt heap and returns it; NULL stops the host. Runs once per session, not
 * at reloads. Keep `api` in the state, in a field annotated MOLT_EXTERNAL: it stays the same pointer. */
MOLT_EXPORT void *start_up(const MoltPlatformApi *api);
/* One step and one picture; false ends the session. */
MOLT_EXPORT bool main_loop(void *state);
/* Last call before the host exits. */
MOLT_EXPORT void shut_down(void *state);
/* Optional, and always in pairs: begin_reload in the old code before the state is looked at, then
 * end_reload in the code that goes on, the new one, or the old one when the reload was refused. A save
 * calls both, and a load the one with the state that goes and the other with the state that comes. Jobs
 * and threads rest from before the first to after the second. A load ends them, because the state that
 * they worked on is gone: end_reload starts what the game needs. */
MOLT_EXPORT void begin_reload(void *state);
MOLT_EXPORT void end_reload(void *state);

#endif
