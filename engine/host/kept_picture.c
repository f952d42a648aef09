#define _GNU_SOURCE /* memfd_create */

#include "kept_picture.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "molt-picture"
#define MOST 32768u /* pixels of a side */
enum { BYTES = 3, HEAD = 64 };

/* At the begin of the file; the rows follow at HEAD. `width` is 0 while they are written. */
typedef struct Head {
    uint32_t width, height;
    int32_t window[4]; /* x, y, width, height; no width: not known */
    uint32_t maximized;
} Head;

static size_t size_of(uint32_t width, uint32_t height)
{
    return HEAD + (size_t)width * height * BYTES;
}

static void unmap(MoltKeptPicture *picture)
{
    if (picture->bytes)
        munmap(picture->bytes, picture->size);
    picture->bytes = NULL;
    picture->size = 0;
}

void molt__kept_picture_free(MoltKeptPicture *picture)
{
    unmap(picture);
    if (picture->file > 0)
        close(picture->file);
    *picture = (MoltKeptPicture){0};
}

void molt__kept_picture_open(MoltKeptPicture *picture)
{
    int file = memfd_create(NAME, MFD_CLOEXEC);
    picture->file = file > 0 ? file : 0;
}

static bool make_room(MoltKeptPicture *picture, uint32_t width, uint32_t height)
{
    size_t size = size_of(width, height);
    if (picture->bytes && picture->size == size)
        return true;
    unmap(picture);
    if (picture->file <= 0 || width > MOST || height > MOST || ftruncate(picture->file, (off_t)size) != 0)
        return false;
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, picture->file, 0);
    if (bytes == MAP_FAILED)
        return false;
    picture->bytes = bytes;
    picture->size = size;
    return true;
}

static unsigned char *rows(const MoltKeptPicture *picture)
{
    return (unsigned char *)picture->bytes + HEAD;
}

void molt__kept_picture_take(MoltKeptPicture *picture, SDL_Renderer *renderer, int width, int height)
{
    if (width <= 0 || height <= 0 || !make_room(picture, (uint32_t)width, (uint32_t)height))
        return;
    Head *head = picture->bytes;
    head->width = 0;
    if (SDL_RenderReadPixels(renderer, NULL, SDL_PIXELFORMAT_RGB24, rows(picture), width * BYTES) == 0)
        head->width = (uint32_t)width, head->height = (uint32_t)height;
}

void molt__kept_picture_place(MoltKeptPicture *picture, SDL_Window *window)
{
    uint32_t flags = SDL_GetWindowFlags(window);
    int x, y, width, height;
    if (flags & (SDL_WINDOW_MINIMIZED | SDL_WINDOW_HIDDEN) ||
        (!picture->bytes && !make_room(picture, 0, 0)))
        return;
    Head *head = picture->bytes;
    head->maximized = (flags & SDL_WINDOW_MAXIMIZED) != 0;
    if (head->maximized && head->window[2] > 0)
        return; /* where it goes back to */
    SDL_GetWindowPosition(window, &x, &y);
    SDL_GetWindowSize(window, &width, &height);
    head->window[0] = x;
    head->window[1] = y;
    head->window[2] = width;
    head->window[3] = height;
}

void molt__kept_picture_put(const MoltKeptPicture *picture, SDL_Window *window)
{
    const Head *head = picture->bytes;
    if (!head || head->window[2] <= 0 || head->window[3] <= 0)
        return;
    SDL_SetWindowSize(window, head->window[2], head->window[3]);
    SDL_SetWindowPosition(window, head->window[0], head->window[1]);
    if (head->maximized)
        SDL_MaximizeWindow(window);
}

/* NULL without one. The caller frees it; it is valid as long as the picture is not taken anew. */
static SDL_Surface *surface_of(const MoltKeptPicture *picture)
{
    const Head *head = picture->bytes;
    if (!head || head->width == 0)
        return NULL;
    return SDL_CreateRGBSurfaceWithFormatFrom(rows(picture), (int)head->width, (int)head->height, 24,
                                              (int)head->width * BYTES, SDL_PIXELFORMAT_RGB24);
}

void molt__kept_picture_draw(const MoltKeptPicture *picture, SDL_Renderer *renderer)
{
    SDL_Surface *surface = surface_of(picture);
    SDL_Texture *texture = surface ? SDL_CreateTextureFromSurface(renderer, surface) : NULL;
    if (texture)
        SDL_RenderCopy(renderer, texture, NULL, NULL);
    SDL_RenderFlush(renderer); /* before the texture goes */
    if (texture)
        SDL_DestroyTexture(texture);
    SDL_FreeSurface(surface);
}

/* A number may be that of anything by now. */
static bool is_picture(int file)
{
    static const char wanted[] = "/memfd:" NAME;
    char link[64], name[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name);
    return length >= (ssize_t)sizeof wanted - 1 && memcmp(name, wanted, sizeof wanted - 1) == 0;
}

static void copy_from(MoltKeptPicture *picture, const Head *from, size_t size)
{
    Head head = *from;
    bool whole = head.width <= MOST && head.height <= MOST && size >= size_of(head.width, head.height);
    if (whole && make_room(picture, head.width, head.height))
        memcpy(picture->bytes, from, size_of(head.width, head.height));
}

void molt__kept_picture_take_over(MoltKeptPicture *picture, int file)
{
    struct stat status;
    if (file <= 0 || file == picture->file || !is_picture(file))
        return;
    if (fstat(file, &status) == 0 && status.st_size >= HEAD) {
        size_t size = (size_t)status.st_size;
        void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
        if (bytes != MAP_FAILED) {
            copy_from(picture, bytes, size);
            munmap(bytes, size);
        }
    }
    close(file);
}
