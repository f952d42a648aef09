#include "stage.h"

#include <signal.h>

BenchStageNow bench_stage_now;

static const MoltInput no_input;

static uint64_t stage_frame(const MoltPlatformApi *api)
{
    (void)api;
    return bench_stage_now.frames;
}

static uint64_t stage_seed(const MoltPlatformApi *api)
{
    (void)api;
    return 1;
}

static const MoltInput *stage_input(const MoltPlatformApi *api)
{
    (void)api;
    if (bench_stage_now.crashing)
        raise(SIGSEGV); /* in the host, where nothing can be ended */
    return &no_input;
}

static void stage_clear(const MoltPlatformApi *api, MoltColor color)
{
    (void)api;
    (void)color;
}

static void stage_fill_rect(const MoltPlatformApi *api, MoltRect rect, MoltColor color)
{
    (void)api;
    (void)rect;
    (void)color;
}

static void stage_fill_rects(const MoltPlatformApi *api, const MoltRect *rects,
                             const MoltColor *colors, int count)
{
    (void)api;
    (void)rects;
    (void)colors;
    (void)count;
}

static void stage_line(const MoltPlatformApi *api, float x0, float y0, float x1, float y1,
                       MoltColor color)
{
    (void)api;
    (void)x0;
    (void)y0;
    (void)x1;
    (void)y1;
    (void)color;
}

static void stage_circle(const MoltPlatformApi *api, float x, float y, float radius,
                         MoltColor color, bool filled)
{
    (void)api;
    (void)x;
    (void)y;
    (void)radius;
    (void)color;
    (void)filled;
}

static void stage_triangles(const MoltPlatformApi *api, const MoltVertex *vertices, int count)
{
    (void)api;
    (void)vertices;
    (void)count;
}

static void stage_pixels(const MoltPlatformApi *api, int slot, int width, int height,
                         const uint32_t *rgba, MoltRect dst)
{
    (void)api;
    (void)slot;
    (void)width;
    (void)height;
    (void)rgba;
    (void)dst;
}

static void stage_text(const MoltPlatformApi *api, float x, float y, float scale, MoltColor color,
                       const char *text)
{
    (void)api;
    (void)x;
    (void)y;
    (void)scale;
    (void)color;
    (void)text;
}

static bool stage_visible(const MoltPlatformApi *api)
{
    (void)api;
    return bench_stage_now.visible;
}

static void stage_tone(const MoltPlatformApi *api, float hertz, float seconds, float volume)
{
    (void)api;
    (void)hertz;
    (void)seconds;
    (void)volume;
}

static void stage_log(const MoltPlatformApi *api, const char *text)
{
    (void)api;
    (void)text;
}

/* No file is there: the game plays by what it is built with. */
static const MoltAsset *stage_asset(const MoltPlatformApi *api, const char *path)
{
    (void)api;
    (void)path;
    return NULL;
}

static const MoltImage *stage_image(const MoltPlatformApi *api, const char *path)
{
    (void)api;
    (void)path;
    return NULL;
}

static void stage_asset_refuse(const MoltPlatformApi *api, const char *path, const char *problem)
{
    (void)api;
    (void)path;
    (void)problem;
}

/* One thread after the other, so that its time is that of one. */
static void stage_parallel_for(const MoltPlatformApi *api, uint32_t count, MoltTask task,
                               void *context)
{
    (void)api;
    for (uint32_t i = 0; i < count; i++)
        task(context, i);
}

static uint32_t stage_thread_count(const MoltPlatformApi *api)
{
    (void)api;
    return 1;
}

const MoltPlatformApi bench_stage = {
    .size = sizeof(MoltPlatformApi),
    .version = MOLT_PLATFORM_VERSION,
    .frame = stage_frame,
    .seed = stage_seed,
    .input = stage_input,
    .clear = stage_clear,
    .fill_rect = stage_fill_rect,
    .fill_rects = stage_fill_rects,
    .line = stage_line,
    .circle = stage_circle,
    .fill_triangles = stage_triangles,
    .pixels = stage_pixels,
    .text = stage_text,
    .visible = stage_visible,
    .tone = stage_tone,
    .log = stage_log,
    .parallel_for = stage_parallel_for,
    .thread_count = stage_thread_count,
    .asset = stage_asset,
    .image = stage_image,
    .asset_refuse = stage_asset_refuse,
};
