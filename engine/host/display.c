#include "display.h"

#include <SDL_image.h>
#include <stdlib.h>
#include <string.h>

#include <molt/platform_api.h>

#include "kept_picture.h"
#include "whole_file.h"

struct MoltDisplay {
    SDL_Window *window;   /* NULL when headless */
    SDL_Surface *surface; /* NULL with a window */
    SDL_Renderer *renderer;
    MoltKeptPicture kept;
    bool keeps_time;
    bool quick; /* the renderer is the one that is there soonest */
};

static MoltStatus fail(MoltDisplay *display, const char *what, MoltError *error)
{
    MoltStatus status = molt_error(error, MOLT_SYSTEM,
                                   "Cannot open %s: %s. Use --headless to run without a window.",
                                   what, SDL_GetError());
    molt__display_close(display);
    return status;
}

static bool finish(MoltDisplay *display)
{
    return display->renderer &&
           SDL_RenderSetLogicalSize(display->renderer, MOLT_VIEW_WIDTH, MOLT_VIEW_HEIGHT) == 0;
}

/* A present that waits for a 144 Hz screen does not pace a game of 60 steps a second. */
static bool waits_for_60_hertz(const MoltDisplay *display)
{
    SDL_RendererInfo info;
    SDL_DisplayMode mode;
    return SDL_GetRendererInfo(display->renderer, &info) == 0 &&
           (info.flags & SDL_RENDERER_PRESENTVSYNC) &&
           SDL_GetCurrentDisplayMode(SDL_GetWindowDisplayIndex(display->window), &mode) == 0 &&
           mode.refresh_rate >= 59 && mode.refresh_rate <= 61;
}

/* OpenGL takes ten times as long to begin as all the rest of a window. */
static void make_renderer(MoltDisplay *display)
{
    if (display->quick) {
        SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
        display->renderer = SDL_CreateRenderer(display->window, -1, SDL_RENDERER_SOFTWARE);
        SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, NULL);
    }
    display->quick = display->renderer != NULL;
    if (!display->renderer)
        display->renderer = SDL_CreateRenderer(display->window, -1, SDL_RENDERER_PRESENTVSYNC);
    if (!display->renderer)
        display->renderer = SDL_CreateRenderer(display->window, -1, 0);
}

MoltStatus molt__display_open_window(int width, int height, bool quick, MoltDisplay **out,
                                     MoltError *error)
{
    MoltDisplay *display = calloc(1, sizeof *display);
    if (!display)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the display.");
    molt__kept_picture_open(&display->kept);
    display->window = SDL_CreateWindow("Molt", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width,
                                       height, SDL_WINDOW_RESIZABLE);
    if (!display->window)
        return fail(display, "a window", error);
    display->quick = quick;
    make_renderer(display);
    if (!finish(display))
        return fail(display, "a renderer for the window", error);
    display->keeps_time = waits_for_60_hertz(display);
    *out = display;
    return MOLT_OK;
}

MoltStatus molt__display_settle(MoltDisplay *display, MoltError *error)
{
    SDL_DestroyRenderer(display->renderer);
    display->renderer = NULL;
    display->quick = false;
    make_renderer(display);
    if (!finish(display))
        return molt_error(error, MOLT_SYSTEM, "Cannot open a renderer for the window: %s.",
                          SDL_GetError());
    display->keeps_time = waits_for_60_hertz(display);
    return MOLT_OK;
}

bool molt__display_is_quick(const MoltDisplay *display)
{
    return display->quick;
}

MoltStatus molt__display_open_surface(int width, int height, MoltDisplay **out, MoltError *error)
{
    MoltDisplay *display = calloc(1, sizeof *display);
    if (!display)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the display.");
    molt__kept_picture_open(&display->kept);
    /* Without an alpha channel, so that a picture never has holes. */
    display->surface = SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_RGB888);
    if (display->surface)
        display->renderer = SDL_CreateSoftwareRenderer(display->surface);
    if (!finish(display))
        return fail(display, "a picture in memory", error);
    *out = display;
    return MOLT_OK;
}

void molt__display_close(MoltDisplay *display)
{
    if (!display)
        return;
    molt__kept_picture_free(&display->kept);
    if (display->renderer)
        SDL_DestroyRenderer(display->renderer);
    if (display->window)
        SDL_DestroyWindow(display->window);
    SDL_FreeSurface(display->surface);
    free(display);
}

SDL_Renderer *molt__display_renderer(MoltDisplay *display)
{
    return display->renderer;
}

bool molt__display_on_screen(const MoltDisplay *display)
{
    return display->window &&
           !(SDL_GetWindowFlags(display->window) & (SDL_WINDOW_MINIMIZED | SDL_WINDOW_HIDDEN));
}

bool molt__display_keeps_time(const MoltDisplay *display)
{
    return display->keeps_time && molt__display_on_screen(display);
}

void molt__display_begin(MoltDisplay *display)
{
    SDL_SetRenderDrawColor(display->renderer, 0, 0, 0, 255);
    SDL_RenderClear(display->renderer);
}

/* The view is in logical units; without a rectangle SDL reads exactly its pixels. */
static void measure_view(const MoltDisplay *display, int *width, int *height)
{
    SDL_Rect view;
    float scale_x, scale_y;
    SDL_RenderGetViewport(display->renderer, &view);
    SDL_RenderGetScale(display->renderer, &scale_x, &scale_y);
    *width = (int)((float)view.w * scale_x + 0.5f);
    *height = (int)((float)view.h * scale_y + 0.5f);
}

/* NULL on failure. The caller frees it. */
static SDL_Surface *read_picture(MoltDisplay *display)
{
    int width, height;
    measure_view(display, &width, &height);
    SDL_Surface *picture =
        SDL_CreateRGBSurfaceWithFormat(0, width, height, 24, SDL_PIXELFORMAT_RGB24);
    if (picture && SDL_RenderReadPixels(display->renderer, NULL, SDL_PIXELFORMAT_RGB24, picture->pixels,
                                        picture->pitch) == 0)
        return picture;
    SDL_FreeSurface(picture);
    return NULL;
}

void molt__display_keep(MoltDisplay *display)
{
    int width, height;
    measure_view(display, &width, &height);
    molt__kept_picture_take(&display->kept, display->renderer, width, height);
}

void molt__display_draw_kept(MoltDisplay *display)
{
    molt__kept_picture_draw(&display->kept, display->renderer);
}

int molt__display_kept_file(const MoltDisplay *display)
{
    return display->kept.file;
}

void molt__display_take_over(MoltDisplay *display, int file)
{
    molt__kept_picture_take_over(&display->kept, file);
    if (display->window)
        molt__kept_picture_put(&display->kept, display->window);
}

MoltStatus molt__display_capture(MoltDisplay *display, const char *path, MoltError *error)
{
    MoltWholeFile file;
    SDL_Surface *picture = read_picture(display);
    MoltStatus status = MOLT_OK;
    if (!picture)
        return molt_error(error, MOLT_SYSTEM, "Cannot write the screenshot %s: %s.", path, SDL_GetError());
    status = molt__whole_file_open(&file, path, error);
    if (!status) {
        /* SDL_image does not look whether its bytes could be written; closing the file does */
        SDL_RWops *out = SDL_RWFromFP(file.stream, SDL_FALSE);
        bool saved = out && IMG_SavePNG_RW(picture, out, 0) == 0;
        if (out)
            SDL_RWclose(out);
        status = molt__whole_file_close(&file, saved || ferror(file.stream), error);
        if (!status && !saved)
            status = molt_error(error, MOLT_SYSTEM, "Cannot write the screenshot %s: %s.", path,
                                SDL_GetError());
    }
    SDL_FreeSurface(picture);
    return status;
}

void molt__display_flush(MoltDisplay *display)
{
    SDL_RenderFlush(display->renderer);
}

void molt__display_present(MoltDisplay *display)
{
    SDL_RenderPresent(display->renderer);
    if (display->window)
        molt__kept_picture_place(&display->kept, display->window);
}

void molt__display_set_title(MoltDisplay *display, const char *title)
{
    if (display->window)
        SDL_SetWindowTitle(display->window, title);
}
