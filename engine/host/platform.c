#include "platform.h"

#include <stddef.h>
#include <stdio.h>

_Static_assert(offsetof(MoltPlatform, api) == 0, "the game's pointer must be the platform's");

static const MoltPlatform *platform_of(const MoltPlatformApi *api)
{
    return (const MoltPlatform *)(const void *)api;
}

/* The canvas to draw on, or NULL in a frame that nobody sees. */
static MoltCanvas *canvas_of(const MoltPlatformApi *api)
{
    const MoltPlatform *platform = platform_of(api);
    return platform->visible ? platform->canvas : NULL;
}

static uint64_t api_frame(const MoltPlatformApi *api)
{
    return platform_of(api)->frame + platform_of(api)->frames_before;
}

static uint64_t api_seed(const MoltPlatformApi *api)
{
    return platform_of(api)->seed;
}

static const MoltInput *api_input(const MoltPlatformApi *api)
{
    return &platform_of(api)->input.game;
}

static void api_clear(const MoltPlatformApi *api, MoltColor color)
{
    MoltCanvas *canvas = canvas_of(api);
    if (canvas)
        molt__canvas_clear(canvas, color);
}

static void api_fill_rect(const MoltPlatformApi *api, MoltRect rect, MoltColor color)
{
    MoltCanvas *canvas = canvas_of(api);
    if (canvas)
        molt__canvas_rect(canvas, rect, color);
}

static void api_fill_rects(const MoltPlatformApi *api, const MoltRect *rects,
                           const MoltColor *colors, int count)
{
    MoltCanvas *canvas = canvas_of(api);
    if (canvas)
        molt__canvas_rects(canvas, rects, colors, count);
}

static void api_line(const MoltPlatformApi *api, float x0, float y0, float x1, float y1,
                     MoltColor color)
{
    MoltCanvas *canvas = canvas_of(api);
    if (canvas)
        molt__canvas_line(canvas, x0, y0, x1, y1, color);
}

static void api_circle(const MoltPlatformApi *api, float x, float y, float radius, MoltColor color,
                       bool filled)
{
    MoltCanvas *canvas = canvas_of(api);
    if (canvas)
        molt__canvas_circle(canvas, x, y, radius, color, filled);
}

static void api_fill_triangles(const MoltPlatformApi *api, const MoltVertex *vertices, int count)
{
    MoltCanvas *canvas = canvas_of(api);
    if (canvas)
        molt__canvas_triangles(canvas, vertices, count);
}

static void api_pixels(const MoltPlatformApi *api, int slot, int width, int height,
                       const uint32_t *rgba, MoltRect dst)
{
    MoltCanvas *canvas = canvas_of(api);
    if (canvas)
        molt__canvas_pixels(canvas, slot, width, height, rgba, dst);
}

static void api_text(const MoltPlatformApi *api, float x, float y, float scale, MoltColor color,
                     const char *text)
{
    MoltCanvas *canvas = canvas_of(api);
    if (canvas)
        molt__canvas_text(canvas, x, y, scale, color, text);
}

static bool api_visible(const MoltPlatformApi *api)
{
    return canvas_of(api) != NULL;
}

static void api_tone(const MoltPlatformApi *api, float hertz, float seconds, float volume)
{
    molt__sound_tone(platform_of(api)->sound, hertz, seconds, volume);
}

static void api_log(const MoltPlatformApi *api, const char *text)
{
    const MoltPlatform *platform = platform_of(api);
    fprintf(stderr, "game: %s\n", text);
    molt__events_log(platform->events, platform->frame, text);
}

static void api_parallel_for(const MoltPlatformApi *api, uint32_t count, MoltTask task, void *context)
{
    molt_threads_parallel_for(platform_of(api)->threads, count, task, context);
}

static uint32_t api_thread_count(const MoltPlatformApi *api)
{
    return molt_threads_count(platform_of(api)->threads);
}

static bool api_job_start(const MoltPlatformApi *api, const char *name, MoltStep step, void *context)
{
    return molt_threads_job_start(platform_of(api)->threads, name, step, context);
}

static void api_job_wait(const MoltPlatformApi *api, const char *name)
{
    molt_threads_job_wait(platform_of(api)->threads, name);
}

static bool api_thread_start(const MoltPlatformApi *api, const char *name, MoltStep step, void *context)
{
    return molt_threads_start(platform_of(api)->threads, name, step, context);
}

static void api_thread_stop(const MoltPlatformApi *api, const char *name)
{
    molt_threads_stop(platform_of(api)->threads, name);
}

static bool api_thread_running(const MoltPlatformApi *api, const char *name)
{
    return molt_threads_running(platform_of(api)->threads, name);
}

static bool api_reload_pending(const MoltPlatformApi *api)
{
    return molt_threads_pending(platform_of(api)->threads);
}

static const MoltAsset *api_asset(const MoltPlatformApi *api, const char *path)
{
    MoltAssets *assets = platform_of(api)->assets;
    return assets ? molt_assets_get(assets, path) : NULL;
}

static const MoltImage *api_image(const MoltPlatformApi *api, const char *path)
{
    MoltPictures *pictures = platform_of(api)->pictures;
    return pictures ? molt__pictures_get(pictures, path) : NULL;
}

static void api_asset_refuse(const MoltPlatformApi *api, const char *path, const char *problem)
{
    MoltAssets *assets = platform_of(api)->assets;
    if (assets)
        molt_assets_refuse(assets, path, problem);
}

void molt__platform_init(MoltPlatform *platform)
{
    *platform = (MoltPlatform){
        .api = {
            .size = sizeof(MoltPlatformApi),
            .version = MOLT_PLATFORM_VERSION,
            .frame = api_frame,
            .seed = api_seed,
            .input = api_input,
            .clear = api_clear,
            .fill_rect = api_fill_rect,
            .fill_rects = api_fill_rects,
            .line = api_line,
            .circle = api_circle,
            .fill_triangles = api_fill_triangles,
            .pixels = api_pixels,
            .text = api_text,
            .visible = api_visible,
            .tone = api_tone,
            .log = api_log,
            .parallel_for = api_parallel_for,
            .thread_count = api_thread_count,
            .job_start = api_job_start,
            .job_wait = api_job_wait,
            .thread_start = api_thread_start,
            .thread_stop = api_thread_stop,
            .thread_running = api_thread_running,
            .reload_pending = api_reload_pending,
            .asset = api_asset,
            .image = api_image,
            .asset_refuse = api_asset_refuse,
        },
    };
}
